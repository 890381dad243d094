// A finished reproduction: its report, its tables and figures as files, every number as a table.

import Files
import Reporting

/// The outcome of a reproduction.
public struct ReproductionResult {
  /// The settings it ran with.
  public let settings: ReproductionSettings
  /// How many units of work were computed; the others were found.
  public let computedUnits: Int
  /// The images that could not be used.
  public let failures: [FailedImage]
  /// What the user should know.
  public let warnings: [String]
  /// How many images were used.
  public let imageCount: Int
  /// What the features are.
  public let representation: String
  private let run: PaperRun
  private let pictures: [ReportImage]
  private let areSteelDefects: Bool
  private let classNames: [String]

  init(
    settings: ReproductionSettings, images: LabelledImages, run: PaperRun,
    computedUnits: Int, representation: String, pictures: [ReportImage]
  ) {
    (self.settings, self.run, self.computedUnits) = (settings, run, computedUnits)
    (self.representation, self.pictures) = (representation, pictures)
    (failures, warnings) = (images.failures, images.warnings)
    (imageCount, classNames) = (images.count, images.classNames)
    areSteelDefects = images.areSteelDefects
  }

  private var parts: [BuiltPart] { run.parts }

  /// The names of the parts that were built; empty for a shard.
  public var partNames: [String] { parts.map(\.name) }

  /// Every number of the paper beside the computed one.
  public var comparisons: [Comparison] { parts.flatMap(\.content.comparisons) }

  /// Every number as CSV.
  public var csv: String { comparisonTable.csv }

  private var comparisonTable: ReportTable {
    ReportTable(
      caption:
        "Every number of the paper beside the one computed here; rows by the checklist of the "
        + "paper (KH: Kitahara & Holm, CH: Cohn & Holm, A: an ambiguity or a slip of the paper).",
      header: ["row", "quantity", "printed", "computed", "remark"],
      rows: comparisons.map { [$0.row, $0.quantity, $0.printed, $0.computed, $0.remark] })
  }

  private var title: String {
    switch settings.paper {
    case .kitahara: "Kitahara & Holm 2018, reproduced"
    case .cohn: "Cohn & Holm 2021, reproduced"
    }
  }

  /// The report; a function of the inputs and settings alone, so that its bytes are the same for any
  /// number of threads and shards.
  public var report: Report {
    Report(
      title: title,
      summary: "\(imageCount) images of \(classNames.count) classes, \(representation), preset "
        + "\(settings.preset.rawValue), seed \(settings.seed). nital \(nitalVersion).",
      sections: [overview]
        + parts.map { part in
          ReportSection(part.title, part.content.blocks + numbers(of: part))
        }, images: pictures)
  }

  private func numbers(of part: BuiltPart) -> [ReportBlock] {
    let comparisons = part.content.comparisons
    guard !comparisons.isEmpty else { return [] }
    return [
      .table(
        ReportTable(
          caption: "Printed and computed.",
          header: ["row", "quantity", "printed", "computed", "remark"],
          rows: comparisons.map { [$0.row, $0.quantity, $0.printed, $0.computed, $0.remark] }))
    ]
  }

  private var overview: ReportSection {
    var blocks = run.notes
    if !areSteelDefects {
      blocks.append(
        .warning(
          "Printed numbers are those of the NEU surface defects with VGG16; these images are others, so "
            + "only the shape of a result can be compared."))
    } else {
      blocks.append(
        .text(
          "Printed numbers are those of VGG16 (Keras weights) on the bitmap edition of the NEU surface "
            + "defects; the representation here is \(representation), so numbers differ by more than "
            + "chance."))
    }
    blocks += warnings.map { .warning($0) }
    if !failures.isEmpty {
      blocks.append(
        .table(
          ReportTable(
            caption: "Images not used.", header: ["file", "problem"],
            rows: failures.map { [$0.name, $0.reason] })))
    }
    return ReportSection("Every number", blocks + [.table(comparisonTable)])
  }

  /// Writes report.html, figures/, tables/ and comparisons.csv, each whole or not at all.
  public func write(to folder: ResultFolder) throws(FormatError) {
    try folder.write(report)
    try folder.write(parts)
    try folder.write(csv, to: "comparisons.csv")
  }
}
