import Tensors
import Testing

/// One combination of extents and geometry.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
  var N = 1
  var H = 9
  var W = 11
  var C = 3
  var R = 3
  var S = 3
  var K = 5
  var geometry = ConvolutionGeometry()

  var testDescription: String {
    "(\(N), \(H), \(W), \(C)) by (\(R), \(S), \(C / geometry.groups), \(K)), \(geometry)"
  }

  /// Whole numbers of magnitude 8 at most, so that every order of summation is exact.
  func operands<Scalar: KernelScalar>(
    _: Scalar.Type, seed: UInt64
  ) -> (input: Tensor<Scalar>, filters: Tensor<Scalar>, bias: Tensor<Scalar>) {
    var random = SeededGenerator(seed: seed)
    func tensor(_ shape: [Int]) -> Tensor<Scalar> {
      let values = (0..<shape.reduce(1, *)).map { _ in Scalar(random.integer(below: 17) - 8) }
      return Tensor(shape: shape, scalars: values)
    }
    return (tensor([N, H, W, C]), tensor([R, S, C / geometry.groups, K]), tensor([K]))
  }

  /// Every filter size with every channel count; strides, paddings and dilations in turn.
  static let shapes: [ConvolutionCase] = {
    var cases: [ConvolutionCase] = []
    for R in [1, 3, 5, 7, 11] {
      for C in [1, 3, 16, 33] {
        let i = cases.count
        cases.append(
          ConvolutionCase(
            N: 1 + i % 2, H: 12 + i % 4, W: 13 + i % 17, C: C, R: R, S: R,
            K: [1, 8, 33, 40][i % 4],
            geometry: ConvolutionGeometry(stride: 1 + i % 3, padding: i % (R / 2 + 2))))
      }
    }
    return cases
  }()

  /// Dilations, groups, uneven filters and paddings, and every rest of a row after whole tiles.
  static let special: [ConvolutionCase] =
    (1...3).flatMap { dilation in
      [1, 2, 4].map { groups in
        ConvolutionCase(
          H: 14, W: 15, C: 8, K: 12,
          geometry: ConvolutionGeometry(
            stride: 1 + groups % 3, padding: dilation, dilation: dilation, groups: groups))
      }
    }
    + (1...29).map { ConvolutionCase(H: 3, W: $0, C: 2, R: 3, S: 1, K: 3) }
    + [
      ConvolutionCase(C: 33, K: 33, geometry: ConvolutionGeometry(groups: 33)),
      ConvolutionCase(
        H: 5, W: 6, R: 4, S: 2,
        geometry: ConvolutionGeometry(
          strideY: 2, strideX: 1, paddingTop: 3, paddingBottom: 0, paddingLeft: 0, paddingRight: 2,
          dilationY: 1, dilationX: 3)),
      ConvolutionCase(H: 1, W: 1, R: 1, S: 1, K: 65),
      ConvolutionCase(N: 3, H: 2, W: 2, R: 2, S: 2, K: 70),
    ]
}

@Suite struct ConvolutionKernelTests {
  private func expectEqualToReference<Scalar: KernelScalar>(
    _ c: ConvolutionCase, _: Scalar.Type
  ) {
    let (input, filters, bias) = c.operands(Scalar.self, seed: 7)
    let expected = convolveReference(input, filters, bias: bias, geometry: c.geometry)
    #expect(expected.count > 0)
    let zeros = expected.scalars.count { $0 == 0 }
    #expect(Double(zeros) <= max(1, 0.9 * Double(expected.count)), "the case tests too little")
    // What `.automatic` stands for may be one of Winograd's algorithms, which WinogradTests test.
    let chosen = ConvolutionAlgorithm.chosen(
      filters: filters.shape, geometry: c.geometry, outputHeight: expected.shape[1],
      outputWidth: expected.shape[2], isFloat: Scalar.self == Float.self)
    let isExact = chosen == .direct || chosen == .im2col
    for algorithm in [ConvolutionAlgorithm.im2col, .direct] + (isExact ? [.automatic] : []) {
      let result = convolve(
        input, filters, bias: bias, geometry: c.geometry, algorithm: algorithm)
      #expect(result == expected, "\(algorithm)")
    }
  }

  @Test(arguments: ConvolutionCase.shapes + ConvolutionCase.special)
  func equalsTheReferenceInWholeNumbers(_ c: ConvolutionCase) {
    expectEqualToReference(c, Float.self)
    expectEqualToReference(c, Double.self)
  }

  @Test func packedFiltersWriteOverTheirOutput() {
    let c = ConvolutionCase(N: 2, geometry: ConvolutionGeometry(stride: 2, padding: 1))
    let (input, filters, bias) = c.operands(Float.self, seed: 3)
    let expected = convolveReference(input, filters, bias: bias, geometry: c.geometry)
    for algorithm in [ConvolutionAlgorithm.im2col, .direct] {
      var output = Tensor<Float>(repeating: .nan, shape: expected.shape)
      let packed = PackedFilters(filters, bias: bias, algorithm: algorithm)
      convolve(input, packed, geometry: c.geometry, into: &output)
      #expect(output == expected)
    }
  }

  /// NaN around input and output: a read outside would spread, a write outside would be seen.
  @Test(arguments: [1, 5, 13, 14, 31], [1, 2])
  func staysInsideItsMemory(width: Int, groups: Int) {
    let margin = 64
    let c = ConvolutionCase(
      H: 5, W: width, C: 4, R: 1, S: 1, K: 6, geometry: ConvolutionGeometry(groups: groups))
    let (input, filters, bias) = c.operands(Float.self, seed: 5)
    let expected = convolveReference(input, filters, bias: bias, geometry: c.geometry)
    let packed = PackedFilters(filters, bias: bias, groups: groups)
    let plan = ConvolutionPlan(input: input.shape, output: expected.shape, packed, c.geometry)
    let frame = [Float](repeating: .nan, count: margin)
    let source = frame + input.scalars + frame
    var target = [Float](repeating: .nan, count: expected.count + 2 * margin)
    source.withUnsafeBufferPointer { from in
      target.withUnsafeMutableBufferPointer { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        convolveDirect(from + margin, packed, plan, to + margin)
      }
    }
    #expect(Array(target[margin..<(margin + expected.count)]) == expected.scalars)
    #expect(target.prefix(margin).allSatisfy { $0.isNaN })
    #expect(target.suffix(margin).allSatisfy { $0.isNaN })
  }

  /// Every rest of a row after whole tiles, in rows that are shorter and longer than a tile, written into
  /// a wider and higher image: NaN stays around every row, and beside the channels of every pixel.
  @Test(arguments: 1...32, [1, 3])
  func writesItsPixelsAlone(width: Int, side: Int) {
    for K in [5, 32] {
      let c = ConvolutionCase(
        N: 2, H: 5, W: width, C: 4, R: side, S: side, K: K,
        geometry: ConvolutionGeometry(padding: side / 2))
      let (images, filters, bias) = c.operands(Float.self, seed: 5)
      let expected = convolveReference(images, filters, bias: bias, geometry: c.geometry)
      let x = ActivationLayout(2, 5, width, 4, margin: 1)
      var y = ActivationLayout(2, 5, width, K, margin: 2)
      (y.stride, y.firstChannel) = (K + 7, 3)
      let input = ActivationBuffer(capacity: x.count)
      let output = ActivationBuffer(capacity: y.count)
      input.clearMargins(x)
      input.load(images, first: 0, x)
      let everything = ActivationLayout(1, 1, 1, y.count)
      output.load(Tensor(repeating: .nan, shape: [1, 1, 1, y.count]), first: 0, everything)
      convolve(
        input, x, PackedFilters(filters, bias: bias), geometry: c.geometry, into: output, y,
        rectified: false)
      var (inside, all): ([Float], [Float]) = ([], [])
      output.append(y, to: &inside)
      output.append(everything, to: &all)
      #expect(inside == expected.scalars)
      #expect(all.count { $0.isNaN } == y.count - expected.count)
    }
  }

  @Test(arguments: [ConvolutionAlgorithm.im2col, .direct])
  func givesTheSameBitsForAnyNumberOfThreads(_ algorithm: ConvolutionAlgorithm) {
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    let (input, filters) = normalOperands(N: 3, H: 40, C: 24, K: 70)
    var first: [UInt32] = []
    for count in 1...8 {
      Parallelism.threads = count
      let result = convolve(
        input, filters, geometry: ConvolutionGeometry(padding: 1), algorithm: algorithm)
      let bits = result.scalars.map(\.bitPattern)
      if first.isEmpty { first = bits }
      #expect(bits == first, "\(count) threads")
    }
  }

  /// The digests hold for AVX2 and for AVX-512.
  @Test(
    .enabled(if: InstructionSet.current >= .avx2),
    arguments: [
      (ConvolutionAlgorithm.im2col, 8_571_645_732_287_894_057),
      (.direct, 14_635_243_207_301_417_881),
    ] as [(ConvolutionAlgorithm, UInt64)])
  func givesTheSameBitsOnEveryHostWithFusedMultiplyAdd(
    _ algorithm: ConvolutionAlgorithm, _ expected: UInt64
  ) {
    let (input, filters) = normalOperands(N: 2, H: 17, C: 70, K: 45)
    let result = convolve(
      input, filters, geometry: ConvolutionGeometry(padding: 1), algorithm: algorithm)
    #expect(digest(result.scalars) == expected)
  }

  /// SciPy's correlate2d in Double; a sum of n = R S C / groups terms may differ from it by
  /// n ulp of the sum of the magnitudes, which 4 sqrt(n) standard terms bound here.
  @Test(arguments: ConvolutionAlgorithm.allCases)
  func agreesWithSciPy(_ algorithm: ConvolutionAlgorithm) throws {
    for name in ["plain", "strided", "dilated", "grouped"] {
      let golden = try Fixture("convolution/\(name).txt")
      let numbers = golden.integers("geometry")
      let geometry = ConvolutionGeometry(
        stride: numbers[0], padding: numbers[1], dilation: numbers[2], groups: numbers[3])
      let (input, filters) = (golden.tensor("input"), golden.tensor("filters"))
      let bias = golden.tensor("bias")
      let isWinograd = algorithm == .winograd2 || algorithm == .winograd4
      if isWinograd,
        !ConvolutionAlgorithm.winogradSuits(filters: filters.shape, geometry: geometry)
      {
        continue
      }
      let expected = golden.tensor("output")
      let result = convolve(input, filters, bias: bias, geometry: geometry, algorithm: algorithm)
      #expect(result.shape == expected.shape)
      let terms = Double(filters.count / filters.shape[3])
      let tolerance = terms * 4 * terms.squareRoot() * Double.ulpOfOne
      for (a, b) in zip(result.scalars, expected.scalars) { #expect(abs(a - b) <= tolerance) }
      let single = convolve(
        input.converted(to: Float.self), filters.converted(to: Float.self),
        bias: bias.converted(to: Float.self), geometry: geometry, algorithm: algorithm)
      // F(4x4, 3x3) has 3.9 to 4.6 times the error of the direct sum, see Winograd.
      let share: Double = algorithm == .winograd4 ? 5 : 1
      let wide = share * terms * 4 * terms.squareRoot() * Double(Float.ulpOfOne)
      for (a, b) in zip(single.scalars, expected.scalars) { #expect(abs(Double(a) - b) <= wide) }
    }
  }

  @Test func keepsEmptyResultsEmpty() {
    let none = convolve(
      Tensor<Float>.zeros([1, 2, 2, 3]), Tensor<Float>.zeros([3, 3, 3, 4]))
    #expect(none.shape == [1, 0, 0, 4])
    let noImages = convolve(
      Tensor<Float>.zeros([0, 5, 5, 3]), Tensor<Float>.zeros([3, 3, 3, 4]), algorithm: .im2col)
    #expect(noImages.shape == [0, 3, 3, 4])
  }

  @Test func isLinearInItsInput() {
    let c = ConvolutionCase(geometry: ConvolutionGeometry(stride: 2, padding: 1))
    let (x, filters, _) = c.operands(Double.self, seed: 8)
    let (z, _, _) = c.operands(Double.self, seed: 9)
    let sum = Tensor(shape: x.shape, scalars: zip(x.scalars, z.scalars).map { 2 * $0 + $1 })
    let left = convolve(sum, filters, geometry: c.geometry, algorithm: .direct).scalars
    let a = convolve(x, filters, geometry: c.geometry, algorithm: .im2col).scalars
    let b = convolve(z, filters, geometry: c.geometry, algorithm: .im2col).scalars
    #expect(left == zip(a, b).map { 2 * $0 + $1 })
  }

  private func normalOperands(
    N: Int, H: Int, C: Int, K: Int
  ) -> (Tensor<Float>, Tensor<Float>) {
    var random = SeededGenerator(seed: 11)
    let x = (0..<(N * H * H * C)).map { _ in Float(random.normal()) }
    let f = (0..<(9 * C * K)).map { _ in Float(random.normal()) }
    return (Tensor(shape: [N, H, H, C], scalars: x), Tensor(shape: [3, 3, C, K], scalars: f))
  }
}
