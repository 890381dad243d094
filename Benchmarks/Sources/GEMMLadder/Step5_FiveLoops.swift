// Step 5: five loops. The depth is cut (KC), so that a panel of B stays in the first cache, and rows
// of A are packed in blocks (MC x KC) that stay in the second: Van Zee and van de Geijn, "BLIS",
// ACM Trans. Math. Softw. 41 (2015) 14, figure 4.
//
// What limits it: vectors of 4 numbers without fused multiply-add, all that x86-64 promises.

private let KC = 256
private let MC = 64

/// C = A B for n x n matrices, n a multiple of 8.
func step5(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: KC * n + MC * KC) { buffer in
    guard let panels = buffer.baseAddress else { return }
    let rowsOfA = panels + KC * n
    for depth in stride(from: 0, to: n, by: KC) {  // loop 4; loop 5 would cut very wide B
      let k = min(KC, n - depth)
      packPanels(k, n, B + depth * n, n, panels)
      for block in stride(from: 0, to: n, by: MC) {  // loop 3
        let m = min(MC, n - block)
        for i in 0..<m {
          for p in 0..<k { rowsOfA[(i / 4 * k + p) * 4 + i % 4] = A[(block + i) * n + depth + p] }
        }
        for j in stride(from: 0, to: n, by: 8) {  // loop 2
          for i in stride(from: 0, to: m, by: 4) {  // loop 1
            tile(
              k, rowsOfA + i * k, 1, 4, panels + j * k, 8, C + ((block + i) * n + j), n, depth > 0)
          }
        }
      }
    }
  }
}
