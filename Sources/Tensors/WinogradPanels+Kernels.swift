// Winograd's convolution of few tiles: panels of channels that one thread takes through the last two steps.
//
// Equation -> code: see Winograd+Kernels.swift. Symbols: V, M as there.
// Why: with few tiles, as at 13 x 13 or 7 x 7 pixels, each filter is read once anyhow; so the sums of a
//   panel of channels stay in the cache of the thread that transforms them back. Filters that are used
//   once are transformed there too, a panel at a time, and never written to memory.
// Deviations: none. Checked by: WinogradTests (twin winogradReference), WinogradChunkTests.
// Cost: see Winograd+Kernels.swift.

import Synchronization

/// Transforms all tiles, then multiplies them by one panel after the other.
///
/// Where there is a `bank`, panels are made of it, and those of `filters` are not read.
@unsafe func convolveByPanels(
  _ plan: WinogradPlan, _ source: UnsafePointer<Float>, _ filters: WinogradFilters,
  _ target: UnsafeMutablePointer<Float>, making bank: FilterBank? = nil
) {
  let (count, panelWidth, panels) = (plan.tiles, filters.panelWidth, filters.panelCount)
  let partV = ConvolutionWorkspace.spread(count * plan.width)
  let partM = ConvolutionWorkspace.spread(count * panelWidth)
  let workers = Parallelism.threads
  let madeU = bank == nil ? 0 : plan.parts * partOfPanel(filters)
  let (sharedV, each) = (plan.parts * partV, plan.parts * partM + plan.scratch + madeU)
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
        let scratch = unsafe M + plan.parts * partM
        let (used, index) = unsafe ready(bank, filters, panel, plan.m, scratch + plan.scratch)
        unsafe multiplyParts(
          used, 0..<plan.parts, index, count, (V.pointer, plan.width, partV),
          (M, panelWidth, partM))
        unsafe finishPanel(
          plan, filters, panel, (0, count), M, panelWidth, partM, to.pointer, scratch)
      }
    }
  }
}

/// Values from a part of a panel to the next where a panel is made for one thread.
private func partOfPanel(_ filters: WinogradFilters) -> Int {
  ConvolutionWorkspace.spread(filters.C * filters.panelWidth)
}

/// Filters and the number of the panel of them to use: where there is a bank, one panel made of it at `U`.
@unsafe private func ready(
  _ bank: FilterBank?, _ filters: WinogradFilters, _ panel: Int, _ m: Int,
  _ U: UnsafeMutablePointer<Float>
) -> (WinogradFilters, Int) {
  guard let bank else { return (filters, panel) }
  // SAFETY: the caller has (m + 2)^2 parts of a panel from `U` on.
  unsafe packPanel(bank, panel, 0..<bank.C, filters.panelWidth, m, U, partOfPanel(filters))
  return unsafe (filters.reading(U, partStep: partOfPanel(filters)), 0)
}
