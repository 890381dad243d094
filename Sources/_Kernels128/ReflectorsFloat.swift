// Inner loops of Householder QR: reflectors applied to columns, in Float.
//
// Implements: G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, section 5.1.4:
//   H C = C - tau v (v' C).
// Symbols: reflector k is stored in full (zeros above row k, 1 at row k) in `rows` numbers, a
//   multiple of 16, padded with zeros; so is a column of C. V, C: first number of the first one.
// Deviations: two columns share each load of v, and the pass that subtracts one reflector takes the
//   products with the next; a column's own arithmetic does not depend on either.
// Checked by: RotationKernelTests, QRTests. Cost: 4 rows flops a reflector and column.
// Generated from Reflectors.swift by Tests/Fixtures/generate_float_kernels.sh.

/// The lanes of v' c and v' d over `rows` numbers, on top of what they hold.
@inline(__always)
private func addProducts(
  _ sums: inout (SIMD16<Float>, SIMD16<Float>), _ v: UnsafePointer<Float>,
  _ c: UnsafePointer<Float>, _ d: UnsafePointer<Float>, _ rows: Int
) {
  var i = 0
  while i < rows {
    let a = loadLanes(v + i)
    sums.0 = lanesMultiplyAdd(sums.0, a, loadLanes(c + i))
    sums.1 = lanesMultiplyAdd(sums.1, a, loadLanes(d + i))
    i &+= 16
  }
}

/// c := c + w0 v and d := d + w1 v over `rows` numbers.
@inline(__always)
private func addMultiples(
  _ w: (Float, Float), _ v: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
  _ d: UnsafeMutablePointer<Float>, _ rows: Int
) {
  let (w0, w1) = (SIMD16<Float>(repeating: w.0), SIMD16<Float>(repeating: w.1))
  var i = 0
  while i < rows {
    let a = loadLanes(v + i)
    storeLanes(lanesMultiplyAdd(loadLanes(c + i), w0, a), c + i)
    storeLanes(lanesMultiplyAdd(loadLanes(d + i), w1, a), d + i)
    i &+= 16
  }
}

/// `addMultiples` of v, then `addProducts` with `next`, eight rows in one pass.
@inline(__always)
private func addToEight(
  _ w: (SIMD8<Float>, SIMD8<Float>), _ v: UnsafePointer<Float>, _ next: UnsafePointer<Float>,
  _ sums: inout (SIMD8<Float>, SIMD8<Float>), _ c: UnsafeMutablePointer<Float>,
  _ d: UnsafeMutablePointer<Float>
) {
  let (a, b) = (loadHalfLanes(v), loadHalfLanes(next))
  let one = halfLanesMultiplyAdd(loadHalfLanes(c), w.0, a)
  UnsafeMutableRawPointer(c).storeBytes(of: one, as: SIMD8<Float>.self)
  sums.0 = halfLanesMultiplyAdd(sums.0, b, one)
  let two = halfLanesMultiplyAdd(loadHalfLanes(d), w.1, a)
  UnsafeMutableRawPointer(d).storeBytes(of: two, as: SIMD8<Float>.self)
  sums.1 = halfLanesMultiplyAdd(sums.1, b, two)
}

/// `addToEight` over `rows` numbers: halves of 16 lanes, for the registers of AVX2.
@inline(__always)
private func addMultiplesAndProducts(
  _ w: (Float, Float), _ v: UnsafePointer<Float>, _ next: UnsafePointer<Float>,
  _ sums: inout (SIMD16<Float>, SIMD16<Float>), _ c: UnsafeMutablePointer<Float>,
  _ d: UnsafeMutablePointer<Float>, _ rows: Int
) {
  let w = (SIMD8<Float>(repeating: w.0), SIMD8<Float>(repeating: w.1))
  var low = (sums.0.lowHalf, sums.1.lowHalf)
  var high = (sums.0.highHalf, sums.1.highHalf)
  var i = 0
  while i < rows {
    addToEight(w, v + i, next + i, &low, c + i, d + i)
    addToEight(w, v + (i &+ 8), next + (i &+ 8), &high, c + (i &+ 8), d + (i &+ 8))
    i &+= 16
  }
  sums.0 = SIMD16(lowHalf: low.0, highHalf: high.0)
  sums.1 = SIMD16(lowHalf: low.1, highHalf: high.1)
}

/// Where reflector k begins: zeros stand above row k, so at the last multiple of 16 before it.
@inline(__always)
private func firstRow(_ k: Int) -> Int { (k / 16) &* 16 }

/// Applies one reflector to one column, both from the reflector's first row on.
@inline(__always)
private func reflect(
  _ v: UnsafePointer<Float>, _ tau: Float, _ c: UnsafeMutablePointer<Float>, _ rows: Int
) {
  let w = SIMD16<Float>(repeating: -tau * laneDot(v, c, rows))
  var i = 0
  while i < rows {
    storeLanes(lanesMultiplyAdd(loadLanes(c + i), w, loadLanes(v + i)), c + i)
    i &+= 16
  }
}

/// Applies the reflectors k0 ..< k1, at least one, to columns c and d.
@inline(__always)
private func reflectTwo(
  _ V: UnsafePointer<Float>, _ strideV: Int, _ tau: UnsafePointer<Float>, _ k0: Int, _ k1: Int,
  _ falling: Bool, _ c: UnsafeMutablePointer<Float>, _ d: UnsafeMutablePointer<Float>, _ rows: Int
) {
  var k = falling ? k1 &- 1 : k0
  var start = firstRow(k)
  var sums = (SIMD16<Float>(), SIMD16<Float>())
  addProducts(&sums, V + (k &* strideV &+ start), c + start, d + start, rows &- start)
  var left = k1 &- k0 &- 1
  while left > 0 {
    let w = (-tau[k] * sumOfLanes(sums.0), -tau[k] * sumOfLanes(sums.1))
    let v = V + k &* strideV
    k = falling ? k &- 1 : k &+ 1
    let (next, nextStart) = (V + k &* strideV, firstRow(k))
    sums = (SIMD16<Float>(), SIMD16<Float>())
    // Rows of which one of the two reflectors is zero come first.
    let both = falling ? start : nextStart
    if falling {
      let rows = both &- nextStart
      addProducts(&sums, next + nextStart, c + nextStart, d + nextStart, rows)
    } else {
      addMultiples(w, v + start, c + start, d + start, both &- start)
    }
    addMultiplesAndProducts(w, v + both, next + both, &sums, c + both, d + both, rows &- both)
    start = nextStart
    left &-= 1
  }
  let w = (-tau[k] * sumOfLanes(sums.0), -tau[k] * sumOfLanes(sums.1))
  addMultiples(w, V + (k &* strideV &+ start), c + start, d + start, rows &- start)
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
  guard k0 < k1 else { return }
  var j = 0
  while j &+ 1 < columns {
    let c = C + j &* strideC
    reflectTwo(V, strideV, tau, k0, k1, falling, c, c + strideC, rows)
    j &+= 2
  }
  guard j < columns else { return }
  var step = k0
  while step < k1 {
    let k: Int = falling ? k0 &+ k1 &- 1 &- step : step
    let start = firstRow(k)
    reflect(V + (k &* strideV &+ start), tau[k], C + (j &* strideC &+ start), rows &- start)
    step &+= 1
  }
}
