// `nital lab tsne | knn`.

import ArgumentParser
import Estimators
import Pipelines
import Tensors
import WeightFormats

extension TSNEOptions.Start: ExpressibleByArgument {}

struct LabTSNE: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tsne",
    abstract: "A t-SNE map of the rows of a matrix: writes embedding and kl.",
    discussion: "kl is the divergence in nats without exaggeration, of all pairs.")

  @Argument(help: "A matrix, one sample a row.") var input: String
  @Option(help: "Smooth number of neighbours.") var perplexity = 30.0
  @Option(help: "Steps.") var iterations = 1000
  @Option(help: "Dimensions of the map, 2 or 3.") var dimensions = 2
  @Option(help: "Length of a step (default: the larger of samples / 12 and 50).")
  var learningRate: Double?
  @Flag(help: "Exact forces of all pairs.") var exact = false
  @Option(help: "Trade-off of the tree, 0 (exact) to 1.") var theta = 0.5
  @Option(help: "Maps made; the lowest divergence wins.") var starts = 1
  @Option(help: "Where the points begin: pca or random.") var `init` = TSNEOptions.Start.pca
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if !(perplexity >= 1) || iterations < 1 || starts < 1 || !(2...3).contains(dimensions) {
      throw ValidationError(
        "--perplexity, --iterations and --starts begin at 1; --dimensions is 2 or 3.")
    }
    if !(0...1).contains(theta) || !((learningRate ?? 1) > 0) {
      throw ValidationError("--theta lies in 0 to 1, --learning-rate above 0.")
    }
  }

  func run() throws {
    let data = try loadArray(input)
    try require(
      data.shape.count == 2 && data.shape[1] > 0, "\(input): shape \(data.shape) is not a matrix")
    let options = TSNEOptions(
      perplexity: perplexity, dimensions: dimensions, iterations: iterations,
      learningRate: learningRate, theta: exact ? nil : theta, start: `init`, starts: starts)
    let values = data.doubles
    let meter = ProgressMeter(quiet: lab.shared.quiet)
    let map = try lab.timed {
      try TSNE(values, options: options, seed: lab.seed) { now in
        meter.report(
          Progress(
            stage: "t-SNE", done: now.start * now.iterations + now.iteration,
            total: starts * now.iterations))
        return true
      }
    }
    if !map.divergenceIsExact {
      Console.warning("kl is an estimate with the normaliser of the tree")
    }
    try saveArrays(
      [
        NamedTensor(name: "embedding", map.embedding),
        NamedTensor(name: "kl", Tensor<Double>(shape: [], scalars: [map.divergence])),
      ], to: lab.output)
  }
}

struct LabKNN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "knn",
    abstract: "The nearest other rows of each row of a matrix: writes indices and distances.")

  @Argument(help: "A matrix, one point a row.") var input: String
  @Option(help: "Neighbours of each row.") var neighbours: Int
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if neighbours < 1 { throw ValidationError("--neighbours begins at 1.") }
  }

  func run() throws {
    let data = try loadArray(input)
    try require(
      data.shape.count == 2 && data.shape[1] > 0, "\(input): shape \(data.shape) is not a matrix")
    let values = data.doubles
    let found = try lab.timed {
      try VantagePointTree(values, seed: lab.seed).nearestNeighbours(count: neighbours)
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
