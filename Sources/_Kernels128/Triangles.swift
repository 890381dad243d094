// Inner loop of a triangular solve: columns C with L C' = C, in Double.
//
// Implements: G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, section 3.1.3 (column-oriented
//   forward substitution) by blocks of eight columns of L.
// Equation -> code: c_j := c_j / l_jj, then c_i := c_i - l_ij c_j for i > j -> `solveTriangle`,
//   `subtractColumns`.
// Symbols: L (n x n) lower triangular, zeros above its diagonal; columns of L and C hold a multiple of
//   16 numbers, padded with zeros.
// Deviations: two columns of C share each load of L; a column's own arithmetic does not depend on it.
//   Eight unknowns that are all zero change nothing and are passed over.
// Checked by: TriangleKernelTests. Cost: n^2 flops a column.
// TrianglesFloat.swift is generated from this file by Tests/Fixtures/generate_float_kernels.sh.

/// acc - a * b in 8 lanes.
@inline(__always)
private func lanesSubtracting(
  _ acc: SIMD8<Double>, _ a: SIMD8<Double>, _ b: SIMD8<Double>
) -> SIMD8<Double> {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(-a, b)
  #else
  acc - a * b
  #endif
}

/// Solves for the unknowns j ..< j + count of one column; false if all are zero.
@inline(__always)
private func solveTriangle(
  _ L: UnsafePointer<Double>, _ strideL: Int, _ c: UnsafeMutablePointer<Double>, _ j: Int,
  _ count: Int
) -> Bool {
  var isZero = true
  var k = j
  while k < j &+ count {
    let column = L + k &* strideL
    let value = c[k] / column[k]
    c[k] = value
    isZero = isZero && value == 0
    var i = k &+ 1
    while i < j &+ count {
      #if NITAL_FMA || arch(arm64)
      c[i] = c[i].addingProduct(-value, column[i])
      #else
      c[i] -= value * column[i]
      #endif
      i &+= 1
    }
    k &+= 1
  }
  return !isZero
}

/// Subtracts four columns of L, times four solved unknowns, from the rows from `start` on of two
/// columns, which may be one.
@inline(__always)
private func subtractColumns(
  _ L: UnsafePointer<Double>, _ strideL: Int, _ c: UnsafeMutablePointer<Double>,
  _ d: UnsafeMutablePointer<Double>, _ j: Int, _ start: Int, _ rows: Int
) {
  typealias V = SIMD8<Double>
  let (c0, c1) = (V(repeating: c[j]), V(repeating: c[j &+ 1]))
  let (c2, c3) = (V(repeating: c[j &+ 2]), V(repeating: c[j &+ 3]))
  let (d0, d1) = (V(repeating: d[j]), V(repeating: d[j &+ 1]))
  let (d2, d3) = (V(repeating: d[j &+ 2]), V(repeating: d[j &+ 3]))
  let l = L + j &* strideL
  var i = start
  while i < rows {
    let l0 = loadHalfLanes(l + i)
    let l1 = loadHalfLanes(l + (strideL &+ i))
    let l2 = loadHalfLanes(l + (2 &* strideL &+ i))
    let l3 = loadHalfLanes(l + (3 &* strideL &+ i))
    let one = loadHalfLanes(c + i)
    let two = loadHalfLanes(d + i)
    let a = lanesSubtracting(lanesSubtracting(one, c0, l0), c1, l1)
    let b = lanesSubtracting(lanesSubtracting(two, d0, l0), d1, l1)
    UnsafeMutableRawPointer(c + i).storeBytes(
      of: lanesSubtracting(lanesSubtracting(a, c2, l2), c3, l3), as: V.self)
    UnsafeMutableRawPointer(d + i).storeBytes(
      of: lanesSubtracting(lanesSubtracting(b, d2, l2), d3, l3), as: V.self)
    i &+= 8
  }
}

/// Replaces each of `columns` columns of C by the solution of L y = c.
@inline(never)
public func solveLowerTriangle(
  _ L: UnsafePointer<Double>, _ strideL: Int, _ n: Int, _ C: UnsafeMutablePointer<Double>,
  _ strideC: Int, _ columns: Int
) {
  var first = 0
  while first < columns {
    let c = C + first &* strideC
    let d = first &+ 1 < columns ? c + strideC : c
    var j = 0
    while j < n {
      let count = n &- j < 8 ? n &- j : 8
      var isNeeded = solveTriangle(L, strideL, c, j, count)
      if d != c && solveTriangle(L, strideL, d, j, count) { isNeeded = true }
      if isNeeded && j &+ 8 < n {
        subtractColumns(L, strideL, c, d, j, j &+ 8, strideC)
        subtractColumns(L, strideL, c, d, j &+ 4, j &+ 8, strideC)
      }
      j &+= 8
    }
    first &+= 2
  }
}
