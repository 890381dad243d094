// The matrix product for few rows of A, with B read as it lies in memory.
//
// Where A has few rows, packing B would cost more than the product. B is read in sweeps over 8 of
// its rows at a time: as many streams as caches follow, each read along. The sums lie in a buffer S.
// Equation -> code: S[i, j] = sum over p of A[i, p] B[p, j]; C = beta C + alpha S -> gemmSweep.
// Symbols: m n k of the block; NR, 2 vectors.
// Deviations: none; the sums have the order and the bits of gemmBlock.
// Checked by: MatmulKernelTests, twin matmulReference. Cost: 2 m n k flops; B is read once.

/// Rows of B that are read side by side.
private let sweepDepth = 8

/// S = A B, where the last panel reads B where that ends and has sums before its own.
@inline(__always)
private func sweep(
  _ m: Int, _ n: Int, _ k: Int, _ NR: Int, _ height: (Int) -> Int,
  _ tile: (_ rows: Int, _ i: Int, _ p: Int, _ depth: Int, _ column: Int, _ j: Int) -> Void
) {
  var p: Int = 0
  while p < k {
    let depth: Int = k &- p < sweepDepth ? k &- p : sweepDepth
    var j: Int = 0
    while j < n {
      let column: Int = j < n &- NR ? j : n &- NR
      var i: Int = 0
      while i < m {
        let rows: Int = height(m &- i)
        tile(rows, i, p, depth, column, j)
        i &+= rows
      }
      j &+= NR
    }
    p &+= depth
  }
}

/// C = beta C + alpha S, where the last panel of S holds its columns at its end.
@inline(__always)
private func addSums<Scalar>(
  _ m: Int, _ n: Int, _ NR: Int, _ S: UnsafeMutablePointer<Scalar>, _ strideS: Int,
  _ C: UnsafeMutablePointer<Scalar>, _ rowStrideC: Int, _ columnStrideC: Int,
  _ value: (UnsafeMutablePointer<Scalar>, Scalar) -> Scalar
) {
  let whole: Int = n / NR &* NR
  var i: Int = 0
  while i < m {
    let c: UnsafeMutablePointer<Scalar> = C + i &* rowStrideC
    let s: UnsafeMutablePointer<Scalar> = S + i &* strideS
    var j: Int = 0
    while j < whole {
      c[j &* columnStrideC] = value(c + j &* columnStrideC, s[j])
      j &+= 1
    }
    let shift: Int = whole &+ NR &- n
    while j < n {
      c[j &* columnStrideC] = value(c + j &* columnStrideC, s[j &+ shift])
      j &+= 1
    }
    i &+= 1
  }
}

/// C = beta C + alpha A B for m rows of A, n columns and a depth of k in single precision.
///
/// A and B lie in memory row after row. n is at least `gemmColumnsPerTileFloat`; `S` has m rows of
/// `strideS` numbers, n rounded up to whole tiles or more. C is not read where beta is 0.
@inline(never) public func gemmSweepFloat(
  _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ A: UnsafePointer<Float>, _ rowStrideA: Int,
  _ B: UnsafePointer<Float>, _ rowStrideB: Int, _ beta: Float, _ C: UnsafeMutablePointer<Float>,
  _ rowStrideC: Int, _ columnStrideC: Int, _ S: UnsafeMutablePointer<Float>, _ strideS: Int
) {
  let NR: Int = 2 &* lanesFloat
  sweep(m, n, k, NR, { gemmRowTileHeightFloat($0) }) { rows, i, p, depth, column, j in
    gemmRowTileFloat(
      rows, depth, A + (i &* rowStrideA &+ p), rowStrideA, B + (p &* rowStrideB &+ column),
      rowStrideB, p > 0, 1, 0, S + (i &* strideS &+ j), strideS)
  }
  if beta == 0 {
    addSums(m, n, NR, S, strideS, C, rowStrideC, columnStrideC) { _, s in alpha * s }
  } else {
    addSums(m, n, NR, S, strideS, C, rowStrideC, columnStrideC) { c, s in
      combine(c.pointee, beta, alpha, s)
    }
  }
}

/// C = beta C + alpha A B for m rows of A, n columns and a depth of k in double precision.
///
/// A and B lie in memory row after row. n is at least `gemmColumnsPerTileDouble`; `S` has m rows of
/// `strideS` numbers, n rounded up to whole tiles or more. C is not read where beta is 0.
@inline(never) public func gemmSweepDouble(
  _ m: Int, _ n: Int, _ k: Int, _ alpha: Double, _ A: UnsafePointer<Double>, _ rowStrideA: Int,
  _ B: UnsafePointer<Double>, _ rowStrideB: Int, _ beta: Double, _ C: UnsafeMutablePointer<Double>,
  _ rowStrideC: Int, _ columnStrideC: Int, _ S: UnsafeMutablePointer<Double>, _ strideS: Int
) {
  let NR: Int = 2 &* lanesDouble
  sweep(m, n, k, NR, { gemmRowTileHeightDouble($0) }) { rows, i, p, depth, column, j in
    gemmRowTileDouble(
      rows, depth, A + (i &* rowStrideA &+ p), rowStrideA, B + (p &* rowStrideB &+ column),
      rowStrideB, p > 0, 1, 0, S + (i &* strideS &+ j), strideS)
  }
  if beta == 0 {
    addSums(m, n, NR, S, strideS, C, rowStrideC, columnStrideC) { _, s in alpha * s }
  } else {
    addSums(m, n, NR, S, strideS, C, rowStrideC, columnStrideC) { c, s in
      combine(c.pointee, beta, alpha, s)
    }
  }
}
