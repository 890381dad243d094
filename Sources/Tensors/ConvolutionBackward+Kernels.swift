// The gradient of a convolution with respect to its filters: a packed product over pixels.
//
// Implements: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks
//   for document processing", IWFHR 2006, section 4 (the gradient as a matrix product).
// Equation -> code: dW[r, s, c, k] = sum over n, y, x of X[n, y sY + r dY - top, x sX + s dX - left, c]
//   dY[n, y, x, k] -> accumulate, as dW transposed: (K x pixels) times (pixels x R S C).
// Symbols: N H W C -> input; Ho Wo K -> output; R S -> filter; a unit is a run of columns of
//   (R S C) that lie side by side in a padded row of X.
// Deviations: short rows of many filters go another way (ConvolutionProducts+Kernels.swift). Here the
//   patch matrix does not exist: the kernel reads the columns of a tap (of all taps of
//   a filter row without dilation) where they lie in a padded row, with the pixel step as its
//   stride. A ring of padded rows is copied once a row.
// Order of sums: output rows are cut into pieces by shape alone; a piece adds blocks of at most
//   `depth` pixels in order, and pieces are added in order: the same bits for any thread count.
// Checked by: ConvolutionBackwardTests (twin, thread counts). Cost: 2 N Ho Wo K R S C flops; partial
//   sums of at most 32 MB (one piece: one dW) and two padded blocks of rows a thread.

/// The most pixels of one call of the kernel: a panel of 14 x 384 values stays in the first cache.
private let depth = 384

/// The gradient of a convolution's filters.
///
/// - Parameters:
///   - input: X, shape (N, H, W, C).
///   - outputGradient: dY, shape (N, outputHeight, outputWidth, K).
///   - R: rows of the filters.
///   - S: columns of the filters.
///   - g: geometry of the convolution; one group.
///   - algorithm: `.direct` for the definition's sums, one of Winograd's, or `.automatic`, which is one of
///     Winograd's where the convolution itself would be and channels are enough.
/// - Precondition: the shapes fit together.
/// - Returns: shape (R, S, C, K).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func convolutionFilterGradient<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ outputGradient: Tensor<Scalar>, filterHeight R: Int,
  filterWidth S: Int, geometry g: ConvolutionGeometry = ConvolutionGeometry(),
  algorithm: ConvolutionAlgorithm = .automatic
) -> Tensor<Scalar> {
  let (C, K) = (input.shape[3], outputGradient.shape[3])
  checkBackward(input.shape, [R, S, C, K], outputGradient.shape, g)
  guard outputGradient.count > 0, C > 0 else { return .zeros([R, S, C, K]) }
  let chosen = algorithm.resolvedForFilterGradient(
    outputGradient.shape, [R, S, C, K], g, isFloat: Scalar.self == Float.self)
  if chosen.winogradTile != nil, let x = input as? Tensor<Float>,
    let dY = outputGradient as? Tensor<Float>,
    let dW = winogradFilterGradient(x, dY, geometry: g, algorithm: chosen) as? Tensor<Scalar>
  {
    return dW
  }
  if prefersProducts(outputGradient.shape) {
    return filterGradientByProducts(input, outputGradient, R, S, g)
  }
  let plan = FilterGradientPlan<Scalar>(input.shape, outputGradient.shape, R, S, g)
  var partial = [Scalar](repeating: 0, count: plan.pieces * plan.columns * K)
  // SAFETY: the shapes were checked; items write disjoint parts of `partial`.
  unsafe input.scalars.withUnsafeBufferPointer { x in
    unsafe outputGradient.scalars.withUnsafeBufferPointer { dy in
      unsafe partial.withUnsafeMutableBufferPointer { sums in
        guard let x = x.baseAddress, let dy = dy.baseAddress, let sums = sums.baseAddress
        else { return }
        let source = unsafe SharedPointer(UnsafeMutablePointer(mutating: x))
        let gradient = unsafe SharedPointer(UnsafeMutablePointer(mutating: dy))
        let target = unsafe SharedPointer(sums)
        parallelFor(plan.pieces * plan.groups.count) { item in
          let (piece, group) = item.quotientAndRemainder(dividingBy: plan.groups.count)
          unsafe accumulate(
            plan, rows: plan.rows(piece), plan.groups[group], source.pointer, gradient.pointer,
            target.pointer + piece * plan.columns * K)
        }
      }
    }
  }
  return combine(partial, plan)
}

/// Columns of (R S C) that lie side by side in a padded row.
private struct GradientUnit: Sendable {
  /// The filter row, and the first value after the pixel's own place in the padded row.
  let r, offset: Int
  /// The first column of (R S C), and their number.
  let column, count: Int
}

/// How one filter gradient is cut.
private struct FilterGradientPlan<Scalar: KernelScalar>: Sendable {
  let N, H, W, C, Ho, Wo, K, R, S: Int
  let g: ConvolutionGeometry
  /// R S C, and pieces of output rows.
  let columns, pieces: Int
  /// Units whose sums, K rows each, stay in the second cache together.
  let groups: [[GradientUnit]]
  let kernels: GEMMKernels<Scalar>

  init(_ input: [Int], _ output: [Int], _ R: Int, _ S: Int, _ g: ConvolutionGeometry) {
    (N, H, W, C) = (input[0], input[1], input[2], input[3])
    (Ho, Wo, K) = (output[1], output[2], output[3])
    (self.R, self.S, self.g) = (R, S, g)
    kernels = GEMMKernels<Scalar>.kernels(for: .current)
    columns = R * S * C
    let room = max(1, min(16, (1 << 23) / max(1, columns * K)))
    let worth = max(1, N * Ho * Wo * columns * K / 4_000_000)
    pieces = min(room, worth, N * Ho)
    groups = Self.cut(C, R, S, K, g)
  }

  /// 32 columns at least, a multiple of every kernel's tile.
  private static func cut(
    _ C: Int, _ R: Int, _ S: Int, _ K: Int, _ g: ConvolutionGeometry
  ) -> [[GradientUnit]] {
    let widest = max(64, (1 << 18) / K / 32 * 32)
    let joined = g.dilationX == 1
    var (groups, filled): ([[GradientUnit]], Int) = ([[]], 0)
    for tap in 0..<(joined ? R : R * S) {
      let (r, s) = joined ? (tap, 0) : (tap / S, tap % S)
      let length = joined ? S * C : C
      for first in stride(from: 0, to: length, by: widest) {
        let count = min(widest, length - first)
        if filled > 0 && filled + count > widest {
          groups.append([])
          filled = 0
        }
        groups[groups.count - 1].append(
          GradientUnit(
            r: r, offset: s * g.dilationX * C + first, column: (r * S + s) * C + first,
            count: count))
        filled += count
      }
    }
    return groups
  }

  /// The output rows of a piece, counted over all images.
  func rows(_ piece: Int) -> Range<Int> {
    (N * Ho * piece / pieces)..<(N * Ho * (piece + 1) / pieces)
  }

  /// Values of a padded row, with room for the last tile's reads.
  var paddedRow: Int { (g.paddingLeft + W + g.paddingRight) * C + kernels.columnsPerTile }
  /// Rows that one output row reads.
  var ringRows: Int { g.dilationY * (R - 1) + 1 }
  /// Blocks of pixels of a row.
  var blocks: Int { (Wo + depth - 1) / depth }
}

/// Adds the products of some output rows to `sums`, K rows of R S C columns.
@unsafe private func accumulate<Scalar: KernelScalar>(
  _ plan: FilterGradientPlan<Scalar>, rows: Range<Int>, _ units: [GradientUnit],
  _ x: UnsafePointer<Scalar>, _ dy: UnsafePointer<Scalar>, _ sums: UnsafeMutablePointer<Scalar>
) {
  let (K, MR, NR) = (plan.K, plan.kernels.rowsPerTile, plan.kernels.columnsPerTile)
  var ring = [Scalar](repeating: 0, count: plan.ringRows * plan.paddedRow)
  var tags = [Int](repeating: -1, count: plan.ringRows)
  var packed = [Scalar](repeating: 0, count: (K + MR) * min(plan.Wo, depth) + MR * NR)
  // SAFETY: a ring row holds a padded row and a tile's reads; `packed` a block of dY and a tile.
  unsafe ring.withUnsafeMutableBufferPointer { ring in
    unsafe packed.withUnsafeMutableBufferPointer { packed in
      guard let ring = ring.baseAddress, let packed = packed.baseAddress else { return }
      let tile = unsafe packed + (K + MR) * min(plan.Wo, depth)
      for row in rows {
        let (n, y) = row.quotientAndRemainder(dividingBy: plan.Ho)
        for block in 0..<plan.blocks {
          let first = plan.Wo * block / plan.blocks
          let count = plan.Wo * (block + 1) / plan.blocks - first
          unsafe plan.kernels.pack(
            K, count, MR, false, dy + (row * plan.Wo + first) * K, 1, K, packed)
          for unit in units {
            let iy = y * plan.g.strideY + unit.r * plan.g.dilationY - plan.g.paddingTop
            guard iy >= 0, iy < plan.H else { continue }
            let line = unsafe ringRow(plan, n * plan.H + iy, x, ring, &tags)
            let pixel = plan.g.strideX * plan.C
            unsafe plan.kernels.block(
              K, unit.count, count, 1, packed, line + first * pixel + unit.offset, pixel, NR, 1,
              sums + unit.column, plan.columns, 1, tile)
          }
        }
      }
    }
  }
}

/// The padded copy of row `line` of all images, made when the ring does not hold it.
@unsafe private func ringRow<Scalar: KernelScalar>(
  _ plan: FilterGradientPlan<Scalar>, _ line: Int, _ x: UnsafePointer<Scalar>,
  _ ring: UnsafeMutablePointer<Scalar>, _ tags: inout [Int]
) -> UnsafePointer<Scalar> {
  let slot = line % plan.ringRows
  let start = unsafe ring + slot * plan.paddedRow
  if tags[slot] != line {
    // SAFETY: the margins stay the zeros that the ring began with.
    unsafe (start + plan.g.paddingLeft * plan.C).update(
      from: x + line * plan.W * plan.C, count: plan.W * plan.C)
    tags[slot] = line
  }
  return unsafe UnsafePointer(start)
}

/// Columns and rows of a tile of `combine`, whose sums stay in the first cache.
private let (tileColumns, tileRows) = (32, 64)

/// The sums of all pieces in their order, as (R, S, C, K).
private func combine<Scalar: KernelScalar>(
  _ partial: [Scalar], _ plan: FilterGradientPlan<Scalar>
) -> Tensor<Scalar> {
  let (columns, K) = (plan.columns, plan.K)
  var result = Tensor<Scalar>.zeros([plan.R, plan.S, plan.C, K])
  // SAFETY: a chunk is `tileColumns` columns of K values; `partial` has K rows a piece.
  unsafe partial.withUnsafeBufferPointer { sums in
    guard let base = sums.baseAddress else { return }
    let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
    parallelForEachChunk(of: &result.scalars, size: tileColumns * K) { chunk, values in
      unsafe values.withUnsafeMutableBufferPointer { values in
        guard let to = values.baseAddress else { return }
        let width = values.count / K
        let source = unsafe from.pointer + chunk * tileColumns
        for first in stride(from: 0, to: K, by: tileRows) {
          for piece in 0..<plan.pieces {
            unsafe addTransposed(
              source + (piece * K + first) * columns, columns, min(tileRows, K - first), width,
              to + first, K)
          }
        }
      }
    }
  }
  return result
}

/// Adds the transpose of `rows` rows of `width` values, `step` apart, to rows `targetStep` apart.
@inline(__always)
@unsafe private func addTransposed<Scalar: KernelScalar>(
  _ source: UnsafePointer<Scalar>, _ step: Int, _ rows: Int, _ width: Int,
  _ target: UnsafeMutablePointer<Scalar>, _ targetStep: Int
) {
  for k in 0..<rows {
    let row = unsafe source + k * step
    for i in 0..<width { unsafe target[i * targetStep + k] += row[i] }
  }
}
