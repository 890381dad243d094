// Filtered, subsampled moduli and their weighted sums: the kernels under `WaveletScattering`.
//
// Implements: |x * psi| subsampled by periodising the spectrum, its weighted sum, and its spectrum
//   (J. Bruna, S. Mallat, IEEE Trans. Pattern Anal. Mach. Intell. 35 (2013) 1872, sections 2.2, 2.3).
// Layout: an image in lane order holds rows 16 b ... 16 b + 15 of pixel column x side by side,
//   element (16 b + l, x) at ((b N + x) 16 + l); rows past the last are zero. A spectrum is full
//   and row-major, real and imaginary parts in two arrays, rows `stride` apart.
// Symbols: H, N rows and columns; z a transform of W rows at once, one a lane.
// Deviations: none. Checked by: WaveletScatteringTests; twin: Reference/ScatteringReference.swift.
// Cost: see WaveletScattering.swift.

/// Transforms the rows of a real image in lane order; keeps the columns up to N / 2.
///
/// Rows 32 g + l and 32 g + 16 + l go as real and imaginary part through one complex transform.
///
/// - `image`: lane order, blocks padded to an even number.
/// - `outputR`, `outputI`: `stride` x (rows rounded up to 32), row-major.
/// - `scratch`: 2 (2 N + 112) vectors, aligned to 64 bytes.
@inline(never)
public func scatteringRealRows(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<Float>, _ rows: Int,
  _ image: UnsafePointer<Float>,
  _ outputR: UnsafeMutablePointer<Float>, _ outputI: UnsafeMutablePointer<Float>, _ stride: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let n = plan[0]
  let W = FloatVector.scalarCount
  let a = vectors(scratch)
  let b = a + (2 &* n &+ 112)
  var row = 0
  while row < rows {
    var lane = 0
    while lane < 16 {
      let first = image + (row &* n &+ lane)
      let second = first + 16 &* n
      for x in 0..<n {
        a[2 &* x] = load(first + 16 &* x)
        a[2 &* x &+ 1] = load(second + 16 &* x)
      }
      let z = fftLanes(plan, twiddles, a, b)
      let at = (row &+ lane) &* stride
      let (upper, lower) = (at, at &+ 16 &* stride)
      separatePair(
        n, z, z == a ? b : a, (outputR + upper, outputI + upper),
        (outputR + lower, outputI + lower), stride)
      lane &+= W
    }
    row &+= 32
  }
}

/// Separates the spectra of two real rows a lane, and writes them row by row.
@inline(__always)
private func separatePair(
  _ n: Int, _ z: UnsafeMutablePointer<FloatVector>, _ free: UnsafeMutablePointer<FloatVector>,
  _ upper: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>),
  _ lower: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>), _ stride: Int
) {
  let W = FloatVector.scalarCount
  let half = FloatVector(repeating: 0.5)
  let zero = FloatVector(repeating: 0)
  // `free` holds four blocks of W vectors and W vectors of scratch.
  let space = free + 4 &* W
  var k = 0
  while k <= n / 2 {
    for i in 0..<W {
      let p = k &+ i
      guard p <= n / 2 else {
        for part in 0..<4 { free[part &* W &+ i] = zero }
        continue
      }
      let m = p == 0 ? 0 : n &- p
      let (pr, pi, mr, mi) = (z[2 &* p], z[2 &* p &+ 1], z[2 &* m], z[2 &* m &+ 1])
      free[i] = (pr + mr) * half
      free[W &+ i] = (pi - mi) * half
      free[2 &* W &+ i] = (pi + mi) * half
      free[3 &* W &+ i] = (mr - pr) * half
    }
    transposeOut(free, upper.0 + k, stride, space)
    transposeOut(free + W, upper.1 + k, stride, space)
    transposeOut(free + 2 &* W, lower.0 + k, stride, space)
    transposeOut(free + 3 &* W, lower.1 + k, stride, space)
    k &+= W
  }
}

/// Writes W vectors of W lanes as W rows `stride` apart.
@inline(__always)
private func transposeOut(
  _ block: UnsafeMutablePointer<FloatVector>, _ rows: UnsafeMutablePointer<Float>, _ stride: Int,
  _ space: UnsafeMutablePointer<FloatVector>
) {
  let W = FloatVector.scalarCount
  let elements = UnsafeRawPointer(block).assumingMemoryBound(to: Float.self)
  transposeBlock(elements, W, space + W, 1, space)
  for r in 0..<W { store(space[W &+ r], rows + r &* stride) }
}

/// Transforms the columns of half a spectrum, scales, and fills in the other half.
///
/// - `columns`: N, the columns of the full spectrum.
/// - `outputR`, `outputI`: the full spectrum, rows `outputStride` apart.
@inline(never)
public func scatteringRealColumns(
  _ plan: UnsafePointer<Int>, _ twiddles: UnsafePointer<Float>, _ columns: Int, _ scale: Float,
  _ halfR: UnsafePointer<Float>,
  _ halfI: UnsafePointer<Float>, _ stride: Int, _ outputR: UnsafeMutablePointer<Float>,
  _ outputI: UnsafeMutablePointer<Float>, _ outputStride: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let n = plan[0]
  let a = vectors(scratch)
  let factor = FloatVector(repeating: scale)
  var column = 0
  while column <= columns / 2 {
    for y in 0..<n {
      a[2 &* y] = load(halfR + (y &* stride &+ column))
      a[2 &* y &+ 1] = load(halfI + (y &* stride &+ column))
    }
    let z = fftLanes(plan, twiddles, a, a + (2 &* n &+ 112))
    for y in 0..<n {
      store(z[2 &* y] * factor, outputR + (y &* outputStride &+ column))
      store(z[2 &* y &+ 1] * factor, outputI + (y &* outputStride &+ column))
    }
    column &+= FloatVector.scalarCount
  }
  for y in 0..<n {
    let source = (y == 0 ? 0 : n &- y) &* outputStride
    mirror(columns, outputR + source, outputR + y &* outputStride, 1)
    mirror(columns, outputI + source, outputI + y &* outputStride, -1)
  }
}

/// to[k] = sign from[columns - k] for columns / 2 < k < columns.
@inline(__always)
private func mirror(
  _ columns: Int, _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ sign: Float
) {
  let W = FloatVector.scalarCount
  let factor = FloatVector(repeating: sign)
  var k = columns / 2 &+ 1
  while k &+ W <= columns {
    store(reversed(load(from + (columns &- k &- W &+ 1))) * factor, to + k)
    k &+= W
  }
  while k < columns {
    to[k] = sign * from[columns &- k]
    k &+= 1
  }
}
