// Winograd's convolution as the equations have it: the plain twin of `.winograd2` and `.winograd4`.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   equations (7), (8) and (14).
// Equation -> code: Y = A^T [sum over c of (G g G^T) * (B^T d B)] A for each tile and output channel.
// Checked by: WinogradTests. Cost: transforms anew for every tile and channel.

/// The three matrices of F(m, 3), by rows: B^T and G have m + 2 rows, A^T has m.
struct WinogradMatrices {
  let BT, G, AT: [[Double]]

  /// F(2, 3) or F(4, 3).
  static func of(_ m: Int) -> WinogradMatrices {
    m == 2
      ? WinogradMatrices(
        BT: [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
        G: [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]],
        AT: [[1, 1, 1, 0], [0, 1, -1, -1]])
      : WinogradMatrices(
        BT: [
          [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0],
          [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
        ],
        G: [
          [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
          [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
        ],
        AT: [
          [1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1],
        ])
  }
}

/// L x L^T.
func sandwich<Scalar: KernelScalar>(_ L: [[Double]], _ x: [[Scalar]]) -> [[Scalar]] {
  let half = L.map { row in
    x[0].indices.map { j in row.indices.reduce(Scalar(0)) { $0 + Scalar(row[$1]) * x[$1][j] } }
  }
  return half.map { left in
    L.map { row in row.indices.reduce(Scalar(0)) { $0 + left[$1] * Scalar(row[$1]) } }
  }
}

/// The convolution of stride 1 with 3 x 3 filters, by tiles of `m` x `m` outputs.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - filters: shape (3, 3, C, K).
///   - bias: shape (K), or `nil` for zeros.
///   - g: the padding; stride, dilation and groups are 1.
///   - m: 2 or 4.
/// - Returns: shape (N, outputHeight, outputWidth, K).
public func winogradReference<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
  geometry g: ConvolutionGeometry = ConvolutionGeometry(padding: 1), m: Int
) -> Tensor<Scalar> {
  let shape = g.outputShape(input: input.shape, filters: filters.shape)
  let (C, K) = (input.shape[3], shape[3])
  let F = WinogradMatrices.of(m)
  var output = Tensor<Scalar>.zeros(shape)
  for (n, k) in (0..<shape[0]).flatMap({ n in (0..<K).map { (n, $0) } }) {
    for top in stride(from: 0, to: shape[1], by: m) {
      for left in stride(from: 0, to: shape[2], by: m) {
        var M = [[Scalar]](repeating: [Scalar](repeating: 0, count: m + 2), count: m + 2)
        for c in 0..<C {
          let U = sandwich(
            F.G,
            (0..<3).map { r in (0..<3).map { filters.scalars[((3 * r + $0) * C + c) * K + k] } }
          )
          let V = sandwich(
            F.BT, window(input, n, c, top - g.paddingTop, left - g.paddingLeft, m + 2))
          for i in M.indices { for j in M.indices { M[i][j] += U[i][j] * V[i][j] } }
        }
        let Y = sandwich(F.AT, M)
        for i in 0..<min(m, shape[1] - top) {
          for j in 0..<min(m, shape[2] - left) {
            output.scalars[((n * shape[1] + top + i) * shape[2] + left + j) * K + k] =
              Y[i][j] + (bias?.scalars[k] ?? 0)
          }
        }
      }
    }
  }
  return output
}

/// `size` x `size` pixels of one channel of one image; outside the image they are 0.
func window<Scalar: KernelScalar>(
  _ images: Tensor<Scalar>, _ n: Int, _ c: Int, _ top: Int, _ left: Int, _ size: Int
) -> [[Scalar]] {
  let (H, W, C) = (images.shape[1], images.shape[2], images.shape[3])
  return (top..<(top + size)).map { y in
    (left..<(left + size)).map { x in
      y < 0 || y >= H || x < 0 || x >= W ? 0 : images.scalars[((n * H + y) * W + x) * C + c]
    }
  }
}
