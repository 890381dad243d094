// The peak of fused multiply-adds (SSE2: a multiplication and an addition) of one core, measured.
#ifndef NITAL_PEAK_H
#define NITAL_PEAK_H

// Runs `rounds` rounds of 12 independent multiply-adds of one vector each and returns a number that
// depends on all of them. `level` is 0 (SSE2), 1 (AVX2 and FMA) or 2 (AVX-512).
float nital_peak_loop(int level, long rounds, float start);

// The sum of `count` numbers, read as fast as memory gives them (count a multiple of 32).
unsigned long long nital_read(const unsigned long long *numbers, long count);

#endif
