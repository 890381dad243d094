// The repulsion of Barnes-Hut t-SNE, in Float.
//
// Implements: L. van der Maaten, JMLR 15 (2014) 3221, section 4.2 (repulsion through the tree).
// Equation -> code: q_ij Z = 1 / (1 + |y_i - y_j|^2) = w; sum over cells of N w^2 (y_i - y_cell),
//   and of N w (`repelEmbedding`).
// Symbols: theta -> trade-off, r_cell -> the diagonal of the box around a cell's points.
// Deviations: a cell stands for its points where r_cell / |y_i - y_cell| < theta and i is none of
//   them (the paper prints |.|^2, which depends on the scale of the map; its code has |.|). One
//   vector walks the tree for neighbouring points; each lane keeps the cell where it goes on, so
//   that it adds exactly what it would add alone: the bits do not depend on the width of a vector.
//   Nothing is fused.
// Checked by: TSNEGradientTests. Cost: about 20 operations a cell and vector of points.

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
  // Lanes behind the last point never wake.
  let beyond = ~((places &- Int32(truncatingIfNeeded: n)) &>> 31)
  walk.next = beyond & Int32.max
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

  /// Adds the cell in the lanes that it is far enough for; returns all bits set in the lanes that go inside.
  @inline(__always)
  mutating func meet(
    _ hasDepth: Bool, _ centre: SIMD4<Float>, _ link: SIMD4<Int32>, _ cell: Int32,
    _ thetaSquared: Float
  ) -> Places {
    let (dx, dy) = (x - centre[0], y - centre[1])
    let dz = hasDepth ? z - centre[2] : FloatVector()
    var square = dx * dx + dy * dy
    if hasDepth { square = square + dz * dz }
    // Masks are whole words: comparisons of whole numbers would run lane by lane.
    let active = (next &- cell &- 1) &>> 31
    let inside = ~((places &- link[1]) &>> 31) & ((places &- (link[1] &+ link[2])) &>> 31)
    // Points at one place: the cell is all of them, less the point itself.
    let isOnePlace = centre[3] == 0
    let far: FloatMask = square * thetaSquared .> centre[3]
    let accepted = isOnePlace ? active : active & unsafeBitCast(far, to: Places.self) & ~inside
    let all = Int32(bitPattern: Float(link[2]).bitPattern)
    let others = Int32(bitPattern: Float(link[2] &- 1).bitPattern)
    let count = isOnePlace ? (others & inside) | (all & ~inside) : Places(repeating: all)
    let w = 1 / (1 + square)
    let mass = kept(unsafeBitCast(count, to: FloatVector.self) * w, accepted)
    addForces(hasDepth, mass, w, dx, dy, dz)
    next = (next & ~accepted) | (link[0] & accepted)
    return active & ~accepted
  }

  /// Adds one point in the lanes where `open` is set, itself left out.
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
    let difference = places ^ other
    let isOther = (difference | (0 &- difference)) &>> 31
    addForces(hasDepth, kept(w, open & isOther), w, dx, dy, dz)
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

/// The values where the mask's bits are set, else 0.
@inline(__always)
private func kept(_ values: FloatVector, _ mask: Places) -> FloatVector {
  unsafeBitCast(unsafeBitCast(values, to: Places.self) & mask, to: FloatVector.self)
}
