// Pictures of segmentations: labels as colours, boundaries of superpixels, all beside the input.
//
// Deviations: colours are fixed and ordered by area (KI-A7: the published program draws them at
//   random in each run). Checked by: KimTests.

import Imaging
import Metallography
import Reporting
import Tensors

/// Labels, and the place of each in the order of colours.
struct ColouredLabels {
  let map: LabelMap
  /// The place of each of `map.classes` in the palette.
  let colours: [Int]
  /// The share of the pixels of each of `map.classes`.
  let shares: [Double]

  /// Colours the labels in the order of their areas, the largest first.
  init(_ map: LabelMap) {
    self.map = map
    shares = map.areaFractions(of: map.classes)
    let shares = shares
    let order = shares.indices.sorted { (-shares[$0], $0) < (-shares[$1], $1) }
    var colours = [Int](repeating: 0, count: shares.count)
    for (place, k) in order.enumerated() { colours[k] = place }
    self.colours = colours
  }

  /// Colours labels as the phases that they match best; further labels follow.
  init(_ map: LabelMap, matching truth: ColouredLabels) {
    self.map = map
    shares = map.areaFractions(of: map.classes)
    let matching = LabelMatching(map, truth: truth.map)
    var next = truth.colours.count
    colours = matching.assigned.map { phase in
      if let phase, let k = truth.map.classes.firstIndex(of: phase) { return truth.colours[k] }
      next += 1
      return next - 1
    }
  }

  /// The colour of a place.
  static func colour(_ place: Int) -> Reporting.Colour {
    let base = Palette.colour(place)
    // The palette begins anew after its last colour: later rounds are lighter.
    let round = place / Palette.qualitative.count
    return round == 0
      ? base : base.mixed(Reporting.Colour(255, 255, 255), min(0.7, 0.3 * Double(round)))
  }

  /// The labels as a PNG file, at most `side` pixels wide or high.
  func png(side: Int = 512) throws -> [UInt8] {
    let step = max(1, (max(map.height, map.width) + side - 1) / side)
    let (H, W) = ((map.height + step - 1) / step, (map.width + step - 1) / step)
    let places = Dictionary(uniqueKeysWithValues: zip(map.classes, colours))
    var samples: [UInt8] = []
    samples.reserveCapacity(3 * H * W)
    for y in 0..<H {
      for x in 0..<W {
        let colour = Self.colour(places[map.labels[y * step * map.width + x * step]] ?? 0)
        samples += [colour.red, colour.green, colour.blue]
      }
    }
    return try encodePNG(
      Image(height: H, width: W, channels: 3, samples: .uint8(samples)), level: 9)
  }

  /// Colours and shares, the largest first.
  func legend(_ names: [String] = []) -> [(colour: Reporting.Colour, text: String)] {
    shares.indices.sorted { (-shares[$0], $0) < (-shares[$1], $1) }.map { k in
      let name = names.indices.contains(k) ? names[k] + " " : ""
      return (Self.colour(colours[k]), name + percent(shares[k]))
    }
  }
}

extension StudyPicture {
  /// Its height divided by its width.
  var proportion: Double { Double(pixels.shape[0]) / Double(max(1, pixels.shape[1])) }

  /// The picture as a PNG file, at most `side` pixels wide or high.
  func png(side: Int = 512) throws -> [UInt8] { try pngFile(pixels, side: side) }

  /// A part of the picture with the boundaries of superpixels in yellow, as a PNG file.
  func png(boundariesOf labels: Tensor<Int32>, side: Int = 200) throws -> [UInt8] {
    let (H, W) = (min(side, pixels.shape[0]), min(side, pixels.shape[1]))
    let (width, C) = (pixels.shape[1], pixels.rank == 3 ? 3 : 1)
    let (values, numbers) = (pixels.scalars, labels.scalars)
    var samples: [UInt8] = []
    samples.reserveCapacity(3 * H * W)
    for y in 0..<H {
      for x in 0..<W {
        let i = y * width + x
        let isEdge =
          (x + 1 < width && numbers[i] != numbers[i + 1])
          || (y + 1 < pixels.shape[0] && numbers[i] != numbers[i + width])
        for c in 0..<3 {
          let value = values[C == 3 ? 3 * i + c : i]
          samples.append(
            isEdge ? [255, 220, 0][c] : UInt8((min(max(value, 0), 1) * 255).rounded()))
        }
      }
    }
    return try encodePNG(
      Image(height: H, width: W, channels: 3, samples: .uint8(samples)), level: 9)
  }
}

/// A picture as a PNG file, at most `side` pixels wide or high.
private func pngFile(_ pixels: Tensor<Float>, side: Int) throws -> [UInt8] {
  let (H, W) = (pixels.shape[0], pixels.shape[1])
  let scale = min(1, Double(side) / Double(max(H, W)))
  var sized = pixels
  if scale < 1 {
    sized = try resize(
      pixels, height: max(1, Int(Double(H) * scale)), width: max(1, Int(Double(W) * scale)))
  }
  return try encodePNG(sized.rank == 3 ? Image(rgb: sized) : Image(grey: sized), level: 9)
}
