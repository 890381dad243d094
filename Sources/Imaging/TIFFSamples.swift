// The samples of a TIFF page: strips and tiles unpacked, put in place, and given their type.
//
// Implements: Adobe, TIFF Revision 6.0, 1992, sections 14 (predictor 2), 15 (tiles); Adobe
//   Photoshop TIFF Technical Note 3, 2005 (predictor 3).
// Symbols: a segment is a strip or a tile; samples are interleaved and little-endian once unpacked.
// Deviations: none. Checked by: TIFFTests. Cost: linear in the picture's bytes.

import Files

/// Reads the samples of one page.
struct TIFFSamples {
  let layout: TIFFLayout
  let file: TIFFFile

  /// All samples as bytes: (height, width, sample), each sample little-endian, of 8 bits or more.
  ///
  /// Samples of fewer than 8 bits are indices for a palette, otherwise scaled to 0 ... 255.
  ///
  /// - Parameter shift: is added to the offset of each strip or tile.
  /// - Returns: the samples' bytes.
  /// - Throws: an error when strips or tiles are missing, cut short or damaged.
  func read(shift: UInt64 = 0) throws(FormatError) -> [UInt8] {
    try checkDeclaredData(shift)
    let layout = layout
    let pixelBytes = layout.samples * layout.bytesPerSample
    var result = [UInt8](repeating: 0, count: layout.width * layout.height * pixelBytes)
    var index = 0
    for plane in 0..<layout.planes {
      for y in stride(from: 0, to: layout.height, by: layout.segmentHeight) {
        for x in stride(from: 0, to: layout.width, by: layout.segmentWidth) {
          let segment = try unpackedSegment(index, rows: layout.rows(ofSegmentAt: y), shift)
          place(segment, at: (y, x), plane, into: &result)
          index += 1
        }
      }
    }
    return result
  }

  /// The bytes of a segment in the file.
  private func segmentData(
    _ index: Int, rows: Int, _ shift: UInt64
  ) throws(FormatError) -> CheckedBytes {
    let (offset, overflow) = layout.offsets[index].addingReportingOverflow(shift)
    let needed = UInt64(rows * layout.segmentRowBytes)
    let size = UInt64(file.bytes.count)
    var count = layout.byteCounts.isEmpty ? needed : layout.byteCounts[index]
    switch layout.compression {
    case .none:
      guard count >= needed else {
        throw file.bytes.error("\(needed) bytes expected, but \(count) are declared", at: offset)
      }
      count = needed
    case .packBits, .lzw, .deflate, .jpeg:
      if layout.byteCounts.isEmpty { count = offset < size ? size - offset : 0 }
    }
    guard !overflow else { throw file.bytes.error("offset \(offset) lies outside") }
    return try file.bytes.slice(at: offset, count: count)
  }

  /// Compares the picture's size with the bytes present, before its memory is allocated.
  private func checkDeclaredData(_ shift: UInt64) throws(FormatError) {
    var (index, possible, needed) = (0, 0, 0)
    for _ in 0..<layout.planes {
      for y in stride(from: 0, to: layout.height, by: layout.segmentHeight) {
        let rows = layout.rows(ofSegmentAt: y)
        for _ in 0..<layout.segmentsAcross {
          let data = try segmentData(index, rows: rows, shift)
          let most = min(data.count, 1 << 36) * layout.compression.largestExpansion
          possible = min(possible + most, 1 << 60)
          needed += rows * layout.segmentRowBytes
          // Tiles that overlap each other's bytes could otherwise keep the reader busy for ever.
          guard needed <= 1 << 34 else {
            throw file.bytes.error("the tiles hold more than \(1 << 34) bytes of samples")
          }
          index += 1
        }
      }
    }
    if possible < needed {
      let name = layout.compression.name
      throw file.bytes.error(
        "\(possible) bytes at most are there (\(name)) for \(needed) bytes of samples")
    }
  }

  /// A segment's samples as bytes, each little-endian, of 8 bits or more.
  private func unpackedSegment(
    _ index: Int, rows: Int, _ shift: UInt64
  ) throws(FormatError) -> [UInt8] {
    var data = try segmentData(index, rows: rows, shift)
    if layout.compression == .jpeg { return try jpegSegment(data, rows: rows) }
    if layout.isBitReversed {
      data = CheckedBytes(data.array.map(reversedBits), file: data.file)
    }
    let stored = try layout.compression.decode(data, to: rows * layout.segmentRowBytes)
    let row = layout.segmentWidth * layout.samplesPerSegment
    if layout.predictor == 3 { return floatingRows(stored, row: row, rows: rows) }
    let isBig = file.order == .big
    let differences = layout.predictor == 2 ? layout.samplesPerSegment : 0
    switch layout.bits {
    case 8: return integerRows(stored, UInt8.self, row: row, differences, isBig)
    case 16: return integerRows(stored, UInt16.self, row: row, differences, isBig)
    case 32: return integerRows(stored, UInt32.self, row: row, differences, isBig)
    case 64: return integerRows(stored, UInt64.self, row: row, differences, isBig)
    default: return smallSamples(stored, row: row, rows: rows)
    }
  }

  /// A strip or tile that is a JPEG stream, its tables perhaps kept apart.
  private func jpegSegment(_ data: CheckedBytes, rows: Int) throws(FormatError) -> [UInt8] {
    let width = layout.segmentWidth
    let colour: JPEGColour? =
      switch layout.photometric {
      case 2: .rgb
      case 6: .luminanceAndChrominance
      default: nil
      }
    // Encoders may fill up the last strip to whole blocks, hence 64 rows more than needed.
    let limits = ImageLimits(side: max(width, rows + 64), pixels: width * (rows + 64))
    let image = try decodeJPEG(data, limits: limits, tables: layout.jpegTables, colour: colour)
    guard image.width == width && image.height >= rows,
      image.channels == layout.samplesPerSegment, case .uint8(let samples) = image.samples
    else {
      throw data.error(
        "a JPEG of \(image.width) x \(image.height) x \(image.channels) samples instead of "
          + "\(width) x \(rows) x \(layout.samplesPerSegment)", at: 0)
    }
    return Array(samples.prefix(rows * layout.segmentRowBytes))
  }

  /// Predictor 2: each sample is the difference to the one `step` samples before it in its row.
  private func integerRows<Number: FixedWidthInteger & BitwiseCopyable>(
    _ stored: [UInt8], _ type: Number.Type, row: Int, _ step: Int, _ isBig: Bool
  ) -> [UInt8] {
    let swaps = isBig && MemoryLayout<Number>.size > 1
    guard swaps || step > 0 else { return stored }
    var numbers = stored.numbers(of: Number.self)
    if swaps { for i in numbers.indices { numbers[i] = numbers[i].byteSwapped } }
    if step > 0 {
      for start in stride(from: 0, to: numbers.count, by: row) {
        for i in stride(from: start + step, to: start + row, by: 1) {
          numbers[i] = numbers[i] &+ numbers[i - step]
        }
      }
    }
    return littleEndianBytes(of: numbers)
  }

  /// Predictor 3: differences of bytes; a row holds the most significant bytes first, then the next.
  private func floatingRows(_ stored: [UInt8], row: Int, rows: Int) -> [UInt8] {
    let (size, step) = (layout.bytesPerSample, layout.samplesPerSegment)
    var bytes = stored
    var result = [UInt8](repeating: 0, count: stored.count)
    for start in stride(from: 0, to: bytes.count, by: row * size) {
      for i in stride(from: start + step, to: start + row * size, by: 1) {
        bytes[i] = bytes[i] &+ bytes[i - step]
      }
      for k in 0..<row {
        for b in 0..<size {
          result[start + k * size + size - 1 - b] = bytes[start + b * row + k]
        }
      }
    }
    return result
  }

  /// Samples of 1, 2 or 4 bits, first sample in the high bits, each row from a byte's start.
  private func smallSamples(_ stored: [UInt8], row: Int, rows: Int) -> [UInt8] {
    let bits = layout.bits
    let mask = UInt8((1 << bits) - 1)
    let scale: UInt8 = layout.photometric == 3 ? 1 : 255 / mask
    var result: [UInt8] = []
    result.reserveCapacity(row * rows)
    for y in 0..<rows {
      let start = y * layout.segmentRowBytes
      for i in 0..<row {
        let place = i * bits
        let value = stored[start + place / 8] >> UInt8(8 - bits - place % 8) & mask
        result.append(value * scale)
      }
    }
    return result
  }

  /// Puts a segment's samples in their place; what lies outside the picture is cut off.
  private func place(
    _ segment: [UInt8], at origin: (y: Int, x: Int), _ plane: Int, into result: inout [UInt8]
  ) {
    let size = layout.bytesPerSample
    let columns = min(layout.segmentWidth, layout.width - origin.x)
    let rows = min(layout.segmentHeight, layout.height - origin.y)
    let pixel = layout.samples * size
    let inRow = layout.segmentWidth * layout.samplesPerSegment * size
    for y in 0..<rows {
      let target = ((origin.y + y) * layout.width + origin.x) * pixel
      if !layout.isPlanar {
        result.overwrite(at: target, with: segment, from: y * inRow, count: columns * pixel)
        continue
      }
      for x in 0..<columns {
        for b in 0..<size {
          result[target + x * pixel + plane * size + b] = segment[y * inRow + x * size + b]
        }
      }
    }
  }
}

/// The bits of a byte in reverse order.
private func reversedBits(_ byte: UInt8) -> UInt8 {
  var value = byte
  value = value >> 4 | value << 4
  value = (value & 0xCC) >> 2 | (value & 0x33) << 2
  return (value & 0xAA) >> 1 | (value & 0x55) << 1
}
