import Files
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite struct JournalTests {
  let folder = TemporaryFolder()
  let written = [Array("first".utf8), [], Array("third record".utf8)]

  private func writeJournal() throws -> [UInt8] {
    do {
      let journal = try Journal(path: folder("j"))
      #expect(journal.records.isEmpty)
      for record in written { try journal.append(record) }
    }
    return try CheckedBytes(contentsOf: folder("j")).array
  }

  @Test func givesBackItsRecordsAndGoesOn() throws {
    _ = try writeJournal()
    do {
      let journal = try Journal(path: folder("j"))
      #expect(journal.records == written)
      try journal.append("fourth")
    }
    #expect(try Journal(path: folder("j")).records == written + [Array("fourth".utf8)])
  }

  @Test func dropsATornTailWhereverItIsCut() throws {
    let whole = try writeJournal()
    let ends = [8, 8 + 13, 8 + 13 + 8, whole.count]
    for length in 0..<whole.count {
      let file = open(folder("t"), O_CREAT | O_WRONLY | O_TRUNC, 0o600)
      #expect(write(file, whole, length) == length)
      close(file)
      let expected = max(0, ends.lastIndex { $0 <= length } ?? 0)
      do {
        let journal = try Journal(path: folder("t"))
        #expect(journal.records == Array(written.prefix(expected)))
        try journal.append("after")
      }
      let again = try Journal(path: folder("t")).records
      #expect(again == Array(written.prefix(expected)) + [Array("after".utf8)])
    }
  }

  @Test func dropsARecordWhoseBytesChanged() throws {
    var bytes = try writeJournal()
    bytes[8 + 13 + 8 + 9] ^= 1
    try writeAtomically(bytes, to: folder("j"))
    #expect(try Journal(path: folder("j")).records == Array(written.prefix(2)))
  }

  @Test func refusesOtherFilesAndASecondUser() throws {
    try writeAtomically("something else", to: folder("other"))
    #expect(throws: FormatError.self) { try Journal(path: folder("other")) }
    #expect(throws: FormatError.self) { try Journal(path: folder.path) }
    let journal = try Journal(path: folder("j"))
    #expect(throws: FormatError.self) { try Journal(path: folder("j")) }
    try journal.append("x")
  }
}
