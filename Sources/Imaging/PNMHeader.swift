// PNM: headers, and the numbers and words they are written with.
//
// Implements: pbm(5), pgm(5), ppm(5), pam(5) of Netpbm: tokens between white space, comments from "#"
//   to the end of the line, one byte of white space before raw samples.
// Checked by: PNMTests.

import Files

/// What a PNM or PAM header states.
struct PNMHeader {
  let width: Int
  let height: Int
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
  let channels: Int
  /// The largest sample, from 1 to 65535.
  let maximum: Int
  /// Whether samples are decimal numbers.
  let isPlain: Bool
  /// Whether samples are bits of which 1 is black.
  let isBitmap: Bool

  /// Reads a header up to the samples.
  init(_ reader: inout PNMTokenReader) throws(FormatError) {
    let kind = try reader.kind()
    if kind == 7 {
      let pam = try PAMFields(&reader)
      (width, height, channels, maximum) = (pam.width, pam.height, pam.depth, pam.maximum)
      (isPlain, isBitmap) = (false, false)
      return
    }
    isPlain = kind <= 3
    isBitmap = kind == 1 || kind == 4
    channels = kind == 3 || kind == 6 ? 3 : 1
    width = try reader.number(limit: Int(Int32.max))
    height = try reader.number(limit: Int(Int32.max))
    maximum = isBitmap ? 1 : try reader.number(limit: Int(Int32.max))
    guard (1...65535).contains(maximum) else {
      throw reader.fault("a maximum of \(maximum): 1 to 65535 expected")
    }
    try reader.endOfHeader()
  }
}

/// The header of a PAM file, line by line.
private struct PAMFields {
  private(set) var width = 0
  private(set) var height = 0
  private(set) var depth = 0
  private(set) var maximum = 0

  init(_ reader: inout PNMTokenReader) throws(FormatError) {
    var tuple = ""
    while true {
      let line = try reader.line()
      if line.first == "#" { continue }
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
      guard let keyword = words.first else { continue }
      if keyword == "ENDHDR" { break }
      if keyword == "TUPLTYPE" {
        tuple = words.dropFirst().joined(separator: " ")
        continue
      }
      guard words.count == 2, words[1].utf8.count <= 10, let value = Int(words[1]), value > 0 else {
        throw reader.fault("PAM header: a keyword and a positive number expected")
      }
      switch keyword {
      case "WIDTH": width = value
      case "HEIGHT": height = value
      case "DEPTH": depth = value
      case "MAXVAL": maximum = value
      default:
        throw reader.fault("PAM header: unknown keyword \(printable(String(keyword), limit: 20))")
      }
    }
    try check(tuple, reader)
  }

  private func check(_ tuple: String, _ reader: PNMTokenReader) throws(FormatError) {
    guard width > 0 && height > 0 && depth > 0 && maximum > 0 else {
      throw reader.fault("PAM header: WIDTH, HEIGHT, DEPTH and MAXVAL are needed")
    }
    guard depth <= 4 else {
      throw reader.fault("PAM of depth \(depth) is not supported, only 1 to 4")
    }
    guard maximum <= 65535 else { throw reader.fault("a maximum of \(maximum): 65535 at most") }
    let known = [
      "BLACKANDWHITE": 1, "GRAYSCALE": 1, "RGB": 3, "BLACKANDWHITE_ALPHA": 2, "GRAYSCALE_ALPHA": 2,
      "RGB_ALPHA": 4,
    ]
    if let expected = known[tuple], expected != depth {
      throw reader.fault("PAM of type \(tuple) and depth \(depth): \(expected) expected")
    }
  }
}

/// Reads the words of a header and of plain samples.
struct PNMTokenReader {
  private let bytes: CheckedBytes
  /// The next byte.
  private(set) var position = 0

  init(_ bytes: CheckedBytes) {
    self.bytes = bytes
  }

  /// The number of bytes that are left.
  var remaining: Int { bytes.count - position }

  /// An error at the present place.
  func fault(_ problem: String) -> FormatError { bytes.error(problem, at: UInt64(position)) }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  private mutating func byte(_ expected: String) throws(FormatError) -> UInt8 {
    guard position < bytes.count else { throw fault("the file ends where \(expected) is expected") }
    position += 1
    return try bytes.u8(at: UInt64(position - 1))
  }

  /// The digit of "P1" to "P7".
  mutating func kind() throws(FormatError) -> Int {
    let (letter, digit) = (try bytes.u8(at: 0), try bytes.u8(at: 1))
    let end = try bytes.u8(at: 2)
    guard letter == 0x50, (0x31...0x37).contains(digit), Self.isSpace(end) || end == 0x23 else {
      throw fault("this is not a PNM file: P1 to P7 expected")
    }
    position = digit == 0x37 ? 3 : 2
    return Int(digit - 0x30)
  }

  /// The next byte that is neither white space nor part of a comment.
  private mutating func significantByte(_ expected: String) throws(FormatError) -> UInt8 {
    while true {
      let next = try byte(expected)
      if next == 0x23 {
        while true {
          let inner = try byte(expected)
          if inner == 0x0A || inner == 0x0D { break }
        }
      } else if !Self.isSpace(next) {
        return next
      }
    }
  }

  /// A decimal number, which white space, a comment or the end of the file ends.
  mutating func number(limit: Int) throws(FormatError) -> Int {
    var digit = try significantByte("a number")
    var value = 0
    while true {
      guard (0x30...0x39).contains(digit) else {
        position -= 1
        throw fault("a decimal number is expected")
      }
      value = value * 10 + Int(digit - 0x30)
      if value > limit { throw fault("a number larger than \(limit)") }
      guard position < bytes.count else { return value }
      digit = try bytes.u8(at: UInt64(position))
      if Self.isSpace(digit) || digit == 0x23 { return value }
      position += 1
    }
  }

  /// A digit 0 or 1.
  mutating func bit() throws(FormatError) -> UInt8 {
    let digit = try significantByte("a digit 0 or 1")
    guard digit == 0x30 || digit == 0x31 else {
      position -= 1
      throw fault("a digit 0 or 1 is expected")
    }
    return digit - 0x30
  }

  /// The one byte of white space between header and samples.
  mutating func endOfHeader() throws(FormatError) {
    guard Self.isSpace(try byte("white space")) else {
      position -= 1
      throw fault("white space is expected after the header")
    }
  }

  /// A line of at most 1000 bytes, as ASCII; other bytes become question marks.
  mutating func line() throws(FormatError) -> String {
    var text = ""
    while true {
      let next = try byte("the end of a header line")
      if next == 0x0A { return text }
      if text.utf8.count == 1000 { throw fault("a header line of more than 1000 bytes") }
      text.unicodeScalars.append(next < 0x80 ? Unicode.Scalar(next) : "?")
    }
  }
}
