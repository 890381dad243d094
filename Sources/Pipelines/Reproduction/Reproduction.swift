// `nital reproduce`: every table and figure of a published paper, printed and computed side by side.
//
// Implements: A. Kitahara, E. Holm, Integr. Mater. Manuf. Innov. 7 (2018) 148 (KitaharaParts); R.
//   Cohn, E. Holm, Integr. Mater. Manuf. Innov. 10 (2021) 231 (CohnParts).
// Deviations: those of each part, stated in the report beside its numbers.
// Checked by: ReproductionTests, command_line.sh.
// Cost: features, then seconds (smoke) to an hour (paper) for 1,800 images on two cores.

import Files
import Reporting
import Tensors

/// The papers that can be reproduced from labelled images.
public enum ReproducedPaper: String, CaseIterable, Sendable, Codable {
  /// Kitahara & Holm 2018.
  case kitahara
  /// Cohn & Holm 2021.
  case cohn
}

/// Which images name the clusters for held-out images.
public enum ClusterNaming: String, CaseIterable, Sendable, Codable {
  /// The training images: nothing of the held-out images is known.
  case train
  /// The held-out images themselves, as published: a leak.
  case split
}

/// What a reproduction can be told.
public struct ReproductionSettings: Sendable, Equatable, Codable {
  /// The paper.
  public var paper: ReproducedPaper
  /// How images become numbers; what concerns clusters in it does not count.
  public var chain = ClusteringSettings()
  /// How much counting is done.
  public var preset = ReproductionPreset.small
  /// The names of the parts that are wanted; empty for all.
  public var only: [String] = []
  /// The seed of every random choice.
  public var seed: UInt64 = 0
  /// Which way of naming clusters comes first in the tables; both are printed.
  public var naming = ClusterNaming.train

  /// The defaults for a paper.
  public init(_ paper: ReproducedPaper) { self.paper = paper }
}

/// Reproduces a paper on labelled images.
public struct Reproduction: Sendable {
  /// The images.
  public var images: ImageSet
  /// Where true classes come from.
  public var labels: LabelSource
  /// The settings.
  public var settings: ReproductionSettings
  /// The folder for results and for finished work.
  public var folder: String
  /// Whether finished work of an earlier run is used.
  public var resume = true
  /// The part of the work that this process does; `nil` for all of it and the report.
  public var shard: Shard?
  /// The network of the features, where they need one.
  public var network: FeatureNetwork?
  /// The weight file that it was read from, for rows that need another of its layers.
  public var weights: String?

  /// A reproduction whose results go into `folder`.
  public init(
    images: ImageSet, labels: LabelSource, settings: ReproductionSettings, folder: String
  ) {
    self.images = images
    self.labels = labels
    self.settings = settings
    self.folder = folder
  }

  /// Does the work and puts the report together.
  ///
  /// - Returns: the outcome; for a shard one without parts.
  /// - Throws: `PipelineError`, `FormatError`, `Interrupted`, errors of the estimators.
  public func run(progress: ProgressHandler? = nil) throws -> ReproductionResult {
    if let fault = settings.chain.fault { throw PipelineError.unsuitable(fault) }
    let source = ReproductionSource(self, progress)
    let set = try source.extracted(source.standard)
    let images = try LabelledImages(set, settings.chain)
    let fingerprint =
      "reproduce "
      + zip(images.keys, images.truth)
      .map { "\($0):\($1)" }.joined(separator: ",")
    let store = try UnitStore(
      folder: folder, fingerprint: fingerprint, shard: shard, anew: !resume)
    let study = try PaperStudy(images, source, store, settings)
    let run = try runParts(
      settings.paper == .cohn ? cohnParts(study) : kitaharaParts(study), only: settings.only,
      settings: "\(settings.paper.rawValue), preset \(settings.preset.rawValue), seed "
        + "\(settings.seed), named by \(settings.naming.rawValue), "
        + (try source.fingerprint(source.standard)), store: store, shard: shard, progress)
    return ReproductionResult(
      settings: settings, images: images, run: run, computedUnits: store.computedCount,
      representation: try study.representation().name, pictures: study.reportImages)
  }

  /// Computes the features of this shard's images alone, for later runs to find.
  ///
  /// - Returns: the images that cannot be used.
  /// - Throws: `PipelineError`, `FormatError`, `Interrupted`.
  public func extractFeatures(progress: ProgressHandler? = nil) throws -> [FailedImage] {
    if let fault = settings.chain.fault { throw PipelineError.unsuitable(fault) }
    let source = ReproductionSource(self, progress)
    let study = source.chains(of: settings.paper)
    return try study.flatMap { try source.extracted($0, ownPartAlone: true).failures }
  }
}

/// What single rows of Cohn & Holm need beside the standard representation.
enum PaperLayer: String, CaseIterable {
  /// VGG16's second dense layer.
  case fc2
  /// The last convolution of VGG16, after its rectifier.
  case block5Conv3 = "block5_conv3"
  /// The last pooled layer of VGG16.
  case block5Pool = "block5_pool"
}

/// The features of a set of images under several chains of settings, each extracted once.
final class ReproductionSource {
  private let job: Reproduction
  private let progress: ProgressHandler?
  private var sets: [String: FeatureSet] = [:]
  private var fingerprints: [String: String] = [:]

  init(_ job: Reproduction, _ progress: ProgressHandler?) {
    (self.job, self.progress) = (job, progress)
  }

  /// The chain of the standard analysis.
  var standard: ClusteringSettings {
    var chain = job.settings.chain
    chain.equalize = true
    return chain
  }

  /// The standard chain without equalisation.
  var unequalized: ClusteringSettings {
    var chain = standard
    chain.equalize = false
    return chain
  }

  /// The standard chain with another layer; `nil` where the network has none of that kind.
  func chain(_ layer: PaperLayer) -> ClusteringSettings? {
    guard case .network("vgg16", _) = standard.source else { return nil }
    var chain = standard
    chain.features = "vgg16:\(layer.rawValue)"
    return chain
  }

  /// Every chain that a paper needs.
  func chains(of paper: ReproducedPaper) -> [ClusteringSettings] {
    paper == .kitahara
      ? [standard] + [chain(.fc2)].compactMap { $0 }
      : [standard, unequalized] + PaperLayer.allCases.compactMap { chain($0) }
  }

  private func key(_ chain: ClusteringSettings) -> String {
    "\(chain.features) \(chain.equalize)"
  }

  /// The extraction of a chain; not kept, since it holds the network's weights.
  private func extraction(_ chain: ClusteringSettings) throws -> FeatureExtraction {
    var network = job.network
    if chain.features != job.settings.chain.features, let path = job.weights {
      network = try FeatureNetwork(contentsOf: path, chain)
    }
    return try FeatureExtraction(settings: chain, network: network)
  }

  /// What the features of a chain depend on beside the images.
  func fingerprint(_ chain: ClusteringSettings) throws -> String {
    if let known = fingerprints[key(chain)] { return known }
    let fingerprint = try extraction(chain).fingerprint
    fingerprints[key(chain)] = fingerprint
    return fingerprint
  }

  /// The features of all images, or of those of this process's shard.
  func extracted(
    _ chain: ClusteringSettings, ownPartAlone: Bool = false
  ) throws -> FeatureSet {
    if let set = sets[key(chain)] { return set }
    let extraction = try extraction(chain)
    let journal = try RecordJournal(
      folder: job.folder, fingerprint: extraction.fingerprint, shard: job.shard, anew: !job.resume)
    let own = ownPartAlone ? job.shard.map { $0.places(of: job.images.paths.count) } : nil
    var set = try extraction.run(
      own.map { job.images.selecting($0) } ?? job.images, journal: journal, strict: false,
      progress: progress)
    set.label(try ClassLabels(job.labels, for: job.images.names))
    if !ownPartAlone { sets[key(chain)] = set }
    return set
  }
}

/// What the parts of a paper draw on.
final class PaperStudy {
  let images: LabelledImages
  let settings: ReproductionSettings
  let store: UnitStore
  private let source: ReproductionSource
  private var representations: [String: Representation] = [:]

  init(
    _ images: LabelledImages, _ source: ReproductionSource, _ store: UnitStore,
    _ settings: ReproductionSettings
  ) throws {
    (self.images, self.source, self.store, self.settings) = (images, source, store, settings)
  }

  var preset: ReproductionPreset { settings.preset }

  /// What is done to an image before its features are found.
  var preparationText: String {
    settings.chain.usesNetwork
      ? "\(settings.chain.features), "
        + (settings.chain.side.map { "input of \($0) pixels" }
          ?? "input of the size it was trained with")
        + (settings.chain.kitaharaLegacy ? ", legacy order" : "")
      : "native size: scattering needs no fixed one"
  }

  /// The representation of the standard analysis.
  func representation() throws -> Representation {
    try representation(source.standard, settings.chain.features)
  }

  /// The same without equalisation.
  func unequalized() throws -> Representation {
    try representation(source.unequalized, "\(settings.chain.features) without equalisation")
  }

  /// Another layer of the network; `nil` where the features have none of that kind.
  func representation(layer: PaperLayer) throws -> Representation? {
    try source.chain(layer).map { try representation($0, $0.features) }
  }

  private func representation(
    _ chain: ClusteringSettings, _ name: String
  ) throws -> Representation {
    if let known = representations[name] { return known }
    let hash = SHA256.hash(of: Array(try source.fingerprint(chain).utf8)).prefix(12)
    let result = Representation(
      name, key: String(hash), truth: images.truth,
      preparation: chain.usesNetwork ? .none : .logScattering,
      store: store
    ) { [images, source] in try images.features(of: source.extracted(chain)) }
    representations[name] = result
    return result
  }
}
