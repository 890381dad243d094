import Tensors
import Testing
import _Kernels128

#if canImport(_Kernels256)
import _Kernels256
import _Kernels512
#endif

/// The kernels of gradients in memory that is poisoned around everything that they may read or write.
@Suite struct GradientKernelTests {
  static let sets = InstructionSet.allCases.filter { $0 <= InstructionSet.supported }

  /// Whole numbers around 0, few different ones where `bound` is small.
  private func integers(_ count: Int, _ bound: Int, _ seed: UInt64) -> [Float] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(random.integer(below: bound) - bound / 2) }
  }

  // MARK: - Maximum pooling

  private func pool(
    _ set: InstructionSet, _ numbers: [Int], _ image: UnsafePointer<Float>,
    _ dY: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    switch set {
    #if canImport(_Kernels256)
    case .avx512: _Kernels512.maximumGradientRow(numbers, image, dY, target)
    case .avx2: _Kernels256.maximumGradientRow(numbers, image, dY, target)
    #endif
    default: _Kernels128.maximumGradientRow(numbers, image, dY, target)
    }
  }

  private func pool(
    _ set: InstructionSet, _ numbers: [Int], _ image: UnsafePointer<Double>,
    _ dY: UnsafePointer<Double>, _ target: UnsafeMutablePointer<Double>
  ) {
    switch set {
    #if canImport(_Kernels256)
    case .avx512: _Kernels512.maximumGradientRow(numbers, image, dY, target)
    case .avx2: _Kernels256.maximumGradientRow(numbers, image, dY, target)
    #endif
    default: _Kernels128.maximumGradientRow(numbers, image, dY, target)
    }
  }

  /// Infinity around the image would be the largest value of its window; NaN around dY would be added, and
  /// around the row tells where was written.
  private func checkPooling<Scalar: KernelScalar>(
    _ C: Int, _ size: Int, _ g: ConvolutionGeometry,
    _ kernel: (
      [Int], UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>
    ) -> Void
  ) {
    let (H, W, margin) = (5, 7, 96)
    let x = Tensor(shape: [1, H, W, C], scalars: integers(H * W * C, 4, 1).map { Scalar($0) })
    let (Ho, Wo) = (
      g.outputHeight(H, filterHeight: size), g.outputWidth(W, filterWidth: size)
    )
    let dY = Tensor(
      shape: [1, Ho, Wo, C], scalars: integers(Ho * Wo * C, 17, 2).map { Scalar($0) })
    let frame = [Scalar](repeating: .infinity, count: margin)
    let nothing = [Scalar](repeating: .nan, count: margin)
    let (image, gradient) = (frame + x.scalars + frame, nothing + dY.scalars + nothing)
    let expected = maximumGradientReference(x, dY, size, size, g).scalars
    for row in 0..<H {
      let holding = (0..<Ho).filter {
        ($0 * g.strideY - g.paddingTop..<$0 * g.strideY - g.paddingTop + size).contains(row)
      }
      let numbers = [
        H, W, C, Wo, size, size, g.strideY, g.strideX, g.paddingTop, g.paddingLeft, row,
        holding.first ?? 0, (holding.last ?? -1) + 1,
      ]
      var target = [Scalar](repeating: .nan, count: W * C + 2 * margin)
      image.withUnsafeBufferPointer { image in
        gradient.withUnsafeBufferPointer { gradient in
          target.withUnsafeMutableBufferPointer { target in
            kernel(
              numbers, image.start + margin, gradient.start + margin, target.start + margin)
          }
        }
      }
      let isRight =
        target[margin..<(margin + W * C)] == expected[(row * W * C)..<((row + 1) * W * C)]
      #expect(isRight, "\(C) channels, size \(size), \(g), row \(row)")
      #expect(target.prefix(margin).allSatisfy { $0.isNaN })
      #expect(target.suffix(margin).allSatisfy { $0.isNaN })
    }
  }

  @Test(arguments: sets, [1, 3, 4, 8, 17, 33])
  func poolingStaysInsideItsMemory(_ set: InstructionSet, _ channels: Int) {
    for (size, g) in [
      (2, ConvolutionGeometry(stride: 2)), (3, ConvolutionGeometry(stride: 2, padding: 1)),
      (3, ConvolutionGeometry(stride: 1, padding: 1)), (2, ConvolutionGeometry(stride: 3)),
      (5, ConvolutionGeometry(stride: 1)),
      (
        3,
        ConvolutionGeometry(
          strideY: 2, strideX: 1, paddingTop: 1, paddingBottom: 0, paddingLeft: 2, paddingRight: 1)
      ),
    ] {
      checkPooling(channels, size, g) { (n, x: UnsafePointer<Float>, d, to) in
        pool(set, n, x, d, to)
      }
      checkPooling(channels, size, g) { (n, x: UnsafePointer<Double>, d, to) in
        pool(set, n, x, d, to)
      }
    }
  }

  // MARK: - Winograd's filters

  private func transform(
    _ set: InstructionSet, _ count: Int, _ m: Int, _ taps: UnsafePointer<Float>, _ tapStep: Int,
    _ U: UnsafeMutablePointer<Float>, _ partStep: Int
  ) {
    switch set {
    #if canImport(_Kernels256)
    case .avx512: _Kernels512.winogradFilters(count, m, taps, tapStep, U, partStep)
    case .avx2: _Kernels256.winogradFilters(count, m, taps, tapStep, U, partStep)
    #endif
    default: _Kernels128.winogradFilters(count, m, taps, tapStep, U, partStep)
    }
  }

  /// G of F(2, 3) and of F(4, 3), times 24.
  private static let matrices: [Int: [[Double]]] = [
    2: [[24, 0, 0], [12, 12, 12], [12, -12, 12], [0, 0, 24]],
    4: [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]],
  ]

  /// Whole multiples of 24^2 make every step exact; NaN lies between taps and parts and around all.
  @Test(arguments: sets, [2, 4]) func filtersStayInsideTheirMemory(_ set: InstructionSet, _ m: Int)
  {
    let G = Self.matrices[m] ?? []
    for count in [4, 8, 20] {
      let (margin, parts, tapStep, partStep) = (64, (m + 2) * (m + 2), count + 5, count + 3)
      var taps = [Float](repeating: .nan, count: 9 * tapStep + 2 * margin)
      let g = integers(9 * count, 9, 3)
      for i in g.indices { taps[margin + i / count * tapStep + i % count] = 576 * g[i] }
      var U = [Float](repeating: .nan, count: parts * partStep + 2 * margin)
      taps.withUnsafeBufferPointer { from in
        U.withUnsafeMutableBufferPointer { to in
          transform(set, count, m, from.start + margin, tapStep, to.start + margin, partStep)
        }
      }
      for (part, i) in (0..<parts).flatMap({ part in (0..<count).map { (part, $0) } }) {
        var sum = 0.0
        for (r, s) in (0..<3).flatMap({ r in (0..<3).map { (r, $0) } }) {
          sum += G[part / (m + 2)][r] * G[part % (m + 2)][s] * Double(g[(3 * r + s) * count + i])
        }
        #expect(U[margin + part * partStep + i] == Float(sum), "part \(part) of filter \(i)")
      }
      #expect(U.count { !$0.isNaN } == parts * count)
    }
  }

  private func sum(
    _ set: InstructionSet, _ count: Int, _ ends: [Int], _ offsets: [Int], _ weights: [Float],
    _ parts: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ tapStep: Int,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    switch set {
    #if canImport(_Kernels256)
    case .avx512:
      _Kernels512.winogradFilterSums(
        count, ends, offsets, weights, parts, output, tapStep, scratch)
    case .avx2:
      _Kernels256.winogradFilterSums(
        count, ends, offsets, weights, parts, output, tapStep, scratch)
    #endif
    default:
      _Kernels128.winogradFilterSums(
        count, ends, offsets, weights, parts, output, tapStep, scratch)
    }
  }

  /// Nine taps of one to four terms; parts may be read four vectors beyond their last value, where NaN is.
  @Test(arguments: sets) func filterSumsStayInsideTheirMemory(_ set: InstructionSet) {
    let (margin, lanes) = (64, set == .baseline ? 4 : set == .avx2 ? 8 : 16)
    for count in [1, 5, 15, 16, 17, 31, 32, 63, 64, 65, 130] {
      let (step, tapStep) = (count + 4 * lanes, count + 3)
      var parts = [Float](repeating: .nan, count: 6 * step + 2 * margin)
      let values = integers(6 * count, 9, 4)
      for i in values.indices { parts[margin + i / count * step + i % count] = values[i] }
      var (ends, offsets, weights) = ([0], [Int](), [Float]())
      for tap in 0..<9 {
        for term in 0...(tap % 4) {
          offsets.append((tap + term) % 6 * step)
          weights.append(Float(term * 2 - tap))
        }
        ends.append(offsets.count)
      }
      var output = [Float](repeating: .nan, count: 9 * tapStep + 2 * margin)
      var scratch = [Float](repeating: .infinity, count: 4 * lanes + 2 * margin)
      parts.withUnsafeBufferPointer { from in
        output.withUnsafeMutableBufferPointer { to in
          scratch.withUnsafeMutableBufferPointer { room in
            sum(
              set, count, ends, offsets, weights, from.start + margin, to.start + margin, tapStep,
              room.start + margin)
          }
        }
      }
      for (tap, i) in (0..<9).flatMap({ tap in (0..<count).map { (tap, $0) } }) {
        let expected = (ends[tap]..<ends[tap + 1]).reduce(Float(0)) {
          $0 + weights[$1] * values[offsets[$1] / step * count + i]
        }
        #expect(output[margin + tap * tapStep + i] == expected, "tap \(tap) of value \(i)")
      }
      #expect(output.count { !$0.isNaN } == 9 * count)
      #expect((scratch.prefix(margin) + scratch.suffix(margin)).allSatisfy { $0 == .infinity })
    }
  }
}
