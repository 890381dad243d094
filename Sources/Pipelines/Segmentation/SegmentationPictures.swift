// Pictures of a segmentation: labels with a palette, an overlay, the map of stability.
//
// Deviations: none. Checked by: SegmentationTests, looked at. Cost: one pass each.

import Files
import Imaging
import Reporting
import Tensors

/// The colours of classes in the order of their areas: none is black or grey, neighbours differ.
enum ClassColours {
  /// 0xRRGGBB of class `index`: the six colours of Okabe and Ito, then hues a golden angle apart.
  static func colour(_ index: Int) -> UInt32 {
    if index < 6 {
      let c = Palette.colour(index)
      return UInt32(c.red) << 16 | UInt32(c.green) << 8 | UInt32(c.blue)
    }
    let hue = (Double(index - 6) * 0.618033988749895 + 0.08).truncatingRemainder(dividingBy: 1)
    let (saturation, value) = index % 2 == 0 ? (0.55, 0.95) : (0.85, 0.7)
    func channel(_ shift: Double) -> UInt32 {
      let k = (shift + hue * 6).truncatingRemainder(dividingBy: 6)
      let level = value - value * saturation * max(0, min(k, 4 - k, 1))
      return UInt32((level * 255).rounded())
    }
    return channel(5) << 16 | channel(3) << 8 | channel(1)
  }

  /// The colour as `#rrggbb`.
  static func hexadecimal(_ index: Int) -> String {
    let digits = String(colour(index), radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}

extension SegmentedImage {
  /// The labels as a PNG with a palette.
  var labelPNG: [UInt8] {
    encodeIndexedPNG(
      indices: labels.map { UInt8($0) }, height: height, width: width,
      palette: (0..<max(1, classCount)).map { ClassColours.colour($0) })
  }

  /// The picture under the colours of the classes, boundaries in full colour; 8 bits, shape (H, W, 3).
  func overlay(on image: Tensor<Float>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 3 * height * width)
    let colours = (0..<max(1, classCount)).map { ClassColours.colour($0) }
    for i in labels.indices {
      let isEdge =
        (i % width + 1 < width && labels[i + 1] != labels[i])
        || (i + width < labels.count && labels[i + width] != labels[i])
      let share: Float = isEdge ? 0.9 : 0.4
      for c in 0..<3 {
        let colour = Float((colours[Int(labels[i])] >> UInt32(16 - 8 * c)) & 255)
        let value = (1 - share) * 255 * image.scalars[3 * i + c] + share * colour
        bytes[3 * i + c] = UInt8(max(0, min(255, value.rounded())))
      }
    }
    return bytes
  }

  /// The share of runs that agree as a grey picture, white where all do.
  func stabilityPNG() throws(FormatError) -> [UInt8] {
    try encodePNG(Image(height: height, width: width, channels: 1, samples: .uint8(stability)))
  }
}

/// A PNG of 8-bit colours, reduced to at most `side` pixels by leaving pixels out.
func smallPNG(
  _ bytes: [UInt8], height: Int, width: Int, side: Int = 420
) throws(FormatError) -> [UInt8] {
  let step = max(1, (max(height, width) + side - 1) / side)
  let (rows, columns) = ((height + step - 1) / step, (width + step - 1) / step)
  var small: [UInt8] = []
  small.reserveCapacity(3 * rows * columns)
  for y in 0..<rows {
    for x in 0..<columns {
      let i = 3 * (y * step * width + x * step)
      small += bytes[i..<(i + 3)]
    }
  }
  return try encodePNG(
    Image(height: rows, width: columns, channels: 3, samples: .uint8(small)), level: 9)
}
