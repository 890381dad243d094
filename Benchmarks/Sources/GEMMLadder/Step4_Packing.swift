// Step 4: packing. B is copied once into panels of 8 columns, which tiles then read along.
//
// What limits it: at large n a panel of B (n x 8) and four rows of A no longer fit the first cache
// together.

/// B as panels of 8 columns, [panel][p][column]; n is a multiple of 8.
func packPanels(
  _ k: Int, _ n: Int, _ B: UnsafePointer<Float>, _ strideB: Int,
  _ panels: UnsafeMutablePointer<Float>
) {
  for j in stride(from: 0, to: n, by: 8) {
    for p in 0..<k {
      put(vector(B + p * strideB + j), panels + (j * k + p * 8))
      put(vector(B + p * strideB + j + 4), panels + (j * k + p * 8 + 4))
    }
  }
}

/// C = A B for n x n matrices, n a multiple of 8.
func step4(
  _ n: Int, _ A: UnsafePointer<Float>, _ B: UnsafePointer<Float>, _ C: UnsafeMutablePointer<Float>
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: n * n) { buffer in
    guard let panels = buffer.baseAddress else { return }
    packPanels(n, n, B, n, panels)
    for j in stride(from: 0, to: n, by: 8) {
      for i in stride(from: 0, to: n, by: 4) {
        tile(n, A + i * n, n, 1, panels + j * n, 8, C + (i * n + j), n, false)
      }
    }
  }
}
