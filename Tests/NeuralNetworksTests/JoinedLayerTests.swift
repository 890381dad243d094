import NeuralNetworks
import Tensors
import Testing

/// Layers and operations that are computed together give the bits of those apart.
@Suite struct JoinedLayerTests {
  /// A convolution whose result pooling alone reads is computed by the way, a few rows at a time.
  @Test func pooledConvolutionsAreTheTwoLayers() throws {
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    let networks: [(NetworkDescription, String, String, ConvolutionGeometry)] = [
      (.squeezeNet(classes: 10), "features.1", "features.2", ConvolutionGeometry(stride: 2)),
      (.resNet18(classes: 10), "relu", "maxpool", ConvolutionGeometry(stride: 2, padding: 1)),
      (.alexNet(classes: 10), "features.1", "features.2", ConvolutionGeometry(stride: 2)),
    ]
    for (description, before, after, windows) in networks {
      let network = try Network(description, counterWeights(description), through: after)
      // Rows of 63 pixels make an odd number of rows, so that no window is incomplete.
      let images = counterImages(3, 127, 95)
      let convolved = try network(images, layer: before)
      let expected = maximumPool(convolved, height: 3, width: 3, geometry: windows)
      for count in [1, 2] {
        Parallelism.threads = count
        let pooled = try network(images, layer: after)
        #expect(pooled == expected, "\(description.name), \(count) threads")
      }
    }
  }

  /// Sums with rectification against the two operations, where a value is read by several and
  /// where only one of the two inputs needs a gradient.
  @Test func rectifiedSumsAreTheTwoOperations() {
    var generator = SeededGenerator(seed: 5)
    let shapes = [[2, 6, 5, 4], [3, 3, 4, 4], [2, 6, 5, 4]]
    let inputs: [Tensor<Double>] = shapes.map { randomTensor($0, &generator) }
    let g: Tensor<Double> = randomTensor(shapes[0], &generator)
    func build(_ tape: Tape<Double>, _ x: [Variable<Double>], _ isJoined: Bool) -> Variable<Double>
    {
      func sum(_ a: Variable<Double>, _ b: Variable<Double>) -> Variable<Double> {
        isJoined ? tape.sum(a, b, isRectified: true) : tape.rectified(tape.sum(a, b))
      }
      // Two residual blocks: what the first one gives is read by a convolution and by a sum.
      let padded = ConvolutionGeometry(padding: 1)
      let one = sum(tape.convolution(x[0], x[1], geometry: padded), x[0])
      let two = sum(one, tape.convolution(one, x[1], geometry: padded))
      return sum(x[2], sum(two, two))
    }
    for level in Recomputation.allCases {
      let joined = valueAndGradients(inputs, weights: g, recomputation: level) {
        build($0, $1, true)
      }
      let apart = valueAndGradients(inputs, weights: g, recomputation: level) {
        build($0, $1, false)
      }
      #expect(joined.value == apart.value && joined.gradients == apart.gradients, "\(level)")
    }
    let tape = Tape<Double>()
    let (a, b) = (tape.input([3]), tape.input([3], needsGradient: true))
    let weights = tape.input([3, 1])
    let y = tape.reshaped(tape.sum(a, b, isRectified: true), to: [1, 3])
    let run = TapeRun(tape, loss: tape.linear(y, weights))
    run.set(a, Tensor(shape: [3], scalars: [1, -2, 3]))
    run.set(b, Tensor(shape: [3], scalars: [1, 1, -1]))
    run.set(weights, Tensor(shape: [3, 1], scalars: [5, 6, 7]))
    run.backward()
    #expect(run.gradient(b).scalars == [5, 0, 7])
  }
}
