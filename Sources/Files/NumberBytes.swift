// Arrays of numbers as bytes and back, for machines whose own order is little-endian.

extension Array where Element == UInt8 {
  /// The bytes as little-endian numbers.
  ///
  /// - Precondition: the number of bytes is a multiple of the number's size.
  public func numbers<Number: FixedWidthInteger & BitwiseCopyable>(of type: Number.Type) -> [Number]
  {
    let copies: [Number] = copied()
    return Number(littleEndian: 1) == 1 ? copies : copies.map { Number(littleEndian: $0) }
  }

  /// The bytes as little-endian numbers of 32 bits.
  ///
  /// - Precondition: the number of bytes is a multiple of 4.
  public func floats() -> [Float] {
    UInt32(littleEndian: 1) == 1 ? copied() : numbers(of: UInt32.self).map { Float(bitPattern: $0) }
  }

  /// The bytes as little-endian numbers of 64 bits.
  ///
  /// - Precondition: the number of bytes is a multiple of 8.
  public func doubles() -> [Double] {
    UInt64(littleEndian: 1) == 1
      ? copied() : numbers(of: UInt64.self).map { Double(bitPattern: $0) }
  }

  /// A copy of the memory under another type.
  private func copied<Number: BitwiseCopyable>() -> [Number] {
    let size = MemoryLayout<Number>.stride
    precondition(count % size == 0, "\(count) bytes are no whole numbers of \(size) bytes")
    let length = count / size
    // SAFETY: the new array has room for exactly `count` bytes, and any bits are a value of `Number`.
    return unsafe [Number](unsafeUninitializedCapacity: length) { target, initialised in
      unsafe withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
      }
      initialised = length
    }
  }
}

/// The memory of an array of numbers as bytes, little-endian.
public func littleEndianBytes<Number: BitwiseCopyable>(of numbers: [Number]) -> [UInt8] {
  // SAFETY: every bit pattern is valid as bytes; they are copied inside the closure.
  var bytes = unsafe numbers.withUnsafeBytes { unsafe Array($0) }
  let size = MemoryLayout<Number>.stride
  if UInt16(littleEndian: 1) != 1 && size > 1 {
    for start in stride(from: 0, to: bytes.count, by: size) {
      bytes[start..<(start + size)].reverse()
    }
  }
  return bytes
}

extension CRC32 {
  /// The checksum of an array of numbers, taken as little-endian bytes.
  public static func of<Number: BitwiseCopyable>(numbers: [Number]) -> UInt32 {
    guard UInt16(littleEndian: 1) == 1 else { return of(littleEndianBytes(of: numbers)) }
    // SAFETY: the bytes are used only inside the closure.
    return unsafe numbers.withUnsafeBytes { buffer in
      let bytes = unsafe Span<UInt8>(_unsafeBytes: buffer)
      return of(bytes)
    }
  }
}

extension Array where Element == UInt8 {
  /// Copies `count` bytes of `source` from `first` on over those at `start`.
  ///
  /// - Precondition: both ranges lie inside their arrays.
  public mutating func overwrite(
    at start: Int, with source: [UInt8], from first: Int, count: Int
  ) {
    precondition(
      count >= 0 && start >= 0 && first >= 0 && start <= self.count - count
        && first <= source.count - count,
      "\(count) bytes from \(first) of \(source.count) to \(start) of \(self.count)")
    // SAFETY: the ranges were just checked; `source` is another array's value.
    unsafe withUnsafeMutableBytes { target in
      unsafe source.withUnsafeBytes { bytes in
        guard let to = target.baseAddress, let from = bytes.baseAddress else { return }
        unsafe (to + start).copyMemory(from: from + first, byteCount: count)
      }
    }
  }
}
