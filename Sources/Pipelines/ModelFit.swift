// Fitting a model to features: normalise, find components, draw the map, group.
//
// Implements: steps 4-6 of Cohn & Holm (2021), section 3.1, and of Kitahara & Holm (2018), section
//   3: whitened or plain principal components, t-SNE, k-means on features, components or the map.
// Deviations: a network's features of more than 1024 dimensions and images get their components by
//   `PCA.fitRandomized` (`--solver full` for the full decomposition), twice as many as are kept, so
//   that those kept are accurate.
// Checked by: MicrographClusteringTests, NetworkFeaturesTests. Cost: see PCA, TSNE, KMeans.

import Estimators
import NeuralNetworks
import Tensors

/// Features of images with what is known of them.
struct TrainingSet: Sendable {
  var features: Tensor<Float>
  var truth: [Int?]
  var classNames: [String]
  /// What identifies the contents of each row.
  var keys: [String]
  /// The image that each row was cut from, numbered in the order of the rows.
  var parents: [Int]

  var count: Int { features.shape[0] }

  func selecting(_ indices: [Int]) -> TrainingSet {
    TrainingSet(
      features: features.rows(indices), truth: indices.map { truth[$0] }, classNames: classNames,
      keys: indices.map { keys[$0] }, parents: numbered(indices.map { parents[$0] }))
  }
}

extension TrainingSet {
  /// The rows of a feature set.
  init(_ set: FeatureSet) {
    self.init(
      features: set.features, truth: set.truth, classNames: set.classNames, keys: set.keys,
      parents: numbered(set.parents))
  }
}

/// Equal values get equal numbers from 0 on, in the order in which they first occur.
func numbered<Value: Hashable>(_ values: [Value]) -> [Int] {
  var numbers: [Value: Int] = [:]
  return values.map { value in
    let number = numbers[value] ?? numbers.count
    numbers[value] = number
    return number
  }
}

/// A model with what was computed on the way.
struct ModelFit: Sendable {
  var model: ClusterModel
  /// Log coefficients of the training images, or a network's features.
  var logs: Tensor<Float>
  /// Their principal components.
  var scores: Tensor<Float>
  /// The t-SNE map of the components; `nil` for none.
  var map: TSNE?
  /// The share of the variance of every component that was computed, kept or not.
  var varianceRatios: [Double]
  /// The criterion of each number of clusters that was tried.
  var criteria: [(clusters: Int, value: Double?)]

  /// Fits log scattering, principal components, map, clusters, classes and novelty limits.
  init(_ training: TrainingSet, _ settings: ClusteringSettings, _ progress: ProgressHandler?) throws
  {
    let steps = ProgressCounter("model", total: 3, progress)
    let normalisation =
      settings.usesNetwork
      ? nil : try LogScattering(fitting: training.features, offset: settings.offset)
    logs = try normalisation?(training.features) ?? training.features
    let components = try ModelFit.components(training, logs, settings)
    let (pca, ratios) = try fittedComponents(logs, keeping: components, settings)
    scores = try pca.transform(logs)
    varianceRatios = ratios
    steps.advance()
    if let embedding = settings.embedding {
      map = try ModelFit.map(of: embedding.input(scores, pca), embedding, settings, progress)
    }
    let (clusters, tried) = try ModelFit.clusters(logs, scores, map, settings)
    criteria = tried
    steps.advance()
    let limits = try noveltyLimits(
      logs: logs, labels: clusters.labels, clusters: clusters.clusters, components: components,
      parents: training.parents, settings)
    model = ClusterModel(
      settings: settings, normalisation: normalisation, pca: pca, clusters: clusters,
      classNames: training.classNames,
      clusterClasses: ClusterMapping(
        labels: clusters.labels, truth: training.truth, clusters: clusters.clusters
      ).classes,
      limits: limits, inputHashes: training.keys)
    if settings.clusterOn != .components {
      model.componentCentres = try KMeans(
        centres: means(of: scores, clusters.labels, clusters.clusters))
    }
    if settings.clusterOn == .embedding { model.map = map }
    steps.advance()
  }

  /// How many components are kept.
  private static func components(
    _ training: TrainingSet, _ logs: Tensor<Float>, _ settings: ClusteringSettings
  ) throws(PipelineError) -> Int {
    let components = settings.componentCount(forImages: training.count)
    let largest = min(training.count - 1, logs.shape[1])
    guard largest >= 1 else {
      throw .unsuitable("the images have no texture: every coefficient is 0")
    }
    guard components <= largest else {
      throw .unsuitable(
        "\(components) components need more than \(components) images and coefficients; "
          + "give --components \(max(1, largest)) or fewer")
    }
    return components
  }

  /// The t-SNE map.
  private static func map(
    of input: Tensor<Float>, _ embedding: EmbeddingSettings, _ settings: ClusteringSettings,
    _ progress: ProgressHandler?
  ) throws -> TSNE {
    let n = input.shape[0]
    guard embedding.perplexity <= Double(n - 1) / 3 else {
      throw PipelineError.unsuitable(
        "a perplexity of \(embedding.perplexity) needs \(Int(3 * embedding.perplexity) + 1) images, "
          + "there are \(n); give --perplexity \((n - 1) / 3) or less, or --embedding none")
    }
    let options = embedding.options
    do {
      return try TSNE(input, options: options, seed: embedding.seed ?? settings.seed) { now in
        progress?(
          Progress(
            stage: "t-SNE", done: now.start * now.iterations + now.iteration,
            total: options.starts * now.iterations))
        return !Interruption.isRequested
      }
    } catch EstimatorError.cancelled {
      throw Interrupted()
    }
  }

  /// k-means on what the settings say.
  private static func clusters(
    _ logs: Tensor<Float>, _ scores: Tensor<Float>, _ map: TSNE?, _ settings: ClusteringSettings
  ) throws -> (KMeans, [(clusters: Int, value: Double?)]) {
    switch settings.clusterOn {
    case .features: return try grouped(logs, doubles(logs), settings)
    case .components:
      let limited = settings.limited(scores)
      return try grouped(limited, doubles(limited), settings)
    case .embedding:
      guard let map else { throw PipelineError.unsuitable("there is no map to group") }
      let places = map.embedding
      return try grouped(
        Tensor(shape: places.shape, scalars: places.scalars.map { Float($0) }), places, settings)
    }
  }

  /// k-means with the given number of clusters, or with the best of a range.
  ///
  /// - Parameters:
  ///   - rows: what is grouped.
  ///   - exact: the same in double precision.
  ///   - settings: clusters, starts, seed.
  /// - Returns: the clusters, and the criterion of each number that was tried.
  /// - Throws: `PipelineError.unsuitable`, what k-means throws.
  private static func grouped(
    _ rows: Tensor<Float>, _ exact: @autoclosure () -> Tensor<Double>,
    _ settings: ClusteringSettings
  ) throws -> (KMeans, [(clusters: Int, value: Double?)]) {
    let options = KMeansOptions(starts: settings.starts)
    switch ClusterCount(settings.clusters) {
    case .fixed(let k):
      guard k <= rows.shape[0] else {
        throw PipelineError.unsuitable("\(k) clusters need at least \(k) images; give fewer")
      }
      let chosen = settings.seeding.options(
        rows, clusters: k, seed: settings.seed, usual: options)
      return (try KMeans(rows, clusters: k, options: chosen, seed: settings.seed), [])
    case .range(let range):
      let upper = min(range.upperBound, rows.shape[0] - 1)
      guard range.lowerBound <= upper else {
        throw PipelineError.unsuitable(
          "\(range.lowerBound) clusters need more than \(range.lowerBound) images; give fewer")
      }
      let choice = try ClusterCountChoice(
        exact(), clusters: range.lowerBound...upper, options: options, seed: settings.seed)
      return (choice.best, zip(choice.counts, choice.values).map { (clusters: $0, value: $1) })
    case nil: throw PipelineError.unsuitable("clusters: \(settings.clusters) is no number or range")
    }
  }
}

/// The same numbers in double precision.
private func doubles(_ rows: Tensor<Float>) -> Tensor<Double> {
  Tensor(shape: rows.shape, scalars: rows.scalars.map { Double($0) })
}

extension EmbeddingSettings {
  /// What the map is made of: component scores, whitened or in their own units.
  func input(_ scores: Tensor<Float>, _ pca: PCA) -> Tensor<Float> {
    guard whiten != pca.whitens else { return scores }
    let factors = pca.explainedVariance.map { variance -> Float in
      let deviation = variance.squareRoot()
      return Float(pca.whitens ? deviation : deviation > 0 ? 1 / deviation : 0)
    }
    let d = factors.count
    return Tensor(
      shape: scores.shape,
      scalars: scores.scalars.indices.map { scores.scalars[$0] * factors[$0 % d] })
  }
}

/// The smaller extent up to which the automatic solver decomposes in full: some 10 s.
private let fullSolverLimit = 1024

/// The leading principal components of rows, as the settings say.
///
/// - Parameters:
///   - rows: shape (n, d).
///   - count: how many components are kept, below n.
///   - settings: solver, whitening, seed.
/// - Returns: the components, and the share of the variance of all that were computed.
/// - Throws: what `PCA` throws.
func fittedComponents(
  _ rows: Tensor<Float>, keeping count: Int, _ settings: ClusteringSettings
) throws(EstimatorError) -> (pca: PCA, ratios: [Double]) {
  let smaller = min(rows.shape[0], rows.shape[1])
  let isFull =
    settings.solver == .full || (settings.solver == .automatic && smaller <= fullSolverLimit)
  let found: PCA
  if isFull {
    found = try PCA.fit(rows, components: .all, whitens: settings.whiten)
  } else {
    var generator = SeededGenerator(seed: settings.seed, stream: 3_000_003)
    found = try PCA.fitRandomized(
      rows, count: min(smaller - 1, max(2 * count, count + 50)), whitens: settings.whiten,
      using: &generator)
  }
  return (found.keeping(count, of: smaller), found.explainedVarianceRatio)
}

extension PCA {
  /// The number of components.
  public var componentCount: Int { components.shape[0] }

  /// The same model with its first `count` components alone.
  ///
  /// - Parameters:
  ///   - count: how many are kept.
  ///   - all: how many there are, computed or not.
  /// - Returns: the model whose noise is the mean variance of all others.
  func keeping(_ count: Int, of all: Int) -> PCA {
    let d = mean.count
    let computed = explainedVariance.count
    let dropped = explainedVariance.dropFirst(count).reduce(0, +)
    let rest = dropped + noiseVariance * Double(max(0, all - computed))
    return PCA(
      mean: mean,
      components: Tensor(shape: [count, d], scalars: Array(components.scalars.prefix(count * d))),
      explainedVariance: Array(explainedVariance.prefix(count)),
      explainedVarianceRatio: Array(explainedVarianceRatio.prefix(count)),
      singularValues: Array(singularValues.prefix(count)),
      noiseVariance: rest / Double(max(1, all - count)), whitens: whitens)
  }
}
