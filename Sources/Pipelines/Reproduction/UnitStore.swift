// Results of units of work on disk, so that each is computed once, whatever stops the run between.
//
// A unit's name says every parameter that its numbers depend on; the journal's name carries a hash of
// the inputs and of the program's version. Shards write journals of their own, and every run reads
// those of the others: the numbers, and so every table and figure, are those of a single run.
// Deviations: none. Checked by: UnitStoreTests, command_line.sh (killed, sharded and single runs).
// Cost: one write and one fdatasync a unit.

import Files

/// One unit of work: a name, and how its numbers are found.
package struct WorkUnit {
  /// Everything that the numbers depend on beside the inputs of the study.
  package let name: String
  /// Computes the numbers.
  package let compute: () throws -> [Double]

  package init(name: String, compute: @escaping () throws -> [Double]) {
    (self.name, self.compute) = (name, compute)
  }
}

/// The numbers of finished units.
package final class UnitStore {
  private let journal: Journal?
  private var known: [String: [Double]] = [:]
  /// How many units were computed rather than found.
  package private(set) var computedCount = 0

  /// Larger results stay in memory: they are cheaper to find again than to keep.
  private static let largestRecord = 1 << 27

  /// A store in memory alone.
  package init() { journal = nil }

  /// Opens the journal of a folder, or begins it.
  ///
  /// - Parameters:
  ///   - folder: the folder of the run's results.
  ///   - fingerprint: the inputs of the study.
  ///   - shard: the part that this process computes, in a journal of its own; `nil` for all.
  ///   - anew: forget what is there.
  /// - Throws: `FormatError` when a journal cannot be opened or another process uses it.
  package init(folder: String, fingerprint: String, shard: Shard?, anew: Bool) throws(FormatError) {
    let key = SHA256.hash(of: Array("\(fingerprint); version \(nitalVersion)".utf8)).prefix(12)
    let stem = "units-\(key)"
    let own = stem + (shard.map { "-\($0.index)-of-\($0.count)" } ?? "") + ".journal"
    let others = try listFolder(folder).filter {
      $0.hasPrefix(stem) && $0.hasSuffix(".journal") && $0 != own
    }
    if anew {
      for name in shard == nil ? others + [own] : [own] { discardFile("\(folder)/\(name)") }
    } else {
      for name in others {
        let path = "\(folder)/\(name)"
        known.merge(try UnitStore.units(of: Journal.records(at: path), path)) { $1 }
      }
    }
    let opened = try Journal(path: "\(folder)/\(own)")
    journal = opened
    known.merge(try UnitStore.units(of: opened.records, opened.path)) { $1 }
  }

  /// The numbers in the records of a journal, by the names of their units.
  private static func units(
    of records: [[UInt8]], _ path: String
  ) throws(FormatError) -> [String: [Double]] {
    var known: [String: [Double]] = [:]
    for bytes in records {
      var reader = ByteReader(CheckedBytes(bytes, file: path))
      let name = try reader.text()
      let count = try reader.count(limit: 1 << 28)
      var values: [Double] = []
      values.reserveCapacity(min(count, bytes.count / 8))
      for _ in 0..<count { values.append(Double(bitPattern: try reader.u64())) }
      known[name] = values
    }
    return known
  }

  /// Whether the numbers of the unit of a name are there, or the name was remembered.
  package func holds(_ name: String) -> Bool { known[name] != nil }

  /// Keeps a name without numbers; on the disk when this returns.
  ///
  /// - Throws: `FormatError` when the journal cannot be written.
  package func remember(_ name: String) throws(FormatError) {
    if !holds(name) { try keep([], of: name) }
  }

  private func keep(_ values: [Double], of name: String) throws(FormatError) {
    if let journal, values.count * 8 < Self.largestRecord {
      var record = ByteWriter()
      record.put(name)
      record.put(UInt64(values.count))
      for value in values { record.put(value.bitPattern) }
      try journal.append(record.bytes)
    }
    known[name] = values
  }

  /// The numbers of a unit, computed when they are not there; on the disk when this returns.
  ///
  /// - Throws: what the unit throws, `Interrupted`, `FormatError` when the journal cannot be written.
  package func values(_ unit: WorkUnit) throws -> [Double] {
    if let values = known[unit.name] { return values }
    try Interruption.check()
    let values = try unit.compute()
    try keep(values, of: unit.name)
    computedCount += 1
    return values
  }
}
