// Step 7: threads. Blocks of rows are pieces of work that all processors take, the packing of the
// next block of B among them; the result has the same bits as that of one thread.

/// C = A B for n x n matrices.
func step7(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  nitalProduct(n, A, B, C)
}
