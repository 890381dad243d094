import Tensors
import Testing

/// Extents and padding of a Winograd convolution.
struct WinogradCase: CustomTestStringConvertible, Sendable {
  var N = 1
  var H: Int
  var W: Int
  var C: Int
  var K: Int
  var padding = 1

  var testDescription: String { "(\(N), \(H), \(W), \(C)) to \(K), padding \(padding)" }
  var geometry: ConvolutionGeometry { ConvolutionGeometry(padding: padding) }

  /// Every rest of rows, columns and channels; one block and many.
  static let all: [WinogradCase] =
    (1...13).map { side in
      WinogradCase(
        N: 1 + side % 2, H: side, W: 14 - side, C: [1, 3, 8, 16, 33][side % 5],
        K: [1, 5, 16, 33, 40, 64][side % 6], padding: 1 + side % 2)
    }
    + [
      WinogradCase(H: 3, W: 3, C: 4, K: 4, padding: 0),
      WinogradCase(N: 3, H: 9, W: 10, C: 20, K: 18, padding: 0),
      WinogradCase(N: 2, H: 61, W: 67, C: 16, K: 33),
      WinogradCase(N: 2, H: 10, W: 6, C: 150, K: 70),
      // More tiles of many channels than the common cache holds.
      WinogradCase(H: 120, W: 112, C: 130, K: 16),
    ]
}

private func whole(_ shape: [Int], _ scale: Float, _ seed: UInt64) -> Tensor<Float> {
  var random = SeededGenerator(seed: seed)
  let values = (0..<shape.reduce(1, *)).map { _ in scale * Float(random.integer(below: 3) - 1) }
  return Tensor(shape: shape, scalars: values)
}

private func normal(_ shape: [Int], _ seed: UInt64) -> Tensor<Float> {
  var random = SeededGenerator(seed: seed)
  return Tensor(
    shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in Float(random.normal()) })
}

extension Tensor<Float> {
  /// The values in Double.
  var widened: Tensor<Double> { Tensor<Double>(shape: shape, scalars: scalars.map { Double($0) }) }
}

@Suite struct WinogradTests {
  /// Filters of whole multiples of 24^2 make every step exact, so that all algorithms agree in bits.
  @Test(arguments: WinogradCase.all, [ConvolutionAlgorithm.winograd2, .winograd4])
  func equalsTheReferenceInWholeNumbers(_ c: WinogradCase, _ algorithm: ConvolutionAlgorithm) {
    let input = whole([c.N, c.H, c.W, c.C], 1, 3)
    let (filters, bias) = (whole([3, 3, c.C, c.K], 576, 4), whole([c.K], 7, 5))
    let expected = convolveReference(input, filters, bias: bias, geometry: c.geometry)
    let result = convolve(
      input, filters, bias: bias, geometry: c.geometry, algorithm: algorithm)
    #expect(expected.scalars.contains { $0 != 0 })
    #expect(result == expected)
  }

  @Test(arguments: [(2, ConvolutionAlgorithm.winograd2), (4, .winograd4)])
  func equalsItsTwin(_ m: Int, _ algorithm: ConvolutionAlgorithm) {
    let c = WinogradCase(N: 2, H: 7, W: 9, C: 5, K: 6)
    let input = whole([c.N, c.H, c.W, c.C], 1, 3)
    let (filters, bias) = (whole([3, 3, c.C, c.K], 576, 4), whole([c.K], 7, 5))
    let twin = winogradReference(input, filters, bias: bias, geometry: c.geometry, m: m)
    #expect(
      convolve(input, filters, bias: bias, geometry: c.geometry, algorithm: algorithm) == twin)
    // In Double the twin is all there is.
    let wide = convolve(
      input.widened, filters.widened,
      bias: bias.widened, geometry: c.geometry, algorithm: algorithm)
    #expect(wide.scalars.map { Float($0) } == twin.scalars)
  }

  /// The root mean square of the error over that of the values, random normal numbers: measured
  /// 4.2e-7 (direct), 2.6e-7 and 1.7e-6; the bounds are twice that.
  @Test(arguments: [
    (ConvolutionAlgorithm.direct, 8.4e-7), (.winograd2, 5.2e-7), (.winograd4, 3.4e-6),
  ])
  func errorStaysBelowItsFigure(_ algorithm: ConvolutionAlgorithm, _ bound: Double) {
    let (input, filters) = (normal([1, 28, 28, 64], 1), normal([3, 3, 64, 32], 2))
    let geometry = ConvolutionGeometry(padding: 1)
    let truth = convolve(
      input.widened, filters.widened, geometry: geometry,
      algorithm: .direct)
    let result = convolve(input, filters, geometry: geometry, algorithm: algorithm)
    var (error, size) = (0.0, 0.0)
    for (a, b) in zip(result.scalars, truth.scalars) {
      error += (Double(a) - b) * (Double(a) - b)
      size += b * b
    }
    let figure = (error / size).squareRoot()
    print("\(algorithm): relative rms error \(figure)")
    #expect(figure < bound && figure > 0)
  }

  /// NaN around input and output: a read outside would spread, a write outside would be seen.
  @Test(
    arguments: [(5, 7, 9, 17), (8, 8, 16, 16), (2, 1, 3, 5), (14, 14, 260, 40)], [2, 4])
  func staysInsideItsMemory(_ extents: (Int, Int, Int, Int), _ m: Int) {
    let (H, W, C, K) = extents
    let margin = 256
    let input = whole([2, H, W, C], 1, 3)
    let filters = whole([3, 3, C, K], 576, 4)
    let expected = convolveReference(
      input, filters, geometry: ConvolutionGeometry(padding: 1))
    let packed = PackedFilters(filters, algorithm: m == 2 ? .winograd2 : .winograd4)
    let frame = [Float](repeating: .nan, count: margin)
    let source = frame + input.scalars + frame
    var target = [Float](repeating: .nan, count: expected.count + 2 * margin)
    let plan = WinogradPlan(
      m: m, N: 2, H: H, W: W, C: C, top: 1, left: 1, inputSteps: (H * W * C, W * C, C), Ho: H,
      Wo: W, K: K, outputSteps: (H * W * K, W * K, K), rectified: false)
    source.withUnsafeBufferPointer { from in
      target.withUnsafeMutableBufferPointer { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        convolveWinograd(plan, from + margin, packed, to + margin)
      }
    }
    #expect(Array(target[margin..<(margin + expected.count)]) == expected.scalars)
    #expect(target.prefix(margin).allSatisfy { $0.isNaN })
    #expect(target.suffix(margin).allSatisfy { $0.isNaN })
  }

  @Test(arguments: [24, 160])
  func givesTheSameBitsForAnyNumberOfThreads(channels: Int) {
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    let (input, filters) = (normal([3, 40, 40, channels], 1), normal([3, 3, channels, 70], 2))
    for algorithm in [ConvolutionAlgorithm.winograd2, .winograd4] {
      var first: [UInt32] = []
      for count in [1, 2, 3, 8] {
        Parallelism.threads = count
        let result = convolve(
          input, filters, geometry: ConvolutionGeometry(padding: 1), algorithm: algorithm)
        let bits = result.scalars.map(\.bitPattern)
        if first.isEmpty { first = bits }
        #expect(bits == first, "\(count) threads")
      }
    }
  }

  /// One image has few tiles, which threads share by panels of channels; five have many, which they share
  /// by blocks of their own or in common.
  @Test(arguments: [24, 160], [ConvolutionAlgorithm.winograd2, .winograd4])
  func givesTheSameBitsForOneImageAndForMany(channels: Int, _ algorithm: ConvolutionAlgorithm) {
    let (images, filters) = (normal([5, 15, 14, channels], 1), normal([3, 3, channels, 70], 2))
    let geometry = ConvolutionGeometry(padding: 1)
    let all = convolve(images, filters, geometry: geometry, algorithm: algorithm)
    let (size, length) = (images.count / 5, all.count / 5)
    for n in 0..<5 {
      let image = Tensor(
        shape: [1, 15, 14, channels], scalars: Array(images.scalars[(n * size)..<((n + 1) * size)]))
      let one = convolve(image, filters, geometry: geometry, algorithm: algorithm)
      #expect(one.scalars == Array(all.scalars[(n * length)..<((n + 1) * length)]))
    }
  }

  /// The digests hold for AVX2 and for AVX-512.
  @Test(
    .enabled(if: InstructionSet.current >= .avx2),
    arguments: [
      (ConvolutionAlgorithm.winograd2, 1_607_023_500_007_812_620),
      (.winograd4, 287_010_404_233_487_956),
    ]
      as [(ConvolutionAlgorithm, UInt64)])
  func givesTheSameBitsOnEveryHostWithFusedMultiplyAdd(
    _ algorithm: ConvolutionAlgorithm, _ expected: UInt64
  ) {
    let (input, filters) = (normal([2, 17, 17, 70], 1), normal([3, 3, 70, 45], 2))
    let result = convolve(
      input, filters, geometry: ConvolutionGeometry(padding: 1), algorithm: algorithm)
    #expect(digest(result.scalars) == expected)
  }

  @Test func isChosenByShapesAlone() {
    func chosen(
      _ filters: [Int], _ side: Int, stride: Int = 1, images: Int = 1
    ) -> ConvolutionAlgorithm {
      .chosen(
        filters: filters, geometry: ConvolutionGeometry(stride: stride, padding: 1),
        outputHeight: side, outputWidth: side, images: images)
    }
    #expect(chosen([3, 3, 64, 64], 7, images: 7) == .winograd2)
    #expect(chosen([3, 3, 64, 64], 7, images: 8) == .winograd4)
    #expect(chosen([3, 3, 64, 64], 6, images: 100) == .winograd2)
    #expect(chosen([3, 3, 64, 64], 56) == .winograd4)
    #expect(chosen([3, 3, 64, 64], 9) == .winograd4)
    #expect(chosen([3, 3, 64, 64], 7) == .winograd2)
    #expect(chosen([3, 3, 3, 64], 56) == .direct)
    #expect(chosen([3, 3, 64, 64], 56, stride: 2) == .direct)
    #expect(chosen([1, 1, 64, 64], 56) == .direct)
    #expect(chosen([3, 3, 64, 64], 2) == .im2col)
  }
}
