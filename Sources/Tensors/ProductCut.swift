// How a matrix product is cut into blocks and pieces. No bit of a result depends on it but by the
// blocks of the depth, and those depend on k alone.
//
// Symbols: m n k; MR NR the tile; MC KC NC the blocks of loops 3, 4 and 5.
// Deviations: none. Checked by: MatmulKernelTests. Cost: none.

/// The blocks of a product of shape m x n x k.
struct ProductCut: Sendable {
  let m: Int
  let n: Int
  let k: Int
  let MR: Int
  let NR: Int
  /// Blocks of loop 5 (columns of B), loop 4 (depth) and loop 3 (rows of A).
  let columnBlocks: Int
  let depthBlocks: Int
  let rowBlocks: Int
  /// Groups of columns that a block of loop 5 is cut into when there are few rows.
  let columnGroups: Int
  /// Whether a row-major A is read in place: each of its numbers is used by too few columns to pack it.
  let readsRows: Bool
  /// Pieces that packing a block of B is cut into, or of A where `sharesRows`.
  let packingPieces: Int
  /// Whether a streamed product packs a block of A for all its pieces, each of which packs its own
  /// columns of B: with few rows, B is then packed where it is used, while it is in a near cache.
  let sharesRows: Bool
  /// The pieces of columns where `sharesRows`.
  let columnPieces: Int

  init<Scalar>(m: Int, n: Int, k: Int, _ kernels: GEMMKernels<Scalar>) {
    self.init(
      m: m, n: n, k: k, MR: kernels.rowsPerTile, NR: kernels.columnsPerTile,
      widest: GEMMSizes.bytesOfB / (GEMMSizes.depth * MemoryLayout<Scalar>.stride),
      threads: Parallelism.threads)
  }

  /// `widest` is the greatest number of columns of a block (NC); `threads` has a part in the number
  /// of pieces alone.
  init(m: Int, n: Int, k: Int, MR: Int, NR: Int, widest: Int, threads: Int) {
    (self.m, self.n, self.k, self.MR, self.NR) = (m, n, k, MR, NR)
    columnBlocks = (n + widest - 1) / widest
    depthBlocks = (k + GEMMSizes.depth - 1) / GEMMSizes.depth
    let width = (n + columnBlocks - 1) / columnBlocks
    let depth = (k + depthBlocks - 1) / depthBlocks
    let worth = max(1, min(GEMMSizes.pieces, m * width * depth / GEMMSizes.piece))
    let rowPanels = (m + MR - 1) / MR
    readsRows = n <= GEMMSizes.unpackedColumns
    rowBlocks = max((m + GEMMSizes.rows - 1) / GEMMSizes.rows, min(worth, rowPanels))
    columnGroups = max(1, min((worth + rowBlocks - 1) / rowBlocks, width / 256))
    sharesRows = m < n && m <= GEMMSizes.sharedRows
    let widePieces = (n + GEMMSizes.columnsOfPiece - 1) / GEMMSizes.columnsOfPiece
    columnPieces = max(widePieces, min(2 * threads, n / GEMMSizes.leastColumnsOfPiece), 1)
    packingPieces =
      sharesRows
      ? max(1, min(rowPanels, m * depth / GEMMSizes.packedAtOnce))
      : max(1, min((width + NR - 1) / NR, width * depth / GEMMSizes.packedAtOnce))
  }

  /// The columns of block `j` of loop 5.
  func columns(_ j: Int) -> Range<Int> { part(j, of: columnBlocks, 0..<n, unit: NR) }
  /// The depth of block `p` of loop 4.
  func depth(_ p: Int) -> Range<Int> { part(p, of: depthBlocks, 0..<k, unit: 1) }
  /// The rows of block `i` of loop 3.
  func rows(_ i: Int) -> Range<Int> { part(i, of: rowBlocks, 0..<m, unit: MR) }
  /// The columns of group `g` of the columns of a block.
  func group(_ g: Int, of columns: Range<Int>) -> Range<Int> {
    part(g, of: columnGroups, columns, unit: NR)
  }
  /// The columns that packing piece `g` of a block packs.
  func packing(_ g: Int, of columns: Range<Int>) -> Range<Int> {
    part(g, of: packingPieces, columns, unit: NR)
  }

  /// The rows that packing piece `g` packs where `sharesRows`.
  func packing(_ g: Int) -> Range<Int> { part(g, of: packingPieces, 0..<m, unit: MR) }
  /// The columns of piece `g` where `sharesRows`.
  func columnPiece(_ g: Int) -> Range<Int> { part(g, of: columnPieces, 0..<n, unit: NR) }

  /// Numbers in a block that is packed for all, and in one that a piece packs for itself, where
  /// `sharesRows`.
  var sharedRows: Int { largestPart(m, of: 1, unit: MR) * min(k, GEMMSizes.depth) }
  var ownColumns: Int { largestPart(n, of: columnPieces, unit: NR) * min(k, GEMMSizes.depth) }

  /// Numbers in a packed block of A, and in one of B.
  var blockOfA: Int { largestPart(m, of: rowBlocks, unit: MR) * min(k, GEMMSizes.depth) }
  var blockOfB: Int { largestPart(n, of: columnBlocks, unit: NR) * min(k, GEMMSizes.depth) }

  /// The most that `part` can give, in whole units.
  private func largestPart(_ total: Int, of count: Int, unit: Int) -> Int {
    ((total + unit - 1) / unit + count - 1) / count * unit
  }

  /// Part `index` of `range` in `count` parts of whole units, all but the last units being full.
  private func part(_ index: Int, of count: Int, _ range: Range<Int>, unit: Int) -> Range<Int> {
    let units = (range.count + unit - 1) / unit
    let lower = range.lowerBound + units * index / count * unit
    let upper = range.lowerBound + units * (index + 1) / count * unit
    return min(lower, range.upperBound)..<min(upper, range.upperBound)
  }
}
