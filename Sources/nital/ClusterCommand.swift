// `nital cluster`: group a folder of micrographs, with or without known classes.

import ArgumentParser
import Files
import Pipelines
import Reporting
import Tensors

/// How images become numbers; shared by `cluster` and `demo`.
struct FeatureOptions: ParsableArguments {
  @Option(
    help: "Dyadic scales J of the scattering transform; the window is 2^J pixels (default 5).")
  var scales: Int?

  @Option(help: "Orientations L over half a turn (default 8).")
  var orientations: Int?

  @Option(help: "Offset of the logarithm in medians of each coefficient (default 0.1).")
  var offset: Double?

  @Flag(inversion: .prefixedNo, help: "Equalise contrast first (CLAHE; on by default).")
  var equalize: Bool?

  @Option(help: "Principal components (default 50, or a tenth of the images if that is less).")
  var components: Int?

  @Flag(inversion: .prefixedNo, help: "Scale components to unit variance (on by default).")
  var whiten: Bool?

  @Option(help: "Limit whitened components to so many standard deviations; 0: none (default 3).")
  var limit: Double?

  func validate() throws {
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
    if let scales { settings.scales = scales }
    if let orientations { settings.orientations = orientations }
    if let offset { settings.offset = offset }
    if let equalize { settings.equalize = equalize }
    if let components { settings.components = components }
    if let whiten { settings.whiten = whiten }
    if let limit { settings.limit = limit }
  }
}

struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Group micrographs by their texture; write tables, figures, a model and a report.",
    discussion: """
      IMAGES are files, folders, patterns or @LIST (a file with one path a line). Classes, where \
      they are known, are used for scores and for naming clusters only.

      The folder DIR receives clusters.csv, model.safetensors, report.html, figures/ and run.json.
      """)

  @Argument(help: "Image files, folders, patterns, or @LIST.")
  var images: [String] = []

  @Option(name: .shortAndLong, help: "The folder for the results.")
  var output: String

  @Option(help: "Clusters: a number, or a range such as 4-12 to choose from (default 2-12).")
  var clusters: String?

  @Option(help: "Classes: a CSV file with columns file and class, from-names, or none.")
  var labels: String?

  @Option(help: "Starts of k-means; the lowest inertia wins (default 500).")
  var starts: Int?

  @Option(help: "The seed of every random choice (default 0).")
  var seed: UInt64?

  @Option(help: "Folds of a stratified cross-validation; needs classes.")
  var folds: Int?

  @Option(help: "Repeat a run: take inputs and settings from its run.json; options override.")
  var config: String?

  @Flag(help: "Stop at the first image that cannot be used.")
  var strict = false

  @Flag(help: "Forget what an earlier, interrupted run in DIR has finished.")
  var noResume = false

  @Flag(help: "Print the files that were found and the settings, and stop.")
  var dryRun = false

  @OptionGroup var features: FeatureOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let clusters, ClusterCount(clusters) == nil {
      throw ValidationError("--clusters takes a number or a range such as 4-12, not \(clusters).")
    }
    if let starts, !(1...1_000_000).contains(starts) {
      throw ValidationError("--starts takes 1 to 1000000, not \(starts).")
    }
    if let folds, !(2...100).contains(folds) {
      throw ValidationError("--folds takes 2 to 100, not \(folds).")
    }
    if images.isEmpty && config == nil {
      throw ValidationError("Name the images: files, folders, patterns or @LIST.")
    }
  }

  func run() throws {
    shared.apply()
    stopOnSignals()
    let record = try resolvedRecord()
    if dryRun { return try describe(record) }
    let result = try runClustering(
      record, output: output, strict: strict, resume: !noResume, shared: shared)
    if !result.failures.isEmpty { Console.leave(.someFailed) }
  }

  /// Prints what would be done.
  private func describe(_ record: RunRecord) throws {
    let set = try readingFile { () throws(FormatError) in try ImageSet(record.inputs) }
    Console.write(set.names.joined(separator: "\n"))
    Console.log("\(set.names.count) files below \(set.folder); nothing was read or written")
    Console.log(record.json)
  }

  /// The settings: options over the record of `--config` over defaults.
  private func resolvedRecord() throws -> RunRecord {
    var record = RunRecord(command: "cluster", inputs: [], labels: "none", settings: .init())
    if let config {
      record = try readingFile { () throws(FormatError) in try RunRecord(contentsOf: config) }
    }
    if !images.isEmpty { record.inputs = images }
    if let labels { record.labels = labels }
    if let clusters { record.settings.clusters = clusters }
    if let starts { record.settings.starts = starts }
    if let seed { record.settings.seed = seed }
    if let folds { record.settings.folds = folds }
    features.apply(to: &record.settings)
    record.version = nitalVersion
    record.command = "cluster"
    return record
  }
}

/// Turns a fault of a file that the user named into a failure of the command.
func readingFile<Result>(
  _ status: ExitStatus = .noInput, _ body: () throws(FormatError) -> Result
) throws(CommandFailure) -> Result {
  do {
    return try body()
  } catch {
    throw CommandFailure(error.description, status)
  }
}
