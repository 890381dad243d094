// The memory behind a file's bytes: owned, or mapped from the file.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Bytes that never change, freed when the last view of them goes.
///
/// It may be shared between threads: nothing writes to the memory after `init`.
@safe final class ByteStorage: @unchecked Sendable {
  /// Up to this size a file is read, not mapped: a mapped file that another process cuts short
  /// would stop this one with a signal.
  static let largestCopy = 64 << 20

  private let memory: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// Copies an array.
  init(_ bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    unsafe copy.copyBytes(from: bytes)
    unsafe memory = UnsafeRawBufferPointer(copy)
    isMapped = false
  }

  /// Reads or maps the first `count` bytes of an open file.
  init(descriptor: Int32, count: Int) throws(SystemError) {
    if count > Self.largestCopy {
      // SAFETY: a fresh private mapping; the kernel chooses where.
      let start = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
      guard let start = unsafe start, unsafe start != MAP_FAILED else { throw .last }
      unsafe memory = UnsafeRawBufferPointer(start: start, count: count)
      isMapped = true
    } else {
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
      do throws(SystemError) {
        let got = unsafe try readAll(descriptor, into: copy)
        if got < count { throw SystemError(EIO) }
      } catch {
        unsafe copy.deallocate()
        throw error
      }
      unsafe memory = UnsafeRawBufferPointer(copy)
      isMapped = false
    }
  }

  deinit {
    if isMapped {
      unsafe munmap(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count)
    } else {
      unsafe memory.deallocate()
    }
  }

  var count: Int { unsafe memory.count }

  /// Tells the system that a part of a mapped file need not stay in memory; it is read anew when used.
  func release(at start: Int, count: Int) {
    let page = 1 << 16
    let (first, end) = ((start + page - 1) / page * page, (start + count) / page * page)
    guard isMapped, let base = unsafe memory.baseAddress, first < end, end <= self.count else {
      return
    }
    // SAFETY: whole pages of our private mapping, to which nothing was ever written.
    _ = unsafe madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
  }

  /// A part of the memory, valid as long as this object lives.
  func part(at start: Int, count: Int) -> UnsafeRawBufferPointer {
    precondition(
      start >= 0 && count >= 0 && start <= self.count && count <= self.count - start,
      "bytes \(start) ..< \(start + count) of \(self.count)")
    // SAFETY: the range was just checked.
    return unsafe UnsafeRawBufferPointer(rebasing: memory[start..<(start + count)])
  }
}
