// t-SNE: maps in two or three dimensions that keep neighbours together.
//
// Implements: L. van der Maaten, G. Hinton, "Visualizing data using t-SNE", JMLR 9 (2008) 2579,
//   algorithm 1; L. van der Maaten, "Accelerating t-SNE using tree-based algorithms", JMLR 15
//   (2014) 3221; gains: R. Jacobs, Neural Networks 1 (1988) 295, as the 2008 paper's footnote asks.
// Equation -> code: gain + 0.2 where gradient and velocity differ in sign, else gain * 0.8;
//   velocity = alpha velocity - eta gain dC/dy / 4; Y += velocity (`Descent.step`).
// Symbols: Y -> map (n, D), alpha -> momentum 0.5 then 0.8, eta -> learning rate, C -> divergence.
// Deviations: gains are at least 0.01, as in the author's programs; the map is centred after each
//   step; see TSNEOptions for the learning rate, the start and the methods.
// Checked by: TSNETests (meaning), TSNEGradientTests, TSNEEdgeTests (bits for any threads).
// Cost: n log n a step with a tree or grid, n^2 without; the divergence at the end takes n^2 up to
//   `TSNE.exactDivergenceLimit` points.

import Tensors

/// A map of samples, and what is needed to put new samples on it.
///
/// Distances between far groups and sizes of groups on such a map mean nothing; neighbours do.
public struct TSNE: Sendable {
  /// The map, shape (n, D), centred.
  public let embedding: Tensor<Double>
  /// The Kullback-Leibler divergence of the map, in nats, without exaggeration.
  public let divergence: Double
  /// Whether `divergence` sums all pairs; otherwise its normaliser is that of the tree or grid.
  public let divergenceIsExact: Bool
  /// The divergence of every start.
  public let startDivergences: [Double]
  /// The map of every start, each of the shape of `embedding`: see `stability`.
  public let startEmbeddings: [Tensor<Double>]
  /// The start that led to the map.
  public let start: Int
  /// The settings.
  public let options: TSNEOptions
  /// The samples.
  let index: NeighbourIndex

  /// Up to so many points the divergence is exact.
  public static let exactDivergenceLimit = 50_000

  /// Makes a map.
  ///
  /// The result has the same bits for any number of threads; `.exact`, `.barnesHut` and up to
  /// `TSNEOptions.pairsLimit` points `.automatic` give them on any instruction set, `.fft` on all
  /// that have fused multiply-add.
  ///
  /// - Parameters:
  ///   - data: shape (n, d), one sample a row, n at least 3 perplexity + 1.
  ///   - options: settings.
  ///   - seed: start s draws from `SeededGenerator(seed:stream:)` with stream s.
  ///   - progress: called after each step; `false` stops.
  /// - Throws: `EstimatorError.nonFinite`, `.perplexityTooLarge`, `.diverged`, `.cancelled`.
  /// - Complexity: neighbours, then iterations * n log n; iterations * n^2 for `.exact`.
  public init<Scalar: KernelScalar>(
    _ data: Tensor<Scalar>, options: TSNEOptions = TSNEOptions(), seed: UInt64,
    progress: (TSNEProgress) -> Bool = { _ in true }
  ) throws(EstimatorError) {
    try data.refuseNonFinite()
    let (n, D) = (data.shape[0], options.dimensions)
    let largest = Double(max(0, n - 1)) / 3
    guard options.perplexity <= largest else {
      throw .perplexityTooLarge(perplexity: options.perplexity, samples: n, largest: largest)
    }
    index = try NeighbourIndex(data)
    let method = options.resolved(for: n)
    let near = method == .exact ? n - 1 : min(n - 1, Int(3 * options.perplexity))
    let P = try Affinities(index, neighbours: near, perplexity: options.perplexity)
    var forces = TSNEForces(P, dimensions: D, method: method, theta: options.theta)
    var maps: [Tensor<Double>] = []
    var divergences: [Double] = []
    for start in 0..<options.starts {
      var generator = SeededGenerator(seed: seed, stream: start)
      let begin = try startingMap(data, options, start, using: &generator)
      var descent = Descent(begin, options, start)
      try descent.run(&forces, progress)
      let isExact = n <= Self.exactDivergenceLimit
      let Z = isExact ? exactNormaliser(descent.Y, D) : forces.normaliser
      divergences.append(forces.divergence(descent.Y, normaliser: Z))
      maps.append(Tensor(shape: [n, D], scalars: descent.Y))
    }
    let best = divergences.indices.reduce(0) { divergences[$1] < divergences[$0] ? $1 : $0 }
    (embedding, divergence, start) = (maps[best], divergences[best], best)
    (startDivergences, startEmbeddings) = (divergences, maps)
    divergenceIsExact = n <= Self.exactDivergenceLimit
    self.options = options
  }

  /// How well the starts agree on each sample's neighbours: `TSNE.stability(of:neighbours:)` of
  /// `startEmbeddings`.
  ///
  /// - Precondition: two starts or more, k in 1 ..< n.
  public func stability(neighbours k: Int = 15) throws(EstimatorError) -> [Double] {
    try Self.stability(of: startEmbeddings, neighbours: k)
  }
}

/// A map on its way down.
private struct Descent {
  var Y: [Double]
  private var velocity: [Double]
  private var gains: [Double]
  private let options: TSNEOptions
  private let start: Int

  init(_ Y: [Double], _ options: TSNEOptions, _ start: Int) {
    self.Y = Y
    velocity = [Double](repeating: 0, count: Y.count)
    gains = [Double](repeating: 1, count: Y.count)
    (self.options, self.start) = (options, start)
  }

  mutating func run(
    _ forces: inout TSNEForces, _ progress: (TSNEProgress) -> Bool
  ) throws(EstimatorError) {
    for iteration in 0..<options.iterations {
      let early = iteration < options.exaggerationIterations
      let G = forces.gradient(Y, exaggeration: early ? options.exaggeration : 1)
      step(G, momentum: early ? options.earlyMomentum : options.momentum)
      guard Y.allSatisfy({ $0.magnitude < 1e15 }) else { throw .diverged(iteration: iteration) }
      let done = TSNEProgress(
        start: start, iteration: iteration + 1, iterations: options.iterations)
      guard progress(done) else { throw .cancelled(iteration: iteration + 1) }
    }
  }

  private mutating func step(_ G: [Double], momentum: Double) {
    let D = options.dimensions
    let n = Y.count / D
    let rate = options.step(for: n) / 4
    var means = SIMD3<Double>()
    for i in 0..<n {
      for axis in 0..<D {
        let at = i * D + axis
        let gain = (G[at] > 0) != (velocity[at] > 0) ? gains[at] + 0.2 : gains[at] * 0.8
        gains[at] = max(gain, 0.01)
        velocity[at] = momentum * velocity[at] - rate * gains[at] * G[at]
        Y[at] += velocity[at]
        means[axis] += Y[at]
      }
    }
    means /= Double(n)
    for i in 0..<n {
      for axis in 0..<D { Y[i * D + axis] -= means[axis] }
    }
  }
}

/// Where the points of a map begin.
private func startingMap<Scalar: KernelScalar>(
  _ data: Tensor<Scalar>, _ options: TSNEOptions, _ start: Int,
  using generator: inout SeededGenerator
) throws(EstimatorError) -> [Double] {
  let (n, D) = (data.shape[0], options.dimensions)
  var Y = (0..<n * D).map { _ in 1e-4 * generator.normal() }
  guard options.start == .pca && start == 0 else { return Y }
  let factor = powerOfTwoScale(data)
  let scaled = Tensor(shape: data.shape, scalars: data.scalars.map { Double($0) * factor })
  let k = min(D, data.shape[1])
  let small = data.shape[1] <= 256
  let pca =
    try small
    ? PCA.fit(scaled, components: .count(k))
    : PCA.fitRandomized(scaled, count: k, using: &generator)
  let deviation = pca.explainedVariance[0].squareRoot()
  // Data without variance keep the random start.
  guard deviation > 0 else { return Y }
  let scores = try pca.transform(scaled)
  for i in 0..<n {
    for axis in 0..<k { Y[i * D + axis] = 1e-4 * scores[i, axis] / deviation }
  }
  return Y
}
