// Layers of a network that work in memory used again and again, each activation with the margin of
// zeros that its consumers want.
//
// Implements: the convolution of Convolution+Kernels.swift, whose rows are written inside the margin
//   of the next layer, so that nothing is copied to be padded; bias and rectification happen while
//   a tile is in registers.
// Symbols: N H W C -> images, rows, columns, channels of one part of `stride` interleaved channels.
// Deviations: none. Checked by: NetworkTests (twin networkReference).
// Cost: that of the convolution; margins are cleared at each use.

/// The place of an activation in an `ActivationBuffer`.
package struct ActivationLayout: Sendable, Equatable {
  /// Images, rows, columns and channels of this activation.
  package var N, H, W, C: Int
  /// Rows and columns of zeros on every side.
  package var margin: Int
  /// Channels of the pixels in memory, of which this activation has C from `firstChannel` on.
  package var stride: Int
  /// The first channel in memory.
  package var firstChannel: Int

  /// An activation that has its memory for itself.
  package init(_ N: Int, _ H: Int, _ W: Int, _ C: Int, margin: Int = 0) {
    (self.N, self.H, self.W, self.C, self.margin) = (N, H, W, C, margin)
    (stride, firstChannel) = (C, 0)
  }

  /// Values of a row with its margin.
  package var rowLength: Int { (W + 2 * margin) * stride }
  /// Values of an image with its margin.
  package var imageLength: Int { (H + 2 * margin) * rowLength }
  /// Values of all images with their margins.
  package var count: Int { N * imageLength }

  /// Where row `y` of image `n` begins.
  func offset(_ n: Int, _ y: Int) -> Int {
    n * imageLength + (y + margin) * rowLength + margin * stride + firstChannel
  }
}

/// Memory for activations; one layer at a time writes to it.
@safe package final class ActivationBuffer: @unchecked Sendable {
  // Sendable: the functions below write disjoint parts of it from several threads, and return
  // when all are done; whoever owns the buffer calls them one after the other.
  let start: UnsafeMutablePointer<Float>
  /// The number of values that it holds.
  package let capacity: Int
  /// Whether the memory goes with the buffer.
  private let ownsMemory: Bool

  /// Values that a piece of a copy has: some 20 us.
  private static let copiedValues = 1 << 16

  /// Memory for `capacity` values, which a layer writes before another reads them.
  package init(capacity: Int) {
    self.capacity = max(1, capacity)
    ownsMemory = true
    unsafe start = unsafe allocateLarge(
      byteCount: self.capacity * MemoryLayout<Float>.stride, alignment: 64
    ).bindMemory(to: Float.self, capacity: self.capacity)
  }

  /// Images of a batch, which are read alone and must outlive it.
  private init(reading values: UnsafePointer<Float>, capacity: Int) {
    (self.capacity, ownsMemory) = (capacity, false)
    unsafe start = UnsafeMutablePointer(mutating: values)
  }

  deinit { if ownsMemory { unsafe UnsafeMutableRawPointer(start).deallocate() } }

  /// Calls `body` with images from `first` on of a batch, which lie there as one without a margin would:
  /// only for reading, and only until `body` returns.
  package static func withImages(
    _ batch: Tensor<Float>, from first: Int, _ body: (ActivationBuffer) -> Void
  ) {
    let skipped = first * batch.shape.dropFirst().reduce(1, *)
    precondition(skipped <= batch.count, "\(batch.shape) has no image \(first)")
    // SAFETY: the array outlives the call; whoever gets the buffer reads `capacity` values.
    unsafe batch.scalars.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      unsafe body(ActivationBuffer(reading: base + skipped, capacity: batch.count - skipped))
    }
  }

  /// Writes zeros around every image.
  package func clearMargins(_ layout: ActivationLayout) {
    precondition(layout.count <= capacity, "\(layout) does not fit into \(capacity) values")
    guard layout.margin > 0 else { return }
    let (row, side) = (layout.rowLength, layout.margin * layout.stride)
    for n in 0..<layout.N {
      // SAFETY: all offsets are below `layout.count`, which fits.
      let image = unsafe start + n * layout.imageLength
      unsafe image.update(repeating: 0, count: layout.margin * row)
      for y in layout.margin..<(layout.margin + layout.H) {
        unsafe (image + y * row).update(repeating: 0, count: side)
        unsafe (image + (y + 1) * row - side).update(repeating: 0, count: side)
      }
      unsafe (image + (layout.margin + layout.H) * row).update(
        repeating: 0, count: layout.margin * row)
    }
  }

  /// Copies images `first ..< first + layout.N` of a batch into the margin.
  package func load(_ batch: Tensor<Float>, first: Int, _ layout: ActivationLayout) {
    let row = layout.W * layout.C
    precondition(
      layout.count <= capacity && batch.shape.dropFirst() == [layout.H, layout.W, layout.C]
        && first + layout.N <= batch.shape[0],
      "\(batch.shape) does not fit into \(layout)")
    let rows = layout.N * layout.H
    let each = max(1, Self.copiedValues / max(1, row))
    // SAFETY: rows lie inside the batch and the layout; pieces write different rows.
    unsafe batch.scalars.withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return }
      let source = unsafe SharedPointer(
        UnsafeMutablePointer(mutating: base + first * layout.H * row))
      parallelFor((rows + each - 1) / each) { piece in
        for index in (piece * each)..<min(rows, (piece + 1) * each) {
          let (n, y) = index.quotientAndRemainder(dividingBy: layout.H)
          unsafe (start + layout.offset(n, y)).update(
            from: source.pointer + index * row, count: row)
        }
      }
    }
  }

  /// Copies the images without their margins behind the values of `result`.
  package func append(_ layout: ActivationLayout, to result: inout [Float]) {
    precondition(layout.count <= capacity, "\(layout) does not fit into \(capacity) values")
    for n in 0..<layout.N {
      for y in 0..<layout.H {
        // SAFETY: rows and pixels lie inside the layout, which fits.
        let row = unsafe start + layout.offset(n, y)
        if layout.stride == layout.C {
          unsafe result.append(
            contentsOf: UnsafeBufferPointer(start: row, count: layout.W * layout.C))
        } else {
          for x in 0..<layout.W {
            unsafe result.append(
              contentsOf: UnsafeBufferPointer(start: row + x * layout.stride, count: layout.C))
          }
        }
      }
    }
  }
}

// MARK: - Layers

/// The convolution of the images at `x` in `input`, written to `y` in `output`; where `rectified`,
/// negative results become 0.
///
/// - Precondition: filters are packed for `.direct` or Winograd's algorithm; the margin of `x` covers the padding; the
///   shapes fit together; the two buffers differ.
package func convolve(
  _ input: ActivationBuffer, _ x: ActivationLayout, _ filters: PackedFilters<Float>,
  geometry g: ConvolutionGeometry, into output: ActivationBuffer, _ y: ActivationLayout,
  rectified: Bool
) {
  let shape = g.outputShape(input: [x.N, x.H, x.W, x.C], filters: filters.shape)
  precondition(shape == [y.N, y.H, y.W, y.C], "the result has shape \(shape), not \(y)")
  precondition(
    filters.algorithm != .im2col && g.groups == 1 && g.dilationX == 1 && input !== output
      && max(g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) <= x.margin
      && x.stride == x.C && x.count <= input.capacity && y.count <= output.capacity,
    "\(x) and \(y) do not suit filters \(filters.shape)")
  if let m = filters.algorithm.winogradTile {
    unsafe convolveTiles(input, x, filters, m, g, into: output, y, rectified: rectified)
  } else {
    unsafe convolveBands(input, x, filters, g, into: output, y, rectified: rectified)
  }
}

/// The convolution by Winograd's algorithm.
///
/// The caller guarantees that the margin covers the padding and that both layouts fit.
@unsafe private func convolveTiles(
  _ input: ActivationBuffer, _ x: ActivationLayout, _ filters: PackedFilters<Float>, _ m: Int,
  _ g: ConvolutionGeometry, into output: ActivationBuffer, _ y: ActivationLayout, rectified: Bool
) {
  let plan = WinogradPlan(
    m: m, N: x.N, H: x.H + g.paddingTop + g.paddingBottom,
    W: x.W + g.paddingLeft + g.paddingRight, C: x.C, top: 0, left: 0,
    inputSteps: (x.imageLength, x.rowLength, x.stride), Ho: y.H, Wo: y.W, K: y.C,
    outputSteps: (y.imageLength, y.rowLength, y.stride), rectified: rectified)
  // SAFETY: windows stay inside the margin; both layouts fit into their buffers.
  unsafe convolveWinograd(
    plan, input.start + (x.offset(0, -g.paddingTop) - g.paddingLeft * x.C), filters,
    output.start + y.offset(0, 0))
}

/// Operations that a piece of a layer should have: some 10 us of one core.
private let layerPieceOperations = 1_000_000

/// The direct convolution, in pieces of one image, one panel of channels and one band of rows.
///
/// The caller guarantees that the margin covers the padding and that both layouts fit.
@unsafe private func convolveBands(
  _ input: ActivationBuffer, _ x: ActivationLayout, _ filters: PackedFilters<Float>,
  _ g: ConvolutionGeometry, into output: ActivationBuffer, _ y: ActivationLayout, rectified: Bool
) {
  let (R, S, panels) = (filters.shape[0], filters.shape[1], filters.panelsPerGroup)
  let (bands, bandRows) = rowBands(
    y.H, 2 * y.W * filters.panelWidth * R * S * x.C, layerPieceOperations)
  parallelFor(y.N * panels * bands) { piece in
    let (image, rest) = piece.quotientAndRemainder(dividingBy: panels * bands)
    let (panel, first) = (rest / bands, rest % bands * bandRows)
    let band = ConvolutionBand(
      rows: min(bandRows, y.H - first), inputRowStep: g.strideY * x.rowLength,
      outputRowStep: y.rowLength, pixels: y.W, inputPixelStep: g.strideX * x.C,
      outputPixelStep: y.stride, outerTaps: R, outerStep: g.dilationY * x.rowLength, innerTaps: 1,
      innerStep: x.C, channels: S * x.C, columns: filters.columns(ofPanel: panel),
      rectifies: rectified ? 1 : 0)
    let from = x.offset(image, first * g.strideY - g.paddingTop) - g.paddingLeft * x.C
    let to = y.offset(image, first) + panel * filters.panelWidth
    // SAFETY: windows stay inside the margin; pieces write different rows or channels.
    unsafe filters.panels.withUnsafeBufferPointer { weights in
      unsafe filters.bias.withUnsafeBufferPointer { bias in
        guard let weights = weights.baseAddress, let bias = bias.baseAddress else { return }
        unsafe convolveBand(
          band, input.start + from, weights + panel * filters.panelLength,
          bias + panel * filters.panelWidth, output.start + to)
      }
    }
  }
}

/// The pooled images at `x` in `input`, written to `y` in `output`.
///
/// - Precondition: `x` has no margin and its memory for itself, nor does `y` share its pixels; the
///   two buffers differ. The extents of `y` are those of the windows.
package func pool(
  _ input: ActivationBuffer, _ x: ActivationLayout, height: Int, width: Int,
  geometry g: ConvolutionGeometry, _ kind: PoolingKind, into output: ActivationBuffer,
  _ y: ActivationLayout
) {
  precondition(
    x.margin == 0 && x.stride == x.C && y.stride == y.C && x.C == y.C && x.N == y.N
      && input !== output && x.count <= input.capacity && y.count <= output.capacity,
    "cannot pool \(x) to \(y)")
  precondition(
    kind == .adaptiveMean
      || poolingShape([x.N, x.H, x.W, x.C], height, width, g) == [y.N, y.H, y.W, y.C],
    "windows of \(height) x \(width) do not make \(y) of \(x)")
  parallelFor(y.N * y.H) { piece in
    let (image, row) = piece.quotientAndRemainder(dividingBy: y.H)
    let plan = PoolingPlan(
      H: x.H, W: x.W, C: x.C, firstRow: row, endRow: row + 1, Ho: y.H, Wo: y.W, R: height,
      S: width, strideY: g.strideY, strideX: g.strideX, top: g.paddingTop, left: g.paddingLeft,
      kind: kind.rawValue)
    // SAFETY: pieces write different rows of the output; windows are clipped to the image.
    unsafe poolImage(plan, input.start + x.offset(image, 0), output.start + y.offset(image, row))
  }
}

/// The sum of two activations of one shape; where `rectified`, negative sums become 0.
///
/// - Precondition: the shapes agree, and no activation shares its pixels.
package func add(
  _ a: ActivationBuffer, _ x: ActivationLayout, _ b: ActivationBuffer, _ z: ActivationLayout,
  into output: ActivationBuffer, _ y: ActivationLayout, rectified: Bool
) {
  precondition(
    [x.N, x.H, x.W, x.C] == [y.N, y.H, y.W, y.C] && [z.N, z.H, z.W, z.C] == [y.N, y.H, y.W, y.C]
      && x.stride == x.C && z.stride == z.C && y.stride == y.C && x.count <= a.capacity
      && z.count <= b.capacity && y.count <= output.capacity,
    "cannot add \(x) and \(z) to \(y)")
  let floor = rectified ? 0 : -Float.infinity
  parallelFor(y.N * y.H) { piece in
    let (image, row) = piece.quotientAndRemainder(dividingBy: y.H)
    // SAFETY: pieces write different rows; rows lie inside the layouts, which fit.
    let p = unsafe a.start + x.offset(image, row)
    let q = unsafe b.start + z.offset(image, row)
    let r = unsafe output.start + y.offset(image, row)
    for j in 0..<(y.W * y.C) {
      let sum = unsafe p[j] + q[j]
      unsafe r[j] = sum < floor ? floor : sum
    }
  }
}
