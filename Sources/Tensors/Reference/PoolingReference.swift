// Pooling as loops: the plain twin of `maximumPool` and `averagePool`.
//
// Equation: O[n, y, x, c] = max (or sum / divisor) of I[n, i, j, c] over
//   y strideY - top <= i < y strideY - top + R and likewise j, inside the image.
// Checked by: PoolingTests. Cost: one pass over each window.

/// Pooling by the definition.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - height: window rows, R.
///   - width: window columns, S.
///   - g: stride and padding.
///   - average: the mean of each window instead of its maximum.
///   - countingPadding: the mean divides by R S always.
/// - Returns: shape (N, outputHeight, outputWidth, C).
public func poolReference<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, height: Int, width: Int, geometry g: ConvolutionGeometry,
  average: Bool, countingPadding: Bool = false
) -> Tensor<Scalar> {
  let shape = poolingShape(input.shape, height, width, g)
  let (H, W, C) = (input.shape[1], input.shape[2], input.shape[3])
  var output = [Scalar](repeating: 0, count: shape.reduce(1, *))
  for o in output.indices {
    let (c, x) = (o % C, o / C % shape[2])
    let (y, n) = (o / C / shape[2] % shape[1], o / C / shape[2] / shape[1])
    let (top, left) = (y * g.strideY - g.paddingTop, x * g.strideX - g.paddingLeft)
    var (total, largest): (Scalar, Scalar) = (0, -.infinity)
    var inside = 0
    for i in max(0, top)..<min(H, top + height) {
      for j in max(0, left)..<min(W, left + width) {
        let value = input.scalars[((n * H + i) * W + j) * C + c]
        total += value
        if value > largest || value.isNaN { largest = value }
        inside += 1
      }
    }
    let divisor = countingPadding ? height * width : inside
    output[o] = average ? total / Scalar(divisor) : largest
  }
  return Tensor(shape: shape, scalars: output)
}
