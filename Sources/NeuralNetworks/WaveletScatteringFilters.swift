// The Morlet filters and the low-pass window of the scattering transform, in the Fourier domain.
//
// Implements: J. Bruna, S. Mallat, "Invariant scattering convolution networks", IEEE Trans. Pattern
//   Anal. Mach. Intell. 35 (2013) 1872, section 2.1 (Morlet wavelets, eq. 2 and what follows), with
//   the constants of the usual implementation (M. Andreux et al., "Kymatio", J. Mach. Learn. Res. 21
//   (2020) 60): sigma = 0.8 2^j, xi = (3 pi / 4) / 2^j, slant 4 / L, low-pass sigma 0.8 2^(J-1).
// Equation -> code: psi(u) = g(u) (e^(i xi u) - K), K so that the sum of psi is 0; the transform of a
//   Gaussian with covariance S at frequency w is exp(-w S w / 2), and that of its periodisation on a
//   grid the sum over all w + 2 pi (a, b)                        -> addGaussian, morletFilter
//   window: mean of the low-passed, subsampled, cropped image as weights of its pixels
//                                                                -> lowPassSequence
// Symbols: M, N rows and columns of the padded image; u, v frequencies along them, radians a pixel;
//   A, B, C the covariance [[A, B], [B, C]] of the envelope, pixels squared; s slant.
// Deviations: the factor pi / 3.1415 of the usual implementation, which writes 3.1415 in the norm of
//   its Gaussians, is kept so that the coefficients agree. It periodises over 5 x 5 grids, we over
//   all: the same within 10^-6 unless L > 8 on an image of the smallest size. exp below e^-36 is 0.
// Checked by: WaveletScatteringTests; twin: Reference/ScatteringReference.swift.
// Cost: about 7 exponentials a pixel for j = 0, four times fewer with each scale.

import Tensors

/// The norm that the usual implementation gives to its Gaussians.
let gaussianNorm = Double.pi / 3.1415

/// The envelope of a Morlet wavelet: its covariance, and its central frequency.
struct MorletEnvelope {
  let A: Double
  let B: Double
  let C: Double
  let u: Double
  let v: Double

  /// The wavelet of scale `j` and orientation `theta` of `L`.
  init(scale j: Int, orientation theta: Int, of L: Int) {
    let sigma = 0.8 * Double(1 << j)
    let slant = 4 / Double(L)
    let first = Int(Double(L) - Double(L) / 2 - 1)
    let angle = Double(first - theta) * Double.pi / Double(L)
    let (c, s) = (cosine(angle), sine(angle))
    let (along, across) = (sigma * sigma, sigma * sigma / (slant * slant))
    A = along * c * c + across * s * s
    B = (along - across) * c * s
    C = along * s * s + across * c * c
    let xi = 3 * Double.pi / 4 / Double(1 << j)
    (u, v) = (xi * c, xi * s)
  }

  /// Adds `factor` exp(-w S w / 2), centred on (`u0`, `v0`), to a periodic grid of M x N.
  func addGaussian(
    _ u0: Double, _ v0: Double, _ factor: Double, to grid: inout [Double], M: Int, N: Int
  ) {
    let limit = 72.0
    let (du, dv) = (2 * Double.pi / Double(M), 2 * Double.pi / Double(N))
    let reach = (limit * C / (A * C - B * B)).squareRoot()
    let (first, last) = (
      Int(((u0 - reach) / du).rounded(.up)), Int(((u0 + reach) / du).rounded(.down))
    )
    guard first <= last else { return }
    for k in first...last {
      let u = Double(k) * du - u0
      let middle = -B / C * u
      let rest = limit - (A - B * B / C) * u * u
      guard rest > 0 else { continue }
      let span = (rest / C).squareRoot()
      let left = Int(((v0 + middle - span) / dv).rounded(.up))
      let right = Int(((v0 + middle + span) / dv).rounded(.down))
      let row = remainder(k, M) * N
      guard left <= right else { continue }
      var column = remainder(left, N)
      for l in left...right {
        let v = Double(l) * dv - v0
        grid[row + column] += factor * exponential(-0.5 * (A * u * u + 2 * B * u * v + C * v * v))
        column = column + 1 == N ? 0 : column + 1
      }
    }
  }
}

/// `k` modulo `n`, from 0 to n - 1.
func remainder(_ k: Int, _ n: Int) -> Int { ((k % n) + n) % n }

/// The Morlet filter on a grid of M x N frequencies: real, and 0 at frequency 0.
func morletFilter(scale j: Int, orientation theta: Int, of L: Int, M: Int, N: Int) -> Tensor<Float>
{
  let envelope = MorletEnvelope(scale: j, orientation: theta, of: L)
  var wave = [Double](repeating: 0, count: M * N)
  envelope.addGaussian(envelope.u, envelope.v, gaussianNorm, to: &wave, M: M, N: N)
  var envelopeAlone = [Double](repeating: 0, count: M * N)
  envelope.addGaussian(0, 0, gaussianNorm, to: &envelopeAlone, M: M, N: N)
  let K = wave[0] / envelopeAlone[0]
  var filter = [Float](repeating: 0, count: M * N)
  for k in 1..<(M * N) { filter[k] = Float(wave[k] - K * envelopeAlone[k]) }
  return Tensor(shape: [M, N], scalars: filter)
}

/// What remains of a filter on a grid coarser by `factor`: the lowest frequencies.
///
/// The highest frequency of the coarse grid is the negative one.
func lowFrequencies(_ filter: Tensor<Float>, factor: Int) -> Tensor<Float> {
  let (M, N) = (filter.shape[0], filter.shape[1])
  let (m, n) = (M / factor, N / factor)
  let values = filter.scalars
  var result = [Float](repeating: 0, count: m * n)
  for k in 0..<m {
    let row = (k < m / 2 ? k : M - m + k) * N
    for l in 0..<n {
      result[k * n + l] = values[row + (l < n / 2 ? l : N - n + l)]
    }
  }
  return Tensor(shape: [m, n], scalars: result)
}

/// Weights along one direction whose sum with a signal is the mean of its low-passed, subsampled,
/// cropped version.
///
/// The mean is a linear functional of the signal: the weights are its adjoint, the inverse transform
/// of the low-pass filter times the periodic spectrum of the cropping window.
///
/// - `length`: of the padded signal at full resolution, a multiple of 2^J.
/// - `resolution`: the signal is subsampled by 2^resolution.
/// - Returns: shape (length / 2^resolution).
func lowPassSequence(length: Int, resolution: Int, scales J: Int) -> ComplexTensor<Double> {
  let n = length >> resolution
  let coarse = length >> J
  // The crop: one value at each end is left out.
  var crop = [Double](repeating: 0, count: coarse)
  for k in 1..<(coarse - 1) { crop[k] = 1 / Double(coarse - 2) }
  let window = FFT<Double>(count: coarse).forward(
    ComplexTensor(real: Tensor(shape: [coarse], scalars: crop)))
  let sigma = 0.8 * Double(1 << J) / 2
  var (real, imaginary) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
  for k in 0..<n {
    let frequency = 2 * Double.pi * Double(k < n / 2 ? k : k - n) / Double(length)
    var phi = 0.0
    for alias in -2...2 {
      let w = sigma * (frequency + 2 * Double.pi * Double(alias))
      phi += exponential(-0.5 * w * w)
    }
    real[k] = phi * window.real.scalars[k % coarse]
    imaginary[k] = phi * window.imaginary.scalars[k % coarse]
  }
  return FFT<Double>(count: n).inverse(
    ComplexTensor(
      real: Tensor(shape: [n], scalars: real), imaginary: Tensor(shape: [n], scalars: imaginary)))
}
