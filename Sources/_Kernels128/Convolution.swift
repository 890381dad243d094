// Convolution of a band of output rows with one panel of filters, pixels read in place.
//
// Implements: E. Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD
//   architectures", SC18, sections II.A-II.D (direct convolution by register tiles over pixels and
//   output channels, filters packed in panels of channels).
// Equation -> code: O[y, x, k] = b[k] + sum over r, s, c of I[y, x | r, s, c] F[r, s, c, k]
//   -> `convolveTile`; the sum runs over r, s, c in this order with one rounding a step (two
//   without fused multiply-add), whatever the tile, so that every tile size gives the same bits.
// Symbols: a tile is up to 14 (AVX-512), 6 (AVX2) or 4 (128 bits) pixels of one row by two vectors
//   of channels; the panel is (R S C) rows of two vectors.
// Deviations: the tile is along a row only; no prefetch (Swift has none).
// Checked by: ConvolutionKernelTests (twin, guard zones). Cost: 2 flops a term; nothing allocated.

/// The shape and the strides of one band, in values (not bytes).
///
/// They are the thirteen numbers of `ConvolutionBand` in Tensors, in the same order. The type is
/// private, and callers pass plain numbers, because a public type would bring weak symbols.
private struct Band {
  let rows, inputRowStep, outputRowStep: Int
  let pixels, inputPixelStep, outputPixelStep: Int
  let outerTaps, outerStep, innerTaps, innerStep: Int
  let channels, columns: Int
  let rectifies: Bool

  @inline(__always) init(_ n: UnsafePointer<Int>) {
    (rows, inputRowStep, outputRowStep) = (n[0], n[1], n[2])
    (pixels, inputPixelStep, outputPixelStep) = (n[3], n[4], n[5])
    (outerTaps, outerStep, innerTaps, innerStep) = (n[6], n[7], n[8], n[9])
    (channels, columns) = (n[10], n[11])
    rectifies = n[12] != 0
  }
}

/// Accumulators of some pixels of a row by two vectors of channels.
private protocol PixelTile {
  associatedtype V: SIMD where V.Scalar: BinaryFloatingPoint
  static var pixels: Int { get }
  init(_ b0: V, _ b1: V)
  mutating func accumulate(_ input: UnsafePointer<V.Scalar>, _ step: Int, _ w0: V, _ w1: V)
  func store(_ output: UnsafeMutablePointer<V.Scalar>, _ step: Int, _ columns: Int)
}

/// One pixel.
private struct One<V: SIMD>: PixelTile where V.Scalar: BinaryFloatingPoint {
  var a0: V
  var a1: V

  @inline(__always) static var pixels: Int { 1 }

  @inline(__always) init(_ b0: V, _ b1: V) {
    a0 = b0
    a1 = b1
  }

  @inline(__always)
  mutating func accumulate(_ input: UnsafePointer<V.Scalar>, _ step: Int, _ w0: V, _ w1: V) {
    let x = V(repeating: input[0])
    #if NITAL_FMA || arch(arm64)
    a0.addProduct(x, w0)
    a1.addProduct(x, w1)
    #else
    a0 += x * w0
    a1 += x * w1
    #endif
  }

  @inline(__always)
  func store(_ output: UnsafeMutablePointer<V.Scalar>, _ step: Int, _ columns: Int) {
    if columns == 2 * V.scalarCount {
      let target = UnsafeMutableRawPointer(output)
      target.storeBytes(of: a0, as: V.self)
      target.storeBytes(of: a1, toByteOffset: MemoryLayout<V>.size, as: V.self)
    } else {
      for lane in 0..<columns {
        output[lane] = lane < V.scalarCount ? a0[lane] : a1[lane - V.scalarCount]
      }
    }
  }
}

/// The pixels of `A`, then those of `B`.
private struct Pair<A: PixelTile, B: PixelTile>: PixelTile where A.V == B.V {
  typealias V = A.V
  var a: A
  var b: B

  @inline(__always) static var pixels: Int { A.pixels + B.pixels }

  @inline(__always) init(_ b0: A.V, _ b1: A.V) {
    a = A(b0, b1)
    b = B(b0, b1)
  }

  @inline(__always)
  mutating func accumulate(_ input: UnsafePointer<V.Scalar>, _ step: Int, _ w0: V, _ w1: V) {
    a.accumulate(input, step, w0, w1)
    b.accumulate(input + A.pixels * step, step, w0, w1)
  }

  @inline(__always)
  func store(_ output: UnsafeMutablePointer<V.Scalar>, _ step: Int, _ columns: Int) {
    a.store(output, step, columns)
    b.store(output + A.pixels * step, step, columns)
  }
}

private typealias Two<V: SIMD> = Pair<One<V>, One<V>> where V.Scalar: BinaryFloatingPoint
private typealias Three<V: SIMD> = Pair<Two<V>, One<V>> where V.Scalar: BinaryFloatingPoint
private typealias Four<V: SIMD> = Pair<Two<V>, Two<V>> where V.Scalar: BinaryFloatingPoint
#if NITAL_256 || NITAL_512
private typealias Six<V: SIMD> = Pair<Four<V>, Two<V>> where V.Scalar: BinaryFloatingPoint
#endif
#if NITAL_512
private typealias Eight<V: SIMD> = Pair<Four<V>, Four<V>> where V.Scalar: BinaryFloatingPoint
private typealias Ten<V: SIMD> = Pair<Six<V>, Four<V>> where V.Scalar: BinaryFloatingPoint
private typealias Twelve<V: SIMD> = Pair<Eight<V>, Four<V>> where V.Scalar: BinaryFloatingPoint
private typealias Full<V: SIMD> = Pair<Eight<V>, Six<V>> where V.Scalar: BinaryFloatingPoint
#elseif NITAL_256
private typealias Full<V: SIMD> = Six<V> where V.Scalar: BinaryFloatingPoint
#else
private typealias Full<V: SIMD> = Four<V> where V.Scalar: BinaryFloatingPoint
#endif

/// One tile: `T.pixels` pixels of a row by the two vectors of channels of a panel.
///
/// Each size is a function of its own, so that none grows beyond what the optimiser inlines into: a
/// load that is not inlined would be a weak symbol of the standard library.
@inline(never)
private func convolveTile<T: PixelTile>(
  _: T.Type, _ band: Band, _ input: UnsafePointer<T.V.Scalar>,
  _ panel: UnsafePointer<T.V.Scalar>, _ bias: UnsafePointer<T.V.Scalar>,
  _ output: UnsafeMutablePointer<T.V.Scalar>
) {
  let size = MemoryLayout<T.V>.size
  let start = UnsafeRawPointer(bias)
  var tile = T(
    start.loadUnaligned(as: T.V.self), start.loadUnaligned(fromByteOffset: size, as: T.V.self))
  var weights = UnsafeRawPointer(panel)
  let step = band.inputPixelStep
  for outer in 0..<band.outerTaps {
    for inner in 0..<band.innerTaps {
      var x = input + (outer * band.outerStep + inner * band.innerStep)
      for _ in 0..<band.channels {
        let w0 = weights.loadUnaligned(as: T.V.self)
        let w1 = weights.loadUnaligned(fromByteOffset: size, as: T.V.self)
        tile.accumulate(x, step, w0, w1)
        weights += 2 * size
        x += 1
      }
    }
  }
  tile.store(output, band.outputPixelStep, band.columns)
}

/// The pixels of one row, in tiles of falling size.
@inline(__always)
private func convolveRow<V: SIMD>(
  _: V.Type, _ band: Band, _ input: UnsafePointer<V.Scalar>,
  _ panel: UnsafePointer<V.Scalar>, _ bias: UnsafePointer<V.Scalar>,
  _ output: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
  var x = 0
  while x < band.pixels {
    let source = input + x * band.inputPixelStep
    let target = output + x * band.outputPixelStep
    let left = band.pixels - x
    if left >= Full<V>.pixels {
      convolveTile(Full<V>.self, band, source, panel, bias, target)
      x += Full<V>.pixels
      continue
    }
    x += convolveRest(V.self, left, band, source, panel, bias, target)
  }
}

/// The largest tile that fits into `left` pixels of the row's end; returns its number of pixels.
@inline(__always)
private func convolveRest<V: SIMD>(
  _: V.Type, _ left: Int, _ band: Band, _ source: UnsafePointer<V.Scalar>,
  _ panel: UnsafePointer<V.Scalar>, _ bias: UnsafePointer<V.Scalar>,
  _ target: UnsafeMutablePointer<V.Scalar>
) -> Int where V.Scalar: BinaryFloatingPoint {
  #if NITAL_512
  if left >= 12 {
    convolveTile(Twelve<V>.self, band, source, panel, bias, target)
    return 12
  }
  if left >= 10 {
    convolveTile(Ten<V>.self, band, source, panel, bias, target)
    return 10
  }
  if left >= 8 {
    convolveTile(Eight<V>.self, band, source, panel, bias, target)
    return 8
  }
  if left >= 6 {
    convolveTile(Six<V>.self, band, source, panel, bias, target)
    return 6
  }
  #endif
  #if NITAL_256 || NITAL_512
  if left >= 4 {
    convolveTile(Four<V>.self, band, source, panel, bias, target)
    return 4
  }
  #endif
  if left == 3 {
    convolveTile(Three<V>.self, band, source, panel, bias, target)
    return 3
  }
  if left == 2 {
    convolveTile(Two<V>.self, band, source, panel, bias, target)
    return 2
  }
  convolveTile(One<V>.self, band, source, panel, bias, target)
  return 1
}

/// Negative values of one row become 0 while it is in the cache; NaN stays.
///
/// Not in the tiles: their functions would grow beyond what the optimiser inlines into.
@inline(never)
private func rectifyRow<V: SIMD>(
  _: V.Type, _ band: Band, _ output: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
  for pixel in 0..<band.pixels {
    let values = output + pixel * band.outputPixelStep
    guard band.columns == 2 * V.scalarCount else {
      for lane in 0..<band.columns where values[lane] < 0 { values[lane] = 0 }
      continue
    }
    let bytes = UnsafeMutableRawPointer(values)
    for half in 0..<2 {
      var vector = bytes.loadUnaligned(fromByteOffset: half * MemoryLayout<V>.size, as: V.self)
      vector.replace(with: V(), where: vector .< V())
      bytes.storeBytes(of: vector, toByteOffset: half * MemoryLayout<V>.size, as: V.self)
    }
  }
}

/// Convolves a band of rows with one panel of Float filters.
///
/// `numbers` are those of the band, `input` points at the first tap of the first pixel, `panel` at (R S C) rows of two vectors,
/// `bias` at two vectors, `output` at the first channel of the first pixel.
@inline(never)
public func convolveBand(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Float>, _ panel: UnsafePointer<Float>,
  _ bias: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
) {
  let band = Band(numbers)
  for row in 0..<band.rows {
    let target = output + row * band.outputRowStep
    convolveRow(FloatVector.self, band, input + row * band.inputRowStep, panel, bias, target)
    if band.rectifies { rectifyRow(FloatVector.self, band, target) }
  }
}

/// Convolves a band of rows with one panel of Double filters.
@inline(never)
public func convolveBand(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Double>, _ panel: UnsafePointer<Double>,
  _ bias: UnsafePointer<Double>, _ output: UnsafeMutablePointer<Double>
) {
  let band = Band(numbers)
  for row in 0..<band.rows {
    let target = output + row * band.outputRowStep
    convolveRow(DoubleVector.self, band, input + row * band.inputRowStep, panel, bias, target)
    if band.rectifies { rectifyRow(DoubleVector.self, band, target) }
  }
}
