// Step 3: a tile of C in registers. 4 rows x 2 vectors are summed over the whole depth without a
// load or store of C: 8 sums need 2 loads of B and 4 of A for each p.
//
// What limits it: a tile walks down B, whose rows lie far apart, in other pages and the same few
// sets of the cache.

/// The vector of the baseline: 4 numbers.
typealias V = SIMD4<Float>

/// The tile: C (4 x 8) = or += A B, where row p of B begins at p `strideB` and number (i, p) of A
/// lies at i `rowA` + p `columnA`.
@inline(__always)
func tile(
  _ k: Int, _ A: UnsafePointer<Float>, _ rowA: Int, _ columnA: Int, _ B: UnsafePointer<Float>,
  _ strideB: Int, _ C: UnsafeMutablePointer<Float>, _ strideC: Int, _ adds: Bool
) {
  // Eight variables rather than an array, which would not stay in registers.
  var (c00, c01, c10, c11) = (V.zero, V.zero, V.zero, V.zero)
  var (c20, c21, c30, c31) = (V.zero, V.zero, V.zero, V.zero)
  for p in 0..<k {
    let b0 = vector(B + p * strideB)
    let b1 = vector(B + p * strideB + 4)
    let a = A + p * columnA
    let (a0, a1) = (V(repeating: a[0]), V(repeating: a[rowA]))
    let (a2, a3) = (V(repeating: a[2 * rowA]), V(repeating: a[3 * rowA]))
    (c00, c01) = (c00 + a0 * b0, c01 + a0 * b1)
    (c10, c11) = (c10 + a1 * b0, c11 + a1 * b1)
    (c20, c21) = (c20 + a2 * b0, c21 + a2 * b1)
    (c30, c31) = (c30 + a3 * b0, c31 + a3 * b1)
  }
  for (i, row) in [(c00, c01), (c10, c11), (c20, c21), (c30, c31)].enumerated() {
    let c = C + i * strideC
    put(adds ? vector(c) + row.0 : row.0, c)
    put(adds ? vector(c + 4) + row.1 : row.1, c + 4)
  }
}

@inline(__always) func vector(_ p: UnsafePointer<Float>) -> V {
  UnsafeRawPointer(p).loadUnaligned(as: V.self)
}

@inline(__always) func put(_ v: V, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: V.self)
}

/// C = A B for n x n matrices, n a multiple of 8.
func step3(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  for i in stride(from: 0, to: n, by: 4) {
    for j in stride(from: 0, to: n, by: 8) {
      tile(n, A + i * n, n, 1, B + j, n, C + (i * n + j), n, false)
    }
  }
}
