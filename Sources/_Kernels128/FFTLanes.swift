// Mixed-radix Fourier transforms of many columns: each lane of a vector is a transform of its own.
//
// Implements: the Stockham autosort algorithm, decimation in frequency (C. Van Loan, Computational
//   Frameworks for the Fast Fourier Transform, SIAM 1992, section 1.7), radices 2, 3, 4, 5, 8 and
//   any other by the definition.
// Equation -> code: with n = r m at stride s, for p < m, q < s, k < r
//   y[q + s (r p + k)] = w^(p k) sum over j of x[q + s (p + m j)] e^(-2 pi i j k / r),
//   w = e^(-2 pi i / n)                                      -> fftPass2 ... fftPassDirect
// Symbols: r radix, m = n / r, s stride (the product of the radices before), w twiddle factors.
// Layout: element j of a buffer is two vectors, [2 j] the real parts, [2 j + 1] the imaginary ones.
//   Matrices are row-major, n rows (the transformed direction); real and imaginary parts apart.
// Deviations: none. All generic code is private to this file, so that it is specialised in debug
//   builds too. Checked by: FFTTests, FFT2DTests; twin: Reference/DFTReference.swift.
// Cost: about 4 n log2 n multiply-adds a lane for radix 4; radix r by definition r n.

/// One complex number a lane.
///
/// A tuple: the metadata of a generic structure would be a weak symbol.
private typealias ComplexLanes<V: SIMD> = (r: V, i: V)

@inline(__always)
private func load<V: SIMD>(_ p: UnsafePointer<V>) -> ComplexLanes<V> { (p[0], p[1]) }

@inline(__always)
private func plus<V: SIMD>(_ a: ComplexLanes<V>, _ b: ComplexLanes<V>) -> ComplexLanes<V>
where V.Scalar: BinaryFloatingPoint { (a.r + b.r, a.i + b.i) }

@inline(__always)
private func minus<V: SIMD>(_ a: ComplexLanes<V>, _ b: ComplexLanes<V>) -> ComplexLanes<V>
where V.Scalar: BinaryFloatingPoint { (a.r - b.r, a.i - b.i) }

/// Stores the product with twiddle factor number `k` of `w`; without `w` the number itself.
@inline(__always)
private func store<V: SIMD>(
  _ z: ComplexLanes<V>, _ p: UnsafeMutablePointer<V>, _ w: UnsafePointer<V.Scalar>?, _ k: Int
) where V.Scalar: BinaryFloatingPoint {
  guard let w else {
    (p[0], p[1]) = z
    return
  }
  let wr = V(repeating: w[2 &* k])
  let wi = V(repeating: w[2 &* k &+ 1])
  let negative = V(repeating: -w[2 &* k &+ 1])
  p[0] = lanesMultiplyAdd(z.r * wr, z.i, negative)
  p[1] = lanesMultiplyAdd(z.r * wi, z.i, wr)
}

/// acc + a * b, fused where the build has fused multiply-add.
@inline(__always)
private func lanesMultiplyAdd<V: SIMD>(_ acc: V, _ a: V, _ b: V) -> V
where V.Scalar: BinaryFloatingPoint {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(a, b)
  #else
  acc + a * b
  #endif
}

@inline(__always)
private func fftButterfly2<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let a = load(x)
  let b = load(x + leg)
  store(plus(a, b), y, nil, 0)
  store(minus(a, b), y + out, w, 0)
}

@inline(__always)
private func fftButterfly3<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let a = load(x)
  let b = load(x + leg)
  let c = load(x + leg &* 2)
  let sum = plus(b, c)
  let difference = minus(b, c)
  // e^(-2 pi i / 3) = -1/2 - i sqrt(3)/2
  let half = V(repeating: -0.5)
  let root = V(repeating: 0.866_025_403_784_438_646_76)
  let middle: ComplexLanes<V> = (
    lanesMultiplyAdd(a.r, sum.r, half), lanesMultiplyAdd(a.i, sum.i, half)
  )
  let side: ComplexLanes<V> = (difference.i * root, difference.r * root)
  store(plus(a, sum), y, nil, 0)
  store((middle.r + side.r, middle.i - side.i), y + out, w, 0)
  store((middle.r - side.r, middle.i + side.i), y + out &* 2, w, 1)
}

@inline(__always)
private func fftButterfly4<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let a = load(x)
  let b = load(x + leg)
  let c = load(x + leg &* 2)
  let d = load(x + leg &* 3)
  let even = plus(a, c)
  let odd = plus(b, d)
  let evenRest = minus(a, c)
  let oddRest = minus(b, d)
  store(plus(even, odd), y, nil, 0)
  store((evenRest.r + oddRest.i, evenRest.i - oddRest.r), y + out, w, 0)
  store(minus(even, odd), y + out &* 2, w, 1)
  store((evenRest.r - oddRest.i, evenRest.i + oddRest.r), y + out &* 3, w, 2)
}

@inline(__always)
private func fftButterfly5<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let a = load(x)
  let b = load(x + leg)
  let c = load(x + leg &* 2)
  let d = load(x + leg &* 3)
  let e = load(x + leg &* 4)
  let (t1, t2, t3, t4) = (plus(b, e), plus(c, d), minus(b, e), minus(c, d))
  // Cosines and sines of 2 pi / 5 and 4 pi / 5.
  let c1 = V(repeating: 0.309_016_994_374_947_424_10)
  let c2 = V(repeating: -0.809_016_994_374_947_424_10)
  let s1 = V(repeating: 0.951_056_516_295_153_572_12)
  let s2 = V(repeating: 0.587_785_252_292_473_129_17)
  let n1 = V(repeating: -0.951_056_516_295_153_572_12)
  let m1r = lanesMultiplyAdd(lanesMultiplyAdd(a.r, t1.r, c1), t2.r, c2)
  let m1i = lanesMultiplyAdd(lanesMultiplyAdd(a.i, t1.i, c1), t2.i, c2)
  let m2r = lanesMultiplyAdd(lanesMultiplyAdd(a.r, t1.r, c2), t2.r, c1)
  let m2i = lanesMultiplyAdd(lanesMultiplyAdd(a.i, t1.i, c2), t2.i, c1)
  let u1r = lanesMultiplyAdd(t3.r * s1, t4.r, s2)
  let u1i = lanesMultiplyAdd(t3.i * s1, t4.i, s2)
  let u2r = lanesMultiplyAdd(t3.r * s2, t4.r, n1)
  let u2i = lanesMultiplyAdd(t3.i * s2, t4.i, n1)
  store(plus(plus(a, t1), t2), y, nil, 0)
  store((m1r + u1i, m1i - u1r), y + out, w, 0)
  store((m2r + u2i, m2i - u2r), y + out &* 2, w, 1)
  store((m2r - u2i, m2i + u2r), y + out &* 3, w, 2)
  store((m1r - u1i, m1i + u1r), y + out &* 4, w, 3)
}

@inline(__always)
private func fftButterfly8<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let (x0, x4) = (load(x), load(x + leg &* 4))
  let (x2, x6) = (load(x + leg &* 2), load(x + leg &* 6))
  let (x1, x5) = (load(x + leg), load(x + leg &* 5))
  let (x3, x7) = (load(x + leg &* 3), load(x + leg &* 7))
  // The transform of length 4 of the even legs.
  let (a0, a1, b0, b1) = (plus(x0, x4), minus(x0, x4), plus(x2, x6), minus(x2, x6))
  let (e0, e2) = (plus(a0, b0), minus(a0, b0))
  let e1: ComplexLanes<V> = (a1.r + b1.i, a1.i - b1.r)
  let e3: ComplexLanes<V> = (a1.r - b1.i, a1.i + b1.r)
  // The transform of length 4 of the odd legs, turned by e^(-2 pi i k / 8).
  let (c0, c1, d0, d1) = (plus(x1, x5), minus(x1, x5), plus(x3, x7), minus(x3, x7))
  let (o0, g2) = (plus(c0, d0), minus(c0, d0))
  let g1: ComplexLanes<V> = (c1.r + d1.i, c1.i - d1.r)
  let g3: ComplexLanes<V> = (c1.r - d1.i, c1.i + d1.r)
  let h = V(repeating: 0.707_106_781_186_547_524_40)
  let o1: ComplexLanes<V> = ((g1.r + g1.i) * h, (g1.i - g1.r) * h)
  let o3: ComplexLanes<V> = ((g3.i - g3.r) * h, (g3.r + g3.i) * h)
  store(plus(e0, o0), y, nil, 0)
  store(plus(e1, o1), y + out, w, 0)
  store((e2.r + g2.i, e2.i - g2.r), y + out &* 2, w, 1)
  store((e3.r + o3.r, e3.i - o3.i), y + out &* 3, w, 2)
  store(minus(e0, o0), y + out &* 4, w, 3)
  store(minus(e1, o1), y + out &* 5, w, 4)
  store((e2.r - g2.i, e2.i + g2.r), y + out &* 6, w, 5)
  store((e3.r - o3.r, e3.i + o3.i), y + out &* 7, w, 6)
}

/// The transform of length `r` (odd) by its definition; `roots` holds cos, sin of 2 pi j / r.
///
/// Legs q and r - q are taken together: their cosines agree, their sines are opposite.
@inline(__always)
private func fftButterflyDirect<V: SIMD>(
  _ r: Int, _ roots: UnsafePointer<V.Scalar>, _ x: UnsafePointer<V>, _ leg: Int,
  _ y: UnsafeMutablePointer<V>, _ out: Int, _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let first = load(x)
  var total = first
  for q in 1..<r { total = plus(total, load(x + leg &* q)) }
  store(total, y, nil, 0)
  for k in 1...(r &- 1) / 2 {
    var a = first
    var b: ComplexLanes<V> = (V(repeating: 0), V(repeating: 0))
    var j = 0
    for q in 1...(r &- 1) / 2 {
      j &+= k
      if j >= r { j &-= r }
      let c = V(repeating: roots[2 &* j])
      let s = V(repeating: roots[2 &* j &+ 1])
      let u = load(x + leg &* q)
      let v = load(x + leg &* (r &- q))
      a.r = lanesMultiplyAdd(a.r, u.r + v.r, c)
      a.i = lanesMultiplyAdd(a.i, u.i + v.i, c)
      b.r = lanesMultiplyAdd(b.r, u.r - v.r, s)
      b.i = lanesMultiplyAdd(b.i, u.i - v.i, s)
    }
    store((a.r + b.i, a.i - b.r), y + out &* k, w, k &- 1)
    store((a.r - b.i, a.i + b.r), y + out &* (r &- k), w, r &- k &- 1)
  }
}

/// One pass of radix `r`: applies `butterfly(from, legs, to, outputs, twiddles)` m times s times.
@inline(__always)
private func fftPass<V: SIMD>(
  _ r: Int, _ m: Int, _ s: Int, _ x: UnsafePointer<V>, _ y: UnsafeMutablePointer<V>,
  _ w: UnsafePointer<V.Scalar>,
  _ butterfly: (
    UnsafePointer<V>, Int, UnsafeMutablePointer<V>, Int, UnsafePointer<V.Scalar>?
  ) -> Void
) where V.Scalar: BinaryFloatingPoint {
  let leg = 2 &* s &* m
  let out = 2 &* s
  var (from, to, factors) = (x, y, w)
  // p = 0: every twiddle factor is 1.
  for _ in 0..<s {
    butterfly(from, leg, to, out, nil)
    from += 2
    to += 2
  }
  for _ in 1..<max(m, 1) {
    factors += 2 &* (r &- 1)
    to += out &* (r &- 1)
    for _ in 0..<s {
      butterfly(from, leg, to, out, factors)
      from += 2
      to += 2
    }
  }
}

// MARK: - Transforms

/// All passes of one transform of `Float` vectors, between the buffers `a` and `b`.
///
/// - `plan`: n, the number of passes, their radices.
/// - `twiddles`: for each pass, the roots if its radix is none of 2, 3, 4, 5, 8, and the factors.
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
/// - `plan`, `twiddles`: see `fftLanes`.
/// - `columns`: a multiple of 16.
/// - `stride`: elements from a row to the next, of the input and of the output.
/// - `scratch`: 64 n elements, aligned to 64 bytes.
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
