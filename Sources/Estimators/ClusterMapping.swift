// Which class a cluster stands for: the majority of its labelled members.
//
// Deviations: none. Checked by: ScoresTests. Cost: n + clusters * classes.

/// The class of each cluster by majority, learnt from labelled samples.
public struct ClusterMapping: Sendable, Equatable {
  /// The class of each cluster; `nil` for a cluster without labelled members.
  public let classes: [Int?]

  /// Takes the most frequent class of each cluster's members; ties go to the lower class.
  ///
  /// - Parameters:
  ///   - labels: the cluster of each sample, 0 ..< `clusters`.
  ///   - truth: the class of each sample, 0 or more; `nil` when it is not known.
  ///   - clusters: the number of clusters.
  /// - Precondition: both lists have the same length, every label is below `clusters`.
  public init(labels: [Int], truth: [Int?], clusters: Int) {
    precondition(labels.count == truth.count, "\(labels.count) labels, \(truth.count) classes")
    precondition(
      labels.allSatisfy { $0 >= 0 && $0 < clusters }, "a label is not below \(clusters)")
    let width = (truth.compactMap { $0 }.max() ?? -1) + 1
    var counts = Array(repeating: [Int](repeating: 0, count: width), count: clusters)
    for (label, known) in zip(labels, truth) {
      if let known { counts[label][known] += 1 }
    }
    classes = counts.map { row in
      guard let most = row.max(), most > 0 else { return nil }
      return row.firstIndex(of: most)
    }
  }

  /// The class of each sample's cluster.
  public func callAsFunction(_ labels: [Int]) -> [Int?] { labels.map { classes[$0] } }
}
