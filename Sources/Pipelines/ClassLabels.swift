// The class of each image: from a table, or from the file names.

import Files

/// Where the true classes of images come from; used for scoring and for naming clusters only.
public enum LabelSource: Sendable, Equatable {
  /// No classes are known.
  case none
  /// The name of the folder for images in folders, else the file's name without its number.
  case names
  /// A CSV file with a column `file` (or image, name) and a column `class` (or label, category).
  case table(String)

  /// Reads `none`, `from-names` or a path.
  public init(_ text: String) {
    switch text {
    case "none": self = .none
    case "from-names": self = .names
    default: self = .table(text)
    }
  }
}

/// The classes of images by the images' names.
public struct ClassLabels: Sendable {
  private var classes: [String: String] = [:]
  /// What the reader noticed.
  public private(set) var warnings: [String] = []

  /// The classes of the named images.
  ///
  /// - Parameters:
  ///   - source: where the classes come from.
  ///   - names: the images' names, relative to their common folder.
  /// - Throws: `FormatError` when the table cannot be read, lacks a column, or gives one image two
  ///   classes.
  public init(_ source: LabelSource, for names: [String]) throws(FormatError) {
    switch source {
    case .none: return
    case .names:
      for name in names { classes[name] = ClassLabels.className(of: name) }
    case .table(let path):
      try match(CSVTable(contentsOf: path), with: names)
    }
  }

  /// The class of an image; `nil` when it is not known.
  public func classOf(_ name: String) -> String? { classes[name] }

  /// The names of all classes in the order of their letters.
  public func classNames(among names: [String]) -> [String] {
    Set(names.compactMap { classes[$0] }).sorted()
  }

  /// The folder's name, or the file's name without ending and final number.
  static func className(of name: String) -> String {
    let parts = name.split(separator: "/")
    if parts.count > 1 { return String(parts[parts.count - 2]) }
    var stem = Substring(parts.last ?? "")
    if let dot = stem.lastIndex(of: "."), dot != stem.startIndex { stem = stem[..<dot] }
    let whole = stem
    if stem.hasSuffix(")"), stem.contains("(") { stem = stem.dropLast() }
    while let last = stem.last, last.isNumber { stem = stem.dropLast() }
    while let last = stem.last, "_- (".contains(last) { stem = stem.dropLast() }
    return String(stem.isEmpty ? whole : stem)
  }

  /// Finds the row of each image, first by its whole name, then by its last part.
  private mutating func match(_ table: CSVTable, with names: [String]) throws(FormatError) {
    guard let fileColumn = table.column(named: ["file", "filename", "image", "name", "path"]) else {
      throw FormatError(
        file: table.file, problem: "no column named file; the header line should read file,class")
    }
    guard let classColumn = table.column(named: ["class", "label", "category"]) else {
      throw FormatError(
        file: table.file, problem: "no column named class; the header line should read file,class")
    }
    var byName: [String: String] = [:]
    for (row, line) in zip(table.rows, table.lines) where !row[classColumn].isEmpty {
      let name = row[fileColumn]
      if let earlier = byName[name], earlier != row[classColumn] {
        throw FormatError(
          file: table.file,
          problem: "line \(line) gives \(name) the class \(row[classColumn]), "
            + "an earlier line gives it \(earlier)")
      }
      byName[name] = row[classColumn]
    }
    for name in names {
      let base = name.split(separator: "/").last.map(String.init) ?? name
      classes[name] = byName[name] ?? byName[base]
    }
    let missing = names.count { classes[$0] == nil }
    if missing > 0 {
      warnings.append("\(table.file) names no class for \(missing) of \(names.count) images")
    }
  }
}
