import Files
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite struct AtomicWriterTests {
  let folder = TemporaryFolder()

  @Test func replacesTheOldFile() throws {
    try writeAtomically("old", to: folder("a"))
    chmod(folder("a"), 0o640)
    try writeAtomically("new text", to: folder("a"))
    #expect(try CheckedBytes(contentsOf: folder("a")).array == Array("new text".utf8))
    #expect(try listFolder(folder.path) == ["a"])
    var status = stat()
    stat(folder("a"), &status)
    #expect(status.st_mode & 0o777 == 0o640)
  }

  @Test func showsNothingBeforeTheCommit() throws {
    do {
      let writer = try AtomicWriter(path: folder("a"))
      try writer.write([1, 2, 3])
      #expect(!isRegularFile(folder("a")))
    }
    #expect(try listFolder(folder.path).isEmpty)
  }

  @Test func writesThroughALink() throws {
    try writeAtomically("old", to: folder("real"))
    symlink("real", folder("link"))
    try writeAtomically("new", to: folder("link"))
    #expect(try CheckedBytes(contentsOf: folder("real")).array == Array("new".utf8))
    #expect(try listFolder(folder.path) == ["link", "real"])
  }

  /// Wraps the real calls so that the n-th one fails, or writes one byte at a time.
  private func failing(at n: Int, _ calls: Counter) -> FileOperations {
    let real = FileOperations.system
    @Sendable func count() throws(SystemError) {
      if calls.next() == n { throw SystemError(ENOSPC) }
    }
    var operations = real
    operations.create = { (path, mode) throws(SystemError) in
      try count()
      return try real.create(path, mode)
    }
    operations.write = { (file, bytes) throws(SystemError) in
      try count()
      return try real.write(file, bytes.extracting(0..<1))
    }
    operations.synchronise = { (file) throws(SystemError) in
      try count()
      try real.synchronise(file)
    }
    operations.close = { (file) throws(SystemError) in
      try? real.close(file)
      try count()
    }
    operations.rename = { (old, new) throws(SystemError) in
      try count()
      try real.rename(old, new)
    }
    return operations
  }

  /// create, three writes, synchronise, close, rename: seven calls that can fail.
  @Test(arguments: 1...8) func leavesNothingWhenACallFails(n: Int) throws {
    try writeAtomically("old", to: folder("out"))
    let calls = Counter()
    var failure: FormatError?
    do throws(FormatError) {
      let writer = try AtomicWriter(path: folder("out"), operations: failing(at: n, calls))
      try writer.write([1, 2, 3])
      try writer.commit()
    } catch {
      failure = error
    }
    #expect((failure == nil) == (n == 8))
    if let failure {
      #expect(failure.file == folder("out"))
      #expect(failure.problem == "cannot be written: no space left on the device")
    }
    let now = try CheckedBytes(contentsOf: folder("out")).array
    #expect(now == (n == 8 ? [1, 2, 3] : Array("old".utf8)))
    #expect(try listFolder(folder.path) == ["out"])
  }

  @Test func namesTheOutputWhenAFullDeviceRefuses() {
    #expect {
      try writeAtomically([1], to: "/dev/full")
    } throws: {
      ($0 as? FormatError)?.description
        == "/dev/full: cannot be written: no space left on the device"
    }
    #expect(throws: Never.self) { try writeAtomically([1], to: "/dev/null") }
    #expect(throws: FormatError.self) { try writeAtomically([1], to: folder.path) }
    #expect(throws: FormatError.self) { try writeAtomically([1], to: folder("no/such/folder")) }
    #expect(throws: FormatError.self) { try writeAtomically([1], to: "") }
  }

  @Test func removesLeftoversOfDeadProcessesOnly() throws {
    // A writer that is still open tells how names look on this host.
    let probe = try AtomicWriter(path: folder("probe"))
    let name = try #require(listFolder(folder.path).first)
    let random = try #require(name.split(separator: "-").last)
    probe.cancel()
    let inner = folder("inner")
    try makeFolder(inner)
    let otherHost = ".x.tmp-2147483646-0000000000000000"
    let names = [
      ".dead.tmp-2147483646-\(random)", ".alive.tmp-1-\(random)",
      otherHost,
      "not.tmp-2147483646-\(random)", ".a-b.tmp-2147483646-\(random)",
    ]
    for name in names { close(open(inner + "/" + name, O_CREAT | O_WRONLY, 0o600)) }
    try writeAtomically("x", to: inner + "/out")
    let kept = [
      ".alive.tmp-1-\(random)", otherHost,
      "not.tmp-2147483646-\(random)", "out",
    ]
    #expect(try listFolder(inner) == kept)
  }

  @Test func takesTheLongestNames() throws {
    let name = String(repeating: "n", count: 251) + ".png"
    try writeAtomically("x", to: folder(name))
    #expect(try listFolder(folder.path) == [name])
  }
}

/// Counts calls from any thread.
final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  /// The number of this call, from 1.
  func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
}
