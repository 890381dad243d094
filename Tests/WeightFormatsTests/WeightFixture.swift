import Files
import Tensors
import Testing
import WeightFormats

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The path of a file of Tests/Fixtures/weights, or of another folder there.
func fixturePath(
  _ name: String, folder: String = "weights", file: String = #filePath
) -> String {
  let tests = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
  return (tests + ["Fixtures", Substring(folder), Substring(name)]).joined(separator: "/")
}

/// The bytes of a fixture.
func fixtureBytes(_ name: String) throws -> [UInt8] {
  try CheckedBytes(contentsOf: fixturePath(name)).array
}

/// Runs `body` with the path of a file in a folder that goes afterwards.
func withTemporaryFile<Result>(
  _ name: String, _ body: (String) throws -> Result
) throws -> Result {
  var template = Array("/tmp/nital-weights-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw FormatError(file: "/tmp", problem: "no folder") }
  let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer {
    unlink(folder + "/" + name)
    rmdir(folder)
  }
  return try body(folder + "/" + name)
}

/// A safetensors file with this header and this many bytes of data.
func safetensors(_ header: String, data: Int) -> CheckedBytes {
  let text = Array(header.utf8)
  return CheckedBytes(
    littleEndianBytes(of: [UInt64(text.count)]) + text + [UInt8](repeating: 1, count: data),
    file: "made.safetensors")
}

/// An npy file of version 1 with this header text and this many bytes of data.
func npy(_ header: String, data: Int) -> CheckedBytes {
  let text = Array(header.utf8)
  return CheckedBytes(
    [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0] + littleEndianBytes(of: [UInt16(text.count)])
      + text + [UInt8](repeating: 1, count: data), file: "made.npy")
}

/// The value of an environment variable.
func environmentValue(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
