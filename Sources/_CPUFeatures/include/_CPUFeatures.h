// Reads which vector instruction sets the processor and the operating system offer.
//
// cpuid tells what the processor has; xgetbv tells which registers the system saves on a switch.
// Both are needed: an AVX instruction on a system that does not save ymm registers faults.
#ifndef NITAL_CPU_FEATURES_H
#define NITAL_CPU_FEATURES_H

#include "Heap.h"
#include "Threads.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <string.h>

static inline unsigned long long nital_xgetbv0(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((unsigned long long)high << 32) | low;
}

// 0: SSE2 only. 1: AVX2 and FMA (x86-64-v3). 2: AVX-512 F, BW, CD, DQ, VL (x86-64-v4).
static inline int nital_vector_level(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  const unsigned fma = 1u << 12, movbe = 1u << 22, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
  const unsigned v3 = fma | movbe | osxsave | avx | f16c;
  if ((c & v3) != v3) return 0;
  const unsigned long long saved = nital_xgetbv0();
  if ((saved & 0x6) != 0x6) return 0;
  if (!__get_cpuid_count(0x80000001u, 0, &a, &b, &c, &d) || !(c & (1u << 5))) return 0;  // lzcnt
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const unsigned bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8;
  if ((b & (bmi1 | avx2 | bmi2)) != (bmi1 | avx2 | bmi2)) return 0;
  const unsigned f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31;
  const unsigned v4 = f | dq | cd | bw | vl;
  if ((b & v4) == v4 && (saved & 0xe6) == 0xe6) return 2;
  return 1;
}

// The processor's brand string, 48 characters and a final NUL.
static inline void nital_cpu_brand(char out[49]) {
  unsigned words[12], a, b, c, d;
  memset(out, 0, 49);
  if (!__get_cpuid(0x80000000u, &a, &b, &c, &d) || a < 0x80000004u) return;
  for (unsigned leaf = 0; leaf < 3; ++leaf) {
    unsigned *w = words + 4 * leaf;
    __get_cpuid(0x80000002u + leaf, &w[0], &w[1], &w[2], &w[3]);
  }
  memcpy(out, words, 48);
}
#else
static inline int nital_vector_level(void) { return 0; }
static inline void nital_cpu_brand(char out[49]) {
  for (int i = 0; i < 49; ++i) out[i] = 0;
}
#endif
#endif
