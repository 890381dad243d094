// Pictures turned the way their file's orientation tag asks for.
//
// Implements: Adobe, TIFF Revision 6.0, 1992, section 8, tag 274; EXIF uses the same numbers.
// Deviations: none. Checked by: TIFFTests. Cost: one copy of the samples.

extension Image {
  /// The picture as it is to be looked at.
  ///
  /// - Parameter orientation: what the first row and column of the stored picture are: 1 top and
  ///   left, 2 top and right, 3 bottom and right, 4 bottom and left, 5 left and top, 6 right and
  ///   top, 7 right and bottom, 8 left and bottom.
  /// - Precondition: the orientation is 1 ... 8.
  /// - Returns: the picture turned or mirrored; the pixel size turns with it.
  package func oriented(_ orientation: Int) -> Image {
    precondition((1...8).contains(orientation), "an orientation is 1 ... 8, not \(orientation)")
    if orientation == 1 { return self }
    let swaps = orientation >= 5
    let (h, w) = swaps ? (width, height) : (height, width)
    var size = pixelSize
    if swaps { (size.width, size.height) = (size.height, size.width) }
    let turn = Turn(orientation: orientation, height: height, width: width, channels: channels)
    let turned: Samples =
      switch samples {
      case .uint8(let v): .uint8(turn.apply(v))
      case .int8(let v): .int8(turn.apply(v))
      case .uint16(let v): .uint16(turn.apply(v))
      case .int16(let v): .int16(turn.apply(v))
      case .uint32(let v): .uint32(turn.apply(v))
      case .int32(let v): .int32(turn.apply(v))
      case .float32(let v): .float32(turn.apply(v))
      case .float64(let v): .float64(turn.apply(v))
      }
    return Image(
      height: h, width: w, channels: channels, samples: turned, pixelSize: size,
      remarks: remarks + ["turned as orientation \(orientation) asks for"])
  }
}

/// Where each pixel of the turned picture comes from.
private struct Turn {
  let orientation: Int
  /// The extent of the stored picture.
  let height: Int
  let width: Int
  let channels: Int

  func apply<Sample>(_ stored: [Sample]) -> [Sample] {
    var result: [Sample] = []
    result.reserveCapacity(stored.count)
    let (h, w) = orientation >= 5 ? (width, height) : (height, width)
    for y in 0..<h {
      for x in 0..<w {
        let start = source(y, x) * channels
        for c in 0..<channels { result.append(stored[start + c]) }
      }
    }
    return result
  }

  /// The stored pixel's number for row `y`, column `x` of the turned picture.
  private func source(_ y: Int, _ x: Int) -> Int {
    let (bottom, right) = (height - 1, width - 1)
    let (row, column): (Int, Int) =
      switch orientation {
      case 2: (y, right - x)
      case 3: (bottom - y, right - x)
      case 4: (bottom - y, x)
      case 5: (x, y)
      case 6: (bottom - x, y)
      case 7: (bottom - x, right - y)
      case 8: (x, right - y)
      default: (y, x)
      }
    return row * width + column
  }
}
