// The gradient of a strided convolution's input: a convolution for each phase, written where it belongs.
//
// Implements: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning",
//   arXiv:1603.07285 (2016), section 4.
// Equation -> code: see ConvolutionBackward.swift: the rows i of dX with (i + top) mod stride = a are a
//   convolution of dY with the taps r = a + stride t, mirrored -> `Phase`, `PhaseFilters`.
// Symbols: N H W C -> dX; Ho Wo K -> dY.
// Order of sums: taps of a phase as they lie in the mirrored filter, then channels, one chain.
// Deviations: none. Checked by: ConvolutionBackwardTests (twin, adjoint identity, thread counts).
// Cost: 2 N Ho Wo K R S C flops; dY is copied once where a phase reads beyond its edges.

/// One phase along one axis: which taps, and which outputs of the phase's convolution.
private struct Phase: Sendable {
  /// The first tap, and the number of taps, `stride` apart.
  let first, taps: Int
  /// The first row of dX, and the number of rows, `stride` apart.
  let row, rows: Int
  /// Zeros before and after dY; negative numbers cut off.
  let before, after: Int

  /// Phase `a` of an axis with `extent` inputs, `outputs` outputs and `filter` taps.
  init(_ a: Int, stride: Int, padding: Int, extent: Int, outputs: Int, filter: Int) {
    first = a
    taps = a < filter ? (filter - a + stride - 1) / stride : 0
    row = ((a - padding) % stride + stride) % stride
    rows = row < extent ? (extent - row + stride - 1) / stride : 0
    let start = (row + padding - a) / stride
    before = taps - 1 - start
    after = start + rows - outputs
  }
}

/// The filters of one phase of rows and columns: panels of (taps, K) rows of two vectors of channels.
private struct PhaseFilters<Scalar: KernelScalar>: Sendable {
  let y, x: Phase
  private(set) var panels: [Scalar] = []

  init(_ filters: Tensor<Scalar>, _ y: Phase, _ x: Phase, _ g: ConvolutionGeometry, _ width: Int) {
    (self.y, self.x) = (y, x)
    let (S, C, K) = (filters.shape[1], filters.shape[2], filters.shape[3])
    let taps = y.taps * x.taps
    guard taps > 0 else { return }
    var packed = [Scalar](repeating: 0, count: (C + width - 1) / width * taps * K * width)
    // SAFETY: a chunk is one tap of a panel: K rows of `width` channels; a tap has C rows of K filters.
    unsafe filters.scalars.withUnsafeBufferPointer { weights in
      guard let base = weights.baseAddress else { return }
      let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: base))
      parallelForEachChunk(of: &packed, size: max(1, K * width)) { index, chunk in
        let (panel, place) = index.quotientAndRemainder(dividingBy: taps)
        let (r, s) = (
          y.first + (y.taps - 1 - place / x.taps) * g.strideY,
          x.first + (x.taps - 1 - place % x.taps) * g.strideX
        )
        unsafe chunk.withUnsafeMutableBufferPointer { chunk in
          guard let to = chunk.baseAddress else { return }
          for lane in 0..<min(width, C - panel * width) {
            let row = unsafe from.pointer + ((r * S + s) * C + panel * width + lane) * K
            for k in 0..<K { unsafe to[k * width + lane] = row[k] }
          }
        }
      }
    }
    panels = packed
  }
}

/// Some rows of one panel of channels of one phase.
private struct PhasePiece: Sendable {
  let phase, panel, first, rows: Int
}

/// How a gradient is cut into the convolutions of its phases.
private struct PhasePlan<Scalar: KernelScalar>: Sendable {
  let N, H, W, C, Ho, Wo, K, width: Int
  let g: ConvolutionGeometry
  let phases: [PhaseFilters<Scalar>]
  /// Rows above dY and columns left of it that phases read, and the extents with all margins.
  let top, left, height, columns: Int
  /// The pieces of an image.
  private(set) var pieces: [PhasePiece] = []
  /// Whether some pixels of dX belong to a phase without taps.
  let hasGaps: Bool

  init(_ input: [Int], _ output: [Int], _ filters: Tensor<Scalar>, _ g: ConvolutionGeometry) {
    (N, H, W, C) = (input[0], input[1], input[2], input[3])
    (Ho, Wo, K, self.g) = (output[1], output[2], output[3], g)
    let panelWidth = 2 * vectorWidth(of: Scalar.self)
    let ys = (0..<g.strideY).map {
      Phase(
        $0, stride: g.strideY, padding: g.paddingTop, extent: input[1], outputs: output[1],
        filter: filters.shape[0])
    }.filter { $0.rows > 0 }
    let xs = (0..<g.strideX).map {
      Phase(
        $0, stride: g.strideX, padding: g.paddingLeft, extent: input[2], outputs: output[2],
        filter: filters.shape[1])
    }.filter { $0.rows > 0 }
    hasGaps = (ys + xs).contains { $0.taps == 0 }
    let (rows, across) = (ys.filter { $0.taps > 0 }, xs.filter { $0.taps > 0 })
    top = rows.reduce(0) { max($0, $1.before) }
    left = across.reduce(0) { max($0, $1.before) }
    height = top + output[1] + rows.reduce(0) { max($0, $1.after) }
    columns = left + output[2] + across.reduce(0) { max($0, $1.after) }
    width = panelWidth
    phases = rows.flatMap { y in across.map { PhaseFilters(filters, y, $0, g, panelWidth) } }
    for (i, phase) in phases.enumerated() {
      let operations = 2 * phase.x.rows * panelWidth * phase.y.taps * phase.x.taps * K
      let (bands, each) = rowBands(phase.y.rows, operations)
      for piece in 0..<((C + panelWidth - 1) / panelWidth * bands) {
        let first = piece % bands * each
        pieces.append(
          PhasePiece(
            phase: i, panel: piece / bands, first: first, rows: min(each, phase.y.rows - first)))
      }
    }
  }

  var isPadded: Bool { height != Ho || columns != Wo }

  /// The band of one piece.
  func band(_ piece: PhasePiece) -> ConvolutionBand {
    let (y, x) = (phases[piece.phase].y, phases[piece.phase].x)
    return ConvolutionBand(
      rows: piece.rows, inputRowStep: columns * K, outputRowStep: g.strideY * W * C,
      pixels: x.rows, inputPixelStep: K, outputPixelStep: g.strideX * C, outerTaps: y.taps,
      outerStep: columns * K, innerTaps: 1, innerStep: 0, channels: x.taps * K,
      columns: min(width, C - piece.panel * width))
  }
}

/// Bytes of padded images that exist at a time.
private let paddedBytes = 1 << 25

/// The gradient of the input of a convolution without dilation.
func inputGradientByPhases<Scalar: KernelScalar>(
  _ dY: Tensor<Scalar>, _ filters: Tensor<Scalar>, _ g: ConvolutionGeometry,
  into dX: inout Tensor<Scalar>
) {
  let plan = PhasePlan(dX.shape, dY.shape, filters, g)
  if plan.hasGaps || dY.count == 0 {
    parallelForEachChunk(of: &dX.scalars, size: 1 << 16) { _, chunk in
      for i in chunk.indices { chunk[i] = 0 }
    }
  }
  guard dY.count > 0, !plan.pieces.isEmpty else { return }
  // SAFETY: the shapes were checked; both arrays outlive the loops.
  unsafe dY.scalars.withUnsafeBufferPointer { source in
    unsafe dX.scalars.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      let to = unsafe SharedPointer(target)
      guard plan.isPadded else {
        return unsafe convolvePhases(plan, 0..<plan.N, source, to)
      }
      let image = plan.height * plan.columns * plan.K
      let atOnce = min(plan.N, max(1, paddedBytes / (image * MemoryLayout<Scalar>.stride)))
      var margin = [Scalar](repeating: 0, count: atOnce * image)
      unsafe margin.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        for first in stride(from: 0, to: plan.N, by: atOnce) {
          let images = first..<min(plan.N, first + atOnce)
          unsafe copyInside(plan, images, source, SharedPointer(base))
          unsafe convolvePhases(plan, images, base, to)
        }
      }
    }
  }
}

/// Copies some images of dY into the middle of padded ones, whose margins stay zero.
@unsafe private func copyInside<Scalar: KernelScalar>(
  _ plan: PhasePlan<Scalar>, _ images: Range<Int>, _ source: UnsafePointer<Scalar>,
  _ margin: SharedPointer<Scalar>
) {
  let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
  let row = plan.Wo * plan.K
  // SAFETY: each piece copies its own image.
  parallelFor(images.count) { image in
    for y in 0..<plan.Ho {
      let line = (image * plan.height + plan.top + y) * plan.columns + plan.left
      unsafe (margin.pointer + line * plan.K).update(
        from: from.pointer + ((images.lowerBound + image) * plan.Ho + y) * row, count: row)
    }
  }
}

/// Runs the pieces of some images, the first of which `source` points at.
@unsafe private func convolvePhases<Scalar: KernelScalar>(
  _ plan: PhasePlan<Scalar>, _ images: Range<Int>, _ source: UnsafePointer<Scalar>,
  _ target: SharedPointer<Scalar>
) {
  let zeros = [Scalar](repeating: 0, count: plan.width)
  let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
  let (K, C, g) = (plan.K, plan.C, plan.g)
  parallelFor(images.count * plan.pieces.count) { index in
    let (image, number) = index.quotientAndRemainder(dividingBy: plan.pieces.count)
    let piece = plan.pieces[number]
    let phase = plan.phases[piece.phase]
    let panelLength = phase.y.taps * phase.x.taps * K * plan.width
    let input =
      (image * plan.height + plan.top - phase.y.before + piece.first) * plan.columns + plan.left
      - phase.x.before
    let row = (images.lowerBound + image) * plan.H + phase.y.row + piece.first * g.strideY
    let output = (row * plan.W + phase.x.row) * C + piece.panel * plan.width
    // SAFETY: pieces write different pixels or channels of dX and read inside the margins of dY.
    unsafe phase.panels.withUnsafeBufferPointer { panels in
      unsafe zeros.withUnsafeBufferPointer { zeros in
        guard let panels = panels.baseAddress, let zeros = zeros.baseAddress else { return }
        unsafe convolveBand(
          plan.band(piece), from.pointer + input * K, panels + piece.panel * panelLength, zeros,
          target.pointer + output)
      }
    }
  }
}
