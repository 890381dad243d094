// The folder that a run fills: every file appears whole or not at all.

import Files
import Reporting

/// A folder for the results of one run.
public struct ResultFolder: Sendable {
  /// The folder's path.
  public let path: String

  /// Makes the folder when it is not there.
  ///
  /// - Throws: `FormatError` that names the folder when it cannot be made.
  public init(path: String) throws(FormatError) {
    self.path = path
    try makeFolder(path)
  }

  /// Writes a text file into the folder; without a text, removes the one of an earlier run.
  public func write(_ text: String?, to name: String) throws(FormatError) {
    if let text {
      try writeAtomically(text, to: "\(path)/\(name)")
    } else {
      discardFile("\(path)/\(name)")
    }
  }

  /// Writes the figures of a report, each as SVG with its numbers as CSV beside it, and the report.
  public func write(_ report: Report) throws(FormatError) {
    try makeFolder("\(path)/figures")
    try discardOthers(in: "figures", than: Set(report.figures.map(\.name)))
    for figure in report.figures {
      try write(figure.svg, to: "figures/\(figure.name).svg")
      try write(figure.csv, to: "figures/\(figure.name).csv")
    }
    try write(report.html, to: "report.html")
  }

  /// Removes the SVG and CSV files of an earlier run, which must not be taken for this one's.
  func discardOthers(in subfolder: String, than current: Set<String>) throws(FormatError) {
    for name in try listFolder("\(path)/\(subfolder)") {
      let ending = name.hasSuffix(".svg") || name.hasSuffix(".csv")
      if ending && !current.contains(String(name.dropLast(4))) {
        discardFile("\(path)/\(subfolder)/\(name)")
      }
    }
  }
}
