// Inner loops of Householder QR: reflectors applied to columns, in Float.
//
// Implements: G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, section 5.1.4:
//   H C = C - tau v (v' C).
// Symbols: reflector k is stored in full (zeros above row k, 1 at row k) in `rows` numbers, a
//   multiple of 16, padded with zeros; so is a column of C. V, C: first number of the first one.
// Deviations: two columns share each load of v; a column's own arithmetic does not depend on it.
// Checked by: RotationKernelTests, QRTests. Cost: 4 rows flops a reflector and column.
// Generated from Reflectors.swift by Tests/Fixtures/generate_float_kernels.sh.

/// Subtracts tau v (v' c) from one column, from row `start` on.
@inline(__always)
func reflect(
  _ v: UnsafePointer<Float>, _ tau: Float, _ c: UnsafeMutablePointer<Float>, _ rows: Int
) {
  let w = SIMD16<Float>(repeating: -tau * laneDot(v, c, rows))
  var i = 0
  while i < rows {
    storeLanes(lanesMultiplyAdd(loadLanes(c + i), w, loadLanes(v + i)), c + i)
    i &+= 16
  }
}

/// Subtracts tau v (v' c) from two columns at once.
@inline(__always)
func reflectTwo(
  _ v: UnsafePointer<Float>, _ tau: Float,
  _ c: UnsafeMutablePointer<Float>, _ d: UnsafeMutablePointer<Float>, _ rows: Int
) {
  var (sum1, sum2) = (SIMD16<Float>(repeating: 0), SIMD16<Float>(repeating: 0))
  var i = 0
  while i < rows {
    let a = loadLanes(v + i)
    sum1 = lanesMultiplyAdd(sum1, a, loadLanes(c + i))
    sum2 = lanesMultiplyAdd(sum2, a, loadLanes(d + i))
    i &+= 16
  }
  let w1 = SIMD16<Float>(repeating: -tau * sumOfLanes(sum1))
  let w2 = SIMD16<Float>(repeating: -tau * sumOfLanes(sum2))
  i = 0
  while i < rows {
    let a = loadLanes(v + i)
    storeLanes(lanesMultiplyAdd(loadLanes(c + i), w1, a), c + i)
    storeLanes(lanesMultiplyAdd(loadLanes(d + i), w2, a), d + i)
    i &+= 16
  }
}

/// Applies the reflectors k0 ..< k1 to `columns` columns of C, in rising or falling order of k.
///
/// `V` points to reflector 0, the others are `strideV` apart, each with its factor in `tau`; `C`
/// points to the first column, the others are `strideC` apart, each of `rows` numbers.
@inline(never)
public func applyReflectors(
  _ V: UnsafePointer<Float>, _ strideV: Int, _ tau: UnsafePointer<Float>, _ k0: Int, _ k1: Int,
  _ falling: Bool, _ C: UnsafeMutablePointer<Float>, _ strideC: Int, _ columns: Int, _ rows: Int
) {
  var j = 0
  while j < columns {
    let c = C + j &* strideC
    let pair = j &+ 1 < columns
    var step = k0
    while step < k1 {
      let k: Int = falling ? k0 &+ k1 &- 1 &- step : step
      // Zeros stand above row k: begin at the last multiple of 16 before it.
      let start: Int = (k / 16) &* 16
      let v = V + (k &* strideV &+ start)
      if pair {
        reflectTwo(v, tau[k], c + start, c + strideC + start, rows &- start)
      } else {
        reflect(v, tau[k], c + start, rows &- start)
      }
      step &+= 1
    }
    j &+= 2
  }
}
