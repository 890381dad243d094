// How a TIFF page stores its samples, read from its tags and checked before anything is allocated.
//
// Implements: Adobe, TIFF Revision 6.0, 1992, sections 3-8, 14-19.
// Deviations: what is not supported is refused with its number and name.
// Checked by: TIFFTests. Cost: the number of strips or tiles.

import Files

/// The layout of one page.
struct TIFFLayout {
  /// How a sample is to be understood.
  enum SampleFormat { case unsigned, signed, floating }

  let width: Int
  let height: Int
  /// Samples of a pixel.
  let samples: Int
  /// Bits of a sample: 1, 2, 4, 8, 16, 32 or 64.
  let bits: Int
  let format: SampleFormat
  /// 0 WhiteIsZero, 1 BlackIsZero, 2 RGB, 3 palette, 6 YCbCr (with JPEG alone).
  let photometric: UInt64
  let compression: TIFFCompression
  /// 1 none, 2 horizontal differences, 3 floating point.
  let predictor: UInt64
  /// Whether each sample of a pixel lies in strips or tiles of its own.
  let isPlanar: Bool
  /// Whether the bits of each byte come in reverse order.
  let isBitReversed: Bool
  /// What the first row and column are, 1 to 8.
  let orientation: Int
  /// The size of a strip or tile in pixels; the last strip may have fewer rows.
  let segmentWidth: Int
  let segmentHeight: Int
  let isTiled: Bool
  /// Where the strips or tiles lie, row by row, plane by plane.
  private(set) var offsets: [UInt64] = []
  /// How many bytes each has in the file; empty when the file does not say.
  private(set) var byteCounts: [UInt64] = []
  /// All red, all green, all blue values of a palette; empty without one.
  let palette: [UInt64]
  /// The tables that all JPEG strips or tiles share; `nil` when each has its own.
  let jpegTables: CheckedBytes?
  var remarks: [String] = []

  /// The bytes of a sample once unpacked.
  var bytesPerSample: Int { max(1, bits / 8) }
  /// Samples that lie together in a strip or tile.
  var samplesPerSegment: Int { isPlanar ? 1 : samples }
  var planes: Int { isPlanar ? samples : 1 }
  var segmentsAcross: Int { (width + segmentWidth - 1) / segmentWidth }
  var segmentsDown: Int { (height + segmentHeight - 1) / segmentHeight }
  /// The bytes of a row of a strip or tile in the file.
  var segmentRowBytes: Int { (segmentWidth * samplesPerSegment * bits + 7) / 8 }

  /// The rows of the strip or tile whose top row has number `y`.
  func rows(ofSegmentAt y: Int) -> Int { isTiled ? segmentHeight : min(segmentHeight, height - y) }

  /// Reads the layout from the tags.
  init(_ tags: TIFFDirectory, limits: ImageLimits) throws(FormatError) {
    let bytes = tags.bytes
    guard tags.has(256), tags.has(257) else { throw bytes.error("the page has no width or height") }
    width = Int(clamping: try tags.integer(256, missing: 0))
    height = Int(clamping: try tags.integer(257, missing: 0))
    try limits.check(width: width, height: height, bytesPerPixel: 1, in: bytes)
    (samples, bits, format) = try Self.sampleType(tags)
    let (pixelBytes, overflow) = samples.multipliedReportingOverflow(by: max(1, bits / 8))
    guard !overflow else { throw bytes.error("a pixel of \(samples) samples cannot be") }
    try limits.check(width: width, height: height, bytesPerPixel: pixelBytes, in: bytes)
    compression = try TIFFCompression(tags)
    photometric = try Self.photometric(
      tags, samples: samples, bits: bits, format: format, compression)
    jpegTables = compression == .jpeg ? try tags.data(347) : nil
    guard compression != .jpeg || (bits == 8 && format == .unsigned) else {
      throw bytes.error("JPEG with samples of \(bits) bits is not supported")
    }
    predictor = try Self.predictor(tags, compression, bits: bits, format: format)
    isPlanar = try Self.choice(tags, 284, "planar configuration", [1, 2]) == 2 && samples > 1
    isBitReversed = try Self.choice(tags, 266, "fill order", [1, 2]) == 2
    palette = try Self.palette(tags, photometric: photometric, bits: bits)
    let stated = try tags.integer(274, missing: 1)
    orientation = (1...8).contains(stated) ? Int(stated) : 1
    if stated != UInt64(orientation) { remarks.append("orientation \(stated) is ignored") }
    isTiled = tags.has(322) || tags.has(324)
    (segmentWidth, segmentHeight) = try Self.segmentSize(
      tags, isTiled, width: width, height: height, pixelBytes: pixelBytes, limits)
    let count = segmentsAcross * segmentsDown * planes
    (offsets, byteCounts) = try Self.segments(tags, isTiled, count: count)
    remarks += tags.remarks
  }

  private static func sampleType(
    _ tags: TIFFDirectory
  ) throws(FormatError) -> (samples: Int, bits: Int, SampleFormat) {
    let bytes = tags.bytes
    let samples = try tags.integer(277, missing: 1)
    guard (1...4).contains(samples) else {
      throw bytes.error("\(samples) samples a pixel are not supported, only 1 to 4")
    }
    let depths = try tags.integers(258, limit: 4) ?? [UInt64](repeating: 1, count: Int(samples))
    guard tags.count(of: 258) == samples || !tags.has(258) else {
      throw bytes.error("\(samples) samples a pixel, but bits for \(tags.count(of: 258))")
    }
    let formats = try tags.integers(339, limit: samples) ?? [1]
    guard let bits = depths.first, depths.allSatisfy({ $0 == bits }),
      let code = formats.first, formats.allSatisfy({ $0 == code })
    else { throw bytes.error("the samples of a pixel are of different types") }
    switch (code, bits) {
    case (1, 1), (1, 2), (1, 4), (1, 8), (1, 16), (1, 32), (4, 8), (4, 16), (4, 32):
      return (Int(samples), Int(bits), .unsigned)
    case (2, 8), (2, 16), (2, 32): return (Int(samples), Int(bits), .signed)
    case (3, 32), (3, 64): return (Int(samples), Int(bits), .floating)
    default:
      let names: [UInt64: String] = [1: "whole numbers", 2: "signed numbers", 3: "real numbers"]
      let name = names[code] ?? "samples of format \(code)"
      throw bytes.error("\(name) of \(bits) bits are not supported")
    }
  }

  private static func photometric(
    _ tags: TIFFDirectory, samples: Int, bits: Int, format: SampleFormat,
    _ compression: TIFFCompression
  ) throws(FormatError) -> UInt64 {
    let value = try tags.integer(262, missing: samples >= 3 ? 2 : 1)
    let names: [UInt64: String] = [
      4: "transparency mask", 5: "CMYK", 6: "YCbCr", 8: "CIE L*a*b*", 9: "ICC L*a*b*",
      10: "ITU L*a*b*", 32803: "colour filter array", 32844: "LogL", 32845: "LogLuv",
      34892: "linear raw",
    ]
    switch value {
    case 0, 1:
      if value == 0 && format != .unsigned {
        throw tags.bytes.error("WhiteIsZero needs whole numbers without a sign")
      }
    case 2 where samples >= 3, 6 where samples == 3 && compression == .jpeg: break
    case 3 where samples == 1 && bits <= 8 && format == .unsigned: break
    case 2, 3:
      throw tags.bytes.error("colours (photometric \(value)) with \(samples) x \(bits) bits")
    default:
      let name = names[value].map { " (\($0))" } ?? ""
      throw tags.bytes.error("photometric interpretation \(value)\(name) is not supported")
    }
    return value
  }

  private static func predictor(
    _ tags: TIFFDirectory, _ compression: TIFFCompression, bits: Int, format: SampleFormat
  ) throws(FormatError) -> UInt64 {
    let value = try choice(tags, 317, "predictor", [1, 2, 3])
    let isPossible =
      value == 1 || (value == 2 && bits >= 8) || (value == 3 && format == .floating)
    guard isPossible && (value == 1 || compression.allowsPredictor) else {
      throw tags.bytes.error(
        "predictor \(value) with \(bits)-bit samples and \(compression.name) is not defined")
    }
    return value
  }

  /// The value of a tag that has only the given meanings; 1 when it is missing.
  private static func choice(
    _ tags: TIFFDirectory, _ code: UInt16, _ name: String, _ allowed: [UInt64]
  ) throws(FormatError) -> UInt64 {
    let value = try tags.integer(code, missing: 1)
    guard allowed.contains(value) else {
      throw tags.bytes.error("\(name) \(value) is not defined")
    }
    return value
  }

  private static func palette(
    _ tags: TIFFDirectory, photometric: UInt64, bits: Int
  ) throws(FormatError) -> [UInt64] {
    guard photometric == 3 else { return [] }
    let needed: UInt64 = 3 << UInt64(bits)
    guard let values = try tags.integers(320, limit: needed), values.count == needed else {
      throw tags.bytes.error("the palette has \(tags.count(of: 320)) values instead of \(needed)")
    }
    return values
  }

  private static func segmentSize(
    _ tags: TIFFDirectory, _ isTiled: Bool, width: Int, height: Int, pixelBytes: Int,
    _ limits: ImageLimits
  ) throws(FormatError) -> (Int, Int) {
    guard isTiled else {
      let rows = Int(clamping: try tags.integer(278, missing: UInt64(UInt32.max)))
      guard rows > 0 else { throw tags.bytes.error("strips of 0 rows") }
      return (width, min(rows, height))
    }
    let tileWidth = Int(clamping: try tags.integer(322, missing: 0))
    let tileHeight = Int(clamping: try tags.integer(323, missing: 0))
    guard tileWidth > 0 && tileHeight > 0 else {
      throw tags.bytes.error("tiles of \(tileWidth) x \(tileHeight) pixels")
    }
    try limits.check(
      width: tileWidth, height: tileHeight, bytesPerPixel: pixelBytes, in: tags.bytes)
    return (tileWidth, tileHeight)
  }

  private static func segments(
    _ tags: TIFFDirectory, _ isTiled: Bool, count: Int
  ) throws(FormatError) -> (offsets: [UInt64], byteCounts: [UInt64]) {
    let kind = isTiled ? "tiles" : "strips"
    let needed = UInt64(count)
    // Files in the wild hold tile data under the strip tags and the other way round.
    let offsets = try tags.integers(isTiled && tags.has(324) ? 324 : 273, limit: needed) ?? []
    let counts = try tags.integers(isTiled && tags.has(325) ? 325 : 279, limit: needed)
    guard offsets.count == count else {
      throw tags.bytes.error("\(count) \(kind) expected, but \(offsets.count) have an offset")
    }
    guard counts == nil || counts?.count == count else {
      throw tags.bytes.error("\(count) \(kind) expected, but \(counts?.count ?? 0) have a length")
    }
    return (offsets, counts ?? [])
  }
}
