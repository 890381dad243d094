// Clusters of pixels by colour and position: the kernels of SLIC in their order.
//
// Rows of tiles are assigned in fixed pieces; the sums of the centres are exact, so that no result
// depends on who adds first. Pieces that move pixels at the same time are so far apart that no
// centre's window reaches both.
// Deviations: none. Checked by: SLICTests. Cost: see SLICTiles.swift of the kernels.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// Rows of tiles of one piece of the parallel loops.
private let pieceRows = 8

/// The cluster of each pixel in row-major order.
///
/// - Parameters:
///   - colours: as many as the picture has pixels.
///   - grid: the centres at the start.
///   - compactness: m in units of the colours, 1e-15...1e12.
///   - rounds: at least 1.
///   - adaptive: SLICO.
/// - Returns: a centre's number for each pixel.
package func clusterPixels(
  _ colours: SuperpixelColours, _ grid: SuperpixelGrid, compactness: Double, rounds: Int,
  adaptive: Bool
) -> [Int32] {
  let work = SuperpixelWork(
    grid, channels: colours.channels, compactness: compactness, adaptive: adaptive)
  return work.run(colours, rounds: rounds)
}

/// The same in memory with poisoned margins: the labels, and whether no margin was written to.
package func clusterPixelsGuarded(
  _ colours: SuperpixelColours, _ grid: SuperpixelGrid, compactness: Double, rounds: Int,
  adaptive: Bool, poison: UInt8
) -> (labels: [Int32], marginsAreIntact: Bool) {
  let work = SuperpixelWork(
    grid, channels: colours.channels, compactness: compactness, adaptive: adaptive,
    margin: GuardedMemory.Margin(bytes: 1024, poison: poison))
  let labels = work.run(colours, rounds: rounds)
  return (labels, work.memory.marginsAreIntact)
}

/// The memory of one clustering.
@safe private final class SuperpixelWork: @unchecked Sendable {
  // Sendable: each parallel loop gives its pieces parts of the memory that do not overlap.
  let grid: SuperpixelGrid
  let channels: Int
  let adaptive: Bool
  let tileRows: Int, tileColumns: Int, bins: Int
  let g: UnsafeMutablePointer<Int>
  let planes: UnsafeMutablePointer<Float>, places: UnsafeMutablePointer<Float>
  let labels: UnsafeMutablePointer<Int32>, changes: UnsafeMutablePointer<Int32>
  let counts: UnsafeMutablePointer<Int32>, columns: UnsafeMutablePointer<Int32>
  let sums: UnsafeMutablePointer<Double>
  let centres: UnsafeMutablePointer<Float>, sorted: UnsafeMutablePointer<Float>
  let widest: UnsafeMutablePointer<Float>, narrowing: UnsafeMutablePointer<Float>
  let binOf: UnsafeMutablePointer<Int32>, oldBins: UnsafeMutablePointer<Int32>
  let starts: UnsafeMutablePointer<Int32>, dirty: UnsafeMutablePointer<Int32>
  let touched: UnsafeMutablePointer<UInt8>, wide: UnsafeMutablePointer<UInt8>
  let weight: Float, bound: Float, inverse: Float
  let memory: GuardedMemory

  init(
    _ grid: SuperpixelGrid, channels: Int, compactness m: Double, adaptive: Bool,
    margin: GuardedMemory.Margin = GuardedMemory.Margin()
  ) {
    (self.grid, self.channels, self.adaptive) = (grid, channels, adaptive)
    memory = GuardedMemory(margin)
    (tileRows, tileColumns) = ((grid.height + 3) / 4, (grid.width + 3) / 4)
    let binRows = (grid.height + grid.stepY - 1) / grid.stepY
    let binColumns = (grid.width + grid.stepX - 1) / grid.stepX
    bins = binRows * binColumns
    let (tiles, K) = (tileRows * tileColumns, grid.rows * grid.columns)
    unsafe g = memory.part(10, 0)
    unsafe planes = memory.part(tiles * channels * 16, 0)
    unsafe places = memory.part(16 * tileRows + 8 * tileColumns, 0)
    unsafe labels = memory.part(tiles * 16, 0)
    // A place beyond the last: a change is written before it is known to be one.
    unsafe changes = memory.part(tiles * 32 + 2, 0)
    unsafe counts = memory.part(tileRows, 0)
    unsafe columns = memory.part(2 * tileColumns, 0)
    unsafe sums = memory.part(8 * K, 0)
    unsafe centres = memory.part(8 * K, 0)
    unsafe sorted = memory.part(8 * K + 8, 0)
    unsafe widest = memory.part(K, 1)
    unsafe narrowing = memory.part(K + 1, 1)
    unsafe binOf = memory.part(K, -1)
    unsafe oldBins = memory.part(K, -1)
    unsafe starts = memory.part(bins + 1, 0)
    unsafe dirty = memory.part(bins + 1, 0)
    unsafe touched = memory.part(K, 1)
    unsafe wide = memory.part(tiles, 0)

    (weight, bound, inverse) = Self.factors(grid, m)
    let sizes = [
      grid.height, grid.width, tileRows, tileColumns, binRows, binColumns, grid.stepY, grid.stepX,
      grid.reachY, grid.reachX,
    ]
    for (i, size) in sizes.enumerated() { unsafe g[i] = size }
    placeTiles(binColumns)
  }

  /// The weight of a squared distance of places for compactness m, a bound below all sums of centres
  /// that are not looked at, and 1 / m^2.
  ///
  /// A centre that no bin of the ring holds is more than a step away; one whose window does not reach a
  /// pixel is more than the reach away. Both lose against less than the bound.
  private static func factors(
    _ grid: SuperpixelGrid, _ m: Double
  ) -> (weight: Float, bound: Float, inverse: Float) {
    let S = Double(max(grid.stepY, grid.stepX))
    let gap = Double(min(grid.stepY, grid.stepX, grid.reachY, grid.reachX))
    // The last factor is 80 times the rounding of a distance.
    let bound = Float(m * m * gap * gap / (S * S)) * (1 - 1e-5)
    return (Float(m * m / (S * S)), bound, Float(1 / (m * m)))
  }

  /// The coordinates of the tiles' pixels, edge pixels for those beyond, and their bin columns.
  private func placeTiles(_ binColumns: Int) {
    for ty in 0..<tileRows {
      for i in 0..<16 {
        unsafe places[16 * ty + i] = Float(min(4 * ty + i / 4, grid.height - 1))
      }
    }
    for tx in 0..<tileColumns {
      let last = min(4 * tx + 3, grid.width - 1)
      for i in 0..<8 {
        unsafe places[16 * tileRows + 8 * tx + i] = Float(min(4 * tx + i % 4, grid.width - 1))
      }
      unsafe columns[2 * tx] = Int32(max(0, 4 * tx - grid.stepX) / grid.stepX)
      unsafe columns[2 * tx + 1] = Int32(min(binColumns - 1, (last + grid.stepX) / grid.stepX))
    }
  }

  /// Runs `body` on the pieces of the tile rows.
  private func eachPiece(_ body: @Sendable (Range<Int>) -> Void) {
    let rows = tileRows
    parallelFor((rows + pieceRows - 1) / pieceRows) { piece in
      body((piece * pieceRows)..<min(rows, (piece + 1) * pieceRows))
    }
  }
}

extension SuperpixelWork {
  /// The labels after at most `rounds` rounds.
  func run(_ colours: SuperpixelColours, rounds: Int) -> [Int32] {
    fill(colours)
    begin()
    for _ in 1..<max(rounds, 1) {
      findMeans()
      if assign() == 0 { break }
      move()
    }
    return result()
  }

  /// Puts colours in tiles.
  func fill(_ colours: SuperpixelColours) {
    let pixels = grid.height * grid.width
    switch colours {
    case .bytes(let values, let stride, let order, let table):
      precondition(values.count == pixels * stride && table.count == 256, "bytes do not fit")
      eachPiece { rows in
        self.fillBytes(rows, values, stride, order, table)
      }
    case .words(let values, let stride, let order, let table):
      precondition(values.count == pixels * stride && table.count == 65536, "words do not fit")
      eachPiece { rows in
        self.fillWords(rows, values, stride, order, table)
      }
    case .numbers(let values, let channels, let scale):
      precondition(values.count == pixels * channels, "numbers do not fit")
      eachPiece { rows in
        for ty in rows {
          unsafe _Kernels128.tileDoubles(self.g, ty, values, channels, scale, self.planes)
        }
      }
    }
  }

  private func fillBytes(
    _ rows: Range<Int>, _ values: [UInt8], _ stride: Int, _ order: [Int], _ table: [Float]
  ) {
    let C = order.count
    let o = (order[0], order[C / 2], order[C - 1])
    // SAFETY: `fill` checked the sizes; each row of tiles is written by one piece.
    for ty in rows {
      switch InstructionSet.current {
      #if !NITAL_PORTABLE
      case .avx512: unsafe _Kernels512.tileBytes(g, ty, values, stride, C, o, table, planes)
      case .avx2: unsafe _Kernels256.tileBytes(g, ty, values, stride, C, o, table, planes)
      #endif
      default: unsafe _Kernels128.tileBytes(g, ty, values, stride, C, o, table, planes)
      }
    }
  }

  private func fillWords(
    _ rows: Range<Int>, _ values: [UInt16], _ stride: Int, _ order: [Int], _ table: [Float]
  ) {
    let C = order.count
    let o = (order[0], order[C / 2], order[C - 1])
    // SAFETY: `fill` checked the sizes; each row of tiles is written by one piece.
    for ty in rows {
      switch InstructionSet.current {
      #if !NITAL_PORTABLE
      case .avx512: unsafe _Kernels512.tileWords(g, ty, values, stride, C, o, table, planes)
      case .avx2: unsafe _Kernels256.tileWords(g, ty, values, stride, C, o, table, planes)
      #endif
      default: unsafe _Kernels128.tileWords(g, ty, values, stride, C, o, table, planes)
      }
    }
  }

  /// The first round: no colours are known, so that each pixel goes to the nearest centre.
  func begin() {
    let down = nearest(grid.height, grid.startY, grid.stepY, grid.rows)
    let across = nearest(grid.width, grid.startX, grid.stepX, grid.columns)
    let (H, W, columns) = (grid.height, grid.width, grid.columns)
    eachPiece { rows in
      for tile in (rows.lowerBound * self.tileColumns)..<(rows.upperBound * self.tileColumns) {
        let (ty, tx) = (tile / self.tileColumns, tile % self.tileColumns)
        for i in 0..<16 {
          let (y, x) = (min(4 * ty + i / 4, H - 1), min(4 * tx + i % 4, W - 1))
          unsafe self.labels[16 * tile + i] = Int32(down[y] * columns + across[x])
        }
      }
    }
    eachDistantPiece { ty in
      unsafe _Kernels128.addTileRow(
        self.g, ty, self.planes, self.channels, self.labels, self.sums)
    }
  }

  /// Along one axis, the nearest centre of each position, the first of equal ones.
  private func nearest(_ n: Int, _ start: Int, _ step: Int, _ count: Int) -> [Int] {
    (0..<n).map { i in
      let d = max(0, i - start)
      return min(count - 1, d / step + (2 * (d % step) > step ? 1 : 0))
    }
  }

  /// The means of the centres that changed, and all sorted by bins.
  func findMeans() {
    let K = grid.rows * grid.columns
    if adaptive { widen(K) }
    let chunk = 4096
    parallelFor((K + chunk - 1) / chunk) { piece in
      unsafe _Kernels128.meanCentres(
        self.g, piece * chunk, min(K, (piece + 1) * chunk), self.sums, self.touched, self.centres,
        self.binOf)
    }
    unsafe _Kernels128.sortCentres(
      K, bins, centres, binOf, oldBins, touched, starts, dirty, sorted)
    if adaptive { widenSorted(K) }
  }

  /// Gives each pixel to a centre; the number of pixels that changed.
  func assign() -> Int {
    eachPiece { rows in
      var scratch = [Int32](repeating: 0, count: 16)
      // SAFETY: each piece writes its own rows of tiles and its own scratch.
      unsafe scratch.withUnsafeMutableBufferPointer { scratch in
        guard let s = scratch.baseAddress else { return }
        unsafe self.assign(rows, s)
      }
    }
    return (0..<tileRows).reduce(0) { sum, ty in unsafe sum + Int(counts[ty]) }
  }

  private func assign(_ rows: Range<Int>, _ scratch: UnsafeMutablePointer<Int32>) {
    let (a, b) = (rows.lowerBound, rows.upperBound)
    let n: UnsafePointer<Float>? = unsafe adaptive ? UnsafePointer(narrowing) : nil
    // SAFETY: the memory has the sizes that the kernel states.
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.assignTiles(
        g, a, b, planes, channels, sorted, n, starts, weight, bound, columns, places, labels,
        changes, counts, dirty, wide, scratch)
    case .avx2:
      unsafe _Kernels256.assignTiles(
        g, a, b, planes, channels, sorted, n, starts, weight, bound, columns, places, labels,
        changes, counts, dirty, wide, scratch)
    #endif
    default:
      unsafe _Kernels128.assignTiles(
        g, a, b, planes, channels, sorted, n, starts, weight, bound, columns, places, labels,
        changes, counts, dirty, wide, scratch)
    }
  }

  /// Moves the pixels that changed from the sums of their old centres to those of their new ones.
  func move() {
    eachDistantPiece { ty in
      unsafe _Kernels128.moveChanges(
        self.g, ty, self.planes, self.channels, self.labels, self.changes, Int(self.counts[ty]),
        self.sums, self.touched)
    }
  }

  /// Runs `body` on each row of tiles: even pieces first, then odd ones.
  ///
  /// A pixel's new centre has its window there now, its old one had it there before it moved to
  /// within the same window: pixels that share a centre are at most 3 windows apart.
  private func eachDistantPiece(_ body: @Sendable (Int) -> Void) {
    let size = (3 * (grid.reachY + 1) + 3) / 4 + 1
    let (rows, pieces) = (tileRows, (tileRows + size - 1) / size)
    guard pieces >= 4 else { return (0..<rows).forEach(body) }
    for parity in 0..<2 {
      parallelFor((pieces + 1 - parity) / 2) { i in
        let first = (2 * i + parity) * size
        for ty in first..<min(rows, first + size) { body(ty) }
      }
    }
  }

  /// SLICO: the greatest colour distance of each centre that changed.
  private func widen(_ K: Int) {
    parallelFor(1) { _ in
      unsafe _Kernels128.meanCentres(
        self.g, 0, K, self.sums, self.touched, self.centres, self.binOf)
    }
    eachDistantPiece { ty in
      unsafe _Kernels128.widenTileRow(
        self.g, ty, self.planes, self.channels, self.labels, self.centres, self.inverse,
        self.widest)
    }
  }

  /// 1 / widest in the order of the sorted centres.
  private func widenSorted(_ K: Int) {
    for s in 0..<Int(unsafe starts[bins]) {
      let k = Int(unsafe sorted[8 * s + 7].bitPattern)
      unsafe narrowing[s] = 1 / widest[k]
    }
  }

  /// The labels in row-major order.
  func result() -> [Int32] {
    let (H, W) = (grid.height, grid.width)
    // SAFETY: each row of tiles writes its own rows; the memory outlives the loop.
    return unsafe [Int32](unsafeUninitializedCapacity: H * W) { buffer, initialised in
      initialised = H * W
      guard let base = buffer.baseAddress else { return }
      let out = unsafe SharedPointer(base)
      eachPiece { rows in
        for ty in rows { unsafe _Kernels128.untileRow(self.g, ty, self.labels, out.pointer) }
      }
    }
  }
}
