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
    boxFilter(&field, lines: H, step: 1, pitch: W, length: W, width: boxWidth(sigmaX))
    boxFilter(&field, lines: W, step: W, pitch: 1, length: H, width: boxWidth(sigmaY))
  }
  var sum = 0.0
  var squares = 0.0
  for v in field { sum += Double(v) }
  let mean = sum / Double(field.count)
  for v in field { squares += (Double(v) - mean) * (Double(v) - mean) }
  let scale = squares > 0 ? (Double(field.count) / squares).squareRoot() : 0
  return field.map { Float((Double($0) - mean) * scale) }
}

/// The odd width of the box of which three in a row have the standard deviation `sigma`.
private func boxWidth(_ sigma: Double) -> Int {
  2 * Int(((4 * sigma * sigma + 1).squareRoot() / 2).rounded()) - 1
}

/// The mean over `width` periodic neighbours along each line, in place.
private func boxFilter(
  _ field: inout [Float], lines: Int, step: Int, pitch: Int, length: Int, width: Int
) {
  let half = min(width, length - 1 | 1) / 2
  guard half >= 1 else { return }
  let scale = 1 / Float(2 * half + 1)
  var line = [Float](repeating: 0, count: length)
  for l in 0..<lines {
    for i in 0..<length { line[i] = field[l * pitch + i * step] }
    var sum: Double = 0
    for i in -half...half { sum += Double(line[(i % length + length) % length]) }
    var first = (length - half % length) % length
    var next = (half + 1) % length
    for i in 0..<length {
      field[l * pitch + i * step] = Float(sum) * scale
      sum += Double(line[next]) - Double(line[first])
      next = next + 1 == length ? 0 : next + 1
      first = first + 1 == length ? 0 : first + 1
    }
  }
}

/// The value that round(fraction * n) of the scores exceed or equal, for a fraction 0 ..< 1.
///
/// Scores that are the same at the threshold are all above it; continuous scores differ.
func threshold(_ scores: [Float], fraction: Double) -> Float {
  let count = Int((fraction * Double(scores.count)).rounded())
  guard count > 0 else { return .infinity }
  let sorted = scores.sorted()
  return sorted[sorted.count - count]
}
