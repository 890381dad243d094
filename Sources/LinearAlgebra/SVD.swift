// Singular value decomposition: QR with pivoting, then one-sided Jacobi on the transposed triangle.
//
// Implements: Z. Drmac, K. Veselic, "New fast and accurate Jacobi SVD algorithm I", SIAM J. Matrix
//   Anal. Appl. 29 (2008) 1322, algorithm 2: for A = B D with any diagonal D every singular value
//   has a relative error of the order of n eps cond(B), however small it is.
// Equation -> code (`jacobiSVD`): A = Q0 R0 (only if m > n); R0 P = Q1 R; R' = Q2 L'; X = L, X J = W
//   Sigma; so that A = (Q0 Q1 W) Sigma (P Q2 J)'; J = L^-1 (X J) (section 3.2), or accumulated where
//   L is ill-conditioned whatever the lengths of its rows -> `solve`, `rowScaledCondition`.
// Symbols: A (m x n), m >= n, or else A' is decomposed; U = Q0 Q1 W, V = P Q2 J, Sigma -> `S`.
// Deviations: the condition is computed from the inverse, not estimated. A column of zeros left by
//   Jacobi (rank-deficient A) gives a singular value of exactly 0; its left singular vectors are an
//   orthonormal completion. The matrix is scaled by a power of two beforehand. For signs nothing is
//   promised.
// Checked by: SVDTests (LAPACK's residuals below 35, 60-digit truth); twin SVDReference.
// Cost: 2 n^2 (m - n / 3) flops for R0, then about 50 n^3 flops, with V 4 n^3 more; five copies of A.

import Tensors

/// The decomposition A = U diag(S) Vt of a matrix into orthonormal vectors and singular values.
///
/// With k = min(m, n), thin: `U` is (m, k), `S` holds k values, `Vt` is (k, n). Full: `U` is (m, m)
/// and `Vt` (n, n). `U` has orthonormal columns, `Vt` orthonormal rows; `S` falls and is never
/// negative.
/// Not an eigenvalue method: small singular values keep the accuracy that the matrix defines.
public struct SVD<Scalar: KernelScalar>: Sendable, Equatable {
  /// How many singular vectors are made.
  public enum Vectors: Sendable {
    /// As many on either side as there are singular values.
    case thin
    /// A whole orthonormal basis on either side.
    case full
  }

  /// Left singular vectors in columns.
  public let U: Tensor<Scalar>
  /// Singular values, falling.
  public let S: [Scalar]
  /// Right singular vectors in rows.
  public let Vt: Tensor<Scalar>

  /// Decomposes a matrix.
  ///
  /// - Parameters:
  ///   - A: shape (m, n), either may be 0 or the larger one.
  ///   - vectors: thin or full.
  /// - Throws: `nonFinite` for NaN or infinite values, `noConvergence` after 40 sweeps (not seen on
  ///   any matrix so far), `overflow` if a singular value is too large for the type.
  /// - Complexity: about 55 n^3 flops for a square matrix.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public init(_ A: Tensor<Scalar>, vectors: Vectors = .thin) throws(LinearAlgebraError) {
    precondition(A.rank == 2, "SVD needs a matrix, not shape \(A.shape)")
    let (m, n) = (A.shape[0], A.shape[1])
    let parts = try decompose(A, left: vectors == .full ? max(m, n) : min(m, n))
    S = parts.S
    let (U, V) = (parts.U, parts.V)
    if m < n {
      self.U = V.tensor(rows: m, count: m)
      Vt = U.transposedTensor(count: U.count)
    } else {
      self.U = U.tensor(rows: m, count: U.count)
      Vt = V.transposedTensor(count: n)
    }
  }

  /// Joins the three factors.
  init(U: Tensor<Scalar>, S: [Scalar], Vt: Tensor<Scalar>) {
    (self.U, self.S, self.Vt) = (U, S, Vt)
  }
}

/// The singular values of a matrix, falling: as `SVD` computes them, without the vectors.
///
/// - Parameter A: shape (m, n).
/// - Returns: min(m, n) values.
/// - Throws: as `SVD`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func singularValues<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>
) throws(LinearAlgebraError) -> [Scalar] {
  precondition(A.rank == 2, "singularValues needs a matrix, not shape \(A.shape)")
  return try decompose(A, left: nil, right: false).S
}

/// The singular values and the thin right singular vectors of a matrix, without the left ones.
///
/// - Parameter A: shape (m, n).
/// - Returns: k = min(m, n) values, falling, and shape (k, n).
/// - Throws: as `SVD`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func rightSingularVectors<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>
) throws(LinearAlgebraError) -> (S: [Scalar], Vt: Tensor<Scalar>) {
  precondition(A.rank == 2, "rightSingularVectors needs a matrix, not shape \(A.shape)")
  let (m, n) = (A.shape[0], A.shape[1])
  let parts = try decompose(A, left: m < n ? m : nil, right: m >= n)
  return (parts.S, (m < n ? parts.U : parts.V).transposedTensor(count: min(m, n)))
}

/// U, S and V of a tall matrix.
private struct TallFactors<Scalar: KernelScalar> {
  var U: Columns<Scalar>
  var S: [Scalar]
  var V: Columns<Scalar>
}

/// Scales A, or its transpose when that is the tall one, decomposes it, and scales back.
private func decompose<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, left: Int?, right: Bool = true
) throws(LinearAlgebraError) -> TallFactors<Scalar> {
  let exponent = try scalingExponent(A)
  let C = Columns(A, transposed: A.shape[0] < A.shape[1], exponent: exponent)
  var factors = try jacobiSVD(C, left: left, right: right)
  for i in factors.S.indices { factors.S[i] = scaled(factors.S[i], by: -exponent) }
  guard factors.S.allSatisfy({ $0.isFinite }) else { throw .overflow }
  return factors
}

/// The decomposition of an m x n matrix, m >= n, with `left` left singular vectors: none, n or m,
/// and with right ones or none.
private func jacobiSVD<Scalar: KernelScalar>(
  _ A: Columns<Scalar>, left: Int?, right: Bool
) throws(LinearAlgebraError) -> TallFactors<Scalar> {
  let (m, n) = (A.rows, A.count)
  var R = A
  let tall = m > n ? factor(&R) : nil
  if m > n { R = R.resized(rows: n, count: n) }
  let (first, permutation) = factorPivoting(&R)
  var turned = R.transposed()
  let second = factor(&turned)

  let L = turned.transposed()
  let solves = right && rowScaledCondition(L) <= Scalar(n)
  let rotations = right && !solves ? n : 0
  var X = L
  var J = Columns<Scalar>(rows: rotations, count: rotations, diagonal: 1)
  try orthogonalizeColumns(&X, accumulating: &J)

  let (S, order) = lengths(X)
  var V = J
  if right {
    V = (solves ? X : J).ordered(by: order)
    if solves { solve(L, &V) }
    second.apply(to: &V, columns: 0..<n)
    V = V.rowsMoved(to: permutation)
  }
  guard let left else { return TallFactors(U: V, S: S, V: V) }
  var U = X.ordered(by: order)
  for j in 0..<n where S[j] > 0 { U.divideColumn(j, by: S[j]) }
  completeBasis(&U, from: S.count { $0 > 0 })
  first.apply(to: &U, columns: 0..<n)
  guard let tall else { return TallFactors(U: U, S: S, V: V) }
  U = U.resized(rows: m, count: left)
  for j in n..<max(left, n) { U[j, j] = 1 }
  tall.apply(to: &U, columns: 0..<left)
  return TallFactors(U: U, S: S, V: V)
}

/// C := L^-1 C for a square lower triangle L.
private func solve<Scalar: KernelScalar>(_ L: Columns<Scalar>, _ C: inout Columns<Scalar>) {
  solveLowerTriangle(L.scalars, n: L.rows, &C.scalars, count: C.count, stride: L.stride)
}

/// The greatest sum of magnitudes in a row of L^-1 D, D the lengths of the rows of L.
///
/// It bounds the error of L^-1 (L J) in eps of the rows of J: rotations err by some eps of the length
/// of each row of L. At most n corresponds to about sqrt(n) in the spectral norm, LAPACK's limit.
///
/// - Returns: infinite if L is singular or a row is too short for its square.
private func rowScaledCondition<Scalar: KernelScalar>(_ L: Columns<Scalar>) -> Scalar {
  var squares = [Scalar](repeating: 0, count: L.rows)
  for j in 0..<L.count {
    for i in j..<L.rows { squares[i] += L[i, j] * L[i, j] }
  }
  guard squares.allSatisfy({ $0 >= Scalar.leastNormalMagnitude }) else { return .infinity }
  var inverse = Columns<Scalar>(rows: L.rows, count: L.count)
  for j in 0..<L.count { inverse[j, j] = squares[j].squareRoot() }
  solve(L, &inverse)
  var sums = [Scalar](repeating: 0, count: L.rows)
  for j in 0..<L.count {
    for i in j..<L.rows { sums[i] += abs(inverse[i, j]) }
  }
  return sums.reduce(0) { $1.isFinite ? max($0, $1) : .infinity }
}

/// The lengths of the columns, falling, and which column each belongs to; ties keep their order.
private func lengths<Scalar: KernelScalar>(
  _ X: Columns<Scalar>
) -> (lengths: [Scalar], order: [Int]) {
  let floor = Scalar.leastNormalMagnitude / (Scalar.ulpOfOne * Scalar.ulpOfOne)
  let all = (0..<X.count).map { j in
    let square = X.squaredNorm(j)
    return square > floor ? square.squareRoot() : 0
  }
  let order = all.indices.sorted { all[$0] != all[$1] ? all[$0] > all[$1] : $0 < $1 }
  return (order.map { all[$0] }, order)
}

/// Fills the columns from `rank` on of a square W so that all of them are orthonormal.
private func completeBasis<Scalar: KernelScalar>(_ W: inout Columns<Scalar>, from rank: Int) {
  guard rank < W.count else { return }
  var known = W.resized(rows: W.rows, count: rank)
  let reflectors = factor(&known)
  var basis = Columns<Scalar>(rows: W.rows, count: W.count, diagonal: 1)
  reflectors.apply(to: &basis, columns: rank..<W.count)
  for j in rank..<W.count {
    for i in 0..<W.rows { W[i, j] = basis[i, j] }
  }
}
