// The gradient of t-SNE and its Kullback-Leibler divergence, exact, through a tree or a grid.
//
// Implements: L. van der Maaten, G. Hinton, JMLR 9 (2008) 2579, equation 5 and section 3.4
//   (exaggeration); L. van der Maaten, JMLR 15 (2014) 3221, section 3, equation 8; G. Linderman et
//   al., Nature Methods 16 (2019) 243.
// Equation -> code: dC/dy_i = 4 (sum p_ij q_ij Z (y_i - y_j) - sum q_ij^2 Z (y_i - y_j))
//   (`TSNEForces.gradient`); C = sum p log p - sum p log q (`divergence`, `exactNormaliser`).
// Symbols: Z -> normaliser, the sum over pairs of w = 1 / (1 + |y_i - y_j|^2); q_ij = w / Z.
// Deviations: exaggeration multiplies p in the gradient alone, never in C. Forces but those of
//   `.exact` are in Float: their rounding, 1e-6, is a thousandth of the error of theta 0.5, and a
//   vector holds twice as many points; the map, the exact sums and C are in Double.
// Checked by: TSNEGradientTests (central differences, exact against tree, twin). Cost: n^2 exact.

import Tensors

/// What moves the points of a map.
package struct TSNEForces {
  let P: Affinities
  let D: Int
  let theta: Double
  private var tree: EmbeddingForces?
  private var field: EmbeddingField?
  private var pairs: EmbeddingPairs?
  private let sparse: SparseWeights?
  private let dense: [Double]
  /// Z at the last gradient.
  package private(set) var normaliser = 0.0

  /// Forces with similarities `P` in `D` dimensions, by a method of `TSNEOptions`; `nil` and
  /// `.automatic` take all repulsions in Float.
  package init(
    _ P: Affinities, dimensions D: Int, method: TSNEOptions.Method?, theta: Double = 0.5
  ) {
    (self.P, self.D, self.theta) = (P, D, theta)
    sparse = method == .exact ? nil : P.sparse
    dense = method == .exact ? denseRows(P) : []
    switch method {
    case .exact: break
    case .barnesHut: tree = EmbeddingForces(count: P.n, dimensions: D)
    case .fft: field = EmbeddingField(count: P.n)
    case .automatic, nil: pairs = EmbeddingPairs(count: P.n, dimensions: D)
    }
  }

  /// The gradient of C at the map `Y` (n x D), with p multiplied by `exaggeration`.
  package mutating func gradient(_ Y: [Double], exaggeration: Double) -> [Double] {
    guard let sparse else { return exactGradient(Y, exaggeration) }
    let points = Y.map { Float($0) }
    if tree != nil {
      tree?.update(points, sparse, theta: Float(theta))
    } else if field != nil {
      field?.update(points, sparse)
    } else {
      pairs?.update(points, sparse)
    }
    let pull = tree?.attraction ?? field?.attraction ?? pairs?.attraction ?? []
    let push = tree?.repulsion ?? field?.repulsion ?? pairs?.repulsion ?? []
    normaliser = tree?.normaliser ?? field?.normaliser ?? pairs?.normaliser ?? 0
    let factor = normaliser > 0 ? 4 / normaliser : 0
    return pull.indices.map { 4 * exaggeration * Double(pull[$0]) - factor * Double(push[$0]) }
  }

  private mutating func exactGradient(_ Y: [Double], _ exaggeration: Double) -> [Double] {
    let (n, D, dense) = (P.n, D, dense)
    let map = planes(Y, n, D)
    let padded = map.count / 3
    let rows = parallelMap((n + 15) / 16) { part in
      (part * 16..<min(n, part * 16 + 16)).map { i in
        exactEmbeddingRow(
          coordinates(Y, i, D), map, n: n, padded: padded, excluding: i, dense,
          offset: i * padded)
      }
    }.flatMap { $0 }
    normaliser = rows.reduce(0) { $0 + $1.total }
    var G: [Double] = []
    for row in rows {
      for axis in 0..<D {
        G.append(4 * (exaggeration * row.pull[axis] - row.push[axis] / normaliser))
      }
    }
    return G
  }

  /// C without exaggeration, with a given normaliser.
  package func divergence(_ Y: [Double], normaliser Z: Double) -> Double {
    P.negativeEntropy + P.attractionEnergy(Y, D)
      + P.values.reduce(0, +) * naturalLogarithm(max(Z, .leastNormalMagnitude))
  }
}

/// The sum over all pairs of 1 / (1 + |y_i - y_j|^2).
package func exactNormaliser(_ Y: [Double], _ D: Int) -> Double {
  let n = Y.count / D
  let map = planes(Y, n, D)
  let padded = map.count / 3
  let nothing = [Double](repeating: 0, count: padded)
  return parallelReduce((n + 15) / 16, 0) { part in
    (part * 16..<min(n, part * 16 + 16)).reduce(0.0) { sum, i in
      sum
        + exactEmbeddingRow(
          coordinates(Y, i, D), map, n: n, padded: padded, excluding: i, nothing, offset: 0
        ).total
    }
  } combine: {
    $0 += $1
  }
}

/// Point `i` with a third coordinate of 0 in two dimensions.
func coordinates(_ Y: [Double], _ i: Int, _ D: Int) -> SIMD3<Double> {
  SIMD3(Y[i * D], Y[i * D + 1], D == 3 ? Y[i * D + 2] : 0)
}

/// Three planes of coordinates, padded to a multiple of 8 points.
func planes(_ Y: [Double], _ n: Int, _ D: Int) -> [Double] {
  let padded = (n + 7) / 8 * 8
  var map = [Double](repeating: 0, count: 3 * padded)
  for i in 0..<n {
    for axis in 0..<D { map[axis * padded + i] = Y[i * D + axis] }
  }
  return map
}

/// P as a matrix of n rows, padded to a multiple of 8 columns.
private func denseRows(_ P: Affinities) -> [Double] {
  let padded = (P.n + 7) / 8 * 8
  var rows = [Double](repeating: 0, count: P.n * padded)
  for i in 0..<P.n {
    for entry in P.starts[i]..<P.starts[i + 1] {
      rows[i * padded + Int(P.columns[entry])] = P.values[entry]
    }
  }
  return rows
}
