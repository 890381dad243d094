// The CRC-32 of bytes that repeat, without laying them out.
//
// Implements: zlib, crc32_combine. Equation -> code: powers of two of the piece are combined as the
//   bits of the count say. Deviations: none. Checked by: CheckedBytesTests. Cost: O(log count).

import CZlib

extension CRC32 {
  /// The checksum of `piece` written `times` times.
  ///
  /// - Precondition: `times` is not negative and `times * piece.count` fits an Int.
  public static func of(_ piece: [UInt8], times: Int) -> UInt32 {
    precondition(times >= 0, "\(times) repeats")
    var result: UInt32 = 0
    var (power, length, rest) = (of(piece), piece.count, times)
    while rest > 0 {
      if rest & 1 == 1 { result = joined(result, power, length) }
      rest >>= 1
      if rest > 0 {
        power = joined(power, power, length)
        length *= 2
      }
    }
    return result
  }

  /// The checksum of two texts in a row, the second of `length` bytes.
  private static func joined(_ first: UInt32, _ second: UInt32, _ length: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_combine(uLong(first), uLong(second), length))
  }
}
