// A convolution and the maximum pooling behind it, some rows at a time, so that they stay in the cache.
//
// Equation -> code: those of `convolve` and `pool` (Activations+Kernels.swift); rows of the convolution lie in
//   a thread's own memory until windows have read them -> `RowsInCache`.
// Symbols: N H W C -> input; Ho Wo K -> the convolution's rows, columns, channels; a group is some rows
//   of windows.
// Deviations: pieces begin with rows that the piece before computes too. Each value is computed as in the
//   two layers apart, the same bits.
// Checked by: ConvolutionPoolingTests (the two layers apart). Cost: that of the two layers, and the rows
//   that two pieces share; 192 KB a thread.

/// Bytes of the convolution's rows that a thread keeps in its cache.
private let rowBytes = 192 << 10

/// Operations that a piece should have, so that few rows are computed twice.
private let pooledPieceOperations = 12_000_000

/// A convolution by packed filters for the direct algorithm, and windows over its result.
package struct PooledConvolution: Sendable {
  let filters: PackedFilters<Float>
  let g: ConvolutionGeometry
  let isRectified: Bool
  /// Rows and columns of the convolution's result.
  let Ho, Wo: Int
  /// Rows and columns of a window, and how it moves.
  let size: Int
  let windows: ConvolutionGeometry

  /// The two layers one behind the other.
  ///
  /// - Parameters:
  ///   - filters: packed for `.direct`, in one group.
  ///   - geometry: the convolution's.
  ///   - isRectified: whether negative results of the convolution become 0.
  ///   - height: rows of the convolution's result.
  ///   - width: columns of the convolution's result.
  ///   - size: rows and columns of a window.
  ///   - windows: stride and padding of the windows.
  package init(
    _ filters: PackedFilters<Float>, geometry: ConvolutionGeometry, isRectified: Bool, height: Int,
    width: Int, size: Int, windows: ConvolutionGeometry
  ) {
    precondition(
      filters.algorithm == .direct && filters.groups == 1 && geometry.dilationX == 1,
      "rows of windows need one direct group of undilated filters")
    (self.filters, g, self.isRectified) = (filters, geometry, isRectified)
    (Ho, Wo, self.size, self.windows) = (height, width, size, windows)
  }

  var K: Int { filters.shape[3] }

  /// The rows of the convolution that some rows of windows read.
  func rows(_ outputs: Range<Int>) -> Range<Int> {
    let first = outputs.lowerBound * windows.strideY - windows.paddingTop
    let end = (outputs.upperBound - 1) * windows.strideY - windows.paddingTop + size
    return max(0, first)..<min(Ho, end)
  }

  /// Rows of windows whose rows of the convolution fit into a thread's cache, at least one.
  var groupRows: Int {
    let fitting = rowBytes / max(1, Wo * K * MemoryLayout<Float>.stride)
    return max(1, (fitting - size) / windows.strideY + 1)
  }
}

/// The pooled convolution of the images at `x` in `input`, written to `y` in `output`.
///
/// - Precondition: the margin of `x` is at least the padding; `x` and `y` have their memory for themselves,
///   in two buffers; the extents of `y` are those of the windows.
package func convolveAndPool(
  _ input: ActivationBuffer, _ x: ActivationLayout, _ layers: PooledConvolution,
  into output: ActivationBuffer, _ y: ActivationLayout
) {
  let (g, filters) = (layers.g, layers.filters)
  let result = [x.N, layers.Ho, layers.Wo, layers.K]
  precondition(
    filters.shape[2] == x.C
      && g.outputShape(input: [x.N, x.H, x.W, x.C], filters: filters.shape) == result
      && poolingShape(result, layers.size, layers.size, layers.windows) == [y.N, y.H, y.W, y.C]
      && max(g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) <= x.margin
      && x.stride == x.C && y.stride == y.C && input !== output && x.count <= input.capacity
      && y.count <= output.capacity,
    "\(x) and \(y) do not suit filters \(filters.shape) and windows of \(layers.size)")
  let (pieces, each) = rowBands(
    y.H, 2 * layers.Wo * layers.windows.strideY * filters.shape.reduce(1, *),
    pooledPieceOperations)
  parallelFor(y.N * pieces) { piece in
    let (image, part) = piece.quotientAndRemainder(dividingBy: pieces)
    let outputs = (part * each)..<min(y.H, (part + 1) * each)
    let most = (layers.groupRows - 1) * layers.windows.strideY + layers.size
    ConvolutionWorkspace.withValues(most * layers.Wo * layers.K) { workspace in
      var rows = RowsInCache(layers, x, image, workspace, capacity: most)
      for first in stride(from: outputs.lowerBound, to: outputs.upperBound, by: layers.groupRows) {
        let group = first..<min(outputs.upperBound, first + layers.groupRows)
        rows.compute(layers.rows(group), input)
        rows.pool(group, into: output, y)
      }
    }
  }
}

/// Rows of one image's convolution in a thread's own memory.
private struct RowsInCache {
  private let layers: PooledConvolution
  private let x: ActivationLayout
  private let image: Int
  private let workspace: ConvolutionWorkspace
  /// The most rows, and those that are there, from the beginning of the memory on.
  private let capacity: Int
  private var present = 0..<0

  init(
    _ layers: PooledConvolution, _ x: ActivationLayout, _ image: Int,
    _ workspace: ConvolutionWorkspace, capacity: Int
  ) {
    (self.layers, self.x, self.image) = (layers, x, image)
    (self.workspace, self.capacity) = (workspace, capacity)
  }

  private var rowLength: Int { layers.Wo * layers.K }

  /// Makes `rows` present, which begin and end behind those of the call before or with them; those that are
  /// there already are moved to the beginning.
  mutating func compute(_ rows: Range<Int>, _ input: ActivationBuffer) {
    precondition(rows.count <= capacity, "\(rows) are more than \(capacity) rows")
    // Groups follow each other, so that rows that are there are the first ones.
    let kept = present.contains(rows.lowerBound) ? rows.lowerBound..<present.upperBound : 0..<0
    if !kept.isEmpty {
      // SAFETY: both places lie in the workspace, which has room for `capacity` rows.
      unsafe workspace.start.update(
        from: workspace.start + (kept.lowerBound - present.lowerBound) * rowLength,
        count: kept.count * rowLength)
    }
    convolve((rows.lowerBound + kept.count)..<rows.upperBound, at: kept.count, input)
    present = rows
  }

  /// Convolves rows, which come to lie from row `place` of the memory on.
  private func convolve(_ rows: Range<Int>, at place: Int, _ input: ActivationBuffer) {
    let (g, filters, C) = (layers.g, layers.filters, x.C)
    guard !rows.isEmpty else { return }
    let (R, S) = (filters.shape[0], filters.shape[1])
    let from = x.offset(image, rows.lowerBound * g.strideY - g.paddingTop) - g.paddingLeft * C
    // SAFETY: windows stay inside the margin; the rows fit into the workspace.
    unsafe filters.panels.withUnsafeBufferPointer { weights in
      unsafe filters.bias.withUnsafeBufferPointer { bias in
        guard let weights = weights.baseAddress, let bias = bias.baseAddress else { return }
        for panel in 0..<filters.panelsPerGroup {
          let band = ConvolutionBand(
            rows: rows.count, inputRowStep: g.strideY * x.rowLength, outputRowStep: rowLength,
            pixels: layers.Wo, inputPixelStep: g.strideX * C, outputPixelStep: layers.K,
            outerTaps: R, outerStep: g.dilationY * x.rowLength, innerTaps: 1, innerStep: C,
            channels: S * C, columns: filters.columns(ofPanel: panel),
            rectifies: layers.isRectified ? 1 : 0)
          unsafe convolveBand(
            band, input.start + from, weights + panel * filters.panelLength,
            bias + panel * filters.panelWidth,
            workspace.start + place * rowLength + panel * filters.panelWidth)
        }
      }
    }
  }

  /// Writes rows of windows, whose rows of the convolution are present.
  func pool(_ outputs: Range<Int>, into output: ActivationBuffer, _ y: ActivationLayout) {
    let w = layers.windows
    for row in outputs {
      let plan = PoolingPlan(
        H: layers.Ho, W: layers.Wo, C: layers.K, firstRow: row, endRow: row + 1, Ho: y.H, Wo: y.W,
        R: layers.size, S: layers.size, strideY: w.strideY, strideX: w.strideX, top: w.paddingTop,
        left: w.paddingLeft, kind: PoolingKind.maximum.rawValue)
      // SAFETY: the kernel reads the rows of its windows alone, which are present; the image's first row
      // would lie before the memory. It writes one row of the output.
      unsafe poolImage(
        plan, workspace.start - present.lowerBound * rowLength, output.start + y.offset(image, row))
    }
  }
}
