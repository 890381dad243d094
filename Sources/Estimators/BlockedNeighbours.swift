// Exact nearest neighbours among points of many features: a filter in Float, settled in Double.
//
// Equation -> code: |q - x|^2 = |q|^2 - 2 (q . x - |x|^2 / 2), so that the nearest points have the
//   greatest scores q . x - |x|^2 / 2 (`CandidateLists.filter`); |q - x|^2 as a sum of squared
//   differences settles order and distance (`settle`).
// Symbols: k -> neighbours, epsilon -> bound on the error of a score, R -> greatest |x|.
// Deviations: none. A point is dropped where its score lies more than 2 epsilon below the k-th
//   best, hence never one of the k nearest: epsilon = (2 d + 8) u (|q| R + R^2 / 2), u = 2^-24, covers
//   the rounding of d products and sums and of the coordinates to Float, fused or not. Points are
//   centred for the filter, so that R is no larger than it must be.
// Checked by: BlockedNeighboursTests; twin nearestNeighboursReference.
// Cost: n m d fused steps in Float; (k + 2) d operations in Double a query; four copies of the data.

import Tensors

/// Points in panels for exact searches that read all of them.
struct BlockedNeighbours: Sendable {
  let count: Int
  let width: Int
  let scale: Double
  /// Points in rows, scaled.
  let rows: [Double]
  private let centre: [Double]
  private let panels: PointPanels<Float>
  private let halves: [Float]
  private let radius: Double

  /// Queries of one piece of work, and panels that they meet at a time.
  private static let pieceQueries = 240
  private static let batch = 8

  /// Lays out the points.
  ///
  /// - Parameters:
  ///   - rows: n x d values, scaled to magnitudes of at most 2.
  ///   - d: the number of features, at least 1.
  ///   - scale: the power of two that they were multiplied by.
  init(_ rows: [Double], width d: Int, scale: Double) {
    let n = rows.count / d
    (count, width, self.scale, self.rows) = (n, d, scale, rows)
    var mean = [Double](repeating: 0, count: d)
    for i in 0..<n {
      for j in 0..<d { mean[j] += rows[i * d + j] / Double(n) }
    }
    centre = mean
    panels = PointPanels<Float>(n, d) { Float(rows[$0 * d + $1] - mean[$1]) }
    var squares = [Double](repeating: 0, count: panels.paddedCount)
    for i in 0..<n {
      for j in 0..<d { squares[i] += (rows[i * d + j] - mean[j]) * (rows[i * d + j] - mean[j]) }
    }
    halves = squares.indices.map { $0 < n ? Float(-squares[$0] / 2) : -.infinity }
    radius = squares.reduce(0, max).squareRoot()
  }

  /// The k nearest points of the points themselves, or of other rows of the same scale.
  func search(_ queries: [Double]?, count k: Int) -> Neighbours {
    let all = queries ?? rows
    let m = all.count / width
    let size = Self.pieceQueries
    let parts = parallelMap((m + size - 1) / size) { piece in
      let range = piece * size..<min(m, piece * size + size)
      return searchPiece(all, range, k, excludingThemselves: queries == nil)
    }
    return Neighbours(
      indices: Tensor(shape: [m, k], scalars: parts.flatMap(\.points)),
      distances: Tensor(
        shape: [m, k], scalars: parts.flatMap { $0.squares.map { $0.squareRoot() / scale } }))
  }

  private func searchPiece(
    _ queries: [Double], _ range: Range<Int>, _ k: Int, excludingThemselves: Bool
  ) -> (squares: [Double], points: [Int32]) {
    let wanted = k + (excludingThemselves ? 1 : 0)
    let blocks = (range.count + CandidateLists.block - 1) / CandidateLists.block
    let step = 32 * Self.batch
    let limit = max(3 * wanted, step)
    var lists = CandidateLists(queries: blocks * CandidateLists.block, capacity: limit + step)
    let (values, errors) = blocked(queries, range, blocks, &lists)
    var room: [Float] = []
    for first in stride(from: 0, to: panels.count, by: Self.batch) {
      let batch = first..<min(first + Self.batch, panels.count)
      for block in 0..<blocks {
        lists.filter(block: block, queries: values, panels, batch, halves: halves)
        for q in block * CandidateLists.block..<(block + 1) * CandidateLists.block
        where lists.counts[q] > limit {
          lists.keepBest(q, wanted, errors[q], &room)
          if lists.counts[q] > limit {
            lists.keep(q, settle(queries, range.lowerBound + q, lists, q).prefix(wanted))
          }
        }
      }
    }
    var result: (squares: [Double], points: [Int32]) = ([], [])
    for i in range {
      let q = i - range.lowerBound
      lists.keepBest(q, wanted, errors[q], &room)
      let nearest = settle(queries, i, lists, q)
        .filter { !excludingThemselves || $0.point != Int32(i) }.prefix(k)
      result.squares += nearest.map(\.square)
      result.points += nearest.map(\.point)
    }
    return result
  }

  /// The queries as the filter wants them, and the bound on the error of each one's scores.
  private func blocked(
    _ queries: [Double], _ range: Range<Int>, _ blocks: Int, _ lists: inout CandidateLists
  ) -> (values: [Float], errors: [Float]) {
    let (d, size) = (width, CandidateLists.block)
    var values = [Float](repeating: 0, count: blocks * size * d)
    var errors = [Float](repeating: 0, count: blocks * size)
    for q in 0..<blocks * size {
      guard q < range.count else {
        lists.thresholds[q] = .infinity
        continue
      }
      let row = (range.lowerBound + q) * d
      let square = (0..<d).reduce(0.0) { sum, j in
        sum + (queries[row + j] - centre[j]) * (queries[row + j] - centre[j])
      }
      guard square < 1e60 else {
        // Too far away for products in Float: every point passes, and is settled in Double.
        errors[q] = .greatestFiniteMagnitude / 4
        continue
      }
      for j in 0..<d {
        values[(q / size * d + j) * size + q % size] = Float(queries[row + j] - centre[j])
      }
      let products = square.squareRoot() * radius + radius * radius / 2
      let bound = Double(2 * d + 8) * 0x1p-24 * products
      errors[q] = max(Float(bound), .leastNormalMagnitude).nextUp
    }
    return (values, errors)
  }

  /// The candidates of query row `i`, nearest first; equal distances rank by the lower row.
  private func settle(
    _ queries: [Double], _ i: Int, _ lists: CandidateLists, _ q: Int
  ) -> [Candidate] {
    let (d, start) = (width, q * lists.capacity)
    var found: [Candidate] = []
    found.reserveCapacity(lists.counts[q])
    for entry in start..<start + lists.counts[q] {
      let point = Int(lists.points[entry])
      var sum = 0.0
      for j in 0..<d {
        let difference = rows[point * d + j] - queries[i * d + j]
        sum += difference * difference
      }
      found.append(Candidate(square: sum, score: lists.scores[entry], point: Int32(point)))
    }
    found.sort { ($0.square, $0.point) < ($1.square, $1.point) }
    return found
  }
}

/// A point that may be among the nearest.
struct Candidate: Sendable {
  var square: Double
  var score: Float
  var point: Int32
}

extension CandidateLists {
  /// Drops what cannot be among the best `wanted` of list `q`, and raises its threshold.
  mutating func keepBest(_ q: Int, _ wanted: Int, _ error: Float, _ room: inout [Float]) {
    let (start, count) = (q * capacity, counts[q])
    guard count > wanted else { return }
    room.removeAll(keepingCapacity: true)
    room.append(contentsOf: scores[start..<start + count])
    let threshold = greatest(&room, wanted) - 2 * error
    thresholds[q] = max(thresholds[q], threshold)
    var kept = start
    for entry in start..<start + count where scores[entry] > threshold {
      scores[kept] = scores[entry]
      points[kept] = points[entry]
      kept += 1
    }
    counts[q] = kept - start
  }

  /// Replaces list `q`.
  mutating func keep(_ q: Int, _ candidates: ArraySlice<Candidate>) {
    for (place, candidate) in candidates.enumerated() {
      scores[q * capacity + place] = candidate.score
      points[q * capacity + place] = candidate.point
    }
    counts[q] = candidates.count
  }
}

/// The `rank`-th greatest value, by quickselect with the median of three; `values` are reordered.
private func greatest(_ values: inout [Float], _ rank: Int) -> Float {
  var (low, high) = (0, values.count - 1)
  let target = rank - 1
  while low < high {
    let (a, b, c) = (values[low], values[(low + high) / 2], values[high])
    let pivot = max(min(a, b), min(max(a, b), c))
    var (i, j) = (low, high)
    while i <= j {
      while values[i] > pivot { i += 1 }
      while values[j] < pivot { j -= 1 }
      if i <= j {
        values.swapAt(i, j)
        i += 1
        j -= 1
      }
    }
    if target <= j {
      high = j
    } else if target >= i {
      low = i
    } else {
      return values[target]
    }
  }
  return values[target]
}
