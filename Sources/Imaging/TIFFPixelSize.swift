// The size of a pixel as microscopes and programs write it into TIFF tags.
//
// Sources in the order of trust: Zeiss SmartSEM (tag 34118), FEI and Thermo Fisher (34682, 34680),
// OME-XML and ImageJ (270), DigitalMicrograph (65009, 65010), TIFF resolution (282, 283, 296).
// Deviations: none. Checked by: PixelSizeTests. Cost: linear in the length of the texts.

import Files

/// The size of a pixel of a TIFF page, with every disagreement and unusable value remarked on.
func tiffPixelSize(_ tags: TIFFDirectory, width: Int, height: Int) -> PixelSize {
  var claims = PixelSizeClaims()
  func text(_ code: UInt16) -> [UInt8]? {
    guard tags.has(code) else { return nil }
    guard let text = try? tags.text(code) else {
      claims.remark("tag \(code) cannot be read")
      return nil
    }
    return text
  }
  if let zeiss = text(34118) { addZeissClaims(zeiss, width: width, to: &claims) }
  for code: UInt16 in [34682, 34680] {
    if let fei = text(code) { addFEIClaim(IniText(latin1(fei)), to: &claims) }
  }
  let description = text(270).map { String(decoding: $0, as: UTF8.self) } ?? ""
  addOMEClaim(description, to: &claims)
  let isImageJ = addImageJClaim(description, tags, to: &claims)
  addDigitalMicrographClaim(tags, to: &claims)
  if !isImageJ { addResolutionClaim(tags, to: &claims) }
  return claims.pixelSize
}

// MARK: - Zeiss

/// Reads SmartSEM's text.
///
/// It begins with unnamed numbers; the fourth is the pixel size in metres of a picture that
/// is 1024 pixels wide. `AP_PIXEL_SIZE` is also for 1024 pixels and therefore not used.
private func addZeissClaims(_ bytes: [UInt8], width: Int, to claims: inout PixelSizeClaims) {
  let lines = textLines(latin1(bytes))
  let unnamed = lines.prefix { Double(trimmed($0)) != nil }
  if unnamed.count > 3, let value = Double(trimmed(unnamed[3])), value != 0 {
    let size = value * 1e6 * 1024 / Double(width)
    claims.add("Zeiss tag 34118", width: size, height: size)
  }
  for (name, pixels) in [("AP_IMAGE_PIXEL_SIZE", 1.0), ("AP_WIDTH", Double(width))] {
    guard let i = lines.firstIndex(where: { trimmed($0) == name }), i + 1 < lines.count,
      let length = lengthAfterEquals(lines[i + 1])
    else { continue }
    claims.add("Zeiss \(name)", width: length / pixels, height: length / pixels)
  }
}

/// The length in micrometres of "Name = 18.61 nm".
private func lengthAfterEquals(_ line: String) -> Double? {
  guard let equals = line.firstIndex(of: "=") else { return nil }
  let words = line[line.index(after: equals)...].split(separator: " ")
  guard words.count >= 2, let value = Double(words[0]), let unit = micrometres(ofUnit: words[1])
  else { return nil }
  return value * unit
}

// MARK: - FEI and Thermo Fisher

/// A text of sections in brackets with `key=value` lines.
struct IniText {
  /// Values by "Section.Key"; the first one counts when a key comes twice.
  private var values: [String: String] = [:]

  init(_ text: String) {
    var section = ""
    for line in textLines(text).prefix(100_000) {
      let line = trimmed(line)
      if line.hasPrefix("["), line.hasSuffix("]") {
        section = String(line.dropFirst().dropLast())
      } else if let equals = line.firstIndex(of: "=") {
        let key = section + "." + trimmed(String(line[..<equals]))
        let value = trimmed(String(line[line.index(after: equals)...]))
        if values[key] == nil { values[key] = value }
      }
    }
  }

  /// The number of a key; `nil` when it is missing or no number.
  func number(_ section: String, _ key: String) -> Double? {
    values[section + "." + key].flatMap { Double($0) }
  }
}

private func addFEIClaim(_ text: IniText, to claims: inout PixelSizeClaims) {
  for section in ["Scan", "EScan", "IScan"] {
    guard let x = text.number(section, "PixelWidth"), let y = text.number(section, "PixelHeight")
    else { continue }
    claims.add("FEI \(section)", width: x * 1e6, height: y * 1e6)
    return
  }
  for section in ["Scan", "EScan", "IScan"] {
    guard let field = text.number(section, "HorFieldsize"),
      let columns = text.number("Image", "ResolutionX"), columns > 0
    else { continue }
    claims.add(
      "FEI \(section) field width", width: field * 1e6 / columns, height: field * 1e6 / columns)
    return
  }
}

/// How many rows at the bottom hold the data bar of an FEI picture; 0 when there is none.
func feiDataBarRows(_ tags: TIFFDirectory, height: Int) -> Int {
  for code: UInt16 in [34682, 34680] {
    guard let bytes = try? tags.text(code) else { continue }
    guard let rows = IniText(latin1(bytes)).number("Image", "ResolutionY"),
      let scanned = Int(exactly: rows.rounded()), scanned > 0, scanned < height
    else { continue }
    return height - scanned
  }
  return 0
}

// MARK: - OME-XML

/// Reads the attributes of the first `Pixels` element by hand: no DTD, no entities to expand.
private func addOMEClaim(_ description: String, to claims: inout PixelSizeClaims) {
  guard description.utf8.prefix(1024).contains(UInt8(ascii: "<")),
    description.prefix(1024).contains("<OME") || description.prefix(1024).contains(":OME"),
    let element = xmlElement("Pixels", in: description),
    let x = element["PhysicalSizeX"].flatMap({ Double($0) })
  else { return }
  let y = element["PhysicalSizeY"].flatMap { Double($0) } ?? x
  let unitX = micrometres(ofUnit: element["PhysicalSizeXUnit"] ?? "um")
  let unitY = micrometres(ofUnit: element["PhysicalSizeYUnit"] ?? "um")
  guard let unitX, let unitY else {
    claims.remark("OME-XML states a pixel size in a unit that is no length")
    return
  }
  claims.add("OME-XML", width: x * unitX, height: y * unitY)
}

// MARK: - ImageJ

/// The lines of an ImageJ description; `nil` when it is none.
private func imageJLines(_ description: String) -> [String]? {
  description.hasPrefix("ImageJ=") ? textLines(description) : nil
}

/// Resolution counts pixels per the description's unit.
///
/// Tells whether ImageJ wrote the file.
private func addImageJClaim(
  _ description: String, _ tags: TIFFDirectory, to claims: inout PixelSizeClaims
) -> Bool {
  guard let lines = imageJLines(description),
    let name = lines.first(where: { $0.hasPrefix("unit=") })?.dropFirst(5)
  else { return false }
  guard let unit = micrometres(ofUnit: name) else {
    if name != "pixel" {
      claims.remark("ImageJ's unit '\(printable(String(name), limit: 20))' is no length")
    }
    return true
  }
  guard let x = try? tags.real(282), let y = try? tags.real(283) else {
    claims.remark("ImageJ names a unit, but the file has no resolution")
    return true
  }
  claims.add("ImageJ", width: unit / x, height: unit / y)
  return true
}

/// How many pictures follow each other after one directory that ImageJ wrote.
func imageJStackCount(_ tags: TIFFDirectory) -> Int {
  guard let text = try? tags.text(270),
    let lines = imageJLines(String(decoding: text, as: UTF8.self)),
    let value = lines.first(where: { $0.hasPrefix("images=") })?.dropFirst(7)
  else { return 1 }
  return Int(value).map { min(max($0, 1), 1_000_000) } ?? 1
}

// MARK: - DigitalMicrograph and resolution

private func addDigitalMicrographClaim(_ tags: TIFFDirectory, to claims: inout PixelSizeClaims) {
  guard let x = try? tags.real(65009), let y = try? tags.real(65010) else { return }
  func unit(_ code: UInt16) -> Double? {
    guard let bytes = try? tags.text(code) else { return nil }
    return micrometres(ofUnit: String(decoding: bytes, as: UTF8.self))
      ?? micrometres(ofUnit: latin1(bytes))
  }
  guard let unitX = unit(65003), let unitY = unit(65004) else { return }
  claims.add("DigitalMicrograph", width: x * unitX, height: y * unitY)
}

private func addResolutionClaim(_ tags: TIFFDirectory, to claims: inout PixelSizeClaims) {
  guard tags.has(282), tags.has(283) else { return }
  guard let x = try? tags.real(282), let y = try? tags.real(283),
    let unit = try? tags.integer(296, missing: 2)
  else {
    claims.remark("the TIFF resolution cannot be read")
    return
  }
  guard unit == 2 || unit == 3 else {
    if unit != 1 {
      claims.remark("resolution unit \(unit) is not defined: the resolution is not used")
    }
    return
  }
  let perInch = unit == 2 ? 1 : 2.54
  if isDefaultDensity(perInch: x * perInch, y * perInch) || (x == 1 && y == 1) {
    claims.remarkDefault(of: "the TIFF resolution")
    return
  }
  let length = unit == 2 ? 25_400.0 : 10_000.0
  claims.add("TIFF resolution", width: length / x, height: length / y)
}
