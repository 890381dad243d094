// PNG pictures through libpng: samples as stored, no gamma, no background, 16 bits kept.
//
// Implements: PNG (Portable Network Graphics) Specification, third edition, W3C 2025.
// Deviations: gAMA, sRGB, iCCP, cHRM and sBIT are ignored, for grey levels are measured, not shown;
//   ancillary chunks with a wrong checksum are used, critical ones are refused.
// Checked by: PNGTests. Cost: libpng's.

import CPNG
import Files

/// Decodes a PNG picture.
///
/// Grey of 1, 2 and 4 bits is scaled to 8; a palette becomes RGB; a tRNS chunk becomes alpha.
///
/// - Parameters:
///   - bytes: the file.
///   - limits: bounds on the size, compared before anything is allocated.
/// - Returns: the picture.
/// - Throws: an error that names the file when it is damaged, cut short or too large.
package func decodePNG(
  _ bytes: CheckedBytes, limits: ImageLimits = ImageLimits()
) throws(FormatError) -> Image {
  let header = try PNGReader(bytes, limits)
  let info = header.info
  let (width, height) = (Int(info.width), Int(info.height))
  let channels = info.is_palette != 0 ? (info.alpha_count > 0 ? 4 : 3) : Int(info.channels)
  try limits.check(
    width: width, height: height, bytesPerPixel: channels * Int(info.bits) / 8, in: bytes)
  try checkDeclaredData(info, bytes)
  let stored = try header.readRows()
  let samples: Image.Samples
  if info.is_palette != 0 {
    samples = .uint8(try expandPalette(stored, header, bytes))
  } else if info.bits == 16 {
    samples = .uint16(stored.numbers(of: UInt16.self))
  } else {
    samples = .uint8(stored)
  }
  return Image(
    height: height, width: width, channels: channels, samples: samples,
    pixelSize: pixelSize(info), remarks: [])
}

/// A deflate stream expands at most 1032 times: a few bytes cannot hold a giant picture.
private func checkDeclaredData(
  _ info: nital_png_info, _ bytes: CheckedBytes
) throws(FormatError) {
  let rows = UInt64(info.height) * UInt64(max(1, (Int(info.row_bytes)) / 8))
  if rows / 1040 > UInt64(bytes.count) {
    throw bytes.error("\(bytes.count) bytes cannot hold \(info.width) x \(info.height) pixels")
  }
}

/// Indices become colours; an index without a colour is an error.
private func expandPalette(
  _ indices: [UInt8], _ reader: PNGReader, _ bytes: CheckedBytes
) throws(FormatError) -> [UInt8] {
  let (colours, alpha) = reader.palette
  let count = colours.count / 3
  if let bad = indices.firstIndex(where: { Int($0) >= count }) {
    throw bytes.error("pixel \(bad) has colour \(indices[bad]) of a palette of \(count)")
  }
  var result: [UInt8] = []
  result.reserveCapacity(indices.count * (alpha.isEmpty ? 3 : 4))
  for index in indices {
    let i = Int(index)
    result.append(colours[3 * i])
    result.append(colours[3 * i + 1])
    result.append(colours[3 * i + 2])
    if !alpha.isEmpty { result.append(i < alpha.count ? alpha[i] : 255) }
  }
  return result
}

/// The pHYs chunk as a size; defaults of screens and printers are none.
private func pixelSize(_ info: nital_png_info) -> PixelSize {
  var claims = PixelSizeClaims()
  let (x, y) = (Double(info.density_x), Double(info.density_y))
  if info.has_density == 0 || info.density_is_per_metre == 0 {
    return claims.pixelSize
  } else if x == 0 || y == 0 {
    claims.remark("the density in pHYs is 0: the pixel size is unknown")
  } else if [2835, 3780, 5906, 11811].contains(where: { abs(x - $0) <= 1 && abs(y - $0) <= 1 }) {
    claims.remarkDefault(of: "pHYs")
  } else {
    claims.add("PNG pHYs", width: 1e6 / x, height: 1e6 / y)
  }
  return claims.pixelSize
}

/// libpng's state for one file, freed with this object.
@safe private final class PNGReader {
  let info: nital_png_info
  private let bytes: CheckedBytes
  private let reader: OpaquePointer

  init(_ bytes: CheckedBytes, _ limits: ImageLimits) throws(FormatError) {
    self.bytes = bytes
    var info = nital_png_info()
    var message = [CChar](repeating: 0, count: Int(NITAL_PNG_MESSAGE))
    let side = UInt32(clamping: limits.side)
    let bounds = nital_png_limits(side: side, cached_chunks: 1000, chunk_bytes: 8_000_000)
    // SAFETY: `bytes` is kept by this object, so its memory outlives the reader.
    let opened = unsafe bytes.span.withUnsafeBufferPointer { buffer in
      unsafe nital_png_open(buffer.baseAddress, buffer.count, bounds, &info, &message)
    }
    guard let opened = unsafe opened else { throw bytes.error(text(message)) }
    unsafe reader = opened
    self.info = info
  }

  deinit { unsafe nital_png_close(reader) }

  /// All rows of all passes, and the end of the file.
  func readRows() throws(FormatError) -> [UInt8] {
    let (height, rowBytes) = (Int(info.height), info.row_bytes)
    var pixels = [UInt8](repeating: 0, count: height * rowBytes)
    var message = [CChar](repeating: 0, count: Int(NITAL_PNG_MESSAGE))
    // SAFETY: each row lies inside `pixels`; libpng writes `row_bytes` bytes a row.
    let isRead = unsafe pixels.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      for _ in 0..<info.passes {
        for y in 0..<height {
          guard unsafe nital_png_read_row(reader, base + y * rowBytes, &message) == 0 else {
            return false
          }
        }
      }
      return unsafe nital_png_finish(reader, &message) == 0
    }
    if !isRead { throw bytes.error(text(message)) }
    return pixels
  }

  /// The palette's colours (R G B each) and the alpha values of its first entries.
  var palette: (colours: [UInt8], alpha: [UInt8]) {
    var info = self.info
    let colours = unsafe withUnsafeBytes(of: &info.palette) { unsafe Array($0) }
    let alpha = unsafe withUnsafeBytes(of: &info.alpha) { unsafe Array($0) }
    return (
      Array(colours.prefix(3 * Int(info.palette_count))), Array(alpha.prefix(Int(info.alpha_count)))
    )
  }
}

/// The C text as a String.
private func text(_ message: [CChar]) -> String {
  let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  return "the PNG picture cannot be read: " + String(decoding: bytes, as: UTF8.self)
}
