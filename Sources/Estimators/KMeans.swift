// k-means clustering: many starts of Lloyd's algorithm, the lowest inertia wins.
//
// Implements: S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28 (1982) 129,
//   section V (method I); D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful
//   seeding", SODA 2007, section 2.2, in the greedy form of its section 5 (several trials a
//   centre, the best kept); P. Franti, "Efficiency of random swap clustering", J. Big Data 5 (2018)
//   13, section "Random swap clustering".
// Equation -> code: phi = sum over x of min over c of |x - c|^2 (inertia, `LloydRun.inertia`);
//   steps 2-3 of Lloyd (`LloydRun.assign`, `.moveCentres`); D^2 sampling, step 1b (`Seeding`).
// Symbols: n samples, d features, k clusters; X -> data (n, d); C -> centres (k, d).
// Deviations: the best starts are improved by random swaps, each followed by Lloyd until it ends,
//   since 500 starts alone often miss the lowest inertia of data without clear clusters (the result
//   is still a fixed point of Lloyd; `swaps: 0` leaves this out); 2 + floor(ln k) trials a centre,
//   as scikit-learn does, since the paper leaves the number open; an empty cluster takes the sample
//   farthest from its centre (`LloydRun`), since Lloyd has no rule; clusters are numbered by
//   falling size.
// Checked by: KMeansTests (brute-force optimum, twin `kMeansReference`, scikit-learn fixtures).
// Cost: per iteration n k d fused steps and n d additions; memory 4 copies of the data.

import Tensors

/// Clusters that k-means found, and the settings that say which cluster a new sample belongs to.
public struct KMeans: Sendable, Equatable {
  /// The centres: shape (k, d), in the units of the data.
  public let centres: Tensor<Double>
  /// The cluster of each sample that the model was fitted to, 0 ..< k.
  public let labels: [Int]
  /// The sum of squared distances of the samples to their centres, from differences in Double.
  public let inertia: Double
  /// The number of centre updates of the winning run.
  public let iterations: Int
  /// Whether the winning run ended before `KMeansOptions.maximumIterations`.
  public let converged: Bool
  /// The start that led to the result, 0 ..< starts.
  public let start: Int
  /// The inertia of every start, before swaps.
  public let startInertias: [Double]

  /// Groups samples into `clusters` clusters.
  ///
  /// Every result is the same for any number of threads and any instruction set. Clusters are
  /// numbered by falling size, equal sizes by their first sample; centres that were given keep
  /// their numbers.
  ///
  /// - Parameters:
  ///   - data: shape (n, d), one sample a row, d at least 1.
  ///   - clusters: k, at least 1.
  ///   - options: starts, bounds and seeding.
  ///   - seed: start s draws from `SeededGenerator(seed:stream:)` with stream s.
  /// - Throws: `EstimatorError.nonFinite`, `.tooFewSamples` when n < k,
  ///   `.notEnoughDistinctPoints` when fewer than k samples differ.
  /// - Complexity: starts * iterations * n k d.
  public init(
    _ data: Tensor<Float>, clusters: Int, options: KMeansOptions = KMeansOptions(), seed: UInt64
  ) throws(EstimatorError) {
    try self.init(fitting: data, clusters, options, seed)
  }

  /// Groups samples into `clusters` clusters; see the initialiser that takes Float.
  ///
  /// - Throws: `EstimatorError.nonFinite`, `.tooFewSamples` when n < k,
  ///   `.notEnoughDistinctPoints` when fewer than k samples differ.
  public init(
    _ data: Tensor<Double>, clusters: Int, options: KMeansOptions = KMeansOptions(), seed: UInt64
  ) throws(EstimatorError) {
    try self.init(fitting: data, clusters, options, seed)
  }

  private init<Scalar: ClusterScalar>(
    fitting data: Tensor<Scalar>, _ k: Int, _ options: KMeansOptions, _ seed: UInt64
  ) throws(EstimatorError) {
    precondition(k >= 1, "k-means needs at least one cluster, not \(k)")
    try data.refuseNonFinite()
    let (n, d) = (data.shape[0], data.shape[1])
    precondition(d >= 1, "k-means needs at least one feature, not shape \(data.shape)")
    guard n >= k else { throw .tooFewSamples(found: n, needed: k) }
    let distinct = distinctRows(data, upTo: k)
    guard distinct == k else { throw .notEnoughDistinctPoints(found: distinct, needed: k) }
    let points = ClusterPoints(data)
    let (best, inertias) = try bestRun(points, k, options, seed)
    let order = options.initialCentres == nil ? clusterOrder(best.labels, k) : Array(0..<k)
    self.init(best, inertias, points, order)
  }

  private init<Scalar: ClusterScalar>(
    _ best: LloydResult, _ inertias: [Double], _ points: ClusterPoints<Scalar>, _ order: [Int]
  ) {
    var number = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { number[old] = new }
    labels = best.labels.map { number[$0] }
    centres = Tensor(
      shape: [order.count, points.d],
      scalars: order.flatMap { c in
        (0..<points.d).map { j in points.unscaled(best.centres[c * points.stride + j]) }
      })
    inertia = points.unscaledSquare(best.inertia)
    iterations = best.iterations
    converged = best.converged
    start = best.start
    startInertias = inertias.map { points.unscaledSquare($0) }
  }

  /// A model from its centres, as read from a file: it predicts, and has no samples of its own.
  ///
  /// - Parameter centres: shape (k, d), k and d at least 1.
  /// - Throws: `EstimatorError.nonFinite`.
  public init(centres: Tensor<Double>) throws(EstimatorError) {
    try centres.refuseNonFinite()
    precondition(centres.count >= 1, "a model needs a centre, not shape \(centres.shape)")
    self.centres = centres
    labels = []
    inertia = 0
    iterations = 0
    converged = true
    start = 0
    startInertias = []
  }

  /// The number of clusters, k.
  public var clusters: Int { centres.shape[0] }
}

/// How k-means starts and when it stops.
public struct KMeansOptions: Sendable, Equatable {
  /// The number of starts; 500 as in the published clustering of micrographs (Kitahara and Holm).
  public var starts: Int
  /// The bound on centre updates of one start; 300 as in scikit-learn.
  public var maximumIterations: Int
  /// A start ends when the squared shifts of the centres add up to at most this fraction of the
  /// mean feature variance (scikit-learn's rule); with 0 it ends when no label changes.
  public var tolerance: Double
  /// Trials for each centre of k-means++; `nil` for 2 + floor(ln k), 1 for the plain method.
  public var seedingTrials: Int?
  /// Swaps tried on each of the `leaders` best starts; 0 keeps the best start as it is.
  public var swaps: Int
  /// Centres to start from, shape (k, d), instead of k-means++; there is one start then.
  public var initialCentres: Tensor<Double>?

  /// How many of the best starts are improved by swaps.
  public static let leaders = 8

  /// Settings with the defaults of this project.
  ///
  /// - Precondition: starts, iterations and trials are at least 1, the others at least 0.
  public init(
    starts: Int = 500, maximumIterations: Int = 300, tolerance: Double = 0,
    seedingTrials: Int? = nil, swaps: Int = 64, initialCentres: Tensor<Double>? = nil
  ) {
    precondition(
      starts >= 1 && maximumIterations >= 1 && tolerance >= 0 && (seedingTrials ?? 1) >= 1
        && swaps >= 0,
      "k-means with \(starts) starts, \(maximumIterations) iterations, tolerance \(tolerance)")
    self.starts = starts
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
    self.seedingTrials = seedingTrials
    self.swaps = swaps
    self.initialCentres = initialCentres
  }
}

/// Runs every start, improves the best of them by swaps, and keeps the lowest inertia.
private func bestRun<Scalar: ClusterScalar>(
  _ points: ClusterPoints<Scalar>, _ k: Int, _ options: KMeansOptions, _ seed: UInt64
) throws(EstimatorError) -> (LloydResult, [Double]) {
  if let given = options.initialCentres {
    precondition(
      given.shape == [k, points.d], "initial centres \(given.shape), not \([k, points.d])")
    try given.refuseNonFinite()
    let result = LloydRun(points, points.scaledCentres(given), options).run(start: 0)
    return (result, [result.inertia])
  }
  @Sendable func run(_ start: Int) -> LloydResult {
    var generator = SeededGenerator(seed: seed, stream: start)
    let seeding = Seeding(points, k, trials: options.seedingTrials)
    return LloydRun(points, seeding.centres(using: &generator), options).run(start: start)
  }
  let inertias = parallelMap(options.starts) { run($0).inertia }
  let leaders = leadingStarts(inertias, atMost: options.swaps > 0 ? KMeansOptions.leaders : 1)
  let improved = parallelMap(leaders.count) { position in
    let start = leaders[position]
    var generator = SeededGenerator(seed: seed, stream: options.starts + start)
    return swapped(run(start), points, options, using: &generator)
  }
  var best = improved[0]
  for result in improved where result.inertia < best.inertia { best = result }
  return (best, inertias)
}

/// The starts of the lowest inertias, one for each inertia, equal ones by number.
private func leadingStarts(_ inertias: [Double], atMost count: Int) -> [Int] {
  let order = inertias.indices.sorted { (inertias[$0], $0) < (inertias[$1], $1) }
  var leaders: [Int] = []
  for start in order where leaders.count < count {
    if let last = leaders.last, inertias[last] == inertias[start] { continue }
    leaders.append(start)
  }
  return leaders
}

/// Replaces a random centre by a random sample, runs Lloyd, keeps what is lower; again and again.
private func swapped<Scalar: ClusterScalar>(
  _ first: LloydResult, _ points: ClusterPoints<Scalar>, _ options: KMeansOptions,
  using generator: inout SeededGenerator
) -> LloydResult {
  var best = first
  let k = best.centres.count / points.stride
  guard k > 1 else { return best }
  for _ in 0..<options.swaps {
    var centres = best.centres
    let base = generator.integer(below: k) * points.stride
    let sample = points.row(generator.integer(below: points.n))
    centres.replaceSubrange(base..<base + points.stride, with: sample)
    let result = LloydRun(points, centres, options).run(start: best.start)
    if result.inertia < best.inertia { best = result }
  }
  return best
}

/// Cluster numbers by falling size, equal sizes by their first sample.
private func clusterOrder(_ labels: [Int], _ k: Int) -> [Int] {
  var sizes = [Int](repeating: 0, count: k)
  var first = [Int](repeating: labels.count, count: k)
  for (i, label) in labels.enumerated() {
    sizes[label] += 1
    first[label] = min(first[label], i)
  }
  return (0..<k).sorted { (-sizes[$0], first[$0], $0) < (-sizes[$1], first[$1], $1) }
}

/// The number of rows that differ from each other, counted up to `limit`.
private func distinctRows<Scalar: KernelScalar>(_ data: Tensor<Scalar>, upTo limit: Int) -> Int {
  let d = data.shape[1]
  var found: [Int] = []
  for i in 0..<data.shape[0] where found.count < limit {
    let isNew = found.allSatisfy { other in
      (0..<d).contains { data.scalars[i * d + $0] != data.scalars[other * d + $0] }
    }
    if isNew { found.append(i) }
  }
  return found.count
}

extension Tensor where Scalar: KernelScalar {
  /// Refuses a matrix that holds NaN or an infinity.
  ///
  /// - Precondition: the tensor is a matrix.
  func refuseNonFinite() throws(EstimatorError) {
    precondition(rank == 2, "samples are the rows of a matrix, not of shape \(shape)")
    guard let index = firstNonFinite else { return }
    throw .nonFinite(row: index / shape[1], column: index % shape[1])
  }
}
