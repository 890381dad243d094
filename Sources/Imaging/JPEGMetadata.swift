// JPEG: what application markers say about colour, physical size and orientation.
//
// Implements: ITU-T T.871 (JFIF), section 10.1 (APP0); the Adobe marker (Adobe Technical Note 5116,
//   section 18, APP14); Exif 2.3, sections 4.5.2 and 4.6.4 (APP1, tag 0112h).
// Equation -> code: density -> pixelSize; orientation -> readOrientation; colour -> colour.
// Deviations: a marker that does not keep to its format is ignored: it carries no samples.
// Checked by: JPEGTests.

import Files

/// How the three components of a JPEG are coded.
package enum JPEGColour: Sendable {
  /// As RGB.
  case rgb
  /// As luminance and two colour differences (YCbCr of ITU-R BT.601, full range).
  case luminanceAndChrominance
}

/// The application markers of a JPEG.
struct JPEGMetadata {
  /// Density unit (1 inch, 2 cm) and pixels a unit, from JFIF.
  private var density: (unit: UInt8, x: UInt16, y: UInt16)?
  /// The Adobe marker's colour transform.
  private var adobeTransform: UInt8?
  /// The Exif orientation, from 1 to 8.
  private var orientation: UInt16?

  /// Uses the segment of marker APPn.
  mutating func take(_ segment: CheckedBytes, application n: UInt8) {
    switch n {
    case 0 where segment.matches(Array("JFIF\0".utf8)): density = try? readDensity(segment)
    case 1 where segment.matches(Array("Exif\0\0".utf8)) && orientation == nil:
      orientation = try? readOrientation(segment)
    case 14 where segment.matches(Array("Adobe".utf8)):
      adobeTransform = try? segment.u8(at: 11)
    default: break
    }
  }

  private func readDensity(
    _ segment: CheckedBytes
  ) throws(FormatError) -> (unit: UInt8, x: UInt16, y: UInt16) {
    (try segment.u8(at: 7), try segment.u16(at: 8, .big), try segment.u16(at: 10, .big))
  }

  /// The orientation in the first directory of the TIFF structure that the segment holds.
  private func readOrientation(_ segment: CheckedBytes) throws(FormatError) -> UInt16? {
    let tiff = try segment.slice(at: 6, count: UInt64(segment.count) - 6)
    let order: ByteOrder = try tiff.u16(at: 0, .big) == 0x4D4D ? .big : .little
    let directory = UInt64(try tiff.u32(at: 4, order))
    for i in 0..<UInt64(try tiff.u16(at: directory, order)) {
      let entry = directory + 2 + 12 * i
      if try tiff.u16(at: entry, order) == 0x0112 {
        let value = try tiff.u16(at: entry + 8, order)
        return (1...8).contains(value) ? value : nil
      }
    }
    return nil
  }

  /// How three components with these numbers are coded, by the rules of libjpeg.
  func colour(identifiers: [UInt8]) -> JPEGColour {
    if density != nil { return .luminanceAndChrominance }
    if let adobeTransform { return adobeTransform == 0 ? .rgb : .luminanceAndChrominance }
    return identifiers == Array("RGB".utf8) ? .rgb : .luminanceAndChrominance
  }

  /// What a reader of the picture should know.
  var remarks: [String] {
    guard let orientation, orientation != 1 else { return [] }
    return ["EXIF orientation \(orientation) is not applied: rows and columns are as stored"]
  }

  /// Densities an inch that cameras, screens and printers write whatever the picture shows.
  private static let defaults: [UInt16] = [
    72, 96, 120, 144, 150, 180, 200, 240, 300, 350, 360, 400, 600, 720, 1200, 2400,
  ]

  /// Whether a density is one of the defaults, rounded to whole pixels a centimetre in that unit.
  private static func isDefault(_ density: UInt16, unit: UInt8) -> Bool {
    defaults.contains { inch in
      let cm = Double(inch) / 2.54
      return unit == 1 ? density == inch : abs(Double(density) - cm) < 1
    }
  }

  /// The pixel size that the JFIF density states, unless it is a default of screens or printers.
  var pixelSize: PixelSize {
    guard let (unit, x, y) = density, x > 0, y > 0, unit == 1 || unit == 2 else { return .unknown }
    let name = unit == 1 ? "inch" : "cm"
    if Self.isDefault(x, unit: unit) || Self.isDefault(y, unit: unit) {
      let remark = "JFIF density \(x) x \(y) pixels per \(name) is a default, not a scale"
      return PixelSize(width: nil, height: nil, source: nil, remarks: [remark])
    }
    let micrometres = unit == 1 ? 25400.0 : 10000.0
    return PixelSize(
      width: Length(micrometres: micrometres / Double(x)),
      height: Length(micrometres: micrometres / Double(y)), source: "JFIF density")
  }
}
