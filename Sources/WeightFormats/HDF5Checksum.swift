// The checksum of HDF5's newer structures.
//
// Implements: B. Jenkins, "lookup3.c" (2006, public domain), function hashlittle, as the HDF5 file
//   format specification 3.0 uses it ("Jenkins' lookup3"), with the initial value 0.
// Symbols: a, b, c -> the three words of state.
// Deviations: none. Checked by: HDF5Tests (values of the original's self-test). Cost: O(n).

import Files

/// The lookup3 checksum of bytes.
package func lookup3(_ bytes: Span<UInt8>, initial: UInt32 = 0) -> UInt32 {
  var (a, b, c): (UInt32, UInt32, UInt32)
  a = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count) &+ initial
  (b, c) = (a, a)
  /// The word of up to 4 bytes at `start`; bytes beyond the end are 0.
  func word(_ start: Int) -> UInt32 {
    var value: UInt32 = 0
    for i in 0..<4 where start + i < bytes.count {
      value |= UInt32(bytes[start + i]) << UInt32(8 * i)
    }
    return value
  }
  var start = 0
  while bytes.count - start > 12 {
    a &+= word(start)
    b &+= word(start + 4)
    c &+= word(start + 8)
    mix(&a, &b, &c)
    start += 12
  }
  if start == bytes.count { return c }
  a &+= word(start)
  b &+= word(start + 4)
  c &+= word(start + 8)
  finish(&a, &b, &c)
  return c
}

private func rotated(_ x: UInt32, _ k: UInt32) -> UInt32 { x << k | x >> (32 - k) }

/// The macro `mix`.
private func mix(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
  a &-= c
  a ^= rotated(c, 4)
  c &+= b
  b &-= a
  b ^= rotated(a, 6)
  a &+= c
  c &-= b
  c ^= rotated(b, 8)
  b &+= a
  a &-= c
  a ^= rotated(c, 16)
  c &+= b
  b &-= a
  b ^= rotated(a, 19)
  a &+= c
  c &-= b
  c ^= rotated(b, 4)
  b &+= a
}

/// The macro `final`.
private func finish(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
  c ^= b
  c &-= rotated(b, 14)
  a ^= c
  a &-= rotated(c, 11)
  b ^= a
  b &-= rotated(a, 25)
  c ^= b
  c &-= rotated(b, 16)
  a ^= c
  a &-= rotated(c, 4)
  b ^= a
  b &-= rotated(a, 14)
  c ^= b
  c &-= rotated(b, 24)
}
