// Samples prepared for k-means: rows, panels for seeding, centred Float panels for the filter.
//
// Symbols: m -> shift, the mean of each feature; s -> a power of two that brings |x - m| to 1.
// Deviations: Double data whose squares would leave the range of Double are scaled by a power of
//   two, which changes no rounding.
// Checked by: KMeansTests (offsets, huge and tiny scales). Cost: 4 copies of the data.

import Tensors

/// Samples in the three layouts that k-means reads.
struct ClusterPoints<Scalar: ClusterScalar>: Sendable {
  let n: Int
  let d: Int
  /// The length of a row: d rounded up to a multiple of 8, zeros at the end.
  let stride: Int
  /// Shape (n, stride), scaled.
  let rows: [Scalar]
  /// Panels for k-means++, scaled so that squares of Float stay in range.
  let seeding: PointPanels<Scalar>
  /// (x - m) s in Float, for the filter.
  let filter: PointPanels<Float>
  /// |(x - m) s| of each sample, rounded up; 0 for padding.
  let norms: [Float]
  /// m, of the scaled rows.
  let shift: [Double]
  /// s.
  let filterScale: Double
  /// The mean variance of the features, of the scaled rows.
  let meanVariance: Double
  private let exponent: Int

  init(_ data: Tensor<Scalar>) {
    let (n, d) = (data.shape[0], data.shape[1])
    let stride = (d + 7) / 8 * 8
    let exponent = rangeExponent(data.scalars)
    let scale = powerOfTwo(-exponent)
    var rows = [Scalar](repeating: 0, count: n * stride)
    for i in 0..<n {
      for j in 0..<d { rows[i * stride + j] = Scalar(Double(data.scalars[i * d + j]) * scale) }
    }
    let (shift, spread, variance) = moments(rows, n, d, stride)
    let s = powerOfTwo(spread > 0 ? -Int(spread.exponent) : 0)
    let seedingScale = Scalar.self == Float.self ? s : 1
    seeding = PointPanels(n, d) { i, j in Scalar(Double(rows[i * stride + j]) * seedingScale) }
    filter = PointPanels(n, d) { i, j in Float((Double(rows[i * stride + j]) - shift[j]) * s) }
    var norms = [Float](repeating: 0, count: filter.paddedCount)
    for i in 0..<n {
      var square = 0.0
      for j in 0..<d {
        let x = (Double(rows[i * stride + j]) - shift[j]) * s
        square += x * x
      }
      norms[i] = Float(square.squareRoot() * (1 + 1e-6))
    }
    (self.n, self.d, self.stride, self.rows, self.norms) = (n, d, stride, rows, norms)
    (self.shift, self.exponent, filterScale, meanVariance) = (shift, exponent, s, variance)
  }

  /// Sample `i` as a row of Double, padded to `stride`.
  func row(_ i: Int) -> [Double] { rows[i * stride..<(i + 1) * stride].map { Double($0) } }

  /// Centres in the scale and the layout of the rows.
  func scaledCentres(_ centres: Tensor<Double>) -> [Double] {
    let scale = powerOfTwo(-exponent)
    var result = [Double](repeating: 0, count: centres.shape[0] * stride)
    for c in 0..<centres.shape[0] {
      for j in 0..<d { result[c * stride + j] = centres.scalars[c * d + j] * scale }
    }
    return result
  }

  /// A scaled length in the units of the data.
  func unscaled(_ x: Double) -> Double { x * powerOfTwo(exponent) }

  /// A scaled square in the units of the data, squared.
  func unscaledSquare(_ x: Double) -> Double { x * powerOfTwo(exponent) * powerOfTwo(exponent) }

  /// The squared distance of sample `i` to centre `c`, feature by feature.
  func squaredDistance(_ i: Int, _ centres: [Double], _ c: Int) -> Double {
    var sum = 0.0
    for j in 0..<d {
      let difference = Double(rows[i * stride + j]) - centres[c * stride + j]
      sum += difference * difference
    }
    return sum
  }
}

private func powerOfTwo(_ exponent: Int) -> Double {
  Double(sign: .plus, exponent: exponent, significand: 1)
}

/// 0, or the exponent of the largest magnitude where its square could leave the range of Double.
private func rangeExponent<Scalar: KernelScalar>(_ values: [Scalar]) -> Int {
  let largest = Double(values.reduce(0) { max($0, abs($1)) })
  guard largest > 0, largest < 1e-100 || largest > 1e100 else { return 0 }
  return max(-1000, Int(largest.exponent))
}

/// The means of the features, the largest distance from them, and the mean variance.
private func moments<Scalar: KernelScalar>(
  _ rows: [Scalar], _ n: Int, _ d: Int, _ stride: Int
) -> (means: [Double], spread: Double, variance: Double) {
  var means = [Double](repeating: 0, count: d)
  for i in 0..<n {
    for j in 0..<d { means[j] += Double(rows[i * stride + j]) }
  }
  for j in 0..<d { means[j] /= Double(n) }
  var (spread, squares) = (0.0, 0.0)
  for i in 0..<n {
    for j in 0..<d {
      let x = Double(rows[i * stride + j]) - means[j]
      spread = max(spread, abs(x))
      squares += x * x
    }
  }
  return (means, spread, squares / Double(n * d))
}
