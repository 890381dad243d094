import Tensors
import Testing

/// Blocks of tiles, chunks of channels and panels that are made where they are used.
@Suite struct WinogradChunkTests {
  private func normal(_ shape: [Int], _ seed: UInt64) -> Tensor<Float> {
    var random = SeededGenerator(seed: seed)
    return Tensor(
      shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in Float(random.normal()) })
  }

  private func error(_ a: Tensor<Float>, _ b: Tensor<Double>) -> Double {
    let largest = b.scalars.reduce(0) { max($0, abs($1)) }
    return zip(a.scalars, b.scalars).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / largest
  }

  /// One block with three chunks of channels, the last one short; two blocks; one chunk of few channels.
  @Test(arguments: [
    (N: 2, side: 9, C: 101, K: 35), (N: 3, side: 41, C: 9, K: 18), (N: 1, side: 8, C: 48, K: 5),
  ])
  func filterGradientAgreesWithItsTwin(_ c: (N: Int, side: Int, C: Int, K: Int)) {
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    let g = ConvolutionGeometry(padding: 1)
    let (x, dY) = (
      normal([c.N, c.side, c.side, c.C], 1), normal([c.N, c.side, c.side, c.K], 2)
    )
    let twin = winogradFilterGradientReference(x.widened, dY.widened, geometry: g, m: 4)
    var first: [Float] = []
    for count in [1, 2, 3] {
      Parallelism.threads = count
      let result = winogradFilterGradient(x, dY, geometry: g, algorithm: .winograd4)
      // Single precision leaves some 50 ulp of the largest value, and more for sums of more tiles.
      #expect(error(result, twin) < 100 * 0x1p-23, "\(c)")
      if first.isEmpty { first = result.scalars }
      #expect(result.scalars == first, "\(count) threads")
    }
  }

  /// Filters transformed panel by panel for one use, against the same ones packed before: the same bits,
  /// for few tiles (panels are made where they are used) and for many.
  @Test(arguments: [4, 9, 40], [16, 17, 70])
  func filtersOfOneUseGiveTheSameBits(_ side: Int, _ K: Int) {
    let g = ConvolutionGeometry(padding: 1)
    for algorithm in [ConvolutionAlgorithm.winograd2, .winograd4] {
      for C in [5, 70] {
        let (x, w, bias) = (
          normal([2, side, side, C], 1), normal([3, 3, C, K], 2), normal([K], 3)
        )
        let packed = PackedFilters(w, bias: bias, algorithm: algorithm)
        let expected = convolve(x, packed, geometry: g)
        var once = Tensor<Float>(repeating: .nan, shape: expected.shape)
        convolveInBands(x, w, bias: bias, geometry: g, algorithm: algorithm, into: &once)
        #expect(once == expected, "\(side), \(C) -> \(K) \(algorithm)")
        // The gradient of the input: mirrored filters, channels exchanged.
        var turned = Tensor<Float>.zeros([3, 3, K, C])
        for tap in 0..<9 {
          for c in 0..<C {
            for k in 0..<K {
              turned.scalars[((8 - tap) * K + k) * C + c] = w.scalars[(tap * C + c) * K + k]
            }
          }
        }
        let dY = normal(expected.shape, 4)
        var dX = Tensor<Float>(repeating: .nan, shape: x.shape)
        convolutionInputGradient(dY, w, geometry: g, algorithm: algorithm, into: &dX)
        let same = convolve(dY, PackedFilters(turned, algorithm: algorithm), geometry: g)
        #expect(dX == same, "gradient \(side), \(C) -> \(K) \(algorithm)")
      }
    }
  }
}
