// TIFF pictures: one page in strips, little-endian, plain or deflated; BigTIFF above 4 GiB.
//
// Implements: Adobe, TIFF Revision 6.0, 1992; Deflate as in Photoshop TIFF Technical Note 2, 2002.
// Deviations: none. Checked by: TIFFTests. Cost: one copy of the samples, and zlib's.

import Files

/// How `encodeTIFF` packs the samples.
public enum TIFFPacking: Sendable {
  /// As they are.
  case none
  /// Deflated; whole numbers as differences to the sample on their left.
  case deflate
}

/// Encodes a picture as TIFF, with all its types of sample.
///
/// - Parameters:
///   - image: 1 to 4 channels.
///   - packing: how the samples are packed.
///   - file: the name of the output, for errors.
/// - Returns: the file's bytes; the pixel size goes into the resolution tags when it is known.
/// - Throws: an error that names `file` when the picture has no pixel or too many channels.
public func encodeTIFF(
  _ image: Image, packing: TIFFPacking = .deflate, file: String = "TIFF"
) throws(FormatError) -> [UInt8] {
  try encodeTIFF(image, packing: packing, file: file, isBig: false)
}

/// Encodes a picture as TIFF, or as BigTIFF when it must be or is asked for.
package func encodeTIFF(
  _ image: Image, packing: TIFFPacking, file: String, isBig: Bool
) throws(FormatError) -> [UInt8] {
  guard image.width > 0 && image.height > 0 && image.channels <= 4,
    max(image.width, image.height) <= Int(UInt32.max)
  else {
    throw FormatError(
      file: file,
      problem: "TIFF cannot hold \(image.width) x \(image.height) x \(image.channels) samples")
  }
  let (bits, format, bytes) = image.samples.tiffStorage
  let usesDifferences = packing == .deflate && format != 3
  let rowBytes = image.width * image.channels * bits / 8
  let rows = max(1, min(image.height, (1 << 18) / rowBytes))
  var strips: [[UInt8]] = []
  for y in stride(from: 0, to: image.height, by: rows) {
    let end = min(image.height, y + rows)
    var strip = Array(bytes[(y * rowBytes)..<(end * rowBytes)])
    if usesDifferences { strip = differences(strip, bits, row: rowBytes, image.channels) }
    strips.append(packing == .deflate ? deflated(strip) : strip)
  }
  return tiffFile(image, strips, rows: rows, packing, usesDifferences, (bits, format), isBig)
}

/// Puts strips and tags together.
private func tiffFile(
  _ image: Image, _ strips: [[UInt8]], rows: Int, _ packing: TIFFPacking, _ usesDifferences: Bool,
  _ type: (bits: Int, format: UInt64), _ isBig: Bool
) -> [UInt8] {
  var tags = TIFFTagWriter(strips: strips, isBig: isBig)
  tags.add(256, [UInt64(image.width)])
  tags.add(257, [UInt64(image.height)])
  tags.add(258, [UInt64](repeating: UInt64(type.bits), count: image.channels), type: 3)
  tags.add(259, [packing == .deflate ? 8 : 1], type: 3)
  tags.add(262, [image.channels >= 3 ? 2 : 1], type: 3)
  tags.addStripOffsets()
  tags.add(277, [UInt64(image.channels)], type: 3)
  tags.add(278, [UInt64(rows)])
  tags.add(279, strips.map { UInt64($0.count) })
  tags.addResolution(image.pixelSize)
  tags.add(284, [1], type: 3)
  tags.addResolutionUnit(image.pixelSize)
  if usesDifferences { tags.add(317, [2], type: 3) }
  if image.channels == 2 || image.channels == 4 { tags.add(338, [2], type: 3) }
  tags.add(339, [UInt64](repeating: type.format, count: image.channels), type: 3)
  return tags.file()
}

extension Image {
  /// Writes the picture as PNG, TIFF or PNM, told by the ending of the name.
  ///
  /// The file is complete or absent.
  ///
  /// - Throws: an error that names the file.
  public func write(to path: String) throws(FormatError) {
    let parts = fileName(of: path).split(separator: ".", omittingEmptySubsequences: false)
    let ending = parts.count > 1 ? parts[parts.count - 1].lowercased() : ""
    switch ending {
    case "png": try writeAtomically(encodePNG(self, file: path), to: path)
    case "tif", "tiff": try writeAtomically(encodeTIFF(self, file: path), to: path)
    case "pbm", "pgm", "ppm", "pnm", "pam":
      try writeAtomically(encodePNM(self, file: path), to: path)
    default:
      throw FormatError(
        file: path,
        problem: "pictures are written as .png, .tif, .pgm, .ppm or .pam, not '.\(ending)'")
    }
  }
}

extension Image.Samples {
  /// Bits of a sample, its format (1 unsigned, 2 signed, 3 floating) and the little-endian bytes.
  fileprivate var tiffStorage: (bits: Int, format: UInt64, bytes: [UInt8]) {
    switch self {
    case .uint8(let v): (8, 1, v)
    case .int8(let v): (8, 2, littleEndianBytes(of: v))
    case .uint16(let v): (16, 1, littleEndianBytes(of: v))
    case .int16(let v): (16, 2, littleEndianBytes(of: v))
    case .uint32(let v): (32, 1, littleEndianBytes(of: v))
    case .int32(let v): (32, 2, littleEndianBytes(of: v))
    case .float32(let v): (32, 3, littleEndianBytes(of: v))
    case .float64(let v): (64, 3, littleEndianBytes(of: v))
    }
  }
}

/// Predictor 2: each sample minus the one a pixel to its left, modulo its range.
private func differences(_ strip: [UInt8], _ bits: Int, row: Int, _ step: Int) -> [UInt8] {
  func subtract<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> [UInt8] {
    var numbers = strip.numbers(of: Number.self)
    let length = row / MemoryLayout<Number>.size
    for start in stride(from: 0, to: numbers.count, by: length) {
      for i in stride(from: start + length - 1, through: start + step, by: -1) {
        numbers[i] = numbers[i] &- numbers[i - step]
      }
    }
    return littleEndianBytes(of: numbers)
  }
  switch bits {
  case 8: return subtract(UInt8.self)
  case 16: return subtract(UInt16.self)
  default: return subtract(UInt32.self)
  }
}

/// Lays out header, strips, one directory and the values that do not fit into it.
private struct TIFFTagWriter {
  private struct Entry {
    let code: UInt16
    let type: UInt16
    let count: Int
    let bytes: [UInt8]
  }

  private let strips: [[UInt8]]
  /// Whether offsets need 64 bits.
  private let isBig: Bool
  private var entries: [Entry] = []

  init(strips: [[UInt8]], isBig: Bool) {
    self.strips = strips
    self.isBig =
      isBig || strips.reduce(0) { $0 + $1.count + 16 } > Int(UInt32.max) - 1 << 20
  }

  private var headerSize: Int { isBig ? 16 : 8 }

  /// Adds a tag; tags come in ascending order.
  ///
  /// Type 3 is 16-bit, 4 is 32-bit, 16 is 64-bit.
  mutating func add(_ code: UInt16, _ values: [UInt64], type: UInt16 = 4) {
    let size = type == 3 ? 2 : type == 4 ? 4 : 8
    let bytes = values.flatMap { littleEndianBytes(of: [$0]).prefix(size) }
    entries.append(Entry(code: code, type: type, count: values.count, bytes: bytes))
  }

  /// Adds tag 273: the strips follow the header one after the other.
  mutating func addStripOffsets() {
    var offset = UInt64(headerSize)
    let offsets = strips.map { strip -> UInt64 in
      defer { offset += UInt64(strip.count) }
      return offset
    }
    add(273, offsets, type: isBig ? 16 : 4)
  }

  /// Adds tags 282 and 283, pixels a centimetre, when the pixel size is known.
  mutating func addResolution(_ size: PixelSize) {
    for (code, length) in [(UInt16(282), size.width), (283, size.height)] {
      guard size.isKnown, let length, let fraction = rational(1e4 / length.micrometres) else {
        continue
      }
      entries.append(Entry(code: code, type: 5, count: 1, bytes: littleEndianBytes(of: fraction)))
    }
  }

  /// Adds tag 296: centimetres, or none when the pixel size is unknown.
  mutating func addResolutionUnit(_ size: PixelSize) { add(296, [size.isKnown ? 3 : 1], type: 3) }

  /// Numerator and denominator, the latter a power of ten as large as fits.
  private func rational(_ value: Double) -> [UInt32]? {
    for power in stride(from: 9, through: 0, by: -1) {
      let denominator = (0..<power).reduce(UInt32(1)) { product, _ in product * 10 }
      let scaled = (value * Double(denominator)).rounded()
      if scaled >= 1, let numerator = UInt32(exactly: scaled) { return [numerator, denominator] }
    }
    return nil
  }

  /// The whole file.
  func file() -> [UInt8] {
    let data = strips.reduce(0) { $0 + $1.count }
    let directory = (headerSize + data + 15) / 16 * 16
    var bytes: [UInt8] = [0x49, 0x49, isBig ? 43 : 42, 0]
    bytes += isBig ? [8, 0, 0, 0] : []
    bytes += offset(directory)
    bytes.reserveCapacity(directory + 4096)
    for strip in strips { bytes += strip }
    bytes += [UInt8](repeating: 0, count: directory - bytes.count)
    let entrySize = isBig ? 20 : 12
    var far = directory + (isBig ? 16 : 6) + entries.count * entrySize
    var values: [UInt8] = []
    bytes += isBig ? offset(entries.count) : Array(offset(entries.count).prefix(2))
    for entry in entries {
      bytes += littleEndianBytes(of: [entry.code, entry.type]) + offset(entry.count)
      let room = isBig ? 8 : 4
      if entry.bytes.count <= room {
        bytes += entry.bytes + [UInt8](repeating: 0, count: room - entry.bytes.count)
      } else {
        bytes += offset(far)
        let padding = (8 - entry.bytes.count % 8) % 8
        values += entry.bytes + [UInt8](repeating: 0, count: padding)
        far += entry.bytes.count + padding
      }
    }
    return bytes + offset(0) + values
  }

  /// A place or a count, of 4 or 8 bytes.
  private func offset(_ value: Int) -> [UInt8] {
    isBig ? littleEndianBytes(of: [UInt64(value)]) : littleEndianBytes(of: [UInt32(value)])
  }
}
