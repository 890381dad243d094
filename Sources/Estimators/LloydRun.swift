// One start of Lloyd's algorithm: nearest centres, means, until no label changes.
//
// Implements: S. Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129, section V.
// Equation -> code: label(x) = argmin over c of |x - c|^2, ties to the lowest c (`assign`);
//   c = mean of its samples, summed in their order (`moveCentres`);
//   phi = sum of |x - c|^2 (`inertia`, differences in Double).
// Symbols: u = 2^-24, the rounding of Float; v = 2^-53, that of Double; C = max |c|, both after
//   subtracting the mean of the data, which leaves differences of distances unchanged.
// Deviations: (1) a Float filter ranks x.c - |c|^2 / 2 first. Its error, that of the rounded x and
//   c included, is at most (d + 8) u (|x| C + C^2 / 2) for each centre; where the best two lie
//   closer than twice that, and the rounding of the Double sums, the distances are compared in
//   Double, feature by feature. So labels and centres have the bits of `kMeansReference`.
//   (2) While a cluster is empty it takes, lowest number first, the sample farthest from its centre
//   (ties to the lowest sample) out of the clusters that have two or more.
// Checked by: KMeansTests. Cost: n k d fused steps in Float and n d additions an iteration.

import Tensors

/// What one start ended with, in the scale of `ClusterPoints`.
struct LloydResult: Sendable {
  var labels: [Int]
  /// Shape (k, stride).
  var centres: [Double]
  var inertia: Double
  var iterations: Int
  var converged: Bool
  var start: Int
}

/// The state of one start.
struct LloydRun<Scalar: ClusterScalar> {
  private let points: ClusterPoints<Scalar>
  private let options: KMeansOptions
  private let k: Int
  private var centres: [Double]
  private var blocks: CentreBlocks
  private var labels: [Int32]
  private var sizes: [Int]

  init(_ points: ClusterPoints<Scalar>, _ centres: [Double], _ options: KMeansOptions) {
    self.points = points
    self.options = options
    self.centres = centres
    k = centres.count / points.stride
    blocks = CentreBlocks(k, points.d)
    labels = [Int32](repeating: 0, count: points.filter.paddedCount)
    sizes = [Int](repeating: 0, count: k)
  }

  /// Iterates until the labels stand still, the centres hardly move or the bound is reached.
  consuming func run(start: Int) -> LloydResult {
    var previous: [Int32] = []
    var (iterations, converged, settled) = (0, false, false)
    while iterations < options.maximumIterations && !converged {
      assign()
      fillEmptyClusters()
      settled = labels == previous
      if settled {
        converged = true
      } else {
        previous = labels
        let shift = moveCentres()
        iterations += 1
        converged = options.tolerance > 0 && shift <= options.tolerance * points.meanVariance
      }
    }
    if !settled { assign() }
    return LloydResult(
      labels: labels.prefix(points.n).map { Int($0) }, centres: centres, inertia: inertia(),
      iterations: iterations, converged: converged, start: start)
  }

  /// Gives each sample its nearest centre and counts the samples of each cluster.
  private mutating func assign() {
    let doubt = layOutCentres()
    nearestCentres(points.filter, blocks, norms: points.norms, doubt: doubt, labels: &labels)
    for c in 0..<k { sizes[c] = 0 }
    for i in 0..<points.n {
      if labels[i] < 0 { labels[i] = exactlyNearest(i) }
      sizes[Int(labels[i])] += 1
    }
    for i in points.n..<labels.count { labels[i] = 0 }
  }

  /// Fills the filter's copy of the centres; returns the gap below which it proves nothing.
  private mutating func layOutCentres() -> (Float, Float, Float) {
    let (d, stride, s) = (points.d, points.stride, points.filterScale)
    var largest = 0.0
    for c in 0..<k {
      var square = 0.0
      let base = c / 4 * d * 4 + c % 4
      for j in 0..<d {
        let value = (centres[c * stride + j] - points.shift[j]) * s
        square += value * value
        blocks.values[base + j * 4] = Float(value)
      }
      blocks.negativeHalfNorms[c] = Float(-square / 2)
      largest = max(largest, square)
    }
    let (u, v, terms) = (1.01 * 0x1p-24, 0x1p-53, Double(d + 8))
    let norm = largest.squareRoot() * (1 + 1e-6)
    return (
      Float(terms * (u * norm * norm + 8 * v * norm * norm + 1e-36)),
      Float(2 * terms * u * norm), Float(8 * terms * v)
    )
  }

  /// The nearest centre by Double differences; ties to the lowest number.
  private func exactlyNearest(_ i: Int) -> Int32 {
    var (best, least) = (0, Double.infinity)
    for c in 0..<k {
      let distance = points.squaredDistance(i, centres, c)
      if distance < least { (best, least) = (c, distance) }
    }
    return Int32(truncatingIfNeeded: best)
  }

  /// Moves the farthest samples of other clusters into empty ones.
  private mutating func fillEmptyClusters() {
    guard sizes.contains(0) else { return }
    let distances = (0..<points.n).map { points.squaredDistance($0, centres, Int(labels[$0])) }
    for empty in 0..<k where sizes[empty] == 0 {
      var (farthest, most) = (-1, -1.0)
      for i in 0..<points.n where sizes[Int(labels[i])] > 1 && distances[i] > most {
        (farthest, most) = (i, distances[i])
      }
      guard farthest >= 0 else { return }
      sizes[Int(labels[farthest])] -= 1
      labels[farthest] = Int32(truncatingIfNeeded: empty)
      sizes[empty] = 1
    }
  }

  /// Puts each centre at the mean of its samples; returns the sum of squared shifts.
  private mutating func moveCentres() -> Double {
    var sums = [Double](repeating: 0, count: centres.count)
    Scalar.addRows(points.rows, points.n, points.stride, labels: labels, sums: &sums)
    var shift = 0.0
    for c in 0..<k where sizes[c] > 0 {
      let size = Double(sizes[c])
      for j in c * points.stride..<c * points.stride + points.d {
        let mean = sums[j] / size
        shift += (mean - centres[j]) * (mean - centres[j])
        centres[j] = mean
      }
    }
    return shift
  }

  /// The sum of squared differences, feature by feature.
  private func inertia() -> Double {
    var sums = [Double](repeating: 0, count: points.stride)
    Scalar.addSquaredDifferences(
      points.rows, points.n, points.stride, labels: labels, centres: centres, sums: &sums)
    return sums.prefix(points.d).reduce(0, +)
  }
}
