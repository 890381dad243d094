// Two-dimensional Fourier transforms: rows, then columns.
//
// Equation -> code: X[k, l] = sum over y, x of x[y, x] e^(-2 pi i (y k / H + x l / W))  -> forward
// Symbols: H height, W width.
// Deviations: none. Checked by: FFT2DTests; twin: Reference/DFTReference.swift.
// Cost: H transforms of length W and W of length H.

/// A plan for two-dimensional Fourier transforms of one size.
public struct FFT2D<Scalar: KernelScalar>: Sendable {
  private let rows: FFT<Scalar>
  private let columns: FFT<Scalar>

  /// The number of rows H.
  public var height: Int { columns.count }
  /// The number of columns W.
  public var width: Int { rows.count }

  /// Plans transforms of H x W numbers.
  ///
  /// - Precondition: neither is negative.
  public init(height: Int, width: Int) {
    rows = FFT(count: width)
    columns = FFT(count: height)
  }

  /// The transform, without a factor.
  ///
  /// - Parameter x: shape (H, W).
  /// - Returns: shape (H, W).
  public func forward(_ x: ComplexTensor<Scalar>) -> ComplexTensor<Scalar> {
    check(x.shape, width)
    return forwardColumns(rows.forward(x))
  }

  /// The inverse transform, with the factor 1 / (H W).
  ///
  /// - Parameter X: shape (H, W).
  /// - Returns: shape (H, W).
  public func inverse(_ X: ComplexTensor<Scalar>) -> ComplexTensor<Scalar> {
    check(X.shape, width)
    return rows.inverse(inverseColumns(X))
  }

  /// The transform of a real image: the columns of the spectrum up to W / 2.
  ///
  /// - Parameter x: shape (H, W).
  /// - Returns: shape (H, W / 2 + 1), or (H, 0) when W is 0.
  public func forward(real x: Tensor<Scalar>) -> ComplexTensor<Scalar> {
    check(x.shape, width)
    return forwardColumns(rows.forward(real: x))
  }

  /// A real image from the columns of its spectrum up to W / 2.
  ///
  /// - Parameter X: shape (H, W / 2 + 1), or (H, 0) when W is 0.
  /// - Returns: shape (H, W).
  public func inverseReal(_ X: ComplexTensor<Scalar>) -> Tensor<Scalar> {
    check(X.shape, rows.halfCount)
    return rows.inverseReal(inverseColumns(X))
  }

  private func check(_ shape: [Int], _ width: Int) {
    precondition(shape == [height, width], "shape \(shape) is not [\(height), \(width)]")
  }

  private func forwardColumns(_ x: ComplexTensor<Scalar>) -> ComplexTensor<Scalar> {
    let n = x.shape[1]
    let stride = roundedUpTo16(n)
    var r = padded(x.real.scalars, n, stride)
    var i = padded(x.imaginary.scalars, n, stride)
    columns.transformColumns(&r, &i, stride)
    return ComplexTensor(x.shape, (unpadded(r, n, stride), unpadded(i, n, stride)))
  }

  private func inverseColumns(_ X: ComplexTensor<Scalar>) -> ComplexTensor<Scalar> {
    let exchanged = forwardColumns(ComplexTensor(real: X.imaginary, imaginary: X.real))
    return ComplexTensor(
      X.shape,
      (
        scaled(exchanged.imaginary.scalars, by: height), scaled(exchanged.real.scalars, by: height)
      ))
  }

  private func padded(_ values: [Scalar], _ n: Int, _ stride: Int) -> [Scalar] {
    var result = [Scalar](repeating: 0, count: height * stride)
    for y in 0..<height {
      result.replaceSubrange(y * stride..<y * stride + n, with: values[y * n..<(y + 1) * n])
    }
    return result
  }

  private func unpadded(_ values: [Scalar], _ n: Int, _ stride: Int) -> [Scalar] {
    var result: [Scalar] = []
    result.reserveCapacity(height * n)
    for y in 0..<height { result += values[y * stride..<y * stride + n] }
    return result
  }
}
