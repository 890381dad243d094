// JPEG: components brought to the picture's size, and turned to RGB.
//
// Implements: ITU-T T.871 (JFIF), section 7 (YCbCr to RGB); the Independent JPEG Group's triangle
//   filter for components of half size: 3/4 of the nearer sample and 1/4 of the farther one, with the
//   roundings of libjpeg-turbo (ordered dither of 1/2 unit).
// Equation -> code: R = Y + 1.402 Cr, G = Y - 0.344136 Cb - 0.714136 Cr, B = Y + 1.772 Cb ->
//   writeRGB; the filter -> doubled, blended.
// Symbols: near, far -> the two rows that a picture's row lies between.
// Deviations: factors of 65536, rounded. Sizes other than half (and half of at most two columns) are
//   repeated, as in libjpeg; ratios that are no whole number are too, which libjpeg refuses.
// Checked by: JPEGTests (equality with libjpeg-turbo; twin upsampledReference).
// Cost: about 4 additions and shifts a sample; one row of memory a component.

import Files

/// Makes rows of the picture's width from a component.
package struct JPEGRowSource {
  private let plane: [UInt8]
  private let rowLength: Int
  private let width: Int
  private let height: Int
  /// The picture's samples for each of the component's, as ratios: horizontal, vertical.
  private let ratioH: (of: Int, to: Int)
  private let ratioV: (of: Int, to: Int)
  /// Whether columns, and rows, are interpolated.
  private let doublesColumns: Bool
  private let doublesRows: Bool
  /// Sums of two rows, weighted, of 2 or 4 fractional bits.
  private var sums: [Int32]
  /// The row that was made last.
  package private(set) var row: [UInt8]

  /// A source of rows.
  ///
  /// - Parameters:
  ///   - plane: the component's samples.
  ///   - rowLength: the samples of a row of `plane`, at least `size.width`.
  ///   - size: the component's size.
  ///   - factors: the component's sampling factors.
  ///   - largest: the largest sampling factors of all components.
  ///   - pictureWidth: the columns of the picture.
  package init(
    plane: [UInt8], rowLength: Int, size: (width: Int, height: Int), factors: (h: Int, v: Int),
    largest: (h: Int, v: Int), pictureWidth: Int
  ) {
    self.plane = plane
    self.rowLength = rowLength
    (width, height) = size
    ratioH = (factors.h, largest.h)
    ratioV = (factors.v, largest.v)
    let isHalfWide = ratioH.of * 2 == ratioH.to
    let isHalfHigh = ratioV.of * 2 == ratioV.to
    doublesColumns = isHalfWide && width > 2 && (isHalfHigh || ratioV.of == ratioV.to)
    doublesRows = isHalfHigh && (doublesColumns || ratioH.of == ratioH.to)
    sums = [Int32](repeating: 0, count: width)
    row = [UInt8](repeating: 0, count: max(pictureWidth, width * 2))
  }

  /// Makes row `y` of the picture.
  package mutating func make(_ y: Int) {
    let near = min(y * ratioV.of / ratioV.to, height - 1)
    let far = doublesRows ? max(0, min(height - 1, y & 1 == 0 ? near - 1 : near + 1)) : near
    switch (doublesColumns, doublesRows) {
    case (false, false): repeated(near)
    case (false, true): blended(near, far, bias: y & 1 == 0 ? 1 : 2)
    case (true, false):
      copySums(near, far, 1, 0)
      doubled(shift: 2, biases: (1, 2))
    case (true, true):
      copySums(near, far, 3, 1)
      doubled(shift: 4, biases: (8, 7))
    }
  }

  /// Repeats samples.
  private mutating func repeated(_ near: Int) {
    let (plane, width, ratioH) = (plane, width, ratioH)
    let source = plane.span.extracting(near * rowLength..<(near + 1) * rowLength)
    var target = row.mutableSpan
    if ratioH.of == ratioH.to {
      for x in 0..<width { target[x] = source[x] }
    } else if ratioH.of * 2 == ratioH.to {
      for x in 0..<width {
        target[2 * x] = source[x]
        target[2 * x + 1] = source[x]
      }
    } else {
      for x in target.indices { target[x] = source[min(x * ratioH.of / ratioH.to, width - 1)] }
    }
  }

  /// Interpolates between two rows.
  private mutating func blended(_ near: Int, _ far: Int, bias: Int32) {
    let (plane, width) = (plane, width)
    let a = plane.span.extracting(near * rowLength..<(near + 1) * rowLength)
    let b = plane.span.extracting(far * rowLength..<(far + 1) * rowLength)
    var target = row.mutableSpan
    for x in 0..<width {
      target[x] = UInt8(truncatingIfNeeded: (3 * Int32(a[x]) &+ Int32(b[x]) &+ bias) >> 2)
    }
  }

  /// Weighs two rows by `p` and `q`.
  private mutating func copySums(_ near: Int, _ far: Int, _ p: Int32, _ q: Int32) {
    let (plane, width) = (plane, width)
    let a = plane.span.extracting(near * rowLength..<(near + 1) * rowLength)
    let b = plane.span.extracting(far * rowLength..<(far + 1) * rowLength)
    var target = sums.mutableSpan
    for x in 0..<width { target[x] = p &* Int32(a[x]) &+ q &* Int32(b[x]) }
  }

  /// Interpolates between columns; the outer halves of the outer columns have no neighbour.
  private mutating func doubled(shift: Int32, biases: (Int32, Int32)) {
    let (sums, last) = (sums, width - 1)
    let source = sums.span.extracting(0...last)
    var target = row.mutableSpan
    target[0] = UInt8(truncatingIfNeeded: (4 &* source[0] &+ (shift == 4 ? 8 : 0)) >> shift)
    for x in 0..<last {
      let (a, b) = (source[x], source[x + 1])
      target[2 * x + 1] = UInt8(truncatingIfNeeded: (3 &* a &+ b &+ biases.1) >> shift)
      target[2 * x + 2] = UInt8(truncatingIfNeeded: (a &+ 3 &* b &+ biases.0) >> shift)
    }
    target[2 * last + 1] = UInt8(
      truncatingIfNeeded: (4 &* source[last] &+ (shift == 4 ? 7 : 0)) >> shift)
  }
}

extension JPEGFrame {
  /// A source of rows of component `i`, whose samples are `plane`.
  fileprivate func rowSource(_ i: Int, plane: [UInt8]) -> JPEGRowSource {
    let c = components[i]
    return JPEGRowSource(
      plane: plane, rowLength: c.blocksWide * 8, size: (c.width, c.height),
      factors: (c.horizontal, c.vertical), largest: (largestHorizontal, largestVertical),
      pictureWidth: width)
  }
}

extension JPEGDecoder {
  /// The picture, once all scans are decoded.
  ///
  /// - Parameters:
  ///   - bytes: the file, for errors.
  ///   - colour: how three components are coded; `nil` to find out from the markers.
  /// - Returns: the picture.
  /// - Throws: an error when no scan carries all bits of a coefficient.
  mutating func image(_ bytes: CheckedBytes, colour: JPEGColour?) throws(FormatError) -> Image {
    guard var frame = frame.take() else { throw bytes.error("the JPEG holds no picture") }
    try frame.checkCompleteness(bytes)
    let (width, height, channels) = (frame.width, frame.height, frame.components.count)
    var sources: [JPEGRowSource] = []
    for i in 0..<channels {
      let plane = frame.components[i].samples(quantisation: frame.components[i].quantisation)
      frame.components[i].coefficients = []
      sources.append(frame.rowSource(i, plane: plane))
    }
    let colour = colour ?? metadata.colour(identifiers: frame.components.map(\.identifier))
    var samples = [UInt8](repeating: 0, count: width * height * channels)
    for y in 0..<height {
      for i in 0..<channels { sources[i].make(y) }
      let rows = sources.map(\.row)
      let start = y * width * channels
      if channels == 1 {
        copyRow(rows[0], width, to: &samples, at: start)
      } else if colour == .rgb {
        interleave(rows, width, to: &samples, at: start)
      } else {
        writeRGB(rows, width, to: &samples, at: start)
      }
    }
    return Image(
      height: height, width: width, channels: channels, samples: .uint8(samples),
      pixelSize: metadata.pixelSize, remarks: metadata.remarks)
  }
}

private func copyRow(_ row: [UInt8], _ width: Int, to samples: inout [UInt8], at start: Int) {
  samples.replaceSubrange(start..<start + width, with: row[..<width])
}

private func interleave(
  _ rows: [[UInt8]], _ width: Int, to samples: inout [UInt8], at start: Int
) {
  for (c, row) in rows.enumerated() {
    for x in 0..<width { samples[start + x * rows.count + c] = row[x] }
  }
}

/// Turns a row of luminance and colour differences to RGB, in numbers of 16 fractional bits.
private func writeRGB(_ rows: [[UInt8]], _ width: Int, to samples: inout [UInt8], at start: Int) {
  let (luminance, blueness, redness) = (rows[0], rows[1], rows[2])
  let (Y, Cb, Cr) = (luminance.span, blueness.span, redness.span)
  var target = samples.mutableSpan
  @inline(__always) func limited(_ value: Int32) -> UInt8 { UInt8(max(0, min(255, value))) }
  for x in 0..<width {
    let (y, cb, cr) = (Int32(Y[x]), Int32(Cb[x]) &- 128, Int32(Cr[x]) &- 128)
    let i = start + 3 * x
    target[i] = limited(y &+ (91881 &* cr &+ 32768) >> 16)
    target[i + 1] = limited(y &+ (-22554 &* cb &- 46802 &* cr &+ 32768) >> 16)
    target[i + 2] = limited(y &+ (116130 &* cb &+ 32768) >> 16)
  }
}
