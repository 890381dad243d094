// Finished records of a run on disk, so that an interrupted run goes on where it was.

import Files
import Synchronization

/// Records by content hash; valid for one chain of settings and one version of the program.
///
/// A shard has a journal of its own, so that several may run at once in one folder; a whole run reads
/// theirs beside its own.
final class RecordJournal: Sendable {
  private let journal: Journal
  private let known: [String: [MicrographRecord]]

  /// Opens the journal of a folder, or begins it.
  ///
  /// Its name carries a hash of the settings and of the program's version: records of other
  /// settings are never used.
  ///
  /// - Parameters:
  ///   - folder: the folder of the run's results.
  ///   - fingerprint: what the records depend on beside the image files.
  ///   - shard: the shard whose journal it is; `nil` for a whole run.
  ///   - anew: forget what is there.
  /// - Throws: `FormatError` when the file cannot be opened or written.
  init(
    folder: String, fingerprint: String, shard: Shard? = nil, anew: Bool
  ) throws(FormatError) {
    let key = Array("\(fingerprint); version \(nitalVersion)".utf8)
    let stem = "features-\(SHA256.hash(of: key).prefix(12))"
    let part = shard.map { ".shard-\($0.index)-of-\($0.count)" } ?? ""
    let path = "\(folder)/\(stem)\(part).journal"
    var others = shard == nil ? try RecordJournal.shards(of: stem, in: folder) : []
    if anew {
      for file in [path] + others { discardFile(file) }
      others = []
    }
    journal = try Journal(path: path)
    var known: [String: [MicrographRecord]] = [:]
    try RecordJournal.collect(journal.records, of: path, into: &known)
    for other in others {
      try RecordJournal.collect(Journal.records(at: other), of: other, into: &known)
    }
    self.known = known
  }

  /// The journals of shards in a folder.
  private static func shards(of stem: String, in folder: String) throws(FormatError) -> [String] {
    guard isFolder(folder) else { return [] }
    return try listFolder(folder)
      .filter { $0.hasPrefix(stem + ".shard-") && $0.hasSuffix(".journal") }
      .map { "\(folder)/\($0)" }
  }

  /// Sorts the records of a journal by the images that they are of.
  ///
  /// All records of an image stand in one entry, so that an image is there as a whole or not at all.
  private static func collect(
    _ entries: [[UInt8]], of path: String, into known: inout [String: [MicrographRecord]]
  ) throws(FormatError) {
    for bytes in entries {
      var reader = ByteReader(CheckedBytes(bytes, file: path))
      var found: [String: [MicrographRecord]] = [:]
      while !reader.isAtEnd {
        let record = try MicrographRecord(&reader)
        // Copies of an image in one batch leave one record each.
        let isCopy = found[record.hash]?.contains { $0.suffix == record.suffix } ?? false
        if !isCopy { found[record.hash, default: []].append(record) }
      }
      known.merge(found) { $1 }
    }
  }

  /// How many images were found.
  var count: Int { known.count }

  /// The records of a file with these contents: one, or one a patch.
  func records(of hash: String) -> [MicrographRecord]? { known[hash] }

  /// The most bytes of features in one entry.
  private static let entryBytes = 64 << 20

  /// Keeps the finished records of images; they are on the disk when this returns.
  ///
  /// An image whose records are larger than any entry may be is not kept.
  func append(_ images: [[MicrographRecord]]) throws(FormatError) {
    var entry: [UInt8] = []
    for records in images {
      let bytes = records.flatMap { $0.encoded }
      if bytes.count > Journal.largestRecord { continue }
      if !entry.isEmpty && entry.count + bytes.count > Self.entryBytes {
        try journal.append(entry)
        entry = []
      }
      entry += bytes
    }
    if !entry.isEmpty { try journal.append(entry) }
  }
}
