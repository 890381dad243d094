// The tree of Barnes-Hut t-SNE: points in Morton order, cells in preorder, all in flat arrays.
//
// Implements: J. Barnes, P. Hut, Nature 324 (1986) 446; L. van der Maaten, "Accelerating t-SNE
//   using tree-based algorithms", JMLR 15 (2014) 3221, section 4.2; G. Morton, IBM report, 1966.
// Equation -> code: key = interleaved bits of the coordinates (`mortonKey`); y_cell = mean of the
//   cell's points, N_cell = their number (`summarise`).
// Symbols: n points of D = 2 or 3 coordinates; cell -> `centres[i]` = (y_cell, squared diagonal),
//   `links[i]` = (next cell after the subtree, first point, number of points, 0).
// Deviations: a leaf holds up to `leafPoints` points instead of one, whose forces are then exact;
//   chains of cells with one child are left out; a cell's diagonal is that of the box of its points.
//   Keys have 21 bits a coordinate, so that equal points end in one leaf and nothing recurses.
// Checked by: TSNEGradientTests, TSNEEdgeTests. Cost: 6 passes of a radix sort, 2 n cells at most.

/// A leaf has at most so many points, unless their keys are equal.
let leafPoints = 8

/// Sorts the points along the Morton curve and builds the cells.
///
/// - Parameters:
///   - points: n x D values, finite.
///   - n: the number of points, at least 1.
///   - D: 2 or 3.
///   - keys: room for 2 n keys.
///   - order: room for 2 n numbers; the first n receive the point at each place of the curve.
///   - scratch: room for 4096 numbers.
///   - sorted: D planes of `padded` values; receives the points along the curve.
///   - padded: n or more.
///   - centres: room for 2 n cells.
///   - links: room for 2 n cells.
///   - boxes: room for 4 n vectors.
/// - Returns: the number of cells.
@inline(never)
public func buildEmbeddingTree(
  _ points: UnsafePointer<Float>, _ n: Int, _ D: Int, _ keys: UnsafeMutablePointer<UInt64>,
  _ order: UnsafeMutablePointer<Int32>, _ scratch: UnsafeMutablePointer<Int>,
  _ sorted: UnsafeMutablePointer<Float>, _ padded: Int,
  _ centres: UnsafeMutablePointer<SIMD4<Float>>, _ links: UnsafeMutablePointer<SIMD4<Int32>>,
  _ boxes: UnsafeMutablePointer<SIMD4<Float>>
) -> Int {
  computeKeys(points, n, D, keys)
  for i in 0..<n { order[i] = Int32(truncatingIfNeeded: i) }
  sortByKey(keys, order, n, D, scratch)
  for place in 0..<n {
    for axis in 0..<D { sorted[axis * padded + place] = points[Int(order[place]) * D + axis] }
  }
  for place in n..<padded {
    for axis in 0..<D { sorted[axis * padded + place] = sorted[axis * padded + n - 1] }
  }
  let cells = emitCells(keys, n, D, scratch, links)
  summarise(sorted, padded, D, cells, centres, links, boxes)
  return cells
}

private func computeKeys(
  _ points: UnsafePointer<Float>, _ n: Int, _ D: Int, _ keys: UnsafeMutablePointer<UInt64>
) {
  var low = SIMD4<Double>(repeating: .greatestFiniteMagnitude)
  var high = -low
  for i in 0..<n {
    for axis in 0..<D {
      let value = Double(points[i * D + axis])
      if value < low[axis] { low[axis] = value }
      if value > high[axis] { high[axis] = value }
    }
  }
  var side = 0.0
  for axis in 0..<D where high[axis] - low[axis] > side { side = high[axis] - low[axis] }
  let scale = side > 0 ? 2097151 / side : 0
  for i in 0..<n {
    var key: UInt64 = 0
    for axis in 0..<D {
      let step = (Double(points[i * D + axis]) - low[axis]) * scale
      let whole = UInt64(truncatingIfNeeded: Int(step < 2097151 ? step : 2097151))
      key |= (D == 2 ? spreadByTwo(whole) : spreadByThree(whole)) << UInt64(axis)
    }
    keys[i] = key
  }
}

/// The 21 bits of `x` at every second place.
@inline(__always)
private func spreadByTwo(_ x: UInt64) -> UInt64 {
  var v = (x | (x << 16)) & 0x0000_FFFF_0000_FFFF
  v = (v | (v << 8)) & 0x00FF_00FF_00FF_00FF
  v = (v | (v << 4)) & 0x0F0F_0F0F_0F0F_0F0F
  v = (v | (v << 2)) & 0x3333_3333_3333_3333
  return (v | (v << 1)) & 0x5555_5555_5555_5555
}

/// The 21 bits of `x` at every third place.
@inline(__always)
private func spreadByThree(_ x: UInt64) -> UInt64 {
  var v = (x | (x << 32)) & 0x001F_0000_0000_FFFF
  v = (v | (v << 16)) & 0x001F_0000_FF00_00FF
  v = (v | (v << 8)) & 0x100F_00F0_0F00_F00F
  v = (v | (v << 4)) & 0x10C3_0C30_C30C_30C3
  return (v | (v << 2)) & 0x1249_2492_4924_9249
}

/// A stable radix sort of 11 bits a pass; an even number of passes ends where it began.
private func sortByKey(
  _ keys: UnsafeMutablePointer<UInt64>, _ order: UnsafeMutablePointer<Int32>, _ n: Int, _ D: Int,
  _ counts: UnsafeMutablePointer<Int>
) {
  var (from, to) = (keys, keys + n)
  var (fromOrder, toOrder) = (order, order + n)
  for pass in 0..<(D == 2 ? 4 : 6) {
    let shift = UInt64(truncatingIfNeeded: pass * 11)
    for digit in 0..<2048 { counts[digit] = 0 }
    for i in 0..<n { counts[Int(truncatingIfNeeded: (from[i] >> shift) & 2047)] += 1 }
    var total = 0
    for digit in 0..<2048 {
      let count = counts[digit]
      counts[digit] = total
      total += count
    }
    for i in 0..<n {
      let digit = Int(truncatingIfNeeded: (from[i] >> shift) & 2047)
      to[counts[digit]] = from[i]
      toOrder[counts[digit]] = fromOrder[i]
      counts[digit] += 1
    }
    (from, to) = (to, from)
    (fromOrder, toOrder) = (toOrder, fromOrder)
  }
}

/// Writes the cells in preorder; the stack holds ranges of places.
private func emitCells(
  _ keys: UnsafePointer<UInt64>, _ n: Int, _ D: Int, _ stack: UnsafeMutablePointer<Int>,
  _ links: UnsafeMutablePointer<SIMD4<Int32>>
) -> Int {
  var (cells, depth) = (0, 1)
  stack[0] = 0
  stack[1] = n
  while depth > 0 {
    depth -= 1
    let (first, end) = (stack[2 * depth], stack[2 * depth + 1])
    let count = end - first
    links[cells] = SIMD4(
      0, Int32(truncatingIfNeeded: first), Int32(truncatingIfNeeded: count), 0)
    cells += 1
    let difference = keys[first] ^ keys[end - 1]
    if count <= leafPoints || difference == 0 { continue }
    let level = (63 - difference.leadingZeroBitCount) / D
    let shift = UInt64(truncatingIfNeeded: level * D)
    // From the last child to the first, so that the first is popped first.
    var last = end
    while last > first {
      let digit = keys[last - 1] >> shift
      var (below, above) = (first, last - 1)
      while below < above {
        let middle = (below + above) >> 1
        if keys[middle] >> shift < digit { below = middle + 1 } else { above = middle }
      }
      stack[2 * depth] = below
      stack[2 * depth + 1] = last
      depth += 1
      last = below
    }
  }
  return cells
}

/// Means, diagonals and the ends of subtrees, children before parents.
private func summarise(
  _ sorted: UnsafePointer<Float>, _ padded: Int, _ D: Int, _ cells: Int,
  _ centres: UnsafeMutablePointer<SIMD4<Float>>, _ links: UnsafeMutablePointer<SIMD4<Int32>>,
  _ boxes: UnsafeMutablePointer<SIMD4<Float>>
) {
  var cell = cells
  while cell > 0 {
    cell -= 1
    let (first, count) = (Int(links[cell][1]), Int(links[cell][2]))
    var sum = SIMD4<Double>(repeating: 0)
    var low = SIMD4<Float>(repeating: .greatestFiniteMagnitude)
    var high = -low
    var child = cell + 1
    while child < cells && Int(links[child][1]) < first + count {
      sum += SIMD4<Double>(centres[child]) * Double(links[child][2])
      low = low.replacing(with: boxes[2 * child], where: boxes[2 * child] .< low)
      high = high.replacing(with: boxes[2 * child + 1], where: boxes[2 * child + 1] .> high)
      child = Int(links[child][0])
    }
    if child == cell + 1 {
      for place in first..<first + count {
        let point = SIMD4<Float>(
          sorted[place], sorted[padded + place], D == 3 ? sorted[2 * padded + place] : 0, 0)
        sum += SIMD4<Double>(point)
        low = low.replacing(with: point, where: point .< low)
        high = high.replacing(with: point, where: point .> high)
      }
    }
    let extent = high - low
    let flat = extent[0] * extent[0] + extent[1] * extent[1]
    var centre = SIMD4<Float>(sum / Double(count))
    centre[3] = D == 3 ? flat + extent[2] * extent[2] : flat
    centres[cell] = centre
    boxes[2 * cell] = low
    boxes[2 * cell + 1] = high
    links[cell][0] = Int32(truncatingIfNeeded: child)
  }
}
