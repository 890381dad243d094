import Tensors
import Testing

/// A convolution and its pooling in groups of rows, against the two layers apart: the same bits.
@Suite struct ConvolutionPoolingTests {
  struct Case: CustomStringConvertible, Sendable {
    var H, W, C, K: Int
    var side, stride, padding: Int
    var size, step, margin: Int
    var description: String {
      "\(H)x\(W)x\(C)->\(K) \(side)/\(stride)+\(padding), \(size)/\(step)+\(margin)"
    }
  }

  /// Channels around one and two vectors of every instruction set, rows and columns around tiles; the
  /// first has several groups of rows a piece, and the second several pieces.
  static let cases = [
    Case(H: 61, W: 150, C: 3, K: 70, side: 3, stride: 1, padding: 0, size: 3, step: 2, margin: 0),
    Case(H: 90, W: 120, C: 8, K: 64, side: 5, stride: 1, padding: 2, size: 3, step: 2, margin: 1),
    Case(H: 23, W: 21, C: 3, K: 5, side: 7, stride: 2, padding: 3, size: 3, step: 2, margin: 1),
    Case(H: 9, W: 8, C: 1, K: 33, side: 1, stride: 1, padding: 0, size: 2, step: 2, margin: 0),
    Case(H: 7, W: 9, C: 4, K: 17, side: 3, stride: 1, padding: 1, size: 2, step: 3, margin: 0),
    Case(H: 6, W: 6, C: 2, K: 16, side: 3, stride: 1, padding: 1, size: 5, step: 1, margin: 2),
  ]

  private func normal(_ shape: [Int], _ seed: UInt64) -> Tensor<Float> {
    var random = SeededGenerator(seed: seed)
    return Tensor(
      shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in Float(random.normal()) })
  }

  /// The pooled convolution of two images, written into a frame of NaN, which stays.
  private func pooled(
    _ c: Case, _ images: Tensor<Float>, _ filters: PackedFilters<Float>, isRectified: Bool,
    _ shape: [Int], _ windows: ConvolutionGeometry
  ) -> [Float] {
    let g = ConvolutionGeometry(stride: c.stride, padding: c.padding)
    let result = g.outputShape(input: images.shape, filters: filters.shape)
    let x = ActivationLayout(2, c.H, c.W, c.C, margin: c.padding)
    let y = ActivationLayout(2, shape[1], shape[2], c.K, margin: 1)
    let (input, output) = (ActivationBuffer(capacity: x.count), ActivationBuffer(capacity: y.count))
    input.clearMargins(x)
    input.load(images, first: 0, x)
    let everything = ActivationLayout(1, 1, 1, y.count)
    output.load(Tensor(repeating: .nan, shape: [1, 1, 1, y.count]), first: 0, everything)
    convolveAndPool(
      input, x,
      PooledConvolution(
        filters, geometry: g, isRectified: isRectified, height: result[1], width: result[2],
        size: c.size, windows: windows), into: output, y)
    var (inside, all): ([Float], [Float]) = ([], [])
    output.append(y, to: &inside)
    output.append(everything, to: &all)
    #expect(all.count { $0.isNaN } == y.count - inside.count, "\(c)")
    return inside
  }

  @Test(arguments: cases, [false, true])
  func equalsTheTwoLayersApart(_ c: Case, _ isRectified: Bool) {
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    let g = ConvolutionGeometry(stride: c.stride, padding: c.padding)
    let windows = ConvolutionGeometry(stride: c.step, padding: c.margin)
    let (images, bias) = (normal([2, c.H, c.W, c.C], 1), normal([c.K], 3))
    let filters = PackedFilters(
      normal([c.side, c.side, c.C, c.K], 2), bias: bias, algorithm: .direct)
    var between = convolve(images, filters, geometry: g)
    if isRectified { rectify(&between) }
    let expected = maximumPool(between, height: c.size, width: c.size, geometry: windows)
    for count in [1, 2, 3] {
      Parallelism.threads = count
      let result = pooled(
        c, images, filters, isRectified: isRectified, expected.shape, windows)
      #expect(result == expected.scalars, "\(c), \(count) threads")
    }
  }

  /// Images of a batch in their place are those that were copied.
  @Test func imagesInTheirPlaceAreRead() {
    let batch = normal([3, 4, 5, 2], 7)
    ActivationBuffer.withImages(batch, from: 1) { view in
      var values: [Float] = []
      view.append(ActivationLayout(2, 4, 5, 2), to: &values)
      #expect(values == Array(batch.scalars[40...]) && view.capacity == 80)
    }
  }
}
