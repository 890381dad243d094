// Superpixels (SLIC): sums, means and bins of the centres.
//
// Colours are whole multiples of 2^-24 of at most 1, so that sums in double precision are exact: they
// have the same bits in any order, and a pixel that changes is subtracted here and added there.
// Symbols: g, the sizes (`SLICSize`); sums, 8 numbers a centre: pixels, rows, columns, three colours.
// Deviations: none. Checked by: SLICTests. Cost: about 30 operations a pixel that changes.

/// The sums of all pixels of a row of tiles.
@inline(never)
public func addTileRow(
  _ g: UnsafePointer<Int>, _ ty: Int, _ planes: UnsafePointer<Float>, _ channels: Int,
  _ labels: UnsafePointer<Int32>, _ sums: UnsafeMutablePointer<Double>
) {
  let (H, W, TC) = (g[SLICSize.height], g[SLICSize.width], g[SLICSize.tileColumns])
  let rows = H - 4 * ty < 4 ? H - 4 * ty : 4
  for tx in 0..<TC {
    let p = planes + (ty * TC + tx) * channels * 16
    let l = labels + (ty * TC + tx) * 16
    let columns = W - 4 * tx < 4 ? W - 4 * tx : 4
    for r in 0..<rows {
      for c in 0..<columns {
        let i = 4 * r + c
        addPixel(p + i, channels, 4 * ty + r, 4 * tx + c, 1, sums + 8 * Int(l[i]))
      }
    }
  }
}

/// Moves the pixels of a row of tiles that changed from their old centres to their new ones.
@inline(never)
public func moveChanges(
  _ g: UnsafePointer<Int>, _ ty: Int, _ planes: UnsafePointer<Float>, _ channels: Int,
  _ labels: UnsafePointer<Int32>, _ changes: UnsafePointer<Int32>, _ count: Int,
  _ sums: UnsafeMutablePointer<Double>, _ touched: UnsafeMutablePointer<UInt8>
) {
  let first = ty * g[SLICSize.tileColumns]
  let (l, list) = (labels + first * 16, changes + first * 32)
  for e in 0..<count {
    let i = Int(list[2 * e])
    let (tx, lane) = (i >> 4, i & 15)
    let p = planes + (first + tx) * channels * 16 + lane
    let (y, x) = (4 * ty + (lane >> 2), 4 * tx + (lane & 3))
    let (old, new) = (Int(list[2 * e + 1]), Int(l[i]))
    addPixel(p, channels, y, x, -1, sums + 8 * old)
    addPixel(p, channels, y, x, 1, sums + 8 * new)
    touched[old] = 1
    touched[new] = 1
  }
}

@inline(__always)
private func addPixel(
  _ p: UnsafePointer<Float>, _ channels: Int, _ y: Int, _ x: Int, _ sign: Double,
  _ sums: UnsafeMutablePointer<Double>
) {
  typealias D4 = SIMD4<Double>
  let target = UnsafeMutableRawPointer(sums)
  let place = D4(1, Double(y), Double(x), Double(p[0])) * D4(repeating: sign)
  target.storeBytes(of: target.loadUnaligned(as: D4.self) + place, as: D4.self)
  if channels == 3 {
    sums[4] += sign * Double(p[16])
    sums[5] += sign * Double(p[32])
  }
}

/// The means of those centres first ..< end that are touched: 8 numbers each and the bin they fall
/// into, -1 without pixels.
@inline(never)
public func meanCentres(
  _ g: UnsafePointer<Int>, _ first: Int, _ end: Int, _ sums: UnsafePointer<Double>,
  _ touched: UnsafePointer<UInt8>, _ centres: UnsafeMutablePointer<Float>,
  _ bins: UnsafeMutablePointer<Int32>
) {
  let (stepY, stepX, BC) = (g[SLICSize.stepY], g[SLICSize.stepX], g[SLICSize.binColumns])
  let (inverseY, inverseX) = (1 / Double(stepY), 1 / Double(stepX))
  for k in first..<end where touched[k] != 0 {
    let s = sums + 8 * k
    let c = centres + 8 * k
    guard s[0] > 0 else {
      bins[k] = -1
      continue
    }
    let inverse = 1 / s[0]
    // A quotient may round up to the next bin; no decision depends on which bin holds a centre at
    // its edge, since the search reaches one step beyond.
    let (y, x) = (s[1] / s[0], s[2] / s[0])
    let (row, column) = (Int(y * inverseY), Int(x * inverseX))
    bins[k] = Int32(truncatingIfNeeded: row * BC + column)
    c[0] = -Float(row * stepY)
    c[1] = -Float(y - Double(row * stepY))
    c[2] = -Float(column * stepX)
    c[3] = -Float(x - Double(column * stepX))
    c[4] = -Float(s[3] * inverse)
    c[5] = -Float(s[4] * inverse)
    c[6] = -Float(s[5] * inverse)
    c[7] = Float(bitPattern: UInt32(truncatingIfNeeded: k))
  }
}

/// Sorts centres by bins, those of a bin by their number.
///
/// - Parameters:
///   - count: the number of centres.
///   - binCount: the number of bins.
///   - centres: 8 numbers a centre.
///   - bins: the bin of each centre, or -1.
///   - oldBins: the bins of the last time in, `bins` out.
///   - touched: the centres that changed; cleared.
///   - starts: receives where each bin begins, and the end.
///   - dirty: receives how many of the bins before each one hold or held a centre that changed.
///   - sorted: receives the centres.
@inline(never)
public func sortCentres(
  _ count: Int, _ binCount: Int, _ centres: UnsafePointer<Float>, _ bins: UnsafePointer<Int32>,
  _ oldBins: UnsafeMutablePointer<Int32>, _ touched: UnsafeMutablePointer<UInt8>,
  _ starts: UnsafeMutablePointer<Int32>, _ dirty: UnsafeMutablePointer<Int32>,
  _ sorted: UnsafeMutablePointer<Float>
) {
  for b in 0...binCount { (starts[b], dirty[b]) = (0, 0) }
  for k in 0..<count {
    if bins[k] >= 0 { starts[Int(bins[k]) + 1] &+= 1 }
    if touched[k] != 0 {
      if bins[k] >= 0 { dirty[Int(bins[k]) + 1] = 1 }
      if oldBins[k] >= 0 { dirty[Int(oldBins[k]) + 1] = 1 }
      touched[k] = 0
      oldBins[k] = bins[k]
    }
  }
  var (total, news): (Int32, Int32) = (0, 0)
  for b in 0...binCount {
    total &+= starts[b]
    news &+= dirty[b]
    (starts[b], dirty[b]) = (total, news)
  }
  // Each start moves to the end of its bin, which is the start of the next; shifted back below.
  for k in 0..<count where bins[k] >= 0 {
    let place = starts[Int(bins[k])]
    starts[Int(bins[k])] = place &+ 1
    let from = UnsafeRawPointer(centres + 8 * k).loadUnaligned(as: F8.self)
    UnsafeMutableRawPointer(sorted + 8 * Int(place)).storeBytes(of: from, as: F8.self)
  }
  var b = binCount
  while b > 0 {
    starts[b] = starts[b - 1]
    b -= 1
  }
  starts[0] = 0
}

/// SLICO: the greatest squared colour distance of each centre's pixels, in units of m^2.
@inline(never)
public func widenTileRow(
  _ g: UnsafePointer<Int>, _ ty: Int, _ planes: UnsafePointer<Float>, _ channels: Int,
  _ labels: UnsafePointer<Int32>, _ centres: UnsafePointer<Float>, _ inverse: Float,
  _ widest: UnsafeMutablePointer<Float>
) {
  let (H, W, TC) = (g[SLICSize.height], g[SLICSize.width], g[SLICSize.tileColumns])
  let rows = H - 4 * ty < 4 ? H - 4 * ty : 4
  for tx in 0..<TC {
    let p = planes + (ty * TC + tx) * channels * 16
    let l = labels + (ty * TC + tx) * 16
    let columns = W - 4 * tx < 4 ? W - 4 * tx : 4
    for i in 0..<4 * rows where (i & 3) < columns {
      let k = Int(l[i])
      var d: Float = 0
      for c in 0..<channels {
        let e = p[16 * c + i] + centres[8 * k + 4 + c]
        d += e * e
      }
      d *= inverse
      widest[k] = d > widest[k] ? d : widest[k]
    }
  }
}
