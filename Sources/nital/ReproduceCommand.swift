// `nital reproduce`: the tables and figures of published papers, printed and computed side by side.

import ArgumentParser
import Files
import Pipelines
import Tensors

struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Reproduce a published paper: every table and figure, printed beside computed.",
    subcommands: [ReproduceKitahara.self, ReproduceCohn.self, ReproduceKim.self])
}

/// Options of the papers that start from labelled images.
struct ReproduceOptions: ParsableArguments {
  @Argument(help: "Image files, folders, patterns, or @LIST.")
  var images: [String]

  @Option(name: .shortAndLong, help: "The folder for the results.")
  var output: String

  @Option(help: "Classes: a CSV file with columns file and class, or from-names.")
  var labels = "from-names"

  @Option(help: "How much counting: smoke (seconds), small (minutes), paper (the paper's counts).")
  var preset = "small"

  @Option(
    help: "Parts to make, by name, separated by commas, as fig13,table3; or features alone.")
  var only: String?

  @Option(help: "The seed of every random choice.")
  var seed: UInt64 = 0

  @Option(
    help: "Do part I of N of the work, as I/N; a run without it then joins the parts and reports.")
  var shard: String?

  @Flag(help: "Forget what an earlier run in DIR has finished.")
  var noResume = false

  @Option(
    help: "scattering (default: no weights), or NETWORK:LAYER; the papers have vgg16:fc1.")
  var features = "scattering"

  @Option(
    help: "The file of the network's weights (default: a published one, where they are kept).")
  var weights: String?

  @Option(
    help: "What becomes of a layer with rows and columns: flatten (default), mean, max, mean+max.")
  var pooling: FeaturePooling?

  @Option(help: "Rows and columns of the network's input (default: those of its training).")
  var side: Int?

  @Flag(help: "Preprocess before resizing, stretch each picture to 0...255 (code of 2018).")
  var kitaharaLegacy = false

  @Flag(help: "Never use Winograd's algorithm in a network's convolutions.")
  var exact = false

  @Option(help: "Whose rules of equalisation: scikit-image's current (default) or 0.17.")
  var clahe: CLAHEPreset?

  @Option(help: "Cut micrographs into square patches of so many pixels about the centre.")
  var patch: Int?

  @Option(help: "Columns and rows of the grid of patches, as 8x7.")
  var patchGrid: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if FeatureSource(features) == nil {
      throw ValidationError(
        "--features takes scattering or NETWORK:LAYER, NETWORK one of "
          + FeatureSource.networks.joined(separator: ", ") + ", not \(features).")
    }
    if ReproductionPreset(rawValue: preset) == nil {
      throw ValidationError(
        "--preset takes \(ReproductionPreset.allCases.map(\.rawValue).joined(separator: ", ")), "
          + "not \(preset).")
    }
    if let shard, Shard(shard) == nil {
      throw ValidationError("--shard takes I/N with 1 <= I <= N, not \(shard).")
    }
    if labels == "none" {
      throw ValidationError("A reproduction scores against classes: --labels FILE or from-names.")
    }
  }

  /// The settings that the options amount to.
  func settings(_ paper: ReproducedPaper) -> ReproductionSettings {
    var settings = ReproductionSettings(paper)
    settings.preset = ReproductionPreset(rawValue: preset) ?? .small
    settings.only = only.map { $0.split(separator: ",").map(String.init) } ?? []
    settings.seed = seed
    settings.chain.features = features
    if let pooling { settings.chain.pooling = pooling }
    settings.chain.side = side
    settings.chain.kitaharaLegacy = kitaharaLegacy
    settings.chain.exact = exact
    if let clahe { settings.chain.clahe = clahe }
    settings.chain.patch = patch
    settings.chain.patchGrid = patchGrid
    return settings
  }

  /// Reproduces, writes and prints.
  func run(_ settings: ReproductionSettings) throws {
    shared.apply()
    stopOnSignals()
    let set = try readingFile { () throws(FormatError) in try ImageSet(images) }
    let folder = try readingFile { () throws(FormatError) in try ResultFolder(path: output) }
    var job = Reproduction(
      images: set, labels: LabelSource(labels), settings: settings, folder: output)
    job.resume = !noResume
    job.shard = shard.flatMap { Shard($0) }
    job.weights = try featureWeights(settings.chain, named: weights)
    job.network = try job.weights.map { try loadFeatureNetwork($0, settings.chain) }
    if settings.only == ["features"] { return try extractFeatures(job) }
    let result = try reportingFailures {
      try job.run(progress: ProgressMeter(quiet: shared.quiet).report)
    }
    for warning in result.warnings where !shared.quiet { Console.warning(warning) }
    for failure in result.failures { Console.error(failure.problem) }
    if job.shard == nil {
      try readingFile { () throws(FormatError) in try result.write(to: folder) }
    }
    try printSummary(result)
    if !result.failures.isEmpty { Console.leave(.someFailed) }
  }

  /// Computes features alone, of one shard's images where there is one.
  private func extractFeatures(_ job: Reproduction) throws {
    let failures = try reportingFailures {
      try job.extractFeatures(progress: ProgressMeter(quiet: shared.quiet).report)
    }
    for failure in failures { Console.error(failure.problem) }
    Console.write("features  done; run without --only features to go on")
    if !failures.isEmpty { Console.leave(.someFailed) }
  }

  private struct Row: Encodable {
    var row: String
    var quantity: String
    var printed: String
    var computed: String
    var remark: String
  }

  private struct Summary: Encodable {
    var schema_version = 1
    var paper: String
    var images: Int
    var failed: [String]
    var parts: [String]
    var units_computed: Int
    var comparisons: [Row]
    var report: String?
  }

  private func printSummary(_ result: ReproductionResult) throws {
    let isShard = shard != nil
    if shared.json {
      return try shared.printJSON(
        Summary(
          paper: result.settings.paper.rawValue, images: result.imageCount,
          failed: result.failures.map(\.name), parts: result.partNames,
          units_computed: result.computedUnits,
          comparisons: result.comparisons.map {
            Row(
              row: $0.row, quantity: $0.quantity, printed: $0.printed, computed: $0.computed,
              remark: $0.remark)
          }, report: isShard ? nil : "\(output)/report.html"))
    }
    if isShard {
      return Console.write(
        "units     \(result.computedUnits) computed; run without --shard to join the parts")
    }
    let rows = result.comparisons.map { [$0.row, $0.quantity, $0.printed, $0.computed] }
    let widths = (0..<3).map { column in min(52, rows.map { $0[column].count }.max() ?? 0) }
    func line(_ cells: [String]) -> String {
      zip(cells, widths + [0]).map { cell, width in
        cell + String(repeating: " ", count: max(0, width - cell.count))
      }.joined(separator: "  ")
    }
    Console.write(
      ([line(["row", "quantity", "printed", "computed"])] + rows.map(line)
        + ["report    \(output)/report.html"]).joined(separator: "\n"))
  }
}

struct ReproduceKitahara: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kitahara",
    abstract: "Kitahara & Holm 2018: features, PCA, t-SNE, k-means; three pipelines compared.",
    discussion: """
      The folder DIR receives report.html, figures/ (SVG and CSV), tables/, comparisons.csv and \
      montage.png. Parts: chain, warnings, fig1 to fig7, table1, layers, regions, pc3, montage, \
      scaling, decisions.
      """)

  @OptionGroup var options: ReproduceOptions

  func run() throws { try options.run(options.settings(.kitahara)) }
}

struct ReproduceCohn: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cohn",
    abstract: "Cohn & Holm 2021: whitened components and k-means, with its sensitivity analysis.",
    discussion: """
      The folder DIR receives report.html, figures/ (SVG and CSV), tables/, comparisons.csv and \
      montage.png. Parts: chain, fig1 to fig13, table1 to table4, seeds, noequal, fc2, block5, \
      ksweep, extras, decisions. Table 3 is printed honestly and as published whatever --map-from \
      says; the option puts one of them first.
      """)

  @Option(
    help: "Clusters are named for held-out images by: train (honest) or split (as published).")
  var mapFrom = "train"

  @OptionGroup var options: ReproduceOptions

  func validate() throws {
    if ClusterNaming(rawValue: mapFrom) == nil {
      throw ValidationError("--map-from takes train or split, not \(mapFrom).")
    }
  }

  func run() throws {
    var settings = options.settings(.cohn)
    settings.naming = ClusterNaming(rawValue: mapFrom) ?? .train
    try options.run(settings)
  }
}
