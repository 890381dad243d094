// Packing for the matrix product: a strip of a matrix becomes panels that the tiles read in order.
//
// Implements: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication",
//   ACM Trans. Math. Softw. 34 (2008) 12, section 6 (packing).
// Symbols: a strip is `width` lines (rows of A, columns of B) of `depth` numbers (index p);
//   a panel is `panelWidth` lines, stored [p][line].
// Deviations: none. Checked by: MatmulKernelTests, which try depths around 8. Cost: reads and writes width x depth numbers.

/// Packs panels of `panelWidth` lines; a short last panel is zero-filled or keeps its own width.
@inline(__always)
func gemmPack<Scalar: SIMDScalar & FloatingPoint>(
  _ width: Int, _ depth: Int, _ panelWidth: Int, _ fillsUp: Bool,
  _ source: UnsafePointer<Scalar>, _ lineStride: Int, _ depthStride: Int,
  _ target: UnsafeMutablePointer<Scalar>,
  _ copyDepth: (Int, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void,
  _ transposeBlock: (UnsafePointer<Scalar>, Int, UnsafeMutablePointer<Scalar>, Int) -> Void
) {
  var i: Int = 0
  if lineStride == 1 {
    let panels: Int = width / panelWidth
    copyPanels(panels, panelWidth, depth, source, depthStride, target, copyDepth)
    i = panels &* panelWidth
  }
  while i < width {
    let from: UnsafePointer<Scalar> = source + i &* lineStride
    let to: UnsafeMutablePointer<Scalar> = target + i &* depth
    let lines: Int = width &- i < panelWidth ? width &- i : panelWidth
    let step: Int = fillsUp ? panelWidth : lines
    if lineStride == 1 {
      copyLines(lines, depth, from, depthStride, to, step, copyDepth)
    } else if depthStride == 1 && lines >= 4 && depth >= 8 {
      transposeLines(lines, depth, from, lineStride, to, step, transposeBlock)
    } else {
      gatherLines(lines, depth, from, lineStride, depthStride, to, step)
    }
    if lines < step { clearLines(lines, step, depth, to) }
    i &+= lines
  }
}

// Loads and stores are written for each type: a generic one would leave a weak copy of the standard
// library's generic code in debug builds (see Tests/audit_kernels.sh).

@inline(__always)
private func copy4(_ p: UnsafePointer<Float>, _ q: UnsafeMutablePointer<Float>) {
  let v = UnsafeRawPointer(p).loadUnaligned(as: SIMD4<Float>.self)
  UnsafeMutableRawPointer(q).storeBytes(of: v, as: SIMD4<Float>.self)
}

@inline(__always)
private func copy8(_ p: UnsafePointer<Float>, _ q: UnsafeMutablePointer<Float>) {
  let v = UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self)
  UnsafeMutableRawPointer(q).storeBytes(of: v, as: SIMD8<Float>.self)
}

@inline(__always)
private func copy4(_ p: UnsafePointer<Double>, _ q: UnsafeMutablePointer<Double>) {
  let v = UnsafeRawPointer(p).loadUnaligned(as: SIMD4<Double>.self)
  UnsafeMutableRawPointer(q).storeBytes(of: v, as: SIMD4<Double>.self)
}

@inline(__always)
private func copy8(_ p: UnsafePointer<Double>, _ q: UnsafeMutablePointer<Double>) {
  let v = UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Double>.self)
  UnsafeMutableRawPointer(q).storeBytes(of: v, as: SIMD8<Double>.self)
}

/// Depths that are read side by side: as many streams as caches follow.
private let streams = 8

/// Lines lie side by side, all panels being full: `streams` depths at a time are read along.
@inline(__always)
private func copyPanels<Scalar>(
  _ panels: Int, _ panelWidth: Int, _ depth: Int, _ source: UnsafePointer<Scalar>,
  _ depthStride: Int, _ target: UnsafeMutablePointer<Scalar>,
  _ copyDepth: (Int, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
) {
  var p: Int = 0
  while p < depth {
    let depths: Int = depth &- p < streams ? depth &- p : streams
    var from: UnsafePointer<Scalar> = source + p &* depthStride
    var to: UnsafeMutablePointer<Scalar> = target + p &* panelWidth
    var panel: Int = 0
    while panel < panels {
      copyLines(panelWidth, depths, from, depthStride, to, panelWidth, copyDepth)
      from += panelWidth
      to += panelWidth &* depth
      panel &+= 1
    }
    p &+= depths
  }
}

/// Lines lie side by side: one depth after the other.
@inline(__always)
private func copyLines<Scalar>(
  _ lines: Int, _ depth: Int, _ source: UnsafePointer<Scalar>, _ depthStride: Int,
  _ target: UnsafeMutablePointer<Scalar>, _ step: Int,
  _ copyDepth: (Int, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
) {
  var from = source
  var to = target
  var p: Int = 0
  while p < depth {
    copyDepth(lines, from, to)
    from += depthStride
    to += step
    p &+= 1
  }
}

/// Copies one depth, eight or four lines at a time, the last four overlapping the ones before.
@inline(__always)
private func copyDepth(
  _ lines: Int, _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
) {
  var i: Int = 0
  if lines >= 4 {
    while i &+ 8 <= lines {
      copy8(source + i, target + i)
      i &+= 8
    }
    while i < lines {
      let last: Int = i < lines &- 4 ? i : lines &- 4
      copy4(source + last, target + last)
      i &+= 4
    }
  } else {
    while i < lines {
      target[i] = source[i]
      i &+= 1
    }
  }
}

/// Copies one depth, eight or four lines at a time, the last four overlapping the ones before.
@inline(__always)
private func copyDepth(
  _ lines: Int, _ source: UnsafePointer<Double>, _ target: UnsafeMutablePointer<Double>
) {
  var i: Int = 0
  if lines >= 4 {
    while i &+ 8 <= lines {
      copy8(source + i, target + i)
      i &+= 8
    }
    while i < lines {
      let last: Int = i < lines &- 4 ? i : lines &- 4
      copy4(source + last, target + last)
      i &+= 4
    }
  } else {
    while i < lines {
      target[i] = source[i]
      i &+= 1
    }
  }
}

/// Each line lies in order: blocks of 4 lines x 8 are transposed, the last ones overlapping.
@inline(__always)
private func transposeLines<Scalar: SIMDScalar>(
  _ lines: Int, _ depth: Int, _ source: UnsafePointer<Scalar>, _ lineStride: Int,
  _ target: UnsafeMutablePointer<Scalar>, _ step: Int,
  _ transposeBlock: (UnsafePointer<Scalar>, Int, UnsafeMutablePointer<Scalar>, Int) -> Void
) {
  var i: Int = 0
  while i < lines {
    let line: Int = i < lines &- 4 ? i : lines &- 4
    let from: UnsafePointer<Scalar> = source + line &* lineStride
    var p: Int = 0
    while p < depth {
      let q: Int = p < depth &- 8 ? p : depth &- 8
      transposeBlock(from + q, lineStride, target + (q &* step &+ line), step)
      p &+= 8
    }
    i &+= 4
  }
}

/// Writes 8 depths of 4 lines: pairs of two lines first, then pairs of pairs, as 64-bit lanes (LLVM
/// would otherwise gather each output number by number).
@inline(__always)
private func transposeBlock(
  _ source: UnsafePointer<Float>, _ lineStride: Int, _ target: UnsafeMutablePointer<Float>,
  _ step: Int
) {
  let a = UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Float>.self)
  let b = UnsafeRawPointer(source + lineStride).loadUnaligned(as: SIMD8<Float>.self)
  let c = UnsafeRawPointer(source + 2 &* lineStride).loadUnaligned(as: SIMD8<Float>.self)
  let d = UnsafeRawPointer(source + 3 &* lineStride).loadUnaligned(as: SIMD8<Float>.self)
  let ab0 = unsafeBitCast(lowPairs(a, b), to: SIMD4<Double>.self)
  let ab2 = unsafeBitCast(highPairs(a, b), to: SIMD4<Double>.self)
  let cd0 = unsafeBitCast(lowPairs(c, d), to: SIMD4<Double>.self)
  let cd2 = unsafeBitCast(highPairs(c, d), to: SIMD4<Double>.self)
  storePairs(SIMD4(ab0[0], cd0[0], ab0[2], cd0[2]), target, step)
  storePairs(SIMD4(ab0[1], cd0[1], ab0[3], cd0[3]), target + step, step)
  storePairs(SIMD4(ab2[0], cd2[0], ab2[2], cd2[2]), target + 2 &* step, step)
  storePairs(SIMD4(ab2[1], cd2[1], ab2[3], cd2[3]), target + 3 &* step, step)
}

/// Depths 0, 1 and 4, 5 of two lines.
@inline(__always)
private func lowPairs(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
  SIMD8(a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5])
}

/// Depths 2, 3 and 6, 7 of two lines.
@inline(__always)
private func highPairs(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
  SIMD8(a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7])
}

/// Stores a depth of four lines, and the depth that lies four further.
@inline(__always)
private func storePairs(_ v: SIMD4<Double>, _ target: UnsafeMutablePointer<Float>, _ step: Int) {
  UnsafeMutableRawPointer(target).storeBytes(of: v.lowHalf, as: SIMD2<Double>.self)
  UnsafeMutableRawPointer(target + 4 &* step).storeBytes(of: v.highHalf, as: SIMD2<Double>.self)
}

/// Writes 8 depths of 4 lines, two lines at a time.
@inline(__always)
private func transposeBlock(
  _ source: UnsafePointer<Double>, _ lineStride: Int, _ target: UnsafeMutablePointer<Double>,
  _ step: Int
) {
  transposeTwo(source, lineStride, target, step)
  transposeTwo(source + 2 &* lineStride, lineStride, target + 2, step)
  transposeTwo(source + 4, lineStride, target + 4 &* step, step)
  transposeTwo(source + 2 &* lineStride + 4, lineStride, target + 4 &* step + 2, step)
}

/// Writes 4 depths of 2 lines.
@inline(__always)
private func transposeTwo(
  _ source: UnsafePointer<Double>, _ lineStride: Int, _ target: UnsafeMutablePointer<Double>,
  _ step: Int
) {
  let a = UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Double>.self)
  let b = UnsafeRawPointer(source + lineStride).loadUnaligned(as: SIMD4<Double>.self)
  let even = SIMD4(a[0], b[0], a[2], b[2])
  let odd = SIMD4(a[1], b[1], a[3], b[3])
  UnsafeMutableRawPointer(target).storeBytes(of: even.lowHalf, as: SIMD2<Double>.self)
  UnsafeMutableRawPointer(target + step).storeBytes(of: odd.lowHalf, as: SIMD2<Double>.self)
  UnsafeMutableRawPointer(target + 2 &* step).storeBytes(of: even.highHalf, as: SIMD2<Double>.self)
  UnsafeMutableRawPointer(target + 3 &* step).storeBytes(of: odd.highHalf, as: SIMD2<Double>.self)
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

/// Zeros in the lines that a short panel lacks: tiles compute with them, and what memory held before
/// could be slow (denormal); the results for these lines go nowhere.
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
  gemmPack(
    width, depth, panelWidth, fillsUp, source, lineStride, depthStride, target,
    { copyDepth($0, $1, $2) }, { transposeBlock($0, $1, $2, $3) })
}

/// Packs lines in double precision; see `gemmPackFloat`.
@inline(never) public func gemmPackDouble(
  _ width: Int, _ depth: Int, _ panelWidth: Int, _ fillsUp: Bool, _ source: UnsafePointer<Double>,
  _ lineStride: Int, _ depthStride: Int, _ target: UnsafeMutablePointer<Double>
) {
  gemmPack(
    width, depth, panelWidth, fillsUp, source, lineStride, depthStride, target,
    { copyDepth($0, $1, $2) }, { transposeBlock($0, $1, $2, $3) })
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
