import Files
import Imaging
import Testing

/// What another program read from a fixture.
struct Expected: CustomTestStringConvertible {
  var name: String
  var height: Int
  var width: Int
  var channels: Int
  var crc: String

  var testDescription: String { name }

  /// The lines of `expected.tsv` in a folder of fixtures.
  static func all(_ folder: String) throws -> [Expected] {
    let text = try String(decoding: fixture(folder + "/expected.tsv"), as: UTF8.self)
    return text.split(separator: "\n").map { line in
      let cells = line.split(separator: "\t")
      return Expected(
        name: String(cells[0]), height: Int(cells[1]) ?? -1, width: Int(cells[2]) ?? -1,
        channels: Int(cells[3]) ?? -1, crc: String(cells[4]))
    }
  }
}

/// The bytes of a file in Tests/Fixtures.
func fixture(_ path: String) throws -> [UInt8] {
  let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
  return try CheckedBytes(contentsOf: "/" + folder + "/Fixtures/" + path).array
}

extension Image {
  /// The samples of a picture of 8 bits; none of another picture.
  var bytes: [UInt8] { if case .uint8(let values) = samples { values } else { [] } }

  /// The CRC-32 of 8-bit samples, as eight digits.
  var crc: String {
    let text = String(CRC32.of(bytes.span), radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }
}

/// Decodes every truncation of a file; returns the lengths that were accepted, the whole left out.
func acceptedTruncations(
  of bytes: [UInt8], _ decode: (CheckedBytes) throws(FormatError) -> Image
) -> [Int] {
  (0..<bytes.count).filter { (try? decode(CheckedBytes(Array(bytes[..<$0]), file: "cut"))) != nil }
}

/// Decodes a file with each byte changed in several ways; returns how many were read and refused.
func outcomesOfMutations(
  of bytes: [UInt8], _ decode: (CheckedBytes) throws(FormatError) -> Image
) -> (read: Int, refused: Int) {
  var outcome = (read: 0, refused: 0)
  for i in bytes.indices {
    for change: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
      var mutant = bytes
      mutant[i] ^= change
      if (try? decode(CheckedBytes(mutant, file: "mutant"))) != nil {
        outcome.read += 1
      } else {
        outcome.refused += 1
      }
    }
  }
  return outcome
}
