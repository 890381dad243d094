import Tensors
import Testing

@Suite struct WinogradGradientTests {
  private func normal(_ shape: [Int], _ seed: UInt64) -> Tensor<Float> {
    var random = SeededGenerator(seed: seed)
    return Tensor(
      shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in Float(random.normal()) })
  }

  private func product(_ a: Tensor<Float>, _ b: Tensor<Float>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  private static let cases: [(N: Int, H: Int, W: Int, C: Int, K: Int, padding: Int)] = [
    (2, 9, 7, 5, 6, 1), (1, 4, 4, 16, 32, 1), (2, 13, 10, 3, 20, 0), (1, 6, 8, 9, 1, 2),
    // More tiles than a block holds.
    (2, 50, 51, 4, 3, 1),
  ]

  /// The twin in Double; each part is a sum over the tiles of all images.
  @Test(arguments: [(2, ConvolutionAlgorithm.winograd2), (4, .winograd4)])
  func filterGradientAgreesWithItsTwin(_ m: Int, _ algorithm: ConvolutionAlgorithm) {
    for c in Self.cases {
      let g = ConvolutionGeometry(padding: c.padding)
      let x = normal([c.N, c.H, c.W, c.C], 1)
      let shape = g.outputShape(input: x.shape, filters: [3, 3, c.C, c.K])
      let dY = normal(shape, 2)
      let twin = winogradFilterGradientReference(
        x.widened, dY.widened, geometry: g, m: m)
      let result = winogradFilterGradient(x, dY, geometry: g, algorithm: algorithm)
      #expect(result.shape == [3, 3, c.C, c.K])
      let tiles = c.N * ((shape[1] + m - 1) / m) * ((shape[2] + m - 1) / m)
      let bound = winogradErrorBound(m, terms: tiles)
      #expect(relativeError(result, twin) <= bound, "\(c)")
    }
  }

  /// <convolve(x, f), dY> = <f, filter gradient> = <x, input gradient>: the adjoint identity, with the
  /// direct convolution on its left side.
  ///
  /// Errors e of one side, independent with the deviation s, add up to |f| s in <f, e>; the bound is four
  /// such deviations, as one draw may need. The left side adds chains of 9 C terms.
  @Test(arguments: [(2, ConvolutionAlgorithm.winograd2), (4, .winograd4)])
  func gradientsAreAdjoint(_ m: Int, _ algorithm: ConvolutionAlgorithm) {
    for c in Self.cases {
      let g = ConvolutionGeometry(padding: c.padding)
      let (x, f) = (normal([c.N, c.H, c.W, c.C], 1), normal([3, 3, c.C, c.K], 3))
      let y = convolve(x, f, geometry: g, algorithm: .direct)
      let dY = normal(y.shape, 2)
      let left = product(y, dY)
      let df = winogradFilterGradient(x, dY, geometry: g, algorithm: algorithm)
      var dx = Tensor<Float>(repeating: 77, shape: x.shape)
      convolutionInputGradient(dY, f, geometry: g, algorithm: algorithm, into: &dx)
      func size(_ factor: Tensor<Float>, _ values: Tensor<Float>) -> Double {
        product(factor, factor).squareRoot() * values.rootMeanSquare
      }
      let own = 4 * 0x1p-24 * (Double(9 * c.C) / 6).squareRoot() * size(dY, y)
      let tiles = c.N * ((y.shape[1] + m - 1) / m) * ((y.shape[2] + m - 1) / m)
      let ofFilters = 2 * winogradErrorBound(m, terms: tiles) * size(f, df)
      let ofInput = 2 * winogradErrorBound(m, terms: c.K) * size(x, dx)
      #expect(abs(product(f, df) - left) <= own + ofFilters, "\(c)")
      #expect(abs(product(x, dx) - left) <= own + ofInput, "\(c)")
    }
  }

  /// The gradient to the input is the convolution with mirrored filters, channels exchanged: the same
  /// bits as with filters that were mirrored before, for all rests of channels and filters.
  @Test(arguments: [ConvolutionAlgorithm.winograd2, .winograd4])
  func mirrorsFiltersWhereTheyLie(_ algorithm: ConvolutionAlgorithm) {
    for (C, K) in [(5, 6), (16, 40), (33, 9), (70, 17), (64, 72)] {
      let (f, dY) = (normal([3, 3, C, K], 3), normal([2, 9, 6, K], 2))
      var mirrored = Tensor<Float>.zeros([3, 3, K, C])
      for tap in 0..<9 {
        for c in 0..<C {
          for k in 0..<K {
            mirrored.scalars[(tap * K + k) * C + c] = f.scalars[((8 - tap) * C + c) * K + k]
          }
        }
      }
      let g = ConvolutionGeometry(padding: 1)
      var dX = Tensor<Float>(repeating: 77, shape: [2, 9, 6, C])
      convolutionInputGradient(dY, f, geometry: g, algorithm: algorithm, into: &dX)
      let expected = convolve(dY, mirrored, geometry: g, algorithm: algorithm)
      #expect(dX == expected, "\(C) channels, \(K) filters")
    }
  }

  @Test func givesTheSameBitsForAnyNumberOfThreads() {
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    let (x, dY) = (normal([3, 40, 40, 24], 1), normal([3, 40, 40, 33], 2))
    var first: [UInt32] = []
    for count in [1, 2, 5] {
      Parallelism.threads = count
      let bits = winogradFilterGradient(
        x, dY, geometry: ConvolutionGeometry(padding: 1), algorithm: .winograd4
      ).scalars.map(\.bitPattern)
      if first.isEmpty { first = bits }
      #expect(bits == first, "\(count) threads")
    }
  }
}
