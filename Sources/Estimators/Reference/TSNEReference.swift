// The divergence of t-SNE and its gradient as double loops: the plain twin of `TSNEForces`.
//
// Equation: C = sum p_ij log(p_ij / q_ij); dC/dy_i = 4 sum (p_ij - q_ij) (y_i - y_j) w_ij, with
//   w_ij = 1 / (1 + |y_i - y_j|^2) and q_ij = w_ij / sum w (van der Maaten and Hinton 2008, eq. 5).
// Deviations: none. Checked by: TSNEGradientTests. Cost: n^2.

import Tensors

/// The divergence of a map and its gradient.
///
/// - Parameters:
///   - P: shape (n, n), similarities that add up to 1.
///   - Y: shape (n, D).
/// - Returns: C in nats, and dC/dY of shape (n, D).
public func tsneReference(
  _ P: Tensor<Double>, _ Y: Tensor<Double>
) -> (divergence: Double, gradient: Tensor<Double>) {
  let (n, D) = (Y.shape[0], Y.shape[1])
  var w = Tensor<Double>.zeros([n, n])
  for i in 0..<n {
    for j in 0..<n where j != i {
      let square = (0..<D).reduce(0.0) { $0 + (Y[i, $1] - Y[j, $1]) * (Y[i, $1] - Y[j, $1]) }
      w[i, j] = 1 / (1 + square)
    }
  }
  let Z = w.scalars.reduce(0, +)
  var (C, G) = (0.0, Tensor<Double>.zeros([n, D]))
  for i in 0..<n {
    for j in 0..<n where j != i {
      if P[i, j] > 0 { C += P[i, j] * naturalLogarithm(P[i, j] * Z / w[i, j]) }
      for axis in 0..<D {
        G[i, axis] += 4 * (P[i, j] - w[i, j] / Z) * w[i, j] * (Y[i, axis] - Y[j, axis])
      }
    }
  }
  return (C, G)
}
