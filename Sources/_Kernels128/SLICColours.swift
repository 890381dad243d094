// Superpixels (SLIC): colours in tiles of 4 x 4 pixels, and labels out of them.
//
// Implements: CIE 15:2004, section 8.2.1 (L*a*b*) with the constants of `Colour`, in single
//   precision.
// Equation -> code: L* = 116 f(Y) - 16, a* = 500 (f(X) - f(Y)), b* = 200 (f(Y) - f(Z)), all over 128
//   (`labTile`); cube roots by two steps of Halley's method (`labCurve`).
// Deviations: rounded to multiples of 2^-24, see SLICMeans.swift. Checked by: SLICTests.
// Cost: about 3 ns a colour pixel.

/// One row of tiles from bytes: `table` gives the number of each, linear RGB for three channels.
@inline(never)
public func tileBytes(
  _ g: UnsafePointer<Int>, _ ty: Int, _ image: UnsafePointer<UInt8>, _ stride: Int,
  _ channels: Int, _ order: (Int, Int, Int), _ table: UnsafePointer<Float>,
  _ planes: UnsafeMutablePointer<Float>
) { tileLevels(g, ty, stride, channels, order, planes) { table[Int(image[$0])] } }

/// One row of tiles from whole numbers of 16 bits; as `tileBytes`.
@inline(never)
public func tileWords(
  _ g: UnsafePointer<Int>, _ ty: Int, _ image: UnsafePointer<UInt16>, _ stride: Int,
  _ channels: Int, _ order: (Int, Int, Int), _ table: UnsafePointer<Float>,
  _ planes: UnsafeMutablePointer<Float>
) { tileLevels(g, ty, stride, channels, order, planes) { table[Int(image[$0])] } }

/// One row of tiles from the numbers of the samples' levels.
@inline(__always)
private func tileLevels(
  _ g: UnsafePointer<Int>, _ ty: Int, _ stride: Int, _ channels: Int, _ order: (Int, Int, Int),
  _ planes: UnsafeMutablePointer<Float>, _ number: (Int) -> Float
) {
  let (H, W, TC) = (g[SLICSize.height], g[SLICSize.width], g[SLICSize.tileColumns])
  for tx in 0..<TC {
    let p = planes + (ty * TC + tx) * channels * 16
    for i in 0..<16 {
      let (y, x) = (4 * ty + (i >> 2), 4 * tx + (i & 3))
      let q = ((y < H ? y : H - 1) * W + (x < W ? x : W - 1)) * stride
      p[i] = number(q + order.0)
      if channels == 3 {
        p[16 + i] = number(q + order.1)
        p[32 + i] = number(q + order.2)
      }
    }
    if channels == 3 { labTile(p) }
  }
}

/// One row of tiles from features in double precision, times `scale` at most 1.
@inline(never)
public func tileDoubles(
  _ g: UnsafePointer<Int>, _ ty: Int, _ values: UnsafePointer<Double>, _ channels: Int,
  _ scale: Double, _ planes: UnsafeMutablePointer<Float>
) {
  let (H, W, TC) = (g[SLICSize.height], g[SLICSize.width], g[SLICSize.tileColumns])
  // Adding 1.5 * 2^52 leaves the nearest whole number.
  let magic = 6_755_399_441_055_744.0
  for tx in 0..<TC {
    let p = planes + (ty * TC + tx) * channels * 16
    for i in 0..<16 {
      let (y, x) = (4 * ty + (i >> 2), 4 * tx + (i & 3))
      let q = values + ((y < H ? y : H - 1) * W + (x < W ? x : W - 1)) * channels
      for c in 0..<channels {
        p[16 * c + i] = Float(((q[c] * scale * 0x1p23 + magic) - magic) * 0x1p-23)
      }
    }
  }
}

/// Turns a tile's linear RGB to L*a*b* over 128, in place.
@inline(__always)
private func labTile(_ p: UnsafeMutablePointer<Float>) {
  for half in 0..<2 {
    let q = p + 8 * half
    let (r, g, b) = (load8(q), load8(q + 16), load8(q + 32))
    let fX = labCurve(weighted(r, g, b, 0.412453 / 0.95047, 0.357580 / 0.95047, 0.180423 / 0.95047))
    let fY = labCurve(weighted(r, g, b, 0.212671, 0.715160, 0.072169))
    let fZ = labCurve(weighted(r, g, b, 0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883))
    let minus = F8(repeating: -1)
    store8(rounded(plus(times(fY, F8(repeating: 116 / 128)), F8(repeating: -16 / 128))), q)
    store8(rounded(times(plus(fX, times(fY, minus)), F8(repeating: 500 / 128))), q + 16)
    store8(rounded(times(plus(fY, times(fZ, minus)), F8(repeating: 200 / 128))), q + 32)
  }
}

@inline(__always)
private func store8(_ v: F8, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: F8.self)
}

@inline(__always)
private func weighted(_ r: F8, _ g: F8, _ b: F8, _ u: Float, _ v: Float, _ w: Float) -> F8 {
  plus(
    plus(times(r, F8(repeating: u)), times(g, F8(repeating: v))), times(b, F8(repeating: w)))
}

/// A near multiple of 2^-24 of numbers of at most 1: adding 1.5 leaves one.
@inline(__always)
private func rounded(_ v: F8) -> F8 {
  // The sum lies in 0.5 ... 2.5, where numbers are 2^-24 apart or more.
  plus(plus(v, F8(repeating: 1.5)), F8(repeating: -1.5))
}

/// The cube root of t above 0.008856, a line below.
@inline(__always)
private func labCurve(_ t: F8) -> F8 {
  // A third of the exponent and fraction, by shifts, is a root within 4 %.
  let bits = unsafeBitCast(t, to: SIMD8<UInt32>.self)
  var third = (bits &>> 2) &+ (bits &>> 4)
  third = third &+ (third &>> 4)
  third = third &+ (third &>> 8)
  var y = unsafeBitCast(third &+ SIMD8<UInt32>(repeating: 709_921_077), to: F8.self)
  for _ in 0..<2 {
    let cube = times(times(y, y), y)
    y = times(y, plus(plus(cube, t), t) / plus(plus(cube, cube), t))
  }
  let line = plus(times(t, F8(repeating: 7.787)), F8(repeating: 16.0 / 116))
  return line.replacing(with: y, where: t .> F8(repeating: 0.008856))
}

/// Writes a row of tiles of labels as rows of the picture.
@inline(never)
public func untileRow(
  _ g: UnsafePointer<Int>, _ ty: Int, _ labels: UnsafePointer<Int32>,
  _ out: UnsafeMutablePointer<Int32>
) {
  let (H, W, TC) = (g[SLICSize.height], g[SLICSize.width], g[SLICSize.tileColumns])
  let rows = H - 4 * ty < 4 ? H - 4 * ty : 4
  for r in 0..<rows {
    let row = out + (4 * ty + r) * W
    let from = labels + ty * TC * 16 + 4 * r
    let whole = W / 4
    for tx in 0..<whole {
      let four = UnsafeRawPointer(from + 16 * tx).loadUnaligned(as: SIMD4<Int32>.self)
      UnsafeMutableRawPointer(row + 4 * tx).storeBytes(of: four, as: SIMD4<Int32>.self)
    }
    for x in 4 * whole..<W { row[x] = from[16 * (x / 4) + (x & 3)] }
  }
}
