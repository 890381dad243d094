// The repulsion of t-SNE in the plane as a convolution on a grid, by fast Fourier transforms.
//
// Implements: G. Linderman, M. Rachh, J. Hoskins, S. Steinerberger, Y. Kluger, "Fast
//   interpolation-based t-SNE for improved visualization of single-cell RNA-seq data", Nature
//   Methods 16 (2019) 243; U. Essmann et al., "A smooth particle mesh Ewald method", J. Chem. Phys.
//   103 (1995) 8577, section II (charges and fields through B-splines).
// Equation -> code: sum over j of K(y_i - y_j) = sum over nodes r, s of beta(y_i - r) K'(r - s)
//   beta(s - y_j), with w = 1 / (1 + |d|^2) and K = w^2 d for the forces and K = w for Z
//   (`update`); K'(k) = K(k) / (b(k_x) b(k_y))^2, b(k) = (4 + 2 cos k) / 6 (`FieldGrid`).
// Symbols: beta, the cubic B-spline; h -> `spacing`; M -> `side`, nodes of the transform a side.
// Deviations: cubic splines on one even grid in place of quadratic polynomials on boxes: at h = 1/2
//   the forces err by less than with the paper's grid of h = 1/3, and are smooth. The forces come
//   from two kernels of one charge, not as differences of sums with the charges 1, x, y: nothing
//   cancels. Z is the scalar product of the charges with their potential, taken among frequencies.
// Checked by: TSNEFieldTests (exact forces, twin). Cost: 2 complex transforms of M x M, M about
//   4 spans of the map + 24; 32 nodes a point.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// The repulsive sums of a map in the plane through a grid; its memory is used again.
package struct EmbeddingField: Sendable {
  /// The number of points.
  package let n: Int
  /// The sums of p_ij w (y_i - y_j): n x 2 values.
  package private(set) var attraction: [Float]
  /// The sums of w^2 (y_i - y_j): n x 2 values.
  package private(set) var repulsion: [Float]
  /// The sum over all pairs of w.
  package private(set) var normaliser = 0.0
  private var grid: FieldGrid?
  /// Charges and fields: `side` rows (x) of `columns` nodes (y).
  private var real: [Float] = []
  private var imaginary: [Float] = []
  /// The same transposed: `side` rows (y) of `side` nodes (x).
  private var turnedReal: [Float] = []
  private var turnedImaginary: [Float] = []
  private var columns = 0

  /// The greatest distance of two nodes, and the least number of cells along the longer axis.
  static let spacing = 0.5
  static let leastCells = 48
  /// Nodes beside the points' cells, and between a map and its image: the ringing of a spline where
  /// the kernel is cut falls by 0.27 a node, below 1e-6 after half of these.
  private static let stencil = 5
  private static let gap = 24

  /// Room for a map.
  ///
  /// - Precondition: n at least 1, below 2^31.
  package init(count n: Int) {
    precondition(n >= 1 && n < 1 << 31, "a map has 1 to 2^31 - 1 points, not \(n)")
    self.n = n
    attraction = [Float](repeating: 0, count: 2 * n)
    repulsion = attraction
  }

  /// Sums all forces.
  ///
  /// - Parameters:
  ///   - points: n x 2 finite values.
  ///   - weights: n rows.
  package mutating func update(_ points: [Float], _ weights: SparseWeights) {
    precondition(points.count == 2 * n, "\(points.count) values for \(n) points")
    weights.checkFit(n)
    let bounds = embeddingBounds(points, n)
    let grid = chooseGrid(bounds)
    let (side, transform) = (grid.side, grid.transform)
    let place = GridPlace(bounds, grid.spacing)
    spread(points, weights, place)
    transform.transformColumns(&real, &imaginary, columns)
    let rows = min(side, (place.nodesY + 3) & ~3)
    turn(rows)
    transform.transformColumns(&turnedReal, &turnedImaginary, side)
    normaliser = max(multiply(grid) - Double(n), .leastNormalMagnitude)
    // The inverse transform exchanges real and imaginary parts.
    transform.transformColumns(&turnedImaginary, &turnedReal, side)
    turnBack(rows)
    transform.transformColumns(&imaginary, &real, columns)
    gather(points, place)
  }

  /// The grid for these bounds: the one in use, where it is large enough and not too large.
  private mutating func chooseGrid(_ bounds: SIMD4<Float>) -> FieldGrid {
    let span = Double(max(bounds[2] - bounds[0], bounds[3] - bounds[1]))
    let (stencil, gap) = (Self.stencil, Self.gap)
    // Powers of two below and above the greatest distance, so that few kernels are needed.
    var spacing = Self.spacing
    while span < Double(Self.leastCells) * spacing && spacing > 1e-30 { spacing /= 2 }
    let largest = gridSides[gridSides.count - 1]
    while 2 * (span / spacing + Double(stencil)) + Double(gap) > Double(largest) { spacing *= 2 }
    let needed = 2 * (Int(span / spacing) + stencil) + gap
    let side = gridSides.first { $0 >= needed } ?? largest
    let nodesY = Int(Double(bounds[3] - bounds[1]) / spacing) + stencil
    if let grid, grid.spacing == spacing, grid.side >= needed, grid.side <= side * 5 / 4 {
      resize(grid.side, roundedUpTo16(nodesY))
      return grid
    }
    let made = FieldGrid(side: side, spacing: spacing)
    grid = made
    resize(side, roundedUpTo16(nodesY))
    return made
  }

  private mutating func resize(_ side: Int, _ columns: Int) {
    self.columns = columns
    if real.count != side * columns {
      real = [Float](repeating: 0, count: side * columns)
      imaginary = real
    }
    if turnedReal.count != side * side {
      turnedReal = [Float](repeating: 0, count: side * side)
      turnedImaginary = turnedReal
    }
  }
}

extension EmbeddingField {
  /// Charges on the nodes, by one piece in the order of the points, while others sum attractions.
  private mutating func spread(_ points: [Float], _ weights: SparseWeights, _ place: GridPlace) {
    let (n, columns, count) = (n, columns, real.count)
    let pieces = (n + piecePoints - 1) / piecePoints
    for i in imaginary.indices { imaginary[i] = 0 }
    // SAFETY: `resize` made room for all nodes; each piece writes its own points, or the grid.
    unsafe real.withUnsafeMutableBufferPointer { grid in
      unsafe attraction.withUnsafeMutableBufferPointer { pulls in
        guard let gridBase = grid.baseAddress, let pullBase = pulls.baseAddress else { return }
        let (nodes, pull) = unsafe (SharedPointer(gridBase), SharedPointer(pullBase))
        parallelFor(1 + pieces) { piece in
          if piece == 0 {
            unsafe nodes.pointer.update(repeating: 0, count: count)
            unsafe spreadCharges(
              points, n, place.lowX, place.lowY, place.inverse, nodes.pointer, columns)
          } else {
            let first = (piece - 1) * piecePoints
            unsafe attract(points, 2, first, min(n, first + piecePoints), weights, pull.pointer)
          }
        }
      }
    }
  }

  /// The first `rows` columns as rows of the turned grid; the other rows become zeros.
  private mutating func turn(_ rows: Int) {
    let (side, columns) = (grid?.side ?? 0, columns)
    transposePlanes(real, columns, &turnedReal, side, rows: side, columns: rows)
    transposePlanes(imaginary, columns, &turnedImaginary, side, rows: side, columns: rows)
    for i in rows * side..<side * side { (turnedReal[i], turnedImaginary[i]) = (0, 0) }
  }

  private mutating func turnBack(_ rows: Int) {
    let (side, columns) = (grid?.side ?? 0, columns)
    transposePlanes(turnedReal, side, &real, columns, rows: rows, columns: side)
    transposePlanes(turnedImaginary, side, &imaginary, columns, rows: rows, columns: side)
  }

  /// The product with the kernels' spectra; gives the sum of w over all pairs, each point with
  /// itself among them.
  private mutating func multiply(_ grid: FieldGrid) -> Double {
    let (side, block) = (grid.side, 16)
    // SAFETY: all planes hold side x side numbers; each piece changes rows of its own.
    return unsafe turnedReal.withUnsafeMutableBufferPointer { real in
      unsafe turnedImaginary.withUnsafeMutableBufferPointer { imaginary in
        guard let a = real.baseAddress, let b = imaginary.baseAddress else { return 0 }
        let (r, i) = unsafe (SharedPointer(a), SharedPointer(b))
        let sums = parallelMap(side / block) { (piece: Int) -> Double in
          var sum = 0.0
          for row in piece * block..<(piece + 1) * block {
            let at = row * side
            unsafe sum += multiplySpectra(r.pointer + at, i.pointer + at, side, grid, at)
          }
          return sum
        }
        return sums.reduce(0, +)
      }
    }
  }

  /// The fields at the points.
  private mutating func gather(_ points: [Float], _ place: GridPlace) {
    let (n, columns) = (n, columns)
    let (fieldX, fieldY) = (real, imaginary)
    let size = 8 * piecePoints
    // SAFETY: `resize` made room for the nodes of all points; each piece writes its own points.
    unsafe repulsion.withUnsafeMutableBufferPointer { sums in
      guard let base = sums.baseAddress else { return }
      let target = unsafe SharedPointer(base)
      parallelFor((n + size - 1) / size) { piece in
        unsafe gatherField(
          points, piece * size, min(n, (piece + 1) * size), place, fieldX, fieldY, columns,
          target.pointer)
      }
    }
  }
}

/// Where the points lie on the grid.
private struct GridPlace {
  let lowX: Float
  let lowY: Float
  let inverse: Float
  let nodesY: Int

  init(_ bounds: SIMD4<Float>, _ spacing: Double) {
    (lowX, lowY, inverse) = (bounds[0], bounds[1], Float(1 / spacing))
    nodesY = Int(Double(bounds[3] - bounds[1]) / spacing) + 5
  }
}

/// Points of one piece of the force loops.
let piecePoints = 128

/// Writes the transpose of a plane's first rows and columns into another plane.
private func transposePlanes(
  _ source: [Float], _ sourceStride: Int, _ target: inout [Float], _ targetStride: Int, rows: Int,
  columns: Int
) {
  precondition(
    rows % 4 == 0 && columns % 4 == 0 && rows * sourceStride <= source.count
      && columns <= sourceStride && rows <= targetStride && columns * targetStride <= target.count,
    "\(rows) x \(columns) values do not fit the planes")
  let block = 32
  // SAFETY: the extents were checked above; each piece writes columns of its own.
  unsafe target.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    let out = unsafe SharedPointer(base)
    parallelFor((rows + block - 1) / block) { piece in
      let (first, end) = (piece * block, min(rows, (piece + 1) * block))
      switch InstructionSet.current {
      #if !NITAL_PORTABLE
      case .avx512:
        unsafe _Kernels512.transposePlane(
          source, sourceStride, first, end, columns, out.pointer, targetStride)
      case .avx2:
        unsafe _Kernels256.transposePlane(
          source, sourceStride, first, end, columns, out.pointer, targetStride)
      #endif
      default:
        unsafe _Kernels128.transposePlane(
          source, sourceStride, first, end, columns, out.pointer, targetStride)
      }
    }
  }
}

private func embeddingBounds(_ points: [Float], _ n: Int) -> SIMD4<Float> {
  var bounds = [Float](repeating: 0, count: 4)
  // SAFETY: the caller has checked that there are n points.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.embeddingBounds(points, n, &bounds)
  case .avx2: unsafe _Kernels256.embeddingBounds(points, n, &bounds)
  #endif
  default: unsafe _Kernels128.embeddingBounds(points, n, &bounds)
  }
  return SIMD4(bounds[0], bounds[1], bounds[2], bounds[3])
}

private func spreadCharges(
  _ points: [Float], _ n: Int, _ lowX: Float, _ lowY: Float, _ inverse: Float,
  _ grid: UnsafeMutablePointer<Float>, _ stride: Int
) {
  // SAFETY: the grid has room for all points, as the caller guarantees.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.spreadCharges(points, n, lowX, lowY, inverse, grid, stride)
  case .avx2: unsafe _Kernels256.spreadCharges(points, n, lowX, lowY, inverse, grid, stride)
  #endif
  default: unsafe _Kernels128.spreadCharges(points, n, lowX, lowY, inverse, grid, stride)
  }
}

private func multiplySpectra(
  _ r: UnsafeMutablePointer<Float>, _ i: UnsafeMutablePointer<Float>, _ count: Int,
  _ grid: FieldGrid, _ offset: Int
) -> Double {
  // SAFETY: the caller guarantees `count` numbers from `offset` on in each plane.
  unsafe grid.potential.withUnsafeBufferPointer { w in
    unsafe grid.forceX.withUnsafeBufferPointer { x in
      unsafe grid.forceY.withUnsafeBufferPointer { y in
        guard let w = w.baseAddress, let x = x.baseAddress, let y = y.baseAddress else { return 0 }
        switch InstructionSet.current {
        #if !NITAL_PORTABLE
        case .avx512:
          return unsafe _Kernels512.multiplySpectra(r, i, count, w + offset, x + offset, y + offset)
        case .avx2:
          return unsafe _Kernels256.multiplySpectra(r, i, count, w + offset, x + offset, y + offset)
        #endif
        default:
          return unsafe _Kernels128.multiplySpectra(r, i, count, w + offset, x + offset, y + offset)
        }
      }
    }
  }
}

private func gatherField(
  _ points: [Float], _ first: Int, _ end: Int, _ place: GridPlace, _ fieldX: [Float],
  _ fieldY: [Float], _ stride: Int, _ sums: UnsafeMutablePointer<Float>
) {
  let (x, y, h) = (place.lowX, place.lowY, place.inverse)
  // SAFETY: the fields have nodes around all points, as the caller guarantees.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512:
    unsafe _Kernels512.gatherField(points, first, end, x, y, h, fieldX, fieldY, stride, sums)
  case .avx2:
    unsafe _Kernels256.gatherField(points, first, end, x, y, h, fieldX, fieldY, stride, sums)
  #endif
  default:
    unsafe _Kernels128.gatherField(points, first, end, x, y, h, fieldX, fieldY, stride, sums)
  }
}
