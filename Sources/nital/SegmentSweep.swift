// `nital segment --sweep`: F, F' and Q over classes, compactness or superpixels.

import ArgumentParser
import Files
import Metallography
import Pipelines
import Tensors

extension SweepAxis: ExpressibleByArgument {}

/// What is varied, and how the work is shared out.
struct SweepOptions: ParsableArguments {
  @Option(
    help: "Vary classes, compactness or superpixels and judge by F, F' and Q; twice for a map.")
  var sweep: [SweepAxis] = []

  @Option(
    help: "The values of each --sweep, separated by commas: --values 2,3,4 (defaults: see --help).")
  var values: [String] = []

  @Option(help: "Seeds that a sweep averages (the paper: 10).")
  var seeds = 10

  @Option(
    help: "Do part I of N of a sweep, as I/N; a run without it then joins the parts and reports.")
  var shard: String?

  func validate() throws {
    if sweep.count > 2 || Set(sweep.map(\.rawValue)).count < sweep.count {
      throw ValidationError("--sweep is given once or, with another axis, twice.")
    }
    if !values.isEmpty && values.count != sweep.count {
      throw ValidationError("--values is given once for each --sweep.")
    }
    for (axis, list) in zip(sweep, values) where Self.numbers(list, axis) == nil {
      throw ValidationError("--values takes numbers above 0 for \(axis.rawValue), not \(list).")
    }
    if !(1...1000).contains(seeds) { throw ValidationError("--seeds takes 1 to 1000.") }
    if let shard, sweep.isEmpty || Shard(shard) == nil {
      throw ValidationError("--shard takes I/N with 1 <= I <= N, with --sweep; not \(shard).")
    }
  }

  /// The axes with their values; grids of its own where none are given.
  var axes: [(axis: SweepAxis, values: [Double])] {
    sweep.enumerated().map { i, axis in
      let given = values.isEmpty ? nil : Self.numbers(values[i], axis)
      return (axis, given ?? Self.grid(axis))
    }
  }

  private static func grid(_ axis: SweepAxis) -> [Double] {
    switch axis {
    case .classes: (2...10).map { Double($0) }
    case .compactness: [1, 5, 10, 20, 40, 80]
    case .superpixels: [1000, 5000, 10_000, 50_000]
    }
  }

  private static func numbers(_ list: String, _ axis: SweepAxis) -> [Double]? {
    let parts = list.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }
    let isWhole = axis == .compactness || numbers.allSatisfy { $0 == $0.rounded() && $0 < 1e8 }
    guard numbers.count == parts.count, !numbers.isEmpty, isWhole,
      numbers.allSatisfy({ $0 > 0 && $0 <= 1e8 }), Set(numbers).count == numbers.count
    else { return nil }
    return numbers
  }

  /// Runs the sweep over pictures and prints where F is lowest.
  func run(
    _ set: ImageSet, _ settings: SegmentationSettings, output: String, resume: Bool,
    _ shared: SharedOptions
  ) throws {
    let folder = try readingFile { () throws(FormatError) in try ResultFolder(path: output) }
    var sweep = SegmentationSweep(axes, method: settings.segmentationMethod)
    sweep.seeds = seeds
    sweep.base.seed = settings.seed
    sweep.base.iterations = settings.maximumIterations
    sweep.base.superpixels = settings.superpixels
    sweep.base.compactness = settings.compactness
    sweep.base.classes = settings.classes ?? settings.minimumLabels
    var job = SweepJob(
      pictures: try studyPictures(set, masks: nil), sweep: sweep, folder: output)
    job.resume = resume
    job.shard = shard.flatMap { Shard($0) }
    let result = try reportingFailures {
      try job.run(progress: ProgressMeter(quiet: shared.quiet).report)
    }
    try finish(result, folder, isShard: job.shard != nil, shared)
  }
}
