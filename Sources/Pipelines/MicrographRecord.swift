// What is kept of one image: its numbers, its thumbnail, its histograms; and how they are stored.

import Files

/// The numbers of one image, independent of where the file lies and what it is called.
public struct MicrographRecord: Sendable, Equatable {
  /// SHA-256 of the file, 64 hexadecimal digits.
  public var hash: String
  /// The row of the patch in the image's grid, from 1; 0 for a whole image.
  public var patchRow = 0
  /// The column of the patch, from 1; 0 for a whole image.
  public var patchColumn = 0
  /// The height in pixels.
  public var height: Int
  /// The width in pixels.
  public var width: Int
  /// The width of a pixel in micrometres; `nil` when the file does not state it.
  public var pixelSizeMicrometres: Double?
  /// What the reader noticed.
  public var remarks: [String]
  /// The features.
  public var features: [Float]
  /// A small PNG file.
  public var thumbnail: [UInt8]
  /// Counts of grey levels in `histogramBins` equal bins, as read.
  public var histogram: [UInt32]
  /// The same after equalisation.
  public var equalizedHistogram: [UInt32]

  /// What stands behind the image's name: `#r3c5` for a patch, nothing for a whole image.
  public var suffix: String { patchRow > 0 ? "#r\(patchRow)c\(patchColumn)" : "" }

  /// The number of bins of a histogram.
  public static let histogramBins = 64
}

extension MicrographRecord {
  /// The record as bytes, for a journal.
  var encoded: [UInt8] {
    var out = ByteWriter()
    out.put(hash)
    out.put(UInt64(patchRow))
    out.put(UInt64(patchColumn))
    out.put(UInt64(height))
    out.put(UInt64(width))
    out.put((pixelSizeMicrometres ?? .nan).bitPattern)
    out.put(UInt64(remarks.count))
    for remark in remarks { out.put(remark) }
    out.put(UInt64(features.count))
    for value in features { out.put(value.bitPattern) }
    out.put(UInt64(thumbnail.count))
    out.bytes += thumbnail
    for histogram in [histogram, equalizedHistogram] {
      out.put(UInt64(histogram.count))
      for count in histogram { out.put(count) }
    }
    return out.bytes
  }

  /// Reads one record at the reader's position.
  init(_ reader: inout ByteReader) throws(FormatError) {
    hash = try reader.text()
    patchRow = try reader.count(limit: 1 << 31)
    patchColumn = try reader.count(limit: 1 << 31)
    height = try reader.count(limit: 1 << 31)
    width = try reader.count(limit: 1 << 31)
    let size = Double(bitPattern: try reader.u64())
    pixelSizeMicrometres = size.isNaN ? nil : size
    remarks = []
    for _ in 0..<(try reader.count(limit: 1 << 16)) { remarks.append(try reader.text()) }
    features = []
    for _ in 0..<(try reader.count(limit: 1 << 24)) {
      features.append(Float(bitPattern: try reader.u32()))
    }
    thumbnail = try reader.raw(try reader.count(limit: 1 << 24))
    histogram = []
    for _ in 0..<(try reader.count(limit: 1 << 16)) { histogram.append(try reader.u32()) }
    equalizedHistogram = []
    for _ in 0..<(try reader.count(limit: 1 << 16)) { equalizedHistogram.append(try reader.u32()) }
  }
}

/// Writes numbers and texts, little-endian.
struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func put(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func put(_ value: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func put(_ text: String) {
    let content = Array(text.utf8)
    put(UInt64(content.count))
    bytes += content
  }
}

/// Reads what `ByteWriter` wrote, one item after the other.
struct ByteReader {
  private let bytes: CheckedBytes
  private var position: UInt64 = 0

  init(_ bytes: CheckedBytes) { self.bytes = bytes }

  var isAtEnd: Bool { position == UInt64(bytes.count) }

  mutating func u64() throws(FormatError) -> UInt64 {
    defer { position += 8 }
    return try bytes.u64(at: position)
  }

  mutating func u32() throws(FormatError) -> UInt32 {
    defer { position += 4 }
    return try bytes.u32(at: position)
  }

  mutating func raw(_ count: Int) throws(FormatError) -> [UInt8] {
    defer { position += UInt64(count) }
    return try bytes.array(at: position, count: UInt64(count))
  }

  /// A number of items that is plausible.
  mutating func count(limit: UInt64) throws(FormatError) -> Int {
    let value = try u64()
    guard value <= limit else { throw bytes.error("a count of \(value)", at: position) }
    return Int(value)
  }

  mutating func text() throws(FormatError) -> String {
    String(decoding: try raw(try count(limit: 1 << 20)), as: UTF8.self)
  }
}
