// The gradient to filters by Winograd's algorithm as the equation has it: the plain twin of
// `winogradFilterGradient`.
//
// Equation -> code: dg = G^T [sum over tiles of (B^T d B) * (A dY A^T)] G for each channel and filter.
// Checked by: WinogradGradientTests.

/// The gradient to the filters of a 3 x 3 convolution of stride 1, by tiles of `m` x `m` outputs.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - dY: the gradient to the output, shape (N, Ho, Wo, K).
///   - g: the padding; stride, dilation and groups are 1.
///   - m: 2 or 4.
/// - Returns: shape (3, 3, C, K).
public func winogradFilterGradientReference<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ dY: Tensor<Scalar>, geometry g: ConvolutionGeometry, m: Int
) -> Tensor<Scalar> {
  let (C, K, F) = (input.shape[3], dY.shape[3], WinogradMatrices.of(m))
  let A = (0..<(m + 2)).map { i in F.AT.map { $0[i] } }
  let GT = (0..<3).map { i in F.G.map { $0[i] } }
  var result = Tensor<Scalar>.zeros([3, 3, C, K])
  for (c, k) in (0..<C).flatMap({ c in (0..<K).map { (c, $0) } }) {
    var P = [[Scalar]](repeating: [Scalar](repeating: 0, count: m + 2), count: m + 2)
    for n in 0..<dY.shape[0] {
      for top in stride(from: 0, to: dY.shape[1], by: m) {
        for left in stride(from: 0, to: dY.shape[2], by: m) {
          let V = sandwich(
            F.BT, window(input, n, c, top - g.paddingTop, left - g.paddingLeft, m + 2))
          let D = sandwich(A, window(dY, n, k, top, left, m))
          for i in P.indices { for j in P.indices { P[i][j] += V[i][j] * D[i][j] } }
        }
      }
    }
    let dg = sandwich(GT, P)
    for r in 0..<3 { for s in 0..<3 { result.scalars[((3 * r + s) * C + c) * K + k] = dg[r][s] } }
  }
  return result
}
