import Files
import Imaging
import Testing

/// A fixture of `generate_png_tiff.py` with what a reference library reads from it.
struct PictureFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let height: Int
  let width: Int
  let channels: Int
  let sampleType: String
  let crc32: UInt32
  let pixelWidth: Double?
  let pixelHeight: Double?
  let source: String?
  let dataBarRows: Int

  var testDescription: String { name }

  static let folder =
    String(#filePath.dropLast("ImagingTests/PictureFixtures.swift".count))
    + "Fixtures/png_tiff/"

  var path: String { Self.folder + name }

  func bytes() throws -> [UInt8] { try CheckedBytes(contentsOf: path).array }

  static let all: [PictureFixture] = {
    guard let table = try? CheckedBytes(contentsOf: folder + "expected.tsv") else { return [] }
    return String(decoding: table.array, as: UTF8.self).split(separator: "\n").compactMap {
      let column = $0.split(separator: "\t").map { String($0) }
      guard column.count == 10, let height = Int(column[1]), let width = Int(column[2]),
        let channels = Int(column[3]), let crc = UInt32(column[5], radix: 16),
        let bar = Int(column[9])
      else { return nil }
      return PictureFixture(
        name: column[0], height: height, width: width, channels: channels, sampleType: column[4],
        crc32: crc, pixelWidth: Double(column[6]), pixelHeight: Double(column[7]),
        source: column[8] == "-" ? nil : column[8], dataBarRows: bar)
    }
  }()

  static func named(_ name: String) throws -> PictureFixture {
    try #require(all.first { $0.name == name })
  }
}

/// Builds TIFF files with chosen tags: little-endian, one directory after the data.
struct TIFFBuilder {
  /// Tag, type and values; values that do not fit are put behind the directory.
  var tags: [(code: UInt16, type: UInt16, values: [UInt64])] = []
  var data: [UInt8] = []
  /// Where the directory chain goes on.
  var next: UInt32 = 0

  /// An 8-bit grey picture of 4 x 3 pixels.
  static var small: TIFFBuilder {
    TIFFBuilder(
      tags: [
        (256, 4, [4]), (257, 4, [3]), (258, 3, [8]), (259, 3, [1]), (262, 3, [1]), (273, 4, [8]),
        (277, 3, [1]), (278, 4, [3]), (279, 4, [12]),
      ], data: Array(1...12))
  }

  /// The same with tags replaced, added, or removed (no values).
  func with(_ code: UInt16, _ type: UInt16, _ values: [UInt64]) -> TIFFBuilder {
    var copy = self
    copy.tags.removeAll { $0.code == code }
    if !values.isEmpty { copy.tags.append((code, type, values)) }
    copy.tags.sort { $0.code < $1.code }
    return copy
  }

  func with(data: [UInt8]) -> TIFFBuilder {
    var copy = self
    copy.data = data
    return copy.with(279, 4, [UInt64(data.count)])
  }

  func with(text: String, tag: UInt16) -> TIFFBuilder {
    with(tag, 2, (Array(text.unicodeScalars).map { UInt64(UInt8($0.value)) }) + [0])
  }

  var file: [UInt8] {
    let start = 8 + (data.count + 1) / 2 * 2
    var head: [UInt8] = [0x49, 0x49, 42, 0] + littleEndianBytes(of: [UInt32(start)]) + data
    head += [UInt8](repeating: 0, count: start - head.count)
    head += littleEndianBytes(of: [UInt16(tags.count)])
    var far: [UInt8] = []
    let farStart = head.count + tags.count * 12 + 4
    for tag in tags {
      let size = [1: 1, 2: 1, 3: 2, 5: 4, 7: 1, 12: 8][tag.type] ?? 4
      let bytes = tag.values.flatMap { littleEndianBytes(of: [$0]).prefix(size) }
      let count = UInt32(tag.type == 5 ? tag.values.count / 2 : tag.values.count)
      head += littleEndianBytes(of: [tag.code, tag.type]) + littleEndianBytes(of: [count])
      if bytes.count <= 4 {
        head += bytes + [UInt8](repeating: 0, count: 4 - bytes.count)
      } else {
        head += littleEndianBytes(of: [UInt32(farStart + far.count)])
        far += bytes
      }
    }
    return head + littleEndianBytes(of: [next]) + far
  }

  func decoded(page: Int = 0) throws(FormatError) -> Image {
    try decodeImage(CheckedBytes(file, file: "made.tif"), page: page)
  }

  /// Why the file is refused; empty when it is not.
  var refusal: String {
    do {
      _ = try decoded()
      return ""
    } catch {
      return error.problem
    }
  }
}
