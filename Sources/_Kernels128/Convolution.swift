// Convolution of a band of output rows with one panel of filters, pixels read in place.
//
// Implements: E. Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD
//   architectures", SC18, sections II.A-II.D (direct convolution by register tiles over pixels and
//   output channels, filters packed in panels of channels).
// Equation -> code: O[y, x, k] = b[k] + sum over r, s, c of I[y, x | r, s, c] F[r, s, c, k]
//   -> `convolveTile...` (ConvolutionTiles.generated.swift); the sum runs over r, s, c in this order
//   with one rounding a step (two without fused multiply-add), whatever the tile, so that
//   every tile size gives the same bits.
// Symbols: a tile is up to 14 (AVX-512), 6 (AVX2) or 4 (128 bits) pixels, along rows and on into
//   the next, by two vectors of channels; the panel is (R S C) rows of two vectors.
// Deviations: no prefetch (Swift has none).
// Checked by: ConvolutionKernelTests (twin, guard zones). Cost: 2 flops a term; nothing allocated.

/// Convolves a band of rows with one panel of Float filters.
///
/// `numbers`, as `ConvolutionBand` in Tensors has them in this order: 0-2 rows, their distance in the
/// input and in the output; 3-5 pixels of a row, likewise; 6-9 outer taps and the distance of their
/// inputs, inner ones likewise; 10 channels; 11 columns of the panel that exist; 12 whether to rectify;
/// 13 the distance between the summands of the pixels of a tile, 0 for one bias. (Plain numbers, because a
/// public type would bring weak symbols.) `input` points at the first tap of the first pixel, `panel` at
/// (R S C) rows of two vectors, `bias` at two vectors, `output` at the first channel of the first pixel. `scratch` holds 14 x 2 vectors.
@inline(never)
public func convolveBand(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Float>, _ panel: UnsafePointer<Float>,
  _ bias: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  convolveBand(numbers, 2 &* lanesFloat, output, scratch) { n, column, x, y, step, gap in
    convolveTileFloat(n, numbers, column, input + x, panel, bias, y, step, gap)
  } run: { count, x, y in
    convolveRunFloat(count, numbers, input + x, panel, bias, y)
  }
}

/// Convolves the same band of `count` inputs, each with its own panel, such as Winograd's parts.
///
/// Inputs, panels and outputs lie `inputStep`, `panelStep` and `outputStep` values apart; the rest as above.
@inline(never)
public func convolveBands(
  _ count: Int, _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Float>, _ inputStep: Int,
  _ panel: UnsafePointer<Float>, _ panelStep: Int, _ bias: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ outputStep: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i < count {
    convolveBand(
      numbers, input + i &* inputStep, panel + i &* panelStep, bias, output + i &* outputStep,
      scratch)
    i &+= 1
  }
}

/// Convolves a band of rows with one panel of Double filters; see the version for Float.
@inline(never)
public func convolveBand(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Double>, _ panel: UnsafePointer<Double>,
  _ bias: UnsafePointer<Double>, _ output: UnsafeMutablePointer<Double>,
  _ scratch: UnsafeMutablePointer<Double>
) {
  convolveBand(numbers, 2 &* lanesDouble, output, scratch) { n, column, x, y, step, gap in
    convolveTileDouble(n, numbers, column, input + x, panel, bias, y, step, gap)
  } run: { count, x, y in
    convolveRunDouble(count, numbers, input + x, panel, bias, y)
  }
}

/// All tiles of the band; those of a panel with fewer columns than two vectors go through `scratch`.
///
/// `run` makes full tiles that lie one behind the other in a row, `tile` one of any size.
@inline(__always)
private func convolveBand<Scalar>(
  _ numbers: UnsafePointer<Int>, _ width: Int, _ output: UnsafeMutablePointer<Scalar>,
  _ scratch: UnsafeMutablePointer<Scalar>,
  _ tile: (Int, Int, Int, UnsafeMutablePointer<Scalar>, Int, Int) -> Void,
  run: (Int, Int, UnsafeMutablePointer<Scalar>) -> Void
) {
  let pixels = numbers[3]
  let outputGap = numbers[2] &- (pixels &- 1) &* numbers[5]
  let isWhole = numbers[11] == width
  let runs = isWhole && numbers[8] == 1 && numbers[13] == 0
  var (left, x, y) = (numbers[0] &* pixels, 0, 0)
  while left > 0 {
    var n = convolveTileSize(left)
    let from = y &* numbers[1] &+ x &* numbers[4]
    let to = output + (y &* numbers[2] &+ x &* numbers[5])
    if runs && n == convolveTilePixels && x &+ n <= pixels {
      let count = fullTiles(pixels &- x, left)
      run(count, from, to)
      n &*= count
    } else if isWhole {
      tile(n, x, from, to, numbers[5], outputGap)
    } else {
      tile(n, x, from, scratch, width, width)
      copyColumns(n, x, numbers, width, scratch, to, outputGap)
    }
    left &-= n
    x &+= n
    while x >= pixels {
      x &-= pixels
      y &+= 1
    }
  }
}

/// The full tiles of the next `inRow` pixels, at least one, `left` pixels before the end of the band.
@inline(__always)
private func fullTiles(_ inRow: Int, _ left: Int) -> Int {
  var count = inRow / convolveTilePixels
  // The last tiles of a band may be smaller ones of equal size.
  while count > 1 {
    let rest = left &- (count &- 1) &* convolveTilePixels
    if convolveTileSize(rest) == convolveTilePixels { break }
    count &-= 1
  }
  return count
}

/// Copies the columns that exist of each pixel of a tile.
@inline(__always)
private func copyColumns<Scalar>(
  _ n: Int, _ column: Int, _ numbers: UnsafePointer<Int>, _ width: Int,
  _ scratch: UnsafeMutablePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>, _ gap: Int
) {
  var (x, to, i) = (column, output, 0)
  while i < n {
    var lane = 0
    while lane < numbers[11] {
      to[lane] = scratch[i &* width &+ lane]
      lane &+= 1
    }
    x &+= 1
    to += x == numbers[3] ? gap : numbers[5]
    if x == numbers[3] { x = 0 }
    i &+= 1
  }
}
