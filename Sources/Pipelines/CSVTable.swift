// Reading tables of comma-separated values.
//
// Implements: RFC 4180 (quoted fields, doubled quotes), with LF, CRLF or CR line ends, an optional
//   byte order mark, and `;` or TAB as separators when the header line uses them.
// Deviations: a lone carriage return ends a line too.
// Checked by: CSVTableTests. Cost: one pass.

import Files

/// A table read from a CSV file: a header line and rows of text.
public struct CSVTable: Sendable {
  /// The file it was read from.
  public let file: String
  /// The names of the columns.
  public let header: [String]
  /// The cells, each row as long as the header.
  public let rows: [[String]]
  /// The line of the file on which each row begins, from 1.
  public let lines: [Int]

  /// Reads a table.
  ///
  /// - Parameter path: a file of at most 256 MB of UTF-8 text.
  /// - Throws: `FormatError` with the line number when the text is not UTF-8, a quote is not closed,
  ///   or a row has another number of cells than the header.
  public init(contentsOf path: String) throws(FormatError) {
    try self.init(CheckedBytes(contentsOf: path, limit: 256 << 20))
  }

  /// Parses a table.
  public init(_ bytes: CheckedBytes) throws(FormatError) {
    file = bytes.file
    var content = bytes.array
    if content.starts(with: [0xEF, 0xBB, 0xBF]) { content.removeFirst(3) }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw bytes.error("the text is not UTF-8; save the table as UTF-8")
    }
    guard !content.contains(0) else { throw bytes.error("the text holds NUL characters") }
    var parser = CSVParser(text.utf8, separator: CSVTable.separator(of: content))
    let records = try parser.records(of: bytes)
    guard let first = records.first else {
      throw bytes.error("the table is empty; it needs a header line such as file,class")
    }
    header = first.cells
    for record in records.dropFirst() where record.cells.count != first.cells.count {
      throw bytes.error(
        "line \(record.line) has \(record.cells.count) cells, the header has \(first.cells.count)")
    }
    rows = records.dropFirst().map(\.cells)
    lines = records.dropFirst().map(\.line)
  }

  /// The index of the first column that has one of these names, whatever its case.
  public func column(named names: [String]) -> Int? {
    for name in names {
      if let index = header.firstIndex(where: { $0.lowercased() == name.lowercased() }) {
        return index
      }
    }
    return nil
  }

  /// The separator of the header line: the first of `,`, `;` and TAB that stands in it unquoted.
  private static func separator(of content: [UInt8]) -> UInt8 {
    var quoted = false
    for byte in content {
      if byte == UInt8(ascii: "\"") { quoted.toggle() }
      if quoted { continue }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
      if [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].contains(byte) { return byte }
    }
    return UInt8(ascii: ",")
  }
}

/// Splits text into records, a state machine over its bytes.
private struct CSVParser {
  private let text: [UInt8]
  private let separator: UInt8
  private var line = 1
  private var cells: [String] = []
  private var cell: [UInt8] = []
  private var wasQuoted = false

  init(_ text: some Sequence<UInt8>, separator: UInt8) {
    self.text = Array(text)
    self.separator = separator
  }

  mutating func records(of bytes: CheckedBytes) throws(FormatError) -> [(
    line: Int, cells: [String]
  )] {
    var records: [(line: Int, cells: [String])] = []
    var start = 1
    var i = 0
    while i < text.count {
      let byte = text[i]
      switch byte {
      case UInt8(ascii: "\"") where cell.isEmpty && !wasQuoted:
        i = try quoted(from: i + 1, of: bytes)
        continue
      case separator: endCell()
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        if byte == UInt8(ascii: "\r"), i + 1 < text.count, text[i + 1] == UInt8(ascii: "\n") {
          i += 1
        }
        endRecord(into: &records, start: start)
        line += 1
        start = line
      default: cell.append(byte)
      }
      i += 1
    }
    endRecord(into: &records, start: start)
    return records
  }

  /// Reads up to the closing quote; returns the index after it.
  private mutating func quoted(from begin: Int, of bytes: CheckedBytes) throws(FormatError) -> Int {
    let opened = line
    wasQuoted = true
    var i = begin
    while i < text.count {
      if text[i] == UInt8(ascii: "\"") {
        guard i + 1 < text.count, text[i + 1] == UInt8(ascii: "\"") else { return i + 1 }
        i += 1
      } else if text[i] == UInt8(ascii: "\n") {
        line += 1
      }
      cell.append(text[i])
      i += 1
    }
    throw bytes.error("the quote opened on line \(opened) is never closed")
  }

  private mutating func endCell() {
    cells.append(String(decoding: cell, as: UTF8.self))
    cell = []
    wasQuoted = false
  }

  /// Ends a record; a line with nothing on it is no record.
  private mutating func endRecord(into records: inout [(line: Int, cells: [String])], start: Int) {
    if cells.isEmpty && cell.isEmpty && !wasQuoted { return }
    endCell()
    records.append((start, cells))
    cells = []
  }
}
