// The one way to read a file's data: every access is checked against the bytes really present.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The order of the bytes of a number in a file.
public enum ByteOrder: Sendable {
  /// Least significant byte first.
  case little
  /// Most significant byte first.
  case big
}

/// A view of a file's bytes that remembers the file's name and where in the file it begins.
///
/// Offsets are 64-bit, as files state them, and count from the start of the view. No offset, however
/// large, makes an access trap: it throws an error that names the file and the place.
public struct CheckedBytes: Sendable {
  /// The path as the user gave it; errors name it.
  public let file: String
  /// Where this view begins, counted in bytes from the start of the file.
  public let start: UInt64
  /// The number of bytes.
  public let count: Int

  private let storage: ByteStorage
  /// Where this view begins in `storage`.
  private let first: Int

  /// Opens a file.
  ///
  /// Files of up to 64 MiB are read, larger ones mapped into memory.
  /// A pipe, a socket, a folder or a device is refused without waiting for it.
  ///
  /// - Parameters:
  ///   - path: the file's path.
  ///   - limit: the most bytes that the file may have.
  /// - Throws: an error when the file is missing, not a regular file, empty, or larger than `limit`.
  public init(contentsOf path: String, limit: UInt64 = .max) throws(FormatError) {
    func fault(_ problem: String) -> FormatError { FormatError(file: path, problem: problem) }
    if path.isEmpty || path.utf8.contains(0) { throw fault("this is not a path") }
    do throws(SystemError) {
      let descriptor = try openForReading(path)
      defer { close(descriptor) }
      let status = try FileStatus(descriptor: descriptor)
      if let problem = Self.problem(of: status, limit: limit) { throw .refused(problem) }
      storage = try ByteStorage(descriptor: descriptor, count: status.size)
    } catch {
      throw fault(error.explanation("cannot be read"))
    }
    (file, start, first, count) = (path, 0, 0, storage.count)
  }

  /// Why a file is not read at all; `nil` when nothing speaks against it.
  private static func problem(of status: FileStatus, limit: UInt64) -> String? {
    if !status.isRegular { return "is \(status.kindName), not a regular file" }
    if status.size <= 0 { return "the file is empty" }
    if UInt64(status.size) > limit {
      return "the file has \(status.size) bytes, more than the limit of \(limit)"
    }
    return nil
  }

  /// A view of bytes in memory; errors name `file`.
  public init(_ bytes: [UInt8], file: String) {
    storage = ByteStorage(bytes)
    (self.file, start, first, count) = (file, 0, 0, bytes.count)
  }

  private init(_ whole: CheckedBytes, first: Int, count: Int) {
    (file, storage, self.count) = (whole.file, whole.storage, count)
    (self.first, start) = (whole.first + first, whole.start + UInt64(first))
  }

  /// An error of this file; `offset` counts from the start of the view.
  public func error(_ problem: String, at offset: UInt64? = nil) -> FormatError {
    let place = offset.map { start.addingReportingOverflow($0) }.flatMap {
      $0.overflow ? nil : $0.0
    }
    return FormatError(file: file, problem: problem, offset: place)
  }

  /// The index in memory of `count` bytes at `offset`.
  private func index(_ offset: UInt64, _ count: UInt64) throws(FormatError) -> Int {
    let size = UInt64(self.count)
    guard count <= size && offset <= size - count else {
      throw error(
        "\(count) bytes expected, but only \(offset < size ? size - offset : 0) are there",
        at: offset)
    }
    return first + Int(offset)
  }

  /// A part of this view.
  ///
  /// - Throws: an error when the part does not lie inside the view.
  public func slice(at offset: UInt64, count: UInt64) throws(FormatError) -> CheckedBytes {
    let index = try index(offset, count)
    return CheckedBytes(self, first: index - first, count: Int(count))
  }

  /// Lets the system take back the memory of these bytes of a mapped file; they are read anew when used.
  public func release() { storage.release(at: first, count: count) }

  /// The bytes, valid as long as the view.
  public var span: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: the storage is immutable, and `self` holds it for as long as the span lives.
      let bytes = unsafe storage.part(at: first, count: count)
      let span = unsafe Span<UInt8>(_unsafeBytes: bytes)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Calls `body` with the bytes.
  public func withBytes<Result, Fault: Error>(
    _ body: (Span<UInt8>) throws(Fault) -> Result
  ) throws(Fault) -> Result {
    try body(span)
  }

  /// A copy of the bytes.
  public var array: [UInt8] {
    // SAFETY: the part is copied before this view can go.
    unsafe Array(storage.part(at: first, count: count))
  }

  /// A copy of a part of the bytes.
  public func array(at offset: UInt64, count: UInt64) throws(FormatError) -> [UInt8] {
    try slice(at: offset, count: count).array
  }

  /// Whether the bytes at `offset` are `expected`; false when they are not all there.
  public func matches(_ expected: [UInt8], at offset: UInt64 = 0) -> Bool {
    guard let part = try? slice(at: offset, count: UInt64(expected.count)) else { return false }
    return part.array == expected
  }

  private func load<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type, _ offset: UInt64, _ order: ByteOrder
  ) throws(FormatError) -> Number {
    let size = MemoryLayout<Number>.size
    let index = try index(offset, UInt64(size))
    // SAFETY: `index` was checked to leave room for the number.
    let raw = unsafe storage.part(at: index, count: size).loadUnaligned(as: Number.self)
    return order == .little ? Number(littleEndian: raw) : Number(bigEndian: raw)
  }
}

extension CheckedBytes {
  /// The byte at `offset`.
  public func u8(at offset: UInt64) throws(FormatError) -> UInt8 {
    try load(UInt8.self, offset, .little)
  }

  /// The 16-bit number at `offset`.
  public func u16(at offset: UInt64, _ order: ByteOrder = .little) throws(FormatError) -> UInt16 {
    try load(UInt16.self, offset, order)
  }

  /// The 32-bit number at `offset`.
  public func u32(at offset: UInt64, _ order: ByteOrder = .little) throws(FormatError) -> UInt32 {
    try load(UInt32.self, offset, order)
  }

  /// The 64-bit number at `offset`.
  public func u64(at offset: UInt64, _ order: ByteOrder = .little) throws(FormatError) -> UInt64 {
    try load(UInt64.self, offset, order)
  }

  /// The signed 16-bit number at `offset`.
  public func i16(at offset: UInt64, _ order: ByteOrder = .little) throws(FormatError) -> Int16 {
    try load(Int16.self, offset, order)
  }

  /// The signed 32-bit number at `offset`.
  public func i32(at offset: UInt64, _ order: ByteOrder = .little) throws(FormatError) -> Int32 {
    try load(Int32.self, offset, order)
  }

  /// The signed 64-bit number at `offset`.
  public func i64(at offset: UInt64, _ order: ByteOrder = .little) throws(FormatError) -> Int64 {
    try load(Int64.self, offset, order)
  }

  /// The 32-bit floating-point number at `offset`.
  public func f32(at offset: UInt64, _ order: ByteOrder = .little) throws(FormatError) -> Float {
    Float(bitPattern: try load(UInt32.self, offset, order))
  }

  /// The 64-bit floating-point number at `offset`.
  public func f64(at offset: UInt64, _ order: ByteOrder = .little) throws(FormatError) -> Double {
    Double(bitPattern: try load(UInt64.self, offset, order))
  }
}
