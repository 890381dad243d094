// Smooth random fields, and the pixels where a field is greatest.
//
// Implements: white noise smoothed by three box filters a direction (W. M. Wells, "Efficient
//   Synthesis of Gaussian Filters by Cascaded Uniform Filters", IEEE PAMI 8 (1986) 234).
// Symbols: sigma, the standard deviation of the smoothing in pixels; b, the width of a box, from
//   3 (b^2 - 1) / 12 = sigma^2.
// Deviations: the field repeats periodically, so that it is the same everywhere in the mean.
// Checked by: MicrographTests. Cost: seven passes over the picture.

import Tensors

/// A field of zero mean and unit variance that is smooth over `sigma` pixels; sigma 0: white noise.
func smoothField(
  _ H: Int, _ W: Int, sigma: Double, using generator: inout SeededGenerator
) -> [Float] {
  smoothField(H, W, sigmaY: sigma, sigmaX: sigma, using: &generator)
}

/// A field of zero mean and unit variance with different smoothness down and across.
func smoothField(
  _ H: Int, _ W: Int, sigmaY: Double, sigmaX: Double, using generator: inout SeededGenerator
) -> [Float] {
  var field = (0..<H * W).map { _ in Float(generator.uniform()) }
  for _ in 0..<3 {
    filterRows(&field, W, half: boxHalf(sigmaX, W))
    filterColumns(&field, H, W, half: boxHalf(sigmaY, H))
  }
  var sum = 0.0
  var squares = 0.0
  for v in field { sum += Double(v) }
  let mean = sum / Double(field.count)
  for v in field { squares += (Double(v) - mean) * (Double(v) - mean) }
  let scale = squares > 0 ? (Double(field.count) / squares).squareRoot() : 0
  return field.map { Float((Double($0) - mean) * scale) }
}

/// Half the odd width of the box of which three in a row have the standard deviation `sigma`; the
/// box fits into `length` samples.
private func boxHalf(_ sigma: Double, _ length: Int) -> Int {
  let width = 2 * Int(((4 * sigma * sigma + 1).squareRoot() / 2).rounded()) - 1
  return min(width, length - 1 | 1) / 2
}

/// The mean over 2 half + 1 periodic neighbours in each row of `W` samples, in place.
private func filterRows(_ field: inout [Float], _ W: Int, half: Int) {
  guard half >= 1 else { return }
  let scale = 1 / Double(2 * half + 1)
  var line = [Float](repeating: 0, count: W)
  for start in stride(from: 0, to: field.count, by: W) {
    for i in 0..<W { line[i] = field[start + i] }
    var sum = 0.0
    for i in -half...half { sum += Double(line[(i + W) % W]) }
    var first = (W - half) % W
    var next = (half + 1) % W
    for i in 0..<W {
      field[start + i] = Float(sum * scale)
      sum += Double(line[next]) - Double(line[first])
      next = next + 1 == W ? 0 : next + 1
      first = first + 1 == W ? 0 : first + 1
    }
  }
}

/// The mean over 2 half + 1 periodic neighbours in each column, all columns at once.
private func filterColumns(_ field: inout [Float], _ H: Int, _ W: Int, half: Int) {
  guard half >= 1 else { return }
  let scale = 1 / Double(2 * half + 1)
  let source = field
  var sums = [Double](repeating: 0, count: W)
  for y in -half...half {
    let row = (y + H) % H * W
    for x in 0..<W { sums[x] += Double(source[row + x]) }
  }
  for y in 0..<H {
    let first = (y - half + H) % H * W
    let next = (y + half + 1) % H * W
    for x in 0..<W {
      field[y * W + x] = Float(sums[x] * scale)
      sums[x] += Double(source[next + x]) - Double(source[first + x])
    }
  }
}

/// The value that round(fraction * n) of the scores exceed or equal, for a fraction 0 ..< 1.
///
/// Scores that are the same at the threshold are all above it; continuous scores differ.
/// - Complexity: two passes and a sort of the scores that share 16 leading bits.
func threshold(_ scores: [Float], fraction: Double) -> Float {
  var wanted = Int((fraction * Double(scores.count)).rounded())
  guard wanted > 0 else { return .infinity }
  // Keys that order as the scores do: negative numbers inverted, others above them.
  func key(_ score: Float) -> UInt32 {
    let bits = score.bitPattern
    return bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
  }
  var counts = [Int](repeating: 0, count: 1 << 16)
  for score in scores { counts[Int(key(score) >> 16)] += 1 }
  var top = counts.count - 1
  while top > 0 && counts[top] < wanted {
    wanted -= counts[top]
    top -= 1
  }
  let candidates = scores.filter { Int(key($0) >> 16) == top }.sorted()
  return candidates[candidates.count - wanted]
}
