// Singular values by textbook one-sided Jacobi: the plain twin of `SVD`.
//
// Implements: M. Hestenes, J. SIAM 6 (1958) 51; G. Golub, C. Van Loan, Matrix Computations, 4th ed.
//   2013, section 8.6.3.
// Equation -> code: alpha = |a_p|^2, beta = |a_q|^2, gamma = a_p . a_q, zeta = (beta - alpha) / (2
//   gamma), t = sign(zeta) / (|zeta| + sqrt(1 + zeta^2)).
// Symbols: A (m x n), its columns rotated in place.
// Deviations: pairs below max(4, sqrt(m)) eps are left alone, columns of zeros too; 60 sweeps at
//   most.
// Checked by: SVDTests. Cost: 6 m n^2 flops a sweep.

import Tensors

/// The lengths of the columns of A once they are orthogonal: its n singular values, falling.
///
/// - Parameter A: shape (m, n), m >= n, finite, squares within range.
/// - Returns: n values, the last ones 0 when A has less than full rank.
public func singularValuesReference<Scalar: KernelScalar>(_ A: Tensor<Scalar>) -> [Scalar] {
  let (m, n) = (A.shape[0], A.shape[1])
  var A = A
  func product(_ p: Int, _ q: Int) -> Scalar {
    (0..<m).reduce(0) { $0 + A[$1, p] * A[$1, q] }
  }
  let tolerance = max(4, Scalar(m).squareRoot()) * Scalar.ulpOfOne
  for _ in 0..<60 {
    var rotated = false
    for p in 0..<n {
      for q in p + 1..<max(n, p + 1) {
        let (alpha, beta, gamma) = (product(p, p), product(q, q), product(p, q))
        guard abs(gamma) > tolerance * alpha.squareRoot() * beta.squareRoot() else { continue }
        let zeta = (beta - alpha) / (2 * gamma)
        let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
        let c = 1 / (1 + t * t).squareRoot()
        for i in 0..<m {
          (A[i, p], A[i, q]) = (c * A[i, p] - c * t * A[i, q], c * t * A[i, p] + c * A[i, q])
        }
        rotated = true
      }
    }
    if !rotated { break }
  }
  return (0..<n).map { product($0, $0).squareRoot() }.sorted(by: >)
}
