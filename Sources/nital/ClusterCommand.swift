// `nital cluster`: group a folder of micrographs, with or without known classes.

import ArgumentParser
import Files
import Pipelines
import Reporting
import Tensors

struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Group micrographs by their texture; write tables, figures, a model and a report.",
    discussion: """
      IMAGES are files, folders, patterns or @LIST (a file with one path a line). Classes, where \
      they are known, are used for scores and for naming clusters only.

      The folder DIR receives clusters.csv, model.safetensors, report.html, figures/ and run.json; \
      with --patch also parents.csv.

      PUBLISHED VARIANTS (weights: `nital weights list`)
        Cohn & Holm 2020      --features vgg16:fc1 --clahe 0.17 --components 50 --clusters 7
                              their map: --embedding tsne (of components that are not whitened)
                              their figure 11: --features vgg16:block5_pool --components 110 \
      --no-whiten --embedding tsne --cluster-on embedding --clusters 23
        Kitahara & Holm 2018  --features vgg16:fc1 --components 50 --no-whiten --clusters 6 and \
      --embedding tsne --maps 10 --map-start random --cluster-on embedding, or --cluster-on \
      components, or --cluster-on features; --kitahara-legacy for their preprocessing, --seeding drawn \
      for their k-means

      SHARDS  --shard I/N computes the features of every N-th image and stops. Run all N, at once or \
      one by one, on one host or several, with the same options and the same DIR; the same command \
      without --shard then takes all features from DIR, and its results are those of a single run.
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

  @Option(help: "k-means++ (default), or drawn: one start at drawn images (code of 2018).")
  var seeding: ClusterSeeding?

  @Option(help: "The seed of every random choice (default 0).")
  var seed: UInt64?

  @Option(help: "Folds of a stratified cross-validation; needs classes.")
  var folds: Int?

  @Option(help: "Compute the features of part I of N, as 2/8, and stop.")
  var shard: String?

  @OptionGroup var repeated: RepeatOptions

  @Flag(help: "Print the files that were found and the settings, and stop.")
  var dryRun = false

  @OptionGroup var features: FeatureOptions
  @OptionGroup var map: EmbeddingOptions
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
    if let shard, Shard(shard) == nil {
      throw ValidationError("--shard takes a part such as 2/8, not \(shard).")
    }
    if images.isEmpty && repeated.config == nil {
      throw ValidationError("Name the images: files, folders, patterns or @LIST.")
    }
  }

  func run() throws {
    shared.apply()
    stopOnSignals()
    let record = try resolvedRecord()
    if dryRun { return try describe(record) }
    var run = ClusterRun(record, output: output, shared: shared)
    (run.strict, run.resume) = (repeated.strict, !repeated.noResume)
    (run.weights, run.memory) = (features.weights, features.memoryBytes)
    let failures: [FailedImage]
    if let shard = shard.flatMap({ Shard($0) }) {
      failures = try run.extract(shard)
    } else {
      failures = try run.cluster().failures
    }
    if !failures.isEmpty { Console.leave(.someFailed) }
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
    if let config = repeated.config {
      record = try readingFile { () throws(FormatError) in try RunRecord(contentsOf: config) }
    }
    if !images.isEmpty { record.inputs = images }
    if let labels { record.labels = labels }
    if let clusters { record.settings.clusters = clusters }
    if let starts { record.settings.starts = starts }
    if let seeding { record.settings.seeding = seeding }
    if let seed { record.settings.seed = seed }
    if let folds { record.settings.folds = folds }
    features.apply(to: &record.settings)
    try map.apply(to: &record.settings)
    if let fault = record.settings.fault { throw CommandFailure(fault, .usage) }
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
