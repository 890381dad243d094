// Checked calls of the t-SNE kernels in the instruction set of this process.
//
// Deviations: none. Checked by: TSNEGradientTests, VantagePointTreeTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// Weights p_ij of pairs, rows one after another, each padded to a multiple of 8 entries.
package struct SparseWeights: Sendable, Equatable {
  /// The first entry of each row, and the number of entries.
  package private(set) var starts: [Int] = [0]
  /// The other point of each entry; the point itself in padding.
  package private(set) var columns: [Int32] = []
  /// The weight of each entry; 0 in padding.
  package private(set) var values: [Float] = []

  /// Pads rows.
  ///
  /// - Parameters:
  ///   - rows: the first entry of each row, and the number of entries.
  ///   - others: the other point of each entry.
  ///   - weights: the weight of each entry.
  package init(starts rows: [Int], columns others: [Int32], values weights: [Double]) {
    let n = rows.count - 1
    precondition(
      others.count == weights.count && rows.last == weights.count
        && others.allSatisfy { $0 >= 0 && Int($0) < n }, "weights do not fit \(n) points")
    starts.reserveCapacity(n + 1)
    columns.reserveCapacity(others.count + 7 * n)
    values.reserveCapacity(others.count + 7 * n)
    for i in 0..<n {
      columns += others[rows[i]..<rows[i + 1]]
      for entry in rows[i]..<rows[i + 1] { values.append(Float(weights[entry])) }
      while columns.count % 8 != 0 {
        columns.append(Int32(i))
        values.append(0)
      }
      starts.append(columns.count)
    }
  }

  /// Refuses rows that do not belong to `n` points.
  func checkFit(_ n: Int) {
    precondition(
      starts.count == n + 1,
      "weights of \(starts.count - 1) rows do not fit \(n) points")
  }
}

/// The forces of Barnes-Hut t-SNE, and the tree they come from; its memory is used again.
package struct EmbeddingForces: Sendable {
  /// The number of points.
  package let n: Int
  /// 2 or 3.
  package let dimensions: Int
  /// The sums of p_ij w (y_i - y_j): n x D values.
  package private(set) var attraction: [Float]
  /// The sums of N w^2 (y_i - y_cell): n x D values.
  package private(set) var repulsion: [Float]
  /// The sum over all pairs of w.
  package private(set) var normaliser = 0.0
  /// Planes of sums over the tree, at the places of the Morton curve.
  private var sums: [Float]
  private var keys: [UInt64]
  private var order: [Int32]
  private var scratch = [Int](repeating: 0, count: 4096)
  private var sorted: [Float]
  private var centres: [SIMD4<Float>]
  private var links: [SIMD4<Int32>]
  private var boxes: [SIMD4<Float>]
  private let padded: Int

  /// Room for a map.
  ///
  /// - Precondition: n at least 1, below 2^31; 2 or 3 dimensions.
  package init(count n: Int, dimensions: Int) {
    checkMap(n, dimensions)
    (self.n, self.dimensions) = (n, dimensions)
    padded = (n + 15) / 16 * 16
    attraction = [Float](repeating: 0, count: n * dimensions)
    repulsion = attraction
    sums = [Float](repeating: 0, count: padded * (dimensions + 1))
    keys = [UInt64](repeating: 0, count: 2 * n)
    order = [Int32](repeating: 0, count: 2 * n)
    sorted = [Float](repeating: 0, count: padded * dimensions)
    centres = [SIMD4<Float>](repeating: SIMD4(), count: 2 * n)
    links = [SIMD4<Int32>](repeating: SIMD4(), count: 2 * n)
    boxes = [SIMD4<Float>](repeating: SIMD4(), count: 4 * n)
  }

  /// Builds the tree of `points` and sums all forces.
  ///
  /// - Parameters:
  ///   - points: n x D finite values.
  ///   - weights: n rows.
  ///   - theta: the trade-off, 0 for exact sums.
  package mutating func update(_ points: [Float], _ weights: SparseWeights, theta: Float) {
    precondition(points.count == n * dimensions, "\(points.count) values for \(n) points")
    weights.checkFit(n)
    let cells = buildTree(points)
    let (n, D, padded) = (n, dimensions, padded)
    let (sorted, centres, links) = (sorted, centres, links)
    // SAFETY: sizes are those of `init`, checked above.
    unsafe sumForces(points, D, weights, n, into: &sums, &attraction) { first, end, sums in
      unsafe repel(sorted, padded, n, D, first, end, centres, links, cells, theta * theta, sums)
    }
    normaliser = 0
    for place in 0..<n {
      normaliser += Double(sums[D * padded + place])
      let i = Int(order[place])
      for axis in 0..<D { repulsion[i * D + axis] = sums[axis * padded + place] }
    }
  }

  private mutating func buildTree(_ points: [Float]) -> Int {
    let (n, D) = (n, dimensions)
    // SAFETY: `init` made the room that the kernel asks for.
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      return unsafe _Kernels512.buildEmbeddingTree(
        points, n, D, &keys, &order, &scratch, &sorted, padded, &centres, &links, &boxes)
    case .avx2:
      return unsafe _Kernels256.buildEmbeddingTree(
        points, n, D, &keys, &order, &scratch, &sorted, padded, &centres, &links, &boxes)
    #endif
    default:
      return unsafe _Kernels128.buildEmbeddingTree(
        points, n, D, &keys, &order, &scratch, &sorted, padded, &centres, &links, &boxes)
    }
  }
}

/// The forces of t-SNE with the repulsion of all pairs, in Float.
package struct EmbeddingPairs: Sendable {
  /// The number of points.
  package let n: Int
  /// 2 or 3.
  package let dimensions: Int
  /// The sums of p_ij w (y_i - y_j): n x D values.
  package private(set) var attraction: [Float]
  /// The sums of w^2 (y_i - y_j): n x D values.
  package private(set) var repulsion: [Float]
  /// The sum over all pairs of w.
  package private(set) var normaliser = 0.0
  private var sums: [Float]
  private var map: [Float]
  private let padded: Int

  /// Room for a map.
  ///
  /// - Precondition: n at least 1, below 2^31; 2 or 3 dimensions.
  package init(count n: Int, dimensions: Int) {
    checkMap(n, dimensions)
    (self.n, self.dimensions) = (n, dimensions)
    padded = (n + 15) / 16 * 16
    attraction = [Float](repeating: 0, count: n * dimensions)
    repulsion = attraction
    sums = [Float](repeating: 0, count: padded * (dimensions + 1))
    // Padding lies where w is 1e-36 and its square nothing.
    map = [Float](repeating: 1e18, count: padded * dimensions)
  }

  /// Sums all forces.
  ///
  /// - Parameters:
  ///   - points: n x D finite values.
  ///   - weights: n rows.
  package mutating func update(_ points: [Float], _ weights: SparseWeights) {
    precondition(points.count == n * dimensions, "\(points.count) values for \(n) points")
    weights.checkFit(n)
    let (n, D, padded) = (n, dimensions, padded)
    for i in 0..<n {
      for axis in 0..<D { map[axis * padded + i] = points[i * D + axis] }
    }
    let map = map
    // SAFETY: sizes are those of `init`, checked above.
    unsafe sumForces(points, D, weights, n, into: &sums, &attraction) { first, end, sums in
      unsafe repelPairs(map, padded, D, first, end, sums)
    }
    normaliser = 0
    for i in 0..<n {
      // Each point counted itself.
      normaliser += Double(sums[D * padded + i]) - 1
      for axis in 0..<D { repulsion[i * D + axis] = sums[axis * padded + i] }
    }
  }
}

private func checkMap(_ n: Int, _ dimensions: Int) {
  precondition(n >= 1 && n < 1 << 31, "a map has 1 to 2^31 - 1 points, not \(n)")
  precondition(dimensions == 2 || dimensions == 3, "maps have 2 or 3 dimensions")
}

/// Sums the repulsion of n points by `repel(first, end, sums)`, piece by piece, then their attraction.
private func sumForces(
  _ points: [Float], _ D: Int, _ weights: SparseWeights, _ n: Int, into sums: inout [Float],
  _ attraction: inout [Float],
  repel: @Sendable (_ first: Int, _ end: Int, _ sums: UnsafeMutablePointer<Float>) -> Void
) {
  let pieces = (n + piecePoints - 1) / piecePoints
  // SAFETY: each piece writes its own points alone; the arrays outlive the loop.
  unsafe sums.withUnsafeMutableBufferPointer { sums in
    unsafe attraction.withUnsafeMutableBufferPointer { pulls in
      guard let sumBase = sums.baseAddress, let pullBase = pulls.baseAddress else { return }
      let (push, pull) = unsafe (SharedPointer(sumBase), SharedPointer(pullBase))
      parallelFor(2 * pieces) { piece in
        let first = piece % pieces * piecePoints
        let end = min(n, first + piecePoints)
        if piece < pieces {
          unsafe repel(first, end, push.pointer)
        } else {
          unsafe attract(points, D, first, end, weights, pull.pointer)
        }
      }
    }
  }
}

private func repelPairs(
  _ map: [Float], _ padded: Int, _ D: Int, _ first: Int, _ end: Int,
  _ sums: UnsafeMutablePointer<Float>
) {
  // SAFETY: the caller guarantees the sizes.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.repelPairs(map, padded, D, first, end, sums)
  case .avx2: unsafe _Kernels256.repelPairs(map, padded, D, first, end, sums)
  #endif
  default: unsafe _Kernels128.repelPairs(map, padded, D, first, end, sums)
  }
}

private func repel(
  _ sorted: [Float], _ padded: Int, _ n: Int, _ D: Int, _ first: Int, _ end: Int,
  _ centres: [SIMD4<Float>], _ links: [SIMD4<Int32>], _ cells: Int, _ thetaSquared: Float,
  _ sums: UnsafeMutablePointer<Float>
) {
  // SAFETY: the caller guarantees the sizes; vectors end before `padded`.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512:
    unsafe _Kernels512.repelEmbedding(
      sorted, padded, n, D, first, end, centres, links, cells, thetaSquared, sums)
  case .avx2:
    unsafe _Kernels256.repelEmbedding(
      sorted, padded, n, D, first, end, centres, links, cells, thetaSquared, sums)
  #endif
  default:
    unsafe _Kernels128.repelEmbedding(
      sorted, padded, n, D, first, end, centres, links, cells, thetaSquared, sums)
  }
}

func attract(
  _ points: [Float], _ D: Int, _ first: Int, _ end: Int, _ weights: SparseWeights,
  _ sums: UnsafeMutablePointer<Float>
) {
  let (starts, columns, values) = (weights.starts, weights.columns, weights.values)
  // SAFETY: the caller guarantees that rows, columns and points fit.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512:
    unsafe _Kernels512.attractEmbedding(points, D, first, end, starts, columns, values, sums)
  case .avx2:
    unsafe _Kernels256.attractEmbedding(points, D, first, end, starts, columns, values, sums)
  #endif
  default:
    unsafe _Kernels128.attractEmbedding(points, D, first, end, starts, columns, values, sums)
  }
}

/// The exact sums of one point against a map.
///
/// - Parameters:
///   - point: three coordinates.
///   - map: three planes of `padded` values, zeros where D is 2.
///   - n: the number of points.
///   - padded: n or more, a multiple of 8.
///   - excluded: a point that is left out, or -1.
///   - weights: `padded` values from `offset` on.
///   - offset: where the weights begin.
/// - Returns: attraction (3), repulsion (3) and normaliser.
package func exactEmbeddingRow(
  _ point: SIMD3<Double>, _ map: [Double], n: Int, padded: Int, excluding excluded: Int,
  _ weights: [Double], offset: Int
) -> (pull: SIMD3<Double>, push: SIMD3<Double>, total: Double) {
  precondition(
    padded % 8 == 0 && n <= padded && map.count == 3 * padded
      && offset + padded <= weights.count, "arrays do not fit \(n) points")
  let p = [point[0], point[1], point[2]]
  var s = [Double](repeating: 0, count: 7)
  // SAFETY: the sizes were checked above.
  unsafe weights.withUnsafeBufferPointer { weights in
    guard let base = weights.baseAddress else { return }
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.embeddingRow(p, map, padded, n, excluded, base + offset, &s)
    case .avx2: unsafe _Kernels256.embeddingRow(p, map, padded, n, excluded, base + offset, &s)
    #endif
    default: unsafe _Kernels128.embeddingRow(p, map, padded, n, excluded, base + offset, &s)
    }
  }
  return (SIMD3(s[0], s[1], s[2]), SIMD3(s[3], s[4], s[5]), s[6])
}

/// The squared distances of one query to panels of 8 points.
///
/// - Parameters:
///   - query: d values from `offset` on.
///   - offset: where the query begins.
///   - d: the number of features.
///   - panels: d x 8 values a panel.
///   - range: the panels.
///   - distances: receives 8 values a panel, from its beginning.
package func squaredPanelDistances(
  _ query: [Double], offset: Int, d: Int, _ panels: [Double], _ range: Range<Int>,
  _ distances: inout [Double]
) {
  precondition(
    offset + d <= query.count && range.upperBound * d * 8 <= panels.count
      && distances.count >= range.count * 8, "arrays do not fit \(range) panels of \(d)")
  let count = range.count
  // SAFETY: the sizes were checked above.
  unsafe query.withUnsafeBufferPointer { query in
    unsafe panels.withUnsafeBufferPointer { panels in
      guard let queryBase = query.baseAddress, let panelBase = panels.baseAddress else { return }
      let q = unsafe queryBase + offset
      let x = unsafe panelBase + range.lowerBound * d * 8
      switch InstructionSet.current {
      #if !NITAL_PORTABLE
      case .avx512: unsafe _Kernels512.panelDistances(q, d, x, count, &distances)
      case .avx2: unsafe _Kernels256.panelDistances(q, d, x, count, &distances)
      #endif
      default: unsafe _Kernels128.panelDistances(q, d, x, count, &distances)
      }
    }
  }
}
