// Numbers and text as reports and tables print them; the same on every host, without a locale.

/// `value` with a fixed number of decimals, rounded half away from zero; "NaN", "inf" and "-inf"
/// otherwise.
public func fixed(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-inf" : "inf" }
  let scale = powerOfTen(decimals)
  let scaled = (value.magnitude * scale).rounded(.toNearestOrAwayFromZero)
  guard scaled < 0x1p62 else { return "\(value)" }
  let whole = UInt64(scaled)
  let unit = UInt64(scale)
  let sign = value < 0 && whole > 0 ? "-" : ""
  let integral = "\(whole / unit)"
  guard decimals > 0 else { return sign + integral }
  let fraction = "\(whole % unit)"
  return sign + integral + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

/// `value` as a percentage of one, for instance "99.4 %".
public func percent(_ value: Double, _ decimals: Int = 1) -> String {
  fixed(value * 100, decimals) + " %"
}

/// `value` with about `digits` significant digits and no trailing zeros.
public func significant(_ value: Double, _ digits: Int = 4) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : fixed(value, 0) }
  var exponent = 0
  var m = value.magnitude
  while m >= 10 {
    m /= 10
    exponent += 1
  }
  while m < 1 {
    m *= 10
    exponent -= 1
  }
  guard exponent >= -5 && exponent < 9 else {
    return (value < 0 ? "-" : "") + trimmed(fixed(m, digits - 1)) + "e\(exponent)"
  }
  return trimmed(fixed(value, max(0, digits - 1 - exponent)))
}

/// 10 to a small whole power.
func powerOfTen(_ exponent: Int) -> Double {
  (0..<max(0, exponent)).reduce(1.0) { power, _ in power * 10 }
}

/// Removes zeros after the last significant decimal.
private func trimmed(_ text: String) -> String {
  guard text.contains(".") else { return text }
  var result = Substring(text)
  while result.hasSuffix("0") { result = result.dropLast() }
  return String(result.hasSuffix(".") ? result.dropLast() : result)
}

/// Text for HTML and SVG: the five special characters replaced, control characters escaped.
public func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default:
      if scalar.value < 0x20 || scalar.value == 0x7f {
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result
}

/// One cell of a CSV file: text that a spreadsheet would take for a formula gets a leading quote
/// mark, and cells with separators or quotes are quoted (RFC 4180).
public func csvText(_ text: String) -> String {
  let formula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
  let safe = formula ? "'" + text : text
  let special = safe.unicodeScalars.contains { ",\"\n\r".unicodeScalars.contains($0) }
  guard special else { return safe }
  var quoted = "\""
  for scalar in safe.unicodeScalars {
    quoted.unicodeScalars.append(scalar)
    if scalar == "\"" { quoted += "\"" }
  }
  return quoted + "\""
}

/// Bytes in Base64 (RFC 4648, section 4).
public func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let b0 = Int(bytes[start])
    let b1 = start + 1 < bytes.count ? Int(bytes[start + 1]) : 0
    let b2 = start + 2 < bytes.count ? Int(bytes[start + 2]) : 0
    text.append(alphabet[b0 >> 2])
    text.append(alphabet[(b0 & 3) << 4 | b1 >> 4])
    text.append(start + 1 < bytes.count ? alphabet[(b1 & 15) << 2 | b2 >> 6] : UInt8(ascii: "="))
    text.append(start + 2 < bytes.count ? alphabet[b2 & 63] : UInt8(ascii: "="))
  }
  return String(decoding: text, as: UTF8.self)
}
