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

/// How principal components are found.
public enum PCASolver: String, Codable, Sendable, CaseIterable {
  /// `full` where the smaller extent is at most 1024, else `randomized`.
  case automatic
  /// A full singular value decomposition, as both papers.
  case full
  /// The leading components from a random sample of the range.
  case randomized
}

/// The settings of a clustering run; the defaults were chosen on the NEU steel defects.
public struct ClusteringSettings: Sendable, Equatable, Codable {
  /// Where features come from: `scattering`, or `NETWORK:LAYER` as `vgg16:fc1`.
  public var features = "scattering"
  /// What becomes of a network's layer that has rows and columns.
  public var pooling = FeaturePooling.flatten
  /// The file of the network's weights, as a run has found it.
  public var weights: WeightsIdentity?
  /// `keras` or `torchvision`; `nil` for that of the weights.
  public var preprocessing: String?
  /// Rows and columns of the network's input; `nil` for those that the weights were trained with.
  public var side: Int?
  /// Whether resized pictures are rounded to 8 bits, as by way of a file (Cohn & Holm's code).
  public var roundsToBytes = true
  /// Whether preprocessing comes before the change of size, and each picture is stretched to 0...255
  /// (the code of Kitahara & Holm, 2018).
  public var kitaharaLegacy = false
  /// Whether the network convolves by the sums of the definition alone, never by Winograd's algorithm.
  public var exact = false
  /// The side of square patches that micrographs are cut into; `nil` for whole micrographs.
  public var patch: Int?
  /// Columns and rows of the grid of patches, as `8x7`; `nil` for what fits, see `PatchGrid`.
  public var patchGrid: String?
  /// J, the number of dyadic scales; the window is 2^J pixels.
  public var scales = 5
  /// L, the number of orientations over half a turn.
  public var orientations = 8
  /// The offset inside the logarithm, as a multiple of each coefficient's median.
  public var offset = 0.1
  /// Whether contrast is equalised first (CLAHE as scikit-image defines it).
  public var equalize = true
  /// Whose rules of equalisation hold.
  public var clahe = CLAHEPreset.current
  /// The number of principal components; `nil`: 50, or a tenth of the images if that is less.
  public var components: Int?
  /// Whether components are scaled to unit variance.
  public var whiten = true
  /// How components are found.
  public var solver = PCASolver.automatic
  /// Whitened components are limited to this many standard deviations before clustering, so that
  /// no extraordinary image pulls a centre towards itself (winsorising); 0 for no limit, `nil` for
  /// 3 with scattering and 0 with a network, as published.
  public var limit: Double?
  /// The t-SNE map; `nil` for none.
  public var embedding: EmbeddingSettings?
  /// What k-means groups.
  public var clusterOn = ClusterSpace.components
  /// The number of clusters, or a range as `4-12`.
  public var clusters = "2-12"
  /// How many times k-means starts; the lowest inertia wins (Cohn & Holm 2020, section 3.1: 500).
  public var starts = 500
  /// How the centres of k-means begin.
  public var seeding = ClusterSeeding.plusPlus
  /// The seed of every random choice.
  public var seed: UInt64 = 0
  /// Folds of the cross-validation; 0 for none.
  public var folds = 0

  /// The defaults.
  public init() {}

  /// The source of the features; `nil` when `features` names none.
  public var source: FeatureSource? { FeatureSource(features) }

  /// Whether features come from a network.
  public var usesNetwork: Bool {
    if case .network = source { true } else { false }
  }

  /// `limit`, or what stands for it.
  public var effectiveLimit: Double { limit ?? (usesNetwork ? 0 : 3) }

  /// Component scores as the clustering sees them: limited when they are whitened.
  func limited(_ scores: Tensor<Float>) -> Tensor<Float> {
    guard whiten, effectiveLimit > 0 else { return scores }
    let bound = Float(effectiveLimit)
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
    if let limit, !(limit >= 0 && limit.isFinite) {
      return "the limit lies from 0 on, not at \(limit)"
    }
    if let components, components < 1 { return "\(components) components are none" }
    if ClusterCount(clusters) == nil { return "clusters: '\(clusters)' is no number or range" }
    if !(1...1_000_000).contains(starts) { return "starts lie from 1 to 1000000, not at \(starts)" }
    if folds != 0, !(2...100).contains(folds) {
      return "folds lie from 2 to 100, or are 0, not \(folds)"
    }
    return representationFault ?? embedding?.fault
  }

  /// What is wrong with the choice of the representation.
  private var representationFault: String? {
    if source == nil {
      return "features: '\(features)' is neither scattering nor NETWORK:LAYER with one of "
        + FeatureSource.networks.joined(separator: ", ")
    }
    if let preprocessing, !["keras", "torchvision"].contains(preprocessing) {
      return "preprocessing is keras or torchvision, not '\(preprocessing)'"
    }
    if let side, !(8...4096).contains(side) {
      return "the side lies from 8 to 4096, not at \(side)"
    }
    if let patch, !(8...65536).contains(patch) {
      return "the side of a patch lies from 8 to 65536, not at \(patch)"
    }
    if let patchGrid, patch == nil || PatchGrid.extents(patchGrid) == nil {
      return "a grid of patches is written 8x7 and needs the side of a patch, not '\(patchGrid)'"
    }
    if seeding == .drawn, case .range = ClusterCount(clusters) {
      return "drawn centres need one number of clusters, not \(clusters)"
    }
    if clusterOn == .embedding && embedding == nil {
      return "clustering on the embedding needs one: --embedding tsne"
    }
    return nil
  }
}

extension ClusteringSettings {
  /// Reads settings; those that came with version 2 of the model's format may be missing.
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func optional<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
      value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
    }
    try optional(.features, &features)
    try optional(.pooling, &pooling)
    weights = try values.decodeIfPresent(WeightsIdentity.self, forKey: .weights)
    preprocessing = try values.decodeIfPresent(String.self, forKey: .preprocessing)
    side = try values.decodeIfPresent(Int.self, forKey: .side)
    try optional(.roundsToBytes, &roundsToBytes)
    try optional(.kitaharaLegacy, &kitaharaLegacy)
    try optional(.exact, &exact)
    patch = try values.decodeIfPresent(Int.self, forKey: .patch)
    patchGrid = try values.decodeIfPresent(String.self, forKey: .patchGrid)
    scales = try values.decode(Int.self, forKey: .scales)
    orientations = try values.decode(Int.self, forKey: .orientations)
    offset = try values.decode(Double.self, forKey: .offset)
    equalize = try values.decode(Bool.self, forKey: .equalize)
    try optional(.clahe, &clahe)
    components = try values.decodeIfPresent(Int.self, forKey: .components)
    whiten = try values.decode(Bool.self, forKey: .whiten)
    try optional(.solver, &solver)
    limit = try values.decodeIfPresent(Double.self, forKey: .limit)
    embedding = try values.decodeIfPresent(EmbeddingSettings.self, forKey: .embedding)
    try optional(.clusterOn, &clusterOn)
    clusters = try values.decode(String.self, forKey: .clusters)
    starts = try values.decode(Int.self, forKey: .starts)
    try optional(.seeding, &seeding)
    seed = try values.decode(UInt64.self, forKey: .seed)
    folds = try values.decode(Int.self, forKey: .folds)
  }
}
