// What a reproduction is made of: the tables and figures of a paper, each with its numbers beside
// the printed ones.

import Files
import Reporting

/// A number of the paper and the same number as computed here.
public struct Comparison: Sendable, Equatable {
  /// The row of the checklist, for instance "CH13".
  public var row: String
  /// What is compared.
  public var quantity: String
  /// The paper's number as printed; empty when it prints none.
  public var printed: String
  /// The number computed here; empty when there is none.
  public var computed: String
  /// A misprint, a leak, or why there is no number.
  public var remark: String

  /// A pair of numbers.
  public init(
    _ row: String, _ quantity: String, printed: String = "", computed: String, remark: String = ""
  ) {
    self.row = row
    self.quantity = quantity
    self.printed = printed
    self.computed = computed
    self.remark = remark
  }
}

/// A table that is part of a paper: it goes into the report and into files of its own.
package struct PaperTable: Sendable {
  /// The file name without an ending.
  package var name: String
  package var table: ReportTable
}

/// A file that goes beside the report, for instance a large picture.
package struct PaperFile: Sendable {
  package var name: String
  package var bytes: [UInt8]
}

/// What one table or figure comes to.
package struct PartContent {
  package var blocks: [ReportBlock] = []
  package var tables: [PaperTable] = []
  package var comparisons: [Comparison] = []
  package var files: [PaperFile] = []

  package init(
    blocks: [ReportBlock] = [], tables: [PaperTable] = [], comparisons: [Comparison] = [],
    files: [PaperFile] = []
  ) {
    (self.blocks, self.tables) = (blocks, tables)
    (self.comparisons, self.files) = (comparisons, files)
  }

  /// Adds a table to the report, with files of its own.
  package mutating func add(_ name: String, _ table: ReportTable) {
    blocks.append(.table(table))
    tables.append(PaperTable(name: name, table: table))
  }

  package mutating func add(_ figure: Figure) { blocks.append(.figure(figure)) }
}

/// One table or figure of a paper, or one of its numbers.
package struct PaperPart {
  /// What `--only` calls it, for instance "fig13".
  package var name: String
  /// The heading.
  package var title: String
  /// The work that the part rests on; shards share it out.
  package var units: [WorkUnit]
  /// Puts the part together from finished units.
  package var build: () throws -> PartContent

  package init(
    _ name: String, _ title: String, units: [WorkUnit] = [],
    build: @escaping () throws -> PartContent
  ) {
    self.name = name
    self.title = title
    self.units = units
    self.build = build
  }

  /// A part that this representation or these images cannot give, and why.
  package init(_ name: String, _ title: String, rows: [String], missing reason: String) {
    self.init(name, title) {
      PartContent(
        blocks: [.warning("Not applicable: \(reason)")],
        comparisons: rows.map { Comparison($0, title, computed: "not applicable", remark: reason) })
    }
  }
}

/// A finished part.
package struct BuiltPart {
  package var name: String
  package var title: String
  package var content: PartContent
}

/// The parts of a report, and the names of those that it does not hold.
package struct PaperRun {
  package var parts: [BuiltPart]
  package var absent: [String]

  /// What the report says of absent parts; nothing when it holds all.
  package var notes: [ReportBlock] {
    guard !absent.isEmpty else { return [] }
    return [
      .warning(
        "This report holds the parts " + parts.map(\.name).joined(separator: ", ")
          + "; not made yet with these settings: " + absent.joined(separator: ", ") + ".")
    ]
  }
}

/// The parts whose names are asked for; all when none is named.
///
/// - Throws: `PipelineError.unsuitable` when a name belongs to no part.
package func selectedParts(_ parts: [PaperPart], only names: [String]) throws -> [PaperPart] {
  for name in names where !parts.contains(where: { $0.name == name }) {
    throw PipelineError.unsuitable(
      "no part is called '\(name)'; there are " + parts.map(\.name).joined(separator: ", "))
  }
  return names.isEmpty ? parts : parts.filter { names.contains($0.name) }
}

/// Computes the units of some parts, and builds the parts unless the process is one shard of several.
///
/// Parts that an earlier run in the same folder has built with the same settings are built again from
/// its finished units, so that a run of some parts adds to the report.
///
/// - Parameters:
///   - parts: all parts of the paper.
///   - names: the parts that are wanted; empty for all.
///   - settings: what parts depend on beside the inputs of the study, as text.
///   - store: finished work.
///   - shard: the part of the work that this process does; `nil` for all of it.
///   - progress: called after each unit and part.
/// - Returns: the parts in their order; none for a shard.
/// - Throws: what a unit throws, `Interrupted`, `PipelineError.unsuitable` for an unknown name.
package func runParts(
  _ parts: [PaperPart], only names: [String] = [], settings: String = "", store: UnitStore,
  shard: Shard?, _ progress: ProgressHandler?
) throws -> PaperRun {
  let wanted = try selectedParts(parts, only: names)
  try computeUnits(of: wanted, store: store, shard: shard, progress)
  if shard != nil { return PaperRun(parts: [], absent: []) }
  func mark(_ part: PaperPart) -> String { "part \(part.name) built; \(settings)" }
  let shown = parts.filter { part in
    wanted.contains { $0.name == part.name }
      || (store.holds(mark(part)) && part.units.allSatisfy { store.holds($0.name) })
  }
  let drawing = ProgressCounter("tables and figures", total: shown.count, progress)
  let built = try shown.map { part in
    try Interruption.check()
    defer { drawing.advance() }
    let content = try part.build()
    try store.remember(mark(part))
    return BuiltPart(name: part.name, title: part.title, content: content)
  }
  return PaperRun(
    parts: built,
    absent: parts.map(\.name).filter { name in !built.contains { $0.name == name } })
}

/// Computes each unit of some parts once, or those of one shard.
private func computeUnits(
  of parts: [PaperPart], store: UnitStore, shard: Shard?, _ progress: ProgressHandler?
) throws {
  var units: [WorkUnit] = []
  var names: Set<String> = []
  for unit in parts.flatMap(\.units) where names.insert(unit.name).inserted { units.append(unit) }
  if let shard {
    units = shard.places(of: units.count).map { units[$0] }
  }
  let counter = ProgressCounter("units of work", total: units.count, progress)
  for unit in units {
    _ = try store.values(unit)
    counter.advance()
  }
}
