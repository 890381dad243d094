// `nital demo`: the first five minutes, on micrographs that the program draws itself.

import ArgumentParser
import Estimators
import Files
import Microstructures
import Pipelines
import Reporting

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Draw a small labelled set of micrographs, cluster it, classify held-back ones.",
    discussion: "Takes less than a minute, downloads nothing, and prints where the report is.")

  @Option(name: .shortAndLong, help: "The folder for the results.") var output = "nital-demo"
  @Option(help: "The seed of every random choice.") var seed: UInt64 = 1
  @OptionGroup var shared: SharedOptions

  /// Pictures of each kind that the model is fitted to, and that are held back.
  private static let fitted = 18
  private static let heldBack = 6

  func run() throws {
    shared.apply()
    stopOnSignals()
    let kinds = MicrographKind.allCases
    shared.note(
      "drawing \(kinds.count * (Self.fitted + Self.heldBack)) micrographs of \(kinds.count) kinds")
    let all = SyntheticMicrograph.classedSet(
      count: Self.fitted + Self.heldBack, height: 192, width: 192, seed: seed, electronShare: 0)
    let each = Self.fitted + Self.heldBack
    let training = all.indices.filter { $0 % each < Self.fitted }.map { all[$0] }
    let held = all.indices.filter { $0 % each >= Self.fitted }.map { all[$0] }
    try readingFile { () throws(FormatError) in
      try SyntheticSet(training).write(to: "\(output)/training", seed: seed)
      try SyntheticSet(held).write(to: "\(output)/held-back", seed: seed)
    }
    var settings = ClusteringSettings()
    // Half as many clusters again as kinds: a kind may have several looks, as scratches do that
    // run along or across (Cohn & Holm 2021, section 2.3).
    settings.clusters = "\(kinds.count * 3 / 2)"
    settings.seed = seed
    let record = RunRecord(
      command: "cluster", inputs: ["\(output)/training/images"],
      labels: "\(output)/training/labels.csv", settings: settings)
    var run = ClusterRun(record, output: output, shared: shared)
    run.printsSummary = false
    try classifyHeldBack(try run.cluster())
  }

  /// Classifies the pictures that the model has not seen, and prints the outcome.
  private func classifyHeldBack(_ fit: ClusteringResult) throws {
    let set = try readingFile { () throws(FormatError) in
      try ImageSet(["\(output)/held-back/images"])
    }
    var job = MicrographClassification(model: fit.model, images: set)
    job.labels = .table("\(output)/held-back/labels.csv")
    let result = try reportingFailures { try job.run() }
    try readingFile { () throws(FormatError) in
      try ResultFolder(path: output).write(result.csv, to: "held-back.csv")
    }
    Console.write(
      """
      clustered  \(fit.names.count) micrographs into \(fit.model.clusters.clusters) clusters: \
      \(percent(fit.accuracy ?? 0)) lie with their kind
      classified \(result.names.count) held-back micrographs: \(percent(result.accuracy ?? 0)) right
      report     \(output)/report.html
      try next   nital cluster IMAGES -o DIR
      """)
  }
}
