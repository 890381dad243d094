// `nital classify`: new images with a fitted model.

import ArgumentParser
import Files
import Pipelines
import Reporting

struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Assign new micrographs to the clusters of a model, and flag unusual ones.",
    discussion: """
      MODEL is the model.safetensors of a clustering run. With -o the folder DIR receives \
      classes.csv; without it the table goes to stdout. An image whose novelty is above 1 lies \
      farther from the clusters than 99 % of held-out training images did: status `unusual`.
      """)

  @Argument(help: "A model.safetensors that nital cluster wrote.")
  var model: String

  @Argument(help: "Image files, folders, patterns, or @LIST.")
  var images: [String]

  @Option(name: .shortAndLong, help: "The folder for classes.csv; without it the table is printed.")
  var output: String?

  @Option(help: "True classes for scoring: a CSV file with file and class, from-names, or none.")
  var labels = "none"

  @Option(
    help: "The weights that the model was made with (default: by its name, where weights are kept)."
  )
  var weights: String?

  @Flag(help: "Stop at the first image that cannot be used.")
  var strict = false

  @OptionGroup var shared: SharedOptions

  private struct Summary: Encodable {
    var schema_version = 1
    var images: Int
    var failed: [String]
    var unusual: Int
    var accuracy: Double?
    var table: String?
  }

  func run() throws {
    shared.apply()
    stopOnSignals()
    let loaded = try readingFile(.modelMissing) { () throws(FormatError) in
      try ClusterModel(contentsOf: model)
    }
    let set = try readingFile { () throws(FormatError) in try ImageSet(images) }
    var job = MicrographClassification(model: loaded, images: set)
    job.network = try featureWeights(loaded.settings, named: weights).map {
      try loadFeatureNetwork($0, loaded.settings)
    }
    job.labels = LabelSource(labels)
    job.strict = strict
    let result = try reportingFailures {
      try job.run(progress: ProgressMeter(quiet: shared.quiet).report)
    }
    for warning in result.warnings where !shared.quiet { Console.warning(warning) }
    for failure in result.failures { Console.error(failure.problem) }
    try deliver(result)
    if !result.failures.isEmpty { Console.leave(.someFailed) }
  }

  /// Writes or prints the table, and the summary.
  private func deliver(_ result: ClassificationResult) throws {
    if let output {
      try readingFile { () throws(FormatError) in
        let folder = try ResultFolder(path: output)
        try folder.write(result.csv, to: "classes.csv")
        try folder.write(result.parentCSV, to: "parents.csv")
      }
    } else if !shared.json {
      Console.write(result.csv)
    }
    let summary = Summary(
      images: result.names.count, failed: result.failures.map(\.name),
      unusual: result.flaggedCount, accuracy: result.accuracy,
      table: output.map { "\($0)/classes.csv" })
    if shared.json { return try shared.printJSON(summary) }
    let accuracy = summary.accuracy.map { ", accuracy \(percent($0, 2))" } ?? ""
    let text =
      "\(summary.images) images, \(summary.unusual) unusual, \(summary.failed.count) not used\(accuracy)"
    if output == nil { shared.note(text) } else { Console.write(text) }
  }
}
