// Finished records of a run on disk, so that an interrupted run goes on where it was.

import Files
import Synchronization

/// Records by content hash; valid for one chain of settings and one version of the program.
final class RecordJournal: Sendable {
  private let journal: Journal
  private let known: [String: MicrographRecord]

  /// Opens the journal of a folder, or begins it.
  ///
  /// Its name carries a hash of the settings and of the program's version: records of other
  /// settings are never used.
  ///
  /// - Parameters:
  ///   - folder: the folder of the run's results.
  ///   - fingerprint: what the records depend on beside the image files.
  ///   - anew: forget what is there.
  /// - Throws: `FormatError` when the file cannot be opened or written.
  init(folder: String, fingerprint: String, anew: Bool) throws(FormatError) {
    let key = Array("\(fingerprint); version \(nitalVersion)".utf8)
    let path = "\(folder)/features-\(SHA256.hash(of: key).prefix(12)).journal"
    if anew { discardFile(path) }
    journal = try Journal(path: path)
    var known: [String: MicrographRecord] = [:]
    for bytes in journal.records {
      var reader = ByteReader(CheckedBytes(bytes, file: path))
      while !reader.isAtEnd {
        let record = try MicrographRecord(&reader)
        known[record.hash] = record
      }
    }
    self.known = known
  }

  /// How many records were found.
  var count: Int { known.count }

  /// The record of a file with these contents.
  func record(of hash: String) -> MicrographRecord? { known[hash] }

  /// Keeps finished records; they are on the disk when this returns.
  func append(_ records: [MicrographRecord]) throws(FormatError) {
    if records.isEmpty { return }
    try journal.append(records.flatMap { $0.encoded })
  }
}
