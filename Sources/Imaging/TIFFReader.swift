// TIFF and BigTIFF pictures: a page's samples with their meaning and scale.
//
// Implements: Adobe, TIFF Revision 6.0, 1992; BigTIFF as libtiff writes it.
// Deviations: WhiteIsZero is inverted; grey hidden in a palette becomes one channel; a picture with
//   NaN or infinite samples is refused.
// Checked by: TIFFTests. Cost: linear in the picture's bytes.

import Files

/// Decodes one page of a TIFF file.
///
/// - Parameters:
///   - bytes: the file.
///   - page: which page, from 0; an ImageJ stack counts as pages.
///   - limits: bounds on the size, compared before anything is allocated.
/// - Returns: the picture.
/// - Throws: an error that names the file when it is damaged, cut short, too large, or of a kind
///   that is not supported.
package func decodeTIFF(
  _ bytes: CheckedBytes, page: Int = 0, limits: ImageLimits = ImageLimits()
) throws(FormatError) -> Image {
  let source = try TIFFPage(TIFFFile(bytes), page: page, limits: limits)
  let layout = source.layout
  let raw = try TIFFSamples(layout: layout, file: source.file).read(shift: source.shift)
  var (samples, channels) = (typedSamples(raw, layout), layout.samples)
  if layout.photometric == 0 { invertGrey(&samples, channels: channels) }
  if layout.photometric == 3, case .uint8(let indices) = samples {
    let colours = TIFFPalette(layout.palette)
    channels = colours.isGrey ? 1 : 3
    samples = .uint8(colours.expand(indices))
  }
  if let bad = firstNonFinite(samples) {
    throw bytes.error("sample \(bad) is not a finite number")
  }
  var image = Image(
    height: layout.height, width: layout.width, channels: channels, samples: samples,
    pixelSize: source.pixelSize, remarks: source.remarks + layout.remarks)
  let rows = feiDataBarRows(source.tags, height: layout.height)
  if rows > 0 {
    image.dataBarRows = layout.orientation == 1 ? rows : 0
    image.remarks.append("data bar: the last \(rows) rows are not part of the scan")
  }
  return image.oriented(layout.orientation)
}

/// How many pages a TIFF file holds.
func countTIFFPages(_ bytes: CheckedBytes) throws(FormatError) -> Int {
  try TIFFPage.count(TIFFFile(bytes))
}

/// One page: its tags and where its samples lie.
private struct TIFFPage {
  let file: TIFFFile
  let tags: TIFFDirectory
  let layout: TIFFLayout
  /// What to add to the offsets of the strips: the pages before this one of an ImageJ stack.
  let shift: UInt64
  var remarks: [String] = []

  init(_ file: TIFFFile, page: Int, limits: ImageLimits) throws(FormatError) {
    self.file = file
    let (offsets, remark) = try file.directories()
    if let remark { remarks.append(remark) }
    let first = try TIFFDirectory(file, at: offsets[0])
    let stacked = offsets.count == 1 ? imageJStackCount(first) : 1
    let pages = max(offsets.count, stacked)
    guard page >= 0 && page < pages else {
      throw file.bytes.error("page \(page) does not exist: the file has \(pages)")
    }
    tags = stacked > 1 || page == 0 ? first : try TIFFDirectory(file, at: offsets[page])
    layout = try TIFFLayout(tags, limits: limits)
    if stacked > 1 {
      guard layout.compression == .none && !layout.isTiled else {
        throw file.bytes.error("a compressed ImageJ stack with one directory")
      }
      let size = layout.height * layout.segmentRowBytes * layout.planes
      let (start, overflow) = UInt64(size).multipliedReportingOverflow(by: UInt64(page))
      guard !overflow else { throw file.bytes.error("page \(page) lies outside") }
      shift = start
    } else {
      shift = 0
    }
  }

  static func count(_ file: TIFFFile) throws(FormatError) -> Int {
    let (offsets, _) = try file.directories()
    guard offsets.count == 1 else { return offsets.count }
    return imageJStackCount(try TIFFDirectory(file, at: offsets[0]))
  }

  var pixelSize: PixelSize {
    tiffPixelSize(tags, width: layout.width, height: layout.height)
  }
}

/// The unpacked bytes as numbers.
private func typedSamples(_ raw: [UInt8], _ layout: TIFFLayout) -> Image.Samples {
  switch (layout.format, layout.bits) {
  case (.signed, 8): .int8(raw.map { Int8(bitPattern: $0) })
  case (.signed, 16): .int16(raw.numbers(of: Int16.self))
  case (.signed, _): .int32(raw.numbers(of: Int32.self))
  case (.floating, 64): .float64(raw.doubles())
  case (.floating, _): .float32(raw.floats())
  case (.unsigned, 32): .uint32(raw.numbers(of: UInt32.self))
  case (.unsigned, 16): .uint16(raw.numbers(of: UInt16.self))
  case (.unsigned, _): .uint8(raw)
  }
}

/// White is 0 in the file: the first sample of each pixel is turned round.
private func invertGrey(_ samples: inout Image.Samples, channels: Int) {
  func inverted<Sample: FixedWidthInteger>(_ values: [Sample]) -> [Sample] {
    var values = values
    for i in stride(from: 0, to: values.count, by: channels) { values[i] = .max - values[i] }
    return values
  }
  switch samples {
  case .uint8(let v): samples = .uint8(inverted(v))
  case .uint16(let v): samples = .uint16(inverted(v))
  case .uint32(let v): samples = .uint32(inverted(v))
  default: break
  }
}

private func firstNonFinite(_ samples: Image.Samples) -> Int? {
  switch samples {
  case .float32(let v): v.firstIndex { !$0.isFinite }
  case .float64(let v): v.firstIndex { !$0.isFinite }
  default: nil
  }
}

/// The colours of a palette as 8-bit values.
private struct TIFFPalette {
  private let colours: [(red: UInt8, green: UInt8, blue: UInt8)]
  /// Whether all colours are grey: the picture then has one channel.
  let isGrey: Bool

  /// From all red, then all green, then all blue values of 16 bits.
  init(_ values: [UInt64]) {
    let count = values.count / 3
    // Some old programs wrote 8-bit values: libtiff takes them as such when none is larger.
    let shift: UInt64 = values.allSatisfy { $0 < 256 } ? 0 : 8
    func value(_ i: Int) -> UInt8 { UInt8(truncatingIfNeeded: values[i] >> shift) }
    colours = (0..<count).map { (value($0), value(count + $0), value(2 * count + $0)) }
    isGrey = (0..<count).allSatisfy {
      values[$0] == values[count + $0] && values[$0] == values[2 * count + $0]
    }
  }

  /// Indices become grey values, or red, green and blue.
  func expand(_ indices: [UInt8]) -> [UInt8] {
    if isGrey { return indices.map { colours[Int($0)].red } }
    var result: [UInt8] = []
    result.reserveCapacity(3 * indices.count)
    for index in indices {
      let colour = colours[Int(index)]
      result.append(colour.red)
      result.append(colour.green)
      result.append(colour.blue)
    }
    return result
  }
}
