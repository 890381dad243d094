// The buffers of a network's activations, kept from one batch to the next.
//
// Fresh memory costs a page fault for each 4 KB: some 10 ms for VGG16.
// Deviations: none. Checked by: NetworkTests. Cost: the buffers of one batch are kept.

import Synchronization
import Tensors

/// Buffers that one batch at a time takes.
final class ActivationMemory: Sendable {
  private let spare = Mutex<[ActivationBuffer]>([])

  /// Buffers of at least these capacities: those of the last batch where they suffice, else new ones.
  func take(_ capacities: [Int]) -> [ActivationBuffer] {
    let kept = spare.withLock { (kept: inout [ActivationBuffer]) -> [ActivationBuffer] in
      defer { kept = [] }
      return kept
    }
    let fits =
      kept.count == capacities.count && zip(kept, capacities).allSatisfy { $0.capacity >= $1 }
    return fits ? kept : capacities.map { ActivationBuffer(capacity: $0) }
  }

  /// Keeps buffers for the next batch.
  func keep(_ buffers: [ActivationBuffer]) { spare.withLock { $0 = buffers } }
}
