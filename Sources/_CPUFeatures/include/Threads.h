// What parallel loops ask of the processor and the system.
#ifndef NITAL_THREADS_H
#define NITAL_THREADS_H

#include <sys/syscall.h>
#include <unistd.h>

// Tells the processor that a loop waits for another thread.
static inline void nital_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// The processors that this process may run on (taskset, cpusets); 0 if the system does not tell.
// sched.h declares the wrapper for GNU programs alone, hence the system call.
static inline int nital_allowed_processors(void) {
  unsigned long set[128];
  long bytes = syscall(SYS_sched_getaffinity, 0, sizeof set, set);
  int count = 0;
  for (long i = 0; i < bytes / (long)sizeof set[0]; ++i) count += __builtin_popcountl(set[i]);
  return count;
}
#endif
