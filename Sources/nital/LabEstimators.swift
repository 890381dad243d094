// `nital lab pca | svd | kmeans`.

import ArgumentParser
import Estimators
import LinearAlgebra
import Tensors
import WeightFormats

/// How `nital lab pca` finds the components.
enum LabPCASolver: String, CaseIterable, ExpressibleByArgument {
  case auto, full, randomized
}

struct LabPCA: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pca",
    abstract: "Principal components of the rows of a matrix.",
    discussion: """
      Writes scores, components, explainedVariance, explainedVarianceRatio and mean. The solver \
      auto takes randomized where rows and columns exceed 500 and the components are at most a \
      tenth of either, else full. full computes in double precision, randomized in that of the file.
      """)

  @Argument(help: "A matrix, one sample a row.") var input: String
  @Option(help: "The number of components (default: all).") var components: Int?
  @Flag(help: "Scale the scores to unit variance.") var whiten = false
  @Option(help: "How components are found: auto, full or randomized.")
  var solver = LabPCASolver.auto
  @Option(help: "Sample vectors beside the components, randomized solver.") var oversampling = 30
  @Option(help: "Power iterations of the randomized solver.") var powerIterations = 2
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if oversampling < 0 || powerIterations < 0 {
      throw ValidationError("--oversampling and --power-iterations begin at 0.")
    }
  }

  func run() throws {
    try requireArrayFile(lab.output)
    let data = try loadArray(input)
    try require(data.shape.count == 2, "\(input): shape \(data.shape) is not a matrix")
    let largest = min(data.shape[0], data.shape[1])
    let count = components ?? largest
    try require((1...max(1, largest)).contains(count), "--components takes 1 to \(largest)")
    let isLarge = largest > 500 && count <= largest / 10
    if solver == .full || (solver == .auto && !isLarge) {
      let values = data.doubles
      try write(values) {
        try PCA.fit(values, components: .count(count), whitens: whiten)
      } scores: {
        NamedTensor(name: "scores", $0)
      }
      return
    }
    switch data {
    case .float(let values):
      try write(values) {
        try sampled(values, count)
      } scores: {
        NamedTensor(name: "scores", $0)
      }
    case .double(let values):
      try write(values) {
        try sampled(values, count)
      } scores: {
        NamedTensor(name: "scores", $0)
      }
    }
  }

  private func sampled<Scalar: KernelScalar>(
    _ values: Tensor<Scalar>, _ count: Int
  ) throws -> PCA {
    var generator = SeededGenerator(seed: lab.seed)
    return try PCA.fitRandomized(
      values, count: count, whitens: whiten, oversampling: oversampling,
      powerIterations: powerIterations, using: &generator)
  }

  private func write<Scalar: KernelScalar>(
    _ values: Tensor<Scalar>, _ fit: () throws -> PCA, scores named: (Tensor<Scalar>) -> NamedTensor
  ) throws {
    let pca = try lab.timed(fit)
    let scores = try pca.transform(values)
    try saveArrays(
      [
        named(scores), NamedTensor(name: "components", pca.components),
        NamedTensor(name: "explainedVariance", vector(pca.explainedVariance)),
        NamedTensor(name: "explainedVarianceRatio", vector(pca.explainedVarianceRatio)),
        NamedTensor(name: "mean", vector(pca.mean)),
      ], to: lab.output)
  }
}

struct LabSVD: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "svd",
    abstract: "Singular value decomposition of a matrix: writes U, S and Vt.")

  @Argument(help: "A matrix.") var input: String
  @Option(help: "With this rank by the randomized method.") var rank: Int?
  @OptionGroup var lab: LabOptions

  func run() throws {
    try requireArrayFile(lab.output)
    let data = try loadArray(input)
    try require(data.shape.count == 2, "\(input): shape \(data.shape) is not a matrix")
    if let rank {
      let largest = min(data.shape[0], data.shape[1])
      try require((1...max(1, largest)).contains(rank), "--rank takes 1 to \(largest)")
    }
    switch data {
    case .float(let A): try write(A) { NamedTensor(name: $0, $1) }
    case .double(let A): try write(A) { NamedTensor(name: $0, $1) }
    }
  }

  private func write<Scalar: KernelScalar>(
    _ A: Tensor<Scalar>, _ named: (String, Tensor<Scalar>) -> NamedTensor
  ) throws {
    let factors = try lab.timed {
      if let rank {
        var generator = SeededGenerator(seed: lab.seed)
        return try randomizedSVD(A, rank: rank, using: &generator)
      }
      return try SVD(A)
    }
    try saveArrays(
      [named("U", factors.U), named("S", vector(factors.S)), named("Vt", factors.Vt)],
      to: lab.output)
  }
}

struct LabKMeans: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kmeans",
    abstract: "k-means of the rows of a matrix: writes labels, centers and inertia.")

  @Argument(help: "A matrix, one sample a row.") var input: String
  @Option(help: "The number of clusters.") var clusters: Int
  @Option(help: "Starts; the lowest inertia wins.") var starts = 500
  @Option(help: "The most iterations of a start.") var iterations = 300
  @Option(help: "Stop when centres move less (scikit-learn's rule); 0: until nothing changes.")
  var tolerance = 0.0
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if clusters < 1 || starts < 1 || iterations < 1 || !(tolerance >= 0) {
      throw ValidationError("--clusters, --starts and --iterations begin at 1, --tolerance at 0.")
    }
  }

  func run() throws {
    try requireArrayFile(lab.output)
    let data = try loadArray(input)
    try require(
      data.shape.count == 2 && data.shape[1] > 0, "\(input): shape \(data.shape) is not a matrix")
    let options = KMeansOptions(
      starts: starts, maximumIterations: iterations, tolerance: tolerance)
    let model = try lab.timed {
      switch data {
      case .float(let rows): try KMeans(rows, clusters: clusters, options: options, seed: lab.seed)
      case .double(let rows): try KMeans(rows, clusters: clusters, options: options, seed: lab.seed)
      }
    }
    try saveArrays(
      [
        NamedTensor(name: "labels", vector(model.labels)),
        NamedTensor(name: "centers", model.centres),
        NamedTensor(name: "inertia", Tensor<Double>(shape: [], scalars: [model.inertia])),
      ], to: lab.output)
  }
}
