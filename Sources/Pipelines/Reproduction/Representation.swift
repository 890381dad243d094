// One representation of a set of labelled images, and the work that both clustering papers do on it.
//
// Implements: the chain of A. Kitahara, E. Holm, Integr. Mater. Manuf. Innov. 7 (2018) 148, and of
//   R. Cohn, E. Holm, Integr. Mater. Manuf. Innov. 10 (2021) 231: features, PCA, t-SNE, k-means.
// Symbols: n images, d features, m = min(n, d) components.
// Deviations: k-means stops when no label changes (scikit-learn: at a small shift); no swaps, so that
//   the number of starts means what it means in the papers.
// Checked by: RepresentationTests. Cost: one PCA a representation, kept on disk with every map.

import Estimators
import NeuralNetworks
import Tensors

/// Where k-means looks for clusters.
package enum GroupingSpace: Hashable {
  /// The features themselves.
  case features
  /// So many principal components.
  case components(Int, whitened: Bool)
  /// A t-SNE map of principal components.
  case map(MapSettings)

  package var name: String {
    switch self {
    case .features: "features"
    case .components(let count, let whitened): "\(count) \(whitened ? "whitened" : "plain")"
    case .map(let settings): settings.name
    }
  }
}

/// How a t-SNE map is made from unwhitened components.
package struct MapSettings: Hashable {
  package var components: Int
  package var perplexity: Double
  package var iterations: Int
  /// How many maps are made, of which the one of lowest divergence is kept.
  package var starts = 1
  /// Whether maps begin at random places rather than at the components.
  package var isRandom = false
  package var seed: UInt64

  package init(
    components: Int, perplexity: Double, iterations: Int, starts: Int = 1, isRandom: Bool = false,
    seed: UInt64
  ) {
    (self.components, self.perplexity, self.iterations) = (components, perplexity, iterations)
    (self.starts, self.isRandom, self.seed) = (starts, isRandom, seed)
  }

  package var name: String {
    "map of \(components) perplexity \(perplexity) steps \(iterations) starts \(starts)"
      + (isRandom ? " random" : "") + " seed \(seed)"
  }
}

/// How k-means runs.
package struct ClusterJob: Hashable {
  package var space: GroupingSpace
  package var clusters: Int
  package var starts: Int
  package var seed: UInt64
  package var seeding = ClusterSeeding.plusPlus

  package init(
    space: GroupingSpace, clusters: Int, starts: Int, seed: UInt64,
    seeding: ClusterSeeding = .plusPlus
  ) {
    (self.space, self.clusters, self.starts) = (space, clusters, starts)
    (self.seed, self.seeding) = (seed, seeding)
  }

  package var name: String {
    "k-means on \(space.name), k \(clusters), starts \(starts), seed \(seed), \(seeding.rawValue)"
  }
}

/// What k-means found.
package struct ClusterOutcome {
  package var inertia: Double
  package var labels: [Int]

  package init(_ values: [Double]) {
    inertia = values[0]
    labels = values.dropFirst().map { Int($0) }
  }
}

/// A map and its divergence.
package struct MapOutcome {
  package var divergence: Double
  /// Shape (n, 2).
  package var places: Tensor<Double>

  package init(_ values: [Double]) {
    divergence = values[0]
    places = Tensor(shape: [(values.count - 1) / 2, 2], scalars: Array(values.dropFirst()))
  }
}

/// Scores of all components and their variances.
package struct Spectrum {
  /// The share of the variance of each component.
  package var ratios: [Double]
  /// The first share after k components, for each k.
  package var cumulative: [Double]
  /// Unwhitened, shape (n, m).
  package var scores: Tensor<Double>

  package init(_ values: [Double], images n: Int) {
    let m = values.count / (n + 1)
    ratios = Array(values.prefix(m))
    var sum = 0.0
    cumulative = ratios.map { ratio in
      sum += ratio
      return min(1, sum)
    }
    scores = Tensor(shape: [n, m], scalars: Array(values.dropFirst(m)))
  }

  /// The first components, each of unit variance if whitened.
  package func components(_ count: Int, whitened: Bool) -> Tensor<Float> {
    let (n, m) = (scores.shape[0], scores.shape[1])
    var scales = [Double](repeating: 1, count: count)
    if whitened {
      for j in 0..<count {
        let squares = (0..<n).reduce(0.0) { $0 + scores[$1, j] * scores[$1, j] }
        scales[j] = squares > 0 ? (Double(n - 1) / squares).squareRoot() : 0
      }
    }
    var values: [Float] = []
    values.reserveCapacity(n * count)
    for i in 0..<n {
      for j in 0..<count { values.append(Float(scores.scalars[i * m + j] * scales[j])) }
    }
    return Tensor(shape: [n, count], scalars: values)
  }
}

/// What is done to features before the components are found.
package enum FeaturePreparation: String, Sendable {
  /// Nothing: activations of a network are used as they are.
  case none
  /// The logarithm of scattering coefficients, its medians taken from the images that are fitted.
  case logScattering

  /// The prepared features of all images, with medians of some.
  package func prepared(_ features: Tensor<Float>, fittedTo rows: [Int]? = nil) throws -> Tensor<
    Float
  > {
    switch self {
    case .none: return features
    case .logScattering:
      let fit = try LogScattering(
        fitting: rows.map { features.rows($0) } ?? features,
        offset: ClusteringSettings().offset)
      return try fit(features)
    }
  }
}

/// Labelled images in one representation.
package final class Representation {
  /// What the representation is called in captions, for instance "vgg16:fc1".
  package let name: String
  /// What tells it from others in the names of units.
  package let key: String
  package let truth: [Int]
  package let preparation: FeaturePreparation
  private let load: () throws -> Tensor<Float>
  private let store: UnitStore
  private var loaded: Tensor<Float>?
  private var ready: Tensor<Float>?
  private var found: Spectrum?

  /// A representation whose raw features, shape (n, d), `load` gives when they are needed.
  package init(
    _ name: String, key: String, truth: [Int], preparation: FeaturePreparation,
    store: UnitStore, load: @escaping () throws -> Tensor<Float>
  ) {
    (self.name, self.key, self.truth) = (name, key, truth)
    (self.preparation, self.store, self.load) = (preparation, store, load)
  }

  package var imageCount: Int { truth.count }

  /// The features as they come from the images, shape (n, d).
  package func rawFeatures() throws -> Tensor<Float> {
    if let loaded { return loaded }
    let features = try load()
    precondition(features.shape[0] == imageCount, "\(features.shape) for \(imageCount) images")
    loaded = features
    return features
  }

  /// The same features, each divided by its standard deviation (not centred).
  package func scaled() -> Representation {
    Representation(
      "\(name), scaled", key: "\(key) scaled", truth: truth, preparation: .none, store: store
    ) { [self] in scaledToUnitVariance(try points(.features)) }
  }

  /// The unit that finds all components.
  package var spectrumUnit: WorkUnit {
    WorkUnit(name: "\(key): components") { [self] in
      let X = try points(.features)
      let pca = try PCA.fit(X, components: .all)
      return try pca.explainedVarianceRatio + pca.transform(X).scalars.map { Double($0) }
    }
  }

  /// All components.
  package func spectrum() throws -> Spectrum {
    if let found { return found }
    let spectrum = try Spectrum(store.values(spectrumUnit), images: imageCount)
    found = spectrum
    return spectrum
  }

  /// The most components that there are, min(n, d); known before the components are.
  package var componentLimit: Int {
    get throws { try min(imageCount, points(.features).shape[1]) }
  }

  /// The unit of one map.
  package func unit(_ settings: MapSettings) -> WorkUnit {
    WorkUnit(name: "\(key): \(settings.name)") { [self] in
      let data = try points(.components(settings.components, whitened: false))
      let options = TSNEOptions(
        perplexity: settings.perplexity, iterations: settings.iterations,
        start: settings.isRandom ? .random : .pca, starts: settings.starts)
      do {
        let map = try TSNE(data, options: options, seed: settings.seed) { _ in
          !Interruption.isRequested
        }
        return [map.divergence] + map.embedding.scalars
      } catch EstimatorError.cancelled {
        throw Interrupted()
      }
    }
  }

  package func map(_ settings: MapSettings) throws -> MapOutcome {
    MapOutcome(try store.values(unit(settings)))
  }

  /// The unit of one run of k-means.
  package func unit(_ job: ClusterJob) -> WorkUnit {
    WorkUnit(name: "\(key): \(job.name)") { [self] in
      let data = try points(job.space)
      let options = job.seeding.options(
        data, clusters: job.clusters, seed: job.seed,
        usual: KMeansOptions(starts: job.starts, swaps: 0))
      let fit = try KMeans(data, clusters: job.clusters, options: options, seed: job.seed)
      return [fit.inertia] + fit.labels.map(Double.init)
    }
  }

  package func clusters(_ job: ClusterJob) throws -> ClusterOutcome {
    ClusterOutcome(try store.values(unit(job)))
  }

  /// The share of images whose cluster's class, by majority, is theirs.
  package func accuracy(_ job: ClusterJob) throws -> Double {
    accuracy(of: try clusters(job).labels, clusters: job.clusters)
  }

  package func accuracy(of labels: [Int], clusters: Int) -> Double {
    majorityAccuracy(labels, truth: truth, clusters: clusters)
  }

  /// Rows true classes, columns the classes of the clusters.
  package func confusion(_ job: ClusterJob, classNames: [String]) throws -> ConfusionMatrix {
    let labels = try clusters(job).labels
    let mapping = ClusterMapping(labels: labels, truth: truth, clusters: job.clusters)
    return ConfusionMatrix(truth: truth, predicted: mapping(labels), classNames: classNames)
  }

  /// The points that k-means sees.
  package func points(_ space: GroupingSpace) throws -> Tensor<Float> {
    switch space {
    case .features:
      if let ready { return ready }
      let features = try preparation.prepared(rawFeatures())
      ready = features
      return features
    case .components(let count, let whitened):
      return try spectrum().components(count, whitened: whitened)
    case .map(let settings):
      let places = try map(settings).places
      return Tensor(shape: places.shape, scalars: places.scalars.map { Float($0) })
    }
  }
}

/// The share of samples whose cluster's class, by majority of all samples, is theirs.
package func majorityAccuracy(_ labels: [Int], truth: [Int], clusters: Int) -> Double {
  let classes = ClusterMapping(labels: labels, truth: truth, clusters: clusters).classes
  let right = zip(labels, truth).count { classes[$0] == $1 }
  return Double(right) / Double(max(1, truth.count))
}

/// Each column divided by its standard deviation; columns without one stay as they are.
package func scaledToUnitVariance(_ X: Tensor<Float>) -> Tensor<Float> {
  let (n, d) = (X.shape[0], X.shape[1])
  var means = [Double](repeating: 0, count: d)
  for i in 0..<n {
    for j in 0..<d { means[j] += Double(X.scalars[i * d + j]) / Double(n) }
  }
  var squares = [Double](repeating: 0, count: d)
  for i in 0..<n {
    for j in 0..<d {
      let deviation = Double(X.scalars[i * d + j]) - means[j]
      squares[j] += deviation * deviation
    }
  }
  let scales = squares.map { $0 > 0 ? (Double(n) / $0).squareRoot() : 1 }
  var values: [Float] = []
  values.reserveCapacity(n * d)
  for i in 0..<n {
    for j in 0..<d { values.append(Float(Double(X.scalars[i * d + j]) * scales[j])) }
  }
  return Tensor(shape: X.shape, scalars: values)
}
