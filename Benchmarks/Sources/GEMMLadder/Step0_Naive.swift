// Step 0: the definition. Each element of C is one sum over a row of A and a column of B.
//
// What limits it: B is read down its columns, a new cache line for every number, and every addition
// waits for the one before it.

/// C = A B for n x n matrices.
func step0(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  for i in 0..<n {
    for j in 0..<n {
      var sum: Float = 0
      for p in 0..<n { sum += A[i * n + p] * B[p * n + j] }
      C[i * n + j] = sum
    }
  }
}
