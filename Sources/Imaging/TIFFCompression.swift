// The compressions of TIFF strips and tiles.
//
// Implements: Adobe, TIFF Revision 6.0, 1992, sections 9 (PackBits), 13 (LZW); Adobe Photoshop TIFF
//   Technical Notes, 2002 (Deflate).
// Equation -> code: section 13's decoder with early change -> `decodeLZW`.
// Deviations: the old LZW with reversed bits, CCITT and old JPEG data are refused by name.
// Checked by: TIFFTests. Cost: linear in the decoded bytes.

import Files

/// How the bytes of a strip or tile are packed.
enum TIFFCompression {
  case none
  case packBits
  case lzw
  case deflate
  case jpeg

  /// The compression that the tags state.
  ///
  /// - Throws: an error with the number and name of one that is not supported.
  init(_ tags: TIFFDirectory) throws(FormatError) {
    let names: [UInt64: String] = [
      2: "CCITT modified Huffman", 3: "CCITT Group 3 fax", 4: "CCITT Group 4 fax", 6: "old JPEG",
      9: "JBIG", 10: "JBIG", 32766: "NeXT", 32771: "CCITT RLE word",
      32809: "ThunderScan",
      34661: "JBIG", 34676: "SGI Log", 34677: "SGI Log 24", 34712: "JPEG 2000", 33003: "JPEG 2000",
      33005: "JPEG 2000", 34887: "LERC", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP",
      50002: "JPEG XL", 34892: "lossy JPEG", 22610: "JPEG XR", 34934: "JPEG XR",
    ]
    switch try tags.integer(259, missing: 1) {
    case 1: self = .none
    case 5: self = .lzw
    case 7: self = .jpeg
    case 8, 32946: self = .deflate
    case 32773: self = .packBits
    case let value:
      let name = names[value].map { " (\($0))" } ?? ""
      throw tags.bytes.error("compression \(value)\(name) is not supported; save without it")
    }
  }

  var name: String {
    switch self {
    case .none: "no compression"
    case .packBits: "PackBits"
    case .lzw: "LZW"
    case .deflate: "Deflate"
    case .jpeg: "JPEG"
    }
  }

  /// Whether differences of samples make sense before the compression.
  var allowsPredictor: Bool {
    switch self {
    case .lzw, .deflate: true
    case .none, .packBits, .jpeg: false
    }
  }

  /// How many bytes one byte of the file becomes at most.
  var largestExpansion: Int {
    switch self {
    case .none: 1
    case .packBits: 64
    case .lzw: 2731
    case .deflate: 1040
    // A block of 64 samples takes at least two bits in a sequential scan; four components.
    case .jpeg: 4096
    }
  }

  /// Unpacks a strip or tile into exactly `size` bytes; more in the file is ignored.
  func decode(_ data: CheckedBytes, to size: Int) throws(FormatError) -> [UInt8] {
    guard size / largestExpansion <= data.count else {
      throw data.error("\(data.count) bytes of \(name) cannot hold \(size) bytes", at: 0)
    }
    switch self {
    case .none: return try data.array(at: 0, count: UInt64(size))
    case .packBits: return try decodePackBits(data, to: size)
    case .lzw: return try decodeLZW(data, to: size)
    case .deflate: return try data.inflated(.zlib, to: size, ignoringExcess: true)
    case .jpeg: throw data.error("JPEG data are no plain bytes")
    }
  }
}

/// Section 9: n from 0 to 127 copies n + 1 bytes, from -1 to -127 repeats one byte 1 - n times.
func decodePackBits(_ data: CheckedBytes, to size: Int) throws(FormatError) -> [UInt8] {
  let source = data.span
  var result = [UInt8](repeating: 0, count: size)
  var (read, written) = (0, 0)
  while written < size {
    guard read < source.count else {
      throw data.error("PackBits data end after \(written) of \(size) bytes", at: UInt64(read))
    }
    let n = Int(Int8(bitPattern: source[read]))
    read += 1
    if n == -128 { continue }
    let needed = n >= 0 ? n + 1 : 1
    guard source.count - read >= needed else {
      throw data.error("PackBits data end inside a run", at: UInt64(read))
    }
    let length = min(n >= 0 ? n + 1 : 1 - n, size - written)
    for i in 0..<length { result[written + i] = source[n >= 0 ? read + i : read] }
    read += needed
    written += length
  }
  return result
}

/// The table of section 13: string c is string `prefix[c]` followed by `suffix[c]`.
private struct LZWTable {
  static let (clear, end, firstFree) = (256, 257, 258)
  var prefix = [UInt16](repeating: 0, count: 4096)
  var suffix = [UInt8](repeating: 0, count: 4096)
  var length = [UInt16](repeating: 1, count: 4096)
  var next = firstFree

  init() {
    for i in 0..<256 { suffix[i] = UInt8(i) }
  }

  /// The width of the next code: it grows one code early.
  var codeWidth: Int { next < 511 ? 9 : next < 1023 ? 10 : next < 2047 ? 11 : 12 }

  mutating func add(_ old: Int, _ byte: UInt8) {
    prefix[next] = UInt16(old)
    suffix[next] = byte
    length[next] = length[old] + 1
    next += 1
  }

  /// The first byte of a string.
  func firstByte(_ code: Int) -> UInt8 {
    var code = code
    while code >= 256 { code = Int(prefix[code]) }
    return suffix[code]
  }

  /// Writes a string into `result` from `start` on, cut at its end; gives the string's length.
  func write(_ code: Int, into result: inout [UInt8], at start: Int) -> Int {
    let total = Int(length[code])
    var (code, position) = (code, start + total - 1)
    while true {
      if position < result.count { result[position] = suffix[code] }
      if position == start { return total }
      code = Int(prefix[code])
      position -= 1
    }
  }
}

/// Takes codes of 9 to 12 bits, most significant bit first.
private struct LZWCodes: ~Escapable {
  private let source: Span<UInt8>
  private var (bits, available) = (UInt32(0), 0)
  /// How many bytes were used.
  private(set) var position = 0

  @_lifetime(copy source)
  init(_ source: Span<UInt8>) { self.source = source }

  /// The next code; `nil` when the data are used up.
  mutating func next(_ width: Int) -> Int? {
    while available < width {
      guard position < source.count else { return nil }
      bits = bits << 8 | UInt32(source[position])
      position += 1
      available += 8
    }
    available -= width
    return Int(bits >> UInt32(available)) & ((1 << width) - 1)
  }
}

/// Section 13.
func decodeLZW(_ data: CheckedBytes, to size: Int) throws(FormatError) -> [UInt8] {
  let source = data.span
  if source.count >= 2 && source[0] == 0 && source[1] & 1 == 1 {
    throw data.error("LZW data with reversed bits (an old TIFF writer) are not supported", at: 0)
  }
  var result = [UInt8](repeating: 0, count: size)
  var table = LZWTable()
  var codes = LZWCodes(source)
  var (old, written) = (-1, 0)
  while written < size {
    guard let code = codes.next(table.codeWidth), code != LZWTable.end else {
      let place = UInt64(codes.position)
      throw data.error("LZW data end after \(written) of \(size) bytes", at: place)
    }
    if code == LZWTable.clear {
      table.next = LZWTable.firstFree
      old = -1
      continue
    }
    guard code < (old < 0 ? 256 : table.next + 1) else {
      throw data.error("LZW code \(code) is not in the table yet", at: UInt64(codes.position))
    }
    if old >= 0 {
      guard table.next < 4096 else {
        throw data.error("the LZW table is full and not cleared", at: UInt64(codes.position))
      }
      table.add(old, table.firstByte(code == table.next ? old : code))
    }
    written += table.write(code, into: &result, at: written)
    old = code
  }
  return result
}
