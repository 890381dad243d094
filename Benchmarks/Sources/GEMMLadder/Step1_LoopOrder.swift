// Step 1: the order of the loops. The innermost runs along rows of B and C.
//
// Neighbouring numbers are used one after the other, and the compiler can compute several at once.
// What limits it: a row of C is loaded and stored for every p, and B comes from far caches.

/// C = A B for n x n matrices.
func step1(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  for i in 0..<n {
    let c = C + i * n
    for j in 0..<n { c[j] = 0 }
    for p in 0..<n {
      let a = A[i * n + p]
      let b = B + p * n
      for j in 0..<n { c[j] += a * b[j] }
    }
  }
}
