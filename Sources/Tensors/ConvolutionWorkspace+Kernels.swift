// Memory that convolutions write and read again before they return, kept for the next one.
//
// Fresh memory costs a page fault for each 4 KB, some milliseconds for a large layer.
// Deviations: none. Checked by: WinogradTests. Cost: the two largest workspaces that were needed are kept.

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

  /// The largest that were used, of which one call may need two at a time.
  private static let spare = Mutex<[ConvolutionWorkspace]>([])
  private static let mostSpare = 2

  /// Calls `body` with at least `capacity` values of any content.
  static func withValues(_ capacity: Int, _ body: (ConvolutionWorkspace) -> Void) {
    let kept = spare.withLock { (all: inout [ConvolutionWorkspace]) -> ConvolutionWorkspace? in
      // They are in the order of their sizes.
      guard let fitting = all.firstIndex(where: { $0.capacity >= capacity }) else { return nil }
      return all.remove(at: fitting)
    }
    let used = kept ?? ConvolutionWorkspace(capacity: max(1, capacity))
    body(used)
    spare.withLock { all in
      all.insert(used, at: all.firstIndex { $0.capacity >= used.capacity } ?? all.count)
      if all.count > mostSpare { all.removeFirst() }
    }
  }

  /// A distance of at least `count` values between parts that are read side by side: an odd number
  /// of cache lines, so that they do not compete for the same places of a cache.
  static func spread(_ count: Int) -> Int { ((count + 15) / 16 | 1) * 16 }
}
