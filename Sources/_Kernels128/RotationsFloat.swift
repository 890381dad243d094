// Inner loops of one-sided Jacobi: scalar products and plane rotations of columns, in Float.
//
// Implements: M. Hestenes, J. SIAM 6 (1958) 51 (one-sided rotations), with the angle of
//   G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, section 8.5.2 (symmetric Schur).
// Equation -> code: zeta = (|y|^2 - |x|^2) / (2 x.y), t = sign(zeta) / (|zeta| + sqrt(1 + zeta^2)),
//   c = 1 / sqrt(1 + t^2), s = c t; x' = c x - s y, y' = s x + c y -> `jacobiRotation`, `rotate`.
// Symbols: a column holds `rows` numbers, a multiple of 16, padded with zeros, `stride` apart.
// Deviations: norms are taken anew after each rotation, in the pass that rotates; the longer column
//   goes first (P. de Rijk, SIAM J. Sci. Stat. Comput. 10 (1989) 359). Sums run in 16 lanes whatever
//   the vector width and are combined in one order, so that all builds with FMA give the same bits.
// Checked by: RotationKernelTests, SVDTests. Cost: 2 rows flops a product, 10 rows a rotation.
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

/// Rotates a pair of columns; `first` and `second` receive c x - s y and s x + c y.
@inline(__always)
func rotate(
  _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int,
  _ c: Float, _ s: Float,
  _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>
) {
  let (C, S) = (SIMD16<Float>(repeating: c), SIMD16<Float>(repeating: s))
  let minusS = SIMD16<Float>(repeating: -s)
  var i = 0
  while i < rows {
    let (a, b) = (loadLanes(x + i), loadLanes(y + i))
    storeLanes(lanesMultiplyAdd(C * a, minusS, b), first + i)
    storeLanes(lanesMultiplyAdd(C * b, S, a), second + i)
    i &+= 16
  }
}

/// Rotates a pair of columns as `rotate` does, and leaves their new squared norms.
@inline(__always)
func rotateWithNorms(
  _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int,
  _ c: Float, _ s: Float,
  _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>
) -> (first: Float, second: Float) {
  let (C, S) = (SIMD16<Float>(repeating: c), SIMD16<Float>(repeating: s))
  let minusS = SIMD16<Float>(repeating: -s)
  var (sum1, sum2) = (SIMD16<Float>(repeating: 0), SIMD16<Float>(repeating: 0))
  var i = 0
  while i < rows {
    let (a, b) = (loadLanes(x + i), loadLanes(y + i))
    let one = lanesMultiplyAdd(C * a, minusS, b)
    let two = lanesMultiplyAdd(C * b, S, a)
    storeLanes(one, first + i)
    storeLanes(two, second + i)
    sum1 = lanesMultiplyAdd(sum1, one, one)
    sum2 = lanesMultiplyAdd(sum2, two, two)
    i &+= 16
  }
  return (sumOfLanes(sum1), sumOfLanes(sum2))
}

/// Rotates two columns by a given angle: x' = c x - s y, y' = s x + c y.
@inline(never)
public func rotateColumns(
  _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int,
  _ c: Float, _ s: Float
) {
  rotate(x, y, rows, c, s, x, y)
}

/// The cosine and sine that make two columns orthogonal.
///
/// - Parameters:
///   - nx: the norm of the first column, not 0.
///   - ny: the norm of the second, not 0.
///   - cosine: the cosine of the angle between them, not 0.
@inline(__always)
func jacobiRotation(_ nx: Float, _ ny: Float, _ cosine: Float) -> (c: Float, s: Float) {
  let zeta = (ny / nx - nx / ny) / (2 * cosine)
  let size = abs(zeta)
  // Beyond 1 / eps the 1 under the root is lost, and the square could overflow.
  let root = size * Float.ulpOfOne > 1 ? size : (1 + zeta * zeta).squareRoot()
  let t = (zeta < 0 ? -1 : 1) / (size + root)
  let c = 1 / (1 + t * t).squareRoot()
  return (c, c * t)
}

/// Makes the columns p0 ..< p1 and q0 ..< q1 pairwise orthogonal once over, p before q.
///
/// - Parameters:
///   - X: columns of `rows` numbers, `stride` apart.
///   - J: the rotations so far, columns of `rowsJ` numbers, `strideJ` apart; untouched if `rowsJ` is 0.
///   - norms: the squared norm of each column of `X`, kept up to date.
///   - tolerance: pairs whose cosine is at most this are left alone.
///   - floor: columns whose squared norm is at most this count as zero.
/// - Returns: the number of pairs that were rotated.
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
    while q < q1 {
      if norms[p] > floor && norms[q] > floor {
        let (x, y) = (X + p &* stride, X + q &* stride)
        let (nx, ny) = (norms[p].squareRoot(), norms[q].squareRoot())
        let cosine = laneDot(x, y, rows) / (nx * ny)
        if abs(cosine) > tolerance {
          let (c, s) = jacobiRotation(nx, ny, cosine)
          let (u, v) = (J + p &* strideJ, J + q &* strideJ)
          let swaps = nx < ny
          let new = rotateWithNorms(x, y, rows, c, s, swaps ? y : x, swaps ? x : y)
          if rowsJ > 0 { rotate(u, v, rowsJ, c, s, swaps ? v : u, swaps ? u : v) }
          norms[p] = swaps ? new.second : new.first
          norms[q] = swaps ? new.first : new.second
          rotated &+= 1
        }
      }
      q &+= 1
    }
    p &+= 1
  }
  return rotated
}
