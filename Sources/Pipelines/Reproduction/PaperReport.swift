// A finished study of a paper: its report, its tables and figures as files, every number as a table.
//
// Deviations: none. Checked by: KimTests.

import Files
import Reporting

/// The parts of a paper, put together.
public struct PaperReport {
  /// The title.
  public var title: String
  /// One line below the title.
  public var summary: String
  /// What stands above the table of all numbers.
  public var notes: [ReportBlock]
  /// How many units of work were computed; the others were found.
  public var computedUnits: Int
  let parts: [BuiltPart]

  /// The names of the parts that were built; empty for a shard.
  public var partNames: [String] { parts.map(\.name) }

  /// Every number of the paper beside the computed one.
  public var comparisons: [Comparison] { parts.flatMap(\.content.comparisons) }

  private func table(_ comparisons: [Comparison], _ caption: String) -> ReportTable {
    ReportTable(
      caption: caption, header: ["row", "quantity", "printed", "computed", "remark"],
      rows: comparisons.map { [$0.row, $0.quantity, $0.printed, $0.computed, $0.remark] })
  }

  private var allNumbers: ReportTable {
    table(
      comparisons,
      "Every number of the paper beside the one computed here; rows by the checklist of the paper "
        + "(A: something that the paper leaves open).")
  }

  /// The report; a function of the inputs and settings alone, so that its bytes are the same for any
  /// number of threads and shards.
  public var report: Report {
    let sections = parts.map { part in
      let numbers = part.content.comparisons
      return ReportSection(
        part.title,
        part.content.blocks
          + (numbers.isEmpty ? [] : [.table(table(numbers, "Printed and computed."))]))
    }
    return Report(
      title: title, summary: summary,
      sections: [ReportSection("Every number", notes + [.table(allNumbers)])] + sections)
  }

  /// Writes report.html, figures/, tables/ and comparisons.csv, each whole or not at all.
  public func write(to folder: ResultFolder) throws(FormatError) {
    try folder.write(report)
    try folder.write(parts)
    try folder.write(allNumbers.csv, to: "comparisons.csv")
  }
}

extension ResultFolder {
  /// Writes the tables of some parts, each as CSV and SVG, and their other files.
  func write(_ parts: [BuiltPart]) throws(FormatError) {
    try makeFolder("\(path)/tables")
    try discardOthers(in: "tables", than: Set(parts.flatMap(\.content.tables).map(\.name)))
    for part in parts {
      for table in part.content.tables {
        try write(table.table.csv, to: "tables/\(table.name).csv")
        try write(table.table.svg(title: part.title), to: "tables/\(table.name).svg")
      }
      for file in part.content.files {
        try writeAtomically(file.bytes, to: "\(path)/\(file.name)")
      }
    }
  }
}
