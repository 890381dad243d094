// The two innermost loops of the packed matrix product: a block of C from packed A and B.
//
// Implements: F. Van Zee, R. van de Geijn, "BLIS: a framework for rapidly instantiating BLAS
//   functionality", ACM Trans. Math. Softw. 41 (2015) 14, section 4 (loops 2 and 1, micro-kernel).
// Equation -> code: C[i, j] = beta C[i, j] + alpha sum over p of A[i, p] B[p, j] -> gemmBlock, and
//   gemmTile for one register tile (GEMMTiles.generated.swift).
// Symbols: m n k -> rows, columns, depth of the block; MR -> gemmTileRows; NR -> 2 vectors.
// Layout: A in panels of MR rows, [panel][p][row], the last panel with as many rows as are left;
//   B in panels of NR columns, [panel][p][column], the last panel filled up with zeros.
// Deviations: loop 2 runs inside loop 1, so that a panel of A stays in the nearest cache and the
//   rows of C are written along, over as many panels of B at a time as the second cache holds beside
//   other things; tiles on the right edge go through a buffer.
// Checked by: MatmulKernelTests, twin matmulReference. Cost: 2 m n k flops.

let lanesFloat = FloatVector.scalarCount
let lanesDouble = DoubleVector.scalarCount

/// One vector of C becomes old C + scale sum.
@inline(__always)
func update(
  _ c: UnsafeMutablePointer<Float>, _ old: FloatVector, _ scale: FloatVector, _ sum: FloatVector
) {
  store(multiplyAdd(old * load(c), scale, sum), c)
}

/// One vector of C becomes old C + scale sum.
@inline(__always)
func update(
  _ c: UnsafeMutablePointer<Double>, _ old: DoubleVector, _ scale: DoubleVector,
  _ sum: DoubleVector
) {
  store(multiplyAdd(old * load(c), scale, sum), c)
}

/// One number of C becomes beta C + alpha S, rounded as a tile does.
@inline(__always)
func combine(_ c: Float, _ beta: Float, _ alpha: Float, _ s: Float) -> Float {
  #if NITAL_FMA || arch(arm64)
  (beta * c).addingProduct(alpha, s)
  #else
  beta * c + alpha * s
  #endif
}

/// One number of C becomes beta C + alpha S, rounded as a tile does.
@inline(__always)
func combine(_ c: Double, _ beta: Double, _ alpha: Double, _ s: Double) -> Double {
  #if NITAL_FMA || arch(arm64)
  (beta * c).addingProduct(alpha, s)
  #else
  beta * c + alpha * s
  #endif
}

/// The height of a full tile.
@inline(never) public func gemmRowsPerTile() -> Int { gemmTileRows }
/// The width of a tile of single-precision numbers.
@inline(never) public func gemmColumnsPerTileFloat() -> Int { 2 &* lanesFloat }
/// The width of a tile of double-precision numbers.
@inline(never) public func gemmColumnsPerTileDouble() -> Int { 2 &* lanesDouble }

/// Columns of B that are used together: what a part of the second cache holds at this depth.
///
/// A quarter of the smallest cache of processors with these registers (512 KB; 1 MB with AVX-512),
/// since hardware threads share it.
@inline(__always)
func gemmGroup(_ bytesOfColumn: Int, _ NR: Int) -> Int {
  #if NITAL_512
  let bytes: Int = 1 << 18
  #else
  let bytes: Int = 1 << 17
  #endif
  let panels: Int = bytes / (bytesOfColumn &* NR)
  return panels > 1 ? panels &* NR : NR
}

/// Loops 2 and 1: C = beta C + alpha A B for a block whose A and B are packed.
///
/// `tile` computes rows x NR of C from a panel of A and a panel of B. `scratch` holds one tile.
@inline(__always)
func gemmBlock<Scalar>(
  _ m: Int, _ n: Int, _ k: Int, _ NR: Int, _ A: UnsafePointer<Scalar>, _ B: UnsafePointer<Scalar>,
  _ panelStrideB: Int, _ C: UnsafeMutablePointer<Scalar>, _ rowStrideC: Int,
  _ columnStrideC: Int, _ readsC: Bool, _ scratch: UnsafeMutablePointer<Scalar>,
  _ tile: (
    Int, UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Int
  ) -> Void
) {
  let group: Int = gemmGroup(k &* MemoryLayout<Scalar>.stride, NR)
  var start: Int = 0
  while start < n {
    let end: Int = n &- start < group ? n : start &+ group
    var i: Int = 0
    while i < m {  // loop 1: panels of A
      let rows: Int = m &- i < gemmTileRows ? m &- i : gemmTileRows
      var j: Int = start
      var b = B + start / NR &* panelStrideB
      while j < end {  // loop 2: panels of B
        let columns: Int = n &- j < NR ? n &- j : NR
        let c: UnsafeMutablePointer<Scalar> = C + (i &* rowStrideC &+ j &* columnStrideC)
        if columns == NR && columnStrideC == 1 {
          tile(rows, A + i &* k, b, c, rowStrideC)
        } else {
          if readsC { copyTile(rows, columns, c, rowStrideC, columnStrideC, scratch, NR, 1) }
          tile(rows, A + i &* k, b, scratch, NR)
          copyTile(rows, columns, scratch, NR, 1, c, rowStrideC, columnStrideC)
        }
        b += panelStrideB
        j &+= NR
      }
      i &+= rows
    }
    start = end
  }
}

/// Loops 2 and 1 for a block of A that lies in memory row after row; see `gemmBlock`.
///
/// The last rows of the block are composed of lower tiles.
@inline(__always)
func gemmRowBlock<Scalar>(
  _ m: Int, _ n: Int, _ k: Int, _ NR: Int, _ A: UnsafePointer<Scalar>, _ rowStrideA: Int,
  _ B: UnsafePointer<Scalar>, _ panelStrideB: Int, _ C: UnsafeMutablePointer<Scalar>,
  _ rowStrideC: Int, _ columnStrideC: Int, _ readsC: Bool,
  _ scratch: UnsafeMutablePointer<Scalar>, _ height: (Int) -> Int,
  _ tile: (
    Int, UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Int
  ) -> Void
) {
  let group: Int = gemmGroup(k &* MemoryLayout<Scalar>.stride, NR)
  var start: Int = 0
  while start < n {
    let end: Int = n &- start < group ? n : start &+ group
    var i: Int = 0
    while i < m {  // loop 1: rows of A
      let rows: Int = height(m &- i)
      var j: Int = start
      var b = B + start / NR &* panelStrideB
      while j < end {  // loop 2: panels of B
        let columns: Int = n &- j < NR ? n &- j : NR
        let c: UnsafeMutablePointer<Scalar> = C + (i &* rowStrideC &+ j &* columnStrideC)
        if columns == NR && columnStrideC == 1 {
          tile(rows, A + i &* rowStrideA, b, c, rowStrideC)
        } else {
          if readsC { copyTile(rows, columns, c, rowStrideC, columnStrideC, scratch, NR, 1) }
          tile(rows, A + i &* rowStrideA, b, scratch, NR)
          copyTile(rows, columns, scratch, NR, 1, c, rowStrideC, columnStrideC)
        }
        b += panelStrideB
        j &+= NR
      }
      i &+= rows
    }
    start = end
  }
}

/// Copies rows x columns numbers between two layouts.
@inline(__always)
private func copyTile<Scalar>(
  _ rows: Int, _ columns: Int, _ source: UnsafeMutablePointer<Scalar>, _ sourceRow: Int,
  _ sourceColumn: Int, _ target: UnsafeMutablePointer<Scalar>, _ targetRow: Int,
  _ targetColumn: Int
) {
  var i: Int = 0
  while i < rows {
    var j: Int = 0
    while j < columns {
      target[i &* targetRow &+ j &* targetColumn] = source[i &* sourceRow &+ j &* sourceColumn]
      j &+= 1
    }
    i &+= 1
  }
}

/// C = beta C + alpha A B for a block in single precision; C is not read where beta is 0.
///
/// A holds m x k numbers in panels of `gemmRowsPerTile`. Panel j of B begins at j `panelStrideB`,
/// its row p at p `strideB` from there, and has `gemmColumnsPerTileFloat` readable numbers.
/// `scratch` holds one tile.
@inline(never) public func gemmBlockFloat(
  _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ A: UnsafePointer<Float>,
  _ B: UnsafePointer<Float>, _ strideB: Int, _ panelStrideB: Int, _ beta: Float,
  _ C: UnsafeMutablePointer<Float>, _ rowStrideC: Int, _ columnStrideC: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  gemmBlock(
    m, n, k, 2 &* lanesFloat, A, B, panelStrideB, C, rowStrideC, columnStrideC, beta != 0, scratch
  ) { rows, a, b, c, stride in
    gemmTileFloat(rows, k, a, b, strideB, alpha, beta, c, stride)
  }
}

/// C = beta C + alpha A B for a block in double precision; see `gemmBlockFloat`.
@inline(never) public func gemmBlockDouble(
  _ m: Int, _ n: Int, _ k: Int, _ alpha: Double, _ A: UnsafePointer<Double>,
  _ B: UnsafePointer<Double>, _ strideB: Int, _ panelStrideB: Int, _ beta: Double,
  _ C: UnsafeMutablePointer<Double>, _ rowStrideC: Int, _ columnStrideC: Int,
  _ scratch: UnsafeMutablePointer<Double>
) {
  gemmBlock(
    m, n, k, 2 &* lanesDouble, A, B, panelStrideB, C, rowStrideC, columnStrideC, beta != 0, scratch
  ) { rows, a, b, c, stride in
    gemmTileDouble(rows, k, a, b, strideB, alpha, beta, c, stride)
  }
}

/// C = beta C + alpha A B for a block whose A lies in memory row after row, in single precision.
///
/// Row i of A begins at i `rowStrideA` and holds k numbers; see `gemmBlockFloat` for the rest.
@inline(never) public func gemmRowBlockFloat(
  _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ A: UnsafePointer<Float>, _ rowStrideA: Int,
  _ B: UnsafePointer<Float>, _ strideB: Int, _ panelStrideB: Int, _ beta: Float,
  _ C: UnsafeMutablePointer<Float>, _ rowStrideC: Int, _ columnStrideC: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  gemmRowBlock(
    m, n, k, 2 &* lanesFloat, A, rowStrideA, B, panelStrideB, C, rowStrideC, columnStrideC,
    beta != 0,
    scratch, { gemmRowTileHeightFloat($0) }
  ) { rows, a, b, c, stride in
    gemmRowTileFloat(rows, k, a, rowStrideA, b, strideB, false, alpha, beta, c, stride)
  }
}

/// C = beta C + alpha A B for a block whose A lies in rows, in double precision.
@inline(never) public func gemmRowBlockDouble(
  _ m: Int, _ n: Int, _ k: Int, _ alpha: Double, _ A: UnsafePointer<Double>, _ rowStrideA: Int,
  _ B: UnsafePointer<Double>, _ strideB: Int, _ panelStrideB: Int, _ beta: Double,
  _ C: UnsafeMutablePointer<Double>, _ rowStrideC: Int, _ columnStrideC: Int,
  _ scratch: UnsafeMutablePointer<Double>
) {
  gemmRowBlock(
    m, n, k, 2 &* lanesDouble, A, rowStrideA, B, panelStrideB, C, rowStrideC, columnStrideC,
    beta != 0, scratch, { gemmRowTileHeightDouble($0) }
  ) { rows, a, b, c, stride in
    gemmRowTileDouble(rows, k, a, rowStrideA, b, strideB, false, alpha, beta, c, stride)
  }
}
