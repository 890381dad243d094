// BMP: run-length coded indices of 4 or 8 bits.
//
// Implements: BI_RLE8 and BI_RLE4 ("Bitmap Compression", Windows GDI documentation).
// Equation -> code: (n, v) -> run; (0, 0), (0, 1), (0, 2, dx, dy), (0, n, ...) -> escape.
// Deviations: what lies outside the picture is an error, and so is a missing end mark.
// Checked by: BMPTests.
// Cost: one byte a pixel.

import Files

/// Expands the runs of a BMP.
struct BMPRunLength {
  private let data: [UInt8]
  private let bytes: CheckedBytes
  private let width: Int
  private let height: Int
  private let hasNibbles: Bool
  private var next = 0
  private var (x, y) = (0, 0)
  private var result: [UInt8]

  /// Prepares to expand `bytes`, which begin with the first run.
  init(_ bytes: CheckedBytes, _ header: BMPHeader) {
    data = bytes.array
    self.bytes = bytes
    (width, height) = (header.width, header.height)
    hasNibbles = header.bits == 4
    result = [UInt8](repeating: 0, count: width * height)
  }

  /// The indices, a byte each, the bottom row first.
  consuming func indices() throws(FormatError) -> [UInt8] {
    while true {
      let count = Int(try byte())
      let value = try byte()
      if count > 0 {
        try reserve(count)
        for i in 0..<count { put(hasNibbles ? (i & 1 == 0 ? value >> 4 : value & 15) : value) }
      } else if value == 1 {
        return result
      } else {
        try escape(value)
      }
    }
  }

  /// An escape that does not end the picture.
  private mutating func escape(_ value: UInt8) throws(FormatError) {
    switch value {
    case 0: (x, y) = (0, y + 1)
    case 2: (x, y) = (x + Int(try byte()), y + Int(try byte()))
    default: try literal(Int(value))
    }
    if x > width || y > height { throw fault("a BMP run leaves the picture") }
  }

  /// Indices that follow one by one, padded to an even number of bytes.
  private mutating func literal(_ count: Int) throws(FormatError) {
    try reserve(count)
    let size = hasNibbles ? (count + 1) / 2 : count
    for i in 0..<size {
      let value = try byte()
      put(hasNibbles ? value >> 4 : value)
      if hasNibbles && 2 * i + 1 < count { put(value & 15) }
    }
    if size & 1 == 1 { _ = try byte() }
  }

  /// Checks that `count` pixels fit in the row.
  private func reserve(_ count: Int) throws(FormatError) {
    guard y < height && count <= width - x else { throw fault("a BMP run leaves the picture") }
  }

  private mutating func put(_ index: UInt8) {
    result[y * width + x] = index
    x += 1
  }

  private mutating func byte() throws(FormatError) -> UInt8 {
    guard next < data.count else { throw fault("the BMP's runs end without an end mark") }
    next += 1
    return data[next - 1]
  }

  private func fault(_ problem: String) -> FormatError { bytes.error(problem, at: UInt64(next)) }
}
