// Exact sums of t-SNE for one point against all points of a map, and distances for neighbours.
//
// Implements: L. van der Maaten, G. Hinton, JMLR 9 (2008) 2579, equation 5; van der Maaten, JMLR 15
//   (2014) 3221, section 4.1 (distances for the search of neighbours).
// Equation -> code: w = 1 / (1 + |y - y_j|^2); sums over j of p_j w (y - y_j), w^2 (y - y_j) and w
//   (`embeddingRow`); sum over features of (x_j - q_j)^2 (`panelDistances`).
// Deviations: none. Eight lanes in every build and nothing fused: the same bits everywhere.
// Checked by: TSNEGradientTests, VantagePointTreeTests. Cost: 14 n operations; 3 n d operations.

/// The three sums of one point: attraction (3), repulsion (3), normaliser (1).
///
/// - Parameters:
///   - point: three coordinates, the last 0 in two dimensions.
///   - map: three planes of `padded` values; zeros where D is 2.
///   - padded: n or more, a multiple of 8.
///   - n: the number of points of the map.
///   - excluded: a point of the map that is left out; -1 for none.
///   - p: `padded` weights, zeros after n.
///   - sums: receives 7 values.
@inline(never)
public func embeddingRow(
  _ point: UnsafePointer<Double>, _ map: UnsafePointer<Double>, _ padded: Int, _ n: Int,
  _ excluded: Int, _ p: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>
) {
  typealias V = SIMD8<Double>
  let (x, y, z) = (point[0], point[1], point[2])
  var (pullX, pullY, pullZ, pushX, pushY, pushZ, total) = (V(), V(), V(), V(), V(), V(), V())
  var places = SIMD8<Int64>(0, 1, 2, 3, 4, 5, 6, 7)
  let (out, limit) = (Int64(excluded), Int64(n))
  var j = 0
  while j < n {
    let dx = x - UnsafeRawPointer(map + j).loadUnaligned(as: V.self)
    let dy = y - UnsafeRawPointer(map + padded + j).loadUnaligned(as: V.self)
    let dz = z - UnsafeRawPointer(map + 2 * padded + j).loadUnaligned(as: V.self)
    let w = 1 / (1 + (dx * dx + dy * dy + dz * dz))
    // Masks of whole words: comparisons of whole numbers would run lane by lane.
    let difference = places ^ out
    let isCounted = ((difference | (0 &- difference)) & (places &- limit)) &>> 63
    let counted = unsafeBitCast(
      unsafeBitCast(w, to: SIMD8<Int64>.self) & isCounted, to: V.self)
    let pull = UnsafeRawPointer(p + j).loadUnaligned(as: V.self) * counted
    let push = counted * w
    total += counted
    pullX += pull * dx
    pullY += pull * dy
    pullZ += pull * dz
    pushX += push * dx
    pushY += push * dy
    pushZ += push * dz
    places &+= 8
    j += 8
  }
  sums[0] = laneSum(pullX)
  sums[1] = laneSum(pullY)
  sums[2] = laneSum(pullZ)
  sums[3] = laneSum(pushX)
  sums[4] = laneSum(pushY)
  sums[5] = laneSum(pushZ)
  sums[6] = laneSum(total)
}

/// The sum of 8 lanes by halves.
@inline(__always)
private func laneSum(_ v: SIMD8<Double>) -> Double {
  let four = v.lowHalf + v.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}

/// Squared distances of one query to the points of whole panels of 8.
///
/// - Parameters:
///   - query: d values.
///   - d: the number of features.
///   - panels: panels of d x 8 values, feature after feature.
///   - count: the number of panels.
///   - distances: receives 8 values a panel.
@inline(never)
public func panelDistances(
  _ query: UnsafePointer<Double>, _ d: Int, _ panels: UnsafePointer<Double>, _ count: Int,
  _ distances: UnsafeMutablePointer<Double>
) {
  typealias V = SIMD8<Double>
  var panel = 0
  while panel + 4 <= count {
    let base = UnsafeRawPointer(panels + panel * d * 8)
    let step = d * 64
    var (a, b, c, e) = (V(), V(), V(), V())
    for j in 0..<d {
      let q = query[j]
      let row = base + j * 64
      let da = row.loadUnaligned(as: V.self) - q
      let db = (row + step).loadUnaligned(as: V.self) - q
      let dc = (row + 2 * step).loadUnaligned(as: V.self) - q
      let de = (row + 3 * step).loadUnaligned(as: V.self) - q
      a += da * da
      b += db * db
      c += dc * dc
      e += de * de
    }
    let target = UnsafeMutableRawPointer(distances + panel * 8)
    target.storeBytes(of: a, as: V.self)
    (target + 64).storeBytes(of: b, as: V.self)
    (target + 128).storeBytes(of: c, as: V.self)
    (target + 192).storeBytes(of: e, as: V.self)
    panel += 4
  }
  while panel < count {
    var sum = V()
    for j in 0..<d {
      let difference =
        UnsafeRawPointer(panels + (panel * d + j) * 8).loadUnaligned(as: V.self) - query[j]
      sum += difference * difference
    }
    UnsafeMutableRawPointer(distances + panel * 8).storeBytes(of: sum, as: V.self)
    panel += 1
  }
}
