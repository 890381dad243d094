// What a clustering run can be told; every value with its source.

import Tensors

/// How the number of clusters is found.
public enum ClusterCount: Sendable, Equatable {
  /// Exactly this many.
  case fixed(Int)
  /// The number in the range with the best criterion.
  case range(ClosedRange<Int>)

  /// Reads `7` or `4-12`.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    if parts.count == 1, let k = Int(parts[0]), k >= 1 {
      self = .fixed(k)
    } else if parts.count == 2, let a = Int(parts[0]), let b = Int(parts[1]), a >= 2, b >= a {
      self = .range(a...b)
    } else {
      return nil
    }
  }

  /// The text that gives this value.
  public var text: String {
    switch self {
    case .fixed(let k): "\(k)"
    case .range(let range): "\(range.lowerBound)-\(range.upperBound)"
    }
  }
}

/// The settings of a clustering run; the defaults were chosen on the NEU steel defects.
public struct ClusteringSettings: Sendable, Equatable, Codable {
  /// J, the number of dyadic scales; the window is 2^J pixels.
  public var scales = 5
  /// L, the number of orientations over half a turn.
  public var orientations = 8
  /// The offset inside the logarithm, as a multiple of each coefficient's median.
  public var offset = 0.1
  /// Whether contrast is equalised first (CLAHE as scikit-image defines it).
  public var equalize = true
  /// The number of principal components; `nil`: 50, or a tenth of the images if that is less.
  public var components: Int?
  /// Whether components are scaled to unit variance.
  public var whiten = true
  /// Whitened components are limited to this many standard deviations before clustering, so that
  /// no extraordinary image pulls a centre towards itself (winsorising); 0 for no limit.
  public var limit = 3.0
  /// The number of clusters, or a range as `4-12`.
  public var clusters = "2-12"
  /// How many times k-means starts; the lowest inertia wins (Cohn & Holm 2020, section 3.1: 500).
  public var starts = 500
  /// The seed of every random choice.
  public var seed: UInt64 = 0
  /// Folds of the cross-validation; 0 for none.
  public var folds = 0

  /// The defaults.
  public init() {}

  /// Component scores as the clustering sees them: limited when they are whitened.
  func limited(_ scores: Tensor<Float>) -> Tensor<Float> {
    guard whiten, limit > 0 else { return scores }
    let bound = Float(limit)
    return Tensor(shape: scores.shape, scalars: scores.scalars.map { max(-bound, min(bound, $0)) })
  }

  /// The number of components used for `count` images.
  func componentCount(forImages count: Int) -> Int {
    components ?? min(50, max(2, count / 10), max(1, count - 1))
  }
}

extension ClusteringSettings {
  /// What is wrong with settings that a file or a caller gives; `nil` when they can be used.
  public var fault: String? {
    if !(1...8).contains(scales) { return "scales lie from 1 to 8, not at \(scales)" }
    if !(1...32).contains(orientations) {
      return "orientations lie from 1 to 32, not at \(orientations)"
    }
    if !(offset > 0 && offset <= 1e6) { return "the offset lies above 0, not at \(offset)" }
    if !(limit >= 0 && limit.isFinite) { return "the limit lies from 0 on, not at \(limit)" }
    if let components, components < 1 { return "\(components) components are none" }
    if ClusterCount(clusters) == nil { return "clusters: '\(clusters)' is no number or range" }
    if !(1...1_000_000).contains(starts) { return "starts lie from 1 to 1000000, not at \(starts)" }
    if folds != 0, !(2...100).contains(folds) {
      return "folds lie from 2 to 100, or are 0, not \(folds)"
    }
    return nil
  }
}
