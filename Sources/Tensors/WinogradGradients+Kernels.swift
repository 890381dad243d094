// The gradient of a convolution's filters by Winograd's algorithms.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   section 4; the gradient to the filters is the transpose of equation (8) as a function of g.
// Equation -> code: dg = G^T [sum over tiles of (B^T d B) * (A dY A^T)] G -> `winogradFilterGradient`,
//   whose sums are products of C x tiles by tiles x K for each part -> `addProducts`.
// Symbols: m -> 2 or 4; V, D -> transformed inputs and gradients [part][tile][C or K]; P -> sums
//   [part][C][K].
// Order of sums: blocks of tiles in their order, cut by shapes alone; no bit depends on threads.
// Deviations: tiles lie an odd number of cache lines apart, so that those of a block do not compete for
//   the same places of a cache. Checked by: WinogradGradientTests, WinogradChunkTests (twin
//   winogradFilterGradientReference).
// Cost: (m + 2)^2 / (9 m^2) of the multiplications of the definition, 36 C K values for the sums, or
//   36 x 48 K a thread where all tiles are in one block.

import Synchronization
import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

extension ConvolutionAlgorithm {
  /// `self`, or what `.automatic` stands for in `convolutionFilterGradient`: one of Winograd's algorithms
  /// where it is chosen for the convolution itself and there are at least 32 channels and 32 filters (fewer
  /// make products too small to be worth the transforms), otherwise `.direct`.
  func resolvedForFilterGradient(
    _ output: [Int], _ filters: [Int], _ geometry: ConvolutionGeometry, isFloat: Bool
  ) -> ConvolutionAlgorithm {
    guard self == .automatic else { return self }
    let chosen = resolved(output, filters, geometry, isFloat: isFloat)
    return chosen.winogradTile != nil && min(filters[2], filters[3]) >= 32 ? chosen : .direct
  }
}

/// The gradient of a loss to the filters of a 3 x 3 convolution of stride 1, by Winograd's algorithm.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - dY: the gradient to the output, shape (N, Ho, Wo, K).
///   - g: the padding; stride, dilation and groups are 1.
///   - algorithm: `.winograd2` or `.winograd4`.
/// - Precondition: the shapes fit together.
/// - Returns: shape (3, 3, C, K).
public func winogradFilterGradient(
  _ input: Tensor<Float>, _ dY: Tensor<Float>, geometry g: ConvolutionGeometry,
  algorithm: ConvolutionAlgorithm
) -> Tensor<Float> {
  let (C, K) = (input.shape[3], dY.shape[3])
  let filters = [3, 3, C, K]
  guard let m = algorithm.winogradTile else {
    preconditionFailure("\(algorithm) is not one of Winograd's algorithms")
  }
  precondition(
    ConvolutionAlgorithm.winogradSuits(filters: filters, geometry: g)
      && g.outputShape(input: input.shape, filters: filters) == dY.shape,
    "\(input.shape) and \(dY.shape) with \(g) are no 3 x 3 convolution of stride 1")
  guard input.count > 0, dY.count > 0 else { return .zeros(filters) }
  let (H, W, Ho, Wo) = (input.shape[1], input.shape[2], dY.shape[1], dY.shape[2])
  let plan = WinogradPlan(
    m: m, N: input.shape[0], H: H, W: W, C: C, top: g.paddingTop, left: g.paddingLeft,
    inputSteps: (H * W * C, W * C, C), Ho: Ho, Wo: Wo, K: K,
    outputSteps: (Ho * Wo * K, Wo * K, K), rectified: false)
  var result = Tensor<Float>(shape: filters, scalars: largeArray(9 * C * K))
  // SAFETY: the arrays hold what their shapes say and outlive the call.
  unsafe input.scalars.withUnsafeBufferPointer { x in
    unsafe dY.scalars.withUnsafeBufferPointer { y in
      unsafe result.scalars.withUnsafeMutableBufferPointer { target in
        guard let x = x.baseAddress, let y = y.baseAddress, let target = target.baseAddress
        else { return }
        unsafe filterGradient(plan, x, y, K, target)
      }
    }
  }
  return result
}

/// Bytes of transformed tiles at a time, and tiles: a panel of 16 x 256 values stays in the first cache.
private let (blockBytes, blockTiles) = (20 << 20, 256)

/// Channels whose sums are finished at once where all tiles are in one block: whole tiles of 4, 6 or 12 rows.
private let chunkChannels = 48

/// Where the parts of one filter gradient lie in the workspace.
private struct FilterGradientLayout: Sendable {
  /// Tiles of a block, and values of a part of V and of D.
  let size, partV, partD: Int
  /// Values from a transformed tile of the input and of the gradient to the next.
  let tileV, tileD: Int
  /// Channels whose sums lie in memory together, and how many times: once, or once for each worker.
  let chunk, copiesP: Int
  /// Values of a part of the sums, of a worker's scratch and of its packed panels.
  let partP, scratch, packed: Int
  let workers = Parallelism.threads

  init(_ plan: WinogradPlan, _ K: Int, _ kernels: GEMMKernels<Float>) {
    let (C, parts) = (plan.input.channels, plan.parts)
    tileV = ConvolutionWorkspace.spread(plan.width)
    tileD = ConvolutionWorkspace.spread(plan.sumWidth)
    let fitting = max(32, min(blockTiles, blockBytes / (parts * (C + K) * 4)))
    // Blocks of equal size.
    let blocks = (plan.tiles + fitting - 1) / fitting
    size = (plan.tiles + blocks - 1) / blocks
    (partV, partD) = (
      ConvolutionWorkspace.spread(size * tileV), ConvolutionWorkspace.spread(size * tileD)
    )
    chunk = blocks > 1 ? C : min(C, chunkChannels)
    // The sums are read in whole groups of four vectors of at most 16 values.
    partP = ConvolutionWorkspace.spread(chunk * K + 64)
    copiesP = blocks > 1 ? 1 : workers
    scratch = ConvolutionWorkspace.spread(parts * (plan.width + plan.sumWidth + 32))
    let (MR, NR) = (kernels.rowsPerTile, kernels.columnsPerTile)
    packed = ConvolutionWorkspace.spread((C + MR) * size + MR * NR)
  }

  func total(_ parts: Int) -> Int {
    parts * (partV + partD + copiesP * partP) + workers * (scratch + packed)
  }
}

@unsafe private func filterGradient(
  _ plan: WinogradPlan, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ K: Int,
  _ target: UnsafeMutablePointer<Float>
) {
  let kernels = GEMMKernels<Float>.kernels(for: .current)
  let layout = FilterGradientLayout(plan, K, kernels)
  let input = unsafe SharedPointer(UnsafeMutablePointer(mutating: x))
  let gradient = unsafe SharedPointer(UnsafeMutablePointer(mutating: y))
  ConvolutionWorkspace.withValues(layout.total(plan.parts)) { workspace in
    // SAFETY: V, D, P and the workers' scratch lie side by side in the workspace; pieces write
    // different tiles or parts.
    let V = unsafe SharedPointer(workspace.start)
    let D = unsafe SharedPointer(V.pointer + plan.parts * layout.partV)
    let P = unsafe SharedPointer(D.pointer + plan.parts * layout.partD)
    let own = unsafe SharedPointer(P.pointer + layout.copiesP * plan.parts * layout.partP)
    let packs = unsafe SharedPointer(own.pointer + layout.workers * layout.scratch)
    for first in stride(from: 0, to: plan.tiles, by: layout.size) {
      let count = min(layout.size, plan.tiles - first)
      unsafe transformBlock(plan, layout, first, count, (input, gradient), V, D, own)
      if layout.size < plan.tiles {
        unsafe addProducts(plan, layout, kernels, count, K, first > 0, V, D, P, packs)
      }
    }
    let to = unsafe SharedPointer(target)
    if layout.size < plan.tiles {
      let all = plan.input.channels * K
      unsafe finishFilters(plan.m, all, P, layout.partP, to, all)
    } else {
      unsafe finishChunks(plan, layout, kernels, K, V, D, P, packs, to)
    }
  }
}

/// V and D of `count` tiles from `first` on; each worker has scratch memory from `own` on.
@unsafe private func transformBlock(
  _ plan: WinogradPlan, _ layout: FilterGradientLayout, _ first: Int, _ count: Int,
  _ images: (input: SharedPointer<Float>, gradient: SharedPointer<Float>),
  _ V: SharedPointer<Float>, _ D: SharedPointer<Float>, _ own: SharedPointer<Float>
) {
  let (input, gradient) = unsafe images
  forTiles(count, layout.tileV + layout.tileD, layout.workers) { worker, begin, end in
    var (tiles, outputs) = (plan.input, plan.output)
    (tiles.tileStep, outputs.tileStep) = (layout.tileV, layout.tileD)
    (tiles.first, tiles.end, tiles.partStep) = (first + begin, first + end, layout.partV)
    (outputs.first, outputs.end, outputs.partStep) = (first + begin, first + end, layout.partD)
    // SAFETY: pieces write different tiles; a worker has its own scratch memory.
    let scratch = unsafe own.pointer + worker * layout.scratch
    unsafe transformTiles(
      tiles, plan.m, isGradient: false, input.pointer, V.pointer + begin * layout.tileV, scratch)
    unsafe transformTiles(
      outputs, plan.m, isGradient: true, gradient.pointer, D.pointer + begin * layout.tileD,
      scratch)
  }
}

/// The sums of all tiles and the filters made of them, some channels at a time, so that sums stay in the cache.
@unsafe private func finishChunks(
  _ plan: WinogradPlan, _ layout: FilterGradientLayout, _ kernels: GEMMKernels<Float>, _ K: Int,
  _ V: SharedPointer<Float>, _ D: SharedPointer<Float>, _ P: SharedPointer<Float>,
  _ packs: SharedPointer<Float>, _ target: SharedPointer<Float>
) {
  let C = plan.input.channels
  let chunks = (C + layout.chunk - 1) / layout.chunk
  let next = Atomic<Int>(0)
  parallelFor(min(layout.workers, chunks)) { worker in
    while true {
      let first = next.wrappingAdd(1, ordering: .relaxed).oldValue * layout.chunk
      guard first < C else { return }
      let count = min(layout.chunk, C - first)
      // SAFETY: a worker has its own sums and panels; chunks are different channels of the filters.
      let sums = unsafe SharedPointer(P.pointer + worker * plan.parts * layout.partP)
      for part in 0..<plan.parts {
        unsafe addProduct(
          layout, kernels, (count, K, plan.tiles), false,
          V.pointer + (part * layout.partV + first), D.pointer + part * layout.partD,
          sums.pointer + part * layout.partP, packs.pointer + worker * layout.packed)
      }
      unsafe finishFilters(
        plan.m, count * K, sums, layout.partP, SharedPointer(target.pointer + first * K), C * K)
    }
  }
}

/// P[part] (+)= V[part]^T D[part] of a block of tiles.
@unsafe private func addProducts(
  _ plan: WinogradPlan, _ layout: FilterGradientLayout, _ kernels: GEMMKernels<Float>,
  _ count: Int, _ K: Int, _ adds: Bool, _ V: SharedPointer<Float>, _ D: SharedPointer<Float>,
  _ P: SharedPointer<Float>, _ packs: SharedPointer<Float>
) {
  // Each part is a piece of its own.
  forTiles(plan.parts, 1 << 13, layout.workers) { worker, first, end in
    for part in first..<end {
      // SAFETY: a worker has its own panels; parts are different sums.
      unsafe addProduct(
        layout, kernels, (plan.input.channels, K, count), adds, V.pointer + part * layout.partV,
        D.pointer + part * layout.partD, P.pointer + part * layout.partP,
        packs.pointer + worker * layout.packed)
    }
  }
}

/// P (+)= V^T D of `size.m` channels, `size.n` filters and `size.k` tiles: V is packed, D is read in place.
@unsafe private func addProduct(
  _ layout: FilterGradientLayout, _ kernels: GEMMKernels<Float>,
  _ size: (m: Int, n: Int, k: Int), _ adds: Bool, _ V: UnsafePointer<Float>,
  _ D: UnsafePointer<Float>, _ P: UnsafeMutablePointer<Float>,
  _ packed: UnsafeMutablePointer<Float>
) {
  let (MR, NR) = (kernels.rowsPerTile, kernels.columnsPerTile)
  // SAFETY: a tile's room lies behind the packed panels; D's rows are filled up to tiles.
  unsafe kernels.pack(size.m, size.k, MR, false, V, 1, layout.tileV, packed)
  unsafe kernels.block(
    size.m, size.n, size.k, 1, packed, D, layout.tileD, NR, adds ? 1 : 0, P, size.n, 1,
    packed + (size.m + MR) * size.k)
}

/// G^T P G of every channel and filter, as sums of weighted parts in the order of the parts.
private struct FilterSums: Sendable {
  /// Tap t has terms `ends[t]` ..< `ends[t + 1]`.
  private(set) var ends = [0]
  private(set) var offsets: [Int] = []
  private(set) var weights: [Float] = []

  /// The terms of F(m x m, 3 x 3), whose parts lie `partStep` values apart.
  init(_ m: Int, partStep: Int) {
    let (n, G) = (m + 2, WinogradMatrices.of(m).G.map { $0.map { Float($0) } })
    for (r, s) in (0..<3).flatMap({ r in (0..<3).map { (r, $0) } }) {
      for a in 0..<n where G[a][r] != 0 {
        for b in 0..<n where G[b][s] != 0 {
          offsets.append((a * n + b) * partStep)
          weights.append(G[a][r] * G[b][s])
        }
      }
      ends.append(offsets.count)
    }
  }
}

/// Makes `count` filters of their sums; tap t of the first one goes to t `tapStep`.
@unsafe private func finishFilters(
  _ m: Int, _ count: Int, _ from: SharedPointer<Float>, _ partStep: Int,
  _ to: SharedPointer<Float>, _ tapStep: Int
) {
  let sums = FilterSums(m, partStep: partStep)
  let each = 1 << 12
  parallelFor((count + each - 1) / each) { piece in
    let first = piece * each
    // SAFETY: part p of value i lies at p partStep + i, with room behind the last; tap t of it at
    // t tapStep + i.
    unsafe sums.ends.withUnsafeBufferPointer { ends in
      unsafe sums.offsets.withUnsafeBufferPointer { offsets in
        unsafe sums.weights.withUnsafeBufferPointer { weights in
          guard let ends = ends.baseAddress, let offsets = offsets.baseAddress,
            let weights = weights.baseAddress
          else { return }
          unsafe sumParts(
            min(each, count - first), ends, offsets, weights, from.pointer + first,
            to.pointer + first, tapStep)
        }
      }
    }
  }
}

/// Calls the kernel of the instruction set in use.
@unsafe private func sumParts(
  _ count: Int, _ ends: UnsafePointer<Int>, _ offsets: UnsafePointer<Int>,
  _ weights: UnsafePointer<Float>, _ parts: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ tapStep: Int
) {
  unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: 64) { room in
    guard let s = room.baseAddress else { return }
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.winogradFilterSums(
        count, ends, offsets, weights, parts, output, tapStep, s)
    case .avx2:
      unsafe _Kernels256.winogradFilterSums(
        count, ends, offsets, weights, parts, output, tapStep, s)
    #endif
    default:
      unsafe _Kernels128.winogradFilterSums(
        count, ends, offsets, weights, parts, output, tapStep, s)
    }
  }
}
