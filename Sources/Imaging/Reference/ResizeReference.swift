// Resizing by the definition, in double precision: the plain twin of `resize`.
//
// Implements: Unser, Aldroubi, Eden 1993; see Resize.swift. The picture is continued by 32 pixels,
//   smoothed, fitted by Gauss-Seidel sweeps (cubic) and read at every position.
// Deviations: the margin ends the continuation, which changes cubic splines by less than 1e-15.
// Checked by: ResizeTests. Cost: 60 sweeps over the larger picture.

import Tensors

/// Changes the number of pixels of a picture, each pixel by the definition.
///
/// - Parameters:
///   - image: shape (H, W), finite.
///   - height: the number of rows of the result.
///   - width: the number of columns of the result.
///   - options: order, edges, anti-aliasing.
/// - Returns: shape (height, width).
public func resizeReference(
  _ image: Tensor<Float>, height: Int, width: Int, options: ResizeOptions = ResizeOptions()
) -> Tensor<Float> {
  let (H, W) = (image.shape[0], image.shape[1])
  let smooths = options.antiAliasing ?? (height < H || width < W)
  var rows = image.scalars.map(Double.init)
  var (h, w) = (H, W)
  // Columns first, then rows: each pass ends with a transpose.
  for target in [height, width] {
    rows = resizedColumns(rows, h, w, target, smooths, options)
    (h, w) = (w, target)
  }
  var result = rows.map { Float($0) }
  if options.isClipped, var low = image.scalars.min(), var high = image.scalars.max() {
    let read = options.mode == .constant && result.contains { $0 <= options.constant }
    if read && result.contains(where: { $0 >= options.constant }) {
      (low, high) = (min(low, options.constant), max(high, options.constant))
    }
    result = result.map { min(max($0, low), high) }
  }
  return Tensor(shape: [height, width], scalars: result)
}

/// The columns of an (h, w) picture with m samples each, transposed: (w, m).
private func resizedColumns(
  _ image: [Double], _ h: Int, _ w: Int, _ m: Int, _ smooths: Bool, _ options: ResizeOptions
) -> [Double] {
  let margin = 32
  let gaussian = smooths ? gaussianTaps(sigma: antiAliasingSigma(h, m)) : [1]
  var result: [Double] = []
  for x in 0..<w {
    func sample(_ i: Int) -> Double {
      options.mode.source(of: i, h).map { image[$0 * w + x] } ?? Double(options.constant)
    }
    func smoothed(_ i: Int) -> Double {
      gaussian.indices.reduce(0) { $0 + gaussian[$1] * sample(i + $1 - gaussian.count / 2) }
    }
    // Beyond the edges the smoothed samples are continued, not smoothed.
    let column = (-margin..<h + margin).map { i in
      options.mode.source(of: i, h).map(smoothed) ?? Double(options.constant)
    }
    var c = column
    for _ in 0..<(options.order == .cubic ? 60 : 0) {
      for i in 1..<c.count - 1 { c[i] = (6 * column[i] - c[i - 1] - c[i + 1]) / 4 }
    }
    for k in 0..<m {
      var sum = 0.0
      eachSplineTap(k, h, m, options.order) { index, weight in sum += weight * c[index + margin] }
      result.append(sum)
    }
  }
  return result
}
