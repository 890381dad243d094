// Inner loops of one-sided Jacobi: scalar products and plane rotations of columns, in Float.
//
// Implements: M. Hestenes, J. SIAM 6 (1958) 51 (one-sided rotations), with the angle of
//   G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, section 8.5.2 (symmetric Schur).
// Equation -> code: zeta = (|y|^2 - |x|^2) / (2 x.y), t = sign(zeta) / (|zeta| + sqrt(1 + zeta^2)),
//   c = 1 / sqrt(1 + t^2), s = c t; x' = c x - s y, y' = s x + c y -> `jacobiRotation`, `rotate`.
// Symbols: a column holds `rows` numbers, a multiple of 16, padded with zeros, `stride` apart.
// Deviations: the pass that rotates also takes the product of the next pair. Norms follow from the
//   rotation: |x'|^2 = |x|^2 + |t x.y| for the longer column, |y'|^2 = |y|^2 - |t x.y| for the
//   shorter one, which is taken anew where that would halve it; an error in them turns a pair by a
//   slightly other angle, no more. The longer column goes first (P. de Rijk, SIAM J. Sci. Stat.
//   Comput. 10 (1989) 359). Sums run in 16 or 8 lanes whatever the vector width and are combined in
//   one order, so that all builds with FMA give the same bits.
// Checked by: RotationKernelTests, SVDTests. Cost: 2 rows flops a product, 8 rows a rotation.
// Generated from Rotations.swift by Tests/Fixtures/generate_float_kernels.sh.

/// acc + a * b in 16 lanes, fused where the build has fused multiply-add.
@inline(__always)
func lanesMultiplyAdd(
  _ acc: SIMD16<Float>, _ a: SIMD16<Float>, _ b: SIMD16<Float>
) -> SIMD16<Float> {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(a, b)
  #else
  acc + a * b
  #endif
}

/// The sum of 16 lanes: halves onto halves.
@inline(__always)
func sumOfLanes(_ v: SIMD16<Float>) -> Float {
  let eight = v.lowHalf + v.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}

@inline(__always)
func loadLanes(_ p: UnsafePointer<Float>) -> SIMD16<Float> {
  UnsafeRawPointer(p).loadUnaligned(as: SIMD16<Float>.self)
}

@inline(__always)
func storeLanes(_ v: SIMD16<Float>, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD16<Float>.self)
}

@inline(__always)
func laneDot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ rows: Int) -> Float {
  var sum = SIMD16<Float>(repeating: 0)
  var i = 0
  while i < rows {
    sum = lanesMultiplyAdd(sum, loadLanes(x + i), loadLanes(y + i))
    i &+= 16
  }
  return sumOfLanes(sum)
}

/// The scalar product of two columns.
@inline(never)
public func columnDot(
  _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ rows: Int
) -> Float {
  laneDot(x, y, rows)
}

/// The rows of a plane rotation, exchanged where the second column is to become the longer one:
/// x' = xx x + xy y, y' = yx x + yy y.
struct FloatPlaneRotation {
  var xx, xy, yx, yy: Float

  @inline(__always)
  init(c: Float, s: Float, exchanging: Bool) {
    if exchanging { (xx, xy, yx, yy) = (s, c, c, -s) } else { (xx, xy, yx, yy) = (c, -s, s, c) }
  }
}

/// Rotates a pair of columns.
@inline(__always)
func rotate(
  _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int,
  _ J: FloatPlaneRotation
) {
  let (xx, xy) = (SIMD16<Float>(repeating: J.xx), SIMD16<Float>(repeating: J.xy))
  let (yx, yy) = (SIMD16<Float>(repeating: J.yx), SIMD16<Float>(repeating: J.yy))
  var i = 0
  while i < rows {
    let (a, b) = (loadLanes(x + i), loadLanes(y + i))
    storeLanes(lanesMultiplyAdd(xx * a, xy, b), x + i)
    storeLanes(lanesMultiplyAdd(yy * b, yx, a), y + i)
    i &+= 16
  }
}

/// acc + a * b in 8 lanes: with the rotation's factors more would not fit the registers of AVX2.
@inline(__always)
func halfLanesMultiplyAdd(
  _ acc: SIMD8<Float>, _ a: SIMD8<Float>, _ b: SIMD8<Float>
) -> SIMD8<Float> {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(a, b)
  #else
  acc + a * b
  #endif
}

@inline(__always)
func loadHalfLanes(_ p: UnsafePointer<Float>) -> SIMD8<Float> {
  UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self)
}

@inline(__always)
private func sumOfHalfLanes(_ v: SIMD8<Float>) -> Float {
  let four = v.lowHalf + v.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}

/// Rotates a pair of columns as `rotate` does; gives the scalar product of the new first one with
/// column `z`, which is met next.
@inline(__always)
func rotateWithProduct(
  _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>,
  _ z: UnsafePointer<Float>, _ rows: Int, _ J: FloatPlaneRotation
) -> Float {
  typealias V = SIMD8<Float>
  let (xx, xy) = (V(repeating: J.xx), V(repeating: J.xy))
  let (yx, yy) = (V(repeating: J.yx), V(repeating: J.yy))
  var sum = V()
  var i = 0
  while i < rows {
    let a = loadHalfLanes(x + i)
    let b = loadHalfLanes(y + i)
    let one = halfLanesMultiplyAdd(xx * a, xy, b)
    let two = halfLanesMultiplyAdd(yy * b, yx, a)
    sum = halfLanesMultiplyAdd(sum, one, loadHalfLanes(z + i))
    UnsafeMutableRawPointer(x + i).storeBytes(of: one, as: V.self)
    UnsafeMutableRawPointer(y + i).storeBytes(of: two, as: V.self)
    i &+= 8
  }
  return sumOfHalfLanes(sum)
}

/// Rotates two columns by a given angle: x' = c x - s y, y' = s x + c y.
@inline(never)
public func rotateColumns(
  _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int,
  _ c: Float, _ s: Float
) {
  rotate(x, y, rows, FloatPlaneRotation(c: c, s: s, exchanging: false))
}

/// The cosine, sine and tangent of the rotation that makes two columns orthogonal.
///
/// `nx` and `ny` are their norms, `cosine` that of the angle between them; none of the three is 0.
@inline(__always)
func jacobiRotation(
  _ nx: Float, _ ny: Float, _ cosine: Float
) -> (c: Float, s: Float, t: Float) {
  let zeta = (ny / nx - nx / ny) / (2 * cosine)
  let size = abs(zeta)
  // Beyond 1 / eps the 1 under the root is lost, and the square could overflow.
  let root = size * Float.ulpOfOne > 1 ? size : (1 + zeta * zeta).squareRoot()
  let t = (zeta < 0 ? -1 : 1) / (size + root)
  let c = 1 / (1 + t * t).squareRoot()
  return (c, c * t, t)
}

/// Makes the columns p0 ..< p1 and q0 ..< q1 pairwise orthogonal once over, p before q.
///
/// `X` holds columns of `rows` numbers, `stride` apart; `J`, the rotations so far, columns of
/// `rowsJ` numbers, `strideJ` apart, and is untouched if `rowsJ` is 0. `norms` are the squared
/// norms of the columns of `X` and are kept up to date, to some eps. Pairs whose cosine is at most `tolerance`
/// are left alone, and columns whose squared norm is at most `floor` count as zero. Gives the
/// number of pairs rotated.
@inline(never)
public func orthogonalizePairs(
  _ X: UnsafeMutablePointer<Float>, _ rows: Int, _ stride: Int,
  _ J: UnsafeMutablePointer<Float>, _ rowsJ: Int, _ strideJ: Int,
  _ norms: UnsafeMutablePointer<Float>, _ p0: Int, _ p1: Int, _ q0: Int, _ q1: Int,
  _ tolerance: Float, _ floor: Float
) -> Int {
  var rotated = 0
  var p = p0
  while p < p1 {
    var q = q0 > p ? q0 : p &+ 1
    // Whether the last rotation left the product of columns p and q.
    var (isKnown, product) = (false, 0.0 as Float)
    let x = X + p &* stride
    while q < q1 {
      let y = X + q &* stride
      if norms[p] > floor && norms[q] > floor {
        let (nx, ny) = (norms[p].squareRoot(), norms[q].squareRoot())
        let cosine = (isKnown ? product : laneDot(x, y, rows)) / (nx * ny)
        isKnown = abs(cosine) > tolerance
        if isKnown {
          let (c, s, t) = jacobiRotation(nx, ny, cosine)
          let J2 = FloatPlaneRotation(c: c, s: s, exchanging: nx < ny)
          let z = q &+ 1 < q1 ? y + stride : y
          product = rotateWithProduct(x, y, z, rows, J2)
          let change = abs(t * cosine) * nx * ny
          let (long, short) = nx < ny ? (norms[q], norms[p]) : (norms[p], norms[q])
          norms[p] = long + change
          norms[q] = 2 * change < short ? short - change : laneDot(y, y, rows)
          if rowsJ > 0 { rotate(J + p &* strideJ, J + q &* strideJ, rowsJ, J2) }
          rotated &+= 1
        }
      } else {
        isKnown = false
      }
      q &+= 1
    }
    p &+= 1
  }
  return rotated
}
