// Eigenvalues and eigenvectors of a symmetric matrix by two-sided Jacobi.
//
// Implements: C. Jacobi, J. reine angew. Math. 30 (1846) 51, as cyclic Jacobi of G. Golub, C. Van
//   Loan, Matrix Computations, 4th ed. 2013, algorithms 8.5.1, 8.5.3; J. Demmel, K. Veselic,
//   "Jacobi's method is more accurate than QR", SIAM J. Matrix Anal. Appl. 13 (1992) 1204 (the
//   relative stopping rule).
// Equation -> code: theta = (a_qq - a_pp) / (2 a_pq), t = sign(theta) / (|theta| + sqrt(1 +
//   theta^2)), A := J' A J, V := V J -> `rotateSymmetric`.
// Symbols: A (n x n); V, eigenvectors in columns; p < q.
// Deviations: a pair is left alone when |a_pq| <= eps sqrt(|a_pp a_qq|), or when a_pq is below the
//   underflow limit relative to the largest entry; the textbook rule on the whole norm would give
//   up the small eigenvalues of a graded matrix. 40 sweeps at most, then an error.
// Checked by: SymmetricEigenTests (LAPACK's residuals below 60); twin SymmetricEigenReference.
// Cost: about 6 n^3 flops a sweep with vectors, 6 to 10 sweeps; two copies of A.

import Tensors

/// The decomposition A = V diag(values) V' of a symmetric matrix.
///
/// `values` rise; column j of `vectors` belongs to value j, and `vectors`' `vectors` = I.
public struct SymmetricEigen<Scalar: KernelScalar>: Sendable, Equatable {
  /// Eigenvalues, rising.
  public let values: [Scalar]
  /// Eigenvectors in columns, shape (n, n).
  ///
  /// For their signs nothing is promised.
  public let vectors: Tensor<Scalar>

  /// Decomposes a symmetric matrix.
  ///
  /// - Parameter A: shape (n, n); only the lower triangle is used.
  /// - Throws: `nonFinite` for NaN or infinite values anywhere, `noConvergence` after 40 sweeps,
  ///   `overflow` if an eigenvalue is too large for the type.
  /// - Complexity: about 50 n^3 flops.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public init(_ A: Tensor<Scalar>) throws(LinearAlgebraError) {
    precondition(
      A.rank == 2 && A.shape[0] == A.shape[1],
      "SymmetricEigen needs a square matrix, not shape \(A.shape)")
    let n = A.shape[0]
    let exponent = try scalingExponent(A)
    var M = Columns(A, exponent: exponent)
    for j in 0..<n {
      for i in 0..<j { M[i, j] = M[j, i] }
    }
    var V = Columns<Scalar>(rows: n, count: n, diagonal: 1)
    try diagonalize(&M, &V)

    let found = (0..<n).map { M[$0, $0] }
    let order = found.indices.sorted { found[$0] != found[$1] ? found[$0] < found[$1] : $0 < $1 }
    values = order.map { scaled(found[$0], by: -exponent) }
    guard values.allSatisfy({ $0.isFinite }) else { throw .overflow }
    var sorted = Columns<Scalar>(rows: n, count: n)
    for (place, j) in order.enumerated() {
      for i in 0..<n { sorted[i, place] = V[i, j] }
    }
    vectors = sorted.tensor(rows: n, count: n)
  }
}

/// Sweeps over all pairs in order of rows until none needs a rotation.
private func diagonalize<Scalar: KernelScalar>(
  _ M: inout Columns<Scalar>, _ V: inout Columns<Scalar>
) throws(LinearAlgebraError) {
  let n = M.count
  let floor = Scalar.leastNormalMagnitude / Scalar.ulpOfOne
  for _ in 0..<sweepBound {
    var rotated = 0
    for p in 0..<n {
      for q in p + 1..<max(n, p + 1) {
        let size = abs(M[p, q])
        let limit = Scalar.ulpOfOne * abs(M[p, p]).squareRoot() * abs(M[q, q]).squareRoot()
        guard size > max(limit, floor) else { continue }
        rotateSymmetric(&M, &V, p, q)
        rotated += 1
      }
    }
    if rotated == 0 { return }
  }
  throw .noConvergence(sweeps: sweepBound)
}

/// Makes a_pq zero.
private func rotateSymmetric<Scalar: KernelScalar>(
  _ M: inout Columns<Scalar>, _ V: inout Columns<Scalar>, _ p: Int, _ q: Int
) {
  let (app, aqq, apq) = (M[p, p], M[q, q], M[p, q])
  let theta = (aqq - app) / (2 * apq)
  let size = abs(theta)
  let root = size * Scalar.ulpOfOne > 1 ? size : (1 + theta * theta).squareRoot()
  let t = (theta < 0 ? -1 : 1) / (size + root)
  let c = 1 / (1 + t * t).squareRoot()
  rotateColumns(&M.scalars, p, q, stride: M.stride, c: c, s: c * t)
  rotateColumns(&V.scalars, p, q, stride: V.stride, c: c, s: c * t)
  (M[p, p], M[q, q], M[p, q], M[q, p]) = (app - t * apq, aqq + t * apq, 0, 0)
  // What happened to the columns p and q happens to the rows by symmetry.
  for i in 0..<M.rows where i != p && i != q {
    M[p, i] = M[i, p]
    M[q, i] = M[i, q]
  }
}
