// Row transforms by transposition, and real rows in pairs.
//
// Equation -> code: with z = a + i b for real rows a and b,
//   A[k] = (Z[k] + conj Z[n - k]) / 2, B[k] = (Z[k] - conj Z[n - k]) / (2 i)   -> transformRealRows
//   Z[k] = A[k] + i B[k]                                                       -> invertRealRows
// Deviations: none. Checked by: FFTTests.

extension FFT {
  /// Transforms `m` rows of length n.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transformRows(_ real: [Scalar], _ imaginary: [Scalar], _ m: Int) -> ([Scalar], [Scalar]) {
    let stride = roundedUpTo16(m)
    var r = transposed(real, m, count, stride)
    var i = transposed(imaginary, m, count, stride)
    transformColumns(&r, &i, stride)
    return (transposedBack(r, m, count, stride), transposedBack(i, m, count, stride))
  }

  /// Transforms `m` real rows of length n, two in one complex row.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transformRealRows(_ x: [Scalar], _ m: Int) -> ([Scalar], [Scalar]) {
    let (n, half, pairs) = (count, halfCount, (m + 1) / 2)
    var a = [Scalar](repeating: 0, count: pairs * n)
    var b = a
    for row in 0..<m {
      for j in 0..<n {
        let at = (row / 2) * n + j
        if row % 2 == 0 { a[at] = x[row * n + j] } else { b[at] = x[row * n + j] }
      }
    }
    let (zr, zi) = transformRows(a, b, pairs)
    var real = [Scalar](repeating: 0, count: m * half)
    var imaginary = real
    for row in 0..<m {
      for k in 0..<half {
        let p = (row / 2) * n + k
        let q = (row / 2) * n + (k == 0 ? 0 : n - k)
        let at = row * half + k
        if row % 2 == 0 {
          real[at] = (zr[p] + zr[q]) / 2
          imaginary[at] = (zi[p] - zi[q]) / 2
        } else {
          real[at] = (zi[p] + zi[q]) / 2
          imaginary[at] = (zr[q] - zr[p]) / 2
        }
      }
    }
    return (real, imaginary)
  }

  /// Inverts `m` half spectra to real rows of length n, two in one complex row.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func invertRealRows(_ real: [Scalar], _ imaginary: [Scalar], _ m: Int) -> [Scalar] {
    let (n, half, pairs) = (count, halfCount, (m + 1) / 2)
    var zr = [Scalar](repeating: 0, count: pairs * n)
    var zi = zr
    for row in 0..<m {
      for k in 0..<half {
        let (p, q) = ((row / 2) * n + k, (row / 2) * n + n - k)
        let (r, i) = (real[row * half + k], imaginary[row * half + k])
        let isReal = k == 0 || 2 * k == n
        // The second row of a pair is multiplied by i; the frequency n - k has the conjugate.
        if row % 2 == 0 {
          zr[p] += r
          if !isReal { (zi[p], zr[q], zi[q]) = (zi[p] + i, zr[q] + r, zi[q] - i) }
        } else {
          zi[p] += r
          if !isReal { (zr[p], zr[q], zi[q]) = (zr[p] - i, zr[q] + i, zi[q] + r) }
        }
      }
    }
    let (b, a) = transformRows(zi, zr, pairs)
    var x = [Scalar](repeating: 0, count: m * n)
    let factor = 1 / Scalar(max(n, 1))
    for row in 0..<m {
      for j in 0..<n {
        let at = (row / 2) * n + j
        x[row * n + j] = (row % 2 == 0 ? a[at] : b[at]) * factor
      }
    }
    return x
  }
}

/// The transpose of an m x n matrix with rows padded by zeros to `stride` elements.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func transposed<Scalar: KernelScalar>(
  _ values: [Scalar], _ m: Int, _ n: Int, _ stride: Int
) -> [Scalar] {
  var result = [Scalar](repeating: 0, count: n * stride)
  for block in Swift.stride(from: 0, to: m, by: 16) {
    for j in 0..<n {
      for i in block..<min(block + 16, m) { result[j * stride + i] = values[i * n + j] }
    }
  }
  return result
}

/// The m x n matrix whose padded transpose is given.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func transposedBack<Scalar: KernelScalar>(
  _ values: [Scalar], _ m: Int, _ n: Int, _ stride: Int
) -> [Scalar] {
  var result = [Scalar](repeating: 0, count: m * n)
  for block in Swift.stride(from: 0, to: m, by: 16) {
    for j in 0..<n {
      for i in block..<min(block + 16, m) { result[i * n + j] = values[j * stride + i] }
    }
  }
  return result
}
