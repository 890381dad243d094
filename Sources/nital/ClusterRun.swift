// What `nital cluster` and `nital demo` do with resolved settings.

import Estimators
import Files
import Pipelines
import Reporting
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The summary of a run that goes to stdout.
struct ClusterSummary: Encodable {
  struct Fold: Encodable {
    var fold: Int
    var training_accuracy: Double
    var validation_accuracy: Double
    var held_out: Int
    var flagged_share: Double
  }

  var schema_version = 1
  var images: Int
  var failed: [String]
  var clusters: Int
  var cluster_sizes: [Int]
  var inertia: Double
  var components: Int
  var variance_kept: Double
  var divergence: Double?
  var accuracy: Double?
  var adjusted_rand: Double?
  var folds: [Fold]
  var seconds: Double
  var report: String
}

/// A clustering run with resolved settings.
struct ClusterRun {
  /// What the run is told.
  var record: RunRecord
  /// The folder for the results.
  var output: String
  /// Verbosity.
  var shared: SharedOptions
  /// Stop at the first image that cannot be used.
  var strict = false
  /// Use what an earlier run has finished.
  var resume = true
  /// The weight file that was named; `nil` to look for it.
  var weights: String?
  /// Bytes of memory that may be used; `nil` for what there is.
  var memory: UInt64?
  /// Whether the summary goes to stdout.
  var printsSummary = true

  init(_ record: RunRecord, output: String, shared: SharedOptions) {
    (self.record, self.output, self.shared) = (record, output, shared)
  }

  /// Clusters, writes every result into `output`, prints the summary.
  ///
  /// - Returns: the result, for commands that go on with it.
  /// - Throws: `CommandFailure`.
  @discardableResult
  func cluster() throws -> ClusteringResult {
    let began = monotonicSeconds()
    var record = record
    let images = try readingFile { () throws(FormatError) in try ImageSet(record.inputs) }
    let folder = try readingFile { () throws(FormatError) in try ResultFolder(path: output) }
    let weightsPath = try featureWeights(record, named: weights)
    var job = MicrographClustering(
      images: images, labels: LabelSource(record.labels), settings: record.settings)
    job.network = try weightsPath.map { try loadFeatureNetwork($0, record.settings) }
    job.journalFolder = output
    job.resume = resume
    job.strict = strict
    job.memory = memory
    let result = try reportingFailures {
      try job.run(progress: ProgressMeter(quiet: shared.quiet).report)
    }
    for warning in result.warnings where !shared.quiet { Console.warning(warning) }
    for failure in result.failures { Console.error(failure.problem) }
    record.settings = result.settings
    record.weights = weightsPath.map { absolutePath($0) }
    record.inputs = record.inputs.map { absolutePath($0) }
    record.labels = absoluteLabels(record.labels)
    record.inputHashes = result.model.inputHashes
    record.instructionSet = InstructionSet.current.name
    record.threads = Parallelism.threads
    record.seconds = monotonicSeconds() - began
    record.beganAt = Double(time(nil)) - record.seconds
    try readingFile { () throws(FormatError) in
      try folder.write(result.csv, to: "clusters.csv")
      try folder.write(result.parentCSV, to: "parents.csv")
      try result.model.save(to: "\(output)/model.safetensors")
      try folder.write(result.report(record))
      try folder.write(record.json, to: "run.json")
    }
    if printsSummary { try printSummary(result, record, output, shared) }
    return result
  }

  private struct ShardSummary: Encodable {
    var schema_version = 1
    var shard: String
    var images: Int
    var failed: [String]
    var seconds: Double
  }

  /// Computes the features of one part of the images, and leaves them in `output`.
  ///
  /// - Returns: the images of the part that cannot be used.
  /// - Throws: `CommandFailure`.
  func extract(_ shard: Shard) throws -> [FailedImage] {
    let began = monotonicSeconds()
    let images = try readingFile { () throws(FormatError) in try ImageSet(record.inputs) }
    _ = try readingFile { () throws(FormatError) in try ResultFolder(path: output) }
    let weightsPath = try featureWeights(record, named: weights)
    var job = MicrographFeatures(
      images: images, settings: record.settings,
      network: try weightsPath.map { try loadFeatureNetwork($0, record.settings) })
    job.journalFolder = output
    job.resume = resume
    job.strict = strict
    job.memory = memory
    job.shard = shard
    let set = try reportingFailures {
      try job.run(progress: ProgressMeter(quiet: shared.quiet).report)
    }
    for failure in set.failures { Console.error(failure.problem) }
    let summary = ShardSummary(
      shard: shard.text, images: Set(set.parents).count, failed: set.failures.map(\.name),
      seconds: monotonicSeconds() - began)
    if shared.json {
      try shared.printJSON(summary)
    } else {
      Console.write(
        "shard \(summary.shard): features of \(summary.images) images are in \(output), "
          + "\(summary.failed.count) not used, \(fixed(summary.seconds, 1)) s")
    }
    return set.failures
  }
}

/// Prints the summary of a run to stdout.
private func printSummary(
  _ result: ClusteringResult, _ record: RunRecord, _ output: String, _ shared: SharedOptions
) throws {
  let summary = ClusterSummary(result, record, output)
  if shared.json { return try shared.printJSON(summary) }
  var lines = [
    "images    \(summary.images) used, \(summary.failed.count) not used",
    "clusters  \(summary.clusters) of \(summary.cluster_sizes.map(String.init).joined(separator: ", ")) images",
  ]
  for (k, value) in result.criteria {
    let mark = k == summary.clusters ? "  <- chosen" : ""
    lines.append("  k = \(k): mean silhouette \(value.map { fixed($0, 4) } ?? "undefined")\(mark)")
  }
  lines.append(
    "variance  \(percent(summary.variance_kept)) in \(summary.components) components")
  lines.append("inertia   \(significant(summary.inertia, 9))")
  if let divergence = summary.divergence {
    lines.append("map       Kullback-Leibler divergence \(fixed(divergence, 4)) nats")
  }
  if let accuracy = summary.accuracy, let rand = summary.adjusted_rand {
    lines.append("accuracy  \(percent(accuracy, 2)), adjusted Rand index \(fixed(rand, 4))")
  }
  for fold in summary.folds {
    lines.append(
      "fold \(fold.fold)    training \(percent(fold.training_accuracy, 2)), "
        + "validation \(percent(fold.validation_accuracy, 2)) of \(fold.held_out) images, "
        + "flagged \(percent(fold.flagged_share, 1))")
  }
  if !summary.folds.isEmpty {
    let mean =
      summary.folds.map(\.validation_accuracy).reduce(0, +) / Double(summary.folds.count)
    lines.append("folds     mean validation accuracy \(percent(mean, 2))")
  }
  lines.append("time      \(fixed(summary.seconds, 1)) s")
  lines.append("report    \(summary.report)")
  Console.write(lines.joined(separator: "\n"))
}

extension ClusterSummary {
  fileprivate init(_ result: ClusteringResult, _ record: RunRecord, _ output: String) {
    self.init(
      images: result.names.count, failed: result.failures.map(\.name),
      clusters: result.model.clusters.clusters, cluster_sizes: result.clusterSizes,
      inertia: result.model.clusters.inertia, components: result.model.pca.componentCount,
      variance_kept: result.varianceKept, divergence: result.map?.divergence,
      accuracy: result.accuracy,
      adjusted_rand: result.adjustedRand,
      folds: result.folds.map {
        Fold(
          fold: $0.fold, training_accuracy: $0.trainingAccuracy,
          validation_accuracy: $0.validationAccuracy, held_out: $0.heldOut,
          flagged_share: $0.flaggedShare)
      }, seconds: record.seconds, report: "\(output)/report.html")
  }
}

/// Turns what a pipeline throws into a failure of the command.
func reportingFailures<Result>(_ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as FormatError {
    throw CommandFailure(error.description, .noInput)
  } catch let error as PipelineError {
    for failure in error.failures { Console.error(failure.problem) }
    if case .otherWeights = error { throw CommandFailure(error.description, .modelMissing) }
    throw CommandFailure(error.description, error.isUsage ? .usage : .noInput)
  } catch is Interrupted {
    throw CommandFailure("interrupted; run the same command to go on from here", .interrupted)
  } catch {
    // An estimator's error: the numbers of these images cannot be used.
    throw CommandFailure("the images do not suit the settings or the model: \(error)", .noInput)
  }
}

/// A path from the root.
func absolutePath(_ path: String) -> String {
  if path.hasPrefix("@") { return "@" + absolutePath(String(path.dropFirst())) }
  return path.hasPrefix("/") ? path : currentFolder() + "/" + path
}

/// The source of classes, a path made absolute.
private func absoluteLabels(_ labels: String) -> String {
  if case .table(let path) = LabelSource(labels) { return absolutePath(path) }
  return labels
}
