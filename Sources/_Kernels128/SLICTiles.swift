// Superpixels (SLIC): which centre each pixel goes to, tile by tile of 4 x 4 pixels.
//
// The centres lie sorted by bins of stepY x stepX pixels, row by row; a tile asks those of the bins
// within one step. A centre further away has a spatial distance of one step, so that no pixel whose
// best distance is below `bound` can go there; tiles with another pixel ask all centres whose
// window may reach them.
// Equation -> code: D = |colour - C|^2 / widest + w (dy^2 + dx^2), m^2 times the paper's equation 3.
// Symbols: g, the sizes (`SLICSize` numbers them); a centre has 8 numbers: minus the row
//   of its bin, minus its row in the bin, the same for columns, minus three colours, and its number
//   as bits.
// Deviations: none. Never fused, so that all builds give the same labels.
// Checked by: SLICTests. Cost: about 45 vector steps a centre and tile.

typealias F8 = SIMD8<Float>
typealias I8 = SIMD8<Int32>

/// What the numbers of a size table mean.
enum SLICSize {
  static let height = 0, width = 1, tileRows = 2, tileColumns = 3, binRows = 4, binColumns = 5
  static let stepY = 6, stepX = 7, reachY = 8, reachX = 9
}

/// acc + a * b, fused where the build has fused multiply-add.
///
/// The operators of SIMD types are loops over lanes, which the compiler does not always put together
/// again; it does so with `addingProduct`.
@inline(__always)
func multiplyAdd8(_ acc: F8, _ a: F8, _ b: F8) -> F8 {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(a, b)
  #else
  acc + a * b
  #endif
}

/// a + b, as `multiplyAdd8`.
@inline(__always)
func plus(_ a: F8, _ b: F8) -> F8 { multiplyAdd8(b, a, F8(repeating: 1)) }

/// a * b, as `multiplyAdd8`.
@inline(__always)
func times(_ a: F8, _ b: F8) -> F8 { multiplyAdd8(F8(repeating: -0.0), a, b) }

@inline(__always)
func load8(_ p: UnsafePointer<Float>) -> F8 { UnsafeRawPointer(p).loadUnaligned(as: F8.self) }

@inline(__always)
private func load8(_ p: UnsafePointer<Int32>) -> I8 {
  UnsafeRawPointer(p).loadUnaligned(as: I8.self)
}

@inline(__always)
private func store8(_ v: I8, _ p: UnsafeMutablePointer<Int32>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: I8.self)
}

/// The bins that hold coordinates from `first - reach` to `last + reach`.
@inline(__always)
private func bins(
  _ first: Int, _ last: Int, _ reach: Int, _ step: Int, _ count: Int
) -> (Int, Int) {
  let low = first < reach ? 0 : (first - reach) / step
  let high = (last + reach) / step
  return (low < count ? low : count - 1, high < count ? high : count - 1)
}

/// Gives each pixel of rows of tiles to a centre and lists the pixels that changed.
///
/// - Parameters:
///   - g: the sizes.
///   - firstRow: the first row of tiles.
///   - endRow: the row of tiles to stop before.
///   - planes: colours, `channels` x 16 numbers a tile.
///   - channels: 1 or 3.
///   - centres: 8 numbers a centre, sorted by bins.
///   - narrowing: 1 / widest of each centre in the same order, or nil.
///   - starts: where the centres of each bin begin, and the end.
///   - w: the weight of a squared distance in pixels.
///   - bound: see above.
///   - columns: the first and the last bin column that each tile column asks.
///   - places: the rows of each tile row's pixels, then the columns of half of each tile column's.
///   - labels: 16 a tile; old centres in, new ones out.
///   - changes: room for 32 numbers a tile: place in the row of tiles and old centre of each
///     pixel that changed.
///   - counts: receives the number of changes of each row of tiles.
///   - dirty: how many of the bins before each one hold or held a centre that changed; tiles that
///     ask clean bins alone keep their labels.
///   - wide: 1 for tiles that asked further than one step the last time.
///   - scratch: room for 16 numbers.
@inline(never)
public func assignTiles(
  _ g: UnsafePointer<Int>, _ firstRow: Int, _ endRow: Int, _ planes: UnsafePointer<Float>,
  _ channels: Int, _ centres: UnsafePointer<Float>, _ narrowing: UnsafePointer<Float>?,
  _ starts: UnsafePointer<Int32>, _ w: Float, _ bound: Float, _ columns: UnsafePointer<Int32>,
  _ places: UnsafePointer<Float>, _ labels: UnsafeMutablePointer<Int32>,
  _ changes: UnsafeMutablePointer<Int32>,
  _ counts: UnsafeMutablePointer<Int32>, _ dirty: UnsafePointer<Int32>,
  _ wide: UnsafeMutablePointer<UInt8>, _ scratch: UnsafeMutablePointer<Int32>
) {
  for ty in firstRow..<endRow {
    let first = ty * g[SLICSize.tileColumns]
    let (p, l, out) = (planes + first * channels * 16, labels + first * 16, changes + first * 32)
    counts[ty] = assignRow(
      g, ty, p, channels == 3, centres, narrowing ?? centres, narrowing != nil, starts, w, bound,
      columns, places, l, out, dirty, wide + first, scratch)
  }
}

@inline(__always)
private func assignRow(
  _ g: UnsafePointer<Int>, _ ty: Int, _ planes: UnsafePointer<Float>, _ colour: Bool,
  _ centres: UnsafePointer<Float>, _ narrowing: UnsafePointer<Float>, _ adaptive: Bool,
  _ starts: UnsafePointer<Int32>, _ w: Float, _ bound: Float, _ columns: UnsafePointer<Int32>,
  _ places: UnsafePointer<Float>, _ labels: UnsafeMutablePointer<Int32>,
  _ changes: UnsafeMutablePointer<Int32>,
  _ dirty: UnsafePointer<Int32>, _ wide: UnsafeMutablePointer<UInt8>,
  _ scratch: UnsafeMutablePointer<Int32>
) -> Int32 {
  let (H, W, TC) = (g[SLICSize.height], g[SLICSize.width], g[SLICSize.tileColumns])
  let BC = g[SLICSize.binColumns]
  let y1 = 4 * ty + 3 < H ? 4 * ty + 3 : H - 1
  let (first, last) = bins(4 * ty, y1, g[SLICSize.stepY], g[SLICSize.stepY], g[SLICSize.binRows])
  let (YA, YB) = (load8(places + 16 * ty), load8(places + 16 * ty + 8))
  let across = places + 16 * g[SLICSize.tileRows]
  let (reachY, reachX) = (Float(g[SLICSize.reachY]), Float(g[SLICSize.reachX]))
  let (up, down) = (F8(repeating: -reachY - 1), F8(repeating: reachY))
  let (left, right) = (F8(repeating: -reachX - 1), F8(repeating: reachX))
  let weight = F8(repeating: w)
  var n = 0
  for tx in 0..<TC {
    var (c0, c1) = (Int(columns[2 * tx]), Int(columns[2 * tx + 1]))
    var news: Int32 = Int32(wide[tx])
    for r in first...last { news |= dirty[r * BC + c1 + 1] ^ dirty[r * BC + c0] }
    if news == 0 { continue }
    let X = load8(across + 8 * tx)
    let p = planes + tx * (colour ? 48 : 16)
    let (A0, B0) = (load8(p), load8(p + 8))
    let old = labels + 16 * tx
    let (oldA, oldB) = (load8(old), load8(old + 8))
    var (a, b) = (oldA, oldB)
    var (r0, r1) = (first, last)
    var isWide = false
    while true {
      (a, b) = (oldA, oldB)
      var (bestA, bestB) = (F8(repeating: .infinity), F8(repeating: .infinity))
      for r in r0...r1 {
        let end = Int(starts[r * BC + c1 + 1])
        var s = Int(starts[r * BC + c0])
        while s < end {
          let c = centres + 8 * s
          let k = I8(repeating: UnsafeRawPointer(c + 7).load(as: Int32.self))
          let dx = plus(plus(X, F8(repeating: c[2])), F8(repeating: c[3]))
          let dyA = plus(plus(YA, F8(repeating: c[0])), F8(repeating: c[1]))
          let dyB = plus(plus(YB, F8(repeating: c[0])), F8(repeating: c[1]))
          let dx2 = times(dx, dx)
          let (eA, eB) = (plus(A0, F8(repeating: c[4])), plus(B0, F8(repeating: c[4])))
          var (cA, cB) = (times(eA, eA), times(eB, eB))
          if colour {
            let fA = plus(load8(p + 16), F8(repeating: c[5]))
            let fB = plus(load8(p + 24), F8(repeating: c[5]))
            let gA = plus(load8(p + 32), F8(repeating: c[6]))
            let gB = plus(load8(p + 40), F8(repeating: c[6]))
            cA = multiplyAdd8(multiplyAdd8(cA, fA, fA), gA, gA)
            cB = multiplyAdd8(multiplyAdd8(cB, fB, fB), gB, gB)
          }
          if adaptive {
            let factor = F8(repeating: narrowing[s])
            (cA, cB) = (times(cA, factor), times(cB, factor))
          }
          var DA = multiplyAdd8(cA, multiplyAdd8(dx2, dyA, dyA), weight)
          var DB = multiplyAdd8(cB, multiplyAdd8(dx2, dyB, dyB), weight)
          if isWide {
            // Pixels from floor(centre - reach) to centre + reach: -reach - 1 < d <= reach.
            let across: SIMDMask<I8> = (dx .<= left) .| (dx .> right)
            let (outA, outB) = ((dyA .<= up) .| (dyA .> down), (dyB .<= up) .| (dyB .> down))
            let none = F8(repeating: .infinity)
            DA = DA.replacing(with: none, where: across .| outA)
            DB = DB.replacing(with: none, where: across .| outB)
          }
          // Of equal ones the lowest number wins, whatever the order of the bins.
          let winsA: SIMDMask<I8> = (DA .< bestA) .| ((DA .== bestA) .& (k .< a))
          let winsB: SIMDMask<I8> = (DB .< bestB) .| ((DB .== bestB) .& (k .< b))
          bestA = bestA.replacing(with: DA, where: winsA)
          bestB = bestB.replacing(with: DB, where: winsB)
          a = a.replacing(with: k, where: winsA)
          b = b.replacing(with: k, where: winsB)
          s += 1
        }
      }
      if isWide { break }
      let worst = bestA.replacing(with: bestB, where: bestB .> bestA)
      let far = I8(repeating: 1).replacing(with: I8.zero, where: worst .< F8(repeating: bound))
      if far.wrappedSum() == 0 { break }
      isWide = true
      (r0, r1) = bins(4 * ty, y1, g[SLICSize.reachY] + 1, g[SLICSize.stepY], g[SLICSize.binRows])
      (c0, c1) = bins(4 * tx, 4 * tx + 3, g[SLICSize.reachX] + 1, g[SLICSize.stepX], BC)
    }
    wide[tx] = isWide ? 1 : 0
    let moved = I8(repeating: 1).replacing(with: I8.zero, where: (oldA .== a) .& (oldB .== b))
    if moved.wrappedSum() != 0 {
      store8(oldA, scratch)
      store8(oldB, scratch + 8)
      store8(a, old)
      store8(b, old + 8)
      n = listChanges(old, scratch, 16 * tx, H - 4 * ty, W - 4 * tx, changes, n)
    }
  }
  return Int32(truncatingIfNeeded: n)
}

/// Appends the pixels of a tile whose centre changed; those beyond the picture's edge do not count.
@inline(__always)
private func listChanges(
  _ new: UnsafePointer<Int32>, _ old: UnsafePointer<Int32>, _ first: Int, _ rows: Int,
  _ columns: Int, _ changes: UnsafeMutablePointer<Int32>, _ count: Int
) -> Int {
  var n = count
  for i in 0..<16 {
    changes[2 * n] = Int32(truncatingIfNeeded: first + i)
    changes[2 * n + 1] = old[i]
    let inside = (i >> 2) < rows && (i & 3) < columns
    n += (new[i] != old[i] && inside) ? 1 : 0
  }
  return n
}
