// The passes of a mixed-radix Fourier transform over vectors: each lane is a transform of its own.
//
// Implements: the Stockham autosort algorithm, decimation in frequency (C. Van Loan, Computational
//   Frameworks for the Fast Fourier Transform, SIAM 1992, section 1.7), radices 2, 3, 4, 5, 8 and
//   any other by the definition.
// Equation -> code: with n = r m at stride s, for p < m, q < s, k < r
//   y[q + s (r p + k)] = w^(p k) sum over j of x[q + s (p + m j)] e^(-2 pi i j k / r),
//   w = e^(-2 pi i / n)                                      -> fftPass2 ... fftPassDirect
// Symbols: r radix, m = n / r, s stride (the product of the radices before), w twiddle factors.
// Layout: element j of a buffer is two vectors, [2 j] the real parts, [2 j + 1] the imaginary ones.
// Deviations: none. Checked by: FFTTests, FFT2DTests; twin: Reference/DFTReference.swift.
// Cost: about 4 n log2 n multiply-adds a lane for radix 4; radix r by definition r n.

/// One complex number a lane.
struct ComplexLanes<V: SIMD> where V.Scalar: BinaryFloatingPoint {
  var r: V
  var i: V

  @inline(__always) init(_ r: V, _ i: V) {
    self.r = r
    self.i = i
  }

  @inline(__always) init(_ p: UnsafePointer<V>) {
    r = p[0]
    i = p[1]
  }

  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.r + b.r, a.i + b.i) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.r - b.r, a.i - b.i) }

  /// -i times this.
  @inline(__always) var turned: Self { Self(i, V(repeating: 0) - r) }

  @inline(__always) func store(_ p: UnsafeMutablePointer<V>) {
    p[0] = r
    p[1] = i
  }

  /// Stores the product with twiddle factor number `k` of `w`; without `w` the number itself.
  @inline(__always)
  func store(_ p: UnsafeMutablePointer<V>, _ w: UnsafePointer<V.Scalar>?, _ k: Int) {
    guard let w else { return store(p) }
    let wr = V(repeating: w[2 &* k])
    let wi = V(repeating: w[2 &* k &+ 1])
    let negative = V(repeating: -w[2 &* k &+ 1])
    p[0] = lanesMultiplyAdd(r * wr, i, negative)
    p[1] = lanesMultiplyAdd(r * wi, i, wr)
  }
}

/// acc + a * b, fused where the build has fused multiply-add.
@inline(__always)
func lanesMultiplyAdd<V: SIMD>(_ acc: V, _ a: V, _ b: V) -> V where V.Scalar: BinaryFloatingPoint {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(a, b)
  #else
  acc + a * b
  #endif
}

@inline(__always)
func fftButterfly2<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let a = ComplexLanes(x)
  let b = ComplexLanes(x + leg)
  (a + b).store(y)
  (a - b).store(y + out, w, 0)
}

@inline(__always)
func fftButterfly3<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let a = ComplexLanes(x)
  let b = ComplexLanes(x + leg)
  let c = ComplexLanes(x + leg &* 2)
  let sum = b + c
  let difference = b - c
  // e^(-2 pi i / 3) = -1/2 - i sqrt(3)/2
  let half = V(repeating: -0.5)
  let root = V(repeating: 0.866_025_403_784_438_646_76)
  let middle = ComplexLanes(
    lanesMultiplyAdd(a.r, sum.r, half), lanesMultiplyAdd(a.i, sum.i, half))
  let side = ComplexLanes(difference.i * root, difference.r * root)
  (a + sum).store(y)
  ComplexLanes(middle.r + side.r, middle.i - side.i).store(y + out, w, 0)
  ComplexLanes(middle.r - side.r, middle.i + side.i).store(y + out &* 2, w, 1)
}

@inline(__always)
func fftButterfly4<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let a = ComplexLanes(x)
  let b = ComplexLanes(x + leg)
  let c = ComplexLanes(x + leg &* 2)
  let d = ComplexLanes(x + leg &* 3)
  let even = a + c
  let odd = b + d
  let evenRest = a - c
  let oddRest = b - d
  (even + odd).store(y)
  ComplexLanes(evenRest.r + oddRest.i, evenRest.i - oddRest.r).store(y + out, w, 0)
  (even - odd).store(y + out &* 2, w, 1)
  ComplexLanes(evenRest.r - oddRest.i, evenRest.i + oddRest.r).store(y + out &* 3, w, 2)
}

@inline(__always)
func fftButterfly5<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let a = ComplexLanes(x)
  let b = ComplexLanes(x + leg)
  let c = ComplexLanes(x + leg &* 2)
  let d = ComplexLanes(x + leg &* 3)
  let e = ComplexLanes(x + leg &* 4)
  let (t1, t2, t3, t4) = (b + e, c + d, b - e, c - d)
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
  (a + t1 + t2).store(y)
  ComplexLanes(m1r + u1i, m1i - u1r).store(y + out, w, 0)
  ComplexLanes(m2r + u2i, m2i - u2r).store(y + out &* 2, w, 1)
  ComplexLanes(m2r - u2i, m2i + u2r).store(y + out &* 3, w, 2)
  ComplexLanes(m1r - u1i, m1i + u1r).store(y + out &* 4, w, 3)
}

@inline(__always)
func fftButterfly8<V: SIMD>(
  _ x: UnsafePointer<V>, _ leg: Int, _ y: UnsafeMutablePointer<V>, _ out: Int,
  _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let (x0, x4) = (ComplexLanes(x), ComplexLanes(x + leg &* 4))
  let (x2, x6) = (ComplexLanes(x + leg &* 2), ComplexLanes(x + leg &* 6))
  let (x1, x5) = (ComplexLanes(x + leg), ComplexLanes(x + leg &* 5))
  let (x3, x7) = (ComplexLanes(x + leg &* 3), ComplexLanes(x + leg &* 7))
  // The transform of length 4 of the even legs.
  let (a0, a1, b0, b1) = (x0 + x4, x0 - x4, x2 + x6, x2 - x6)
  let (e0, e2) = (a0 + b0, a0 - b0)
  let e1 = ComplexLanes(a1.r + b1.i, a1.i - b1.r)
  let e3 = ComplexLanes(a1.r - b1.i, a1.i + b1.r)
  // The transform of length 4 of the odd legs, turned by e^(-2 pi i k / 8).
  let (c0, c1, d0, d1) = (x1 + x5, x1 - x5, x3 + x7, x3 - x7)
  let (o0, g2) = (c0 + d0, c0 - d0)
  let g1 = ComplexLanes(c1.r + d1.i, c1.i - d1.r)
  let g3 = ComplexLanes(c1.r - d1.i, c1.i + d1.r)
  let h = V(repeating: 0.707_106_781_186_547_524_40)
  let o1 = ComplexLanes((g1.r + g1.i) * h, (g1.i - g1.r) * h)
  let o3 = ComplexLanes((g3.i - g3.r) * h, (g3.r + g3.i) * h)
  (e0 + o0).store(y)
  (e1 + o1).store(y + out, w, 0)
  ComplexLanes(e2.r + g2.i, e2.i - g2.r).store(y + out &* 2, w, 1)
  ComplexLanes(e3.r + o3.r, e3.i - o3.i).store(y + out &* 3, w, 2)
  (e0 - o0).store(y + out &* 4, w, 3)
  (e1 - o1).store(y + out &* 5, w, 4)
  ComplexLanes(e2.r - g2.i, e2.i + g2.r).store(y + out &* 6, w, 5)
  ComplexLanes(e3.r - o3.r, e3.i + o3.i).store(y + out &* 7, w, 6)
}

/// The transform of length `r` (odd) by its definition; `roots` holds cos, sin of 2 pi j / r.
///
/// Legs q and r - q are taken together: their cosines agree, their sines are opposite.
@inline(__always)
func fftButterflyDirect<V: SIMD>(
  _ r: Int, _ roots: UnsafePointer<V.Scalar>, _ x: UnsafePointer<V>, _ leg: Int,
  _ y: UnsafeMutablePointer<V>, _ out: Int, _ w: UnsafePointer<V.Scalar>?
) where V.Scalar: BinaryFloatingPoint {
  let first = ComplexLanes(x)
  var total = first
  for q in 1..<r { total = total + ComplexLanes(x + leg &* q) }
  total.store(y)
  for k in 1...(r &- 1) / 2 {
    var a = first
    var b = ComplexLanes(V(repeating: 0), V(repeating: 0))
    var j = 0
    for q in 1...(r &- 1) / 2 {
      j &+= k
      if j >= r { j &-= r }
      let c = V(repeating: roots[2 &* j])
      let s = V(repeating: roots[2 &* j &+ 1])
      let u = ComplexLanes(x + leg &* q)
      let v = ComplexLanes(x + leg &* (r &- q))
      a.r = lanesMultiplyAdd(a.r, u.r + v.r, c)
      a.i = lanesMultiplyAdd(a.i, u.i + v.i, c)
      b.r = lanesMultiplyAdd(b.r, u.r - v.r, s)
      b.i = lanesMultiplyAdd(b.i, u.i - v.i, s)
    }
    ComplexLanes(a.r + b.i, a.i - b.r).store(y + out &* k, w, k &- 1)
    ComplexLanes(a.r - b.i, a.i + b.r).store(y + out &* (r &- k), w, r &- k &- 1)
  }
}

/// One pass of radix `r`: applies `butterfly(from, legs, to, outputs, twiddles)` m times s times.
@inline(__always)
func fftPass<V: SIMD>(
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
