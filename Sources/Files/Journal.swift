// An append-only list of records that survives being killed at any moment.
//
// The file begins with "NITALJ1\n"; a record is its length (u32), the CRC-32 of its bytes (u32) and
// its bytes, all little-endian. A record that is cut short or damaged ends the list: it and what
// follows are dropped when the journal is opened.
// Deviations: none. Checked by: JournalTests. Cost: one write and one fdatasync a record.

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Records that were written before the process ended, however it ended.
public final class Journal: Sendable {
  /// The journal's path.
  public let path: String
  /// The whole records that were found when the journal was opened, oldest first.
  public let records: [[UInt8]]

  private let descriptor: Int32
  private let lock = Mutex<Void>(())
  private static let signature = Array("NITALJ1\n".utf8)
  /// The most bytes of a record.
  public static let largestRecord = 1 << 28

  /// Opens the journal at `path`, or makes an empty one.
  ///
  /// - Throws: an error when it cannot be opened, is not a journal, or another process uses it.
  public init(path: String) throws(FormatError) {
    self.path = path
    do throws(SystemError) {
      // SAFETY: the path is NUL-terminated.
      let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK
      let file = Int32(try retrying { unsafe Int(open(systemPath(path), flags, 0o666)) })
      do throws(SystemError) {
        records = try Self.recover(file)
      } catch {
        close(file)
        throw error
      }
      descriptor = file
    } catch {
      throw FormatError(file: path, problem: error.explanation("the journal cannot be opened"))
    }
  }

  deinit { close(descriptor) }

  /// Adds a record; it is on the disk when this returns.
  ///
  /// - Precondition: the record has at most `largestRecord` bytes.
  public func append(_ record: [UInt8]) throws(FormatError) {
    precondition(record.count <= Self.largestRecord, "a record of \(record.count) bytes")
    let bytes = word(UInt32(record.count)) + word(CRC32.of(record)) + record
    let outcome = lock.withLock { _ in
      Result { () throws(SystemError) in
        try writeAll(descriptor, bytes.span)
        _ = try retrying { Int(fdatasync(descriptor)) }
      }
    }
    do throws(SystemError) {
      try outcome.get()
    } catch {
      throw FormatError(file: path, problem: error.explanation("the journal cannot be written"))
    }
  }

  /// The whole records of a journal that another process may be writing, oldest first.
  ///
  /// - Throws: an error when the file cannot be read or is not a journal.
  public static func records(at path: String) throws(FormatError) -> [[UInt8]] {
    // One that was begun this moment, or whose process was killed then.
    if let status = try? FileStatus(path: path), status.isRegular, status.size < signature.count {
      return []
    }
    let bytes = try CheckedBytes(contentsOf: path)
    guard bytes.matches(signature) else { throw bytes.error("this is not a journal") }
    return wholeRecords(bytes).0
  }

  /// Adds a record of text.
  public func append(_ text: String) throws(FormatError) { try append(Array(text.utf8)) }

  /// Reads the whole records of an open journal and cuts off what follows them.
  private static func recover(_ file: Int32) throws(SystemError) -> [[UInt8]] {
    let status = try FileStatus(descriptor: file)
    if !status.isRegular { throw .refused("is \(status.kindName), not a journal") }
    if flock(file, LOCK_EX | LOCK_NB) != 0 { throw .refused("another process uses this journal") }
    let bytes = CheckedBytes(try contents(file, status.size), file: "")
    let begun = bytes.array.prefix(signature.count)
    if !signature.starts(with: begun) { throw .refused("this is not a journal") }
    if begun.count < signature.count {
      if ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0 { throw .last }
      try writeAll(file, signature.span)
      return []
    }
    let (records, end) = wholeRecords(bytes)
    if ftruncate(file, end) != 0 { throw .last }
    if lseek(file, end, SEEK_SET) < 0 { throw .last }
    return records
  }

  private static func contents(_ file: Int32, _ size: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    var got = 0
    // SAFETY: the buffer is the array's own storage.
    let outcome = unsafe bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(SystemError) in try unsafe readAll(file, into: buffer) }
    }
    got = try outcome.get()
    return Array(bytes.prefix(got))
  }

  /// The undamaged records at the front, and where they end.
  private static func wholeRecords(_ bytes: CheckedBytes) -> ([[UInt8]], Int) {
    var records: [[UInt8]] = []
    var end = UInt64(signature.count)
    while let length = try? bytes.u32(at: end), let crc = try? bytes.u32(at: end + 4),
      length <= largestRecord, let record = try? bytes.array(at: end + 8, count: UInt64(length)),
      CRC32.of(record) == crc
    {
      records.append(record)
      end += 8 + UInt64(length)
    }
    return (records, Int(end))
  }
}

/// A 32-bit number as four bytes, little-endian.
private func word(_ value: UInt32) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
}
