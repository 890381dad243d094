// Memory for weights and blocks of matrices, in pages of 2 MiB where the system gives them.
//
// Deviations: none. Checked by: LargePagesTests. Cost: what the memory costs.

import _CPUFeatures

/// Zeros in large pages.
package func largeZeros<Scalar: KernelScalar>(_ count: Int) -> [Scalar] {
  var values: [Scalar] = largeArray(count)
  // SAFETY: the buffer holds `count` numbers.
  unsafe values.withUnsafeMutableBufferPointer { unsafe $0.update(repeating: 0) }
  return values
}

/// Any values in large pages, for memory that is written before it is read.
package func largeArray<Scalar: KernelScalar>(_ count: Int) -> [Scalar] {
  // SAFETY: the buffer holds `count` numbers, which are values whatever their bits are.
  unsafe [Scalar](unsafeUninitializedCapacity: count) { buffer, initialised in
    guard let start = buffer.baseAddress else { return }
    unsafe nital_use_large_pages(start, count * MemoryLayout<Scalar>.stride)
    initialised = count
  }
}

/// Uninitialised memory in large pages, for the caller to deallocate.
@unsafe package func allocateLarge(byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
  let start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: alignment)
  unsafe nital_use_large_pages(start, byteCount)
  return unsafe start
}
