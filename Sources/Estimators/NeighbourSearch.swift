// Exact nearest neighbours, by the faster of two ways.
//
// Deviations: none. Checked by: BlockedNeighboursTests, VantagePointTreeTests.
// Cost: see VantagePointTree.swift and BlockedNeighbours.swift.

import Tensors

/// How exact nearest neighbours are found; the results are the same.
public enum NeighbourSearch: String, Sendable, Codable, CaseIterable {
  /// The tree for up to `treeWidth` features, else all pairs.
  case automatic = "auto"
  /// A vantage-point tree (Yianilos 1993), which prunes where points have few features.
  case tree
  /// All pairs, blocked for the cache.
  case pairs

  /// With more features than this a tree prunes so little that reading all points is faster.
  public static let treeWidth = 8
}

/// Points that exact nearest neighbours are looked up among.
public struct NeighbourIndex: Sendable {
  private enum Method {
    case tree(VantagePointTree)
    case pairs(BlockedNeighbours)
  }

  /// The number of points.
  public let count: Int
  /// The number of features of a point.
  public let width: Int
  /// The power of two that points are multiplied by, so that no square overflows.
  let scale: Double
  private let method: Method

  /// Prepares points for searches.
  ///
  /// - Parameters:
  ///   - data: shape (n, d), one point a row, d at least 1.
  ///   - search: how to search; no result depends on it.
  /// - Throws: `EstimatorError.nonFinite`; `.tooFewSamples` when there are none.
  public init<Scalar: KernelScalar>(
    _ data: Tensor<Scalar>, search: NeighbourSearch = .automatic
  ) throws(EstimatorError) {
    let wide = data.shape[1] > NeighbourSearch.treeWidth
    if search == .tree || (search == .automatic && !wide) {
      let tree = try VantagePointTree(data)
      (count, width, scale, method) = (tree.count, tree.width, tree.scale, .tree(tree))
      return
    }
    try data.refuseNonFinite()
    precondition(data.shape[1] >= 1, "points need a feature, not shape \(data.shape)")
    guard data.shape[0] >= 1 else { throw .tooFewSamples(found: 0, needed: 1) }
    let factor = powerOfTwoScale(data)
    let pairs = BlockedNeighbours(
      data.scalars.map { Double($0) * factor }, width: data.shape[1], scale: factor)
    (count, width, scale, method) = (pairs.count, pairs.width, factor, .pairs(pairs))
  }

  /// The points, shape (n, d).
  var points: Tensor<Double> {
    let rows =
      switch method {
      case .tree(let tree): tree.rows
      case .pairs(let pairs): pairs.rows
      }
    // The scale is a power of two, so that nothing is rounded.
    return Tensor(shape: [count, width], scalars: rows.map { $0 / scale })
  }

  /// The nearest points to each query; equal distances rank by the lower row.
  ///
  /// - Parameters:
  ///   - queries: shape (m, d).
  ///   - k: how many neighbours, 1 ... `count`.
  /// - Returns: m rows of k neighbours, nearest first.
  /// - Throws: `EstimatorError.nonFinite`, `.wrongWidth`; `.tooFewSamples` when k > `count`.
  public func nearestNeighbours<Scalar: KernelScalar>(
    of queries: Tensor<Scalar>, count k: Int
  ) throws(EstimatorError) -> Neighbours {
    switch method {
    case .tree(let tree): return try tree.nearestNeighbours(of: queries, count: k)
    case .pairs(let pairs):
      try queries.refuseNonFinite()
      precondition(k >= 1, "a search looks for at least one neighbour, not \(k)")
      guard queries.shape[1] == width else {
        throw .wrongWidth(expected: width, found: queries.shape[1])
      }
      guard k <= count else { throw .tooFewSamples(found: count, needed: k) }
      return pairs.search(queries.scalars.map { Double($0) * scale }, count: k)
    }
  }

  /// The nearest other points to each point.
  ///
  /// - Parameter k: how many neighbours, 1 ... `count` - 1.
  /// - Returns: `count` rows of k neighbours, nearest first; a point is not its own neighbour, but
  ///   points equal to it are.
  /// - Throws: `EstimatorError.tooFewSamples` when k >= `count`.
  public func nearestNeighbours(count k: Int) throws(EstimatorError) -> Neighbours {
    switch method {
    case .tree(let tree): return try tree.nearestNeighbours(count: k)
    case .pairs(let pairs):
      precondition(k >= 1, "a search looks for at least one neighbour, not \(k)")
      guard k < count else { throw .tooFewSamples(found: count, needed: k + 1) }
      return pairs.search(nil, count: k)
    }
  }
}
