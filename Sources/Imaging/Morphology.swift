// Erosion, dilation, opening and closing of masks and grey pictures.
//
// Implements: J. Serra, "Image Analysis and Mathematical Morphology" (1982), by flat squares and
//   discs: the least or greatest value of the pixels that the shape covers.
// Equation -> code: a disc is a stack of rows of half widths floor(sqrt(r^2 - dy^2)); each row is a
//   running extreme over 2 w + 1 pixels by prefix and suffix blocks (M. van Herk, Pattern
//   Recognition Letters 13 (1992) 517), `runningExtreme`.
// Deviations: none; beyond the edges lies nothing, as `scipy.ndimage.grey_erosion` has it with
//   mode "constant" and an extreme value, and `skimage.morphology` by default.
// Checked by: MorphologyTests (scikit-image 0.26). Cost: 3 comparisons a pixel and row of the shape.

import Tensors

/// Erosion, dilation, opening and closing by a flat shape.
public struct Morphology: Equatable, Sendable {
  /// What slides over the picture.
  public enum Shape: Equatable, Sendable {
    /// 2 r + 1 rows and columns.
    case square(radius: Int)
    /// Pixels whose centres are at most r away: dy^2 + dx^2 <= r^2.
    case disk(radius: Int)
  }

  /// What slides over the picture.
  public var shape: Shape

  /// Operations by a shape.
  ///
  /// - Precondition: the radius is in 0...10000.
  public init(_ shape: Shape) {
    self.shape = shape
    precondition((0...10_000).contains(radius), "no shape of radius \(radius)")
  }

  private var radius: Int {
    switch shape {
    case .square(let r), .disk(let r): r
    }
  }

  /// The least value under the shape at each pixel, shape (H, W).
  public func eroded(_ image: Tensor<Float>) -> Tensor<Float> {
    extreme(of: image, isLeast: true)
  }

  /// The greatest value under the shape at each pixel, shape (H, W).
  public func dilated(_ image: Tensor<Float>) -> Tensor<Float> {
    extreme(of: image, isLeast: false)
  }

  /// Eroded, then dilated: bright parts that do not hold the shape vanish.
  public func opened(_ image: Tensor<Float>) -> Tensor<Float> { dilated(eroded(image)) }

  /// Dilated, then eroded: dark parts that do not hold the shape vanish.
  public func closed(_ image: Tensor<Float>) -> Tensor<Float> { eroded(dilated(image)) }

  /// The half width of the shape's row at a distance from its centre.
  private func halfWidth(_ dy: Int) -> Int {
    switch shape {
    case .square(let r): r
    case .disk(let r): Int(Double(r * r - dy * dy).squareRoot())
    }
  }

  private func extreme(of image: Tensor<Float>, isLeast: Bool) -> Tensor<Float> {
    precondition(image.rank == 2, "morphology needs shape (H, W), not \(image.shape)")
    let (H, W) = (image.shape[0], image.shape[1])
    guard H > 0 && W > 0 else { return image }
    let nothing: Float = isLeast ? .infinity : -.infinity
    // Rows of one half width are the same wherever they lie in the shape.
    var rowsOfWidth: [Int: [Int]] = [:]
    for dy in -radius...radius { rowsOfWidth[halfWidth(dy), default: []].append(dy) }
    var result = [Float](repeating: nothing, count: H * W)
    for w in rowsOfWidth.keys.sorted() {
      let offsets = rowsOfWidth[w] ?? []
      var extremes = image.scalars
      parallelForEachChunk(of: &extremes, size: W) { y, row in
        runningExtreme(&row, image.scalars, y * W, W, w, isLeast)
      }
      let rows = extremes
      parallelForEachChunk(of: &result, size: W) { y, row in
        for dy in offsets where y + dy >= 0 && y + dy < H {
          for x in 0..<W { row[x] = better(row[x], rows[(y + dy) * W + x], isLeast) }
        }
      }
    }
    return Tensor(shape: [H, W], scalars: result)
  }
}

/// The less or the greater of two values.
@inline(__always)
private func better(_ a: Float, _ b: Float, _ isLeast: Bool) -> Float {
  (a < b) == isLeast ? a : b
}

/// The extreme of the pixels at most `w` away in a row.
private func runningExtreme(
  _ row: inout MutableSpan<Float>, _ values: [Float], _ start: Int, _ W: Int, _ w: Int,
  _ isLeast: Bool
) {
  let (length, n) = (2 * w + 1, W + 2 * w)
  let nothing: Float = isLeast ? .infinity : -.infinity
  let at = { (i: Int) in i >= w && i < W + w ? values[start + i - w] : nothing }
  // In blocks of the window's length: extremes from each block's start, and to each block's end.
  var prefix = [Float](repeating: nothing, count: n)
  var suffix = prefix
  for i in 0..<n { prefix[i] = i % length == 0 ? at(i) : better(prefix[i - 1], at(i), isLeast) }
  for i in stride(from: n - 1, through: 0, by: -1) {
    let isLast = i == n - 1 || i % length == length - 1
    suffix[i] = isLast ? at(i) : better(suffix[i + 1], at(i), isLeast)
  }
  for x in 0..<W { row[x] = better(suffix[x], prefix[x + length - 1], isLeast) }
}
