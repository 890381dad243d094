// `nital segment`: phases of micrographs without labels.

import ArgumentParser
import Files
import FoundationEssentials
import Metallography
import NeuralNetworks
import Pipelines
import Reporting
import Synchronization
import Tensors

extension SegmentationSettings.Method: ExpressibleByArgument {}
extension SegmentationSettings.Stop: ExpressibleByArgument {}
extension SegmentationSettings.FinalLabels: ExpressibleByArgument {}
extension ClassGrouping: ExpressibleByArgument {}

/// The network and its training.
struct SegmentationOptions: ParsableArguments {
  @Option(help: "Filters of each convolution (default 100).")
  var filters: Int?

  @Option(help: "Convolutions of 3 x 3 (default 2).")
  var layers: Int?

  @Option(help: "Outputs of the classifier, the most classes (default 50).")
  var outputs: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Batch normalisation before ReLU; the paper has it after (the default).")
  var normalizeFirst: Bool?

  @Option(help: "superpixels (the paper), or tip: a continuity loss in their place.")
  var method: SegmentationSettings.Method?

  @Option(help: "Number of superpixels (default 50000).")
  var superpixels: Int?

  @Option(help: "Compactness of superpixels (default 20).")
  var compactness: Double?

  @Option(help: "Rules of SLIC: legacy018 (scikit-image 0.18, the default) or current.")
  var slicRules: String?

  @Flag(
    inversion: .prefixedNo,
    help: "SLIC sees red and blue exchanged, as the paper's base program has it (default).")
  var exchangeColours: Bool?

  @Option(help: "Learning rate of SGD (default 0.1).")
  var learningRate: Double?

  @Option(help: "Momentum of SGD (default 0.9).")
  var momentum: Double?

  @Option(help: "The most iterations (default 1000, as the paper's base program).")
  var iterations: Int?

  @Option(help: "Stop when the labels fall to this number (default 3).")
  var minimumLabels: Int?

  @Option(help: "Stop when labels are below the number (the paper) or have reached it.")
  var stop: SegmentationSettings.Stop?

  @Option(help: "Labels of one more pass after the last step (default), or before it.")
  var finalLabels: SegmentationSettings.FinalLabels?

  @Flag(inversion: .prefixedNo, help: "Refine the result by superpixels once more (default no).")
  var refineResult: Bool?

  @Option(help: "Reach this number of classes: see 'Classes' below.")
  var classes: Int?

  @Option(help: "More labels than --classes are joined by boundary (default) or texture.")
  var grouping: ClassGrouping?

  @Option(help: "Pixels along a side of the window of --grouping texture, odd (default 17).")
  var textureWindow: Int?

  @Option(help: "Weight of the continuity loss of --method tip (default 1).")
  var continuity: Double?

  @Option(help: "Repeated runs with other seeds, and their consensus (default 1).")
  var runs: Int?

  @Option(help: "The seed of the first run (default 0).")
  var seed: UInt64?

  @Option(help: "Fields along each side for the 95 % intervals (default 4: 16 fields).")
  var fields: Int?

  @Option(help: "The most memory for activations, such as 4G or 800M (default: one window).")
  var maxMemory: String?

  @Option(help: "Iterations between checkpoints (default 5).")
  var checkpointInterval: Int?

  func validate() throws {
    if let maxMemory, Self.bytes(maxMemory) == nil {
      throw ValidationError("--max-memory takes a number such as 4G or 800M, not \(maxMemory).")
    }
    var settings = SegmentationSettings()
    apply(to: &settings)
    if let fault = settings.fault { throw ValidationError("Settings: \(fault).") }
  }

  /// A number of bytes with K, M or G for powers of 1000.
  private static func bytes(_ text: String) -> Int? {
    let units: [Character: Double] = ["K": 1e3, "M": 1e6, "G": 1e9]
    guard let last = text.uppercased().last else { return nil }
    let number = units[last] == nil ? Double(text) : Double(text.dropLast())
    guard let number, number > 0, number < 1e12 else { return nil }
    return Int(number * (units[last] ?? 1))
  }

  /// Puts what was given in place of what stands in `settings`.
  func apply(to settings: inout SegmentationSettings) {
    if let filters { settings.filters = filters }
    if let layers { settings.layers = layers }
    if let outputs { settings.outputs = outputs }
    if let normalizeFirst { settings.normalisesFirst = normalizeFirst }
    if let method { settings.method = method }
    if let superpixels { settings.superpixels = superpixels }
    if let compactness { settings.compactness = compactness }
    if let slicRules { settings.slicRules = slicRules }
    if let exchangeColours { settings.exchangesColours = exchangeColours }
    if let learningRate { settings.learningRate = learningRate }
    if let momentum { settings.momentum = momentum }
    if let iterations { settings.maximumIterations = iterations }
    if let minimumLabels { settings.minimumLabels = minimumLabels }
    applyRest(to: &settings)
  }

  private func applyRest(to settings: inout SegmentationSettings) {
    if let stop { settings.stop = stop }
    if let finalLabels { settings.finalLabels = finalLabels }
    if let refineResult { settings.refinesResult = refineResult }
    if let classes { settings.classes = classes }
    if let grouping { settings.grouping = grouping }
    if let textureWindow { settings.textureWindow = textureWindow }
    if let continuity { settings.continuity = continuity }
    if let runs { settings.runs = runs }
    if let seed { settings.seed = seed }
    if let fields { settings.fields = fields }
    if let maxMemory { settings.maximumMemory = Self.bytes(maxMemory) ?? 0 }
    if let checkpointInterval { settings.checkpointInterval = checkpointInterval }
  }
}

struct SegmentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segment",
    abstract: "Find the phases of micrographs without labels (Kim, Inoue, Kasuya 2020).",
    discussion: """
      IMAGES are files, folders, patterns or @LIST (a file with one path a line). Each image trains \
      its own network. The folder DIR receives segmentation.csv, report.html, figures/, run.json, and \
      for each image a folder with labels.png, overlay.png, phases.csv, regions.csv, iterations.csv, \
      boundaries.svg, boundaries.geojson and model.safetensors.

      CLASSES. Without --classes the training ends below --minimum-labels, or after --iterations. With \
      --classes N it ends at the first iteration with N labels or fewer; where it has fewer, the labels \
      of the iteration before are taken; while more than N are left, the smallest class joins the class \
      with which it shares the longest boundary. With --grouping texture pixels are grouped by the \
      shares of labels in a window around them instead (k-means): textures wider than the 5 x 5 pixels \
      that the network sees become classes.

      SWEEPS. --sweep classes, compactness or superpixels segments each image at each of --values, with \
      --seeds seeds, and writes report.html, figures/ and tables/ with the means of F, F' and Q, their \
      ranks, and every run; two sweeps draw a map of F. --shard I/N shares out the runs.

      An interrupted run goes on from its last checkpoint; its result has the same bytes.
      """)

  @Argument(help: "Image files, folders, patterns, or @LIST.")
  var images: [String] = []

  @Option(name: .shortAndLong, help: "The folder for the results.")
  var output: String

  @OptionGroup var repeated: RepeatOptions

  @Flag(help: "Print the images, the memory that each needs and the settings, and stop.")
  var dryRun = false

  @OptionGroup var sweep: SweepOptions
  @OptionGroup var training: SegmentationOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if images.isEmpty && repeated.config == nil {
      throw ValidationError("Name the images: files, folders, patterns or @LIST.")
    }
  }

  func run() throws {
    shared.apply()
    stopOnSignals()
    var record = SegmentationRecord(inputs: [], settings: SegmentationSettings())
    if let config = repeated.config {
      record = try readingFile { () throws(FormatError) in
        try SegmentationRecord(contentsOf: config)
      }
    }
    if !images.isEmpty { record.inputs = images.map { absolutePath($0) } }
    training.apply(to: &record.settings)
    record.version = nitalVersion
    let set = try readingFile { () throws(FormatError) in try ImageSet(record.inputs) }
    for reading in record.settings.readings { shared.note(reading) }
    if dryRun { return describe(set, record) }
    if !sweep.sweep.isEmpty {
      return try sweep.run(
        set, record.settings, output: output, resume: !repeated.noResume, shared)
    }
    try segment(set, record)
  }

  private func describe(_ set: ImageSet, _ record: SegmentationRecord) {
    for (name, path) in zip(set.names, set.paths) {
      do throws(FormatError) {
        Console.write(
          name + ": " + (try SegmentationForecast(path: path, settings: record.settings).text))
      } catch {
        Console.error(error.description)
      }
    }
    Console.log(record.json)
  }

  private func segment(_ set: ImageSet, _ given: SegmentationRecord) throws {
    let began = monotonicSeconds()
    let folder = try readingFile { () throws(FormatError) in try ResultFolder(path: output) }
    var job = UnsupervisedSegmentation(images: set, settings: given.settings, folder: output)
    (job.resume, job.strict) = (!repeated.noResume, repeated.strict)
    let meter = SegmentationMeter(quiet: shared.quiet)
    let result = try reportingFailures { try job.run(progress: meter.report) }
    for failure in result.failures { Console.error(failure.problem) }
    var record = given
    record.inputHashes = result.rows.map { $0.image.hash }
    record.instructionSet = InstructionSet.current.name
    try readingFile { () throws(FormatError) in
      try folder.write(result.table.csv, to: "segmentation.csv")
      try folder.write(result.report)
      try folder.write(record.json, to: "run.json")
    }
    try printSummary(result, seconds: monotonicSeconds() - began)
    if !result.failures.isEmpty { Console.leave(.someFailed) }
  }

  private func printSummary(_ result: SegmentationResult, seconds: Double) throws {
    let summary = SegmentationSummary(result, seconds: seconds, report: output + "/report.html")
    if shared.json { return try shared.printJSON(summary) }
    for image in summary.images {
      let shares = image.fractions.map { percent($0) }.joined(separator: ", ")
      Console.write(
        "\(image.image): \(image.classes) classes (\(shares)), \(image.iterations) iterations, "
          + "loss \(significant(image.loss)), F \(significant(image.F))")
    }
    Console.write("time      \(fixed(seconds, 1)) s\nreport    \(summary.report)")
  }
}

/// The summary of a run that goes to stdout.
private struct SegmentationSummary: Encodable {
  struct Image: Encodable {
    var image: String
    var classes, iterations: Int
    var fractions: [Double]
    var loss, F, F_prime, Q: Double
  }

  var schema_version = 1
  var images: [Image]
  var failed: [String]
  var seconds: Double
  var report: String

  init(_ result: SegmentationResult, seconds: Double, report: String) {
    images = result.rows.map { row in
      let history = row.image.histories.first
      return Image(
        image: row.image.name, classes: row.image.classCount,
        iterations: history?.losses.count ?? 0, fractions: row.phases.map(\.share),
        loss: Double(history?.losses.last ?? 0), F: row.criteria.F,
        F_prime: row.criteria.FPrime, Q: row.criteria.Q)
    }
    failed = result.failures.map(\.name)
    (self.seconds, self.report) = (seconds, report)
  }
}

/// Prints iterations: loss, labels left, and how long the rest takes at most.
final class SegmentationMeter: Sendable {
  private struct State {
    var key = ""
    var began = 0.0
    var first = 0
    var printed = 0.0
    var width = 0
  }

  private let state = Mutex(State())
  private let isQuiet: Bool

  init(quiet: Bool) { isQuiet = quiet }

  func report(_ p: SegmentationProgress) {
    guard !isQuiet else { return }
    let now = monotonicSeconds()
    state.withLock { state in
      let key = "\(p.image) \(p.run)"
      if state.key != key {
        state = State(key: key, began: now, first: p.iteration, width: state.width)
      }
      guard now - state.printed >= (Console.isInteractive ? 0.2 : 10) else { return }
      state.printed = now
      var line =
        "\(p.name) (\(p.image + 1) of \(p.images)), run \(p.run + 1): iteration \(p.iteration), "
        + "loss \(significant(Double(p.loss))), \(p.labels) labels"
      let made = p.iteration - state.first
      if made > 0 {
        let rest = (now - state.began) / Double(made) * Double(p.maximum - p.iteration)
        line += ", at most \(Int(rest.rounded(.up))) s left"
      }
      guard Console.isInteractive else { return Console.log(line) }
      let padding = String(repeating: " ", count: max(0, state.width - line.count))
      state.width = line.count
      Console.progress("\r" + line + padding)
    }
  }
}
