// PNM: decoding of PBM, PGM, PPM and PAM pictures, plain and raw.
//
// Implements: the Netpbm formats pbm(5), pgm(5), ppm(5) and pam(5).
// Equation -> code: sample v of maximum m -> round(255 v / m) when m < 256, else round(65535 v / m):
//   PNMDecoder.samples.
// Deviations: of several pictures in a file the first is read. A sample above the maximum is an error.
// Checked by: PNMTests.
// Cost: one pass.

import Files

/// Decodes a PNM or PAM file to samples of 8 or 16 bits that fill their range.
///
/// - Parameters:
///   - bytes: the file.
///   - limits: bounds on the picture's size.
/// - Returns: the picture, (height, width, 1) to (height, width, 4).
/// - Throws: an error that says what was expected, and where.
package func decodePNM(
  _ bytes: CheckedBytes, limits: ImageLimits = ImageLimits()
) throws(FormatError) -> Image {
  var reader = PNMTokenReader(bytes)
  let header = try PNMHeader(&reader)
  let bytesPerSample = header.maximum > 255 ? 2 : 1
  try limits.check(
    width: header.width, height: header.height, bytesPerPixel: header.channels * bytesPerSample,
    in: bytes)
  let decoder = PNMDecoder(header: header, bytes: bytes)
  var image = Image(
    height: header.height, width: header.width, channels: header.channels,
    samples: bytesPerSample == 1
      ? .uint8(try decoder.samples(&reader)) : .uint16(try decoder.samples(&reader)))
  let full = bytesPerSample == 1 ? 255 : 65535
  if header.maximum != full && header.maximum != 1 {
    image.remarks.append("samples of 0 to \(header.maximum) were scaled to 0 to \(full)")
  }
  return image
}

/// Reads the samples that a header announces.
private struct PNMDecoder {
  let header: PNMHeader
  let bytes: CheckedBytes

  private var count: Int { header.width * header.height * header.channels }

  /// All samples, stretched to the full range of 8 or 16 bits.
  func samples<Sample: FixedWidthInteger & UnsignedInteger>(
    _ reader: inout PNMTokenReader
  ) throws(FormatError) -> [Sample] {
    var values: [Sample] =
      header.isPlain
      ? try plain(&reader)
      : header.isBitmap ? try packedBits(from: reader.position) : try raw(from: reader.position)
    let maximum = UInt32(header.maximum)
    let full = UInt32(Sample.max)
    if maximum == full { return values }
    var target = values.mutableSpan
    for i in target.indices {
      let value = UInt32(target[i])
      guard value <= maximum else {
        throw bytes.error("sample number \(i) is \(value), more than the maximum of \(maximum)")
      }
      target[i] = Sample((value * full + maximum / 2) / maximum)
    }
    return values
  }

  /// Samples written as decimal numbers; bits may stand together.
  private func plain<Sample: FixedWidthInteger & UnsignedInteger>(
    _ reader: inout PNMTokenReader
  ) throws(FormatError) -> [Sample] {
    // Each number takes a digit, and a space before it unless it is a bit.
    let room = header.isBitmap ? reader.remaining : (reader.remaining + 1) / 2
    guard count <= room else {
      throw reader.fault("the file is too short for \(header.width) x \(header.height) pixels")
    }
    var values = [Sample](repeating: 0, count: count)
    for i in 0..<count {
      values[i] =
        header.isBitmap
        ? 1 - Sample(try reader.bit()) : Sample(try reader.number(limit: header.maximum))
    }
    return values
  }

  /// The bytes of rows of `rowSize` bytes.
  private func rows(_ rowSize: Int, from position: Int) throws(FormatError) -> CheckedBytes {
    try bytes.slice(at: UInt64(position), count: UInt64(rowSize) * UInt64(header.height))
  }

  /// Samples written as bits of which 1 is black; each row begins with a byte.
  private func packedBits<Sample: FixedWidthInteger & UnsignedInteger>(
    from position: Int
  ) throws(FormatError) -> [Sample] {
    let rowSize = (header.width + 7) / 8
    let data = try rows(rowSize, from: position)
    let source = data.span
    var values = [Sample](repeating: 0, count: count)
    for y in 0..<header.height {
      for x in 0..<header.width {
        let bit = source[y * rowSize + x / 8] >> UInt8(7 - x % 8) & 1
        values[y * header.width + x] = Sample(1 - bit)
      }
    }
    return values
  }

  /// Samples of one or two bytes, the most significant first.
  private func raw<Sample: FixedWidthInteger & UnsignedInteger>(
    from position: Int
  ) throws(FormatError) -> [Sample] {
    let isWide = Sample.bitWidth == 16
    let data = try rows(header.width * header.channels * (isWide ? 2 : 1), from: position)
    let source = data.span
    var values = [Sample](repeating: 0, count: count)
    var target = values.mutableSpan
    if isWide {
      for i in target.indices {
        target[i] = Sample(UInt16(source[2 * i]) << 8 | UInt16(source[2 * i + 1]))
      }
    } else {
      for i in target.indices { target[i] = Sample(source[i]) }
    }
    return values
  }
}
