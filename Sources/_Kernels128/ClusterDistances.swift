// Inner loops of k-means and of the silhouette: distances from many points to few centres.
//
// Points come in panels of 32: panel[j * 32 + l] is feature j of the panel's point l, so that one
// vector holds one feature of several points and no sum runs across lanes. Each point's result is
// therefore the same whatever the width of a vector.
// Equation -> code: nearest(x) = argmax over c of x . c - |c|^2 / 2 (`nearestCentres`, a filter
//   whose doubtful answers the caller settles); D(x)^2 = sum over j of (x_j - c_j)^2
//   (`squaredDistances`, never fused: the same bits in every build).
// Checked by: ClusterDistancesTests, KMeansTests. Cost: n k d fused steps a call of
//   `nearestCentres`; 3 n d operations a candidate of `squaredDistances`.

typealias FloatMask = SIMDMask<FloatVector.MaskStorage>

/// The nearest of many centres for the points of whole panels; doubtful answers are complemented.
///
/// - Parameters:
///   - panels: panels of d x 32 values.
///   - count: the number of panels.
///   - d: the number of features.
///   - centres: blocks of four centres: centres[(b * d + j) * 4 + q] is feature j of centre 4b + q.
///   - negativeHalfNorms: -|c|^2 / 2 of each centre, minus infinity for padding.
///   - blocks: the number of blocks of centres.
///   - norms: |x| of each point.
///   - doubt: a gap between best and second best of at most
///     doubt.0 + |x| (doubt.1 + |x| doubt.2) is doubtful.
///   - labels: receives the centre's number of each point, or ~number when it is doubtful.
@inline(never)
public func nearestCentres(
  _ panels: UnsafePointer<Float>, _ count: Int, _ d: Int, _ centres: UnsafePointer<Float>,
  _ negativeHalfNorms: UnsafePointer<Float>, _ blocks: Int, _ norms: UnsafePointer<Float>,
  _ doubt: (Float, Float, Float), _ labels: UnsafeMutablePointer<Int32>
) {
  let width = FloatVector.scalarCount
  for panel in 0..<count {
    var lane = 0
    while lane < 32 {
      let point = panel * 32 + lane
      nearestOfPair(
        panels + (panel * d * 32 + lane), d, centres, negativeHalfNorms, blocks,
        norms + point, doubt, labels + point)
      lane += 2 * width
    }
  }
}

/// The nearest centre for two vectors of points.
@inline(__always)
private func nearestOfPair(
  _ x: UnsafePointer<Float>, _ d: Int, _ centres: UnsafePointer<Float>,
  _ negativeHalfNorms: UnsafePointer<Float>, _ blocks: Int, _ norms: UnsafePointer<Float>,
  _ doubt: (Float, Float, Float), _ labels: UnsafeMutablePointer<Int32>
) {
  let width = FloatVector.scalarCount
  var first = Leader()
  var second = Leader()
  for block in 0..<blocks {
    let h = negativeHalfNorms + block * 4
    var (a0, a1) = (FloatVector(repeating: h[0]), FloatVector(repeating: h[0]))
    var (b0, b1) = (FloatVector(repeating: h[1]), FloatVector(repeating: h[1]))
    var (c0, c1) = (FloatVector(repeating: h[2]), FloatVector(repeating: h[2]))
    var (d0, d1) = (FloatVector(repeating: h[3]), FloatVector(repeating: h[3]))
    var source = x
    var centre = centres + block * d * 4
    for _ in 0..<d {
      let (x0, x1) = (load(source), load(source + width))
      let (a, b) = (FloatVector(repeating: centre[0]), FloatVector(repeating: centre[1]))
      let (c, e) = (FloatVector(repeating: centre[2]), FloatVector(repeating: centre[3]))
      (a0, a1) = (multiplyAdd(a0, x0, a), multiplyAdd(a1, x1, a))
      (b0, b1) = (multiplyAdd(b0, x0, b), multiplyAdd(b1, x1, b))
      (c0, c1) = (multiplyAdd(c0, x0, c), multiplyAdd(c1, x1, c))
      (d0, d1) = (multiplyAdd(d0, x0, e), multiplyAdd(d1, x1, e))
      source += 32
      centre += 4
    }
    let number = Int32(truncatingIfNeeded: block &* 4)
    first.meet(a0, number)
    first.meet(b0, number &+ 1)
    first.meet(c0, number &+ 2)
    first.meet(d0, number &+ 3)
    second.meet(a1, number)
    second.meet(b1, number &+ 1)
    second.meet(c1, number &+ 2)
    second.meet(d1, number &+ 3)
  }
  first.store(norms, doubt, labels)
  second.store(norms + width, doubt, labels + width)
}

/// The best and the second best score so far, lane by lane.
private struct Leader {
  var best = FloatVector(repeating: -Float.infinity)
  var next = FloatVector(repeating: -Float.infinity)
  var label = FloatVector.MaskStorage(repeating: 0)

  @inline(__always)
  mutating func meet(_ score: FloatVector, _ number: Int32) {
    let wins: FloatMask = score .> best
    let beaten = next.replacing(with: score, where: score .> next)
    next = beaten.replacing(with: best, where: wins)
    best = best.replacing(with: score, where: wins)
    label = label.replacing(with: FloatVector.MaskStorage(repeating: number), where: wins)
  }

  @inline(__always)
  func store(
    _ norms: UnsafePointer<Float>, _ doubt: (Float, Float, Float),
    _ labels: UnsafeMutablePointer<Int32>
  ) {
    let norm = load(norms)
    let slope = FloatVector(repeating: doubt.1) + norm * FloatVector(repeating: doubt.2)
    let bound = FloatVector(repeating: doubt.0) + norm * slope
    let sure: FloatMask = (best - next) .> bound
    let marked = (~label).replacing(with: label, where: sure)
    UnsafeMutableRawPointer(labels).storeBytes(of: marked, as: FloatVector.MaskStorage.self)
  }
}

/// Squared distances from the points of whole panels to one candidate, cut off at `closest`.
///
/// - Parameters:
///   - panels: panels of d x 32 values.
///   - count: the number of panels.
///   - d: the number of features.
///   - candidate: d values.
///   - closest: an upper limit for each point; infinity for none.
///   - distances: receives min(closest, squared distance) of each point.
///   - sums: receives the sum of each panel's 32 results, in Double.
@inline(never)
public func squaredDistances(
  _ panels: UnsafePointer<Float>, _ count: Int, _ d: Int, _ candidate: UnsafePointer<Float>,
  _ closest: UnsafePointer<Float>, _ distances: UnsafeMutablePointer<Float>,
  _ sums: UnsafeMutablePointer<Double>
) {
  let width = FloatVector.scalarCount
  for panel in 0..<count {
    var lane = 0
    while lane < 32 {
      var source = panels + (panel * d * 32 + lane)
      var (a0, a1) = (FloatVector(repeating: 0), FloatVector(repeating: 0))
      for j in 0..<d {
        let c = FloatVector(repeating: candidate[j])
        let (e0, e1) = (load(source) - c, load(source + width) - c)
        (a0, a1) = (a0 + e0 * e0, a1 + e1 * e1)
        source += 32
      }
      let point = panel * 32 + lane
      let (m0, m1) = (load(closest + point), load(closest + point + width))
      let target = UnsafeMutableRawPointer(distances + point)
      target.storeBytes(of: a0.replacing(with: m0, where: m0 .< a0), as: FloatVector.self)
      (target + width * 4).storeBytes(
        of: a1.replacing(with: m1, where: m1 .< a1), as: FloatVector.self)
      lane += 2 * width
    }
    sums[panel] = panelSum(distances + panel * 32)
  }
}

/// Squared distances from the points of whole panels to one candidate, cut off at `closest`.
@inline(never)
public func squaredDistances(
  _ panels: UnsafePointer<Double>, _ count: Int, _ d: Int, _ candidate: UnsafePointer<Double>,
  _ closest: UnsafePointer<Double>, _ distances: UnsafeMutablePointer<Double>,
  _ sums: UnsafeMutablePointer<Double>
) {
  let width = DoubleVector.scalarCount
  for panel in 0..<count {
    var lane = 0
    while lane < 32 {
      var source = panels + (panel * d * 32 + lane)
      var (a0, a1) = (DoubleVector(repeating: 0), DoubleVector(repeating: 0))
      for j in 0..<d {
        let c = DoubleVector(repeating: candidate[j])
        let (e0, e1) = (load(source) - c, load(source + width) - c)
        (a0, a1) = (a0 + e0 * e0, a1 + e1 * e1)
        source += 32
      }
      let point = panel * 32 + lane
      let (m0, m1) = (load(closest + point), load(closest + point + width))
      let target = UnsafeMutableRawPointer(distances + point)
      target.storeBytes(of: a0.replacing(with: m0, where: m0 .< a0), as: DoubleVector.self)
      (target + width * 8).storeBytes(
        of: a1.replacing(with: m1, where: m1 .< a1), as: DoubleVector.self)
      lane += 2 * width
    }
    sums[panel] = panelSum(distances + panel * 32)
  }
}

/// Four interleaved sums of 32 values, combined in one fixed order.
@inline(__always)
private func panelSum(_ values: UnsafePointer<Float>) -> Double {
  var (s0, s1, s2, s3): (Double, Double, Double, Double) = (0, 0, 0, 0)
  var l = 0
  while l < 32 {
    s0 += Double(values[l])
    s1 += Double(values[l + 1])
    s2 += Double(values[l + 2])
    s3 += Double(values[l + 3])
    l += 4
  }
  return (s0 + s1) + (s2 + s3)
}

/// Four interleaved sums of 32 values, combined in one fixed order.
@inline(__always)
private func panelSum(_ values: UnsafePointer<Double>) -> Double {
  var (s0, s1, s2, s3): (Double, Double, Double, Double) = (0, 0, 0, 0)
  var l = 0
  while l < 32 {
    s0 += values[l]
    s1 += values[l + 1]
    s2 += values[l + 2]
    s3 += values[l + 3]
    l += 4
  }
  return (s0 + s1) + (s2 + s3)
}
