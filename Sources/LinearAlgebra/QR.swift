// QR factorisation by Householder reflectors.
//
// Implements: G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, section 5.2 (see
//   Householder.swift).
// Equation -> code: A = Q R -> `QR.init`; Q = H_0 H_1 ... -> `Q`, `fullQ`.
// Symbols: A (m x n); k = min(m, n).
// Deviations: the matrix is scaled by a power of two beforehand, R is scaled back.
// Checked by: QRTests (LAPACK's residuals below 30); twin QRReference.
// Cost: 2 n^2 (m - n / 3) flops for R, as much again for Q; two copies of A.

import Tensors

/// The factorisation A = Q R of a matrix into orthonormal columns and a triangle.
///
/// With k = min(m, n): `Q` is (m, k) with `Q`' `Q` = I, `R` is (k, n) and zero below its diagonal,
/// and `Q` `R` = A. `fullQ` (m, m) and `fullR` (m, n) are the same with an orthonormal completion.
/// The diagonal of `R` may have either sign.
public struct QR<Scalar: KernelScalar>: Sendable, Equatable {
  /// The triangle, shape (k, n).
  public let R: Tensor<Scalar>
  /// Q as a product of reflectors.
  private let reflectors: Reflectors<Scalar>

  /// Factors a matrix.
  ///
  /// - Parameter A: shape (m, n), either may be 0 or the larger one.
  /// - Throws: `nonFinite` for NaN or infinite values, `overflow` if an entry of R is too large.
  /// - Complexity: 2 n^2 (m - n / 3) flops for m >= n.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public init(_ A: Tensor<Scalar>) throws(LinearAlgebraError) {
    precondition(A.rank == 2, "QR needs a matrix, not shape \(A.shape)")
    let exponent = try scalingExponent(A)
    var C = Columns(A, exponent: exponent)
    reflectors = factor(&C)
    let triangle = C.tensor(rows: min(C.rows, C.count), count: C.count)
    R = Tensor(
      shape: triangle.shape, scalars: triangle.scalars.map { scaled($0, by: -exponent) })
    guard R.firstNonFinite == nil else { throw .overflow }
  }

  /// Orthonormal columns, shape (m, k).
  public var Q: Tensor<Scalar> { orthonormalColumns(reflectors.tau.count) }

  /// An orthogonal matrix whose first k columns are those of `Q`, shape (m, m).
  public var fullQ: Tensor<Scalar> { orthonormalColumns(reflectors.V.rows) }

  /// The triangle with rows of zeros below it, shape (m, n).
  public var fullR: Tensor<Scalar> {
    let missing = (reflectors.V.rows - R.shape[0]) * R.shape[1]
    return Tensor(
      shape: [reflectors.V.rows, R.shape[1]],
      scalars: R.scalars + Array(repeating: 0, count: missing))
  }

  /// Q' B for the orthogonal Q of shape (m, m).
  ///
  /// - Parameter B: shape (m, any).
  /// - Returns: the shape of `B`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func applyingTransposedQ(to B: Tensor<Scalar>) -> Tensor<Scalar> {
    precondition(
      B.rank == 2 && B.shape[0] == reflectors.V.rows,
      "Q' with \(reflectors.V.rows) columns cannot be applied to shape \(B.shape)")
    var C = Columns(B)
    reflectors.applyTransposed(to: &C, columns: 0..<C.count)
    return C.tensor(rows: C.rows, count: C.count)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func orthonormalColumns(_ count: Int) -> Tensor<Scalar> {
    var C = Columns<Scalar>(rows: reflectors.V.rows, count: count, diagonal: 1)
    reflectors.apply(to: &C, columns: 0..<count)
    return C.tensor(rows: C.rows, count: count)
  }
}
