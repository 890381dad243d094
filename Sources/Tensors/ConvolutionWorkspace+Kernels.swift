// Memory that convolutions write and read again before they return, kept for the next one.
//
// Fresh memory costs a page fault for each 4 KB, some milliseconds for a large layer.
// Deviations: none. Checked by: WinogradTests. Cost: the largest workspace that was needed is kept.

import Synchronization

/// Page-aligned values with one owner at a time.
@safe final class ConvolutionWorkspace: @unchecked Sendable {
  // Sendable: who took it owns it; the threads of one convolution use disjoint parts.
  let start: UnsafeMutablePointer<Float>
  private let capacity: Int

  private init(capacity: Int) {
    self.capacity = capacity
    unsafe start = unsafe allocateLarge(
      byteCount: capacity * MemoryLayout<Float>.stride, alignment: 4096
    ).bindMemory(to: Float.self, capacity: capacity)
  }

  deinit { unsafe UnsafeMutableRawPointer(start).deallocate() }

  private static let spare = Mutex<ConvolutionWorkspace?>(nil)

  /// Calls `body` with at least `capacity` values of any content.
  static func withValues(_ capacity: Int, _ body: (ConvolutionWorkspace) -> Void) {
    let kept = spare.withLock { (kept: inout ConvolutionWorkspace?) -> ConvolutionWorkspace? in
      defer { kept = nil }
      return kept
    }
    var workspace = kept
    if (workspace?.capacity ?? 0) < capacity { workspace = nil }
    let used = workspace ?? ConvolutionWorkspace(capacity: max(1, capacity))
    body(used)
    spare.withLock { kept in
      if (kept?.capacity ?? 0) < used.capacity { kept = used }
    }
  }

  /// A distance of at least `count` values between parts that are read side by side: an odd number
  /// of cache lines, so that they do not compete for the same places of a cache.
  static func spread(_ count: Int) -> Int { ((count + 15) / 16 | 1) * 16 }
}
