// JPEG: the frame header, which states the picture's size and how its components are sampled.
//
// Implements: ITU-T T.81, section B.2.2 (frame header), A.1.1 (dimensions of components), A.2.3 and
//   A.2.4 (minimum coded units, blocks at the edges).
// Equation -> code: x_i = ceil(X H_i / H_max), y_i = ceil(Y V_i / V_max) -> JPEGFrame.init.
// Symbols: X, Y -> width, height; C_i -> identifier; H_i, V_i -> horizontal, vertical; Tq_i ->
//   quantisationTable.
// Deviations: a height of 0, which a DNL marker would state later, is refused.
// Checked by: JPEGTests.
// Cost: 2 bytes a coefficient, plus one byte a block.

import Files

/// One of the picture's components, for instance the luminance.
struct JPEGComponent {
  let identifier: UInt8
  /// Sampling factors, from 1 to 4.
  let horizontal: Int
  let vertical: Int
  /// Which of the four quantisation tables, from 0 to 3.
  let quantisationTable: Int
  /// The component's own size in samples.
  private(set) var width = 0
  private(set) var height = 0
  /// The blocks that hold those samples.
  private(set) var blocksWide = 0
  private(set) var blocksHigh = 0
  /// The blocks of a row with those that only fill the last coded unit.
  private(set) var blockStride = 0
  private(set) var blockRows = 0
  /// Quantised coefficients, 64 a block in the natural order (row of vertical frequency first).
  var coefficients: [Int16] = []
  /// For each block: the zigzag index of its last coefficient that was coded as not zero.
  var lastCoefficient: [UInt8] = []
  /// For each zigzag index: the bits that are still missing, or -1 when nothing was coded.
  var missingBits = [Int8](repeating: -1, count: 64)
  /// The factors in the natural order, kept when the component's first scan begins.
  var quantisation: [Int32] = []

  init(identifier: UInt8, horizontal: Int, vertical: Int, quantisationTable: Int) {
    self.identifier = identifier
    self.horizontal = horizontal
    self.vertical = vertical
    self.quantisationTable = quantisationTable
  }

  /// Derives the component's size from the picture's.
  mutating func setSize(width X: Int, height Y: Int, largest: (h: Int, v: Int)) {
    width = (X * horizontal + largest.h - 1) / largest.h
    height = (Y * vertical + largest.v - 1) / largest.v
    blocksWide = (width + 7) / 8
    blocksHigh = (height + 7) / 8
    blockStride = (X + 8 * largest.h - 1) / (8 * largest.h) * horizontal
    blockRows = (Y + 8 * largest.v - 1) / (8 * largest.v) * vertical
  }

  /// Sets all coefficients to 0.
  mutating func allocate() {
    coefficients = [Int16](repeating: 0, count: blockStride * blockRows * 64)
    lastCoefficient = [UInt8](repeating: 0, count: blockStride * blockRows)
  }
}

/// The picture as its frame header states it.
struct JPEGFrame {
  let width: Int
  let height: Int
  let isProgressive: Bool
  /// One component (grey) or three.
  var components: [JPEGComponent]
  /// The largest sampling factors.
  let largestHorizontal: Int
  let largestVertical: Int

  /// Reads a frame header.
  ///
  /// - Parameters:
  ///   - segment: the segment after its length.
  ///   - isProgressive: whether the marker announces a progressive frame.
  ///   - limits: bounds on the picture's size.
  /// - Throws: an error that names what is not supported, or the bound that is exceeded.
  init(_ segment: CheckedBytes, isProgressive: Bool, limits: ImageLimits) throws(FormatError) {
    let precision = try segment.u8(at: 0)
    guard precision == 8 else {
      throw segment.error(
        "JPEG with \(precision) bits a sample is not supported, only 8 bits", at: 0)
    }
    height = Int(try segment.u16(at: 1, .big))
    width = Int(try segment.u16(at: 3, .big))
    if height == 0 {
      throw segment.error("the JPEG states no height (a DNL marker would): not supported", at: 1)
    }
    let count = Int(try segment.u8(at: 5))
    try Self.checkComponents(count, segment)
    try limits.check(width: width, height: height, bytesPerPixel: count, in: segment)
    components = []
    for i in 0..<count { components.append(try Self.component(i, segment)) }
    self.isProgressive = isProgressive
    var largest = (h: 1, v: 1)
    for c in components { largest = (max(largest.h, c.horizontal), max(largest.v, c.vertical)) }
    (largestHorizontal, largestVertical) = largest
    for i in 0..<count {
      components[i].setSize(width: width, height: height, largest: largest)
      if components[..<i].contains(where: { $0.identifier == components[i].identifier }) {
        throw segment.error(
          "two JPEG components have the number \(components[i].identifier)", at: 6)
      }
    }
  }

  private static func checkComponents(_ count: Int, _ segment: CheckedBytes) throws(FormatError) {
    switch count {
    case 1, 3: break
    case 4:
      throw segment.error(
        "JPEG with four components (CMYK or YCCK) is not supported; convert to RGB", at: 5)
    default:
      throw segment.error("JPEG with \(count) components is not supported, only 1 or 3", at: 5)
    }
    guard segment.count == 6 + 3 * count else {
      throw segment.error("the JPEG frame header of \(count) components has a wrong length", at: 0)
    }
  }

  private static func component(
    _ i: Int, _ segment: CheckedBytes
  ) throws(FormatError) -> JPEGComponent {
    let offset = UInt64(6 + 3 * i)
    let factors = try segment.u8(at: offset + 1)
    let (h, v) = (Int(factors >> 4), Int(factors & 15))
    guard (1...4).contains(h) && (1...4).contains(v) else {
      throw segment.error("JPEG sampling factors \(h) x \(v): 1 to 4 expected", at: offset + 1)
    }
    let table = try segment.u8(at: offset + 2)
    guard table < 4 else {
      throw segment.error("JPEG quantisation table \(table): 0 to 3 expected", at: offset + 2)
    }
    return JPEGComponent(
      identifier: try segment.u8(at: offset), horizontal: h, vertical: v,
      quantisationTable: Int(table))
  }

  /// The number of blocks that hold samples of the picture.
  var blockCount: Int {
    var count = 0
    for c in components { count += c.blocksWide * c.blocksHigh }
    return count
  }
}
