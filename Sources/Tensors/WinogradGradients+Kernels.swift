// Gradients of stride-1 convolutions by Winograd's algorithms.
//
// Implements: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016,
//   section 4; the gradient to the filters is the transpose of equation (8) as a function of g.
// Equation -> code: dX = dY convolved with mirrored filters -> `convolveInputGradient`;
//   dg = G^T [sum over tiles of (B^T d B) * (A dY A^T)] G -> `winogradFilterGradient`, whose sums are
//   products of C x tiles by tiles x K for each part.
// Symbols: m -> 2 or 4; V, D -> transformed inputs and gradients [part][tile][C or K]; P -> sums
//   [part][C][K].
// Order of sums: blocks of tiles in their order, cut by shapes alone; no bit depends on threads.
// Deviations: none. Checked by: WinogradGradientTests (twin winogradFilterGradientReference).
// Cost: (m + 2)^2 / (9 m^2) of the multiplications of the definition, 36 C K values for the sums.

/// The gradient of a loss to the input of a convolution of stride 1.
///
/// It is itself a convolution of stride 1, of the output's gradient with mirrored filters whose channels
/// are exchanged, so that every algorithm can compute it.
///
/// - Parameters:
///   - dY: the gradient to the output, shape (N, Ho, Wo, K).
///   - filters: shape (R, S, C, K).
///   - inputShape: the shape (N, H, W, C) of the input.
///   - g: stride, padding, dilation and groups of the convolution.
///   - algorithm: how; see `ConvolutionAlgorithm`.
/// - Precondition: stride, dilation and groups are 1, paddings less than the filter's extents.
/// - Returns: shape (N, H, W, C).
public func convolveInputGradient(
  _ dY: Tensor<Float>, _ filters: Tensor<Float>, inputShape: [Int],
  geometry g: ConvolutionGeometry, algorithm: ConvolutionAlgorithm = .automatic
) -> Tensor<Float> {
  let shape = g.outputShape(input: inputShape, filters: filters.shape)
  let (R, S) = (filters.shape[0], filters.shape[1])
  precondition(shape == dY.shape, "the gradient has shape \(dY.shape), the output \(shape)")
  precondition(
    max(g.strideY, g.strideX, g.dilationY, g.dilationX, g.groups) == 1
      && max(g.paddingTop, g.paddingBottom) < R && max(g.paddingLeft, g.paddingRight) < S,
    "filters \(filters.shape) with \(g) have no gradient of stride 1")
  let turned = ConvolutionGeometry(
    strideY: 1, strideX: 1, paddingTop: R - 1 - g.paddingTop,
    paddingBottom: R - 1 - g.paddingBottom, paddingLeft: S - 1 - g.paddingLeft,
    paddingRight: S - 1 - g.paddingRight)
  return convolve(dY, mirroredFilters(filters), geometry: turned, algorithm: algorithm)
}

/// Filters (R, S, C, K) turned by half a turn, their channels exchanged: shape (R, S, K, C).
public func mirroredFilters(_ filters: Tensor<Float>) -> Tensor<Float> {
  precondition(filters.rank == 4, "filters have shape (R, S, C, K), not \(filters.shape)")
  let (C, K) = (filters.shape[2], filters.shape[3])
  let taps = filters.shape[0] * filters.shape[1]
  let values = filters.scalars
  var result = Tensor<Float>.zeros([filters.shape[0], filters.shape[1], K, C])
  parallelForEachChunk(of: &result.scalars, size: max(1, K * C)) { tap, chunk in
    let source = (taps - 1 - tap) * C * K
    for k in 0..<K {
      for c in 0..<C { chunk[k * C + c] = values[source + c * K + k] }
    }
  }
  return result
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
  var result = Tensor<Float>.zeros(filters)
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

/// Bytes of transformed tiles at a time.
private let blockBytes = 8 << 20

@unsafe private func filterGradient(
  _ plan: WinogradPlan, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ K: Int,
  _ target: UnsafeMutablePointer<Float>
) {
  let (C, parts, workers) = (plan.input.channels, plan.parts, Parallelism.threads)
  let wide = plan.sumWidth
  let fitting = blockBytes / (parts * (plan.width + wide) * 4)
  let size = min(plan.tiles, max(32, min(512, fitting)))
  let (partV, partD) = (
    ConvolutionWorkspace.spread(size * plan.width), ConvolutionWorkspace.spread(size * wide)
  )
  let scratch = ConvolutionWorkspace.spread(parts * (plan.width + wide + 32))
  let sums = parts * C * K
  let values = parts * (partV + partD) + sums + workers * scratch
  let input = unsafe SharedPointer(UnsafeMutablePointer(mutating: x))
  let gradient = unsafe SharedPointer(UnsafeMutablePointer(mutating: y))
  ConvolutionWorkspace.withValues(values) { workspace in
    // SAFETY: V, D, P and the workers' scratch lie side by side in the workspace; pieces write
    // different tiles or parts.
    let V = unsafe SharedPointer(workspace.start)
    let D = unsafe SharedPointer(workspace.start + parts * partV)
    let P = unsafe SharedPointer(workspace.start + parts * (partV + partD))
    let own = unsafe SharedPointer(workspace.start + parts * (partV + partD) + sums)
    for first in stride(from: 0, to: plan.tiles, by: size) {
      let count = min(size, plan.tiles - first)
      forTiles(count, plan.width + wide, workers) { worker, begin, end in
        var (tiles, outputs) = (plan.input, plan.output)
        (tiles.first, tiles.end, tiles.partStep) = (first + begin, first + end, partV)
        (outputs.first, outputs.end, outputs.partStep) = (first + begin, first + end, partD)
        let scratch = unsafe own.pointer + worker * scratch
        unsafe transformTiles(
          tiles, plan.m, isGradient: false, input.pointer, V.pointer + begin * plan.width, scratch)
        unsafe transformTiles(
          outputs, plan.m, isGradient: true, gradient.pointer, D.pointer + begin * wide, scratch)
      }
      parallelFor(parts) { part in
        unsafe gemmPointers(
          m: C, n: K, k: count, alpha: 1, A: V.pointer + part * partV, rowStrideA: 1,
          columnStrideA: plan.width, B: D.pointer + part * partD, rowStrideB: wide,
          columnStrideB: 1, beta: first == 0 ? 0 : 1, C: P.pointer + part * C * K, rowStrideC: K,
          columnStrideC: 1)
      }
    }
    unsafe finishFilters(plan.m, C * K, P.pointer, target)
  }
}

/// G^T P G of every channel and filter.
@unsafe private func finishFilters(
  _ m: Int, _ count: Int, _ P: UnsafeMutablePointer<Float>,
  _ target: UnsafeMutablePointer<Float>
) {
  let (n, G) = (m + 2, WinogradMatrices.of(m).G.map { $0.map { Float($0) } })
  let (from, to) = unsafe (SharedPointer(P), SharedPointer(target))
  let each = 1 << 12
  parallelFor((count + each - 1) / each) { piece in
    let range = (piece * each)..<min(count, (piece + 1) * each)
    for r in 0..<3 {
      for s in 0..<3 {
        // SAFETY: part p of value i lies at p count + i, tap t of it at t count + i.
        let tap = unsafe to.pointer + (3 * r + s) * count
        for i in range { unsafe tap[i] = 0 }
        for a in 0..<n where G[a][r] != 0 {
          for b in 0..<n where G[b][s] != 0 {
            let (weight, part) = unsafe (G[a][r] * G[b][s], from.pointer + (a * n + b) * count)
            for i in range { unsafe tap[i] += weight * part[i] }
          }
        }
      }
    }
  }
}
