// Packing for the matrix product: a strip of a matrix becomes panels that the tiles read in order.
//
// Implements: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication",
//   ACM Trans. Math. Softw. 34 (2008) 12, section 6 (packing).
// Symbols: a strip is `width` lines (rows of A, columns of B) of `depth` numbers (index p);
//   a panel is `panelWidth` lines, stored [p][line].
// Deviations: none. Checked by: MatmulKernelTests. Cost: reads and writes width x depth numbers.

/// Packs panels of `panelWidth` lines; a short last panel is zero-filled or keeps its own width.
@inline(__always)
func gemmPack<Scalar: SIMDScalar & FloatingPoint>(
  _ width: Int, _ depth: Int, _ panelWidth: Int, _ fillsUp: Bool,
  _ source: UnsafePointer<Scalar>, _ lineStride: Int, _ depthStride: Int,
  _ target: UnsafeMutablePointer<Scalar>
) {
  var i: Int = 0
  while i < width {
    let lines: Int = width &- i < panelWidth ? width &- i : panelWidth
    let step: Int = fillsUp ? panelWidth : lines
    let from: UnsafePointer<Scalar> = source + i &* lineStride
    let to: UnsafeMutablePointer<Scalar> = target + i &* depth
    if lineStride == 1 {
      copyLines(lines, depth, from, depthStride, to, step)
    } else if depthStride == 1 && lines >= 4 && depth >= 4 {
      transposeLines(lines, depth, from, lineStride, to, step)
    } else {
      gatherLines(lines, depth, from, lineStride, depthStride, to, step)
    }
    if lines < step { clearLines(lines, step, depth, to) }
    i &+= lines
  }
}

@inline(__always)
private func load4<Scalar: SIMDScalar>(_ p: UnsafePointer<Scalar>) -> SIMD4<Scalar> {
  UnsafeRawPointer(p).loadUnaligned(as: SIMD4<Scalar>.self)
}

@inline(__always)
private func store4<Scalar: SIMDScalar>(_ v: SIMD4<Scalar>, _ p: UnsafeMutablePointer<Scalar>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD4<Scalar>.self)
}

/// Lines lie side by side: four at a time, the last four overlapping the ones before.
@inline(__always)
private func copyLines<Scalar: SIMDScalar>(
  _ lines: Int, _ depth: Int, _ source: UnsafePointer<Scalar>, _ depthStride: Int,
  _ target: UnsafeMutablePointer<Scalar>, _ step: Int
) {
  var from = source
  var to = target
  var p: Int = 0
  while p < depth {
    var i: Int = 0
    if lines >= 4 {
      while i &+ 4 <= lines {
        store4(load4(from + i), to + i)
        i &+= 4
      }
      store4(load4(from + (lines &- 4)), to + (lines &- 4))
    } else {
      while i < lines {
        to[i] = from[i]
        i &+= 1
      }
    }
    from += depthStride
    to += step
    p &+= 1
  }
}

/// Each line lies in order: blocks of 4 x 4 are transposed, the last ones overlapping.
@inline(__always)
private func transposeLines<Scalar: SIMDScalar>(
  _ lines: Int, _ depth: Int, _ source: UnsafePointer<Scalar>, _ lineStride: Int,
  _ target: UnsafeMutablePointer<Scalar>, _ step: Int
) {
  var i: Int = 0
  while i < lines {
    let line: Int = i < lines &- 4 ? i : lines &- 4
    let from: UnsafePointer<Scalar> = source + line &* lineStride
    var p: Int = 0
    while p < depth {
      let q: Int = p < depth &- 4 ? p : depth &- 4
      transpose4(from + q, lineStride, target + (q &* step &+ line), step)
      p &+= 4
    }
    i &+= 4
  }
}

@inline(__always)
private func transpose4<Scalar: SIMDScalar>(
  _ source: UnsafePointer<Scalar>, _ lineStride: Int, _ target: UnsafeMutablePointer<Scalar>,
  _ step: Int
) {
  let a = load4(source)
  let b = load4(source + lineStride)
  let c = load4(source + 2 &* lineStride)
  let d = load4(source + 3 &* lineStride)
  store4(SIMD4(a[0], b[0], c[0], d[0]), target)
  store4(SIMD4(a[1], b[1], c[1], d[1]), target + step)
  store4(SIMD4(a[2], b[2], c[2], d[2]), target + 2 &* step)
  store4(SIMD4(a[3], b[3], c[3], d[3]), target + 3 &* step)
}

/// Any strides, one number at a time.
@inline(__always)
private func gatherLines<Scalar>(
  _ lines: Int, _ depth: Int, _ source: UnsafePointer<Scalar>, _ lineStride: Int,
  _ depthStride: Int, _ target: UnsafeMutablePointer<Scalar>, _ step: Int
) {
  var p: Int = 0
  while p < depth {
    var i: Int = 0
    while i < lines {
      target[p &* step &+ i] = source[p &* depthStride &+ i &* lineStride]
      i &+= 1
    }
    p &+= 1
  }
}

/// Zeros in the lines that a short panel lacks.
@inline(__always)
private func clearLines<Scalar: FloatingPoint>(
  _ lines: Int, _ step: Int, _ depth: Int, _ target: UnsafeMutablePointer<Scalar>
) {
  var p: Int = 0
  while p < depth {
    var i: Int = lines
    while i < step {
      target[p &* step &+ i] = 0
      i &+= 1
    }
    p &+= 1
  }
}

/// Packs `width` lines of `depth` numbers in single precision into panels of `panelWidth` lines.
///
/// Line i, depth p is read at i `lineStride` + p `depthStride`. A short last panel is filled up with
/// zeros where `fillsUp`, otherwise it is stored with its own width.
@inline(never) public func gemmPackFloat(
  _ width: Int, _ depth: Int, _ panelWidth: Int, _ fillsUp: Bool, _ source: UnsafePointer<Float>,
  _ lineStride: Int, _ depthStride: Int, _ target: UnsafeMutablePointer<Float>
) {
  gemmPack(width, depth, panelWidth, fillsUp, source, lineStride, depthStride, target)
}

/// Packs lines in double precision; see `gemmPackFloat`.
@inline(never) public func gemmPackDouble(
  _ width: Int, _ depth: Int, _ panelWidth: Int, _ fillsUp: Bool, _ source: UnsafePointer<Double>,
  _ lineStride: Int, _ depthStride: Int, _ target: UnsafeMutablePointer<Double>
) {
  gemmPack(width, depth, panelWidth, fillsUp, source, lineStride, depthStride, target)
}

/// C = beta C for any strides; zeros, without reading C, where beta is 0.
@inline(never) public func gemmScaleFloat(
  _ m: Int, _ n: Int, _ beta: Float, _ C: UnsafeMutablePointer<Float>, _ rowStride: Int,
  _ columnStride: Int
) {
  scaleMatrix(m, n, C, rowStride, columnStride) { beta == 0 ? 0 : beta * $0.pointee }
}

/// C = beta C in double precision; see `gemmScaleFloat`.
@inline(never) public func gemmScaleDouble(
  _ m: Int, _ n: Int, _ beta: Double, _ C: UnsafeMutablePointer<Double>, _ rowStride: Int,
  _ columnStride: Int
) {
  scaleMatrix(m, n, C, rowStride, columnStride) { beta == 0 ? 0 : beta * $0.pointee }
}

@inline(__always)
private func scaleMatrix<Scalar>(
  _ m: Int, _ n: Int, _ C: UnsafeMutablePointer<Scalar>, _ rowStride: Int, _ columnStride: Int,
  _ value: (UnsafeMutablePointer<Scalar>) -> Scalar
) {
  var i: Int = 0
  while i < m {
    var j: Int = 0
    while j < n {
      let c: UnsafeMutablePointer<Scalar> = C + (i &* rowStride &+ j &* columnStride)
      c.pointee = value(c)
      j &+= 1
    }
    i &+= 1
  }
}
