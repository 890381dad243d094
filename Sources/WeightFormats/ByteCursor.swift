// Reads a structure of a binary file field by field; no position can leave the bytes.
//
// Deviations: none. Checked by: HDF5Tests.

import Files

/// A place in a view of bytes that moves forward as fields are read.
struct ByteCursor {
  let bytes: CheckedBytes
  /// Where the next field begins; never beyond the end.
  private(set) var position: UInt64 = 0

  init(_ bytes: CheckedBytes) { self.bytes = bytes }

  /// The number of bytes that follow.
  var remaining: UInt64 { UInt64(bytes.count) - position }

  /// The next `count` bytes.
  mutating func take(_ count: UInt64) throws(FormatError) -> CheckedBytes {
    let part = try bytes.slice(at: position, count: count)
    position += count
    return part
  }

  mutating func skip(_ count: UInt64) throws(FormatError) { _ = try take(count) }

  mutating func u8() throws(FormatError) -> UInt8 { try take(1).u8(at: 0) }

  mutating func u16() throws(FormatError) -> UInt16 { try take(2).u16(at: 0) }

  mutating func u32() throws(FormatError) -> UInt32 { try take(4).u32(at: 0) }

  mutating func u64() throws(FormatError) -> UInt64 { try take(8).u64(at: 0) }

  /// A number of 1, 2, 4 or 8 bytes: 2 to the power of `width`, of which the low two bits count.
  mutating func number(width: UInt8) throws(FormatError) -> UInt64 {
    switch width & 3 {
    case 0: UInt64(try u8())
    case 1: UInt64(try u16())
    case 2: UInt64(try u32())
    default: try u64()
    }
  }

  /// Moves past bytes that must be `expected`.
  mutating func expect(_ expected: String, _ what: String) throws(FormatError) {
    let start = position
    guard try take(UInt64(expected.utf8.count)).array.elementsEqual(expected.utf8) else {
      throw fault("\(what) expected", at: start)
    }
  }

  /// An error at `place`, or where the next field begins.
  func fault(_ problem: String, at place: UInt64? = nil) -> FormatError {
    bytes.error(problem, at: place ?? position)
  }
}
