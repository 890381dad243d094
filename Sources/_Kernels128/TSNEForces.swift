// The two sums of forces of Barnes-Hut t-SNE, in Float.
//
// Implements: L. van der Maaten, JMLR 15 (2014) 3221, section 3 (attraction over the stored p_ij)
//   and section 4.2 (repulsion through the tree).
// Equation -> code: q_ij Z = 1 / (1 + |y_i - y_j|^2) = w; sum over j of p_ij w (y_i - y_j)
//   (`attractEmbedding`); sum over cells of N w^2 (y_i - y_cell), and of N w (`repelEmbedding`).
// Symbols: theta -> trade-off, r_cell -> the diagonal of the box around a cell's points.
// Deviations: a cell stands for its points where r_cell / |y_i - y_cell| < theta and i is none of
//   them (the paper prints |.|^2, which depends on the scale of the map; its code has |.|). One
//   vector walks the tree for neighbouring points; each lane keeps the cell where it goes on, so
//   that it adds exactly what it would add alone: the bits do not depend on the width of a vector.
//   Nothing is fused. The attraction has 16 virtual lanes.
// Checked by: TSNEGradientTests. Cost: about 12 operations a cell and point; 12 a stored p_ij.

#if NITAL_512
private typealias Places = SIMD16<Int32>
#elseif NITAL_256
private typealias Places = SIMD8<Int32>
#else
private typealias Places = SIMD4<Int32>
#endif

/// Repulsive sums of the points at places `first` ..< `end` of the Morton curve.
///
/// - Parameters:
///   - sorted: D planes of `padded` values.
///   - padded: n or more, a multiple of 16.
///   - n: the number of points.
///   - D: 2 or 3.
///   - first: a multiple of 16.
///   - end: at most n.
///   - centres: the cells' means and squared diagonals.
///   - links: the cells' ends and points.
///   - cells: the number of cells.
///   - thetaSquared: the square of the trade-off; 0 for exact sums.
///   - sums: D + 1 planes of `padded` values: the sums of N w^2 (y_i - y_cell), then of N w.
@inline(never)
public func repelEmbedding(
  _ sorted: UnsafePointer<Float>, _ padded: Int, _ n: Int, _ D: Int, _ first: Int, _ end: Int,
  _ centres: UnsafePointer<SIMD4<Float>>, _ links: UnsafePointer<SIMD4<Int32>>, _ cells: Int,
  _ thetaSquared: Float, _ sums: UnsafeMutablePointer<Float>
) {
  var place = first
  while place < end {
    if D == 3 {
      repelVector(true, sorted, padded, n, place, centres, links, cells, thetaSquared, sums)
    } else {
      repelVector(false, sorted, padded, n, place, centres, links, cells, thetaSquared, sums)
    }
    place += FloatVector.scalarCount
  }
}

@inline(__always)
private func repelVector(
  _ hasDepth: Bool, _ sorted: UnsafePointer<Float>, _ padded: Int, _ n: Int, _ place: Int,
  _ centres: UnsafePointer<SIMD4<Float>>, _ links: UnsafePointer<SIMD4<Int32>>, _ cells: Int,
  _ thetaSquared: Float, _ sums: UnsafeMutablePointer<Float>
) {
  var places = Places()
  for lane in 0..<Places.scalarCount { places[lane] = Int32(truncatingIfNeeded: place + lane) }
  var walk = Walk(
    x: load(sorted + place), y: load(sorted + padded + place),
    z: hasDepth ? load(sorted + 2 * padded + place) : FloatVector(), places: places)
  walk.next.replace(with: Int32.max, where: places .>= Int32(truncatingIfNeeded: n))
  var cell = 0
  while cell < cells {
    let (centre, link) = (centres[cell], links[cell])
    let open = walk.meet(hasDepth, centre, link, Int32(truncatingIfNeeded: cell), thetaSquared)
    if open.wrappedSum() == 0 {
      cell = Int(link[0])
      continue
    }
    cell += 1
    if Int(link[0]) == cell {
      for other in Int(link[1])..<Int(link[1] &+ link[2]) {
        let depth = hasDepth ? sorted[2 * padded + other] : 0
        walk.add(
          hasDepth, sorted[other], sorted[padded + other], depth, open,
          Int32(truncatingIfNeeded: other))
      }
    }
  }
  store(walk.forceX, sums + place)
  store(walk.forceY, sums + padded + place)
  if hasDepth { store(walk.forceZ, sums + 2 * padded + place) }
  store(walk.total, sums + (hasDepth ? 3 : 2) * padded + place)
}

/// Neighbouring points on their way through the tree.
private struct Walk {
  var x: FloatVector
  var y: FloatVector
  var z: FloatVector
  var places: Places
  var next = Places()
  var forceX = FloatVector()
  var forceY = FloatVector()
  var forceZ = FloatVector()
  var total = FloatVector()

  /// Adds the cell in the lanes that it is far enough for; returns 1 in the lanes that go inside.
  @inline(__always)
  mutating func meet(
    _ hasDepth: Bool, _ centre: SIMD4<Float>, _ link: SIMD4<Int32>, _ cell: Int32,
    _ thetaSquared: Float
  ) -> Places {
    let (dx, dy) = (x - centre[0], y - centre[1])
    let dz = hasDepth ? z - centre[2] : FloatVector()
    var square = dx * dx + dy * dy
    if hasDepth { square = square + dz * dz }
    let active = next .<= cell
    let inside = (places .>= link[1]) .& (places .< link[1] &+ link[2])
    // Points at one place: the cell is all of them, less the point itself.
    let isOnePlace = centre[3] == 0
    let far = (square * thetaSquared .> centre[3]) .& .!inside
    let accepted = isOnePlace ? active : active .& far
    var weight = FloatVector(repeating: Float(link[2]))
    if isOnePlace { weight.replace(with: Float(link[2] &- 1), where: inside) }
    let w = 1 / (1 + square)
    let mass = FloatVector().replacing(with: weight * w, where: accepted)
    addForces(hasDepth, mass, w, dx, dy, dz)
    next.replace(with: link[0], where: accepted)
    return Places().replacing(with: 1, where: active .& .!accepted)
  }

  /// Adds one point in the lanes where `open` is 1, itself left out.
  @inline(__always)
  mutating func add(
    _ hasDepth: Bool, _ otherX: Float, _ otherY: Float, _ otherZ: Float, _ open: Places,
    _ other: Int32
  ) {
    let (dx, dy) = (x - otherX, y - otherY)
    let dz = hasDepth ? z - otherZ : FloatVector()
    var square = dx * dx + dy * dy
    if hasDepth { square = square + dz * dz }
    let w = 1 / (1 + square)
    let mass = FloatVector().replacing(with: w, where: (open .== 1) .& (places .!= other))
    addForces(hasDepth, mass, w, dx, dy, dz)
  }

  @inline(__always)
  private mutating func addForces(
    _ hasDepth: Bool, _ mass: FloatVector, _ w: FloatVector, _ dx: FloatVector, _ dy: FloatVector,
    _ dz: FloatVector
  ) {
    let force = mass * w
    total += mass
    forceX += force * dx
    forceY += force * dy
    if hasDepth { forceZ += force * dz }
  }
}

/// Attractive sums of the points `first` ..< `end`.
///
/// - Parameters:
///   - points: n x D values.
///   - D: 2 or 3.
///   - first: the first point.
///   - end: the point after the last.
///   - starts: the first entry of each row, n + 1 numbers.
///   - columns: the other point of each entry.
///   - values: p_ij of each entry.
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

@inline(__always)
private func attractPoint(
  _ hasDepth: Bool, _ points: UnsafePointer<Float>, _ i: Int, _ start: Int, _ end: Int,
  _ columns: UnsafePointer<Int32>, _ values: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>
) {
  let D = hasDepth ? 3 : 2
  var (sumX, sumY, sumZ) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
  let own = points + i * D
  var entry = start
  while entry < end {
    var (x, y, z, p) = (
      SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>()
    )
    let count = end - entry < 16 ? end - entry : 16
    if count == 16 {
      p = UnsafeRawPointer(values + entry).loadUnaligned(as: SIMD16<Float>.self)
      for lane in 0..<16 {
        let other = points + Int(columns[entry + lane]) * D
        x[lane] = other[0]
        y[lane] = other[1]
        if hasDepth { z[lane] = other[2] }
      }
    } else {
      for lane in 0..<count {
        let other = points + Int(columns[entry + lane]) * D
        p[lane] = values[entry + lane]
        x[lane] = other[0]
        y[lane] = other[1]
        if hasDepth { z[lane] = other[2] }
      }
    }
    let (dx, dy, dz) = (own[0] - x, own[1] - y, hasDepth ? own[2] - z : z)
    var square = dx * dx + dy * dy
    if hasDepth { square = square + dz * dz }
    let pull = p / (1 + square)
    sumX += pull * dx
    sumY += pull * dy
    if hasDepth { sumZ += pull * dz }
    entry += 16
  }
  sums[i * D] = total(sumX)
  sums[i * D + 1] = total(sumY)
  if hasDepth { sums[i * D + 2] = total(sumZ) }
}

/// The sum of 16 lanes by halves.
@inline(__always)
private func total(_ v: SIMD16<Float>) -> Float {
  let eight = v.lowHalf + v.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}
