// The inner loops of contrast limited adaptive histogram equalisation (CLAHE).
//
// Symbols: level, a whole number 0 ... 65535; bins, the histogram bin of each pixel; maps, one grey
//   level mapping a tile; kh kw, the size of a tile.
// Deviations: none; every rounding is the one of scikit-image, so that all builds give the same bits.
// Checked by: CLAHETests. Cost: about 3 ns a pixel.

/// The least and the greatest of the whole levels 0...65535 that grey values round to.
@inline(never)
public func levelRange(
  _ image: UnsafePointer<Float>, _ count: Int, _ scale: Float,
  _ extremes: UnsafeMutablePointer<Int32>
) {
  var least = Int32.max
  var greatest = Int32.min
  for i in 0..<count {
    let level = wholeLevel(image[i], scale)
    least = level < least ? level : least
    greatest = level > greatest ? level : greatest
  }
  extremes[0] = least
  extremes[1] = greatest
}

/// scale * value rounded to nearest, ties to even; 0 for negative values.
@inline(__always)
private func wholeLevel(_ value: Float, _ scale: Float) -> Int32 {
  // Adding 1.5 * 2^23 leaves the nearest whole number in the low bits.
  let level = Int32(bitPattern: (value * scale + 12_582_912).bitPattern) &- 0x4B40_0000
  return level < 0 ? 0 : level
}

/// Equalises a picture tile by tile and writes whole levels 0...16383.
///
/// `image` holds H x W grey values; times `scale` and rounded the least is `least`, the greatest
/// `least + range`. A tile has kh x kw pixels, `reciprocal` is ceil(2^32 / levels of a bin), `limit`
/// what a bin holds at most. Room is needed in `bins` for whole tiles, ceil(H / kh) kh x
/// ceil(W / kw) kw, in `maps` for binCount numbers a tile, in `table` for 4 binCount, in `weights`
/// for 4 kh kw; `counts` holds 2 binCount zeros, and zeros again at the end.
@inline(never)
public func equaliseTiles(
  _ image: UnsafePointer<Float>, _ scale: Float, _ out: UnsafeMutablePointer<Float>,
  _ H: Int, _ W: Int, _ kh: Int, _ kw: Int, _ least: Int32, _ range: Int32, _ reciprocal: UInt64,
  _ binCount: Int,
  _ limit: Int32, _ bins: UnsafeMutablePointer<UInt16>, _ counts: UnsafeMutablePointer<Int32>,
  _ maps: UnsafeMutablePointer<UInt16>, _ table: UnsafeMutablePointer<Double>,
  _ weights: UnsafeMutablePointer<Double>
) {
  let rows = (H + kh - 1) / kh
  let columns = (W + kw - 1) / kw
  let stride = columns * kw
  fillBins(image, scale, H, W, rows * kh, stride, least, range, reciprocal, bins)

  // One mapping a tile.
  for tile in 0..<rows * columns {
    let corner = (tile / columns) * kh * stride + (tile % columns) * kw
    countBins(bins + corner, stride, kh, kw, binCount, counts, counts + binCount)
    clipHistogram(counts, binCount, limit)
    mapHistogram(counts, binCount, kh * kw, maps + tile * binCount)
  }

  cornerWeights(kh, kw, weights)
  interpolateBlocks(bins, stride, out, H, W, kh, kw, binCount, maps, table, weights)
  cutToWhole(out, H * W)
}

/// Interpolates between the mappings of the tiles.
///
/// Blocks lie half a tile up and to the left of the tiles, each between four tile centres.
@inline(__always)
private func interpolateBlocks(
  _ bins: UnsafePointer<UInt16>, _ stride: Int, _ out: UnsafeMutablePointer<Float>, _ H: Int,
  _ W: Int, _ kh: Int, _ kw: Int, _ binCount: Int, _ maps: UnsafePointer<UInt16>,
  _ table: UnsafeMutablePointer<Double>, _ weights: UnsafePointer<Double>
) {
  let rows = (H + kh - 1) / kh
  let columns = (W + kw - 1) / kw
  for p in 0...rows {
    for q in 0...columns {
      let x0 = max(0, q * kw - kw / 2)
      let x1 = min(W, (q + 1) * kw - kw / 2)
      if x0 >= x1 { continue }
      let upper = max(0, p - 1) * columns
      let lower = min(rows - 1, p) * columns
      let left = max(0, q - 1)
      let right = min(columns - 1, q)
      interleaveMaps(
        maps + (upper + left) * binCount, maps + (upper + right) * binCount,
        maps + (lower + left) * binCount, maps + (lower + right) * binCount, binCount, table)
      let origin = p * kh - kh / 2
      var y = max(0, origin)
      while y < min(H, origin + kh) {
        let offset = (y - origin) * kw + x0 - (q * kw - kw / 2)
        interpolateRow(
          bins + y * stride + x0, x1 - x0, table, weights + 4 * offset, out + y * W + x0)
        y += 1
      }
    }
  }
}

/// The whole part of numbers 0...2^21.
@inline(__always)
private func cutToWhole(_ values: UnsafeMutablePointer<Float>, _ count: Int) {
  let magic: Float = 12_582_912
  for i in 0..<count {
    let nearest = (values[i] + magic) - magic
    values[i] = nearest > values[i] ? nearest - 1 : nearest
  }
}

/// The bin of each pixel, and of the mirrored pixels that complete the last tiles.
@inline(__always)
private func fillBins(
  _ image: UnsafePointer<Float>, _ scale: Float, _ H: Int, _ W: Int, _ paddedH: Int, _ stride: Int,
  _ least: Int32, _ range: Int32, _ reciprocal: UInt64, _ bins: UnsafeMutablePointer<UInt16>
) {
  for y in 0..<H {
    let row = bins + y * stride
    binLevels(image + y * W, scale, W, least, range, reciprocal, row)
    for x in W..<max(W, stride) { row[x] = row[mirrored(x, W)] }
  }
  for y in H..<max(H, paddedH) {
    let from = bins + mirrored(y, H) * stride
    let row = bins + y * stride
    for x in 0..<stride { row[x] = from[x] }
  }
}

/// The index that `i` beyond the end stands for when `n` samples are mirrored about the last one.
@inline(__always)
private func mirrored(_ i: Int, _ n: Int) -> Int {
  if n == 1 { return 0 }
  let m = i % (2 * n - 2)
  return m < n ? m : 2 * n - 2 - m
}

/// The weights of the four corners for each pixel of a block.
@inline(__always)
private func cornerWeights(_ kh: Int, _ kw: Int, _ weights: UnsafeMutablePointer<Double>) {
  for r in 0..<kh {
    let dy = Double(r) / Double(kh)
    for c in 0..<kw {
      let dx = Double(c) / Double(kw)
      let w = weights + 4 * (r * kw + c)
      w[0] = (1 - dx) * (1 - dy)
      w[1] = dx * (1 - dy)
      w[2] = (1 - dx) * dy
      w[3] = dx * dy
    }
  }
}

/// Stretches levels to 0...16383, rounds, and divides by the size of a bin.
///
/// `reciprocal` is ceil(2^32 / size of a bin): the quotients of levels below 2^14 are exact.
@inline(__always)
private func binLevels(
  _ image: UnsafePointer<Float>, _ scale: Float, _ count: Int, _ least: Int32, _ range: Int32,
  _ reciprocal: UInt64, _ bins: UnsafeMutablePointer<UInt16>
) {
  let magic = 6_755_399_441_055_744.0
  let span = Double(range)
  let origin = Double(least)
  for i in 0..<count {
    let stretched = (Double(wholeLevel(image[i], scale)) - origin) / span * 16383
    let level = (stretched + magic).bitPattern & 0xFFFF
    bins[i] = UInt16(truncatingIfNeeded: (level &* reciprocal) &>> 32)
  }
}

/// Counts the bins of one tile.
///
/// `histogram` and `second` hold `binCount` zeros each; the counts end in `histogram`.
@inline(__always)
private func countBins(
  _ bins: UnsafePointer<UInt16>, _ stride: Int, _ kh: Int, _ kw: Int, _ binCount: Int,
  _ histogram: UnsafeMutablePointer<Int32>, _ second: UnsafeMutablePointer<Int32>
) {
  for y in 0..<kh {
    let row = bins + y * stride
    var x = 0
    // Two tables: equal neighbours do not wait for each other's store.
    while x + 1 < kw {
      histogram[Int(row[x])] &+= 1
      second[Int(row[x + 1])] &+= 1
      x += 2
    }
    if x < kw { histogram[Int(row[x])] &+= 1 }
  }
  for b in 0..<binCount {
    histogram[b] &+= second[b]
    second[b] = 0
  }
}

/// Cuts a histogram at `limit` and spreads what was cut over the bins below it.
@inline(__always)
private func clipHistogram(
  _ histogram: UnsafeMutablePointer<Int32>, _ binCount: Int, _ limit: Int32
) {
  var excess: Int32 = 0
  for b in 0..<binCount {
    let over = histogram[b] &- limit
    excess &+= over > 0 ? over : 0
    histogram[b] = over > 0 ? limit : histogram[b]
  }
  guard excess > 0 else { return }

  // An equal share for each bin; a bin that then lies within one share of the limit is filled up.
  let share = Int32(truncatingIfNeeded: Int(excess) / binCount)
  let nearlyFull = limit &- share
  var given: Int32 = 0
  var open: Int32 = 0
  for b in 0..<binCount {
    let old = histogram[b]
    let shared = old < nearlyFull ? old &+ share : old
    let new = shared >= nearlyFull ? limit : shared
    given &+= new &- old
    open &+= new < limit ? 1 : 0
    histogram[b] = new
  }
  spreadRest(histogram, binCount, limit, excess &- given, open)
}

/// Hands out the rest of the excess one count at a time, in strides over the bins.
@inline(__always)
private func spreadRest(
  _ histogram: UnsafeMutablePointer<Int32>, _ binCount: Int, _ limit: Int32,
  _ rest: Int32, _ openBins: Int32
) {
  var excess = rest
  var open = openBins
  while excess > 0 {
    let before = excess
    var first = 0
    while first < binCount && excess > 0 {
      let step = max(1, Int(open) / Int(excess))
      var given: Int32 = 0
      var filled: Int32 = 0
      var b = first
      while b < binCount {
        let old = histogram[b]
        let one: Int32 = old < limit ? 1 : 0
        histogram[b] = old &+ one
        given &+= one
        filled &+= old &+ one == limit ? one : 0
        b += step
      }
      excess &-= given
      open &-= filled
      first += 1
    }
    if excess == before { return }
  }
}

/// Turns a clipped histogram into whole grey levels 0...16383, the scaled cumulated counts, and
/// clears it.
@inline(__always)
private func mapHistogram(
  _ histogram: UnsafeMutablePointer<Int32>, _ binCount: Int, _ tilePixels: Int,
  _ map: UnsafeMutablePointer<UInt16>
) {
  let scale = 16383 / Double(tilePixels)
  var cumulated: Int32 = 0
  for b in 0..<binCount {
    cumulated &+= histogram[b]
    histogram[b] = cumulated
  }
  for b in 0..<binCount {
    let level = Double(histogram[b]) * scale
    let capped = level < 16383 ? level : 16383
    map[b] = UInt16(truncatingIfNeeded: (wholePart(capped) + 6_755_399_441_055_744).bitPattern)
    histogram[b] = 0
  }
}

/// The whole part of a number 0...2^51.
@inline(__always)
private func wholePart(_ value: Double) -> Double {
  let magic = 6_755_399_441_055_744.0
  let nearest = (value + magic) - magic
  return nearest > value ? nearest - 1 : nearest
}

/// Sets the mappings of four neighbouring tiles side by side: table[4 b + corner].
@inline(__always)
private func interleaveMaps(
  _ upperLeft: UnsafePointer<UInt16>, _ upperRight: UnsafePointer<UInt16>,
  _ lowerLeft: UnsafePointer<UInt16>, _ lowerRight: UnsafePointer<UInt16>, _ binCount: Int,
  _ table: UnsafeMutablePointer<Double>
) {
  for b in 0..<binCount {
    table[4 * b] = Double(upperLeft[b])
    table[4 * b + 1] = Double(upperRight[b])
    table[4 * b + 2] = Double(lowerLeft[b])
    table[4 * b + 3] = Double(lowerRight[b])
  }
}

/// One row of a block: the four mappings of each pixel's bin, weighted and summed in single
/// precision in the order of the corners.
///
/// `table` holds the four mappings side by side, `weights` four numbers for each pixel of the row.
@inline(__always)
private func interpolateRow(
  _ bins: UnsafePointer<UInt16>, _ count: Int, _ table: UnsafePointer<Double>,
  _ weights: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Float>
) {
  for x in 0..<count {
    let t = table + 4 * Int(bins[x])
    let w = weights + 4 * x
    var sum = Float(t[0] * w[0])
    sum += Float(t[1] * w[1])
    sum += Float(t[2] * w[2])
    sum += Float(t[3] * w[3])
    out[x] = sum
  }
}

/// values = (values - least) / (greatest - least); equal values are limited to 0...1.
@inline(never)
public func stretchToUnit(
  _ values: UnsafeMutablePointer<Float>, _ count: Int, _ least: Float, _ greatest: Float
) {
  let range = greatest - least
  if range > 0 {
    for i in 0..<count { values[i] = (values[i] - least) / range }
  } else {
    let limited: Float = least < 0 ? 0 : (least > 1 ? 1 : least)
    for i in 0..<count { values[i] = limited }
  }
}
