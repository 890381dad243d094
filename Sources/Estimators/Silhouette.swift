// How well each sample sits in its cluster.
//
// Implements: P. Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20 (1987) 53, section 2.
// Equation -> code: a(i) = mean distance to the other members of i's cluster; b(i) = the least mean
//   distance to the members of another cluster; s(i) = (b - a) / max(a, b).
// Symbols: i sample; A its cluster.
// Deviations: none: s(i) = 0 for a cluster of one, as section 2 says; 0 where a = b = 0.
// Checked by: ScoresTests (scikit-learn fixture, plain twin `silhouetteReference`).
// Cost: 3 n^2 d operations, in parallel over samples; memory n d.

import Tensors

/// The silhouette of each sample, with Euclidean distances.
///
/// - Parameters:
///   - data: shape (n, d), finite.
///   - labels: the cluster of each sample, 0 or more.
/// - Precondition: one label a row, at least two clusters that have members.
/// - Returns: one number a sample, -1 ... 1.
/// - Throws: `EstimatorError.nonFinite`.
/// - Complexity: n^2 d.
public func silhouettes<Scalar: KernelScalar>(
  _ data: Tensor<Scalar>, labels: [Int]
) throws(EstimatorError) -> [Double] {
  try data.refuseNonFinite()
  let (n, d) = (data.shape[0], data.shape[1])
  precondition(labels.count == n, "\(labels.count) labels for shape \(data.shape)")
  let k = (labels.max() ?? -1) + 1
  var sizes = [Int](repeating: 0, count: k)
  for label in labels { sizes[label] += 1 }
  precondition(sizes.count { $0 > 0 } >= 2, "a silhouette needs two clusters with members")
  let points = PointPanels<Double>(n, d) { i, j in Double(data.scalars[i * d + j]) }
  let counts = sizes
  let chunks = (n + 31) / 32
  return parallelMap(chunks) { chunk in
    var distances = Distances(points)
    return (chunk * 32..<min(n, chunk * 32 + 32)).map { i in
      distances.measure(from: (0..<d).map { Double(data.scalars[i * d + $0]) })
      return silhouette(of: i, distances.values, labels, counts)
    }
  }.flatMap { $0 }
}

/// Buffers for the distances of one sample to all.
private struct Distances {
  private let points: PointPanels<Double>
  private let unlimited: [Double]
  private var sums: [Double]
  private(set) var values: [Double]

  init(_ points: PointPanels<Double>) {
    self.points = points
    unlimited = [Double](repeating: .infinity, count: points.paddedCount)
    values = [Double](repeating: 0, count: points.paddedCount)
    sums = [Double](repeating: 0, count: points.count)
  }

  mutating func measure(from sample: [Double]) {
    Double.squaredDistances(
      points, to: sample, closest: unlimited, distances: &values, sums: &sums)
  }
}

/// s(i) from the squared distances of sample i to all samples.
private func silhouette(
  of i: Int, _ squares: [Double], _ labels: [Int], _ sizes: [Int]
) -> Double {
  let own = labels[i]
  guard sizes[own] > 1 else { return 0 }
  var totals = [Double](repeating: 0, count: sizes.count)
  for p in labels.indices { totals[labels[p]] += squares[p].squareRoot() }
  let a = totals[own] / Double(sizes[own] - 1)
  var b = Double.infinity
  for c in sizes.indices where c != own && sizes[c] > 0 { b = min(b, totals[c] / Double(sizes[c])) }
  return max(a, b) > 0 ? (b - a) / max(a, b) : 0
}

/// The mean silhouette, on at most `sample` samples drawn without replacement.
///
/// - Parameters:
///   - data: shape (n, d), finite.
///   - labels: the cluster of each sample.
///   - sample: how many samples to draw; `nil` for all. Clusters that no draw hits do not count.
///   - generator: draws the samples.
/// - Returns: -1 ... 1; `nil` when fewer than two clusters have members in the sample.
/// - Throws: `EstimatorError.nonFinite`.
public func meanSilhouette<Scalar: KernelScalar>(
  _ data: Tensor<Scalar>, labels: [Int], sample: Int? = nil, using generator: inout SeededGenerator
) throws(EstimatorError) -> Double? {
  precondition(data.rank == 2, "samples are the rows of a matrix, not of shape \(data.shape)")
  let (n, d) = (data.shape[0], data.shape[1])
  precondition(labels.count == n, "\(labels.count) labels for shape \(data.shape)")
  var (chosen, chosenLabels) = (data, labels)
  if let sample, sample < n {
    let rows = generator.choice(sample, of: n).sorted()
    chosen = Tensor(
      shape: [sample, d], scalars: rows.flatMap { data.scalars[$0 * d..<($0 + 1) * d] })
    chosenLabels = rows.map { labels[$0] }
  }
  guard let first = chosenLabels.first, chosenLabels.contains(where: { $0 != first }) else {
    return nil
  }
  let values = try silhouettes(chosen, labels: chosenLabels)
  return values.reduce(0, +) / Double(values.count)
}
