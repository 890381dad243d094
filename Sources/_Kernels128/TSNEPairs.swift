// Sums over pairs of points of a map, in Float: attraction over the stored p_ij, all repulsions.
//
// Implements: L. van der Maaten, JMLR 15 (2014) 3221, section 3; L. van der Maaten, G. Hinton,
//   JMLR 9 (2008) 2579, equation 5.
// Equation -> code: w = 1 / (1 + |y_i - y_j|^2); sum over j of p_ij w (y_i - y_j)
//   (`attractEmbedding`); sum over j of w^2 (y_i - y_j), and of w (`repelPairs`).
// Deviations: none. 8 virtual lanes for the attraction, 16 for the repulsion, and nothing fused:
//   the same bits in every build.
// Checked by: TSNEGradientTests. Cost: 12 operations a pair.

/// Attractive sums of the points `first` ..< `end`.
///
/// - Parameters:
///   - points: n x D values.
///   - D: 2 or 3.
///   - first: the first point.
///   - end: the point after the last.
///   - starts: the first entry of each row, n + 1 numbers, multiples of 8.
///   - columns: the other point of each entry.
///   - values: p_ij of each entry; 0 for padding.
///   - sums: n x D values; receives the sums of p_ij w (y_i - y_j).
@inline(never)
public func attractEmbedding(
  _ points: UnsafePointer<Float>, _ D: Int, _ first: Int, _ end: Int,
  _ starts: UnsafePointer<Int>, _ columns: UnsafePointer<Int32>, _ values: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>
) {
  for i in first..<end {
    if D == 3 {
      attractPoint(true, points, i, starts[i], starts[i + 1], columns, values, sums)
    } else {
      attractPoint(false, points, i, starts[i], starts[i + 1], columns, values, sums)
    }
  }
}

/// The first two coordinates of point `c`, in one word.
@inline(__always)
private func pair(_ points: UnsafeRawPointer, _ D: Int, _ c: Int32) -> UInt64 {
  (points + Int(c) &* D &* 4).loadUnaligned(as: UInt64.self)
}

/// The first two coordinates of eight points by turns.
@inline(__always)
private func pairs(
  _ points: UnsafeRawPointer, _ D: Int, _ c: UnsafePointer<Int32>
) -> SIMD16<Float> {
  let words = SIMD8<UInt64>(
    pair(points, D, c[0]), pair(points, D, c[1]), pair(points, D, c[2]), pair(points, D, c[3]),
    pair(points, D, c[4]), pair(points, D, c[5]), pair(points, D, c[6]), pair(points, D, c[7]))
  return unsafeBitCast(words, to: SIMD16<Float>.self)
}

/// The third coordinates of eight points; `depth` points at the first one's.
@inline(__always)
private func depths(
  _ depth: UnsafePointer<Float>, _ c: UnsafePointer<Int32>
) -> SIMD8<Float> {
  SIMD8<Float>(
    depth[3 &* Int(c[0])], depth[3 &* Int(c[1])], depth[3 &* Int(c[2])], depth[3 &* Int(c[3])],
    depth[3 &* Int(c[4])], depth[3 &* Int(c[5])], depth[3 &* Int(c[6])], depth[3 &* Int(c[7])])
}

@inline(__always)
private func attractPoint(
  _ hasDepth: Bool, _ points: UnsafePointer<Float>, _ i: Int, _ start: Int, _ end: Int,
  _ columns: UnsafePointer<Int32>, _ values: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>
) {
  typealias V = SIMD8<Float>
  let D = hasDepth ? 3 : 2
  var (sumX, sumY, sumZ) = (V(), V(), V())
  let (own, raw) = (points + i &* D, UnsafeRawPointer(points))
  let (x, y, z) = (own[0], own[1], hasDepth ? own[2] : 0)
  var entry = start
  while entry < end {
    let c = columns + entry
    let places = pairs(raw, D, c)
    let (dx, dy) = (x - places.evenHalf, y - places.oddHalf)
    var square = dx * dx + dy * dy
    var dz = V()
    if hasDepth {
      dz = z - depths(points + 2, c)
      square = square + dz * dz
    }
    let pull = UnsafeRawPointer(values + entry).loadUnaligned(as: V.self) / (1 + square)
    sumX += pull * dx
    sumY += pull * dy
    if hasDepth { sumZ += pull * dz }
    entry &+= 8
  }
  let target = sums + i &* D
  target[0] = total(sumX)
  target[1] = total(sumY)
  if hasDepth { target[2] = total(sumZ) }
}

/// Repulsive sums of the points `first` ..< `end` against all points.
///
/// - Parameters:
///   - map: D planes of `padded` values; padding lies far away from all points.
///   - padded: a multiple of 16.
///   - D: 2 or 3.
///   - first: the first point.
///   - end: the point after the last.
///   - sums: D + 1 planes of `padded` values: the sums of w^2 (y_i - y_j), then of w, in which a
///     point counts itself.
@inline(never)
public func repelPairs(
  _ map: UnsafePointer<Float>, _ padded: Int, _ D: Int, _ first: Int, _ end: Int,
  _ sums: UnsafeMutablePointer<Float>
) {
  for i in first..<end {
    if D == 3 {
      repelPoint(true, map, padded, i, sums)
    } else {
      repelPoint(false, map, padded, i, sums)
    }
  }
}

@inline(__always)
private func repelPoint(
  _ hasDepth: Bool, _ map: UnsafePointer<Float>, _ padded: Int, _ i: Int,
  _ sums: UnsafeMutablePointer<Float>
) {
  typealias V = SIMD16<Float>
  let (planeY, planeZ) = (map + padded, map + 2 &* padded)
  let (x, y, z) = (map[i], planeY[i], hasDepth ? planeZ[i] : 0)
  var (sumX, sumY, sumZ, sumW) = (V(), V(), V(), V())
  var j = 0
  while j < padded {
    let dx = x - UnsafeRawPointer(map + j).loadUnaligned(as: V.self)
    let dy = y - UnsafeRawPointer(planeY + j).loadUnaligned(as: V.self)
    var square = dx * dx + dy * dy
    var dz = V()
    if hasDepth {
      dz = z - UnsafeRawPointer(planeZ + j).loadUnaligned(as: V.self)
      square = square + dz * dz
    }
    let w = 1 / (1 + square)
    let push = w * w
    sumW += w
    sumX += push * dx
    sumY += push * dy
    if hasDepth { sumZ += push * dz }
    j &+= 16
  }
  sums[i] = total(sumX.lowHalf + sumX.highHalf)
  sums[padded &+ i] = total(sumY.lowHalf + sumY.highHalf)
  if hasDepth { sums[2 &* padded &+ i] = total(sumZ.lowHalf + sumZ.highHalf) }
  sums[(hasDepth ? 3 : 2) &* padded &+ i] = total(sumW.lowHalf + sumW.highHalf)
}

/// The sum of 8 lanes by halves.
@inline(__always)
private func total(_ v: SIMD8<Float>) -> Float {
  let four = v.lowHalf + v.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}
