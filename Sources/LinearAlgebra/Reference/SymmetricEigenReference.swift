// Eigenvalues of a symmetric matrix by classical Jacobi: the plain twin of `SymmetricEigen`.
//
// Implements: C. Jacobi, J. reine angew. Math. 30 (1846) 51 (always the largest entry), with the
//   angle of G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, section 8.5.2.
// Equation -> code: A := J' A J with J turning the plane (p, q) of the largest off-diagonal entry.
// Symbols: A (n x n). Deviations: 10 n^2 rotations at most.
// Checked by: SymmetricEigenTests. Cost: n^2 / 2 + 12 n flops a rotation, about 5 n^2 rotations.

import Tensors

/// The eigenvalues of a symmetric matrix, rising.
///
/// - Parameter A: shape (n, n), symmetric, finite.
/// - Returns: n values.
public func eigenvaluesReference<Scalar: KernelScalar>(_ A: Tensor<Scalar>) -> [Scalar] {
  let n = A.shape[0]
  var A = A
  let norm = A.scalars.reduce(0) { $0 + $1 * $1 }.squareRoot()
  for _ in 0..<10 * n * n {
    var (p, q) = (0, 0)
    for i in 0..<n {
      for j in 0..<i where p == q || abs(A[j, i]) > abs(A[p, q]) { (p, q) = (j, i) }
    }
    guard p != q, abs(A[p, q]) > Scalar.ulpOfOne / 4 * norm / Scalar(n) else { break }
    let theta = (A[q, q] - A[p, p]) / (2 * A[p, q])
    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (1 + theta * theta).squareRoot())
    let c = 1 / (1 + t * t).squareRoot()
    for i in 0..<n {
      (A[i, p], A[i, q]) = (c * A[i, p] - c * t * A[i, q], c * t * A[i, p] + c * A[i, q])
    }
    for i in 0..<n {
      (A[p, i], A[q, i]) = (c * A[p, i] - c * t * A[q, i], c * t * A[p, i] + c * A[q, i])
    }
    (A[p, q], A[q, p]) = (0, 0)
  }
  return (0..<n).map { A[$0, $0] }.sorted()
}
