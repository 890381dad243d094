// Principal components as eigenvectors of the covariance matrix: the plain twin of `PCA`.
//
// Implements: I. Jolliffe, Principal Component Analysis, 2nd ed. 2002, section 1.1 (the
//   definition).
// Equation -> code: C = sum over i of (x_i - mean) (x_i - mean)' / (n - 1), C v = variance v.
// Symbols: X (n x d); C (d x d). Deviations: none; it loses half the digits of small variances,
//   which is why `PCA` takes singular values.
// Checked by: PCATests. Cost: n d^2 flops and a symmetric eigenproblem of size d.

import LinearAlgebra
import Tensors

/// All d variances, falling, and their directions in rows with the signs that come.
///
/// - Parameter X: shape (n, d), n at least 2, finite.
/// - Returns: d variances and shape (d, d).
/// - Throws: as `SymmetricEigen`.
public func pcaReference(
  _ X: Tensor<Double>
) throws(LinearAlgebraError) -> (variances: [Double], components: Tensor<Double>) {
  let (n, d) = (X.shape[0], X.shape[1])
  var C = Tensor<Double>.zeros([d, d])
  let mean = (0..<d).map { j in (0..<n).reduce(0) { $0 + X[$1, j] } / Double(n) }
  for a in 0..<d {
    for b in 0..<d {
      let sum = (0..<n).reduce(0) { $0 + (X[$1, a] - mean[a]) * (X[$1, b] - mean[b]) }
      C[a, b] = sum / Double(n - 1)
    }
  }
  let eigen = try SymmetricEigen(C)
  var components = Tensor<Double>.zeros([d, d])
  for i in 0..<d {
    for j in 0..<d { components[i, j] = eigen.vectors[j, d - 1 - i] }
  }
  return (eigen.values.reversed(), components)
}
