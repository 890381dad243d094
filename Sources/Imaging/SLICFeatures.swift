// The colours that superpixels are compared by.
//
// Implements: what scikit-image's `slic` does before it clusters: stretching (0.19 and later),
//   L*a*b*, a Gaussian cut at 4 sigma with mirrored edges, division by the compactness.
// Deviations: none. Checked by: SLICTests. Cost: one pass, three powers a colour pixel; (8 sigma + 1)
//   multiplications a channel and axis where sigma > 0.

import Tensors

/// Colours divided by the compactness, (height, width, channels), in double precision.
public struct SLICFeatures: Equatable, Sendable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// 1 or 3.
  public let channels: Int
  /// The values in row-major order, channels innermost.
  public private(set) var values: [Double]

  /// The features of a picture.
  ///
  /// - Parameters:
  ///   - image: shape (H, W), (H, W, 1) or (H, W, 3).
  ///   - options: stretching, colours, smoothing and compactness.
  /// - Throws: `ImagingError` for NaN, infinity and a picture without pixels.
  /// - Precondition: the shape is one of those above, fewer than 2^31 pixels.
  public init(_ image: Tensor<Double>, _ options: SLIC) throws(ImagingError) {
    let shape = image.shape
    checkSuperpixelShape(shape)
    (height, width, channels) = (shape[0], shape[1], shape.count == 3 ? shape[2] : 1)
    guard height > 0 && width > 0 else {
      throw .tooSmall(height: height, width: width, needed: "1 x 1")
    }
    if let index = image.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(index: index)
    }
    values = image.scalars
    if options.version == .current { stretch() }
    if channels == 3 && options.colours != .plain { convert(options.colours) }
    if options.sigma > 0 { smooth(gaussianTaps(sigma: options.sigma)) }
    let ratio = 1 / options.compactness
    for i in values.indices { values[i] *= ratio }
  }

  private mutating func stretch() {
    let least = values.min() ?? 0
    let range = (values.max() ?? 0) - least
    for i in values.indices {
      values[i] -= least
      if range != 0 { values[i] /= range }
    }
  }

  private mutating func convert(_ colours: SLIC.Colours) {
    let (red, blue) = colours == .exchangedLab ? (2, 0) : (0, 2)
    parallelForEachChunk(of: &values, size: 3 * 4096) { _, span in
      for p in stride(from: 0, to: span.count, by: 3) {
        let lab = Colour.lab(fromSRGB: SIMD3(span[p + red], span[p + 1], span[p + blue]))
        for c in 0..<3 { span[p + c] = lab[c] }
      }
    }
  }

  /// Convolves along rows and columns; the edges are mirrored, edge pixels twice.
  private mutating func smooth(_ taps: [Double]) {
    let rowLength = width * channels
    values = convolved(values, taps, n: height, step: rowLength)
    values = convolved(values, taps, n: width, step: channels)
  }
}

/// Refuses shapes that are no picture.
func checkSuperpixelShape(_ shape: [Int]) {
  precondition(
    (shape.count == 2 || (shape.count == 3 && (shape[2] == 1 || shape[2] == 3)))
      && shape.reduce(1, *) < 1 << 31,
    "superpixels need shape (H, W), (H, W, 1) or (H, W, 3), not \(shape)")
}

/// A convolution along the axis whose neighbours lie `step` apart and that has `n` positions.
private func convolved(_ values: [Double], _ taps: [Double], n: Int, step: Int) -> [Double] {
  let radius = taps.count / 2
  var result = values
  parallelForEachChunk(of: &result, size: n * step) { block, out in
    for i in 0..<n {
      for j in 0..<step {
        var sum = 0.0
        for (t, weight) in taps.enumerated() {
          let k = mirrored(i + t - radius, n)
          sum += weight * values[block * n * step + k * step + j]
        }
        out[i * step + j] = sum
      }
    }
  }
  return result
}

/// The index that `i` stands for when n samples are mirrored about their outer edges.
private func mirrored(_ i: Int, _ n: Int) -> Int {
  let period = 2 * n
  let m = ((i % period) + period) % period
  return m < n ? m : period - 1 - m
}
