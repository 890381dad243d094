// The number of clusters, chosen from a range by a criterion that is printed for each number.
//
// Implements: T. Calinski, J. Harabasz, "A dendrite method for cluster analysis", Commun. Stat. 3
//   (1974) 1, equation 3; P. Rousseeuw, J. Comput. Appl. Math. 20 (1987) 53, section 4.
// Equation -> code: CH(k) = (B / (k - 1)) / (W / (n - k)), W the inertia, B = T - W, T the inertia
//   about the mean of all (`calinskiHarabasz`).
// Deviations: none. Checked by: ScoresTests. Cost: one k-means a number, silhouettes n^2 d.

import Tensors

/// What makes one number of clusters better than another; the highest value wins.
public enum ClusterCountCriterion: Sendable, Equatable {
  /// Between-cluster over within-cluster variance (Calinski and Harabasz 1974).
  case calinskiHarabasz
  /// The mean silhouette of at most `sample` samples, the same ones for each number.
  case silhouette(sample: Int)

  /// The name as it is printed.
  public var name: String {
    switch self {
    case .calinskiHarabasz: "Calinski-Harabasz index"
    case .silhouette(let sample): "mean silhouette of at most \(sample) samples"
    }
  }
}

/// A range of numbers of clusters with the criterion of each, and the winner.
public struct ClusterCountChoice: Sendable, Equatable {
  /// The criterion.
  public let criterion: ClusterCountCriterion
  /// The numbers that were tried, rising.
  public let counts: [Int]
  /// The criterion of each number; `nil` where it is not defined (k = n, one cluster in a sample).
  public let values: [Double?]
  /// The inertia of each number.
  public let inertias: [Double]
  /// The model of the highest value; of the lower number at equal values.
  public let best: KMeans

  /// Fits each number of clusters of `range` and keeps the best.
  ///
  /// - Parameters:
  ///   - data: shape (n, d).
  ///   - range: numbers of clusters, 2 or more.
  ///   - criterion: what is compared.
  ///   - options: settings of every k-means.
  ///   - seed: seed of every k-means, and of the silhouette's sample.
  /// - Throws: as `KMeans`, for the largest number of the range too.
  public init(
    _ data: Tensor<Double>, clusters range: ClosedRange<Int>,
    criterion: ClusterCountCriterion = .silhouette(sample: 2000),
    options: KMeansOptions = KMeansOptions(), seed: UInt64
  ) throws(EstimatorError) {
    precondition(range.lowerBound >= 2, "no criterion judges fewer than 2 clusters: \(range)")
    let first = try KMeans(data, clusters: range.lowerBound, options: options, seed: seed)
    let total = try KMeans(
      data, clusters: 1, options: KMeansOptions(starts: 1), seed: seed
    ).inertia
    var (models, values) = ([first], [Double?]())
    for k in range.dropFirst() {
      models.append(try KMeans(data, clusters: k, options: options, seed: seed))
    }
    for model in models {
      switch criterion {
      case .calinskiHarabasz:
        values.append(calinskiHarabasz(total, model.inertia, data.shape[0], model.clusters))
      case .silhouette(let sample):
        var generator = SeededGenerator(seed: seed)
        values.append(
          try meanSilhouette(data, labels: model.labels, sample: sample, using: &generator))
      }
    }
    var winner = 0
    for (i, value) in values.enumerated() {
      if let value, value > values[winner] ?? -.infinity { winner = i }
    }
    self.criterion = criterion
    self.values = values
    (counts, inertias) = (models.map(\.clusters), models.map(\.inertia))
    best = models[winner]
  }
}

/// The index of Calinski and Harabasz; `nil` where k = n, infinity where W = 0.
private func calinskiHarabasz(_ total: Double, _ within: Double, _ n: Int, _ k: Int) -> Double? {
  guard n > k else { return nil }
  return ((total - within) / Double(k - 1)) / (within / Double(n - k))
}
