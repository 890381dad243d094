import Tensors
import Testing

/// The gradient of maximum pooling by the definition: the first largest value of each window gets all.
func maximumGradientReference<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, _ dY: Tensor<Scalar>, _ R: Int, _ S: Int, _ g: ConvolutionGeometry
) -> Tensor<Scalar> {
  var dX = Tensor<Scalar>.zeros(x.shape)
  let (N, H, W, C) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  for n in 0..<N {
    for (oy, ox) in (0..<dY.shape[1]).flatMap({ y in (0..<dY.shape[2]).map { (y, $0) } }) {
      for c in 0..<C {
        var best: Int?
        for y in (oy * g.strideY - g.paddingTop)..<(oy * g.strideY - g.paddingTop + R) {
          for x0 in (ox * g.strideX - g.paddingLeft)..<(ox * g.strideX - g.paddingLeft + S) {
            guard (0..<H).contains(y), (0..<W).contains(x0) else { continue }
            let i = ((n * H + y) * W + x0) * C + c
            if best.map({ x.scalars[i] > x.scalars[$0] }) ?? true { best = i }
          }
        }
        if let best {
          dX.scalars[best] += dY.scalars[((n * dY.shape[1] + oy) * dY.shape[2] + ox) * C + c]
        }
      }
    }
  }
  return dX
}

@Suite struct PoolingGradientTests {
  private func integers<Scalar: KernelScalar>(
    _ shape: [Int], _ bound: Int, _ seed: UInt64
  ) -> Tensor<Scalar> {
    var random = SeededGenerator(seed: seed)
    return Tensor(
      shape: shape,
      scalars: (0..<shape.reduce(1, *)).map { _ in Scalar(random.integer(below: bound) - bound / 2)
      })
  }

  private func compare<Scalar: KernelScalar>(_: Scalar.Type) {
    for C in [1, 3, 8, 17, 64] {
      for (size, g) in [
        (2, ConvolutionGeometry(stride: 2)), (3, ConvolutionGeometry(stride: 2, padding: 1)),
        (3, ConvolutionGeometry(stride: 1, padding: 1)), (2, ConvolutionGeometry(stride: 3)),
      ] {
        // Few different values, so that windows have several largest ones.
        let x: Tensor<Scalar> = integers([2, 9, 7, C], 4, 1)
        let shape =
          [2]
          + [9, 7].enumerated().map { i, extent in
            (extent + 2 * g.paddingTop - size) / g.strideY + 1
          } + [C]
        let dY: Tensor<Scalar> = integers(shape, 17, 2)
        var dX = Tensor<Scalar>(repeating: 77, shape: x.shape)
        poolingGradient(x.scalars, dY, size, size, g, .maximum, into: &dX)
        #expect(
          dX == maximumGradientReference(x, dY, size, size, g), "\(C) channels, size \(size), \(g)")
      }
    }
  }

  @Test func goesToTheFirstLargestValueOfEachWindow() {
    compare(Float.self)
    compare(Double.self)
  }
}
