// Memory of activations and gradients, used again within a run and from one run to the next.
//
// Deviations: a buffer serves arrays of exactly its own length; when none fits, free buffers are given
//   back, the largest first, until the new one fits into the budget. (Many small ones leave gaps in which
//   a large one does not fit: then the heap grows, and the system clears new pages.)
// Checked by: TapeTests. Cost: none.

import Tensors

/// Arrays by their lengths.
struct BufferPool<Scalar: KernelScalar> {
  /// Whether arrays are counted alone, and do not exist.
  let isDry: Bool
  /// The most values in memory, unless those in use are more.
  let budget: Int
  /// The values in memory now, and at most so far.
  private(set) var total = 0
  private(set) var peak = 0
  private var free: [(count: Int, array: [Scalar])] = []

  init(isDry: Bool, budget: Int) { (self.isDry, self.budget) = (isDry, budget) }

  /// An array of `count` values that do not matter.
  mutating func take(_ count: Int) -> [Scalar] {
    if let found = free.lastIndex(where: { $0.count == count }) {
      return free.remove(at: found).array
    }
    while total + count > budget,
      let largest = free.indices.max(by: { free[$0].count < free[$1].count })
    {
      total -= free.remove(at: largest).count
    }
    total += count
    peak = max(peak, total)
    return isDry ? [] : anyValues(count)
  }

  /// Takes an array back.
  mutating func give(_ array: [Scalar], count: Int) { free.append((count, array)) }
}
