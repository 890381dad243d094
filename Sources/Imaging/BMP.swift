// BMP: decoding of Windows and OS/2 bitmaps.
//
// Implements: Microsoft, "Bitmap Storage" and BITMAPCOREHEADER, BITMAPINFOHEADER, BITMAPV4HEADER,
//   BITMAPV5HEADER (Windows GDI documentation); OS/2 2.x BITMAPINFOHEADER2 as far as it agrees.
// Equation -> code: headers -> BMPHeader; palettes and rows -> BMPDecoder; masks -> BMPMasks; runs ->
//   BMPRunLength.
// Deviations: an index beyond the palette, and runs that leave the picture, are errors. Pixels that
//   runs skip have index 0. The fourth byte of 32-bit pixels is alpha only where a mask says so.
//   A palette of greys alone gives one channel.
// Checked by: BMPTests.
// Cost: one pass over the pixels; run-length coded pictures need a byte a pixel besides.

import Files

/// Decodes a BMP file to grey, RGB or RGBA samples of 8 bits.
///
/// - Parameters:
///   - bytes: the file.
///   - limits: bounds on the picture's size.
/// - Returns: the picture, (height, width, 1), (height, width, 3) or (height, width, 4).
/// - Throws: an error that names the unsupported feature or the damage, and its place.
package func decodeBMP(
  _ bytes: CheckedBytes, limits: ImageLimits = ImageLimits()
) throws(FormatError) -> Image {
  let header = try BMPHeader(bytes)
  try limits.check(
    width: header.width, height: header.height, bytesPerPixel: 4, in: bytes)
  let decoder = BMPDecoder(bytes: bytes, header: header)
  let (samples, channels) =
    header.bits <= 8 ? try decoder.indexed() : try decoder.direct()
  var image = Image(
    height: header.height, width: header.width, channels: channels, samples: .uint8(samples))
  image.pixelSize = header.pixelSize
  if header.masks?.losesBits == true {
    image.remarks.append("BMP masks of more than 8 bits: samples are rounded to 8 bits")
  }
  return image
}

/// Turns the pixels of a BMP to samples.
private struct BMPDecoder {
  let bytes: CheckedBytes
  let header: BMPHeader

  /// The bytes of the rows, which are padded to multiples of 4 bytes.
  private func rows() throws(FormatError) -> (data: CheckedBytes, stride: Int) {
    // At most 1,000,000 columns of 32 bits: no overflow.
    let stride = (header.width * header.bits + 31) / 32 * 4
    let count = UInt64(stride) * UInt64(header.height)
    return (try bytes.slice(at: header.pixelOffset, count: count), stride)
  }

  /// The file's row of the picture's row `y`.
  private func fileRow(_ y: Int) -> Int { header.isTopDown ? y : header.height - 1 - y }

  /// The rows of indices, the bytes of a row, and the bits of an index.
  private func indices() throws(FormatError) -> (indices: [UInt8], stride: Int, bits: Int) {
    guard header.isRunLengthCoded else {
      let rows = try rows()
      return (rows.data.array, rows.stride, header.bits)
    }
    let data = try bytes.slice(
      at: header.pixelOffset, count: UInt64(bytes.count) - header.pixelOffset)
    return (try BMPRunLength(data, header).indices(), header.width, 8)
  }

  /// Pictures of 1, 2, 4 or 8 bits with a palette.
  func indexed() throws(FormatError) -> (samples: [UInt8], channels: Int) {
    let palette = try header.palette(bytes)
    let isGrey = palette.allSatisfy { $0.x == $0.y && $0.y == $0.z }
    let channels = isGrey ? 1 : 3
    let (indices, stride, bits) = try indices()
    var samples = [UInt8](repeating: 0, count: header.width * header.height * channels)
    let all = indices.span
    for y in 0..<header.height {
      let range = fileRow(y) * stride..<(fileRow(y) + 1) * stride
      let isValid = look(
        up: all.extracting(range), bits, palette, channels, &samples,
        at: y * header.width * channels)
      if !isValid {
        throw bytes.error(
          "a BMP pixel in row \(y) has an index beyond the palette of \(palette.count) colours")
      }
    }
    return (samples, channels)
  }

  /// Looks a row of indices up; false when one is beyond the palette.
  private func look(
    up row: Span<UInt8>, _ bits: Int, _ palette: [SIMD3<UInt8>], _ channels: Int,
    _ samples: inout [UInt8], at start: Int
  ) -> Bool {
    let mask = UInt8(truncatingIfNeeded: (1 << bits) - 1)
    let perByte = 8 / bits
    var target = samples.mutableSpan
    let colours = palette.span
    for x in 0..<header.width {
      let shift = 8 - bits - x % perByte * bits
      let index = Int(row[x / perByte] >> UInt8(truncatingIfNeeded: shift) & mask)
      guard index < colours.count else { return false }
      for c in 0..<channels { target[start + x * channels + c] = colours[index][c] }
    }
    return true
  }

  /// Pictures of 16, 24 or 32 bits, the least significant byte first.
  func direct() throws(FormatError) -> (samples: [UInt8], channels: Int) {
    let (data, stride) = try rows()
    let channels = header.masks?.hasAlpha == true ? 4 : 3
    var samples = [UInt8](repeating: 0, count: header.width * header.height * channels)
    let source = data.span
    for y in 0..<header.height {
      let row = source.extracting(fileRow(y) * stride..<(fileRow(y) + 1) * stride)
      let start = y * header.width * channels
      if let masks = header.masks {
        masks.convert(row, bytesPerPixel: header.bits / 8, header.width, &samples, at: start)
      } else {
        reverse(row, bytesPerPixel: header.bits / 8, &samples, at: start)
      }
    }
    return (samples, channels)
  }

  /// Turns blue, green, red to red, green, blue.
  private func reverse(
    _ row: Span<UInt8>, bytesPerPixel: Int, _ samples: inout [UInt8], at start: Int
  ) {
    var target = samples.mutableSpan
    for x in 0..<header.width {
      for c in 0..<3 { target[start + 3 * x + c] = row[x * bytesPerPixel + 2 - c] }
    }
  }
}
