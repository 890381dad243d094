import Tensors
import Testing

@Suite struct PoolingTests {
  private func wholeNumbers<Scalar: KernelScalar>(
    _ shape: [Int], _: Scalar.Type
  ) -> Tensor<Scalar> {
    var random = SeededGenerator(seed: 3)
    let values = (0..<shape.reduce(1, *)).map { _ in Scalar(random.integer(below: 2001) - 1000) }
    return Tensor(shape: shape, scalars: values)
  }

  private func expectEqualToReference<Scalar: KernelScalar>(
    _ shape: [Int], _ size: Int, _ geometry: ConvolutionGeometry, _: Scalar.Type
  ) {
    let x = wholeNumbers(shape, Scalar.self)
    let largest = maximumPool(x, height: size, width: size, geometry: geometry)
    #expect(
      largest
        == poolReference(x, height: size, width: size, geometry: geometry, average: false))
    for countingPadding in [false, true] {
      let mean = averagePool(
        x, height: size, width: size, geometry: geometry, countingPadding: countingPadding)
      let expected = poolReference(
        x, height: size, width: size, geometry: geometry, average: true,
        countingPadding: countingPadding)
      #expect(mean == expected)
      #expect(mean.count > 0)
    }
  }

  @Test(arguments: [1, 3, 16, 33], [2, 3, 5])
  func equalsTheReferenceInWholeNumbers(channels: Int, size: Int) {
    for stride in 1...3 {
      for padding in 0..<size {
        let geometry = ConvolutionGeometry(stride: stride, padding: padding)
        expectEqualToReference([2, 9, 11, channels], size, geometry, Float.self)
        expectEqualToReference([2, 9, 11, channels], size, geometry, Double.self)
      }
    }
    let uneven = ConvolutionGeometry(
      strideY: 2, strideX: 1, paddingTop: 0, paddingBottom: 1, paddingLeft: 1, paddingRight: 0)
    expectEqualToReference([1, 6, 7, channels], size, uneven, Float.self)
  }

  /// Means of at most 9 values: 12 ulp of the largest magnitude, 4, cover all roundings.
  @Test func agreesWithNumPy() throws {
    let golden = try Fixture("pooling.txt")
    let x = golden.tensor("input")
    let geometry = ConvolutionGeometry(stride: 2, padding: 1)
    func expectClose(_ a: Tensor<Double>, _ name: String) {
      let b = golden.tensor(name)
      #expect(a.shape == b.shape)
      for (p, q) in zip(a.scalars, b.scalars) { #expect(abs(p - q) <= 12 * 4.0.ulp, "\(name)") }
    }
    expectClose(maximumPool(x, height: 3, width: 3, geometry: geometry), "maximum")
    expectClose(averagePool(x, height: 3, width: 3, geometry: geometry), "meanInside")
    expectClose(
      averagePool(x, height: 3, width: 3, geometry: geometry, countingPadding: true),
      "meanOfWindow")
    expectClose(adaptiveAveragePool(x, height: 3, width: 5), "adaptive3x5")
    #expect(adaptiveAveragePool(x, height: 7, width: 8) == x)
  }

  @Test func globalPoolsReduceWholeImages() {
    let x = wholeNumbers([2, 5, 6, 7], Double.self)
    #expect(globalAveragePool(x).scalars == adaptiveAveragePool(x, height: 1, width: 1).scalars)
    let whole = maximumPool(x, height: 5, width: 6, geometry: ConvolutionGeometry())
    #expect(globalMaximumPool(x).scalars == whole.scalars)
  }

  @Test func aNaNMakesItsWindowsNaN() {
    var x = wholeNumbers([1, 4, 4, 20], Float.self)
    x.scalars[(1 * 4 + 1) * 20 + 3] = .nan
    let y = maximumPool(x, height: 2, width: 2, geometry: ConvolutionGeometry(stride: 2))
    #expect(y.scalars.indices.filter { y.scalars[$0].isNaN } == [3])
  }

  /// Windows share columns and rows; each that has the NaN is NaN, and no other.
  @Test(arguments: [0, 1])
  func aNaNAnywhereMakesItsWindowsNaN(padding: Int) {
    let geometry = ConvolutionGeometry(stride: 2, padding: padding)
    let plain = wholeNumbers([1, 7, 9, 20], Float.self)
    for pixel in 0..<63 {
      var x = plain
      for channel in [0, 5, 19] { x.scalars[pixel * 20 + channel] = .nan }
      let y = maximumPool(x, height: 3, width: 3, geometry: geometry)
      let expected = poolReference(x, height: 3, width: 3, geometry: geometry, average: false)
      #expect(
        zip(y.scalars, expected.scalars).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) },
        "pixel \(pixel)")
    }
  }

  /// The largest of shared columns is put into the output; not behind its end.
  @Test(arguments: [1, 8, 15, 16, 33, 64], [5, 6, 7])
  func overlappingWindowsStayInsideTheirMemory(channels: Int, width: Int) {
    let geometry = ConvolutionGeometry(stride: 2)
    let x = wholeNumbers([1, 7, width, channels], Float.self)
    let expected = poolReference(x, height: 3, width: 3, geometry: geometry, average: false)
    let frame = [Float](repeating: .nan, count: 64)
    let source = frame + x.scalars + frame
    var target = frame + [Float](repeating: .nan, count: expected.count) + frame
    source.withUnsafeBufferPointer { from in
      target.withUnsafeMutableBufferPointer { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        pool(from + 64, x.shape, to: to + 64, expected.shape, 3, 3, geometry, .maximum)
      }
    }
    #expect(Array(target[64..<(64 + expected.count)]) == expected.scalars)
    #expect(target.prefix(64).allSatisfy { $0.isNaN } && target.suffix(64).allSatisfy { $0.isNaN })
  }

  @Test(arguments: [1, 4, 15, 16, 17, 33])
  func staysInsideItsMemory(channels: Int) {
    let x = wholeNumbers([1, 3, 5, channels], Float.self)
    let frame = [Float](repeating: .nan, count: 64)
    let source = frame + x.scalars + frame
    var target = [Float](repeating: .nan, count: 8 * channels + 128)
    source.withUnsafeBufferPointer { from in
      target.withUnsafeMutableBufferPointer { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        pool(
          from + 64, x.shape, to: to + 64, [1, 2, 4, channels], 2, 2, ConvolutionGeometry(),
          .maximum)
      }
    }
    let expected = maximumPool(x, height: 2, width: 2, geometry: ConvolutionGeometry())
    #expect(Array(target[64..<(64 + 8 * channels)]) == expected.scalars)
    #expect(target.prefix(64).allSatisfy { $0.isNaN } && target.suffix(64).allSatisfy { $0.isNaN })
  }
}
