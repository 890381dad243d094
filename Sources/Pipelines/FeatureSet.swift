// The features of a set of images: one row an image or patch, with all that later steps need.

import Files
import Tensors

/// The features of all images of a set that can be used.
public struct FeatureSet: Sendable {
  /// The names, in the order of the contents' hashes; a patch is called `image.tif#r3c5`.
  public var names: [String]
  /// The name of the image that each row was cut from; the name itself for whole images.
  public var parents: [String]
  /// The paths of the images.
  public var paths: [String]
  /// Features, thumbnails, histograms.
  public var records: [MicrographRecord]
  /// The images that cannot be used, by name.
  public var failures: [FailedImage]
  /// The names of the classes, in the order of their letters; empty when none are known.
  public var classNames: [String] = []
  /// The class of each row; `nil` where it is not known.
  public var truth: [Int?] = []
  /// What the user should know of the labels.
  public var warnings: [String] = []

  /// The features: shape (n, d).
  public var features: Tensor<Float> {
    let width = records.first?.features.count ?? 0
    var scalars: [Float] = []
    scalars.reserveCapacity(records.count * width)
    for record in records { scalars += record.features }
    return Tensor(shape: [records.count, width], scalars: scalars)
  }

  /// What identifies the contents of each row: the hash of its file, and the patch.
  public var keys: [String] { records.map { $0.hash + $0.suffix } }

  /// Splits outcomes into records, ordered by content hash, patch and name, and failures.
  init(_ set: ImageSet, _ outcomes: [Result<[MicrographRecord], FormatError>]) {
    var usable: [(parent: String, path: String, record: MicrographRecord)] = []
    failures = []
    for (index, outcome) in outcomes.enumerated() {
      switch outcome {
      case .success(let records):
        usable += records.map { (set.names[index], set.paths[index], $0) }
      case .failure(let error):
        failures.append(
          FailedImage(name: set.names[index], problem: error.description, reason: error.problem))
      }
    }
    usable.sort { a, b in
      let (p, q) = (a.record, b.record)
      return (p.hash, p.patchRow, p.patchColumn, a.parent)
        < (q.hash, q.patchRow, q.patchColumn, b.parent)
    }
    names = usable.map { $0.parent + $0.record.suffix }
    parents = usable.map(\.parent)
    paths = usable.map(\.path)
    records = usable.map(\.record)
    truth = [Int?](repeating: nil, count: usable.count)
  }

  /// Gives each row the class of its image.
  mutating func label(_ labels: ClassLabels) {
    classNames = labels.classNames(among: parents)
    truth = parents.map { name in
      labels.classOf(name).flatMap { classNames.firstIndex(of: $0) }
    }
    warnings += labels.warnings
  }
}

/// Computes the features of a set of images, or takes them from the journal of an earlier run.
public struct MicrographFeatures: Sendable {
  /// The images.
  public var images: ImageSet
  /// Where true classes come from.
  public var labels: LabelSource = .none
  /// The settings.
  public var settings: ClusteringSettings
  /// The network, where the settings name one.
  public var network: FeatureNetwork?
  /// The folder where finished records are kept; `nil` for none.
  public var journalFolder: String?
  /// Whether finished records of an earlier run are used.
  public var resume = true
  /// Whether the run stops at the first image that cannot be used.
  public var strict = false
  /// The part of the images that this run does; `nil` for all, the journals of parts included.
  public var shard: Shard?
  /// Bytes of memory that may be used; `nil` for what the system has left.
  public var memory: UInt64?

  /// Features of images by these settings.
  public init(images: ImageSet, settings: ClusteringSettings, network: FeatureNetwork? = nil) {
    (self.images, self.settings, self.network) = (images, settings, network)
  }

  /// Reads or computes the features of every image.
  ///
  /// - Throws: `PipelineError`, `FormatError` (labels, journal, or an image in strict mode),
  ///   `Interrupted`.
  public func run(progress: ProgressHandler? = nil) throws -> FeatureSet {
    if let fault = settings.fault { throw PipelineError.unsuitable(fault) }
    let classes = try ClassLabels(labels, for: images.names)
    var extraction = try FeatureExtraction(settings: settings, network: network)
    if let memory { extraction.memory = memory }
    let journal = try journalFolder.map { folder throws(FormatError) in
      try RecordJournal(
        folder: folder, fingerprint: extraction.fingerprint, shard: shard, anew: !resume)
    }
    let part = shard.map { shard in images.selecting(shard.places(of: images.paths.count)) }
    var set = try extraction.run(
      part ?? images, journal: journal, strict: strict, progress: progress)
    set.label(classes)
    return set
  }
}
