// PNM: writing of PGM, PPM and PAM pictures.
//
// Implements: pgm(5), ppm(5), pam(5) of Netpbm, raw, with maximum 255 or 65535.
// Checked by: PNMTests (round trip).

import Files

/// A picture as a PNM file: P5 for one channel, P6 for three, P7 for two or four.
///
/// - Parameters:
///   - image: samples of 8 or 16 bits without a sign, 1 to 4 channels, not empty.
///   - file: the path to be written, for errors.
/// - Returns: the bytes of the file.
/// - Throws: an error when the picture has other samples or channels: the format cannot hold it.
package func encodePNM(_ image: Image, file: String) throws(FormatError) -> [UInt8] {
  func fault(_ problem: String) -> FormatError { FormatError(file: file, problem: problem) }
  guard (1...4).contains(image.channels) else {
    throw fault("PNM cannot hold \(image.channels) channels, only 1 to 4")
  }
  guard image.width > 0 && image.height > 0 else { throw fault("PNM cannot hold an empty picture") }
  switch image.samples {
  case .uint8(let values):
    return header(image, maximum: 255) + values
  case .uint16(let values):
    var bytes = header(image, maximum: 65535)
    bytes.reserveCapacity(bytes.count + 2 * values.count)
    for value in values {
      bytes.append(UInt8(value >> 8))
      bytes.append(UInt8(value & 0xFF))
    }
    return bytes
  default:
    throw fault("PNM cannot hold \(image.samples.typeName) samples, only uint8 and uint16")
  }
}

private func header(_ image: Image, maximum: Int) -> [UInt8] {
  let text =
    switch image.channels {
    case 1: "P5\n\(image.width) \(image.height)\n\(maximum)\n"
    case 3: "P6\n\(image.width) \(image.height)\n\(maximum)\n"
    default:
      "P7\nWIDTH \(image.width)\nHEIGHT \(image.height)\nDEPTH \(image.channels)\n"
        + "MAXVAL \(maximum)\nTUPLTYPE \(image.channels == 2 ? "GRAYSCALE" : "RGB")_ALPHA\nENDHDR\n"
    }
  return Array(text.utf8)
}
