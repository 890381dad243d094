// Convolution as loops: the plain twin of every faster algorithm.
//
// Equation: O[n, y, x, k] = b[k] + sum over r, s, c of
//   I[n, y strideY + r dilationY - top, x strideX + s dilationX - left, g C/groups + c]
//   F[r, s, c, k], where g is the group of k; outside the input I is 0. It is a cross-correlation
//   (the filter is not mirrored), as everywhere in deep learning.
// Checked by: ConvolutionKernelTests. Cost: 2 flops a term.

/// Convolution by the definition, one rounding an operation.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - filters: shape (R, S, C / groups, K).
///   - bias: shape (K), or `nil` for zeros.
///   - g: stride, padding, dilation, groups.
/// - Returns: shape (N, outputHeight, outputWidth, K).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func convolveReference<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
  geometry g: ConvolutionGeometry = ConvolutionGeometry()
) -> Tensor<Scalar> {
  let shape = g.outputShape(input: input.shape, filters: filters.shape)
  let (H, W, C, K) = (input.shape[1], input.shape[2], input.shape[3], shape[3])
  let (R, S, Cg) = (filters.shape[0], filters.shape[1], filters.shape[2])
  var output = [Scalar](repeating: 0, count: shape.reduce(1, *))
  for i in output.indices {
    let (k, x) = (i % K, i / K % shape[2])
    let (y, n) = (i / K / shape[2] % shape[1], i / K / shape[2] / shape[1])
    let firstChannel = k / (K / g.groups) * Cg
    var total = bias?.scalars[k] ?? 0
    for tap in 0..<(R * S) {
      let iy = y * g.strideY + tap / S * g.dilationY - g.paddingTop
      let ix = x * g.strideX + tap % S * g.dilationX - g.paddingLeft
      if iy < 0 || iy >= H || ix < 0 || ix >= W { continue }
      let pixel = ((n * H + iy) * W + ix) * C + firstChannel
      for c in 0..<Cg {
        total += input.scalars[pixel + c] * filters.scalars[(tap * Cg + c) * K + k]
      }
    }
    output[i] = total
  }
  return Tensor(shape: shape, scalars: output)
}
