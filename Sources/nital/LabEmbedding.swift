// `nital lab tsne | knn`.

import ArgumentParser
import Estimators
import Pipelines
import Tensors
import WeightFormats

extension TSNEOptions.Start: ExpressibleByArgument {}
extension TSNEOptions.Method: ExpressibleByArgument {}
extension NeighbourSearch: ExpressibleByArgument {}

struct LabTSNE: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tsne",
    abstract: "A t-SNE map of the rows of a matrix: writes embedding and kl.",
    discussion: """
      kl is the divergence in nats without exaggeration, of all pairs (above 50000 rows the \
      normaliser is that of the method, and a warning says so). With several --starts it also \
      writes kl_of_starts; with --stability K, stability: for each row the mean, over the pairs of \
      maps, of the shared fraction of its K nearest neighbours on the map; with --transform FILE, \
      transformed: the places of the rows of another matrix on the map, which stays as it is.

      Methods: auto (all pairs repel up to 2000 rows, then fft in 2 dimensions, barnes-hut in 3), \
      exact, barnes-hut, fft.
      """)

  @Argument(help: "A matrix, one sample a row.") var input: String
  @Option(help: "Smooth number of neighbours.") var perplexity = 30.0
  @Option(help: "Steps.") var iterations = 1000
  @Option(help: "Dimensions of the map, 2 or 3.") var dimensions = 2
  @Option(help: "Length of a step (default: the larger of samples / exaggeration and 50).")
  var learningRate: Double?
  @Option(help: "Factor on the similarities in the first steps.") var exaggeration = 12.0
  @Option(help: "How many steps are exaggerated.") var exaggerationIterations = 250
  @Option(help: "Momentum of the exaggerated steps.") var earlyMomentum = 0.5
  @Option(help: "Momentum of the other steps.") var momentum = 0.8
  @Option(help: "How forces are summed: auto, exact, barnes-hut or fft.")
  var method = TSNEOptions.Method.automatic
  @Option(help: "Trade-off of the tree, 0 (exact) to 1.") var theta = 0.5
  @Option(help: "Maps made; the lowest divergence wins.") var starts = 1
  @Option(help: "Where the points begin: pca or random.") var `init` = TSNEOptions.Start.pca
  @Option(help: "Write how well the starts agree on so many neighbours of each row.")
  var stability: Int?
  @Option(help: "Put the rows of this matrix on the finished map.") var transform: String?
  @Option(help: "Smooth number of neighbours of the rows of --transform.")
  var transformPerplexity = 5.0
  @OptionGroup var lab: LabOptions

  private var options: TSNEOptions {
    var options = TSNEOptions()
    (options.perplexity, options.dimensions) = (perplexity, dimensions)
    (options.iterations, options.learningRate) = (iterations, learningRate)
    options.exaggeration = exaggeration
    options.exaggerationIterations = exaggerationIterations
    (options.earlyMomentum, options.momentum) = (earlyMomentum, momentum)
    (options.method, options.theta) = (method, theta)
    (options.start, options.starts) = (`init`, starts)
    return options
  }

  func validate() throws {
    if let problem = options.problem { throw ValidationError("t-SNE: \(problem).") }
    if let stability {
      if stability < 1 { throw ValidationError("--stability begins at 1.") }
      if starts < 2 { throw ValidationError("--stability compares maps: give --starts 2 or more.") }
    }
    if !(transformPerplexity >= 1 && transformPerplexity.isFinite) {
      throw ValidationError("--transform-perplexity begins at 1.")
    }
  }

  func run() throws {
    try requireArrayFile(lab.output)
    let values = try loadMatrix(input)
    if let stability {
      try require(stability < values.shape[0], "--stability takes 1 to \(values.shape[0] - 1)")
    }
    let others = try transform.map { try loadMatrix($0) }
    let meter = ProgressMeter(quiet: lab.shared.quiet)
    let map = try lab.timed {
      try naming(input) {
        try TSNE(values, options: options, seed: lab.seed) { now in
          let done = now.start * now.iterations + now.iteration
          meter.report(Progress(stage: "t-SNE", done: done, total: starts * now.iterations))
          return true
        }
      }
    }
    if !map.divergenceIsExact {
      Console.warning("kl is an estimate with the normaliser of the \(method.rawValue) method")
    }
    var arrays = [
      NamedTensor(name: "embedding", map.embedding),
      NamedTensor(name: "kl", Tensor<Double>(shape: [], scalars: [map.divergence])),
    ]
    if starts > 1 {
      arrays.append(NamedTensor(name: "kl_of_starts", vector(map.startDivergences)))
    }
    if let stability {
      let scores = try naming(input) { try map.stability(neighbours: stability) }
      arrays.append(NamedTensor(name: "stability", vector(scores)))
    }
    if let others, let transform {
      let places = try naming(transform) {
        try map.transform(others, perplexity: transformPerplexity)
      }
      arrays.append(NamedTensor(name: "transformed", places))
    }
    try saveArrays(arrays, to: lab.output)
  }
}

/// Reads a matrix of at least one column.
private func loadMatrix(_ path: String) throws -> Tensor<Double> {
  let data = try loadArray(path)
  try require(
    data.shape.count == 2 && data.shape[1] > 0, "\(path): shape \(data.shape) is not a matrix")
  return data.doubles
}

/// Runs `body`; an estimator's complaint names the file.
private func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as EstimatorError {
    throw CommandFailure("\(path): \(error)", .noInput)
  }
}

struct LabKNN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "knn",
    abstract: "The nearest other rows of each row of a matrix: writes indices and distances.",
    discussion: """
      Exact Euclidean neighbours, nearest first; equal distances rank by the lower row. With \
      --queries FILE, the nearest rows to each row of another matrix. No result depends on \
      --search: auto takes a vantage-point tree up to 8 columns, else all pairs.
      """)

  @Argument(help: "A matrix, one point a row.") var input: String
  @Option(help: "Neighbours of each row.") var neighbours: Int
  @Option(help: "Look for the neighbours of the rows of this matrix.") var queries: String?
  @Option(help: "How to search: auto, tree or pairs.") var search = NeighbourSearch.automatic
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if neighbours < 1 { throw ValidationError("--neighbours begins at 1.") }
  }

  func run() throws {
    try requireArrayFile(lab.output)
    let values = try loadMatrix(input)
    let others = try queries.map { try loadMatrix($0) }
    let found = try lab.timed {
      try naming(input) {
        let index = try NeighbourIndex(values, search: search)
        if let others { return try index.nearestNeighbours(of: others, count: neighbours) }
        return try index.nearestNeighbours(count: neighbours)
      }
    }
    try saveArrays(
      [
        NamedTensor(
          name: "indices",
          Tensor(shape: found.indices.shape, scalars: found.indices.scalars.map { Int($0) })),
        NamedTensor(name: "distances", found.distances),
      ], to: lab.output)
  }
}
