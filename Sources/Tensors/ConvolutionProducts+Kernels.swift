// The gradient of a convolution with respect to its filters where rows are short and filters many.
//
// Implements: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks
//   for document processing", IWFHR 2006, section 4 (the gradient as a matrix product).
// Equation -> code: dW[r, s, c, k] = sum over n, y, x of X[n, y sY + r dY - top, x sX + s dX - left, c]
//   dY[n, y, x, k] -> `addProducts`: (R S C x pixels) times (pixels x K), both packed.
// Symbols: N H W C -> input; Ho Wo K -> output; R S -> filter; a unit is a run of columns of
//   (R S C) that lie side by side in a row of X.
// Deviations: none. A product of one row's pixels alone would spend its time on reading and writing dW:
//   here a block takes pixels of several rows, and so both factors are packed. That costs a copy of each
//   value of X for 2 K operations, and so is not worth it for few filters.
// Order of sums: output rows are cut into pieces and pieces into blocks of whole rows, by shape alone;
//   blocks are added in order, then pieces: the same bits for any thread count.
// Checked by: ConvolutionBackwardTests (twin, thread counts). Cost: 2 N Ho Wo K R S C flops; partial
//   sums of at most 32 MB (one piece: none), and packed blocks of some 1 MB a thread.

/// Pixels of a block, if a row has not more.
private let depth = 384

/// The most columns of a unit: their packed block stays in the second cache.
private let unitColumns = 192

/// Whether a gradient to an output of this shape is better computed here: at least 64 filters and at most
/// 128 pixels in a row.
func prefersProducts(_ output: [Int]) -> Bool { output[3] >= 64 && output[2] <= 128 }

/// The gradient of a convolution's filters, shape (R, S, C, K); there are pixels and channels.
func filterGradientByProducts<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ outputGradient: Tensor<Scalar>, _ R: Int, _ S: Int,
  _ g: ConvolutionGeometry
) -> Tensor<Scalar> {
  let plan = ProductPlan<Scalar>(input.shape, outputGradient.shape, R, S, g)
  let size = R * S * plan.C * plan.K
  var result = Tensor<Scalar>.zeros([R, S, plan.C, plan.K])
  // The first piece adds to the result itself.
  var partial = [Scalar](repeating: 0, count: (plan.pieces - 1) * size)
  // SAFETY: the shapes were checked; items write disjoint rows of the result or of `partial`.
  unsafe input.scalars.withUnsafeBufferPointer { x in
    unsafe outputGradient.scalars.withUnsafeBufferPointer { dy in
      unsafe result.scalars.withUnsafeMutableBufferPointer { first in
        unsafe partial.withUnsafeMutableBufferPointer { others in
          guard let x = x.baseAddress, let dy = dy.baseAddress, let first = first.baseAddress
          else { return }
          let source = unsafe SharedPointer(UnsafeMutablePointer(mutating: x))
          let gradient = unsafe SharedPointer(UnsafeMutablePointer(mutating: dy))
          let (one, rest) = unsafe (
            SharedPointer(first), SharedPointer(others.baseAddress ?? first)
          )
          parallelFor(plan.pieces * plan.groups.count) { item in
            let (piece, group) = item.quotientAndRemainder(dividingBy: plan.groups.count)
            let sums = unsafe piece == 0 ? one.pointer : rest.pointer + (piece - 1) * size
            unsafe addProducts(
              plan, plan.rows(piece), plan.groups[group], source.pointer, gradient.pointer, sums)
          }
        }
      }
    }
  }
  for piece in 0..<(plan.pieces - 1) { add(partial, piece * size, to: &result) }
  return result
}

/// Adds the values of `partial` from `first` on to those of a tensor.
private func add<Scalar: KernelScalar>(
  _ partial: [Scalar], _ first: Int, to result: inout Tensor<Scalar>
) {
  let chunkValues = 1 << 14
  // SAFETY: `partial` holds as many values from `first` on as the tensor.
  unsafe partial.withUnsafeBufferPointer { partial in
    guard let base = partial.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base + first))
    parallelForEachChunk(of: &result.scalars, size: chunkValues) { index, chunk in
      unsafe chunk.withUnsafeMutableBufferPointer { chunk in
        guard let to = chunk.baseAddress else { return }
        let values = unsafe from.pointer + index * chunkValues
        for i in 0..<chunk.count { unsafe to[i] += values[i] }
      }
    }
  }
}

/// Columns of (R S C) that lie side by side in a row of X.
private struct ProductUnit: Sendable {
  /// The filter row, and the first value after the pixel's own place, from the row's first value on.
  let r, offset: Int
  /// The first column of (R S C), and their number.
  let column, count: Int
}

/// How one filter gradient is cut.
private struct ProductPlan<Scalar: KernelScalar>: Sendable {
  let N, H, W, C, Ho, Wo, K: Int
  let g: ConvolutionGeometry
  /// Pieces of output rows, rows of a block, units that one piece of work takes.
  let pieces, blockRows: Int
  let groups: [[ProductUnit]]
  let kernels: GEMMKernels<Scalar>

  init(_ input: [Int], _ output: [Int], _ R: Int, _ S: Int, _ g: ConvolutionGeometry) {
    (N, H, W, C) = (input[0], input[1], input[2], input[3])
    (Ho, Wo, K) = (output[1], output[2], output[3])
    self.g = g
    kernels = GEMMKernels<Scalar>.kernels(for: .current)
    groups = Self.cut(C, R, S, g)
    let columns = R * S * C
    let room = max(1, min(16, (1 << 23) / max(1, columns * K)))
    let worth = max(1, N * Ho * Wo * columns * K / 4_000_000)
    let wanted = max(1, (12 + groups.count - 1) / groups.count)
    blockRows = max(1, depth / max(1, Wo))
    pieces = min(room, worth, wanted, (N * Ho + blockRows - 1) / blockRows)
  }

  /// Units of nearly equal numbers of columns, and groups of up to `unitColumns` columns.
  private static func cut(
    _ C: Int, _ R: Int, _ S: Int, _ g: ConvolutionGeometry
  ) -> [[ProductUnit]] {
    let joined = g.dilationX == 1
    var (groups, filled): ([[ProductUnit]], Int) = ([[]], 0)
    for tap in 0..<(joined ? R : R * S) {
      let (r, s) = joined ? (tap, 0) : (tap / S, tap % S)
      let length = joined ? S * C : C
      let parts = (length + unitColumns - 1) / unitColumns
      // Whole tiles of 4, 6 or 12 rows.
      let each = ((length + parts - 1) / parts + 11) / 12 * 12
      for first in stride(from: 0, to: length, by: each) {
        let count = min(each, length - first)
        if filled > 0 && filled + count > unitColumns {
          groups.append([])
          filled = 0
        }
        groups[groups.count - 1].append(
          ProductUnit(
            r: r, offset: (s * g.dilationX - g.paddingLeft) * C + first,
            column: (r * S + s) * C + first, count: count))
        filled += count
      }
    }
    return groups
  }

  /// The output rows of a piece, counted over all images.
  func rows(_ piece: Int) -> Range<Int> {
    (N * Ho * piece / pieces)..<(N * Ho * (piece + 1) / pieces)
  }

  /// The pixels of a row whose values of a unit all lie in the row of X.
  func wholePixels(_ unit: ProductUnit) -> Range<Int> {
    let step = g.strideX * C
    let first = unit.offset < 0 ? (step - 1 - unit.offset) / step : 0
    let room = W * C - unit.count - unit.offset
    let end = room < 0 ? 0 : room / step + 1
    let (low, high) = (min(first, Wo), min(end, Wo))
    return low..<max(low, high)
  }
}

/// Adds the products of some output rows to rows of K sums.
@unsafe private func addProducts<Scalar: KernelScalar>(
  _ plan: ProductPlan<Scalar>, _ rows: Range<Int>, _ units: [ProductUnit],
  _ x: UnsafePointer<Scalar>, _ dy: UnsafePointer<Scalar>, _ sums: UnsafeMutablePointer<Scalar>
) {
  let (K, MR, NR) = (plan.K, plan.kernels.rowsPerTile, plan.kernels.columnsPerTile)
  let most = plan.blockRows * plan.Wo
  let widest = units.reduce(0) { max($0, $1.count) }
  let (ofA, ofB) = ((widest + MR) * most, (K + NR) * most)
  // SAFETY: the room holds a block of X, one of dY and a tile.
  unsafe withUnsafeTemporaryAllocation(of: Scalar.self, capacity: ofA + ofB + MR * NR) { room in
    guard let A = room.baseAddress else { return }
    let (B, tile) = unsafe (A + ofA, A + ofA + ofB)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: plan.blockRows) {
      let block = first..<min(rows.upperBound, first + plan.blockRows)
      let pixels = block.count * plan.Wo
      unsafe plan.kernels.pack(K, pixels, NR, true, dy + first * plan.Wo * K, 1, K, B)
      for unit in units {
        unsafe packUnit(plan, unit, block, x, A)
        unsafe plan.kernels.block(
          unit.count, K, pixels, 1, A, B, NR, NR * pixels, 1, sums + unit.column * K, K, 1, tile)
      }
    }
  }
}

/// Packs the values of X that some output rows read, in panels of MR columns of a unit.
@unsafe private func packUnit<Scalar: KernelScalar>(
  _ plan: ProductPlan<Scalar>, _ unit: ProductUnit, _ rows: Range<Int>,
  _ x: UnsafePointer<Scalar>, _ A: UnsafeMutablePointer<Scalar>
) {
  let (MR, Wo, pixels) = (plan.kernels.rowsPerTile, plan.Wo, rows.count * plan.Wo)
  let (step, whole) = (plan.g.strideX * plan.C, plan.wholePixels(unit))
  for (i, row) in rows.enumerated() {
    let (n, y) = row.quotientAndRemainder(dividingBy: plan.Ho)
    let iy = y * plan.g.strideY + unit.r * plan.g.dilationY - plan.g.paddingTop
    let isInside = iy >= 0 && iy < plan.H
    let line = unsafe x + (n * plan.H + (isInside ? iy : 0)) * plan.W * plan.C
    for first in stride(from: 0, to: unit.count, by: MR) {
      let height = min(MR, unit.count - first)
      // SAFETY: panel `first` begins at first * pixels, its row of pixel p at p * height.
      let panel = unsafe A + (first * pixels + i * Wo * height)
      guard isInside else {
        unsafe panel.update(repeating: 0, count: Wo * height)
        continue
      }
      if !whole.isEmpty {
        unsafe plan.kernels.pack(
          height, whole.count, height, false,
          line + (whole.lowerBound * step + unit.offset + first), 1, step,
          panel + whole.lowerBound * height)
      }
      for p in 0..<Wo where !whole.contains(p) {
        let from = p * step + unit.offset + first
        for j in 0..<height {
          let exists = from + j >= 0 && from + j < plan.W * plan.C
          unsafe panel[p * height + j] = exists ? line[from + j] : 0
        }
      }
    }
  }
}
