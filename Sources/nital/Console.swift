// Streams and exit status: results to stdout, everything else to stderr.

import Files

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the process tells its caller; documented in `nital --help`.
enum ExitStatus: Int32 {
  case done = 0
  case someFailed = 1
  case usage = 2
  case noInput = 3
  case modelMissing = 5
  case interrupted = 130
}

/// A command that cannot go on: what to print and how to end.
struct CommandFailure: Error {
  var message: String
  var status: ExitStatus

  init(_ message: String, _ status: ExitStatus) {
    self.message = message
    self.status = status
  }
}

/// The two streams.
enum Console {
  /// Whether stderr is a terminal that a person watches.
  static let isInteractive: Bool = isatty(2) == 1

  /// Writes a result to stdout.
  static func write(_ text: String) { put(text.hasSuffix("\n") ? text : text + "\n", to: 1) }

  /// Writes a line to stderr.
  static func log(_ text: String) { put(text.hasSuffix("\n") ? text : text + "\n", to: 2) }

  /// Writes `error: ...` to stderr, control characters escaped.
  static func error(_ text: String) { log("error: " + printable(text, limit: 8000)) }

  /// Writes `warning: ...` to stderr, control characters escaped.
  static func warning(_ text: String) { log("warning: " + printable(text, limit: 8000)) }

  /// Writes text without a line end, for a progress bar.
  static func progress(_ text: String) { put(text, to: 2) }

  /// Ends the process.
  static func leave(_ status: ExitStatus) -> Never { exit(status.rawValue) }

  private static func put(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      // SAFETY: the pointer is used inside the closure alone, for as many bytes as the buffer has.
      let written = unsafe bytes.withUnsafeBytes {
        unsafe systemWrite(descriptor, $0.baseAddress, $0.count)
      }
      if written > 0 {
        bytes = bytes.dropFirst(written)
      } else if written < 0 && errno != EINTR {
        // A reader that closed the pipe has what it wanted; a full disk must not pass for success.
        guard descriptor == 1 && errno != EPIPE else { return }
        // SAFETY: strerror gives a NUL-terminated text, which is copied.
        let reason = unsafe String(cString: strerror(errno))
        error("stdout: cannot be written: \(reason)")
        leave(.someFailed)
      }
    }
  }
}

/// `write(2)` under a name that no method of `Console` shadows.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  // SAFETY: the caller guarantees `count` readable bytes.
  unsafe write(descriptor, bytes, count)
}
