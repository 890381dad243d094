// Winograd's convolution of batches of images: transform tiles, multiply part by part, transform back.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   section 4.1, algorithm 1, for F(2x2, 3x3) and F(4x4, 3x3).
// Equation -> code: Y = A^T [sum over c of (G g G^T) * (B^T d B)] A, equation (8) -> `transformTiles`,
//   `multiplyParts` (an ordinary product for each of the (m + 2)^2 parts), `finishTiles`.
// Symbols: m -> 2 or 4; V -> transformed tiles [part][tile][C]; M -> sums [part][tile][K].
// Order of sums: each part's sum over channels is one chain, so that no bit depends on how tiles are
//   cut into blocks, on threads, or on AVX2 or AVX-512.
// Deviations: few tiles: they are transformed once, and a thread takes a panel of channels through the
//   other two steps in its cache; few channels: a thread takes a block of tiles through all three;
//   many of both: a large block is cut anew at each step, so that filters are read once for all its tiles.
// Checked by: WinogradTests (twin winogradReference). Cost: (m + 2)^2 / (9 m^2) of the multiplications
//   of the direct algorithm, (m + 2)^2 / 9 of its filters' memory.

import Synchronization

/// The images of one Winograd convolution.
package struct WinogradPlan: Sendable {
  /// Outputs of a tile along an axis.
  let m: Int
  /// Tiles as they lie in the input and in the output.
  let input, output: WinogradTiles
  /// All tiles.
  let tiles: Int
  /// Channels of a transformed tile, and of its sums, in memory.
  let width, sumWidth: Int

  var parts: Int { (m + 2) * (m + 2) }
  /// Values of scratch memory that a transform needs.
  var scratch: Int { ConvolutionWorkspace.spread(parts * (width + 32)) }

  /// N images of H x W pixels to Ho x Wo pixels; distances of images, rows and pixels in values.
  package init(
    m: Int, N: Int, H: Int, W: Int, C: Int, top: Int, left: Int, inputSteps: (Int, Int, Int),
    Ho: Int, Wo: Int, K: Int, outputSteps: (Int, Int, Int), rectified: Bool
  ) {
    let lanes = vectorWidth(of: Float.self)
    let (down, across) = ((Ho + m - 1) / m, (Wo + m - 1) / m)
    self.m = m
    tiles = N * down * across
    width = max(C, lanes)
    sumWidth = (K + 2 * lanes - 1) / (2 * lanes) * 2 * lanes
    input = WinogradTiles(
      first: 0, end: tiles, across: across, ofImage: down * across, imageStep: inputSteps.0,
      rowStep: inputSteps.1, pixelStep: inputSteps.2, rows: H, columns: W, channels: C,
      tileStep: width, partStep: 0, top: top, left: left)
    output = WinogradTiles(
      first: 0, end: tiles, across: across, ofImage: down * across, imageStep: outputSteps.0,
      rowStep: outputSteps.1, pixelStep: outputSteps.2, rows: Ho, columns: Wo, channels: K,
      tileStep: sumWidth, partStep: 0, rectifies: rectified ? 1 : 0)
  }
}

/// Bytes of transformed tiles that a thread keeps in its cache, and of all in the common cache.
private let (ownBytes, commonBytes) = (224 << 10, 16 << 20)

/// Channels up to which a thread takes tiles through all steps.
private let ownChannels = 128

/// Tiles whose sums of one panel of channels fit into a thread's cache.
private let panelTiles = 64

/// Convolves images by filters packed for `plan.m`.
///
/// The caller guarantees that the images of `plan` lie in valid memory from `source` and `target` on.
@unsafe package func convolveWinograd(
  _ plan: WinogradPlan, _ source: UnsafePointer<Float>, _ filters: PackedFilters<Float>,
  _ target: UnsafeMutablePointer<Float>
) {
  let (C, K) = (filters.shape[2], filters.shape[3])
  // SAFETY: a part has whole panels of C rows; bias and zeros are filled up to whole panels.
  unsafe filters.panels.withUnsafeBufferPointer { panels in
    unsafe filters.bias.withUnsafeBufferPointer { bias in
      unsafe filters.zeros.withUnsafeBufferPointer { zeros in
        guard let panels = panels.baseAddress, let bias = bias.baseAddress,
          let zeros = zeros.baseAddress
        else { return }
        let view = unsafe WinogradFilters(
          C: C, K: K, panelWidth: filters.panelWidth,
          partStep: filters.panelsPerGroup * C * filters.panelWidth, panels: panels, bias: bias,
          zeros: zeros)
        unsafe convolveWinograd(plan, source, view, target)
      }
    }
  }
}

@unsafe private func convolveWinograd(
  _ plan: WinogradPlan, _ source: UnsafePointer<Float>, _ filters: WinogradFilters,
  _ target: UnsafeMutablePointer<Float>
) {
  if prefersPanels(plan, panels: filters.panelCount) {
    unsafe convolveByPanels(plan, source, filters, target)
  } else if plan.input.channels <= ownChannels {
    unsafe convolveInOwnBlocks(plan, ownTiles(plan), source, filters, target)
  } else {
    let bytes = plan.parts * (plan.width + plan.sumWidth) * 4
    unsafe convolveInCommonBlocks(plan, max(12, commonBytes / bytes), source, filters, target)
  }
}

/// Whether a thread takes one panel of channels after the other through all tiles.
private func prefersPanels(_ plan: WinogradPlan, panels: Int) -> Bool {
  plan.tiles <= panelTiles && panels > 1
}

/// Tiles of a block that fits into a thread's cache: whole tiles of the kernels, and about as many blocks
/// for each thread.
private func ownTiles(_ plan: WinogradPlan) -> Int {
  let fitting = min(48, max(12, ownBytes / (plan.parts * plan.width * 4) / 12 * 12))
  let threads = Parallelism.threads
  let rounds = max(1, ((plan.tiles + fitting - 1) / fitting + threads - 1) / threads)
  let equal = (plan.tiles + rounds * threads - 1) / (rounds * threads)
  return max(12, (equal + 5) / 6 * 6)
}

// MARK: - Blocks that one thread takes through all steps

@unsafe private func convolveInOwnBlocks(
  _ plan: WinogradPlan, _ size: Int, _ source: UnsafePointer<Float>,
  _ filters: WinogradFilters, _ target: UnsafeMutablePointer<Float>
) {
  let panelWidth = filters.panelWidth
  let partV = ConvolutionWorkspace.spread(size * plan.width)
  let partM = ConvolutionWorkspace.spread(size * panelWidth)
  let each = plan.parts * (partV + partM) + plan.scratch
  let blocks = (plan.tiles + size - 1) / size
  let workers = min(Parallelism.threads, blocks)
  let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
  let to = unsafe SharedPointer(target)
  ConvolutionWorkspace.withValues(workers * each) { workspace in
    let next = Atomic<Int>(0)
    parallelFor(workers) { worker in
      // SAFETY: each worker has its part of the workspace, each block its tiles of the output.
      let V = unsafe workspace.start + worker * each
      let M = unsafe V + plan.parts * partV
      let scratch = unsafe M + plan.parts * partM
      while true {
        let first = next.wrappingAdd(1, ordering: .relaxed).oldValue * size
        guard first < plan.tiles else { return }
        let count = min(size, plan.tiles - first)
        var input = plan.input
        (input.first, input.end, input.partStep) = (first, first + count, partV)
        unsafe transformTiles(input, plan.m, isGradient: false, from.pointer, V, scratch)
        for panel in 0..<filters.panelCount {
          unsafe multiplyParts(
            filters, 0..<plan.parts, panel, count, (V, plan.width, partV), (M, panelWidth, partM))
          unsafe finishPanel(
            plan, filters, panel, (first, first + count), M, panelWidth, partM, to.pointer, scratch)
        }
      }
    }
  }
}

/// Transforms the sums of one panel's channels back.
@unsafe func finishPanel(
  _ plan: WinogradPlan, _ filters: WinogradFilters, _ panel: Int, _ tiles: (Int, Int),
  _ M: UnsafeMutablePointer<Float>, _ tileStep: Int, _ partStep: Int,
  _ target: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  var output = plan.output
  (output.first, output.end) = tiles
  (output.tileStep, output.partStep) = (tileStep, partStep)
  output.channels = filters.columns(ofPanel: panel)
  let channel = panel * filters.panelWidth
  // SAFETY: the bias is filled up to whole panels.
  unsafe finishTiles(output, plan.m, M, filters.bias + channel, target + channel, scratch)
}

/// M[part] = V[part] U[part] for some parts, `tiles` tiles and one panel of channels.
///
/// V and M point at the first of the parts; then the distances of tiles and of parts.
@unsafe func multiplyParts(
  _ filters: WinogradFilters, _ parts: Range<Int>, _ panel: Int, _ tiles: Int,
  _ V: (start: UnsafeMutablePointer<Float>, tile: Int, part: Int),
  _ M: (start: UnsafeMutablePointer<Float>, tile: Int, part: Int)
) {
  let C = filters.C
  let panelLength = C * filters.panelWidth
  let band = unsafe ConvolutionBand(
    rows: 1, inputRowStep: 0, outputRowStep: 0, pixels: tiles, inputPixelStep: V.tile,
    outputPixelStep: M.tile, outerTaps: 1, outerStep: 0, innerTaps: 1, innerStep: 0, channels: C,
    columns: filters.panelWidth)
  // SAFETY: a part has `panelCount` panels of C rows; the zeros are a panel's width.
  unsafe convolveBands(
    parts.count, band, V.start, V.part,
    filters.panels + (parts.lowerBound * filters.partStep + panel * panelLength),
    filters.partStep, filters.zeros, M.start, M.part)
}

// MARK: - Blocks that all threads share, step by step

@unsafe private func convolveInCommonBlocks(
  _ plan: WinogradPlan, _ limit: Int, _ source: UnsafePointer<Float>,
  _ filters: WinogradFilters, _ target: UnsafeMutablePointer<Float>
) {
  let blocks = (plan.tiles + limit - 1) / limit
  // Blocks of equal size, whole tiles of the kernels but for the last.
  let size = min(plan.tiles, ((plan.tiles + blocks - 1) / blocks + 5) / 6 * 6)
  let partV = ConvolutionWorkspace.spread(size * plan.width)
  let partM = ConvolutionWorkspace.spread(size * plan.sumWidth)
  let workers = Parallelism.threads
  let values = plan.parts * (partV + partM) + workers * plan.scratch
  let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
  let to = unsafe SharedPointer(target)
  ConvolutionWorkspace.withValues(values) { workspace in
    // SAFETY: V, M and the workers' scratch lie side by side in the workspace.
    let V = unsafe SharedPointer(workspace.start)
    let M = unsafe SharedPointer(workspace.start + plan.parts * partV)
    let scratch = unsafe SharedPointer(workspace.start + plan.parts * (partV + partM))
    for first in stride(from: 0, to: plan.tiles, by: size) {
      let count = min(size, plan.tiles - first)
      forTiles(count, plan.width, workers) { worker, from0, end in
        var input = plan.input
        (input.first, input.end, input.partStep) = (first + from0, first + end, partV)
        unsafe transformTiles(
          input, plan.m, isGradient: false, from.pointer, V.pointer + from0 * plan.width,
          scratch.pointer + worker * plan.scratch)
      }
      unsafe multiplyParts(plan, filters, count, V, partV, M, partM)
      forTiles(count, plan.sumWidth, workers) { worker, from0, end in
        var output = plan.output
        (output.first, output.end, output.partStep) = (first + from0, first + end, partM)
        unsafe finishTiles(
          output, plan.m, M.pointer + from0 * plan.sumWidth, filters.bias, to.pointer,
          scratch.pointer + worker * plan.scratch)
      }
    }
  }
}

/// Calls `body(worker, first, end)` for pieces of `count` tiles of `width` channels.
func forTiles(
  _ count: Int, _ width: Int, _ workers: Int, _ body: @Sendable (Int, Int, Int) -> Void
) {
  // Some 20 us a piece.
  let each = max(1, (1 << 13) / width)
  let pieces = (count + each - 1) / each
  let next = Atomic<Int>(0)
  parallelFor(min(workers, pieces)) { worker in
    while true {
      let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard piece < pieces else { return }
      body(worker, piece * each, min(count, (piece + 1) * each))
    }
  }
}

/// M[part] = V[part] U[part] for all parts, in pieces of some panels of channels.
@unsafe private func multiplyParts(
  _ plan: WinogradPlan, _ filters: WinogradFilters, _ count: Int, _ V: SharedPointer<Float>,
  _ partV: Int, _ M: SharedPointer<Float>, _ partM: Int
) {
  let panels = filters.panelCount
  let operations = 2 * count * filters.panelWidth * filters.C
  let each = min(panels, max(1, pieceOperations / 2 / max(1, operations)))
  let groups = (panels + each - 1) / each
  // SAFETY: each piece writes its own channels of its own part.
  parallelFor(plan.parts * groups) { piece in
    let (part, group) = piece.quotientAndRemainder(dividingBy: groups)
    for panel in (group * each)..<min(panels, (group + 1) * each) {
      unsafe multiplyParts(
        filters, part..<(part + 1), panel, count, (V.pointer + part * partV, plan.width, 0),
        (M.pointer + part * partM + panel * filters.panelWidth, plan.sumWidth, 0))
    }
  }
}

// MARK: - Tensors

/// Convolves a whole tensor; nothing is padded, tiles reach beyond the images.
func convolveWinograd<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: PackedFilters<Scalar>, _ plan: ConvolutionPlan, _ m: Int,
  into output: inout Tensor<Scalar>
) {
  guard let filters = filters as? PackedFilters<Float> else {
    preconditionFailure("filters of \(Scalar.self) packed for Winograd's algorithm")
  }
  precondition(
    ConvolutionAlgorithm.winogradSuits(filters: filters.shape, geometry: plan.g),
    "Winograd's algorithms take 3 x 3 filters of stride 1, not \(filters.shape) with \(plan.g)")
  let tiles = WinogradPlan(
    m: m, N: plan.N, H: plan.H, W: plan.W, C: plan.C, top: plan.g.paddingTop,
    left: plan.g.paddingLeft, inputSteps: (plan.H * plan.W * plan.C, plan.W * plan.C, plan.C),
    Ho: plan.Ho, Wo: plan.Wo, K: plan.K,
    outputSteps: (plan.Ho * plan.Wo * plan.K, plan.Wo * plan.K, plan.K), rectified: false)
  // SAFETY: Scalar is Float; the shapes were checked, and both arrays outlive the call.
  unsafe input.scalars.withUnsafeBytes { source in
    unsafe output.scalars.withUnsafeMutableBytes { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      unsafe convolveWinograd(
        tiles, source.assumingMemoryBound(to: Float.self), filters,
        target.assumingMemoryBound(to: Float.self))
    }
  }
}

/// Convolves a whole tensor by filters that are transformed for this call, in memory that is used again.
///
/// The input has the shape (N, H, W, C), the output (N, Ho, Wo, K), and `g` has a padding alone. The filters
/// have the shape (3, 3, C, K), or where `isMirrored` (3, 3, K, C): then they are used mirrored, with
/// their channels exchanged, as in the gradient of another convolution's input. The bias is K values or none.
func convolveWinogradOnce<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: Tensor<Scalar>, isMirrored: Bool, bias: [Scalar],
  _ g: ConvolutionGeometry, _ m: Int, into output: inout Tensor<Scalar>
) {
  let (H, W, C) = (input.shape[1], input.shape[2], input.shape[3])
  let (Ho, Wo, K) = (output.shape[1], output.shape[2], output.shape[3])
  precondition(
    Scalar.self == Float.self && filters.shape == (isMirrored ? [3, 3, K, C] : [3, 3, C, K])
      && g.outputShape(input: input.shape, filters: [3, 3, C, K]) == output.shape
      && ConvolutionAlgorithm.winogradSuits(filters: filters.shape, geometry: g),
    "\(input.shape), \(filters.shape) and \(g) are no 3 x 3 convolution of stride 1 in Float")
  guard output.count > 0 else { return }
  let plan = WinogradPlan(
    m: m, N: input.shape[0], H: H, W: W, C: C, top: g.paddingTop, left: g.paddingLeft,
    inputSteps: (H * W * C, W * C, C), Ho: Ho, Wo: Wo, K: K,
    outputSteps: (Ho * Wo * K, Wo * K, K), rectified: false)
  // SAFETY: Scalar is Float; the shapes were checked, and the arrays outlive the call.
  unsafe input.scalars.withUnsafeBytes { source in
    unsafe filters.scalars.withUnsafeBytes { weights in
      unsafe output.scalars.withUnsafeMutableBytes { target in
        guard let source = source.baseAddress, let weights = weights.baseAddress,
          let target = target.baseAddress
        else { return }
        let bank = unsafe FilterBank(
          weights.assumingMemoryBound(to: Float.self), C, K, isMirrored: isMirrored)
        unsafe convolveWinogradOnce(
          plan, source.assumingMemoryBound(to: Float.self), bank, bias.map { Float($0) },
          target.assumingMemoryBound(to: Float.self))
      }
    }
  }
}

@unsafe private func convolveWinogradOnce(
  _ plan: WinogradPlan, _ source: UnsafePointer<Float>, _ bank: FilterBank, _ bias: [Float],
  _ target: UnsafeMutablePointer<Float>
) {
  let width = 2 * vectorWidth(of: Float.self)
  let channels = (bank.K + width - 1) / width * width
  let partStep = ConvolutionWorkspace.spread(channels * bank.C)
  let values = prefersPanels(plan, panels: channels / width) ? 0 : plan.parts * partStep
  ConvolutionWorkspace.withValues(values + channels + width) { workspace in
    // SAFETY: the transformed filters, the bias and zeros lie side by side in the workspace.
    let added = unsafe workspace.start + values
    unsafe added.update(repeating: 0, count: channels + width)
    for (k, value) in bias.enumerated() { unsafe added[k] = value }
    let filters = unsafe WinogradFilters(
      C: bank.C, K: bank.K, panelWidth: width, partStep: partStep, panels: workspace.start,
      bias: added, zeros: added + channels)
    if prefersPanels(plan, panels: filters.panelCount) {
      unsafe convolveByPanels(plan, source, filters, target, making: bank)
    } else {
      unsafe packWinograd(bank, width, plan.m, workspace.start, partStep)
      unsafe convolveWinograd(plan, source, filters, target)
    }
  }
}
