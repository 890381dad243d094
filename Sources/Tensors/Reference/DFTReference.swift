// The discrete Fourier transform by its definition: the plain twin of `FFT` and `FFT2D`.
//
// Equation: X[k] = sum over j of x[j] e^(-2 pi i j k / n), computed in `Double`.
// Checked by: FFTTests, FFT2DTests. Cost: 4 n^2 multiply-adds a row.

/// The transform of each row by its definition.
///
/// - Parameters:
///   - x: shape (..., n).
///   - inverse: with e^(+2 pi i j k / n) / n instead.
/// - Returns: the same shape.
public func dftReference<Scalar: KernelScalar>(
  _ x: ComplexTensor<Scalar>, inverse: Bool = false
) -> ComplexTensor<Scalar> {
  let n = x.shape.last ?? 1
  let rows = x.shape.dropLast().reduce(1, *)
  let factor = inverse ? 1 / Double(max(n, 1)) : 1
  var (real, imaginary) = (x.real.scalars, x.imaginary.scalars)
  for row in 0..<rows {
    for k in 0..<n {
      var (r, i) = (0.0, 0.0)
      for j in 0..<n {
        let angle = 2 * Double.pi * Double(j * k % n) / Double(n) * (inverse ? 1 : -1)
        let (a, b) = (Double(x.real.scalars[row * n + j]), Double(x.imaginary.scalars[row * n + j]))
        r += a * cosine(angle) - b * sine(angle)
        i += a * sine(angle) + b * cosine(angle)
      }
      real[row * n + k] = Scalar(r * factor)
      imaginary[row * n + k] = Scalar(i * factor)
    }
  }
  return ComplexTensor(x.shape, (real, imaginary))
}
