// QR factorisation by Givens rotations: the plain twin of `QR`.
//
// Implements: G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, algorithm 5.2.4.
// Equation -> code: with r = hypot(a, b), c = a / r, s = b / r the rows i - 1 and i turn so that b
//   -> 0.
// Symbols: A (m x n) -> R; Q (m x m), the product of the transposed rotations.
// Deviations: none. Checked by: QRTests. Cost: 3 n^2 (m - n / 3) flops for R.

import Tensors

/// The full factorisation A = Q R by rotations of neighbouring rows.
///
/// - Parameter A: shape (m, n), finite.
/// - Returns: Q of shape (m, m) and R of shape (m, n).
public func qrReference<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>
) -> (Q: Tensor<Scalar>, R: Tensor<Scalar>) {
  let (m, n) = (A.shape[0], A.shape[1])
  var R = A
  var Q = Tensor<Scalar>.zeros([m, m])
  for i in 0..<m { Q[i, i] = 1 }
  for j in 0..<min(m, n) {
    for i in stride(from: m - 1, to: j, by: -1) where R[i, j] != 0 {
      let (a, b) = (R[i - 1, j], R[i, j])
      let r = (a * a + b * b).squareRoot()
      let (c, s) = (a / r, b / r)
      for k in 0..<n {
        (R[i - 1, k], R[i, k]) = (c * R[i - 1, k] + s * R[i, k], c * R[i, k] - s * R[i - 1, k])
      }
      for k in 0..<m {
        (Q[k, i - 1], Q[k, i]) = (c * Q[k, i - 1] + s * Q[k, i], c * Q[k, i] - s * Q[k, i - 1])
      }
      R[i, j] = 0
    }
  }
  return (Q, R)
}
