// The grid of FFT-accelerated t-SNE: charges to nodes, spectra times kernels, fields to points.
//
// Implements: G. Linderman, M. Rachh, J. Hoskins, S. Steinerberger, Y. Kluger, Nature Methods 16
//   (2019) 243, methods (repulsion as a convolution on a grid); with the splines of U. Essmann et
//   al., J. Chem. Phys. 103 (1995) 8577, section II (smooth particle mesh).
// Equation -> code: G[r] += beta(u - r) (`spreadCharges`); F = sum over r of beta(u - r) f[r]
//   (`gatherField`); c(k) K(k), and the sum of |c|^2 K_1 (`multiplySpectra`).
// Symbols: u = (y - low) / h + 1, the place in units of nodes; beta, the cubic B-spline, whose
//   weights at the fraction t are (1 - t)^3, 3 t^3 - 6 t^2 + 4, 1 + 3 t + 3 t^2 - 3 t^3, t^3 over 6.
// Deviations: none. Nothing is fused and lanes are fixed: the same bits in every build.
// Checked by: TSNEFieldTests. Cost: 16 nodes a point each way; 10 operations a frequency.

/// The weights of the four nodes around the fraction `t` of a cell.
@inline(__always)
private func splineWeights(_ t: Float) -> SIMD4<Float> {
  let third: Float = 1 / 6
  let c0 = SIMD4<Float>(1, 4, 1, 0) * third
  let c1 = SIMD4<Float>(-3, 0, 3, 0) * third
  let c2 = SIMD4<Float>(3, -6, 3, 0) * third
  let c3 = SIMD4<Float>(-1, 3, -3, 1) * third
  return c0 + t * (c1 + t * (c2 + t * c3))
}

/// The least and the greatest value along both axes: low x, low y, high x, high y.
///
/// - Parameters:
///   - points: n x 2 values.
///   - n: the number of points, at least 1.
///   - bounds: receives 4 values.
@inline(never)
public func embeddingBounds(
  _ points: UnsafePointer<Float>, _ n: Int, _ bounds: UnsafeMutablePointer<Float>
) {
  var low = SIMD2<Float>(points[0], points[1])
  var high = low
  for i in 0..<n {
    let y = SIMD2<Float>(points[2 &* i], points[2 &* i &+ 1])
    low = low.replacing(with: y, where: y .< low)
    high = high.replacing(with: y, where: y .> high)
  }
  bounds[0] = low[0]
  bounds[1] = low[1]
  bounds[2] = high[0]
  bounds[3] = high[1]
}

/// Adds a unit charge at each point to the four by four nodes around it.
///
/// - Parameters:
///   - points: n x 2 values.
///   - n: the number of points.
///   - lowX: the place of node 1 along the rows of the grid's index.
///   - lowY: the same along its columns.
///   - inverse: 1 / h.
///   - grid: rows of `stride` nodes, enough for every point.
///   - stride: nodes from a row to the next.
@inline(never)
public func spreadCharges(
  _ points: UnsafePointer<Float>, _ n: Int, _ lowX: Float, _ lowY: Float, _ inverse: Float,
  _ grid: UnsafeMutablePointer<Float>, _ stride: Int
) {
  for i in 0..<n {
    let u = (points[2 &* i] - lowX) * inverse
    let v = (points[2 &* i &+ 1] - lowY) * inverse
    let (row, column) = (Int(u), Int(v))
    let wx = splineWeights(u - Float(row))
    let wy = splineWeights(v - Float(column))
    let base = UnsafeMutableRawPointer(grid + (row &* stride &+ column))
    for a in 0..<4 {
      let target = base + a &* stride &* 4
      let old = target.loadUnaligned(as: SIMD4<Float>.self)
      target.storeBytes(of: old + wx[a] * wy, as: SIMD4<Float>.self)
    }
  }
}

/// Reads two fields at the points `first` ..< `end`.
///
/// - Parameters:
///   - points: n x 2 values.
///   - first: the first point.
///   - end: the point after the last.
///   - lowX: as for `spreadCharges`.
///   - lowY: as there.
///   - inverse: as there.
///   - fieldX: rows of `stride` nodes.
///   - fieldY: likewise.
///   - stride: nodes from a row to the next.
///   - sums: n x 2 values; receives the fields at the points.
@inline(never)
public func gatherField(
  _ points: UnsafePointer<Float>, _ first: Int, _ end: Int, _ lowX: Float, _ lowY: Float,
  _ inverse: Float, _ fieldX: UnsafePointer<Float>, _ fieldY: UnsafePointer<Float>,
  _ stride: Int, _ sums: UnsafeMutablePointer<Float>
) {
  for i in first..<end {
    let u = (points[2 &* i] - lowX) * inverse
    let v = (points[2 &* i &+ 1] - lowY) * inverse
    let (row, column) = (Int(u), Int(v))
    let wx = splineWeights(u - Float(row))
    let wy = splineWeights(v - Float(column))
    let at = row &* stride &+ column
    let (x, y) = (UnsafeRawPointer(fieldX + at), UnsafeRawPointer(fieldY + at))
    var (sumX, sumY) = (SIMD4<Float>(), SIMD4<Float>())
    for a in 0..<4 {
      sumX += wx[a] * (x + a &* stride &* 4).loadUnaligned(as: SIMD4<Float>.self)
      sumY += wx[a] * (y + a &* stride &* 4).loadUnaligned(as: SIMD4<Float>.self)
    }
    sumX *= wy
    sumY *= wy
    sums[2 &* i] = (sumX[0] + sumX[1]) + (sumX[2] + sumX[3])
    sums[2 &* i &+ 1] = (sumY[0] + sumY[1]) + (sumY[2] + sumY[3])
  }
}

/// Multiplies a row of the spectrum of the charges by that of the complex kernel K_x + i K_y.
///
/// - Parameters:
///   - real: real parts, replaced by those of the product.
///   - imaginary: imaginary parts, likewise.
///   - count: a multiple of 16.
///   - potential: the real spectrum of K_1.
///   - forceX: the imaginary part of the spectrum of K_x, whose real part is 0.
///   - forceY: the same of K_y.
/// - Returns: the sum of |c|^2 K_1 over the row.
@inline(never)
public func multiplySpectra(
  _ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>, _ count: Int,
  _ potential: UnsafePointer<Float>, _ forceX: UnsafePointer<Float>,
  _ forceY: UnsafePointer<Float>
) -> Double {
  typealias V = SIMD16<Float>
  var sum = V()
  var k = 0
  while k < count {
    let (r, i) = (
      UnsafeRawPointer(real + k).loadUnaligned(as: V.self),
      UnsafeRawPointer(imaginary + k).loadUnaligned(as: V.self)
    )
    let x = UnsafeRawPointer(forceX + k).loadUnaligned(as: V.self)
    let y = UnsafeRawPointer(forceY + k).loadUnaligned(as: V.self)
    let square = r * r + i * i
    sum += square * UnsafeRawPointer(potential + k).loadUnaligned(as: V.self)
    // (r + i i) (-y + i x): K_x + i K_y has the spectrum i x + i (i y).
    let productR = -(r * y) - i * x
    let productI = r * x - i * y
    UnsafeMutableRawPointer(real + k).storeBytes(of: productR, as: V.self)
    UnsafeMutableRawPointer(imaginary + k).storeBytes(of: productI, as: V.self)
    k &+= 16
  }
  var total = 0.0
  for lane in 0..<16 { total += Double(sum[lane]) }
  return total
}

/// Writes the transpose of rows `first` ..< `end` of a matrix into the columns of another.
///
/// - Parameters:
///   - source: rows of `sourceStride` values.
///   - sourceStride: a multiple of 4.
///   - first: a multiple of 4.
///   - end: a multiple of 4.
///   - columns: the number of columns of the source that count, a multiple of 4.
///   - target: `columns` rows of `targetStride` values.
///   - targetStride: `end` or more.
@inline(never)
public func transposePlane(
  _ source: UnsafePointer<Float>, _ sourceStride: Int, _ first: Int, _ end: Int, _ columns: Int,
  _ target: UnsafeMutablePointer<Float>, _ targetStride: Int
) {
  typealias V = SIMD4<Float>
  var column = 0
  while column < columns {
    var row = first
    while row < end {
      let base = UnsafeRawPointer(source + (row &* sourceStride &+ column))
      let step = 4 &* sourceStride
      let a = base.loadUnaligned(as: V.self)
      let b = (base + step).loadUnaligned(as: V.self)
      let c = (base + 2 &* step).loadUnaligned(as: V.self)
      let d = (base + 3 &* step).loadUnaligned(as: V.self)
      let out = UnsafeMutableRawPointer(target + (column &* targetStride &+ row))
      let pitch = 4 &* targetStride
      out.storeBytes(of: V(a[0], b[0], c[0], d[0]), as: V.self)
      (out + pitch).storeBytes(of: V(a[1], b[1], c[1], d[1]), as: V.self)
      (out + 2 &* pitch).storeBytes(of: V(a[2], b[2], c[2], d[2]), as: V.self)
      (out + 3 &* pitch).storeBytes(of: V(a[3], b[3], c[3], d[3]), as: V.self)
      row &+= 4
    }
    column &+= 4
  }
}
