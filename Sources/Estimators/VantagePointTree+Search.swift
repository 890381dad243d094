// Queries of the vantage-point tree.
//
// Implements: Yianilos 1993, section 3 (the search); see VantagePointTree.swift.
// Deviations: equal distances rank by the lower row, hence subtrees that can only tie are visited.
// Checked by: VantagePointTreeTests; twin nearestNeighboursReference. Cost: up to n d a query.

import Tensors

extension VantagePointTree {
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
    try queries.refuseNonFinite()
    precondition(k >= 1, "a search looks for at least one neighbour, not \(k)")
    guard queries.shape[1] == width else {
      throw .wrongWidth(expected: width, found: queries.shape[1])
    }
    guard k <= count else { throw .tooFewSamples(found: count, needed: k) }
    let scaled = queries.scalars.map { Double($0) * scale }
    return search(scaled, queries.shape[0], k) { _ in -1 }
  }

  /// The nearest other points to each point of the tree.
  ///
  /// - Parameter k: how many neighbours, 1 ... `count` - 1.
  /// - Returns: `count` rows of k neighbours, nearest first; a point is not its own neighbour, but
  ///   points equal to it are.
  /// - Throws: `EstimatorError.tooFewSamples` when k >= `count`.
  public func nearestNeighbours(count k: Int) throws(EstimatorError) -> Neighbours {
    precondition(k >= 1, "a search looks for at least one neighbour, not \(k)")
    guard k < count else { throw .tooFewSamples(found: count, needed: k + 1) }
    return search(rows, count, k) { $0 }
  }

  private func search(
    _ queries: [Double], _ m: Int, _ k: Int, excluding excluded: @Sendable (Int) -> Int
  ) -> Neighbours {
    let chunk = 32
    let parts = parallelMap((m + chunk - 1) / chunk) { part in
      var found: [(squares: [Double], points: [Int32])] = []
      for i in part * chunk..<min(m, (part + 1) * chunk) {
        var search = Search(tree: self, queries, i * width, k, Int32(excluded(i)))
        search.visit(0)
        found.append((search.squares, search.points))
      }
      return found
    }
    let all = parts.flatMap { $0 }
    return Neighbours(
      indices: Tensor(shape: [m, k], scalars: all.flatMap(\.points)),
      distances: Tensor(
        shape: [m, k], scalars: all.flatMap { $0.squares.map { $0.squareRoot() / scale } }))
  }
}

/// One query on its way through the tree.
private struct Search {
  let tree: VantagePointTree
  let queries: [Double]
  let offset: Int
  let k: Int
  let excluded: Int32
  /// The nearest so far, sorted by (square, point).
  var squares: [Double] = []
  var points: [Int32] = []
  var tau = Double.infinity
  var room = [Double](repeating: 0, count: VantagePointTree.bucketPoints)

  init(tree: VantagePointTree, _ queries: [Double], _ offset: Int, _ k: Int, _ excluded: Int32) {
    (self.tree, self.queries, self.offset, self.k) = (tree, queries, offset, k)
    self.excluded = excluded
    squares.reserveCapacity(k + 1)
    points.reserveCapacity(k + 1)
  }

  mutating func visit(_ number: Int) {
    let node = tree.nodes[number]
    guard node.inner >= 0 else { return readBucket(node.panels) }
    let d = distance(to: node.vantage)
    let innerFirst = d <= (node.innerRange.upperBound + node.outerRange.lowerBound) / 2
    for isInner in [innerFirst, !innerFirst] {
      let range = isInner ? node.innerRange : node.outerRange
      // d squares add up with a relative error below d ulp; four times that is safe.
      let slack = 4 * Double(tree.width + 4) * Double.ulpOfOne * (d + range.upperBound)
      if max(d - range.upperBound, range.lowerBound - d) <= tau + slack {
        visit(isInner ? node.inner : node.outer)
      }
    }
  }

  private func distance(to point: Int) -> Double {
    var sum = 0.0
    for j in 0..<tree.width {
      let difference = queries[offset + j] - tree.rows[point * tree.width + j]
      sum += difference * difference
    }
    return sum.squareRoot()
  }

  private mutating func readBucket(_ panels: Range<Int>) {
    squaredPanelDistances(queries, offset: offset, d: tree.width, tree.panels, panels, &room)
    for lane in 0..<panels.count * 8 {
      let point = tree.numbers[panels.lowerBound * 8 + lane]
      let square = room[lane]
      if point < 0 || point == excluded { continue }
      if squares.count == k, let worst = squares.last, let last = points.last {
        if square > worst || (square == worst && point > last) { continue }
        squares.removeLast()
        points.removeLast()
      }
      insert(square, point)
    }
  }

  private mutating func insert(_ square: Double, _ point: Int32) {
    var (low, high) = (0, squares.count)
    while low < high {
      let middle = (low + high) / 2
      if (squares[middle], points[middle]) < (square, point) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    squares.insert(square, at: low)
    points.insert(point, at: low)
    if squares.count == k, let worst = squares.last { tau = worst.squareRoot() }
  }
}
