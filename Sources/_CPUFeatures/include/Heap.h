// Tells the allocator to keep freed memory.
#ifndef NITAL_HEAP_H
#define NITAL_HEAP_H

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <stdint.h>
#include <sys/mman.h>
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

// Asks for pages of 2 MiB in the part of new memory that can have them: a stream through large pages
// is a fifth faster, and its first use causes a 512th of the page faults. Systems may ignore it.
static inline void nital_use_large_pages(void *start, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const uintptr_t page = 2u << 20;
  const uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
  const uintptr_t end = ((uintptr_t)start + bytes) / page * page;
  if (end > first) madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
  (void)start;
  (void)bytes;
#endif
}
#endif
