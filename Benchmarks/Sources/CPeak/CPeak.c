#include "CPeak.h"

#include <immintrin.h>

// 12 accumulators hide the latency of the multiply-add (4 cycles, two a cycle). They are an array
// whose indices are known once the loops are unrolled, so that they live in registers.
#define COUNT 12

__attribute__((target("avx512f"))) static float peak512(long rounds, float start) {
  __m512 acc[COUNT];
  const __m512 a = _mm512_set1_ps(start), b = _mm512_set1_ps(start * 1e-6f);
  for (int i = 0; i < COUNT; ++i) acc[i] = _mm512_set1_ps((float)i);
  for (long r = 0; r < rounds; ++r) {
#pragma clang loop unroll(full)
    for (int i = 0; i < COUNT; ++i) acc[i] = _mm512_fmadd_ps(acc[i], a, b);
  }
  float sum = 0;
  for (int i = 0; i < COUNT; ++i) sum += _mm512_cvtss_f32(acc[i]);
  return sum;
}

__attribute__((target("avx2,fma"))) static float peak256(long rounds, float start) {
  __m256 acc[COUNT];
  const __m256 a = _mm256_set1_ps(start), b = _mm256_set1_ps(start * 1e-6f);
  for (int i = 0; i < COUNT; ++i) acc[i] = _mm256_set1_ps((float)i);
  for (long r = 0; r < rounds; ++r) {
#pragma clang loop unroll(full)
    for (int i = 0; i < COUNT; ++i) acc[i] = _mm256_fmadd_ps(acc[i], a, b);
  }
  float sum = 0;
  for (int i = 0; i < COUNT; ++i) sum += _mm256_cvtss_f32(acc[i]);
  return sum;
}

static float peak128(long rounds, float start) {
  __m128 acc[COUNT];
  const __m128 a = _mm_set1_ps(start), b = _mm_set1_ps(start * 1e-6f);
  for (int i = 0; i < COUNT; ++i) acc[i] = _mm_set1_ps((float)i);
  for (long r = 0; r < rounds; ++r) {
#pragma clang loop unroll(full)
    for (int i = 0; i < COUNT; ++i) acc[i] = _mm_add_ps(_mm_mul_ps(acc[i], a), b);
  }
  float sum = 0;
  for (int i = 0; i < COUNT; ++i) sum += _mm_cvtss_f32(acc[i]);
  return sum;
}

float nital_peak_loop(int level, long rounds, float start) {
  if (level == 2) return peak512(rounds, start);
  if (level == 1) return peak256(rounds, start);
  return peak128(rounds, start);
}

unsigned long long nital_read(const unsigned long long *numbers, long count) {
  __m128i sum[8];
  for (int i = 0; i < 8; ++i) sum[i] = _mm_setzero_si128();
  for (long j = 0; j < count; j += 16) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; ++i)
      sum[i] = _mm_add_epi64(sum[i], _mm_loadu_si128((const __m128i *)(numbers + j + 2 * i)));
  }
  unsigned long long parts[2], total = 0;
  for (int i = 0; i < 8; ++i) {
    _mm_storeu_si128((__m128i *)parts, sum[i]);
    total += parts[0] + parts[1];
  }
  return total;
}
