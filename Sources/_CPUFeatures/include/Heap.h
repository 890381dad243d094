// Tells the allocator to keep freed memory.
#ifndef NITAL_HEAP_H
#define NITAL_HEAP_H

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

// glibc gives blocks above 128 KiB back to the system when they are freed, and the page faults of
// taking them again cost more than many kernels. Keeps blocks up to `mmap_bytes`, and up to
// `trim_bytes` in all.
static inline void nital_keep_heap(int mmap_bytes, int trim_bytes) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, mmap_bytes);
  mallopt(M_TRIM_THRESHOLD, trim_bytes);
#else
  (void)mmap_bytes;
  (void)trim_bytes;
#endif
}
#endif
