// Step 2: blocks that fit a cache. A block of B is used for all rows of A before the next one.
//
// What limits it: C is still loaded and stored once for every multiplication.

/// C = A B for n x n matrices, in blocks of 64 x 256 of B (64 KB).
func step2(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  for index in 0..<n * n { C[index] = 0 }
  for column in stride(from: 0, to: n, by: 256) {
    let columns = min(256, n - column)
    for depth in stride(from: 0, to: n, by: 64) {
      for i in 0..<n {
        let c = C + (i * n + column)
        for p in depth..<min(n, depth + 64) {
          let a = A[i * n + p]
          let b = B + (p * n + column)
          for j in 0..<columns { c[j] += a * b[j] }
        }
      }
    }
  }
}
