import Tensors
import Testing

@Suite struct ConvolutionBackwardTests {
  /// Whole numbers from -8 to 8: every sum below 2^24 is exact, so twins agree bit for bit.
  private func integers<Scalar: KernelScalar>(
    _ shape: [Int], _ generator: inout SeededGenerator
  ) -> Tensor<Scalar> {
    Tensor(
      shape: shape,
      scalars: (0..<shape.reduce(1, *)).map { _ in Scalar(generator.integer(below: 17) - 8) })
  }

  private struct Case {
    var N = 1, H: Int, W: Int, C: Int, R: Int, S: Int, K: Int
    var g: ConvolutionGeometry
  }

  private var cases: [Case] {
    var list: [Case] = []
    for stride in 1...3 {
      for padding in 0...2 {
        for dilation in 1...2 {
          list.append(
            Case(
              N: 2, H: 7, W: 9, C: 3, R: 3, S: 2, K: 5,
              g: ConvolutionGeometry(stride: stride, padding: padding, dilation: dilation)))
        }
      }
    }
    let same = ConvolutionGeometry(padding: 1)
    return list + [
      Case(H: 1, W: 1, C: 1, R: 1, S: 1, K: 1, g: ConvolutionGeometry()),
      Case(H: 3, W: 400, C: 17, R: 3, S: 3, K: 15, g: same),
      Case(H: 20, W: 9, C: 40, R: 3, S: 3, K: 33, g: same),
      Case(H: 4, W: 5, C: 300, R: 3, S: 3, K: 20, g: same),
      Case(H: 9, W: 8, C: 4, R: 5, S: 1, K: 3, g: ConvolutionGeometry(padding: 2)),
      // Short rows of many filters: packed products over several rows.
      Case(
        N: 3, H: 14, W: 13, C: 5, R: 3, S: 3, K: 70, g: ConvolutionGeometry(stride: 2, padding: 1)),
      Case(
        N: 2, H: 20, W: 21, C: 3, R: 7, S: 7, K: 64, g: ConvolutionGeometry(stride: 2, padding: 3)),
      // Products in two pieces, and channels that are no whole panels.
      Case(
        N: 4, H: 28, W: 27, C: 24, R: 3, S: 3, K: 70,
        g: ConvolutionGeometry(stride: 2, padding: 1)),
      Case(
        N: 2, H: 9, W: 8, C: 37, R: 3, S: 3, K: 5, g: ConvolutionGeometry(stride: 2, padding: 1)),
      Case(N: 5, H: 9, W: 8, C: 80, R: 1, S: 1, K: 65, g: ConvolutionGeometry(stride: 2)),
      Case(N: 2, H: 9, W: 8, C: 70, R: 3, S: 3, K: 66, g: ConvolutionGeometry(padding: 3)),
      Case(
        N: 2, H: 9, W: 11, C: 7, R: 3, S: 2, K: 64,
        g: ConvolutionGeometry(stride: 2, padding: 2, dilation: 2)),
      Case(N: 2, H: 3, W: 2, C: 6, R: 4, S: 4, K: 67, g: ConvolutionGeometry(padding: 3)),
      Case(
        H: 9, W: 8, C: 4, R: 2, S: 3, K: 3,
        g: ConvolutionGeometry(
          strideY: 1, strideX: 2, paddingTop: 3, paddingBottom: 0, paddingLeft: 1, paddingRight: 2)),
    ]
  }

  private func compare<Scalar: KernelScalar>(_: Scalar.Type) {
    var generator = SeededGenerator(seed: 7)
    for (i, c) in cases.enumerated() {
      let x: Tensor<Scalar> = integers([c.N, c.H, c.W, c.C], &generator)
      let w: Tensor<Scalar> = integers([c.R, c.S, c.C, c.K], &generator)
      let shape = c.g.outputShape(input: x.shape, filters: w.shape)
      let dy: Tensor<Scalar> = integers(shape, &generator)
      let (dx, dw) = convolutionBackwardReference(x, w, dy, geometry: c.g)
      #expect(
        convolutionFilterGradient(
          x, dy, filterHeight: c.R, filterWidth: c.S, geometry: c.g, algorithm: .direct) == dw,
        "filters, case \(i)")
      var result = Tensor<Scalar>(repeating: 77, shape: x.shape)
      convolutionInputGradient(dy, w, geometry: c.g, algorithm: .direct, into: &result)
      #expect(result == dx, "input, case \(i)")
    }
  }

  @Test func equalsItsTwinExactly() {
    compare(Float.self)
    compare(Double.self)
  }

  /// A read beyond an image meets NaN: its neighbours hold nothing else.
  @Test func phasesReadTheirOwnImageAlone() {
    var generator = SeededGenerator(seed: 13)
    for c in cases where c.g.strideY > 1 && c.g.dilationY == 1 {
      let w: Tensor<Float> = integers([c.R, c.S, c.C, c.K], &generator)
      let (shape, one) = ([3, c.H, c.W, c.C], [1, c.H, c.W, c.C])
      let outputs = c.g.outputShape(input: shape, filters: w.shape)
      let dy: Tensor<Float> = integers([1] + outputs.dropFirst(), &generator)
      let nothing = [Float](repeating: .nan, count: dy.count)
      var dx = Tensor<Float>(repeating: 77, shape: shape)
      convolutionInputGradient(
        Tensor(shape: outputs, scalars: nothing + dy.scalars + nothing), w, geometry: c.g,
        into: &dx)
      let x = Tensor<Float>.zeros(one)
      let expected = convolutionBackwardReference(x, w, dy, geometry: c.g).inputGradient
      #expect(Array(dx.scalars[x.count..<(2 * x.count)]) == expected.scalars, "\(shape), \(c.g)")
    }
  }

  /// Four padded images of 10 MB: more than are padded at a time.
  @Test func manyLargeImagesAreTakenInTurn() {
    var generator = SeededGenerator(seed: 14)
    let g = ConvolutionGeometry(stride: 2)
    let w: Tensor<Float> = integers([3, 3, 1, 64], &generator)
    let dy: Tensor<Float> = integers([4, 200, 200, 64], &generator)
    let x = Tensor<Float>.zeros([4, 401, 401, 1])
    var dx = Tensor<Float>(repeating: 77, shape: x.shape)
    convolutionInputGradient(dy, w, geometry: g, into: &dx)
    #expect(dx == convolutionBackwardReference(x, w, dy, geometry: g).inputGradient)
  }

  @Test func bandsDoNotChangeBits() {
    var generator = SeededGenerator(seed: 6)
    for (stride, dilation) in [(1, 1), (2, 1), (1, 2)] {
      let g = ConvolutionGeometry(stride: stride, padding: 2, dilation: dilation)
      let x: Tensor<Float> = integers([2, 23, 9, 3], &generator)
      let w: Tensor<Float> = integers([3, 3, 3, 5], &generator)
      let whole = convolve(x, w, geometry: g, algorithm: .direct)
      for bytes in [1, 1000, 3000] {
        var banded = Tensor<Float>(repeating: 77, shape: whole.shape)
        convolveInBands(
          x, w, geometry: g, algorithm: .direct, into: &banded, bytes: bytes)
        #expect(banded == whole, "\(bytes) bytes")
      }
    }
  }

  /// Tiles of 4 x 4 outputs, against the definition in Double.
  @Test func theAutomaticChoiceStaysClose() {
    var generator = SeededGenerator(seed: 12)
    func normal(_ shape: [Int]) -> Tensor<Float> {
      Tensor(
        shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in Float(generator.normal()) })
    }
    let (x, w, dy) = (normal([1, 20, 19, 40]), normal([3, 3, 40, 33]), normal([1, 20, 19, 33]))
    let exact = convolutionBackwardReference(
      x.widened, w.widened, dy.widened, geometry: ConvolutionGeometry(padding: 1))
    var (dx, direct) = (x, x)
    let g = ConvolutionGeometry(padding: 1)
    convolutionInputGradient(dy, w, geometry: g, into: &dx)
    convolutionInputGradient(dy, w, geometry: g, algorithm: .direct, into: &direct)
    #expect(dx != direct, "the choice is not Winograd's")
    // Each part is a sum over 33 filters.
    #expect(relativeError(dx, exact.inputGradient) <= winogradErrorBound(4, terms: 33))
    let dw = [ConvolutionAlgorithm.direct, .automatic].map {
      convolutionFilterGradient(
        x, dy, filterHeight: 3, filterWidth: 3, geometry: g, algorithm: $0)
    }
    #expect(dw[0] != dw[1], "the choice is not Winograd's")
    // Each part is a sum over 5 x 5 tiles.
    #expect(relativeError(dw[1], exact.filterGradient) <= winogradErrorBound(4, terms: 25))
  }

  /// <conv(x), y> = <x, convT(y)> = <w, dW(x, y)>, in Double: sums of some thousand terms.
  @Test func isTheAdjointOfTheConvolution() {
    var generator = SeededGenerator(seed: 8)
    for c in cases {
      func random(_ shape: [Int]) -> Tensor<Double> {
        Tensor(
          shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in generator.uniform(-1, 1) })
      }
      let (x, w) = (random([c.N, c.H, c.W, c.C]), random([c.R, c.S, c.C, c.K]))
      let y = convolve(x, w, geometry: c.g)
      let dy = random(y.shape)
      let forward = inner(y, dy)
      let transposed = convolveTransposed(
        dy, w, geometry: c.g, outputHeight: c.H, outputWidth: c.W)
      let dw = convolutionFilterGradient(
        x, dy, filterHeight: c.R, filterWidth: c.S, geometry: c.g)
      let scale = (inner(y, y) * inner(dy, dy)).squareRoot() + 1
      #expect(abs(inner(x, transposed) - forward) <= 1e-13 * scale)
      #expect(abs(inner(w, dw) - forward) <= 1e-13 * scale)
    }
  }

  private func inner(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test func threadsDoNotChangeBits() {
    let saved = Parallelism.threads
    defer { Parallelism.threads = saved }
    var generator = SeededGenerator(seed: 9)
    func random(_ shape: [Int]) -> Tensor<Float> {
      Tensor(
        shape: shape,
        scalars: (0..<shape.reduce(1, *)).map { _ in Float(generator.uniform(-1, 1)) })
    }
    let (x, dy) = (random([1, 90, 80, 20]), random([1, 90, 80, 30]))
    let short = random([4, 14, 14, 80])
    let strided = ConvolutionGeometry(stride: 2, padding: 1)
    let w = random([3, 3, 20, 80])
    var first: [Tensor<Float>] = []
    for threads in [1, 2, 3, 8] {
      Parallelism.threads = threads
      var dx = Tensor<Float>.zeros([4, 27, 28, 20])
      convolutionInputGradient(short, w, geometry: strided, into: &dx)
      let gradients = [
        convolutionFilterGradient(
          x, dy, filterHeight: 3, filterWidth: 3, geometry: ConvolutionGeometry(padding: 1)),
        convolutionFilterGradient(
          dx, short, filterHeight: 3, filterWidth: 3, geometry: strided), dx,
      ]
      #expect(first.isEmpty || gradients == first, "\(threads) threads")
      first = gradients
    }
  }
}
