// Points laid out for the cluster kernels: panels of 32 points, features outermost.
//
// Symbols: n points, d features; value j of point i lies at
//   ((i / 32) * d + j) * 32 + i % 32; missing points of the last panel are zeros.
// Deviations: none. Checked by: ClusterDistancesTests. Cost: n d copies.

/// Points in panels of 32, so that a vector holds one feature of several points.
package struct PointPanels<Scalar: KernelScalar>: Sendable {
  /// The number of points in a panel.
  package static var width: Int { 32 }
  /// The number of points, padding left out.
  package let n: Int
  /// The number of features.
  package let d: Int
  /// The number of panels.
  package let count: Int
  /// The values, `count * d * 32` of them.
  package let values: [Scalar]

  /// The number of points, padding included.
  package var paddedCount: Int { count * Self.width }

  /// Lays out `n` points of `d` features that `value(i, j)` gives.
  package init(_ n: Int, _ d: Int, _ value: (Int, Int) -> Scalar) {
    self.n = n
    self.d = d
    count = (n + Self.width - 1) / Self.width
    var values = [Scalar](repeating: 0, count: count * d * Self.width)
    for i in 0..<n {
      let base = (i / Self.width) * d * Self.width + i % Self.width
      for j in 0..<d { values[base + j * Self.width] = value(i, j) }
    }
    self.values = values
  }
}

/// Centres laid out for the filter `nearestCentres`, in blocks of four.
package struct CentreBlocks: Sendable {
  /// The number of blocks.
  package let blocks: Int
  /// Feature j of centre 4 b + q lies at (b d + j) 4 + q.
  package var values: [Float]
  /// -|c|^2 / 2 of each centre, minus infinity for padding.
  package var negativeHalfNorms: [Float]

  /// Room for `k` centres of `d` features.
  package init(_ k: Int, _ d: Int) {
    blocks = (k + 3) / 4
    values = [Float](repeating: 0, count: blocks * d * 4)
    negativeHalfNorms = [Float](repeating: -.infinity, count: blocks * 4)
  }
}
