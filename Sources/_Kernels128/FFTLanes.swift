// Fourier transforms of many columns: the kernel under `FFT` and `FFT2D`.
//
// Layout: the input and output are row-major matrices, n rows (the transformed direction) by any
//   number of columns that is a multiple of 16; real and imaginary parts lie in two arrays.
// Deviations: none. Checked by: FFTTests, FFT2DTests.

/// All passes of one transform of `Float` vectors, between the buffers `a` and `b`.
///
/// - Parameters:
///   - plan: n, the number of passes, their radices.
///   - twiddles: for each pass, the roots if its radix is none of 2, 3, 4, 5, 8, and the factors.
/// - Returns: whichever of the two holds the result.
@inline(never)
func fftLanes(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<Float>,
  _ a: UnsafeMutablePointer<FloatVector>, _ b: UnsafeMutablePointer<FloatVector>
) -> UnsafeMutablePointer<FloatVector> {
  fftAllPasses(plan, twiddles, a, b)
}

/// All passes of one transform of `Double` vectors.
@inline(never)
func fftLanes(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<Double>,
  _ a: UnsafeMutablePointer<DoubleVector>, _ b: UnsafeMutablePointer<DoubleVector>
) -> UnsafeMutablePointer<DoubleVector> {
  fftAllPasses(plan, twiddles, a, b)
}

@inline(__always)
private func fftAllPasses<V: SIMD>(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<V.Scalar>,
  _ a: UnsafeMutablePointer<V>, _ b: UnsafeMutablePointer<V>
) -> UnsafeMutablePointer<V> where V.Scalar: BinaryFloatingPoint {
  var (from, to, w) = (a, b, twiddles)
  var (length, s) = (plan[0], 1)
  for pass in 0..<plan[1] {
    let r = plan[2 &+ pass]
    let m = length / r
    let x = UnsafePointer(from)
    switch r {
    case 2: fftPass(2, m, s, x, to, w) { fftButterfly2($0, $1, $2, $3, $4) }
    case 3: fftPass(3, m, s, x, to, w) { fftButterfly3($0, $1, $2, $3, $4) }
    case 4: fftPass(4, m, s, x, to, w) { fftButterfly4($0, $1, $2, $3, $4) }
    case 5: fftPass(5, m, s, x, to, w) { fftButterfly5($0, $1, $2, $3, $4) }
    case 8: fftPass(8, m, s, x, to, w) { fftButterfly8($0, $1, $2, $3, $4) }
    default:
      let roots = w
      w += 2 &* r
      fftPass(r, m, s, x, to, w) { fftButterflyDirect(r, roots, $0, $1, $2, $3, $4) }
    }
    w += 2 &* m &* (r &- 1)
    length = m
    s = s &* r
    swap(&from, &to)
  }
  return from
}

/// Transforms each column of an n x `columns` matrix; the output may be the input.
///
/// - Parameters:
///   - plan, twiddles: see `fftLanes`.
///   - columns: a multiple of 16.
///   - stride: elements from a row to the next, of the input and of the output.
///   - scratch: 64 n elements, aligned to 64 bytes.
@inline(never)
public func fftColumns(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<Float>, _ columns: Int, _ stride: Int,
  _ inputR: UnsafePointer<Float>,
  _ inputI: UnsafePointer<Float>, _ outputR: UnsafeMutablePointer<Float>,
  _ outputI: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  let n = plan[0]
  let a = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: FloatVector.self)
  fftColumnBlocks(n, columns, stride, inputR, inputI, outputR, outputI, a) {
    fftLanes(plan, twiddles, a, a + 2 &* n)
  }
}

/// Transforms each column of an n x `columns` matrix of `Double`; the output may be the input.
@inline(never)
public func fftColumns(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<Double>, _ columns: Int, _ stride: Int,
  _ inputR: UnsafePointer<Double>,
  _ inputI: UnsafePointer<Double>, _ outputR: UnsafeMutablePointer<Double>,
  _ outputI: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Double>
) {
  let n = plan[0]
  let a = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: DoubleVector.self)
  fftColumnBlocks(n, columns, stride, inputR, inputI, outputR, outputI, a) {
    fftLanes(plan, twiddles, a, a + 2 &* n)
  }
}

@inline(__always)
private func fftColumnBlocks<V: SIMD>(
  _ n: Int, _ columns: Int, _ stride: Int, _ inputR: UnsafePointer<V.Scalar>,
  _ inputI: UnsafePointer<V.Scalar>, _ outputR: UnsafeMutablePointer<V.Scalar>,
  _ outputI: UnsafeMutablePointer<V.Scalar>, _ a: UnsafeMutablePointer<V>,
  _ transform: () -> UnsafeMutablePointer<V>
) where V.Scalar: BinaryFloatingPoint {
  var column = 0
  while column < columns {
    for y in 0..<n {
      let at = y &* stride &+ column
      a[2 &* y] = UnsafeRawPointer(inputR + at).loadUnaligned(as: V.self)
      a[2 &* y &+ 1] = UnsafeRawPointer(inputI + at).loadUnaligned(as: V.self)
    }
    let z = transform()
    for y in 0..<n {
      let at = y &* stride &+ column
      UnsafeMutableRawPointer(outputR + at).storeBytes(of: z[2 &* y], as: V.self)
      UnsafeMutableRawPointer(outputI + at).storeBytes(of: z[2 &* y &+ 1], as: V.self)
    }
    column &+= V.scalarCount
  }
}
