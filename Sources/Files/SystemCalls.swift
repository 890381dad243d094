// The few system calls that files need, with errors as values and paths as the system spells them.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Why a system call failed.
package struct SystemError: Error, Equatable, Sendable {
  /// The value of `errno`; 0 when the call succeeded and what it gave is refused.
  package let code: Int32
  /// Why the result of a successful call is refused.
  private var refusal: String?

  /// Wraps a value of `errno`.
  package init(_ code: Int32) { self.code = code }

  /// A thing that was found, and why it is not used.
  static func refused(_ problem: String) -> SystemError {
    var error = SystemError(0)
    error.refusal = problem
    return error
  }

  /// "`what`: why", or the reason of a refusal alone.
  func explanation(_ what: String) -> String { refusal ?? "\(what): \(text)" }

  /// The failure of the call that was made last on this thread.
  static var last: SystemError { SystemError(errno) }

  /// The failure in words, for instance "no such file or directory".
  package var text: String {
    switch code {
    case ENOENT: return "no such file or folder"
    case EACCES, EPERM: return "permission denied"
    case ENOSPC: return "no space left on the device"
    case EFBIG: return "the file would be larger than this process may write"
    case ENOMEM: return "not enough memory"
    case EISDIR: return "it is a folder"
    case ENOTDIR: return "a part of the path is not a folder"
    case ELOOP: return "too many levels of symbolic links"
    case ENAMETOOLONG: return "the name is too long"
    case EROFS: return "the file system is read-only"
    case EMFILE, ENFILE: return "too many open files"
    case EIO: return "input/output error"
    case ENXIO: return "it is a socket or a device without a driver, not a regular file"
    default:
      // SAFETY: strerror returns a NUL-terminated text that outlives this expression.
      return unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
  }
}

/// Runs `call` again while a signal interrupts it; a negative result becomes an error.
func retrying(_ call: () -> Int) throws(SystemError) -> Int {
  while true {
    let result = call()
    if result >= 0 { return result }
    let error = SystemError.last
    if error.code != EINTR { throw error }
  }
}

/// What a path leads to.
struct FileStatus {
  /// Type and permissions.
  var mode: mode_t
  /// Size in bytes.
  var size: Int

  var isRegular: Bool { mode & S_IFMT == S_IFREG }
  var isFolder: Bool { mode & S_IFMT == S_IFDIR }

  /// The kind of a thing that is not a regular file, in words.
  var kindName: String {
    switch mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "of an unknown kind"
    }
  }

  /// The status of an open file.
  init(descriptor: Int32) throws(SystemError) {
    var status = stat()
    // SAFETY: `status` is a local variable that fstat fills.
    if unsafe fstat(descriptor, &status) != 0 { throw .last }
    (mode, size) = (status.st_mode, Int(status.st_size))
  }

  /// The status of what `path` leads to, links followed.
  init(path: String) throws(SystemError) {
    var result = stat()
    // SAFETY: `result` is a local variable that stat fills; the path is NUL-terminated.
    if unsafe stat(systemPath(path), &result) != 0 { throw .last }
    (mode, size) = (result.st_mode, Int(result.st_size))
  }
}

/// Opens a path for reading, never waiting for a pipe's writer.
func openForReading(_ path: String) throws(SystemError) -> Int32 {
  // SAFETY: the path is NUL-terminated.
  let flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC
  return Int32(try retrying { unsafe Int(open(systemPath(path), flags)) })
}

/// Fills memory from an open file; fewer bytes than asked for means that the file ended.
func readAll(
  _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
) throws(SystemError) -> Int {
  var done = 0
  while done < buffer.count {
    // SAFETY: the rebased part lies inside the caller's buffer.
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
    let length = min(part.count, 1 << 30)
    let got = try retrying { unsafe read(descriptor, part.baseAddress, length) }
    if got == 0 { break }
    done += got
  }
  return done
}

/// Writes all of `bytes` to an open file.
func writeAll(_ descriptor: Int32, _ bytes: Span<UInt8>) throws(SystemError) {
  var done = 0
  while done < bytes.count {
    let rest = bytes.extracting(done...)
    let written = try writeSome(descriptor, rest)
    if written == 0 { throw SystemError(EIO) }
    done += written
  }
}

/// Writes at least one of `bytes`, as one system call.
func writeSome(_ descriptor: Int32, _ bytes: Span<UInt8>) throws(SystemError) -> Int {
  let length = min(bytes.count, 1 << 30)
  // SAFETY: the pointer is used only inside the closure, for at most the span's own bytes.
  let result = unsafe bytes.withUnsafeBufferPointer { buffer -> Result<Int, SystemError> in
    while true {
      let written = unsafe write(descriptor, buffer.baseAddress, length)
      if written >= 0 { return .success(written) }
      if errno != EINTR { return .failure(.last) }
    }
  }
  return try result.get()
}
