// Contrast limited adaptive histogram equalisation, one pixel at a time: the plain twin of `clahe`.
//
// Implements: K. Zuiderveld, Graphics Gems IV (1994), VIII.5, with scikit-image's rules; see
//   CLAHE.swift. Every pixel looks up the mappings of the four nearest tiles.
// Deviations: none; the same bits as `clahe` for a picture that is not constant.
// Checked by: CLAHETests. Cost: about 30 ns a pixel.

import Tensors

/// Equalises the contrast of a grey picture with contrast, pixel by pixel.
///
/// - Parameters:
///   - image: shape (H, W), values 0...1, not all the same.
///   - options: tiles, clip limit, bins.
/// - Returns: shape (H, W), values 0...1.
public func claheReference(
  _ image: Tensor<Float>, options: CLAHEOptions = CLAHEOptions()
) -> Tensor<Float> {
  let (H, W) = (image.shape[0], image.shape[1])
  let e = options.equalisation(height: H, width: W)
  let level = image.scalars.map { Double(max(0, ($0 * 65535).rounded(.toNearestOrEven))) }
  let least = level.min() ?? 0
  let range = (level.max() ?? 0) - least
  func bin(_ y: Int, _ x: Int) -> Int {
    let q = (level[mirror(y, H) * W + mirror(x, W)] - least) / range * 16383
    return Int(q.rounded(.toNearestOrEven)) / e.binSize
  }
  // The mapping of each tile.
  let maps: [[Int]] = (0..<e.tileRows * e.tileColumns).map { tile in
    var histogram = [Int](repeating: 0, count: e.binCount)
    for y in 0..<e.tileHeight {
      for x in 0..<e.tileWidth {
        let (i, j) = (tile / e.tileColumns, tile % e.tileColumns)
        histogram[bin(i * e.tileHeight + y, j * e.tileWidth + x)] += 1
      }
    }
    return mapping(of: histogram, e)
  }
  var result = Tensor<Float>.zeros([H, W])
  for y in 0..<H {
    for x in 0..<W { result[y, x] = interpolated(maps, bin(y, x), y, x, e) }
  }
  stretchToUnit(&result.scalars)
  return result
}

/// The mappings of the four nearest tiles, weighted and cut to a whole level.
private func interpolated(
  _ maps: [[Int]], _ bin: Int, _ y: Int, _ x: Int, _ e: TileEqualisation
) -> Float {
  let (v, dy) = position(y, e.tileHeight)
  let (u, dx) = position(x, e.tileWidth)
  var sum: Float = 0
  for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
    let row = min(max(v + a, 0), e.tileRows - 1)
    let column = min(max(u + b, 0), e.tileColumns - 1)
    let weight = (b == 0 ? 1 - dx : dx) * (a == 0 ? 1 - dy : dy)
    sum += Float(Double(maps[row * e.tileColumns + column][bin]) * weight)
  }
  return sum.rounded(.down)
}

/// The grey level that each bin becomes.
private func mapping(of histogram: [Int], _ e: TileEqualisation) -> [Int] {
  var counts = histogram.map { min($0, e.clipCount) }
  var excess = histogram.reduce(0, +) - counts.reduce(0, +)
  let share = excess / e.binCount
  for b in counts.indices {
    let old = counts[b]
    if counts[b] < e.clipCount - share { counts[b] += share }
    if counts[b] >= e.clipCount - share { counts[b] = e.clipCount }
    excess -= counts[b] - old
  }
  var first = 0
  while excess > 0, counts.contains(where: { $0 < e.clipCount }) {
    let step = max(1, counts.filter { $0 < e.clipCount }.count / excess)
    for b in stride(from: first, to: e.binCount, by: step) where counts[b] < e.clipCount {
      counts[b] += 1
      excess -= 1
    }
    first = (first + 1) % e.binCount
  }
  var sum = 0
  return counts.map { count in
    sum += count
    return Int(min(Double(sum) * (16383 / Double(e.tileHeight * e.tileWidth)), 16383))
  }
}

/// The tile whose centre lies before a pixel, and the way from that centre to the next, 0 ..< 1.
private func position(_ i: Int, _ size: Int) -> (tile: Int, fraction: Double) {
  let shifted = i + size / 2
  return (shifted / size - 1, Double(shifted % size) / Double(size))
}

/// The index that `i` stands for when `n` samples are mirrored about the last one.
private func mirror(_ i: Int, _ n: Int) -> Int {
  guard n > 1 else { return 0 }
  let m = i % (2 * n - 2)
  return m < n ? m : 2 * n - 2 - m
}
