// The p_ij of t-SNE: Gaussian similarities of neighbours whose widths a perplexity sets.
//
// Implements: L. van der Maaten, G. Hinton, JMLR 9 (2008) 2579, section 2 (perplexity, equation 1);
//   L. van der Maaten, JMLR 15 (2014) 3221, section 4.1 (3 * perplexity neighbours, equation 6).
// Equation -> code: p_j|i = e^(-beta d_ij^2) / sum, Perp = 2^H, H = -sum p log2 p
//   (`conditionalWeights`); p_ij = (p_j|i + p_i|j) / 2n (`symmetrised`).
// Symbols: beta -> precision 1 / (2 sigma^2), H -> entropy in bits.
// Deviations: squares are measured from the least and in units of their mean, so that no sum
//   vanishes. Where ties keep the entropy above its target (m neighbours equally near, m >
//   perplexity), bisection ends at its bound with equal weights for these.
// Checked by: TSNEAffinityTests (scikit-learn). Cost: 3 n perplexity exponentials a step.

import Tensors

/// The bound on bisection steps, and the error in bits that ends it.
private let perplexitySteps = 100
private let entropyTolerance = 1e-9

/// The conditional weights of neighbours at these squared distances: sum 1, entropy
/// log2(perplexity) bits.
///
/// - Precondition: more neighbours than `perplexity`, which is at least 1.
package func conditionalWeights(_ squares: [Double], perplexity: Double) -> [Double] {
  let least = squares.reduce(Double.infinity, min)
  let shifted = squares.map { $0 - least }
  let mean = shifted.reduce(0, +) / Double(squares.count)
  guard mean > 0 else { return squares.map { _ in 1 / Double(squares.count) } }
  let units = shifted.map { $0 / mean }
  let target = naturalLogarithm(perplexity) / naturalLogarithm(2)
  var (beta, low, high) = (1.0, 0.0, Double.infinity)
  var weights: [Double] = []
  for _ in 0..<perplexitySteps {
    weights = units.map { exponential(-beta * $0) }
    let sum = weights.reduce(0, +)
    // H = log2(sum) + beta <d^2> / ln 2, since log p = -beta d^2 - log(sum).
    var product = 0.0
    for (weight, unit) in zip(weights, units) { product += weight * unit }
    let entropy = (naturalLogarithm(sum) + beta * product / sum) / naturalLogarithm(2)
    weights = weights.map { $0 / sum }
    if (entropy - target).magnitude <= entropyTolerance { break }
    if entropy > target {
      low = beta
      beta = high.isFinite ? (beta + high) / 2 : beta * 2
    } else {
      high = beta
      beta = (beta + low) / 2
    }
  }
  return weights
}

/// p_ij in rows: each pair of which one is a neighbour of the other, columns rising.
package struct Affinities: Sendable, Equatable {
  package private(set) var starts: [Int]
  package private(set) var columns: [Int32]
  package private(set) var values: [Double]

  /// The number of points.
  package var n: Int { starts.count - 1 }

  /// The same in the precision of the tree's forces.
  var sparse: SparseWeights {
    SparseWeights(starts: starts, columns: columns, values: values.map { Float($0) })
  }

  /// The similarities of the points of a tree.
  ///
  /// - Parameters:
  ///   - tree: n points.
  ///   - k: neighbours of a point, more than `perplexity`, less than n.
  ///   - perplexity: at least 1.
  /// - Throws: `EstimatorError.tooFewSamples` when k >= n.
  package init(
    _ tree: VantagePointTree, neighbours k: Int, perplexity: Double
  ) throws(EstimatorError) {
    let near = try tree.nearestNeighbours(count: k)
    let n = tree.count
    // Scaled, so that no square overflows; the weights do not depend on units.
    let scale = tree.scale
    let rows = parallelMap(n) { i in
      let squares = (0..<k).map { j in
        let distance = near.distances.scalars[i * k + j] * scale
        return distance * distance
      }
      return conditionalWeights(squares, perplexity: perplexity)
    }
    self.init(near.indices.scalars, rows, n, k)
  }

  /// Joins p_j|i and p_i|j.
  private init(_ indices: [Int32], _ rows: [[Double]], _ n: Int, _ k: Int) {
    var entries = [[(column: Int32, value: Double)]](repeating: [], count: n)
    for i in 0..<n {
      for j in 0..<k {
        let other = indices[i * k + j]
        entries[i].append((other, rows[i][j]))
        entries[Int(other)].append((Int32(i), rows[i][j]))
      }
    }
    starts = [0]
    columns = []
    values = []
    for i in 0..<n {
      for entry in entries[i].sorted(by: { $0.column < $1.column }) {
        let share = entry.value / (2 * Double(n))
        if columns.count > starts[i], columns[columns.count - 1] == entry.column {
          values[values.count - 1] += share
        } else {
          columns.append(entry.column)
          values.append(share)
        }
      }
      starts.append(columns.count)
    }
  }

  /// The sum of p log p.
  var negativeEntropy: Double {
    values.reduce(0) { $0 + ($1 > 0 ? $1 * naturalLogarithm($1) : 0) }
  }

  /// The sum of p_ij log(1 + |y_i - y_j|^2), in the order of rows.
  func attractionEnergy(_ Y: [Double], _ D: Int) -> Double {
    parallelReduce((n + 255) / 256, 0) { part in
      var sum = 0.0
      for i in part * 256..<min(n, part * 256 + 256) {
        for entry in starts[i]..<starts[i + 1] {
          var square = 0.0
          for axis in 0..<D {
            let difference = Y[i * D + axis] - Y[Int(columns[entry]) * D + axis]
            square += difference * difference
          }
          sum += values[entry] * naturalLogarithm(1 + square)
        }
      }
      return sum
    } combine: {
      $0 += $1
    }
  }
}
