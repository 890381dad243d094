// The inner loop of the blocked search for neighbours: scores of six queries, and what passes them.
//
// Equation -> code: q . x - |x|^2 / 2, which rises where |q - x| falls (`filterNeighbours`).
// Layout: points in panels of 32 as in ClusterDistances.swift; feature j of query q of a block at
//   queries[j * 6 + q].
// Deviations: a filter whose answers the caller settles in Double: no result depends on its bits.
// Checked by: BlockedNeighboursTests. Cost: d fused steps a pair.

/// Appends to six lists the points of whole panels whose scores exceed the lists' thresholds.
///
/// - Parameters:
///   - queries: d x 6 values.
///   - d: the number of features.
///   - panels: panels of d x 32 values.
///   - count: the number of panels.
///   - negativeHalfNorms: -|x|^2 / 2 of each point, minus infinity for padding.
///   - firstPoint: the number of the first point of the first panel.
///   - thresholds: 6 values.
///   - scores: six lists of `capacity` scores.
///   - points: six lists of `capacity` numbers.
///   - capacity: the room of a list.
///   - counts: the lengths of the six lists, each at most `capacity` - 32 `count` before.
@inline(never)
public func filterNeighbours(
  _ queries: UnsafePointer<Float>, _ d: Int, _ panels: UnsafePointer<Float>, _ count: Int,
  _ negativeHalfNorms: UnsafePointer<Float>, _ firstPoint: Int,
  _ thresholds: UnsafePointer<Float>, _ scores: UnsafeMutablePointer<Float>,
  _ points: UnsafeMutablePointer<Int32>, _ capacity: Int, _ counts: UnsafeMutablePointer<Int>
) {
  let width = FloatVector.scalarCount
  for panel in 0..<count {
    var lane = 0
    while lane < 32 {
      filterPair(
        queries, d, panels + (panel &* d &* 32 &+ lane), negativeHalfNorms + (panel &* 32 &+ lane),
        firstPoint &+ panel &* 32 &+ lane, thresholds, scores, points, capacity, counts)
      lane &+= 2 &* width
    }
  }
}

@inline(__always)
private func filterPair(
  _ queries: UnsafePointer<Float>, _ d: Int, _ x: UnsafePointer<Float>,
  _ halves: UnsafePointer<Float>, _ point: Int, _ thresholds: UnsafePointer<Float>,
  _ scores: UnsafeMutablePointer<Float>, _ points: UnsafeMutablePointer<Int32>, _ capacity: Int,
  _ counts: UnsafeMutablePointer<Int>
) {
  let width = FloatVector.scalarCount
  let (h0, h1) = (load(halves), load(halves + width))
  var (a0, a1, b0, b1, c0, c1) = (h0, h1, h0, h1, h0, h1)
  var (d0, d1, e0, e1, f0, f1) = (h0, h1, h0, h1, h0, h1)
  var (source, query) = (x, queries)
  for _ in 0..<d {
    let (x0, x1) = (load(source), load(source + width))
    let (qa, qb) = (FloatVector(repeating: query[0]), FloatVector(repeating: query[1]))
    let (qc, qd) = (FloatVector(repeating: query[2]), FloatVector(repeating: query[3]))
    let (qe, qf) = (FloatVector(repeating: query[4]), FloatVector(repeating: query[5]))
    (a0, a1) = (multiplyAdd(a0, x0, qa), multiplyAdd(a1, x1, qa))
    (b0, b1) = (multiplyAdd(b0, x0, qb), multiplyAdd(b1, x1, qb))
    (c0, c1) = (multiplyAdd(c0, x0, qc), multiplyAdd(c1, x1, qc))
    (d0, d1) = (multiplyAdd(d0, x0, qd), multiplyAdd(d1, x1, qd))
    (e0, e1) = (multiplyAdd(e0, x0, qe), multiplyAdd(e1, x1, qe))
    (f0, f1) = (multiplyAdd(f0, x0, qf), multiplyAdd(f1, x1, qf))
    source += 32
    query += 6
  }
  let (ta, tb, tc) = (thresholds[0], thresholds[1], thresholds[2])
  let (td, te, tf) = (thresholds[3], thresholds[4], thresholds[5])
  let first: FloatMask = ((a0 .> ta) .| (a1 .> ta)) .| ((b0 .> tb) .| (b1 .> tb))
  let second: FloatMask = ((c0 .> tc) .| (c1 .> tc)) .| ((d0 .> td) .| (d1 .> td))
  let third: FloatMask = ((e0 .> te) .| (e1 .> te)) .| ((f0 .> tf) .| (f1 .> tf))
  let passed = FloatVector.MaskStorage().replacing(with: 1, where: first .| second .| third)
  if passed.wrappedSum() == 0 { return }
  append(a0, a1, ta, point, scores, points, counts)
  append(b0, b1, tb, point, scores + capacity, points + capacity, counts + 1)
  append(c0, c1, tc, point, scores + 2 &* capacity, points + 2 &* capacity, counts + 2)
  append(d0, d1, td, point, scores + 3 &* capacity, points + 3 &* capacity, counts + 3)
  append(e0, e1, te, point, scores + 4 &* capacity, points + 4 &* capacity, counts + 4)
  append(f0, f1, tf, point, scores + 5 &* capacity, points + 5 &* capacity, counts + 5)
}

@inline(__always)
private func append(
  _ low: FloatVector, _ high: FloatVector, _ threshold: Float, _ point: Int,
  _ scores: UnsafeMutablePointer<Float>, _ points: UnsafeMutablePointer<Int32>,
  _ count: UnsafeMutablePointer<Int>
) {
  append(low, threshold, point, scores, points, count)
  append(high, threshold, point &+ FloatVector.scalarCount, scores, points, count)
}

@inline(__always)
private func append(
  _ values: FloatVector, _ threshold: Float, _ point: Int, _ scores: UnsafeMutablePointer<Float>,
  _ points: UnsafeMutablePointer<Int32>, _ count: UnsafeMutablePointer<Int>
) {
  let mask: FloatMask = values .> threshold
  if FloatVector.MaskStorage().replacing(with: 1, where: mask).wrappedSum() == 0 { return }
  var end = count[0]
  for lane in 0..<FloatVector.scalarCount where values[lane] > threshold {
    scores[end] = values[lane]
    points[end] = Int32(truncatingIfNeeded: point &+ lane)
    end &+= 1
  }
  count[0] = end
}
