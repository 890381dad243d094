// Deflate streams through zlib: inflated into memory of a size that the caller states beforehand.
//
// Deviations: none. Checked by: InflateTests. Cost: zlib's.

import CZlib

/// The wrapping of a deflate stream.
public enum DeflateFormat: Sendable {
  /// RFC 1950: two bytes of header, Adler-32 at the end.
  case zlib
  /// RFC 1951: the bare stream.
  case raw
  /// RFC 1952: a gzip member, CRC-32 at the end.
  case gzip

  /// zlib's `windowBits`.
  fileprivate var windowBits: Int32 {
    switch self {
    case .zlib: 15
    case .raw: -15
    case .gzip: 31
    }
  }
}

extension CheckedBytes {
  /// Inflates the whole view into exactly `size` bytes.
  ///
  /// - Parameters:
  ///   - format: how the stream is wrapped.
  ///   - size: the number of bytes that the stream must give. Compare it with a limit first.
  ///   - ignoringExcess: whether a stream that gives more is cut short instead of refused.
  /// - Returns: `size` bytes.
  /// - Throws: an error when the stream is damaged or gives fewer or more bytes.
  public func inflated(
    _ format: DeflateFormat, to size: Int, ignoringExcess: Bool = false
  ) throws(FormatError) -> [UInt8] {
    precondition(size >= 0, "a size of \(size) bytes")
    // A deflate stream expands at most 1032 times: do not allocate for an impossible claim.
    if size / 1040 > count {
      throw error("\(count) compressed bytes cannot hold \(size) bytes")
    }
    var result = [UInt8](repeating: 0, count: size)
    let outcome = unsafe result.withUnsafeMutableBufferPointer { output in
      unsafe span.withUnsafeBufferPointer { input in
        unsafe runInflate(input, output, format.windowBits)
      }
    }
    switch outcome {
    case .exact: return result
    case .more:
      if ignoringExcess { return result }
      throw error("the compressed data give more than the \(size) bytes declared")
    case .fewer(let got):
      throw error("the compressed data end after \(got) of \(size) bytes")
    case .damaged(let why): throw error("the compressed data are damaged: \(why)")
    }
  }
}

/// How an inflation ended.
private enum InflateOutcome {
  case exact
  case more
  case fewer(Int)
  case damaged(String)
}

/// Inflates `input` into `output`, never writing past its end.
private func runInflate(
  _ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>,
  _ windowBits: Int32
) -> InflateOutcome {
  var stream = unsafe z_stream()
  let size = Int32(unsafe MemoryLayout<z_stream>.size)
  // SAFETY: `stream` is a local variable, ended below; all pointers stay inside the two buffers.
  guard unsafe inflateInit2_(&stream, windowBits, ZLIB_VERSION, size) == Z_OK else {
    return .damaged("zlib does not start")
  }
  defer { unsafe inflateEnd(&stream) }
  var (read, written) = (0, 0)
  while true {
    let rest = unsafe UnsafeBufferPointer(rebasing: input[read...])
    let room = unsafe UnsafeMutableBufferPointer(rebasing: output[written...])
    let step = unsafe inflateStep(&stream, rest, room)
    read += step.used
    written += step.given
    if step.isBeyond { return .more }
    if step.status == Z_STREAM_END { return written == output.count ? .exact : .fewer(written) }
    let isStuck = step.status == Z_OK && step.used == 0 && read == input.count
    if step.status == Z_BUF_ERROR || isStuck {
      return written == output.count ? .damaged("they have no end") : .fewer(written)
    }
    if step.status != Z_OK { return .damaged(unsafe zlibMessage(stream, step.status)) }
  }
}

/// One call of zlib.
///
/// When there is no room, one spare byte tells whether the stream ends here.
private func inflateStep(
  _ stream: inout z_stream, _ input: UnsafeBufferPointer<UInt8>,
  _ room: UnsafeMutableBufferPointer<UInt8>
) -> (status: Int32, used: Int, given: Int, isBeyond: Bool) {
  let source = min(input.count, 1 << 30)
  let size = min(room.count, 1 << 30)
  unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
  unsafe stream.avail_in = uInt(source)
  var (spare, status) = (UInt8(0), Z_OK)
  // SAFETY: zlib writes at most `avail_out` bytes; `spare` lives until the call returns.
  unsafe withUnsafeMutablePointer(to: &spare) { pointer in
    unsafe stream.next_out = size > 0 ? room.baseAddress : pointer
    unsafe stream.avail_out = uInt(max(size, 1))
    unsafe status = inflate(&stream, Z_NO_FLUSH)
    unsafe stream.next_out = nil
  }
  let given = max(size, 1) - Int(unsafe stream.avail_out)
  let used = source - Int(unsafe stream.avail_in)
  return (status, used, size > 0 ? given : 0, size == 0 && given > 0)
}

private func zlibMessage(_ stream: z_stream, _ status: Int32) -> String {
  // SAFETY: zlib's messages are constant NUL-terminated texts.
  unsafe stream.msg.map { unsafe String(cString: $0) } ?? "zlib error \(status)"
}

/// The bytes deflated.
///
/// - Parameters:
///   - bytes: what to compress.
///   - format: how the stream is wrapped.
///   - level: from 0 (stored) to 9 (smallest).
/// - Returns: the stream.
public func deflated(_ bytes: [UInt8], _ format: DeflateFormat = .zlib, level: Int = 6) -> [UInt8] {
  precondition((0...9).contains(level), "a compression level is 0 ... 9, not \(level)")
  var stream = unsafe z_stream()
  let size = Int32(unsafe MemoryLayout<z_stream>.size)
  // SAFETY: `stream` is a local variable, ended below; all pointers stay inside the two arrays.
  let status = unsafe deflateInit2_(
    &stream, Int32(level), Z_DEFLATED, format.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
  precondition(status == Z_OK, "zlib does not start: \(status)")
  defer { unsafe deflateEnd(&stream) }
  let bound = Int(unsafe deflateBound(&stream, uLong(bytes.count)))
  return unsafe [UInt8](unsafeUninitializedCapacity: bound) { output, written in
    unsafe bytes.withUnsafeBufferPointer { input in
      var (read, last) = (0, Z_OK)
      while last == Z_OK {
        let source = min(input.count - read, 1 << 30)
        let room = min(output.count - written, 1 << 30)
        unsafe stream.next_in = input.baseAddress.map {
          unsafe UnsafeMutablePointer(mutating: $0 + read)
        }
        unsafe stream.avail_in = uInt(source)
        unsafe stream.next_out = output.baseAddress.map { unsafe $0 + written }
        unsafe stream.avail_out = uInt(room)
        unsafe last = deflate(&stream, read + source == input.count ? Z_FINISH : Z_NO_FLUSH)
        read += source - Int(unsafe stream.avail_in)
        written += room - Int(unsafe stream.avail_out)
      }
      precondition(last == Z_STREAM_END, "zlib does not finish: \(last)")
    }
  }
}

/// The CRC-32 of zip, gzip and PNG, over bytes that come piece by piece.
public struct CRC32: Sendable {
  /// The checksum of the bytes so far.
  public private(set) var value: UInt32 = 0

  /// The checksum of no bytes.
  public init() {}

  /// Adds bytes at the end.
  public mutating func update(_ bytes: Span<UInt8>) {
    // SAFETY: the pointer is used only inside the closure, for the span's own bytes.
    value = unsafe bytes.withUnsafeBufferPointer { buffer in
      UInt32(truncatingIfNeeded: unsafe crc32_z(uLong(value), buffer.baseAddress, buffer.count))
    }
  }

  /// The checksum of `bytes`.
  public static func of(_ bytes: Span<UInt8>) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes)
    return crc.value
  }

  /// The checksum of `bytes`.
  public static func of(_ bytes: [UInt8]) -> UInt32 { of(bytes.span) }
}
