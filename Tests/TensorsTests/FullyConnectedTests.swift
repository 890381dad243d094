import Tensors
import Testing

@Suite struct FullyConnectedTests {
  private func whole(_ count: Int, _ seed: UInt64) -> [Float] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(random.integer(below: 5) - 2) }
  }

  /// Whole numbers, so that every order of summation is exact; inputs beyond one part of a panel,
  /// outputs that fill no panel, batches of every rest of a tile.
  @Test(arguments: [(1, 5000, 40), (3, 17, 1), (4, 2048, 16), (5, 2049, 33), (9, 1, 64)])
  func multipliesByAMatrixThatWasPackedInSlices(_ N: Int, _ k: Int, _ n: Int) {
    let (x, w, bias) = (whole(N * k, 1), whole(k * n, 2), whole(n, 3))
    let byOutputs = PackedFilters<Float>(
      inputs: k, outputs: n, bias: bias,
      slice: { outputs in outputs.flatMap { j in (0..<k).map { w[$0 * n + j] } } })
    let byInputs = PackedFilters<Float>(
      inputs: k, outputs: n, bias: bias,
      rows: { Array(w[($0.lowerBound * n)..<($0.upperBound * n)]) })
    var expected = [Float](repeating: 0, count: N * n)
    for i in 0..<N {
      for j in 0..<n {
        expected[i * n + j] = bias[j] + (0..<k).reduce(0) { $0 + x[i * k + $1] * w[$1 * n + j] }
      }
    }
    let X = Tensor(shape: [N, k], scalars: x)
    #expect(multiply(X, byOutputs, rectified: false).scalars == expected)
    #expect(multiply(X, byInputs, rectified: false).scalars == expected)
    #expect(multiply(X, byInputs, rectified: true).scalars == expected.map { max(0, $0) })
    #expect(expected.contains { $0 < 0 } && expected.contains { $0 > 0 })
  }
}
