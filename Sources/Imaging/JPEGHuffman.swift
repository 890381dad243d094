// JPEG: Huffman codes and the reader of entropy-coded bits.
//
// Implements: ITU-T Recommendation T.81 (1992), annex C (code tables from lengths), section F.2.2
//   (decoding of a symbol, RECEIVE and EXTEND), section B.1.1.5 (byte stuffing).
// Equation -> code: figures C.1 and C.2 -> JPEGHuffmanTable.init; figure F.16 (DECODE) -> symbol;
//   figures F.17 and F.12 (RECEIVE, EXTEND) -> signed.
// Symbols: BITS, HUFFVAL -> counts, values; SSSS -> size; MAXCODE -> limits (left-aligned to 16 bits).
// Deviations: codes of at most 9 bits are found in one step by a table; the standard compares bit by
//   bit. A code of only 1-bits is read, as other decoders do, although the standard forbids it. Bits
//   after the end of the data are zeros, and using any of them is an error.
// Checked by: JPEGTests (truncations at every byte, oversubscribed tables, equality with libjpeg-turbo).
// Cost: one table look-up a symbol, 512 entries a table.

/// What can be wrong with entropy-coded data.
enum EntropyFault: Error {
  /// A marker or the end of the file comes before the last block.
  case missingData
  /// Bits that are no code of the table.
  case unknownCode
  /// A run of zeros that leaves its block or band.
  case runOutsideBlock
  /// A coefficient that needs more than 16 bits.
  case coefficientTooLarge
  /// A refinement that adds more than one bit.
  case badRefinement
  /// Bytes remain after the last block of an interval or a scan.
  case surplusData
  /// The restart marker is missing, or is not the next one of the eight.
  case badRestart

  /// The words of an error message.
  var explanation: String {
    switch self {
    case .missingData: "the compressed data end before the last block of the scan"
    case .unknownCode: "the compressed data are damaged: the bits are no Huffman code"
    case .runOutsideBlock: "the compressed data are damaged: a run of zeros leaves its block"
    case .coefficientTooLarge: "the compressed data are damaged: a coefficient exceeds 16 bits"
    case .badRefinement: "the compressed data are damaged: a refinement of more than one bit"
    case .surplusData: "the compressed data are damaged: bytes are left after the last block"
    case .badRestart: "the compressed data are damaged: the expected restart marker is missing"
    }
  }
}

/// A Huffman code of at most 256 symbols and 16 bits.
struct JPEGHuffmanTable {
  /// The bits that are looked up in one step.
  static let lookAhead = 9

  /// For each 9-bit prefix: 256 * length + symbol, or 0 when the code is longer.
  private(set) var shortCodes: [UInt16]
  /// For each length: one more than its last code, left-aligned to 16 bits; 0 when it has none.
  private var limits: [UInt32]
  /// For each length: what to add to a code for the index of its symbol.
  private var offsets: [Int]
  /// The symbols in the order of their codes.
  private let values: [UInt8]

  /// The largest symbol.
  var largestSymbol: UInt8 { values.max() ?? 0 }

  /// The code whose numbers of symbols of 1 to 16 bits are `counts`; `nil` when there is none.
  ///
  /// - Parameters:
  ///   - counts: 16 numbers.
  ///   - values: the symbols, as many as the sum of `counts`.
  init?(counts: [UInt8], values: [UInt8]) {
    var total = 0
    for count in counts { total += Int(count) }
    guard counts.count == 16, total == values.count, total <= 256 else { return nil }
    self.values = values
    shortCodes = [UInt16](repeating: 0, count: 1 << Self.lookAhead)
    limits = [UInt32](repeating: 0, count: 17)
    offsets = [Int](repeating: 0, count: 17)
    var (code, first) = (0, 0)
    for length in 1...16 {
      let count = Int(counts[length - 1])
      offsets[length] = first - code
      guard code + count <= 1 << length else { return nil }
      fillShortCodes(length: length, code: code, first: first, count: count)
      (code, first) = (code + count, first + count)
      limits[length] = count > 0 ? UInt32(code) << (16 - length) : 0
      code <<= 1
    }
  }

  private mutating func fillShortCodes(length: Int, code: Int, first: Int, count: Int) {
    guard length <= Self.lookAhead else { return }
    let shift = Self.lookAhead - length
    for i in 0..<count {
      let entry = UInt16(length) << 8 | UInt16(values[first + i])
      for low in 0..<(1 << shift) { shortCodes[(code + i) << shift | low] = entry }
    }
  }

  /// The length and symbol of the code of more than 9 bits at the front of `bits`; `nil` when none.
  @inline(never)
  func longCode(_ bits: UInt32) -> (length: Int, symbol: Int)? {
    for length in (Self.lookAhead + 1)...16 where bits < limits[length] {
      let index = Int(bits >> UInt32(16 - length)) + offsets[length]
      return index >= 0 && index < values.count ? (length, Int(values[index])) : nil
    }
    return nil
  }
}

/// Reads bits of entropy-coded data, up to the next marker.
struct JPEGBitReader {
  private let data: [UInt8]
  /// The next byte to load.
  private(set) var position: Int
  /// The next bits, left-aligned.
  private var bits: UInt64 = 0
  /// The number of loaded bits.
  private var count = 0
  /// How many of them, the last ones, were invented after the end of the data.
  private var invented = 0

  /// A reader of `data` from `position` on.
  init(_ data: [UInt8], from position: Int) {
    self.data = data
    self.position = position
  }

  /// Whether invented bits were used.
  var isExhausted: Bool { count < invented }

  /// Loads bytes until at least 57 bits are there.
  private mutating func refill() {
    while count <= 56 {
      var byte: UInt8 = 0
      if position < data.count && data[position] != 0xFF {
        byte = data[position]
        position += 1
      } else if position + 1 < data.count && data[position + 1] == 0 {
        byte = 0xFF
        position += 2
      } else {
        invented += 8
      }
      bits |= UInt64(byte) << UInt64(56 - count)
      count += 8
    }
  }

  /// The next symbol; `size` more bits of up to 16 can then be taken without loading.
  @inline(__always)
  mutating func symbol(_ table: JPEGHuffmanTable) throws(EntropyFault) -> Int {
    if count < 32 { refill() }
    let entry = Int(table.shortCodes[Int(bits >> 55)])
    if entry != 0 {
      skip(entry >> 8)
      return entry & 0xFF
    }
    guard let long = table.longCode(UInt32(bits >> 48)) else {
      throw isExhausted || count - invented < 16 ? .missingData : .unknownCode
    }
    skip(long.length)
    return long.symbol
  }

  @inline(__always)
  private mutating func skip(_ n: Int) {
    bits &<<= UInt64(n)
    count &-= n
  }

  /// The next `size` bits, from 1 to 16, as a number without a sign.
  @inline(__always)
  mutating func unsigned(_ size: Int) -> Int {
    if count < size { refill() }
    let value = Int(bits &>> UInt64(64 - size))
    skip(size)
    return value
  }

  /// The next `size` bits, from 1 to 15, as a number with a sign (figure F.12).
  @inline(__always)
  mutating func signed(_ size: Int) -> Int {
    let value = unsigned(size)
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value
  }

  /// Ends an interval: all bytes are used up, and a marker follows.
  ///
  /// - Returns: the marker's code and the position after it; code 0 at the end of the data.
  mutating func finishInterval() throws(EntropyFault) -> (code: UInt8, next: Int) {
    if isExhausted { throw .missingData }
    refill()
    if (count - invented) >= 8 { throw .surplusData }
    var next = position
    while next < data.count && data[next] == 0xFF { next += 1 }
    guard next > position && next < data.count else { return (0, data.count) }
    return (data[next], next + 1)
  }

  /// Goes on after a restart marker.
  mutating func restart(from next: Int) {
    (position, bits, count, invented) = (next, 0, 0, 0)
  }
}
