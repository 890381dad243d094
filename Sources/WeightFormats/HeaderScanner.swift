// Reads the few kinds of token that the headers of safetensors and npy are made of.
//
// Nothing recurses: the callers know how deep their format goes. Every fault names its byte.
// Checked by: SafetensorsTests, NumpyTests.

import Files

/// A place in a header's text that moves forward token by token.
struct HeaderScanner {
  private let bytes: CheckedBytes
  private let text: [UInt8]
  private(set) var position = 0

  /// Scans all of `bytes`.
  init(_ bytes: CheckedBytes) {
    self.bytes = bytes
    text = bytes.array
  }

  /// An error at the current place.
  func fault(_ problem: String) -> FormatError {
    bytes.error(problem, at: UInt64(position))
  }

  /// The next byte, spaces and line ends skipped; `nil` at the end.
  mutating func peek() -> UInt8? {
    while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) { position += 1 }
    return position < text.count ? text[position] : nil
  }

  /// Moves past `character` if it comes next.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let next = peek(), UInt32(next) == character.value else { return false }
    position += 1
    return true
  }

  /// Moves past `character`, which must come next.
  mutating func expect(_ character: Unicode.Scalar) throws(FormatError) {
    guard skip(character) else { throw fault("'\(character)' expected in the header") }
  }

  /// Moves past a word if it comes next.
  mutating func skip(word: String) -> Bool {
    _ = peek()
    let letters = Array(word.utf8)
    guard text[position...].starts(with: letters) else { return false }
    position += letters.count
    return true
  }

  /// Whether nothing but spaces and line ends is left.
  mutating func isAtEnd() -> Bool { peek() == nil }

  /// A whole number in decimal digits, at most 2^63 - 1, without sign, point or exponent.
  mutating func integer() throws(FormatError) -> Int {
    _ = peek()
    let start = position
    var value = 0
    while position < text.count, (0x30...0x39).contains(text[position]) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, more) = tens.addingReportingOverflow(Int(text[position] - 0x30))
      if overflow || more { throw fault("the number is too large") }
      value = next
      position += 1
    }
    if position == start { throw fault("a whole number expected in the header") }
    if text[start] == 0x30 && position - start > 1 { throw fault("a number begins with 0") }
    return value
  }

  /// The bytes between quotes of either kind, which hold no backslash: a Python literal.
  mutating func pythonString() throws(FormatError) -> [UInt8] {
    guard let quote = peek(), quote == 0x27 || quote == 0x22 else {
      throw fault("a quoted text expected in the header")
    }
    let start = position + 1
    guard let end = text[start...].firstIndex(of: quote) else {
      throw fault("the quoted text has no end")
    }
    let content = Array(text[start..<end])
    if content.contains(where: { $0 < 0x20 || $0 == 0x5c }) {
      throw fault("the quoted text holds an escape or a control character")
    }
    position = end + 1
    return content
  }

  /// A JSON string (RFC 8259, section 7).
  mutating func jsonString() throws(FormatError) -> String {
    try expect("\"")
    var content: [UInt8] = []
    while true {
      guard position < text.count else { throw fault("the text has no end") }
      let byte = text[position]
      if byte < 0x20 { throw fault("a text holds a control character") }
      position += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte != UInt8(ascii: "\\") {
        content.append(byte)
        continue
      }
      content.append(contentsOf: String(try escaped()).utf8)
    }
    guard let result = String(validating: content, as: UTF8.self) else {
      throw fault("a text is not UTF-8")
    }
    return result
  }

  /// The character of an escape whose backslash has been read.
  private mutating func escaped() throws(FormatError) -> Unicode.Scalar {
    guard position < text.count else { throw fault("the text has no end") }
    let letter = text[position]
    position += 1
    switch Unicode.Scalar(letter) {
    case "\"", "\\", "/": return Unicode.Scalar(letter)
    case "b": return "\u{8}"
    case "f": return "\u{c}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u": break
    default: throw fault("an escape that JSON does not have")
    }
    var code = try fourDigits()
    if (0xd800..<0xdc00).contains(code) {
      guard text[position...].starts(with: [0x5c, 0x75]) else {
        throw fault("half a surrogate pair")
      }
      position += 2
      let low = try fourDigits()
      guard (0xdc00..<0xe000).contains(low) else { throw fault("half a surrogate pair") }
      code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
    return scalar
  }

  /// Four hexadecimal digits.
  private mutating func fourDigits() throws(FormatError) -> UInt32 {
    guard text.count - position >= 4 else { throw fault("the text has no end") }
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(text[position])).hexDigitValue,
        text[position] < 0x80
      else { throw fault("a hexadecimal digit expected") }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
