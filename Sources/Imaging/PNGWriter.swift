// PNG pictures written without a library: the same bytes for the same picture on every run.
//
// Implements: PNG (Portable Network Graphics) Specification, third edition, W3C 2025, sections 5,
//   9 (filters), 11.
// Deviations: never interlaced. The filter of a row is the one with the smallest sum of absolute
//   values, as the specification recommends (section 12.7); palette pictures are not filtered.
// Checked by: PNGTests. Cost: five passes over the samples, and zlib's.

import Files

/// Encodes a picture as PNG.
///
/// - Parameters:
///   - image: 1 to 4 channels of 8 or 16 bits without a sign.
///   - file: the name of the output, for errors.
///   - level: zlib's level, 0 ... 9.
/// - Returns: the file's bytes; the pixel size goes into a pHYs chunk when it is known.
/// - Throws: an error that names `file` when PNG cannot hold such samples.
public func encodePNG(
  _ image: Image, file: String = "PNG", level: Int = 6
) throws(FormatError) -> [UInt8] {
  let stored: (bytes: [UInt8], bits: Int)
  switch image.samples {
  case .uint8(let v): stored = (v, 8)
  case .uint16(let v): stored = (littleEndianBytes(of: v.map(\.byteSwapped)), 16)
  default:
    throw FormatError(
      file: file,
      problem: "PNG holds whole numbers 0 ... 255 or 0 ... 65535, not \(image.samples.typeName); "
        + "write a TIFF file instead")
  }
  guard image.width > 0 && image.height > 0 && image.channels <= 4 else {
    throw FormatError(
      file: file,
      problem: "PNG cannot hold \(image.width) x \(image.height) x \(image.channels) samples")
  }
  let pixelBytes = image.channels * stored.bits / 8
  let rows = filteredRows(stored.bytes, rowBytes: image.width * pixelBytes, step: pixelBytes)
  let colourType: UInt8 = [0, 4, 2, 6][image.channels - 1]
  return pngFile(
    header: pngHeader(image.width, image.height, bits: stored.bits, colourType),
    density: image.pixelSize, palette: [], rows: rows, level: level)
}

/// Encodes a map of labels as a PNG with a palette.
///
/// - Parameters:
///   - indices: the label of each pixel in row-major order.
///   - height: the number of rows, at least 1.
///   - width: the number of columns, at least 1.
///   - palette: the colour of each label as 0xRRGGBB, 1 to 256 of them.
///   - pixelSize: goes into a pHYs chunk when it is known.
/// - Precondition: there are height x width indices, each with a colour.
/// - Returns: the file's bytes.
public func encodeIndexedPNG(
  indices: [UInt8], height: Int, width: Int, palette: [UInt32], pixelSize: PixelSize = .unknown
) -> [UInt8] {
  precondition(
    height > 0 && width > 0 && indices.count == height * width,
    "a (\(height), \(width)) picture does not hold \(indices.count) indices")
  precondition((1...256).contains(palette.count), "a palette of \(palette.count) colours")
  precondition(indices.allSatisfy { Int($0) < palette.count }, "an index without a colour")
  var rows: [UInt8] = []
  rows.reserveCapacity((width + 1) * height)
  for y in 0..<height {
    rows.append(0)
    rows.append(contentsOf: indices[(y * width)..<((y + 1) * width)])
  }
  let colours = palette.flatMap { colour in
    [16, 8, 0].map { UInt8(truncatingIfNeeded: colour >> UInt32($0)) }
  }
  return pngFile(
    header: pngHeader(width, height, bits: 8, 3), density: pixelSize, palette: colours, rows: rows,
    level: 6)
}

private func pngHeader(_ width: Int, _ height: Int, bits: Int, _ colourType: UInt8) -> [UInt8] {
  bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [UInt8(bits), colourType, 0, 0, 0]
}

/// Puts the chunks together.
private func pngFile(
  header: [UInt8], density: PixelSize, palette: [UInt8], rows: [UInt8], level: Int
) -> [UInt8] {
  var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  file += chunk("IHDR", header)
  if let width = density.width, let height = density.height,
    let x = UInt32(exactly: (1e6 / width.micrometres).rounded()), x > 0,
    let y = UInt32(exactly: (1e6 / height.micrometres).rounded()), y > 0
  {
    file += chunk("pHYs", bigEndian(x) + bigEndian(y) + [1])
  }
  if !palette.isEmpty { file += chunk("PLTE", palette) }
  let data = deflated(rows, .zlib, level: level)
  for start in stride(from: 0, to: data.count, by: 1 << 24) {
    file += chunk("IDAT", Array(data[start..<min(data.count, start + 1 << 24)]))
  }
  return file + chunk("IEND", [])
}

/// Length, type, data and checksum.
private func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
  let body = Array(type.utf8) + data
  return bigEndian(UInt32(data.count)) + body + bigEndian(CRC32.of(body))
}

private func bigEndian(_ value: UInt32) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
}

/// Each row with the number of its filter before it (section 9.2).
private func filteredRows(_ bytes: [UInt8], rowBytes: Int, step: Int) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(bytes.count + bytes.count / max(rowBytes, 1))
  var above = [UInt8](repeating: 0, count: rowBytes)
  for start in stride(from: 0, to: bytes.count, by: rowBytes) {
    let row = Array(bytes[start..<(start + rowBytes)])
    var best: [UInt8] = row
    var (bestFilter, bestSum) = (UInt8(0), absoluteSum(row))
    for filter: UInt8 in 1...4 {
      let candidate = filtered(row, above, filter, step)
      let sum = absoluteSum(candidate)
      if sum < bestSum { (best, bestFilter, bestSum) = (candidate, filter, sum) }
    }
    result.append(bestFilter)
    result.append(contentsOf: best)
    above = row
  }
  return result
}

/// The sum of the bytes' absolute values, taken as signed.
private func absoluteSum(_ bytes: [UInt8]) -> Int {
  bytes.reduce(0) { $0 + Int($1 < 128 ? $1 : 0 &- $1) }
}

/// Table 6: 1 Sub, 2 Up, 3 Average, 4 Paeth.
private func filtered(_ row: [UInt8], _ above: [UInt8], _ filter: UInt8, _ step: Int) -> [UInt8] {
  var result = row
  for i in row.indices {
    let a = i >= step ? row[i - step] : 0
    let b = above[i]
    let predicted: UInt8
    switch filter {
    case 1: predicted = a
    case 2: predicted = b
    case 3: predicted = UInt8((Int(a) + Int(b)) / 2)
    default: predicted = paeth(a, b, i >= step ? above[i - step] : 0)
    }
    result[i] = row[i] &- predicted
  }
  return result
}

/// Section 9.4: of left, above and upper left the one nearest to left + above - upper left.
private func paeth(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> UInt8 {
  let p = Int(a) + Int(b) - Int(c)
  let (pa, pb, pc) = (abs(p - Int(a)), abs(p - Int(b)), abs(p - Int(c)))
  if pa <= pb && pa <= pc { return a }
  return pb <= pc ? b : c
}
