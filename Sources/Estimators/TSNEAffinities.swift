// The p_ij of t-SNE: Gaussian similarities of neighbours whose widths a perplexity sets.
//
// Implements: L. van der Maaten, G. Hinton, JMLR 9 (2008) 2579, section 2 (perplexity, equation 1);
//   L. van der Maaten, JMLR 15 (2014) 3221, section 4.1 (3 * perplexity neighbours, equation 6).
// Equation -> code: p_j|i = e^(-beta d_ij^2) / sum, Perp = 2^H, H = -sum p log2 p
//   (`conditionalWeights`); p_ij = (p_j|i + p_i|j) / 2n (`joining`).
// Symbols: beta -> precision 1 / (2 sigma^2), H -> entropy in bits.
// Deviations: the search takes Newton steps in log beta where they stay between the bounds of a
//   bisection. Squares are measured from the least and in units of their mean, so that no sum
//   vanishes. Where ties keep the entropy above its target (m neighbours equally near, m >
//   perplexity), the search ends at its bound with equal weights for these.
// Checked by: TSNEAffinityTests (scikit-learn). Cost: 3 n perplexity exponentials a step.

import Tensors

/// The bound on steps of the search, and the error in nats that ends it.
private let perplexitySteps = 100
private let entropyTolerance = 6e-10

/// The conditional weights of neighbours at these squared distances: sum 1, entropy
/// log2(perplexity) bits.
///
/// - Precondition: more neighbours than `perplexity`, which is at least 1.
package func conditionalWeights(_ squares: [Double], perplexity: Double) -> [Double] {
  let least = squares.reduce(Double.infinity, min)
  var units = squares.map { $0 - least }
  let mean = units.reduce(0, +) / Double(squares.count)
  guard mean > 0 else { return squares.map { _ in 1 / Double(squares.count) } }
  for j in units.indices { units[j] /= mean }
  let target = naturalLogarithm(perplexity)
  var (beta, low, high) = (1.0, 0.0, Double.infinity)
  var weights = units
  for _ in 0..<perplexitySteps {
    var (sum, first, second) = (0.0, 0.0, 0.0)
    for j in units.indices {
      let weight = exponential(-beta * units[j])
      weights[j] = weight
      sum += weight
      first += weight * units[j]
      second += weight * units[j] * units[j]
    }
    for j in weights.indices { weights[j] /= sum }
    // H = log(sum) + beta <u>, since log p = -beta u - log(sum); dH / d log beta = -beta^2 var(u).
    let average = first / sum
    let excess = naturalLogarithm(sum) + beta * average - target
    if excess.magnitude <= entropyTolerance { break }
    if excess > 0 { low = beta } else { high = beta }
    let slope = beta * beta * (second / sum - average * average)
    let next = beta * exponential(min(2, max(-2, excess / slope)))
    if slope > 0 && next > low && next < high {
      beta = next
    } else {
      beta = high.isFinite ? (low + high) / 2 : beta * 2
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

  /// The same in the precision of the forces.
  var sparse: SparseWeights { SparseWeights(starts: starts, columns: columns, values: values) }

  /// The similarities of the points of an index.
  ///
  /// - Parameters:
  ///   - index: n points.
  ///   - k: neighbours of a point, more than `perplexity`, less than n.
  ///   - perplexity: at least 1.
  /// - Throws: `EstimatorError.tooFewSamples` when k >= n.
  package init(
    _ index: NeighbourIndex, neighbours k: Int, perplexity: Double
  ) throws(EstimatorError) {
    let near = try index.nearestNeighbours(count: k)
    let (points, distances) = (near.indices.scalars, near.distances.scalars)
    // Scaled, so that no square overflows; the weights do not depend on units.
    let scale = index.scale
    let rows = parallelMap(index.count) { i in
      let squares = (i * k..<i * k + k).map { entry in
        let distance = distances[entry] * scale
        return distance * distance
      }
      let weights = conditionalWeights(squares, perplexity: perplexity)
      return (0..<k).map { Entry(column: points[i * k + $0], value: weights[$0]) }
        .sorted { $0.column < $1.column }
    }
    self.init(joining: rows)
  }

  /// Joins p_j|i and p_i|j: (p_j|i + p_i|j) / 2n.
  private init(joining rows: [[Entry]]) {
    let n = rows.count
    let mirror = transposed(rows)
    let share = 1 / (2 * Double(n))
    let merged = parallelMap(n) { i in
      let (own, others) = (rows[i], mirror.entries[mirror.starts[i]..<mirror.starts[i + 1]])
      var joined: [Entry] = []
      joined.reserveCapacity(own.count + others.count)
      var (a, b) = (0, others.startIndex)
      while a < own.count || b < others.endIndex {
        let left = a < own.count ? own[a].column : Int32.max
        let right = b < others.endIndex ? others[b].column : Int32.max
        var sum = 0.0
        if left <= right {
          sum = own[a].value
          a += 1
        }
        if right <= left {
          sum += others[b].value
          b += 1
        }
        joined.append(Entry(column: min(left, right), value: sum * share))
      }
      return joined
    }
    starts = [0]
    for row in merged { starts.append(starts[starts.count - 1] + row.count) }
    columns = merged.flatMap { $0.map(\.column) }
    values = merged.flatMap { $0.map(\.value) }
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

/// A weight and the point that it belongs to.
private struct Entry: Sendable {
  var column: Int32
  var value: Double
}

/// Rows as columns: for each point the rows that name it, rising.
private func transposed(_ rows: [[Entry]]) -> (starts: [Int], entries: [Entry]) {
  var starts = [Int](repeating: 0, count: rows.count + 1)
  for row in rows {
    for entry in row { starts[Int(entry.column) + 1] += 1 }
  }
  for i in 0..<rows.count { starts[i + 1] += starts[i] }
  var next = starts
  var entries = [Entry](repeating: Entry(column: 0, value: 0), count: starts[rows.count])
  for i in 0..<rows.count {
    for entry in rows[i] {
      let target = Int(entry.column)
      entries[next[target]] = Entry(column: Int32(i), value: entry.value)
      next[target] += 1
    }
  }
  return (starts, entries)
}
