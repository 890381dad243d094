// How much of a paper's counting a reproduction does.

/// How large a reproduction is.
public enum ReproductionPreset: String, CaseIterable, Sendable, Codable {
  /// Seconds on a small set: every table and figure, small counts.
  case smoke
  /// Minutes: every table and figure, the paper's grids, a tenth of its starts.
  case small
  /// The paper's counts.
  case paper

  /// Starts of k-means whose lowest inertia wins (Cohn & Holm, section 3.1: 500).
  var starts: Int { pick(10, 50, 500) }
  /// Seeds of the test of repeatability (Cohn & Holm, section 3.1: 10).
  var seeds: Int { pick(2, 5, 10) }
  /// Single starts of figure 13 (Cohn & Holm, section 3.3.4: 5,000, twice).
  var singleStarts: Int { pick(40, 500, 5000) }
  /// Starts in the sweeps of figure 12 and of the number of clusters.
  var sweepStarts: Int { pick(5, 50, 500) }
  /// Steps of t-SNE (scikit-learn and bhtsne: 1,000).
  var mapIterations: Int { pick(300, 1000, 1000) }
  /// Repeats behind the "+-" of table 1 of Kitahara & Holm, which the paper does not state.
  var repeats: Int { pick(2, 5, 10) }
  /// Maps of which the one of lowest divergence is kept (`best_tsne` of the published code: 10).
  var mapStarts: Int { pick(1, 1, 10) }
  /// The side of the picture that holds every image at its place, and the side of an image in it
  /// (published code: 8,192 and 256 pixels).
  var montage: (side: Int, image: Int) { pick((1024, 64), (2048, 72), (8192, 256)) }

  private func pick<Value>(_ smoke: Value, _ small: Value, _ paper: Value) -> Value {
    switch self {
    case .smoke: smoke
    case .small: small
    case .paper: paper
    }
  }
}
