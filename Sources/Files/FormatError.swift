// What is wrong with a file: one message that names it.

/// A file that cannot be read, or written, and why.
public struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The path as the user gave it.
  public var file: String
  /// What is wrong, what was expected, and what to do; no full stop at the end.
  public var problem: String
  /// Where in the file, counted in bytes from its start.
  public var offset: UInt64?

  /// Describes a fault of `file`.
  public init(file: String, problem: String, offset: UInt64? = nil) {
    self.file = file
    self.problem = problem
    self.offset = offset
  }

  /// `<file>: <problem>[, at byte N]`, with control characters escaped and at most 500 characters
  /// after the file's name.
  public var description: String {
    let place = offset.map { ", at byte \($0)" } ?? ""
    return printable(file, limit: 4096) + ": " + printable(problem, limit: 500) + place
  }
}

/// `text` with control characters escaped as `\u{1b}`, cut after `limit` characters.
public func printable(_ text: String, limit: Int) -> String {
  var result = ""
  var length = 0
  for scalar in text.unicodeScalars {
    if length == limit { return result + "..." }
    length += 1
    let control =
      scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
      || (0x2028...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    if byteScalars.contains(scalar.value) {
      // A byte of a path that is no UTF-8: percent-escaped.
      result += "%" + String(scalar.value & 0xff, radix: 16, uppercase: true)
    } else if control {
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
