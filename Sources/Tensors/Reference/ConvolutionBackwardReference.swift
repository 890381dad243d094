// The two gradients of a convolution by their equations, for tests and for readers.
//
// Equation -> code: with iy = y sY + r dY - top and ix = x sX + s dX - left, for every output pixel,
//   tap and pair of channels: dX[n, iy, ix, c] += dY[n, y, x, k] W[r, s, c, k] and
//   dW[r, s, c, k] += X[n, iy, ix, c] dY[n, y, x, k].
// Deviations: none. Twin of: convolutionInputGradient, convolutionFilterGradient.

/// The gradients of a convolution's input and filters; see `convolutionFilterGradient`.
///
/// - Parameters:
///   - input: X, shape (N, H, W, C).
///   - filters: W, shape (R, S, C, K).
///   - outputGradient: dY, shape (N, outputHeight, outputWidth, K).
///   - g: geometry of the convolution; one group.
/// - Returns: dX and dW, shapes of `input` and `filters`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func convolutionBackwardReference<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: Tensor<Scalar>, _ outputGradient: Tensor<Scalar>,
  geometry g: ConvolutionGeometry
) -> (inputGradient: Tensor<Scalar>, filterGradient: Tensor<Scalar>) {
  checkBackward(input.shape, filters.shape, outputGradient.shape, g)
  var dX = [Scalar](repeating: 0, count: input.count)
  var dW = [Scalar](repeating: 0, count: filters.count)
  let (X, W, dY) = (input.scalars, filters.scalars, outputGradient.scalars)
  let (height, width, C) = (input.shape[1], input.shape[2], input.shape[3])
  let (S, K, Ho, Wo) = (
    filters.shape[1], filters.shape[3], outputGradient.shape[1], outputGradient.shape[2]
  )
  for pixel in 0..<(outputGradient.count / max(1, K)) {
    let (n, y, x) = (pixel / (Ho * Wo), pixel / Wo % Ho, pixel % Wo)
    for tap in 0..<(filters.shape[0] * S) {
      let iy = y * g.strideY + tap / S * g.dilationY - g.paddingTop
      let ix = x * g.strideX + tap % S * g.dilationX - g.paddingLeft
      guard iy >= 0, iy < height, ix >= 0, ix < width else { continue }
      for ck in 0..<(C * K) {
        let (i, o) = (((n * height + iy) * width + ix) * C + ck / K, pixel * K + ck % K)
        dX[i] += dY[o] * W[tap * C * K + ck]
        dW[tap * C * K + ck] += X[i] * dY[o]
      }
    }
  }
  return (
    Tensor(shape: input.shape, scalars: dX), Tensor(shape: filters.shape, scalars: dW)
  )
}
