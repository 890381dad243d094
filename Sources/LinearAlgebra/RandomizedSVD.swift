// The leading singular values and vectors of a large matrix, from a random sample of its range.
//
// Implements: N. Halko, P.-G. Martinsson, J. Tropp, "Finding structure with randomness", SIAM
//   Review 53 (2011) 217: algorithm 4.4 (4.3 with re-orthonormalisation: randomized subspace
//   iteration) and 5.1 (direct SVD).
// Equation -> code: Y = A Omega, Q = orth(Y); q times: Q~ = orth(A' Q), Q = orth(A Q~) ->
//   `rangeFinder`; B = Q' A, B = U~ Sigma V', U = Q U~ -> `randomizedSVD`.
// Symbols: A (m x n); k = `rank`; p = `oversampling`; l = k + p; q = `powerIterations`; Omega (n x
//   l).
// Deviations: none.
// Checked by: RandomizedSVDTests (error bound against the full SVD, exact rank, same seed same
//   bits).
// Cost: 4 (q + 1) m n l flops and 2 (q + 1) QR factorisations; memory (m + 2 n) l numbers.

import Tensors

/// An approximation of the `rank` leading singular triplets of a matrix.
///
/// - Parameters:
///   - A: shape (m, n).
///   - rank: how many triplets, 0 ... min(m, n).
///   - oversampling: extra sample vectors; 10 (Halko et al., section 4.2). Capped at min(m, n) -
///     rank.
///   - powerIterations: q; 4 suits slowly falling spectra (1 or 2 often suffice, section 4.5).
///   - generator: where the Gaussian test matrix comes from, n x l numbers row by row.
/// - Returns: `U` (m, rank), `S` falling, `Vt` (rank, n).
/// - Throws: `nonFinite` for NaN or infinite values; as `SVD`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func randomizedSVD<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, rank: Int, oversampling: Int = 10, powerIterations: Int = 4,
  using generator: inout SeededGenerator
) throws(LinearAlgebraError) -> SVD<Scalar> {
  precondition(A.rank == 2, "randomizedSVD needs a matrix, not shape \(A.shape)")
  let (m, n) = (A.shape[0], A.shape[1])
  precondition(
    rank >= 0 && rank <= min(m, n) && oversampling >= 0 && powerIterations >= 0,
    "rank \(rank), oversampling \(oversampling), \(powerIterations) powers for shape \(A.shape)")
  if let index = A.firstNonFinite { throw .nonFinite(index: index) }
  let l = min(rank + oversampling, min(m, n))
  let scalars = (0..<n * l).map { _ in Scalar(generator.normal()) }
  let Omega = Tensor(shape: [n, l], scalars: scalars)

  let Q = try rangeFinder(A, Omega, powerIterations)
  let B = matmul(Q, A, transposingA: true)
  let small = try SVD(B)
  let U = matmul(Q, small.U.leadingColumns(rank))
  return SVD(
    U: U, S: Array(small.S.prefix(rank)),
    Vt: Tensor(shape: [rank, n], scalars: Array(small.Vt.scalars.prefix(rank * n))))
}

/// Orthonormal columns whose span nearly holds the range of A.
private func rangeFinder<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, _ Omega: Tensor<Scalar>, _ powerIterations: Int
) throws(LinearAlgebraError) -> Tensor<Scalar> {
  var Q = try QR(matmul(A, Omega)).Q
  for _ in 0..<powerIterations {
    let other = try QR(matmul(A, Q, transposingA: true)).Q
    Q = try QR(matmul(A, other)).Q
  }
  return Q
}

extension Tensor where Scalar: KernelScalar {
  /// The first `count` columns of a matrix.
  func leadingColumns(_ count: Int) -> Tensor {
    let (m, n) = (shape[0], shape[1])
    var result: [Scalar] = []
    result.reserveCapacity(m * count)
    for i in 0..<m { result += scalars[i * n..<i * n + count] }
    return Tensor(shape: [m, count], scalars: result)
  }
}
