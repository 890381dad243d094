// What parallel loops ask of the processor and the system.
#ifndef NITAL_THREADS_H
#define NITAL_THREADS_H

#include <string.h>
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

// The processor that this thread runs on at this moment, from 0; -1 if the system does not tell.
// sched.h declares it for GNU programs alone.
int sched_getcpu(void);
static inline int nital_current_processor(void) { return sched_getcpu(); }

// Moves this thread away from `processor`, and leaves it free to run wherever it might before. Does
// nothing where it may run nowhere else.
static inline void nital_leave_processor(int processor) {
  enum { words = 128, bits = 8 * sizeof(unsigned long) };
  unsigned long allowed[words], others[words];
  memset(allowed, 0, sizeof allowed);
  const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof allowed, allowed);
  if (bytes <= 0 || processor < 0 || processor >= 8 * bytes) return;
  memcpy(others, allowed, sizeof allowed);
  others[processor / bits] &= ~(1UL << processor % bits);
  unsigned long any = 0;
  for (int i = 0; i < words; ++i) any |= others[i];
  if (any == 0) return;
  syscall(SYS_sched_setaffinity, 0, bytes, others);
  syscall(SYS_sched_setaffinity, 0, bytes, allowed);
}
#endif
