// JPEG: scans, which carry the coefficients of one component or of several in turn.
//
// Implements: ITU-T T.81, sections B.2.3 (scan header), A.2 (order of blocks), E.2.4 and F.2.1.3.1
//   (restart), F.2.2 (sequential blocks).
// Equation -> code: figure F.13 (DC and AC coefficients of a block) -> sequentialBlock; figures E.8 to
//   E.10 (scan, restart interval, coded unit) -> decode, restart, codedUnit.
// Symbols: Ss, Se -> band; Ah, Al -> previousShift, shift; PRED -> predictions; EOBRUN -> endOfBandRun.
// Deviations: none in the decoded values. What the standard leaves to the decoder (damaged data) is
//   an error here.
// Checked by: JPEGTests.
// Cost: one table look-up a coefficient that is not zero.

import Files

/// The parameters of a scan.
struct JPEGScanHeader {
  /// Indices of the frame's components, and each one's Huffman tables, from 0 to 3.
  var components: [(index: Int, dcTable: Int, acTable: Int)]
  /// The zigzag indices that the scan carries.
  var band: ClosedRange<Int>
  /// The bits that were missing before the scan; 0 in a first scan.
  var previousShift: Int
  /// The bits that are missing after the scan.
  var shift: Int
}

/// How the blocks of a scan are coded.
enum JPEGBlockCoding {
  case sequential
  case firstDC
  case refinedDC
  case firstAC
  case refinedAC
}

/// Zigzag index to natural index (figure A.6).
let zigzagOrder: [UInt8] = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
  13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52,
  45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
]

/// Decodes one scan into the components of a frame.
struct JPEGScanDecoder {
  let header: JPEGScanHeader
  let coding: JPEGBlockCoding
  /// Huffman tables of each component of the scan; those that the coding does not use are empty.
  let dcTables: [JPEGHuffmanTable]
  let acTables: [JPEGHuffmanTable]
  /// Coded units between restart markers; 0 when there are none.
  let restartInterval: Int
  let order = zigzagOrder

  var reader: JPEGBitReader
  private var predictions = SIMD4<Int32>()
  var endOfBandRun = 0

  init(
    _ header: JPEGScanHeader, coding: JPEGBlockCoding, dcTables: [JPEGHuffmanTable],
    acTables: [JPEGHuffmanTable], restartInterval: Int, reader: JPEGBitReader
  ) {
    self.header = header
    self.coding = coding
    self.dcTables = dcTables
    self.acTables = acTables
    self.restartInterval = restartInterval
    self.reader = reader
  }

  /// Decodes all coded units of the scan.
  ///
  /// - Returns: the code of the marker that ends the scan, and the position after it.
  mutating func decode(into frame: inout JPEGFrame) throws(EntropyFault) -> (UInt8, next: Int) {
    let isInterleaved = header.components.count > 1
    let first = frame.components[header.components[0].index]
    let unitsWide = isInterleaved ? first.blockStride / first.horizontal : first.blocksWide
    let unitsHigh = isInterleaved ? first.blockRows / first.vertical : first.blocksHigh
    var (untilRestart, restarts) = (restartInterval, UInt8(0))
    for row in 0..<unitsHigh {
      for column in 0..<unitsWide {
        if restartInterval > 0 {
          if untilRestart == 0 {
            try restart(&restarts)
            untilRestart = restartInterval
          }
          untilRestart -= 1
        }
        try codedUnit(row, column, isInterleaved, &frame.components)
        if reader.isExhausted { throw .missingData }
      }
    }
    if endOfBandRun > 0 { throw .runOutsideBlock }
    return try reader.finishInterval()
  }

  /// Expects the next restart marker, and forgets what was predicted.
  private mutating func restart(_ restarts: inout UInt8) throws(EntropyFault) {
    if endOfBandRun > 0 { throw .runOutsideBlock }
    let marker = try reader.finishInterval()
    if marker.code == 0 { throw .missingData }
    guard marker.code == 0xD0 + restarts else { throw .badRestart }
    reader.restart(from: marker.next)
    predictions = SIMD4()
    restarts = (restarts + 1) & 7
  }

  /// The blocks of a minimum coded unit.
  private mutating func codedUnit(
    _ row: Int, _ column: Int, _ isInterleaved: Bool, _ components: inout [JPEGComponent]
  ) throws(EntropyFault) {
    guard isInterleaved else {
      if coding == .firstAC && endOfBandRun > 0 {
        endOfBandRun -= 1
        return
      }
      let index = header.components[0].index
      return try block(row * components[index].blockStride + column, 0, &components[index])
    }
    for slot in 0..<header.components.count {
      let index = header.components[slot].index
      let (h, v) = (components[index].horizontal, components[index].vertical)
      let corner = row * v * components[index].blockStride + column * h
      for i in 0..<(h * v) {
        let number = corner + i / h * components[index].blockStride + i % h
        try block(number, slot, &components[index])
      }
    }
  }

  /// Block number `number` of a component, which is number `slot` of the scan.
  @inline(__always)
  private mutating func block(
    _ number: Int, _ slot: Int, _ component: inout JPEGComponent
  ) throws(EntropyFault) {
    var last = component.lastCoefficient[number]
    do {
      var coefficients = component.coefficients.mutableSpan
      switch coding {
      case .sequential: last = try sequentialBlock(&coefficients, number * 64, slot)
      case .firstDC: try firstDC(&coefficients, number * 64, slot)
      case .refinedDC:
        if reader.unsigned(1) == 1 { coefficients[number * 64] |= 1 << Int16(header.shift) }
      case .firstAC: try firstAC(&coefficients, number * 64, &last)
      case .refinedAC: try refinedAC(&coefficients, number * 64, &last)
      }
    }
    component.lastCoefficient[number] = last
  }

  /// A block's DC coefficient with its prediction added.
  @inline(__always)
  private mutating func nextDC(_ slot: Int) throws(EntropyFault) -> Int16 {
    let size = try reader.symbol(dcTables[slot])
    let difference = size == 0 ? 0 : reader.signed(size)
    let value = predictions[slot] &+ Int32(truncatingIfNeeded: difference)
    predictions[slot] = value
    guard let dc = Int16(exactly: Int(value) << header.shift) else { throw .coefficientTooLarge }
    return dc
  }

  private mutating func firstDC(
    _ coefficients: inout MutableSpan<Int16>, _ start: Int, _ slot: Int
  ) throws(EntropyFault) {
    coefficients[start] = try nextDC(slot)
  }

  /// All coefficients of a block.
  ///
  /// - Returns: the zigzag index of the last coefficient that is not zero.
  @inline(__always)
  private mutating func sequentialBlock(
    _ coefficients: inout MutableSpan<Int16>, _ start: Int, _ slot: Int
  ) throws(EntropyFault) -> UInt8 {
    coefficients[start] = try nextDC(slot)
    var k = 1
    var last = 0
    while k < 64 {
      let symbol = try reader.symbol(acTables[slot])
      let size = symbol & 15
      if size == 0 {
        if symbol != 0xF0 { break }
        k += 16
        if k > 64 { throw .runOutsideBlock }
        continue
      }
      k += symbol >> 4
      if k > 63 { throw .runOutsideBlock }
      let value = reader.signed(size)
      coefficients[start + Int(order[k])] = Int16(truncatingIfNeeded: value)
      last = k
      k += 1
    }
    return UInt8(truncatingIfNeeded: last)
  }
}
