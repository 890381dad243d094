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
      // The square of a block mean's error, (2e-3)^2, is 1.2e-5 of the variance 1 / 3.
      #expect(abs(moments.variance[c] / variance - 1) <= 1.2e-5)
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
    // An ulp of 1000 is 6.1e-5; it is also what a share of 1 may be wrong by, once for each of two terms.
    for (a, b) in zip(l, expected) { #expect(abs(a - b) <= 0x1p-14) }
    var p = x
    exponentialRows(&p, minus: l)
    for row in 0..<3 { #expect(abs(p.scalars[2 * row] + p.scalars[2 * row + 1] - 1) <= 0x1p-13) }
    #expect(largestOfRows(x) == [0, 0, 0])
    #expect(largestOfRows(Tensor<Double>(shape: [2, 3], scalars: [1, 3, 3, 5, 1, 9])) == [1, 2])
  }

  @Test func rectificationKeepsNaN() {
    var x = Tensor<Float>(shape: [4], scalars: [-1, 0, 2, .nan])
    rectify(&x)
    #expect(x.scalars[..<3] == [0, 0, 2] && x.scalars[3].isNaN)
  }

  /// Values of either sign, 0, infinity and NaN, more than whole vectors of them, against plain loops.
  @Test func vectorLoopsEqualPlainOnes() {
    func compare<Scalar: KernelScalar>(_: Scalar.Type) {
      var (d, y): (Tensor<Scalar>, Tensor<Scalar>) = (
        random([3, 7, 13], 7), random([3, 7, 13], 8)
      )
      for (i, value) in [Scalar(0), -0.0, .infinity, -.infinity, .nan].enumerated() {
        (d.scalars[3 * i], y.scalars[3 * i + 1], y.scalars[3 * i]) = (value, value, -value)
      }
      func expect(_ a: Tensor<Scalar>, _ b: [Scalar], _ name: String) {
        let isSame = zip(a.scalars, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
        #expect(isSame, "\(name)")
      }
      var result = d
      rectify(&result)
      expect(result, d.scalars.map { $0 < 0 ? 0 : $0 }, "rectify")
      result = d
      rectifyGradient(&result, y)
      expect(result, zip(d.scalars, y.scalars).map { $1 > 0 ? $0 : 0 }, "gradient")
      let (m, a, b, s) = (channel(1), channel(2), channel(3), channel(4))
      func channel(_ seed: UInt64) -> [Scalar] { random([13], seed).scalars }
      for kind in [NormalisedRectification.none, .before, .after] {
        let x = y.scalars.map { kind == .before && $0 < 0 ? 0 : $0 }
        let normal = x.indices.map { (x[$0] - m[$0 % 13]) * a[$0 % 13] + b[$0 % 13] }
        normaliseChannels(y, mean: m, scale: a, shift: b, rectification: kind, into: &result)
        expect(result, normal.map { kind == .after && $0 < 0 ? 0 : $0 }, "normalise \(kind)")
        result = d
        normalisationGradient(
          &result, y, mean: m, scale: a, offset: b, slope: s, shift: b, rectification: kind)
        let gradient = x.indices.map { i in
          let c = i % 13
          let kept = kind == .after && !(normal[i] > 0) ? 0 : d.scalars[i]
          let value = a[c] * kept - b[c] - (y.scalars[i] - m[c]) * s[c]
          return kind == .before && !(y.scalars[i] > 0) ? 0 : value
        }
        expect(result, gradient, "gradient \(kind)")
      }
    }
    compare(Float.self)
    compare(Double.self)
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
