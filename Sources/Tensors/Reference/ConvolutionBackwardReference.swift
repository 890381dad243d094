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
public func convolutionBackwardReference<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: Tensor<Scalar>, _ outputGradient: Tensor<Scalar>,
  geometry g: ConvolutionGeometry
) -> (inputGradient: Tensor<Scalar>, filterGradient: Tensor<Scalar>) {
  checkBackward(input.shape, filters.shape, outputGradient.shape, g)
  var (dX, dW) = (Tensor<Scalar>.zeros(input.shape), Tensor<Scalar>.zeros(filters.shape))
  let (H, W, C) = (input.shape[1], input.shape[2], input.shape[3])
  let (S, K, Ho, Wo) = (
    filters.shape[1], filters.shape[3], outputGradient.shape[1], outputGradient.shape[2]
  )
  for pixel in 0..<(outputGradient.count / max(1, K)) {
    let (n, y, x) = (pixel / (Ho * Wo), pixel / Wo % Ho, pixel % Wo)
    for tap in 0..<(filters.shape[0] * S) {
      let iy = y * g.strideY + tap / S * g.dilationY - g.paddingTop
      let ix = x * g.strideX + tap % S * g.dilationX - g.paddingLeft
      guard iy >= 0, iy < H, ix >= 0, ix < W else { continue }
      for ck in 0..<(C * K) {
        let (i, o) = (((n * H + iy) * W + ix) * C + ck / K, pixel * K + ck % K)
        dX.scalars[i] += outputGradient.scalars[o] * filters.scalars[tap * C * K + ck]
        dW.scalars[tap * C * K + ck] += input.scalars[i] * outputGradient.scalars[o]
      }
    }
  }
  return (dX, dW)
}
