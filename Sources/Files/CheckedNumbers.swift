// The bytes of a file as an array of numbers: one copy, from the file's pages into the array.
//
// Deviations: none. Checked by: CheckedBytesTests.

extension CheckedBytes {
  /// The bytes as little-endian numbers of 32 bits.
  ///
  /// - Precondition: the number of bytes is a multiple of 4.
  public func floats() -> [Float] {
    precondition(count % 4 == 0, "\(count) bytes are no whole numbers of 4 bytes")
    guard UInt32(littleEndian: 1) == 1 else { return array.floats() }
    let length = count / 4
    // SAFETY: the array has room for exactly `count` bytes, and any 32 bits are a Float.
    return unsafe [Float](unsafeUninitializedCapacity: length) { target, initialised in
      unsafe span.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
      }
      initialised = length
    }
  }
}
