// How images become numbers and a map: options that settings are made of.

import ArgumentParser
import Files
import Pipelines
import WeightFormats

extension FeaturePooling: ExpressibleByArgument {}
extension CLAHEPreset: ExpressibleByArgument {}
extension ClusterSpace: ExpressibleByArgument {}
extension PCASolver: ExpressibleByArgument {}
extension ClusterSeeding: ExpressibleByArgument {}

/// How images become numbers.
struct FeatureOptions: ParsableArguments {
  @Option(help: "scattering (default), or NETWORK:LAYER: vgg16:fc1, resnet18:avgpool, ...")
  var features: String?

  @Option(
    help: "The file of the network's weights (default: a published one, where they are kept).")
  var weights: String?

  @Option(
    help: """
      What becomes of a layer with rows and columns: flatten (default, as Cohn & Holm), mean, max \
      or mean+max of each channel.
      """)
  var pooling: FeaturePooling?

  @Option(help: "keras or torchvision (default: that of the weights).")
  var preprocessing: String?

  @Option(help: "Rows and columns of the network's input (default: those of its training).")
  var side: Int?

  @Flag(inversion: .prefixedNo, help: "Round resized pictures to 8 bits (on by default).")
  var rounding: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: "Preprocess before resizing, stretch each picture to 0...255 (code of 2018).")
  var kitaharaLegacy: Bool?

  @Flag(help: "Never use Winograd's algorithm in a network's convolutions.")
  var exact = false

  @Option(
    help: "Cut micrographs into square patches of so many pixels, on a grid about the centre.")
  var patch: Int?

  @Option(help: "Columns and rows of the grid, as 8x7 (default: what fits with a margin).")
  var patchGrid: String?

  @Option(
    help: "Dyadic scales J of the scattering transform; the window is 2^J pixels (default 5).")
  var scales: Int?

  @Option(help: "Orientations L over half a turn (default 8).")
  var orientations: Int?

  @Option(help: "Offset of the logarithm in medians of each coefficient (default 0.1).")
  var offset: Double?

  @Flag(inversion: .prefixedNo, help: "Equalise contrast first (CLAHE; on by default).")
  var equalize: Bool?

  @Option(help: "Whose rules of equalisation: scikit-image's current (default) or 0.17.")
  var clahe: CLAHEPreset?

  @Option(help: "Principal components (default 50, or a tenth of the images if that is less).")
  var components: Int?

  @Flag(inversion: .prefixedNo, help: "Scale components to unit variance (on by default).")
  var whiten: Bool?

  @Option(
    help: "full, randomized, or automatic: full up to 1024 images or features (default).")
  var solver: PCASolver?

  @Option(
    help: """
      Limit whitened components to so many standard deviations; 0: none (default 3, with a network 0).
      """)
  var limit: Double?

  @Option(help: "What is grouped: features, components (default) or embedding.")
  var clusterOn: ClusterSpace?

  @Option(help: "Gigabytes of memory that may be used (default: what the system has left).")
  var memory: Double?

  /// `memory` in bytes.
  var memoryBytes: UInt64? { memory.map { UInt64(min(max(0, $0), 1e9) * 1e9) } }

  func validate() throws {
    if let features, FeatureSource(features) == nil {
      throw ValidationError(
        "--features takes scattering or NETWORK:LAYER, NETWORK one of "
          + FeatureSource.networks.joined(separator: ", ") + ", not \(features).")
    }
    if let memory, !(memory > 0) {
      throw ValidationError("--memory takes gigabytes above 0, not \(memory).")
    }
    if let limit, !(limit >= 0) {
      throw ValidationError("--limit takes a number from 0 on, not \(limit).")
    }
    if let scales, !(1...8).contains(scales) {
      throw ValidationError("--scales takes 1 to 8, not \(scales).")
    }
    if let orientations, !(1...32).contains(orientations) {
      throw ValidationError("--orientations takes 1 to 32, not \(orientations).")
    }
    if let offset, !(offset > 0 && offset <= 1e6) {
      throw ValidationError("--offset takes a number above 0, not \(offset).")
    }
    if let components, components < 1 {
      throw ValidationError("--components takes a whole number above 0, not \(components).")
    }
  }

  /// Puts what was given in place of what stands in `settings`.
  func apply(to settings: inout ClusteringSettings) {
    if let features {
      if features != settings.features { settings.weights = nil }
      settings.features = features
    }
    if weights != nil { settings.weights = nil }
    if let pooling { settings.pooling = pooling }
    if let preprocessing { settings.preprocessing = preprocessing }
    if let side { settings.side = side }
    if let rounding { settings.roundsToBytes = rounding }
    if let kitaharaLegacy { settings.kitaharaLegacy = kitaharaLegacy }
    if exact { settings.exact = true }
    if let patch { settings.patch = patch }
    if let patchGrid { settings.patchGrid = patchGrid }
    if let scales { settings.scales = scales }
    if let orientations { settings.orientations = orientations }
    if let offset { settings.offset = offset }
    if let equalize { settings.equalize = equalize }
    if let clahe { settings.clahe = clahe }
    if let components { settings.components = components }
    if let whiten { settings.whiten = whiten }
    if let solver { settings.solver = solver }
    if let limit { settings.limit = limit }
    if let clusterOn { settings.clusterOn = clusterOn }
  }
}

/// How the t-SNE map is made.
struct EmbeddingOptions: ParsableArguments {
  enum Method: String, ExpressibleByArgument, CaseIterable {
    case none
    case tsne
  }

  @Option(help: "A map of the components in two dimensions: none (default) or tsne.")
  var embedding: Method?

  @Option(help: "The map's smooth number of neighbours (default 30).") var perplexity: Double?
  @Option(help: "Steps of each map (default 1000).") var iterations: Int?
  @Option(help: "Maps made; the lowest divergence wins (default 1; published: 10).") var maps: Int?
  @Option(help: "The seed of the maps (default: that of the run).") var mapSeed: UInt64?
  @Option(help: "Where the points begin: pca (default) or random.") var mapStart: String?
  @Option(help: "Trade-off of the map's tree, 0 (exact) to 1 (default 0.5).") var theta: Double?
  @Option(help: "Length of a step (default: the larger of images / 12 and 50).")
  var learningRate: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Draw the map of whitened components (off by default, as published).")
  var mapWhiten: Bool?

  /// Puts what was given in place of what stands in `settings`.
  ///
  /// - Throws: `CommandFailure` when the map of an option is not made.
  func apply(to settings: inout ClusteringSettings) throws {
    if embedding == Method.none { settings.embedding = nil }
    if embedding == .tsne { settings.embedding = settings.embedding ?? EmbeddingSettings() }
    guard var chosen = settings.embedding else {
      let given: [(Bool, String)] = [
        (perplexity != nil, "--perplexity"), (iterations != nil, "--iterations"),
        (maps != nil, "--maps"), (mapSeed != nil, "--map-seed"), (mapStart != nil, "--map-start"),
        (theta != nil, "--theta"), (learningRate != nil, "--learning-rate"),
        (mapWhiten != nil, "--map-whiten"),
      ]
      if let (_, name) = given.first(where: { $0.0 }) {
        throw CommandFailure("\(name) needs --embedding tsne", .usage)
      }
      return
    }
    if let perplexity { chosen.perplexity = perplexity }
    if let iterations { chosen.iterations = iterations }
    if let maps { chosen.starts = maps }
    if let mapSeed { chosen.seed = mapSeed }
    if let mapStart { chosen.start = mapStart }
    if let theta { chosen.theta = theta }
    if let learningRate { chosen.learningRate = learningRate }
    if let mapWhiten { chosen.whiten = mapWhiten }
    settings.embedding = chosen
  }
}

/// The weight file of a run: the named one, that of the repeated run, or a published one.
///
/// - Returns: `nil` without a network.
/// - Throws: `CommandFailure` with status 5 that says which file to fetch and where to put it.
func featureWeights(_ record: RunRecord, named name: String?) throws(CommandFailure) -> String? {
  if name == nil, record.settings.usesNetwork, record.settings.weights != nil,
    let path = record.weights, pathExists(path)
  {
    return path
  }
  return try featureWeights(record.settings, named: name)
}

/// The weight file that settings need.
func featureWeights(
  _ settings: ClusteringSettings, named name: String?
) throws(CommandFailure) -> String? {
  guard case .network(let network, _) = settings.source else {
    if let name {
      throw CommandFailure("--weights \(name) needs --features NETWORK:LAYER", .usage)
    }
    return nil
  }
  if name == nil, let known = settings.weights {
    let path = "\(PublishedWeights.folder)/\(known.file)"
    if pathExists(path) { return path }
    throw CommandFailure(
      "\(known.file), SHA-256 \(known.sha256): the weights that the model was made with are not in "
        + "\(PublishedWeights.folder); put them there or give --weights FILE", .modelMissing)
  }
  return try weightFile(name, for: network)
}

/// Reads the network of the features.
///
/// - Throws: `CommandFailure`: status 5 for a file that cannot be used, 2 for a layer that is not
///   there.
func loadFeatureNetwork(
  _ path: String, _ settings: ClusteringSettings
) throws -> FeatureNetwork {
  do {
    return try FeatureNetwork(contentsOf: path, settings)
  } catch let error as FormatError {
    throw CommandFailure(error.description, .modelMissing)
  } catch let error as PipelineError {
    throw CommandFailure(error.description, .usage)
  }
}
