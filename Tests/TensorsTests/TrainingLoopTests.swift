import Tensors
import Testing

@Suite struct TrainingLoopTests {
  private func random<Scalar: KernelScalar>(
    _ shape: [Int], _ seed: UInt64, mean: Double = 0
  ) -> Tensor<Scalar> {
    var generator = SeededGenerator(seed: seed)
    return Tensor(
      shape: shape,
      scalars: (0..<shape.reduce(1, *)).map { _ in Scalar(mean + generator.uniform(-1, 1)) })
  }

  /// Means of 1000 with deviations below 1: one pass of squares in Float would lose the variance.
  @Test func momentsKeepSmallDeviationsOfLargeMeans() {
    let x: Tensor<Float> = random([1, 300, 200, 7], 1, mean: 1000)
    let moments = channelMoments(x)
    for c in 0..<7 {
      let values = stride(from: c, to: x.count, by: 7).map { Double(x.scalars[$0]) }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      // A block sums 1170 values up to 1.2e6, each step rounded by up to 2^-4: at random 2 of a sum, so
      // 2e-3 of its mean, averaged over 51 blocks.
      #expect(abs(moments.mean[c] - mean) <= 1e-3)
      #expect(abs(moments.variance[c] / variance - 1) <= 1e-5)
    }
    #expect(moments.count == 60000)
  }

  @Test func sumsAgreeWithDouble() {
    let (dy, x): (Tensor<Double>, Tensor<Double>) = (random([9000, 3], 2), random([9000, 3], 3))
    let (sums, products) = channelProductSums(dy, x, mean: [0.5, -0.25, 0])
    for c in 0..<3 {
      let rows = (0..<9000).map { 3 * $0 + c }
      let sum = rows.reduce(0) { $0 + dy.scalars[$1] }
      let product = rows.reduce(0) { $0 + dy.scalars[$1] * (x.scalars[$1] - [0.5, -0.25, 0][c]) }
      #expect(abs(sums[c] - sum) <= 1e-11 && abs(products[c] - product) <= 1e-11)
    }
    #expect(channelSums(dy) == sums)
  }

  @Test func logSumExpNeitherOverflowsNorVanishes() {
    let x = Tensor<Float>(shape: [3, 2], scalars: [1000, 1000, -1000, -1001, 0, -200])
    let l = logSumExp(x)
    let expected: [Float] = [1000.6931, -999.6867, 0]
    for (a, b) in zip(l, expected) { #expect(abs(a - b) <= 1e-4) }
    var p = x
    exponentialRows(&p, minus: l)
    for row in 0..<3 { #expect(abs(p.scalars[2 * row] + p.scalars[2 * row + 1] - 1) <= 1e-4) }
    #expect(largestOfRows(x) == [0, 0, 0])
    #expect(largestOfRows(Tensor<Double>(shape: [2, 3], scalars: [1, 3, 3, 5, 1, 9])) == [1, 2])
  }

  @Test func rectificationKeepsNaN() {
    var x = Tensor<Float>(shape: [4], scalars: [-1, 0, 2, .nan])
    rectify(&x)
    #expect(x.scalars[..<3] == [0, 0, 2] && x.scalars[3].isNaN)
  }

  @Test func threadsDoNotChangeBits() {
    let saved = Parallelism.threads
    defer { Parallelism.threads = saved }
    let x: Tensor<Float> = random([1, 200, 300, 5], 4)
    let dy: Tensor<Float> = random([1, 200, 300, 5], 5)
    var first: ([Double], [Double], [Float])?
    for threads in [1, 2, 3, 8] {
      Parallelism.threads = threads
      let moments = channelMoments(x)
      let sums = channelProductSums(dy, x, mean: [0, 0, 0, 0, 0]).products
      let now = (moments.variance, sums, logSumExp(x))
      if let first {
        #expect(now.0 == first.0 && now.1 == first.1 && now.2 == first.2, "\(threads) threads")
      }
      first = now
    }
  }
}
