// JPEG: decoding of baseline, extended sequential and progressive pictures of 8 bits.
//
// Implements: ITU-T Recommendation T.81 (1992) | ISO/IEC 10918-1, Huffman coding of 8-bit samples,
//   annexes A, B, C, E, F and G; T.871 (JFIF) for density and colour. Samples are those of
//   libjpeg-turbo's default: "islow" transform, "fancy" upsampling, 16-bit fixed-point colour.
// Equation -> code: markers (B.1, B.2) -> JPEGDecoder.run; frame -> JPEGFrame; scans -> JPEGScan,
//   JPEGProgressive; codes -> JPEGHuffman; transform -> JPEGInverseDCT; samples -> JPEGUpsampling.
// Symbols: Pq, Tq -> precision, table of DQT; Tc, Th -> class, table of DHT; Ri -> restartInterval.
// Deviations: arithmetic coding, 12 bits, lossless and hierarchical frames, four components and DNL
//   are refused by name. Damaged or incomplete data are an error; nothing is guessed.
// Checked by: JPEGTests (fixtures of libjpeg-turbo, twins, truncations, mutations).
// Cost: 2 bytes a coefficient until it is transformed, then 1 byte a sample.

import Files

/// Decodes a JPEG file to grey or RGB samples of 8 bits.
///
/// The orientation that EXIF data state is not applied but remarked.
///
/// - Parameters:
///   - bytes: the file from its first byte on; what follows the end marker is ignored.
///   - limits: bounds on the picture's size.
///   - tables: a stream of tables alone, as TIFF keeps it beside abbreviated streams; `nil` for none.
///   - colour: how three components are coded; `nil` to find out from the file's markers.
/// - Returns: the picture, (height, width, 1) or (height, width, 3).
/// - Throws: an error that names the unsupported feature or the damage, and its place.
package func decodeJPEG(
  _ bytes: CheckedBytes, limits: ImageLimits = ImageLimits(), tables: CheckedBytes? = nil,
  colour: JPEGColour? = nil
) throws(FormatError) -> Image {
  var decoder = JPEGDecoder(limits: limits)
  if let tables { try decoder.run(tables, isTablesOnly: true) }
  try decoder.run(bytes, isTablesOnly: false)
  return try decoder.image(bytes, colour: colour)
}

/// The state of decoding: tables and what was decoded so far.
struct JPEGDecoder {
  /// More scans than any encoder writes; each one costs time.
  static let mostScans = 100

  let limits: ImageLimits
  private var quantisation = [[Int32]](repeating: [], count: 4)
  private var dcTables = [JPEGHuffmanTable?](repeating: nil, count: 4)
  private var acTables = [JPEGHuffmanTable?](repeating: nil, count: 4)
  private var restartInterval = 0
  private var scanCount = 0
  var frame: JPEGFrame?
  var metadata = JPEGMetadata()

  init(limits: ImageLimits) { self.limits = limits }

  /// Reads the markers of a stream and decodes its scans.
  mutating func run(_ bytes: CheckedBytes, isTablesOnly: Bool) throws(FormatError) {
    guard bytes.matches([0xFF, 0xD8]) else { throw bytes.error("this is not a JPEG file", at: 0) }
    let data = bytes.array
    var (code, next) = try marker(bytes, at: 2)
    while code != 0xD9 {
      let segment = try self.segment(bytes, at: next)
      if code == 0xDA {
        if isTablesOnly { throw bytes.error("a JPEG table stream holds a scan") }
        (code, next) = try scan(segment, bytes, data)
      } else {
        try take(segment, code: code)
        (code, next) = try marker(bytes, at: next + 2 + segment.count)
      }
    }
  }

  /// The marker at `position`, which fill bytes may precede, and the position after it.
  private func marker(
    _ bytes: CheckedBytes, at position: Int
  ) throws(FormatError) -> (code: UInt8, next: Int) {
    var next = UInt64(position)
    let place = next
    guard try bytes.u8(at: next) == 0xFF else {
      throw bytes.error("a JPEG marker (byte FF) is expected", at: place)
    }
    while try bytes.u8(at: next) == 0xFF { next += 1 }
    return (try bytes.u8(at: next), Int(next) + 1)
  }

  /// The segment whose length stands at `position`, without the length.
  private func segment(
    _ bytes: CheckedBytes, at position: Int
  ) throws(FormatError) -> CheckedBytes {
    let length = UInt64(try bytes.u16(at: UInt64(position), .big))
    guard length >= 2 else {
      throw bytes.error("a JPEG segment of \(length) bytes: 2 at least", at: UInt64(position))
    }
    return try bytes.slice(at: UInt64(position) + 2, count: length - 2)
  }

  /// Uses a segment that is no scan.
  private mutating func take(_ segment: CheckedBytes, code: UInt8) throws(FormatError) {
    switch code {
    case 0xC0, 0xC1, 0xC2:
      if frame != nil { throw segment.error("a second JPEG frame header", at: 0) }
      frame = try JPEGFrame(segment, isProgressive: code == 0xC2, limits: limits)
    case 0xC4: try takeHuffmanTables(segment)
    case 0xDB: try takeQuantisation(segment)
    case 0xDC:
      guard Int(try segment.u16(at: 0, .big)) == frame?.height else {
        throw segment.error("a JPEG DNL marker changes the height: not supported", at: 0)
      }
    case 0xDD:
      guard segment.count == 2 else {
        throw segment.error("a JPEG restart interval of wrong length", at: 0)
      }
      restartInterval = Int(try segment.u16(at: 0, .big))
    case 0xE0...0xEF: metadata.take(segment, application: code - 0xE0)
    case 0xF0...0xFE: break
    default: throw segment.error(Self.refusal(of: code), at: 0)
    }
  }

  /// Why a marker is not accepted.
  private static func refusal(of code: UInt8) -> String {
    switch code {
    case 0xC3: "lossless JPEG is not supported"
    case 0xC5...0xC7, 0xCD...0xCF, 0xDE, 0xDF: "hierarchical JPEG is not supported"
    case 0xC9...0xCB, 0xCC: "JPEG with arithmetic coding is not supported"
    case 0xD0...0xD7: "a JPEG restart marker outside a scan"
    case 0xD8: "a second JPEG start marker"
    default: "unknown JPEG marker \(code)"
    }
  }

  private mutating func takeQuantisation(_ segment: CheckedBytes) throws(FormatError) {
    var offset: UInt64 = 0
    while offset < UInt64(segment.count) {
      let header = try segment.u8(at: offset)
      let (precision, table) = (header >> 4, Int(header & 15))
      guard precision <= 1 && table < 4 else {
        throw segment.error("a JPEG quantisation table of unknown kind", at: offset)
      }
      offset += 1
      var factors = [Int32](repeating: 0, count: 64)
      for natural in zigzagOrder {
        let factor =
          precision == 0
          ? Int32(try segment.u8(at: offset)) : Int32(try segment.u16(at: offset, .big))
        if factor == 0 { throw segment.error("a JPEG quantisation factor of 0", at: offset) }
        factors[Int(natural)] = factor
        offset += UInt64(precision) + 1
      }
      quantisation[table] = factors
    }
  }

  private mutating func takeHuffmanTables(_ segment: CheckedBytes) throws(FormatError) {
    var offset: UInt64 = 0
    while offset < UInt64(segment.count) {
      let header = try segment.u8(at: offset)
      let (kind, table) = (header >> 4, Int(header & 15))
      guard kind <= 1 && table < 4 else {
        throw segment.error("a JPEG Huffman table of unknown kind", at: offset)
      }
      let counts = try segment.array(at: offset + 1, count: 16)
      var total: UInt64 = 0
      for count in counts { total += UInt64(count) }
      let values = try segment.array(at: offset + 17, count: total)
      guard let code = JPEGHuffmanTable(counts: counts, values: values) else {
        throw segment.error("a JPEG Huffman table that is no code", at: offset)
      }
      // Section F.1.2.1.1: the symbol of a DC table is a number of bits.
      if kind == 0 && code.largestSymbol > 15 {
        throw segment.error("a JPEG DC coefficient of \(code.largestSymbol) bits", at: offset)
      }
      if kind == 0 { dcTables[table] = code } else { acTables[table] = code }
      offset += 17 + total
    }
  }

  /// Decodes the scan after its header.
  ///
  /// - Returns: the marker that ends the scan and the position after it.
  private mutating func scan(
    _ segment: CheckedBytes, _ bytes: CheckedBytes, _ data: [UInt8]
  ) throws(FormatError) -> (UInt8, Int) {
    guard var frame else { throw segment.error("a JPEG scan before the frame header") }
    scanCount += 1
    if scanCount > Self.mostScans {
      throw segment.error("a JPEG with more than \(Self.mostScans) scans", at: 0)
    }
    self.frame = nil
    let header = try JPEGScanHeader(segment, frame)
    let begin = Int(segment.start - bytes.start) + segment.count
    if frame.components[0].coefficients.isEmpty {
      // A block takes one bit at least: its DC coefficient's code.
      if frame.blockCount / 8 > bytes.count - begin {
        throw segment.error(
          "the file is too short for a picture of \(frame.width) x \(frame.height) pixels")
      }
      for i in frame.components.indices { frame.components[i].allocate() }
    }
    try frame.begin(header, quantisation: quantisation, segment)
    var decoder = JPEGScanDecoder(
      header, coding: header.coding(isProgressive: frame.isProgressive),
      dcTables: try tables(header.components.map(\.dcTable), dcTables, header.usesDC, segment),
      acTables: try tables(header.components.map(\.acTable), acTables, header.usesAC, segment),
      restartInterval: restartInterval, reader: JPEGBitReader(data, from: begin))
    let end: (code: UInt8, next: Int)
    do throws(EntropyFault) {
      end = try decoder.decode(into: &frame)
    } catch {
      throw bytes.error(error.explanation, at: UInt64(decoder.reader.position))
    }
    if end.code == 0 {
      throw bytes.error("the file ends without the JPEG end marker", at: UInt64(end.next))
    }
    self.frame = frame
    return end
  }

  /// The tables of a scan's components; none when the scan does not use them.
  private func tables(
    _ numbers: [Int], _ all: [JPEGHuffmanTable?], _ areUsed: Bool, _ segment: CheckedBytes
  ) throws(FormatError) -> [JPEGHuffmanTable] {
    guard areUsed else { return [] }
    var result: [JPEGHuffmanTable] = []
    for number in numbers {
      guard let table = all[number] else {
        throw segment.error("a JPEG scan uses Huffman table \(number), which is not defined", at: 0)
      }
      result.append(table)
    }
    return result
  }
}
