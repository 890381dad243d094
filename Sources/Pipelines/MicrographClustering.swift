// The main job: group micrographs by texture, without labels.
//
// Implements: R. Cohn, E. Holm, "Unsupervised machine learning via transfer learning and k-means
//   clustering to classify materials image data", Integr. Mater. Manuf. Innov. 10 (2021) 231,
//   section 3.1 (equalise, represent, whitened PCA, k-means++ with many starts, lowest inertia).
// Equation -> code: steps 1-3 `FeatureExtraction`, 4 `PCA`, 5-6 `KMeans`; precision and recall,
//   equations 1-2, `ConfusionMatrix`.
// Deviations: the default representation is the log scattering transform (J. Bruna, S. Mallat, IEEE
//   Trans. Pattern Anal. Mach. Intell. 35 (2013) 1872) at native size, which needs no trained
//   weights; VGG16's fc1 at 224 x 224 and any other layer when the user has the weights.
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
  /// The network, where the settings name one.
  public var network: FeatureNetwork?
  /// Bytes of memory that may be used; `nil` for what the system has left.
  public var memory: UInt64?
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
    var job = MicrographFeatures(images: images, settings: settings, network: network)
    job.labels = labels
    job.journalFolder = journalFolder
    job.resume = resume
    job.strict = strict
    job.memory = memory
    let set = try job.run(progress: progress)
    guard set.records.count >= 2 else {
      throw PipelineError.tooFewImages(usable: set.records.count, failures: set.failures)
    }
    var resolved = settings
    if settings.usesNetwork { resolved.weights = network?.identity }
    return try MicrographClustering.cluster(set, of: images, resolved, progress: progress)
  }

  /// Fits and scores a model on features that are there already.
  ///
  /// - Parameters:
  ///   - set: the features, of two images at least.
  ///   - images: the images that they are of.
  ///   - settings: those that the features were made with, and all others.
  ///   - progress: told of each step.
  /// - Returns: the model and the scores of the images.
  /// - Throws: `PipelineError`, what the estimators throw, `Interrupted`.
  public static func cluster(
    _ set: FeatureSet, of images: ImageSet, _ settings: ClusteringSettings,
    progress: ProgressHandler? = nil
  ) throws -> ClusteringResult {
    if let fault = settings.fault { throw PipelineError.unsuitable(fault) }
    let training = TrainingSet(set)
    let fit = try ModelFit(training, settings, progress)
    let folds = try settings.folds > 0 ? crossValidate(training, settings, progress) : []
    return try ClusteringResult(
      settings: settings, images: images, extracted: set, fit: fit, folds: folds)
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
  /// The weights are not those that a model or an earlier run was made with.
  case otherWeights(expected: WeightsIdentity, found: WeightsIdentity)

  /// The images that cannot be used.
  public var failures: [FailedImage] {
    switch self {
    case .tooFewImages(_, let failures), .noImages(let failures): failures
    case .unsuitable, .otherWeights: []
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
    case .otherWeights(let expected, let found):
      return "\(found.file): these are not the weights of \(expected.file) that the model was made "
        + "with (SHA-256 \(found.sha256.prefix(16))... instead of \(expected.sha256.prefix(16))...)"
    }
  }
}
