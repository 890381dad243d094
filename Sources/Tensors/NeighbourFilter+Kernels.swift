// Checked calls of the filter for nearest neighbours in the instruction set of this process.
//
// Deviations: none. Checked by: BlockedNeighboursTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// The candidates of several queries: lists of scores and points, each of the same room.
package struct CandidateLists: Sendable {
  /// The room of a list.
  package let capacity: Int
  /// Scores of query q from q * capacity on.
  package var scores: [Float]
  /// The points of these scores.
  package var points: [Int32]
  /// The lengths of the lists.
  package var counts: [Int]
  /// What a score has to exceed.
  package var thresholds: [Float]

  /// Queries of a block.
  package static let block = 6

  /// Empty lists that take every point.
  ///
  /// - Precondition: a multiple of `block` queries.
  package init(queries: Int, capacity: Int) {
    precondition(queries % Self.block == 0, "\(queries) queries are no whole blocks")
    self.capacity = capacity
    scores = [Float](repeating: 0, count: queries * capacity)
    points = [Int32](repeating: 0, count: queries * capacity)
    counts = [Int](repeating: 0, count: queries)
    thresholds = [Float](repeating: -.infinity, count: queries)
  }

  /// Appends the points of some panels whose scores exceed the thresholds.
  ///
  /// The score of a point x for a query q is their scalar product less |x|^2 / 2.
  ///
  /// - Parameters:
  ///   - block: six queries from 6 `block` on.
  ///   - queries: d x 6 values a block, one block after another.
  ///   - points: the points.
  ///   - panels: which of their panels.
  ///   - halves: -|x|^2 / 2 of each point, minus infinity for padding.
  /// - Precondition: each list has room for 32 points a panel.
  package mutating func filter(
    block: Int, queries: [Float], _ points: PointPanels<Float>, _ panels: Range<Int>,
    halves: [Float]
  ) {
    let (d, first, capacity) = (points.d, block * Self.block, capacity)
    let start = panels.lowerBound
    precondition(
      (block + 1) * Self.block * d <= queries.count && panels.upperBound <= points.count
        && panels.lowerBound >= 0 && halves.count == points.paddedCount && first >= 0
        && first + Self.block <= counts.count, "block \(block) does not fit the panels \(panels)")
    precondition(
      (first..<first + Self.block).allSatisfy { counts[$0] + 32 * panels.count <= capacity },
      "a list of \(capacity) candidates has no room for \(panels.count) panels")
    // SAFETY: the counts were checked above; the arrays do not overlap.
    unsafe queries.withUnsafeBufferPointer { q in
      unsafe points.values.withUnsafeBufferPointer { x in
        unsafe halves.withUnsafeBufferPointer { h in
          unsafe withLists(first) { t, s, p, c in
            guard let q = q.baseAddress, let x = x.baseAddress, let h = h.baseAddress
            else { return }
            unsafe filterNeighbours(
              q + first * d, d, x + start * d * 32, panels.count, h + start * 32, start * 32, t, s,
              p, capacity, c)
          }
        }
      }
    }
  }

  /// Pointers to the thresholds, scores, points and counts from query `first` on.
  @unsafe private mutating func withLists(
    _ first: Int,
    _ body: (
      UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Int32>,
      UnsafeMutablePointer<Int>
    ) -> Void
  ) {
    let offset = first * capacity
    // SAFETY: `filter` has checked that six queries follow `first`.
    unsafe thresholds.withUnsafeBufferPointer { t in
      unsafe scores.withUnsafeMutableBufferPointer { s in
        unsafe points.withUnsafeMutableBufferPointer { p in
          unsafe counts.withUnsafeMutableBufferPointer { c in
            guard let t = t.baseAddress, let s = s.baseAddress, let p = p.baseAddress,
              let c = c.baseAddress
            else { return }
            unsafe body(t + first, s + offset, p + offset, c + first)
          }
        }
      }
    }
  }
}

private func filterNeighbours(
  _ q: UnsafePointer<Float>, _ d: Int, _ x: UnsafePointer<Float>, _ count: Int,
  _ h: UnsafePointer<Float>, _ first: Int, _ t: UnsafePointer<Float>,
  _ s: UnsafeMutablePointer<Float>, _ p: UnsafeMutablePointer<Int32>, _ capacity: Int,
  _ c: UnsafeMutablePointer<Int>
) {
  // SAFETY: the caller guarantees the sizes.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512:
    unsafe _Kernels512.filterNeighbours(q, d, x, count, h, first, t, s, p, capacity, c)
  case .avx2:
    unsafe _Kernels256.filterNeighbours(q, d, x, count, h, first, t, s, p, capacity, c)
  #endif
  default:
    unsafe _Kernels128.filterNeighbours(q, d, x, count, h, first, t, s, p, capacity, c)
  }
}
