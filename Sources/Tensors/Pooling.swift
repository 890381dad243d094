// Maximum and average pooling of batches of images.
//
// Equation -> code: see Reference/PoolingReference.swift.
// Deviations: none. Checked by: PoolingTests (twin, goldens of NumPy).
// Cost: one pass over each window; parallel over images and rows.

/// The largest value of each window, channel by channel.
///
/// Padding never wins: a window is the part of it that lies inside the image. To have the last
/// incomplete windows too (`ceil_mode` elsewhere), enlarge the padding below and on the right.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - height: window rows, R.
///   - width: window columns, S.
///   - geometry: stride and padding; each padding smaller than the window.
/// - Precondition: no dilation, no groups; a padding is smaller than its window.
/// - Returns: shape (N, outputHeight, outputWidth, C); NaN where a window holds a NaN.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func maximumPool<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, height: Int, width: Int, geometry: ConvolutionGeometry
) -> Tensor<Scalar> {
  pooled(input, height, width, geometry, .maximum)
}

/// The mean of each window, channel by channel.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - height: window rows, R.
///   - width: window columns, S.
///   - geometry: stride and padding; each padding smaller than the window.
///   - countingPadding: divide by R S always, so that padding counts as zeros; otherwise by the
///     number of pixels that lie inside the image.
/// - Precondition: no dilation, no groups; a padding is smaller than its window.
/// - Returns: shape (N, outputHeight, outputWidth, C).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func averagePool<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, height: Int, width: Int, geometry: ConvolutionGeometry,
  countingPadding: Bool = false
) -> Tensor<Scalar> {
  pooled(input, height, width, geometry, countingPadding ? .meanOfWindow : .meanInside)
}

/// The means of a fixed number of windows that cover the image.
///
/// Output row y averages the input rows floor(y H / height) ..< ceil((y + 1) H / height).
///
/// - Parameters:
///   - input: shape (N, H, W, C), none of H and W zero.
///   - height: output rows, at least 1.
///   - width: output columns, at least 1.
/// - Precondition: extents of images and outputs are at least 1.
/// - Returns: shape (N, height, width, C).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func adaptiveAveragePool<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, height: Int, width: Int
) -> Tensor<Scalar> {
  precondition(
    input.rank == 4 && min(input.shape[1], input.shape[2], height, width) >= 1,
    "cannot pool \(input.shape) to \(height) x \(width)")
  var output = Tensor<Scalar>.zeros([input.shape[0], height, width, input.shape[3]])
  pool(input, height, width, ConvolutionGeometry(), .adaptiveMean, into: &output)
  return output
}

/// The mean of each channel of each image.
///
/// - Parameter input: shape (N, H, W, C).
/// - Returns: shape (N, C).
public func globalAveragePool<Scalar: KernelScalar>(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
  precondition(input.rank == 4, "pooling needs (N, H, W, C), not \(input.shape)")
  return input.mean(along: [1, 2])
}

/// The largest value of each channel of each image.
///
/// - Parameter input: shape (N, H, W, C).
/// - Returns: shape (N, C).
public func globalMaximumPool<Scalar: KernelScalar>(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
  precondition(input.rank == 4, "pooling needs (N, H, W, C), not \(input.shape)")
  return input.maximum(along: [1, 2])
}

/// What a window becomes; the numbers are those of the kernel.
package enum PoolingKind: Int, Sendable {
  case maximum = 0
  case meanInside = 1
  case meanOfWindow = 2
  case adaptiveMean = 3
}

@inline(__always)
private func pooled<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ R: Int, _ S: Int, _ g: ConvolutionGeometry, _ kind: PoolingKind
) -> Tensor<Scalar> {
  var output = Tensor<Scalar>.zeros(poolingShape(input.shape, R, S, g))
  pool(input, R, S, g, kind, into: &output)
  return output
}

/// The shape of a pooled batch.
func poolingShape(_ input: [Int], _ R: Int, _ S: Int, _ g: ConvolutionGeometry) -> [Int] {
  precondition(input.count == 4, "pooling needs (N, H, W, C), not \(input)")
  precondition(
    g.dilationY == 1 && g.dilationX == 1 && g.groups == 1,
    "pooling knows no dilation and no groups")
  precondition(
    max(g.paddingTop, g.paddingBottom) < R && max(g.paddingLeft, g.paddingRight) < S,
    "the padding must be smaller than the window \(R) x \(S), or a window would be empty")
  return [
    input[0], g.outputHeight(input[1], filterHeight: R), g.outputWidth(input[2], filterWidth: S),
    input[3],
  ]
}
