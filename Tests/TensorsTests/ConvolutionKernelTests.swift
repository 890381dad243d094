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
    for algorithm in [ConvolutionAlgorithm.im2col, .direct, .automatic] {
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
}
