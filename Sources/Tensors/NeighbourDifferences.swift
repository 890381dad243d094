// Absolute differences of neighbouring pixels and their gradient (a total variation).
//
// Implements: W. Kim, A. Kanezaki, M. Tanaka, IEEE Trans. Image Process. 29 (2020) 8055, section III.B.
// Equation -> code: sum |y[i + 1, j] - y[i, j]| and sum |y[i, j + 1] - y[i, j]| over all channels.
// Deviations: none. Checked by: GradientTests. Cost: one pass; rows are summed in order.

/// The sums of absolute differences of vertical and of horizontal neighbours; shape (N, H, W, C).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func neighbourDifferences<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>
) -> (vertical: Double, horizontal: Double) {
  let (N, H, W, C) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let values = x.scalars
  return parallelReduce(
    N * H, (0.0, 0.0),
    map: { line in
      let first = line * W * C
      var (vertical, horizontal) = (0.0, 0.0)
      if (line + 1) % H != 0 {
        for i in first..<(first + W * C) { vertical += Double(abs(values[i + W * C] - values[i])) }
      }
      for i in first..<(first + max(0, W - 1) * C) {
        horizontal += Double(abs(values[i + C] - values[i]))
      }
      return (vertical, horizontal)
    }, combine: { $0 = ($0.0 + $1.0, $0.1 + $1.1) })
}

/// The gradient of `vertical` times the first sum plus `horizontal` times the second.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func neighbourGradient<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, vertical: Scalar, horizontal: Scalar, into dx: inout Tensor<Scalar>
) {
  let (H, W, C) = (x.shape[1], x.shape[2], x.shape[3])
  let (row, values) = (W * C, x.scalars)
  parallelForEachChunk(of: &dx.scalars, size: max(1, row)) { line, target in
    let y = line % H
    for j in 0..<row {
      let (i, column) = (line * row + j, j / C)
      var sum: Scalar = 0
      if y > 0 { sum += vertical * sign(values[i] - values[i - row]) }
      if y + 1 < H { sum -= vertical * sign(values[i + row] - values[i]) }
      if column > 0 { sum += horizontal * sign(values[i] - values[i - C]) }
      if column + 1 < W { sum -= horizontal * sign(values[i + C] - values[i]) }
      target[j] = sum
    }
  }
}

@inline(__always)
private func sign<Scalar: KernelScalar>(_ x: Scalar) -> Scalar { x > 0 ? 1 : (x < 0 ? -1 : 0) }
