// Step 6: the kernels of the processor at hand, chosen at run time: vectors of 8 or 16 numbers,
// fused multiply-add, and a tile for each register file. This is Nital's own product in one thread.

import Tensors

/// C = A B for n x n matrices.
func step6(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  let before = Parallelism.threads
  defer { Parallelism.threads = before }
  Parallelism.threads = 1
  nitalProduct(n, A, B, C)
}

/// Nital's product of n x n matrices.
func nitalProduct(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  var target = UnsafeMutableBufferPointer(start: C, count: n * n).mutableSpan
  gemm(
    m: n, n: n, k: n, alpha: 1, A: UnsafeBufferPointer(start: A, count: n * n).span, rowStrideA: n,
    columnStrideA: 1, B: UnsafeBufferPointer(start: B, count: n * n).span, rowStrideB: n,
    columnStrideB: 1, beta: 0, C: &target, rowStrideC: n, columnStrideC: 1)
}
