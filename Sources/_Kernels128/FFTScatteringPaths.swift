// One path of the scattering transform: filter, periodise, invert, modulus, weighted sum.
//
// Layout, symbols: see FFTScattering.swift. A filter is a list of tiles, one for each alias (a, b)
//   of the subsampled grid that it reaches: eight numbers a tile,
//   (row of the alias, column of the alias, first row, last row + 1, first column, last column + 1,
//   offset of its values, 0), columns in multiples of 16.
// Deviations: none. Checked by: WaveletScatteringTests; twin: Reference/ScatteringReference.swift.

/// Multiplies a spectrum by a filter, periodises it, and inverts along the columns.
///
/// The inverse is the forward transform of (imaginary, real); the output stays exchanged so.
///
/// - `plan`: the transform of the output's rows count.
/// - `columns`: the columns of the output, rounded up to 16.
/// - `outputI`, `outputR`: imaginary and real parts, rows `outputStride` apart; rows up to the next
///   multiple of 16 are set to zero.
/// - `scratch`: 2 (2 n + 112) vectors.
@inline(never)
public func scatteringFilterColumns(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<Float>, _ columns: Int,
  _ spectrumR: UnsafePointer<Float>,
  _ spectrumI: UnsafePointer<Float>, _ stride: Int, _ filter: UnsafePointer<Float>,
  _ tiles: UnsafePointer<Int>, _ tileCount: Int, _ outputI: UnsafeMutablePointer<Float>,
  _ outputR: UnsafeMutablePointer<Float>, _ outputStride: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let n = plan[0]
  let a = vectors(scratch)
  let zero = FloatVector(repeating: 0)
  var column = 0
  while column < columns {
    for y in 0..<(2 &* n) { a[y] = zero }
    for tile in 0..<tileCount {
      addTile(tiles + 8 &* tile, column, spectrumR, spectrumI, stride, filter, a)
    }
    let z = fftLanes(plan, twiddles, a, a + (2 &* n &+ 112))
    for y in 0..<n {
      store(z[2 &* y], outputI + (y &* outputStride &+ column))
      store(z[2 &* y &+ 1], outputR + (y &* outputStride &+ column))
    }
    for y in n..<((n &+ 15) & ~15) {
      store(zero, outputI + (y &* outputStride &+ column))
      store(zero, outputR + (y &* outputStride &+ column))
    }
    column &+= FloatVector.scalarCount
  }
}

/// Adds filter times spectrum over the columns of one vector of one tile.
@inline(__always)
private func addTile(
  _ tile: UnsafePointer<Int>, _ column: Int, _ spectrumR: UnsafePointer<Float>,
  _ spectrumI: UnsafePointer<Float>, _ stride: Int, _ filter: UnsafePointer<Float>,
  _ a: UnsafeMutablePointer<FloatVector>
) {
  guard column >= tile[4] && column < tile[5] else { return }
  let width = tile[5] &- tile[4]
  var f = filter + (tile[6] &+ column &- tile[4])
  var at = (tile[0] &+ tile[2]) &* stride &+ tile[1] &+ column
  for y in tile[2]..<tile[3] {
    let value = load(f)
    a[2 &* y] = multiplyAdd(a[2 &* y], value, load(spectrumI + at))
    a[2 &* y &+ 1] = multiplyAdd(a[2 &* y &+ 1], value, load(spectrumR + at))
    f += width
    at &+= stride
  }
}

/// Inverts along the rows, takes the modulus, and sums it with the weights of a window.
///
/// The window is yR[y] xR[x] - yI[y] xI[x]. Sums run over x in `Float`, then over y in `Double`.
///
/// - `plan`: the transform of the row length N.
/// - `rows`: H; the inputs have rows up to the next multiple of 16.
/// - `windowX`: xR, then xI, N each; windowY: yR, then yI, H each.
/// - `image`: receives the modulus in lane order when `keep`.
/// - `scratch`: 2 (2 N + 112) vectors.
/// - Returns: the weighted sum.
@inline(never)
public func scatteringModulusRows(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<Float>, _ rows: Int,
  _ inputI: UnsafePointer<Float>,
  _ inputR: UnsafePointer<Float>, _ stride: Int, _ windowX: UnsafePointer<Float>,
  _ windowY: UnsafePointer<Double>, _ keep: Bool, _ image: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) -> Double {
  let n = plan[0]
  let W = FloatVector.scalarCount
  let a = vectors(scratch)
  let b = a + (2 &* n &+ 112)
  let sums = b + (2 &* n &+ 64)
  var total = 0.0
  var y = 0
  while y < rows {
    let at = y &* stride
    loadRows(n, inputI + at, inputR + at, stride, a, b)
    let z = fftLanes(plan, twiddles, a, b)
    let target = image + ((y & ~15) &* n &+ (y & 15))
    if keep {
      sumModulus(n, z, windowX, sums) { store($1, target + 16 &* $0) }
    } else {
      sumModulus(n, z, windowX, sums) { _, _ in }
    }
    let lanes = UnsafeRawPointer(sums).assumingMemoryBound(to: Float.self)
    for l in 0..<min(W, rows &- y) {
      total += Double(lanes[l]) * windowY[y &+ l]
      total -= Double(lanes[W &+ l]) * windowY[rows &+ y &+ l]
    }
    y &+= W
  }
  // Rows up to the next multiple of 32, which `scatteringRealRows` reads, are zero.
  while keep && y & 31 != 0 {
    for x in 0..<n {
      store(FloatVector(repeating: 0), image + ((y & ~15) &* n &+ (y & 15) &+ 16 &* x))
    }
    y &+= W
  }
  return total
}

/// Loads W rows of n elements, transposed: a[2 x], a[2 x + 1] hold column x.
@inline(__always)
private func loadRows(
  _ n: Int, _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ stride: Int,
  _ a: UnsafeMutablePointer<FloatVector>, _ space: UnsafeMutablePointer<FloatVector>
) {
  var x = 0
  while x < n {
    transposeBlock(first + x, stride, a + 2 &* x, 2, space)
    transposeBlock(second + x, stride, a + (2 &* x &+ 1), 2, space)
    x &+= FloatVector.scalarCount
  }
}

/// sums[0], sums[1] = sum over x of |z[x]| xR[x], xI[x]; `each` receives x and the modulus.
@inline(__always)
private func sumModulus(
  _ n: Int, _ z: UnsafeMutablePointer<FloatVector>, _ window: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<FloatVector>, _ each: (Int, FloatVector) -> Void
) {
  var real = FloatVector(repeating: 0)
  var imaginary = FloatVector(repeating: 0)
  for x in 0..<n {
    let (r, i) = (z[2 &* x], z[2 &* x &+ 1])
    let m = squareRootLanes(multiplyAdd(r * r, i, i))
    real = multiplyAdd(real, m, FloatVector(repeating: window[x]))
    imaginary = multiplyAdd(imaginary, m, FloatVector(repeating: window[n &+ x]))
    each(x, m)
  }
  sums[0] = real
  sums[1] = imaginary
}

/// The square roots of numbers that are not negative, within 1 ulp; 0 for 0.
///
/// Newton's iteration for 1 / sqrt(s) from the exponent trick, then one step for sqrt(s): SIMD
/// `squareRoot()` is a scalar call a lane here. Below 2^-120 the result loses relative precision.
@inline(__always)
func squareRootLanes(_ s: FloatVector) -> FloatVector {
  typealias Bits = SIMDMaskBits
  let half = s * FloatVector(repeating: -0.5)
  let bits = unsafeBitCast(s, to: Bits.self)
  let start = Bits(repeating: 0x5f37_59df) &- (bits &>> Bits(repeating: 1))
  var q = unsafeBitCast(start, to: FloatVector.self)
  let threeHalves = FloatVector(repeating: 1.5)
  q = q * multiplyAdd(threeHalves, half * q, q)
  q = q * multiplyAdd(threeHalves, half * q, q)
  // r = s q has a relative error e of 5e-6 at most; r + q (s - r r) / 2 has e^2 / 2.
  let r = s * q
  let rest = multiplyAdd(s, FloatVector(repeating: 0) - r, r)
  return multiplyAdd(r, q * FloatVector(repeating: 0.5), rest)
}

#if NITAL_512
typealias SIMDMaskBits = SIMD16<UInt32>
#elseif NITAL_256
typealias SIMDMaskBits = SIMD8<UInt32>
#else
typealias SIMDMaskBits = SIMD4<UInt32>
#endif
