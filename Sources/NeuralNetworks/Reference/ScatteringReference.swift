// The scattering transform by its definition: the plain twin of `WaveletScattering`.
//
// Implements: J. Bruna, S. Mallat, IEEE Trans. Pattern Anal. Mach. Intell. 35 (2013) 1872: Morlet
//   wavelets (section 2.1), S1 = |x * psi1| * phi, S2 = ||x * psi1| * psi2| * phi (eq. 9-11).
// Equation -> code: filters are sampled in space as sums over a 5 x 5 grid of periods; convolutions
//   are circular, at the resolution of the signal; subsampling picks every s-th pixel.
// Symbols: U moduli; J scales; L orientations; M, N the padded size.
// Deviations: as WaveletScattering.swift, but no mean is subtracted and no value of a filter dropped.
// Checked by: WaveletScatteringTests. Cost: J L + L^2 J (J - 1) / 2 transforms of full size.

import Tensors

/// The averaged coefficients of one image, in the order of `WaveletScattering.paths`, orders 0 to 2.
///
/// - Parameters:
///   - image: shape (height, width), each at least 2^`J`.
///   - J: the number of scales.
///   - L: the number of orientations.
/// - Returns: 1 + J L + L^2 J (J - 1) / 2 values.
public func scatteringReference(
  _ image: Tensor<Double>, scales J: Int, orientations L: Int
) -> [Double] {
  let rows = reflectedIndices(image.shape[0], J)
  let columns = reflectedIndices(image.shape[1], J)
  let (M, N) = (rows.count, columns.count)
  let padded = Tensor(
    shape: [M, N],
    scalars: rows.flatMap { y in columns.map { x in image.scalars[y * image.shape[1] + x] } })
  let psi = (0..<J * L).map { morletReference(M, N, scale: $0 / L, orientation: $0 % L, of: L) }
  let phi = gaborReference(M, N, sigma: 0.8 * Double(1 << J) / 2, theta: 0, xi: 0, slant: 1)
  // The mean of U * phi, where U has been subsampled by 2^j.
  func average(_ U: Tensor<Double>, _ j: Int) -> Double {
    let S = convolved(U, cut(phi, U.shape), step: 1 << (J - j)).real
    let (m, n) = (S.shape[0], S.shape[1])
    var total = 0.0
    for y in 1..<(m - 1) { for x in 1..<(n - 1) { total += S.scalars[y * n + x] } }
    return total / Double((m - 2) * (n - 2))
  }
  var (first, second): ([Double], [Double]) = ([], [])
  for n1 in psi.indices {
    let j1 = n1 / L
    let U1 = modulus(convolved(padded, psi[n1], step: 1 << j1))
    first.append(average(U1, j1))
    for n2 in psi.indices where n2 / L > j1 {
      let U2 = modulus(convolved(U1, cut(psi[n2], U1.shape), step: 1 << (n2 / L - j1)))
      second.append(average(U2, n2 / L))
    }
  }
  return [average(padded, 0)] + first + second
}

/// The transform of a Morlet wavelet sampled in space.
private func morletReference(
  _ M: Int, _ N: Int, scale j: Int, orientation: Int, of L: Int
) -> Tensor<Double> {
  let theta = Double(Int(Double(L) / 2 - 1) - orientation) * Double.pi / Double(L)
  let (sigma, xi, slant) = (0.8 * Double(1 << j), 0.75 * Double.pi / Double(1 << j), 4 / Double(L))
  let wave = gaborReference(M, N, sigma: sigma, theta: theta, xi: xi, slant: slant)
  let envelope = gaborReference(M, N, sigma: sigma, theta: theta, xi: 0, slant: slant)
  let K = wave.scalars[0] / envelope.scalars[0]
  return Tensor(
    shape: [M, N], scalars: zip(wave.scalars, envelope.scalars).map { $0 - K * $1 })
}

/// The real part of the transform of g(u) e^(i xi u), g a Gaussian, summed over 5 x 5 periods.
private func gaborReference(
  _ M: Int, _ N: Int, sigma: Double, theta: Double, xi: Double, slant: Double
) -> Tensor<Double> {
  var real = [Double](repeating: 0, count: M * N)
  var imaginary = real
  let (c, s) = (cosine(theta), sine(theta))
  for y in (-2 * M)..<(3 * M) {
    for x in (-2 * N)..<(3 * N) {
      let along = Double(y) * c + Double(x) * s
      let across = slant * (Double(x) * c - Double(y) * s)
      let g = exponential(-(along * along + across * across) / (2 * sigma * sigma))
      guard g > 0 else { continue }
      let at = remainder(y, M) * N + remainder(x, N)
      real[at] += g * cosine(xi * along) * slant / (2 * 3.1415 * sigma * sigma)
      imaginary[at] += g * sine(xi * along) * slant / (2 * 3.1415 * sigma * sigma)
    }
  }
  return FFT2D<Double>(height: M, width: N).forward(
    ComplexTensor(
      real: Tensor(shape: [M, N], scalars: real),
      imaginary: Tensor(shape: [M, N], scalars: imaginary))
  ).real
}

/// Every `step`-th pixel of the circular convolution of `x` with a filter given by its transform.
private func convolved(
  _ x: Tensor<Double>, _ filter: Tensor<Double>, step: Int
) -> ComplexTensor<Double> {
  let (m, n) = (x.shape[0], x.shape[1])
  let plan = FFT2D<Double>(height: m, width: n)
  let X = plan.forward(ComplexTensor(real: x))
  let product = ComplexTensor(
    real: Tensor(shape: [m, n], scalars: zip(X.real.scalars, filter.scalars).map { $0 * $1 }),
    imaginary: Tensor(
      shape: [m, n], scalars: zip(X.imaginary.scalars, filter.scalars).map { $0 * $1 }))
  let y = plan.inverse(product)
  func picked(_ part: Tensor<Double>) -> Tensor<Double> {
    let values = stride(from: 0, to: m, by: step).flatMap { i in
      stride(from: 0, to: n, by: step).map { j in part.scalars[i * n + j] }
    }
    return Tensor(shape: [m / step, n / step], scalars: values)
  }
  return ComplexTensor(real: picked(y.real), imaginary: picked(y.imaginary))
}

private func modulus(_ z: ComplexTensor<Double>) -> Tensor<Double> {
  Tensor(
    shape: z.shape,
    scalars: zip(z.real.scalars, z.imaginary.scalars).map { ($0 * $0 + $1 * $1).squareRoot() })
}

/// The low frequencies of a filter, for a signal of a coarser grid.
private func cut(_ filter: Tensor<Double>, _ shape: [Int]) -> Tensor<Double> {
  let (N, m, n) = (filter.shape[1], shape[0], shape[1])
  let (down, right) = (filter.shape[0] - m, N - n)
  let values = (0..<m).flatMap { k in
    (0..<n).map { l in
      filter.scalars[(k < m / 2 ? k : k + down) * N + (l < n / 2 ? l : l + right)]
    }
  }
  return Tensor(shape: shape, scalars: values)
}
