// Exact nearest neighbours by a vantage-point tree.
//
// Implements: P. Yianilos, "Data structures and algorithms for nearest neighbor search in general
//   metric spaces", SODA 1993, 311, sections 2 and 3 (vp-tree, with buckets).
// Equation -> code: a point x below a child lies at low <= d(v, x) <= high from the vantage point v,
//   so that d(q, x) >= max(d(q, v) - high, low - d(q, v)) (triangle inequality, `Search.visit`).
// Symbols: v -> vantage point, tau -> distance to the worst neighbour so far, q -> query.
// Deviations: the vantage point is drawn at random, not chosen among candidates by its spread, and
//   stays among the points; both children keep both bounds; buckets hold up to `bucketPoints`
//   points, since in many dimensions little is pruned and a bucket is one call of a kernel. Bounds
//   are Euclidean distances, never squares (which are no metric), loosened by the rounding of a sum
//   of d squares. Data are scaled by a power of two, so that no square overflows.
// Checked by: VantagePointTreeTests; twin nearestNeighboursReference.
// Cost: n log n distances to build; a query reads all points in the worst case.

import Tensors

/// The nearest neighbours of some queries, nearest first.
public struct Neighbours: Sendable, Equatable {
  /// The row of each neighbour in the data, shape (m, k).
  public let indices: Tensor<Int32>
  /// Its Euclidean distance, shape (m, k), in the units of the data.
  public let distances: Tensor<Double>
}

/// Points in a tree that finds exact nearest neighbours by Euclidean distance.
public struct VantagePointTree: Sendable {
  /// The number of points.
  public let count: Int
  /// The number of features of a point.
  public let width: Int

  /// Half of the points below a node, and their distances to its vantage point.
  struct Node: Sendable {
    var vantage: Int
    var inner: Int
    var outer: Int
    var innerRange: ClosedRange<Double>
    var outerRange: ClosedRange<Double>
    var panels: Range<Int>
  }

  static let bucketPoints = 64

  var nodes: [Node] = []
  /// Points in rows, scaled.
  let rows: [Double]
  /// The points of each bucket, panels of 8, and their numbers; -1 for padding.
  var panels: [Double] = []
  var numbers: [Int32] = []
  let scale: Double

  /// Builds the tree.
  ///
  /// - Parameters:
  ///   - data: shape (n, d), one point a row, d at least 1.
  ///   - seed: of the vantage points; no result depends on it.
  /// - Throws: `EstimatorError.nonFinite`; `.tooFewSamples` when there are none.
  /// - Complexity: n log n distances.
  public init<Scalar: KernelScalar>(
    _ data: Tensor<Scalar>, seed: UInt64 = 0
  ) throws(EstimatorError) {
    try data.refuseNonFinite()
    (count, width) = (data.shape[0], data.shape[1])
    precondition(width >= 1, "points need a feature, not shape \(data.shape)")
    guard count >= 1 else { throw .tooFewSamples(found: 0, needed: 1) }
    let factor = powerOfTwoScale(data)
    rows = data.scalars.map { Double($0) * factor }
    scale = factor
    var generator = SeededGenerator(seed: seed)
    _ = build(Array(0..<count), using: &generator)
  }

  /// Adds the node of some points; returns its number.
  private mutating func build(_ points: [Int], using generator: inout SeededGenerator) -> Int {
    let number = nodes.count
    let vantage = points[generator.integer(below: points.count)]
    nodes.append(
      Node(
        vantage: vantage, inner: -1, outer: -1, innerRange: 0...0, outerRange: 0...0, panels: 0..<0)
    )
    if points.count <= Self.bucketPoints {
      nodes[number].panels = addBucket(points)
      return number
    }
    let ranked = points.map { (distance: distance(vantage, $0), point: $0) }
      .sorted { ($0.distance, $0.point) < ($1.distance, $1.point) }
    // Halves by number, so that equal distances cannot recurse for ever.
    let half = points.count / 2
    nodes[number].innerRange = ranked[0].distance...ranked[half - 1].distance
    nodes[number].outerRange = ranked[half].distance...ranked[points.count - 1].distance
    let inner = build(ranked[..<half].map(\.point), using: &generator)
    let outer = build(ranked[half...].map(\.point), using: &generator)
    (nodes[number].inner, nodes[number].outer) = (inner, outer)
    return number
  }

  private mutating func addBucket(_ points: [Int]) -> Range<Int> {
    let first = numbers.count / 8
    for start in stride(from: 0, to: points.count, by: 8) {
      let lanes = (start..<start + 8).map { $0 < points.count ? points[$0] : -1 }
      numbers.append(contentsOf: lanes.map { Int32($0) })
      for j in 0..<width {
        for point in lanes { panels.append(point < 0 ? 0 : rows[point * width + j]) }
      }
    }
    return first..<numbers.count / 8
  }

  private func distance(_ a: Int, _ b: Int) -> Double {
    var sum = 0.0
    for j in 0..<width {
      let difference = rows[a * width + j] - rows[b * width + j]
      sum += difference * difference
    }
    return sum.squareRoot()
  }
}

/// A power of two that brings the largest magnitude near 1; its exponent is within 1000 of 0.
func powerOfTwoScale<Scalar: KernelScalar>(_ data: Tensor<Scalar>) -> Double {
  let largest = data.scalars.reduce(0) { max($0, Double($1).magnitude) }
  guard largest > 0 else { return 1 }
  let exponent = max(-1000, min(1000, Int(largest.exponent)))
  return Double(sign: .plus, exponent: -exponent, significand: 1)
}
