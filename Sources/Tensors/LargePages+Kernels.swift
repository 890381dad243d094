// Memory for weights and blocks of matrices, in pages of 2 MiB where the system gives them.
//
// Deviations: none. Checked by: LargePagesTests. Cost: what the memory costs.

import _CPUFeatures

/// Zeros in large pages.
package func largeZeros<Scalar: KernelScalar>(_ count: Int) -> [Scalar] {
  // SAFETY: the buffer holds `count` numbers, all of which are initialised.
  unsafe [Scalar](unsafeUninitializedCapacity: count) { buffer, initialised in
    guard let start = buffer.baseAddress else { return }
    unsafe nital_use_large_pages(start, count * MemoryLayout<Scalar>.stride)
    unsafe start.initialize(repeating: 0, count: count)
    initialised = count
  }
}

/// Uninitialised memory in large pages, for the caller to deallocate.
@unsafe package func allocateLarge(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
  let start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: alignment)
  unsafe nital_use_large_pages(start, byteCount)
  return unsafe start
}
