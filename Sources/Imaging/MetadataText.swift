// Small pieces of text that microscopes write: lines, units, attributes of an XML element.

/// Bytes of Latin-1 as text.
func latin1(_ bytes: [UInt8]) -> String {
  var text = String.UnicodeScalarView()
  for byte in bytes { text.append(Unicode.Scalar(byte)) }
  return String(text)
}

/// The lines of a text, ended by LF, CR or both.
func textLines(_ text: String) -> [String] {
  text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    .map { String($0) }
}

/// The text without spaces and tabs at its ends.
func trimmed(_ text: String) -> String {
  let kept = text.drop { $0 == " " || $0 == "\t" }
  guard let last = kept.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
  return String(kept[...last])
}

/// How many micrometres a unit of length has; `nil` when it is none.
func micrometres(ofUnit name: some StringProtocol) -> Double? {
  switch String(name) {
  case "pm": 1e-6
  case "A", "\u{C5}", "\u{212B}", "angstrom": 1e-4
  case "nm", "nanometer": 1e-3
  // The micro sign, the Greek letter, and the way ImageJ escapes the former.
  case "um", "\u{B5}m", "\u{3BC}m", "\\u00B5m", "micron", "microns", "micrometer": 1
  case "mm", "millimeter": 1e3
  case "cm", "centimeter": 1e4
  case "m", "meter": 1e6
  case "in", "inch": 25_400
  default: nil
  }
}

/// The attributes of the first element of a name, namespace prefixes left aside.
///
/// Reads at most the first 16 MiB; entities other than the five standard ones stay as they are.
func xmlElement(_ name: String, in text: String) -> [String: String]? {
  let bytes = Array(text.utf8.prefix(1 << 24))
  let wanted = Array(name.utf8)
  var i = 0
  while let open = bytes[i...].firstIndex(of: UInt8(ascii: "<")) {
    var end = open + 1
    while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
    let found = bytes[(open + 1)..<end].split(separator: UInt8(ascii: ":")).last.map { Array($0) }
    if found == wanted { return xmlAttributes(bytes[end...]) }
    i = end
  }
  return nil
}

/// `name="value"` pairs up to the element's end.
private func xmlAttributes(_ bytes: ArraySlice<UInt8>) -> [String: String] {
  var result: [String: String] = [:]
  var rest = bytes
  while true {
    rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let name = rest.prefix { isNameByte($0) }
    rest = rest.dropFirst(name.count).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard !name.isEmpty, rest.first == UInt8(ascii: "=") else { return result }
    rest = rest.dropFirst().drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
      let end = rest.dropFirst().firstIndex(of: quote)
    else { return result }
    let value = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
    let key = String(decoding: name, as: UTF8.self)
    if result[key] == nil { result[key] = withoutEntities(value) }
    rest = rest[(end + 1)...]
  }
}

private func isNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E, 0x80...0xFF: true
  default: false
  }
}

/// The five standard entities, and the two ways to write a micro sign by number.
private func withoutEntities(_ text: String) -> String {
  guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
  let entities = [
    "lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'", "#181": "\u{B5}",
    "#xB5": "\u{B5}", "#xb5": "\u{B5}", "#956": "\u{3BC}",
  ]
  var result = ""
  var rest = Substring(text)
  while let start = rest.firstIndex(of: "&") {
    result += rest[..<start]
    let after = rest.index(after: start)
    if let end = rest[after...].firstIndex(of: ";"), let known = entities[String(rest[after..<end])]
    {
      result += known
      rest = rest[rest.index(after: end)...]
    } else {
      result += "&"
      rest = rest[after...]
    }
  }
  return result + rest
}
