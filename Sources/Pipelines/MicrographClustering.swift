// The main job: group micrographs by texture, without labels.
//
// Implements: R. Cohn, E. Holm, "Unsupervised machine learning via transfer learning and k-means
//   clustering to classify materials image data", Integr. Mater. Manuf. Innov. 10 (2021) 231,
//   section 3.1 (equalise, represent, whitened PCA, k-means++ with many starts, lowest inertia).
// Equation -> code: steps 1-3 `FeatureExtraction`, 4 `PCA`, 5-6 `KMeans`; precision and recall,
//   equations 1-2, `ConfusionMatrix`.
// Deviations: the representation is the log scattering transform (J. Bruna, S. Mallat, IEEE Trans.
//   Pattern Anal. Mach. Intell. 35 (2013) 1872) at native size instead of VGG16's fc1 at 224 x 224:
//   it needs no trained weights.
// Checked by: MicrographClusteringTests.
// Cost: 10 ms an image and core for features, then about 2 s for 1,800 images.

import Estimators
import Files
import NeuralNetworks
import Tensors

/// Groups the images of a set by texture.
public struct MicrographClustering: Sendable {
  /// The images.
  public var images: ImageSet
  /// Where true classes come from; used for scores and for naming clusters only.
  public var labels: LabelSource
  /// The settings.
  public var settings: ClusteringSettings
  /// The folder where finished records are kept; `nil` for none.
  public var journalFolder: String?
  /// Whether finished records of an earlier run are used.
  public var resume = true
  /// Whether the run stops at the first image that cannot be used.
  public var strict = false

  /// A run over a set of images.
  public init(images: ImageSet, labels: LabelSource, settings: ClusteringSettings) {
    self.images = images
    self.labels = labels
    self.settings = settings
  }

  /// Extracts features, fits the model, scores it.
  ///
  /// - Throws: `PipelineError`, `FormatError` (labels, journal, or an image in strict mode),
  ///   `Interrupted`.
  public func run(progress: ProgressHandler? = nil) throws -> ClusteringResult {
    if let fault = settings.fault { throw PipelineError.unsuitable(fault) }
    let classes = try ClassLabels(labels, for: images.names)
    let extraction = FeatureExtraction(settings: settings)
    let journal = try journalFolder.map { folder throws(FormatError) in
      try RecordJournal(folder: folder, fingerprint: extraction.fingerprint, anew: !resume)
    }
    let set = try extraction.run(images, journal: journal, strict: strict, progress: progress)
    guard set.records.count >= 2 else {
      throw PipelineError.tooFewImages(usable: set.records.count, failures: set.failures)
    }
    return try analyse(set, classes, progress)
  }

  /// Fits and scores the model on extracted features.
  private func analyse(
    _ set: ExtractedSet, _ classes: ClassLabels, _ progress: ProgressHandler?
  ) throws -> ClusteringResult {
    let classNames = classes.classNames(among: set.names)
    let truth = set.names.map { name in
      classes.classOf(name).flatMap { classNames.firstIndex(of: $0) }
    }
    let training = TrainingSet(
      features: set.features, truth: truth, classNames: classNames,
      hashes: set.records.map(\.hash), names: set.names)
    let fit = try ModelFit(training, settings, progress)
    let folds = try settings.folds > 0 ? crossValidate(training, settings, progress) : []
    return try ClusteringResult(
      settings: settings, images: images, extracted: set, truth: truth, fit: fit, folds: folds,
      warnings: classes.warnings)
  }
}

/// Why a pipeline cannot give a result.
public enum PipelineError: Error, Sendable, CustomStringConvertible {
  /// There are not enough images that can be used.
  case tooFewImages(usable: Int, failures: [FailedImage])
  /// No image can be used.
  case noImages(failures: [FailedImage])
  /// A setting does not suit the images.
  case unsuitable(String)

  /// The images that cannot be used.
  public var failures: [FailedImage] {
    switch self {
    case .tooFewImages(_, let failures), .noImages(let failures): failures
    case .unsuitable: []
    }
  }

  /// Whether other options would help, rather than other images.
  public var isUsage: Bool {
    if case .unsuitable = self { true } else { false }
  }

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .tooFewImages(let usable, let failures):
      let reason = failures.first.map { "; the first that cannot be used: \($0.problem)" } ?? ""
      return "only \(usable) images can be used, clustering needs 2 at least\(reason)"
    case .noImages(let failures):
      return failures.count == 1
        ? "the image cannot be used: \(failures[0].problem)"
        : "none of the \(failures.count) images can be used"
    case .unsuitable(let text): return text
    }
  }
}

/// Features of images with what is known of them.
struct TrainingSet: Sendable {
  var features: Tensor<Float>
  var truth: [Int?]
  var classNames: [String]
  var hashes: [String]
  var names: [String]

  var count: Int { features.shape[0] }

  func selecting(_ indices: [Int]) -> TrainingSet {
    TrainingSet(
      features: features.rows(indices), truth: indices.map { truth[$0] }, classNames: classNames,
      hashes: indices.map { hashes[$0] }, names: indices.map { names[$0] })
  }
}

/// A model with what was computed on the way.
struct ModelFit: Sendable {
  var model: ClusterModel
  /// Log coefficients of the training images.
  var logs: Tensor<Float>
  /// Their principal components.
  var scores: Tensor<Float>
  /// The share of the variance of every component, kept or not.
  var varianceRatios: [Double]
  /// The criterion of each number of clusters that was tried.
  var criteria: [(clusters: Int, value: Double?)]

  /// Fits log scattering, principal components, clusters, classes and novelty limits.
  init(_ training: TrainingSet, _ settings: ClusteringSettings, _ progress: ProgressHandler?) throws
  {
    let steps = ProgressCounter("model", total: 3, progress)
    let normalisation = try LogScattering(fitting: training.features, offset: settings.offset)
    logs = try normalisation(training.features)
    let components = settings.componentCount(forImages: training.count)
    let largest = min(training.count - 1, logs.shape[1])
    guard largest >= 1 else {
      throw PipelineError.unsuitable("the images have no texture: every coefficient is 0")
    }
    guard components <= largest else {
      throw PipelineError.unsuitable(
        "\(components) components need more than \(components) images and coefficients; "
          + "give --components \(max(1, largest)) or fewer")
    }
    let everything = try PCA.fit(logs, components: .all, whitens: settings.whiten)
    let pca = everything.keeping(components)
    scores = try pca.transform(logs)
    varianceRatios = everything.explainedVarianceRatio
    steps.advance()
    let (clusters, tried) = try ModelFit.clusters(of: settings.limited(scores), settings)
    criteria = tried
    steps.advance()
    let limits = try noveltyLimits(
      logs: logs, labels: clusters.labels, clusters: clusters.clusters, components: components,
      settings)
    model = ClusterModel(
      settings: settings, normalisation: normalisation, pca: pca, clusters: clusters,
      classNames: training.classNames,
      clusterClasses: ClusterMapping(
        labels: clusters.labels, truth: training.truth, clusters: clusters.clusters
      ).classes,
      limits: limits, inputHashes: training.hashes)
    steps.advance()
  }

  /// k-means with the given number of clusters, or with the best of a range.
  private static func clusters(
    of scores: Tensor<Float>, _ settings: ClusteringSettings
  ) throws -> (KMeans, [(clusters: Int, value: Double?)]) {
    let options = KMeansOptions(starts: settings.starts)
    switch ClusterCount(settings.clusters) {
    case .fixed(let k):
      guard k <= scores.shape[0] else {
        throw PipelineError.unsuitable("\(k) clusters need at least \(k) images; give fewer")
      }
      return (try KMeans(scores, clusters: k, options: options, seed: settings.seed), [])
    case .range(let range):
      let upper = min(range.upperBound, scores.shape[0] - 1)
      guard range.lowerBound <= upper else {
        throw PipelineError.unsuitable(
          "\(range.lowerBound) clusters need more than \(range.lowerBound) images; give fewer")
      }
      let exact = Tensor(shape: scores.shape, scalars: scores.scalars.map { Double($0) })
      let choice = try ClusterCountChoice(
        exact, clusters: range.lowerBound...upper, options: options, seed: settings.seed)
      return (choice.best, zip(choice.counts, choice.values).map { (clusters: $0, value: $1) })
    case nil: throw PipelineError.unsuitable("clusters: \(settings.clusters) is no number or range")
    }
  }
}

extension PCA {
  /// The number of components.
  public var componentCount: Int { components.shape[0] }

  /// The same model with its first `count` components alone.
  func keeping(_ count: Int) -> PCA {
    let d = mean.count
    return PCA(
      mean: mean,
      components: Tensor(shape: [count, d], scalars: Array(components.scalars.prefix(count * d))),
      explainedVariance: Array(explainedVariance.prefix(count)),
      explainedVarianceRatio: Array(explainedVarianceRatio.prefix(count)),
      singularValues: Array(singularValues.prefix(count)),
      noiseVariance: explainedVariance.dropFirst(count).reduce(0, +)
        / Double(max(1, explainedVariance.count - count)), whitens: whitens)
  }
}
