import Tensors
import Testing

@Suite struct ReductionTests {
  private static let names: [(String, [Int])] = [
    ("012", [0, 1, 2]), ("0", [0]), ("1", [1]), ("2", [2]), ("02", [0, 2]), ("12", [1, 2]),
  ]

  private func normal<Scalar: KernelScalar>(
    _ shape: [Int], _: Scalar.Type, seed: UInt64 = 1
  ) -> Tensor<Scalar> {
    var random = SeededGenerator(seed: seed)
    let values = (0..<shape.reduce(1, *)).map { _ in Scalar(random.normal()) }
    return Tensor(shape: shape, scalars: values)
  }

  /// 120 normal values at most: their sums stay below 64, so 120 ulp of 64 cover all roundings.
  @Test func agreesWithNumPy() throws {
    let golden = try Fixture("reductions.txt")
    let x = golden.tensor("input")
    func expectClose(_ a: Tensor<Double>, _ name: String) {
      let b = golden.tensor(name)
      #expect(a.shape == b.shape, "\(name)")
      for (p, q) in zip(a.scalars, b.scalars) { #expect(abs(p - q) <= 120 * 64.0.ulp, "\(name)") }
    }
    for (name, axes) in Self.names {
      expectClose(x.sum(along: axes), "sum" + name)
      expectClose(x.mean(along: axes), "mean" + name)
      expectClose(x.variance(along: axes, correction: 1), "variance" + name)
      #expect(x.minimum(along: axes) == golden.tensor("minimum" + name))
      #expect(x.maximum(along: axes) == golden.tensor("maximum" + name))
    }
    for axis in 0..<3 {
      #expect(x.argmax(along: axis).scalars == golden.integers("argmax\(axis)"))
      #expect(x.argmin(along: axis).scalars == golden.integers("argmin\(axis)"))
    }
    expectClose(x.softmax(), "softmax")
    expectClose(x.logSoftmax(), "logSoftmax")
  }

  @Test(arguments: [0, 1, 2, 15, 16, 17, 31, 1023, 1024, 1025, 4099, 70_000])
  func sumsOfWholeNumbersAreExact(count: Int) {
    let x = Tensor<Float>(shape: [count], scalars: (0..<count).map { Float($0 % 17) - 8 })
    let expected = (0..<count).reduce(0) { $0 + $1 % 17 - 8 }
    #expect(x.sum().scalars[0] == Float(expected))
    let columns = x.reshaped(to: [count, 1])
    #expect(columns.sum(along: [0]).scalars == [Float(expected)])
    let wide = Tensor<Float>(
      shape: [count, 5], scalars: (0..<(5 * count)).map { Float($0 / 5 % 17) - 8 })
    #expect(wide.sum(along: [0]).scalars == [Float](repeating: Float(expected), count: 5))
  }

  /// A naive Float sum of 2^24 tenths is off by 10 %; blocks stay within the documented bound.
  @Test func longSumsStayAccurate() {
    let n = 1 << 24
    let x = Tensor<Float>(repeating: 0.1, shape: [n])
    let exact = Double(Float(0.1)) * Double(n)
    let bound = 70 * 4 * Double(Float.ulpOfOne / 2) * exact
    #expect(abs(Double(x.sum().scalars[0]) - exact) <= bound)
    #expect(
      abs(Double(x.reshaped(to: [n / 2, 2]).sum(along: [0]).scalars[1]) - exact / 2) <= bound)
  }

  /// E[x^2] - E[x]^2 in Float would lose every digit here.
  @Test func theVarianceOfLargeNumbersIsThatOfTheirDeviations() {
    let x = Tensor<Float>(shape: [1000], scalars: (0..<1000).map { 100_000 + Float($0 % 2) })
    #expect(x.variance().scalars[0] == 0.25)
    #expect(x.reshaped(to: [500, 2]).variance(along: [0]).scalars == [0, 0])
    // Rounded once from Double.
    #expect(x.variance(correction: 1).scalars[0] == Float(250) / 999)
  }

  @Test func extremesPassNaNOn() {
    for position in [0, 5, 16, 31, 32, 1999] {
      var x = normal([2000], Float.self)
      x.scalars[position] = .nan
      #expect(x.maximum().scalars[0].isNaN && x.minimum().scalars[0].isNaN)
      #expect(x.argmax(along: 0).scalars == [position])
      #expect(x.reshaped(to: [1000, 2]).maximum(along: [0]).scalars[position % 2].isNaN)
    }
  }

  @Test(arguments: [1, 7, 16, 33, 1025, 5000])
  func extremesEqualThoseOfTheArray(count: Int) {
    let x = normal([count], Double.self, seed: 4)
    #expect(x.maximum().scalars[0] == x.scalars.max())
    #expect(x.minimum().scalars[0] == x.scalars.min())
    #expect(x.scalars.firstIndex(of: x.scalars.max() ?? 0) == x.argmax(along: 0).scalars[0])
  }

  @Test func tiesGoToTheFirst() {
    let x = Tensor<Float>(shape: [2, 3], scalars: [1, 5, 5, 2, 2, 0])
    #expect(x.argmax(along: 1).scalars == [1, 0])
    #expect(x.argmin(along: 0).scalars == [0, 1, 1])
  }

  @Test func keptDimensionsHaveExtentOne() {
    let x = normal([3, 4, 5], Float.self)
    #expect(x.sum(along: [0, 2], keepingDimensions: true).shape == [1, 4, 1])
    #expect(x.mean(along: [1]).shape == [3, 5])
    #expect(x.maximum().shape == [])
    #expect(Tensor<Float>.zeros([0, 3]).sum(along: [0]).scalars == [0, 0, 0])
    #expect(Tensor<Float>.zeros([0, 3]).mean(along: [0]).scalars.allSatisfy { $0.isNaN })
  }

  @Test func softmaxOfLargeNumbersStaysFinite() {
    let x = Tensor<Float>(shape: [2, 2], scalars: [1000, 1000, -1000, 0])
    #expect(x.softmax().scalars == [0.5, 0.5, 0, 1])
    #expect(x.logSoftmax().scalars[2] == -1000)
  }

  @Test func permutedMovesAxes() {
    let x = Tensor<Int>(shape: [2, 3, 4], scalars: Array(0..<24))
    let y = x.permuted([2, 0, 1])
    #expect(y.shape == [4, 2, 3])
    for i in 0..<2 {
      for j in 0..<3 {
        for k in 0..<4 { #expect(y[k, i, j] == x[i, j, k]) }
      }
    }
  }

  @Test func productsAndDistancesOfPairs() {
    let x = (0..<2500).map { Double($0 % 7) }
    let y = (0..<2500).map { Double($0 % 5) - 2 }
    #expect(dotProduct(x, y) == zip(x, y).reduce(0) { $0 + $1.0 * $1.1 })
    let squares = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(squaredDistance(x, y) == squares)
    #expect(dotProduct([Float](), []) == 0)
  }

  @Test func givesTheSameBitsForAnyNumberOfThreads() {
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    let x = normal([300, 41, 37], Float.self)
    var first: [[UInt32]] = []
    for count in 1...8 {
      Parallelism.threads = count
      let results = [
        x.sum(), x.variance(along: [0]), x.mean(along: [2]), x.variance(along: [0, 2]),
      ].map { $0.scalars.map(\.bitPattern) }
      if first.isEmpty { first = results }
      #expect(results == first, "\(count) threads")
    }
  }

  /// The digest holds for AVX2 and for AVX-512.
  @Test(.enabled(if: InstructionSet.current >= .avx2))
  func givesTheSameBitsOnEveryHostWithFusedMultiplyAdd() {
    let x = normal([70, 41, 37], Float.self)
    let y = normal([70, 41, 37], Double.self)
    let floats = [x.sum(), x.variance(along: [0]), x.variance(along: [2])].flatMap(\.scalars)
    let doubles = [y.sum(), y.variance(along: [0]), y.variance(along: [2])].flatMap(\.scalars)
    #expect(digest(floats) == 1_423_918_916_294_863_978)
    #expect(digest(doubles) == 8_588_031_181_713_106_862)
  }

  @Test(arguments: Reduction.allCases)
  func blocksStayInsideTheirMemory(_ reduction: Reduction) {
    for count in [1, 3, 16, 17, 40, 1024, 1030] {
      let frame = [Float](repeating: .nan, count: 32)
      let x = frame + (0..<count).map { Float($0 % 9) } + frame
      var out = [Float](repeating: .nan, count: 4)
      x.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        reduceBlocks(reduction, base + 32, base + 32, count, &out)
      }
      let blocks = (count + 1023) / 1024
      #expect(out.prefix(blocks).allSatisfy { !$0.isNaN })
      #expect(out.dropFirst(blocks).allSatisfy { $0.isNaN })
    }
  }
}
