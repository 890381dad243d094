// `nital reproduce kim`: segmentation without labels, every figure and table.

import ArgumentParser
import Files
import Metallography
import Microstructures
import Pipelines
import Tensors

struct ReproduceKim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kim",
    abstract: "Kim, Inoue & Kasuya 2020: micrographs segmented without labels, criteria, sweeps.",
    discussion: """
      Without IMAGES the pictures are synthetic steels with known phases. The pictures are those of \
      figures 5, 6, 7, then 8; figures 4 and 9 to 11 take the second. The folder DIR receives \
      report.html, figures/ (SVG and CSV), tables/ and comparisons.csv. Parts: fig1, fig2 (with 3), \
      fig4 to fig9, fig10 (with table 2), fig11, truth, decisions. Interrupted runs go on; --shard \
      shares out the work.
      """)

  @Argument(help: "Image files, folders, patterns, or @LIST; none for synthetic steels.")
  var images: [String] = []

  @Option(name: .shortAndLong, help: "The folder for the results.")
  var output: String

  @Option(help: "A folder of label pictures named as the images: their true phases.")
  var masks: String?

  @Option(help: "How much counting: smoke (a minute), small (an hour), paper (days: use --shard).")
  var preset = "small"

  @Option(help: "Filters of each convolution (the paper: 100); fewer are faster.")
  var filters = 100

  @Option(help: "Outputs of the classifier (the paper: 50), at least the 20 classes of figure 9.")
  var outputs = 50

  @Option(help: "Parts to make, by name, separated by commas, for instance fig10,fig11.")
  var only: String?

  @Option(help: "The seed of every random choice.")
  var seed: UInt64 = 0

  @Option(
    help: "Do part I of N of the work, as I/N; a run without it then joins the parts and reports.")
  var shard: String?

  @Flag(help: "Forget what an earlier run in DIR has finished.")
  var noResume = false

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if ReproductionPreset(rawValue: preset) == nil {
      throw ValidationError("--preset takes smoke, small or paper, not \(preset).")
    }
    if let fault = network.fault { throw ValidationError("Settings: \(fault).") }
    if outputs < 20 {
      throw ValidationError(
        "--outputs takes 20 to 255, for figure 9 has 20 classes; not \(outputs).")
    }
    if let shard, Shard(shard) == nil {
      throw ValidationError("--shard takes I/N with 1 <= I <= N, not \(shard).")
    }
  }

  func run() throws {
    shared.apply()
    stopOnSignals()
    let size = ReproductionPreset(rawValue: preset) ?? .small
    let folder = try readingFile { () throws(FormatError) in try ResultFolder(path: output) }
    var job = KimReproduction(
      pictures: try pictures(size), folder: output, method: network.segmentationMethod)
    job.settings.preset = size
    job.settings.only = only.map { $0.split(separator: ",").map(String.init) } ?? []
    job.settings.seed = seed
    (job.settings.filters, job.settings.outputs) = (filters, outputs)
    job.resume = !noResume
    job.shard = shard.flatMap { Shard($0) }
    let result = try reportingFailures {
      try job.run(progress: ProgressMeter(quiet: shared.quiet).report)
    }
    try finish(result, folder, isShard: job.shard != nil, shared)
  }

  private var network: SegmentationSettings {
    var settings = SegmentationSettings()
    (settings.filters, settings.outputs) = (filters, outputs)
    return settings
  }

  private func pictures(_ preset: ReproductionPreset) throws -> [StudyPicture] {
    if images.isEmpty {
      let kinds: [MicrographKind] = [
        // Figures 5, 6, 7, then 8.
        .sidePlatesBainite, .ferritePearliteMartensite, .boundaryFerriteSidePlatesPearlite,
        .ferritePearlite, .fourPhaseSteel,
      ]
      return try syntheticSteels(kinds, side: preset.pictureSide, seed: seed)
    }
    let set = try readingFile { () throws(FormatError) in try ImageSet(images) }
    return try studyPictures(set, masks: masks)
  }
}

private struct PrintedStudy: Encodable {
  struct Row: Encodable {
    var row, quantity, printed, computed, remark: String
  }
  var schema_version = 1
  var title: String
  var parts: [String]
  var units_computed: Int
  var comparisons: [Row]
  var report: String?
}

/// Writes the results of a study and prints its numbers.
func finish(
  _ result: PaperReport, _ folder: ResultFolder, isShard: Bool, _ shared: SharedOptions
) throws {
  if isShard {
    return Console.write(
      "units     \(result.computedUnits) computed; run without --shard to join the parts")
  }
  try readingFile { () throws(FormatError) in try result.write(to: folder) }
  let report = folder.path + "/report.html"
  if shared.json {
    return try shared.printJSON(
      PrintedStudy(
        title: result.title, parts: result.partNames, units_computed: result.computedUnits,
        comparisons: result.comparisons.map {
          PrintedStudy.Row(
            row: $0.row, quantity: $0.quantity, printed: $0.printed, computed: $0.computed,
            remark: $0.remark)
        }, report: report))
  }
  for line in result.comparisons where !line.row.hasPrefix("KI-A") {
    let printed = line.printed.isEmpty ? "" : "  printed: \(line.printed);"
    Console.write("\(line.row)  \(line.quantity):\(printed)  computed: \(line.computed)")
  }
  Console.write("report    \(report)")
}
