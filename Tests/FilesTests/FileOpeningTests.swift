import Files
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite struct FileOpeningTests {
  let folder = TemporaryFolder()

  private func problem(of path: String, limit: UInt64 = .max) -> String {
    do {
      _ = try CheckedBytes(contentsOf: path, limit: limit)
      return ""
    } catch {
      #expect(error.file == path)
      return error.problem
    }
  }

  @Test func readsARegularFile() throws {
    try writeAtomically([1, 2, 3], to: folder("a"))
    #expect(try CheckedBytes(contentsOf: folder("a")).array == [1, 2, 3])
    #expect(problem(of: folder("a"), limit: 2).contains("more than the limit of 2"))
  }

  @Test func mapsALargeFile() throws {
    let path = folder("large")
    let file = open(path, O_CREAT | O_RDWR, 0o600)
    #expect(ftruncate(file, 65 << 20) == 0)
    #expect(pwrite(file, [7], 1, (65 << 20) - 1) == 1)
    close(file)
    let bytes = try CheckedBytes(contentsOf: path)
    #expect(bytes.count == 65 << 20)
    #expect(try bytes.u8(at: (65 << 20) - 1) == 7)
    #expect(try bytes.u8(at: 0) == 0)
  }

  @Test func refusesWhatIsNoRegularFileWithoutWaiting() {
    mkfifo(folder("pipe"), 0o600)
    #expect(problem(of: folder("pipe")) == "is a pipe, not a regular file")
    #expect(problem(of: folder.path) == "is a folder, not a regular file")
    #expect(problem(of: "/dev/zero") == "is a device, not a regular file")
    #expect(problem(of: folder("nothing")) == "cannot be read: no such file or folder")
    symlink(folder("loop"), folder("loop"))
    #expect(problem(of: folder("loop")) == "cannot be read: too many levels of symbolic links")
    close(open(folder("empty"), O_CREAT | O_WRONLY, 0o600))
    #expect(problem(of: folder("empty")) == "the file is empty")
    #expect(problem(of: "") == "this is not a path")
    #expect(problem(of: "a\0b") == "this is not a path")
  }

  @Test func keepsNamesThatAreNotUTF8() throws {
    let name: [UInt8] = Array("caf".utf8) + [0xE9, 0xC3, 0xA9, 0xFF, 0xF4, 0x8F, 0xBE, 0x80]
    let text = pathText(name)
    #expect(systemBytes(of: text) == name)
    try writeAtomically([1], to: folder.path + "/" + text)
    #expect(try listFolder(folder.path) == [text])
    #expect(FormatError(file: text, problem: "x").description.hasPrefix("caf%E9\u{e9}%FF"))
    #expect(systemBytes(of: pathText(Array("Gef\u{fc}\u{df}e \u{9f0b}".utf8))).count == 12)
  }

  @Test func everyByteSequenceSurvives() {
    var state: UInt32 = 1
    for _ in 0..<2000 {
      let bytes: [UInt8] = (0..<8).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24) | 0x80
      }
      #expect(systemBytes(of: pathText(bytes)) == bytes)
    }
  }
}
