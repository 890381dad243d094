// One-dimensional transforms of Winograd's minimal filtering, and how to walk over tiles.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   section 4: F(2x2, 3x3) with equation (7), F(4x4, 3x3) with equation (14).
// Equation -> code: B^T d -> `inputLine2`, `inputLine4`; A^T m -> `outputLine2`, `outputLine4`;
//   A y (the transpose, for gradients) -> `gradientLine2`, `gradientLine4`.
// Symbols: m -> outputs of a tile along one axis, 2 or 4; a tile reads m + 2 inputs.
// Deviations: common terms are computed once; products are fused where the build has that.
// Checked by: WinogradTests (twin winogradReference).

typealias Line4 = (FloatVector, FloatVector, FloatVector, FloatVector)
typealias Line6 = (
  FloatVector, FloatVector, FloatVector, FloatVector, FloatVector, FloatVector
)

@inline(__always) private func constant(_ x: Float) -> FloatVector { FloatVector(repeating: x) }

/// B^T d of F(2, 3).
@inline(__always)
func inputLine2(_ d: Line4) -> Line4 { (d.0 - d.2, d.1 + d.2, d.2 - d.1, d.1 - d.3) }

/// B^T d of F(4, 3).
@inline(__always)
func inputLine4(_ d: Line6) -> Line6 {
  let (four, five) = (constant(4), constant(-5))
  let even = multiplyAdd(d.4, constant(-4), d.2)
  let odd = multiplyAdd(d.3, constant(-4), d.1)
  let (rest, twice) = (d.4 - d.2, constant(2) * (d.3 - d.1))
  return (
    multiplyAdd(multiplyAdd(d.4, five, d.2), four, d.0), even + odd, even - odd, rest + twice,
    rest - twice, multiplyAdd(multiplyAdd(d.5, five, d.3), four, d.1)
  )
}

/// A^T m of F(2, 3).
@inline(__always)
func outputLine2(_ m: Line4) -> (FloatVector, FloatVector) {
  (m.0 + (m.1 + m.2), (m.1 - m.2) - m.3)
}

/// A^T m of F(4, 3).
@inline(__always)
func outputLine4(_ m: Line6) -> Line4 {
  let (s, d, u, v) = (m.1 + m.2, m.1 - m.2, m.3 + m.4, m.3 - m.4)
  return (
    (m.0 + s) + u, multiplyAdd(d, constant(2), v), multiplyAdd(s, constant(4), u),
    multiplyAdd(d, constant(8), v) + m.5
  )
}

/// A y of F(2, 3).
@inline(__always)
func gradientLine2(_ y: (FloatVector, FloatVector)) -> Line4 {
  (y.0, y.0 + y.1, y.0 - y.1, FloatVector() - y.1)
}

/// A y of F(4, 3).
@inline(__always)
func gradientLine4(_ y: Line4) -> Line6 {
  let (even, odd) = (y.0 + y.2, y.1 + y.3)
  let wide = multiplyAdd(y.0, constant(4), y.2)
  let wideOdd = constant(2) * multiplyAdd(y.1, constant(4), y.3)
  return (y.0, even + odd, even - odd, wide + wideOdd, wide - wideOdd, y.3)
}

/// Four vectors, each `step` values behind the one before.
@inline(__always)
func line4(_ p: UnsafePointer<Float>, _ step: Int) -> Line4 {
  (load(p), load(p + step), load(p + 2 &* step), load(p + 3 &* step))
}

/// Six vectors, each `step` values behind the one before.
@inline(__always)
func line6(_ p: UnsafePointer<Float>, _ step: Int) -> Line6 {
  (
    load(p), load(p + step), load(p + 2 &* step), load(p + 3 &* step), load(p + 4 &* step),
    load(p + 5 &* step)
  )
}

/// Stores four vectors, each `step` values behind the one before.
@inline(__always)
func store(_ v: Line4, _ p: UnsafeMutablePointer<Float>, _ step: Int) {
  store(v.0, p)
  store(v.1, p + step)
  store(v.2, p + 2 &* step)
  store(v.3, p + 3 &* step)
}

/// Stores six vectors, each `step` values behind the one before.
@inline(__always)
func store(_ v: Line6, _ p: UnsafeMutablePointer<Float>, _ step: Int) {
  store(v.0, p)
  store(v.1, p + step)
  store(v.2, p + 2 &* step)
  store(v.3, p + 3 &* step)
  store(v.4, p + 4 &* step)
  store(v.5, p + 5 &* step)
}

/// The tiles that one call transforms, and the image or the transformed values that they lie in.
///
/// Numbers, as `WinogradTiles` in Tensors has them in this order: 0 the first tile and 1 the end, of
/// all images; 2 tiles along a row and 3 in an image; 4-6 the distances of images, rows and pixels;
/// 7, 8 rows and columns that exist; 9 channels; 10, 11 the distances of tiles and of the m + 2
/// squared parts among the transformed values; 12 whether to rectify; 13, 14 rows above the image and
/// columns left of it that the first tiles cover.
struct TileWalk {
  let n: UnsafePointer<Int>
  /// Outputs of a tile along an axis.
  let m: Int
  /// Rows and columns of the image's pixels that a tile covers: m or m + 2.
  let reach: Int

  /// Where tile `t` begins in the image, perhaps before it, and which of its pixels exist.
  @inline(__always)
  func place(_ t: Int) -> TilePlace {
    let image = t / n[3]
    let inside = t &- image &* n[3]
    let tileY = inside / n[2]
    let y = tileY &* m &- n[13]
    let x = (inside &- tileY &* n[2]) &* m &- n[14]
    return TilePlace(
      offset: image &* n[4] &+ y &* n[5] &+ x &* n[6], firstRow: y < 0 ? 0 &- y : 0,
      endRow: n[7] &- y < reach ? n[7] &- y : reach, firstColumn: x < 0 ? 0 &- x : 0,
      endColumn: n[8] &- x < reach ? n[8] &- x : reach)
  }

  /// The first channel of the vector behind channel `c`'s, so that the last one ends with the last
  /// channel.
  @inline(__always)
  func next(_ c: Int) -> Int {
    let (after, last) = (c &+ lanesFloat, n[9] &- lanesFloat)
    return c < last && after > last ? last : after
  }
}

/// Where a tile begins, and its rows and columns that exist.
struct TilePlace {
  let offset, firstRow, endRow, firstColumn, endColumn: Int

  /// Whether all rows and columns exist.
  @inline(__always)
  func isWhole(_ reach: Int) -> Bool {
    firstRow == 0 && endRow == reach && firstColumn == 0 && endColumn == reach
  }
}
