// Winograd's convolution of few tiles: panels of channels that one thread takes through the last two steps.
//
// Equation -> code: see Winograd+Kernels.swift. Symbols: V, M as there.
// Why: with few tiles, as at 13 x 13 or 7 x 7 pixels, each filter is read once anyhow; so the sums of a
//   panel of channels stay in the cache of the thread that transforms them back.
// Deviations: none. Checked by: WinogradTests (twin winogradReference). Cost: see Winograd+Kernels.swift.

import Synchronization

/// Transforms all tiles, then multiplies them by one panel after the other.
@unsafe func convolveByPanels(
  _ plan: WinogradPlan, _ source: UnsafePointer<Float>, _ filters: WinogradFilters,
  _ target: UnsafeMutablePointer<Float>
) {
  let (count, panelWidth, panels) = (plan.tiles, filters.panelWidth, filters.panelCount)
  let partV = ConvolutionWorkspace.spread(count * plan.width)
  let partM = ConvolutionWorkspace.spread(count * panelWidth)
  let workers = Parallelism.threads
  let (sharedV, each) = (plan.parts * partV, plan.parts * partM + plan.scratch)
  let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
  let to = unsafe SharedPointer(target)
  ConvolutionWorkspace.withValues(sharedV + workers * each) { workspace in
    // SAFETY: behind V each worker has its part of the workspace; panels are different channels.
    let V = unsafe SharedPointer(workspace.start)
    forTiles(count, plan.width, workers) { worker, first, end in
      var input = plan.input
      (input.first, input.end, input.partStep) = (first, end, partV)
      unsafe transformTiles(
        input, plan.m, isGradient: false, from.pointer, V.pointer + first * plan.width,
        V.pointer + sharedV + worker * each)
    }
    let next = Atomic<Int>(0)
    parallelFor(min(workers, panels)) { worker in
      let M = unsafe V.pointer + sharedV + worker * each
      while true {
        let panel = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard panel < panels else { return }
        unsafe multiplyParts(
          filters, 0..<plan.parts, panel, count, (V.pointer, plan.width, partV),
          (M, panelWidth, partM))
        unsafe finishPanel(
          plan, filters, panel, (0, count), M, panelWidth, partM, to.pointer,
          M + plan.parts * partM)
      }
    }
  }
}
