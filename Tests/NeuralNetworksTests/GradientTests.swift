import NeuralNetworks
import Tensors
import Testing

/// Gradients against central differences in Double: (f(x + h) - f(x - h)) / 2 h with h = 2^-17.
///
/// The error of the quotient is about h^2 |f'''| + eps |f| / h, below 1e-9 for values of this size;
/// 1e-7 of the largest gradient leaves room for sums of hundreds of terms.
@Suite struct GradientTests {
  private typealias Build = (Tape<Double>, [Variable<Double>]) -> Variable<Double>

  /// Checks at least ten entries of each input's gradient, or all of them.
  private func check(
    _ shapes: [[Int]], seed: UInt64 = 1, _ build: Build,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var generator = SeededGenerator(seed: seed)
    let inputs: [Tensor<Double>] = shapes.map { randomTensor($0, &generator) }
    let probe = Tape<Double>()
    let y = build(probe, inputs.map { probe.input($0.shape) })
    let g: Tensor<Double> = randomTensor(y.shape, &generator)
    func f(_ inputs: [Tensor<Double>]) -> Double {
      let tape = Tape<Double>()
      let variables = inputs.map { tape.input($0.shape) }
      let y = build(tape, variables)
      let run = TapeRun(tape, outputs: [y])
      for (variable, input) in zip(variables, inputs) { run.set(variable, input) }
      run.forward()
      return zip(run.value(y).scalars, g.scalars).reduce(0) { $0 + $1.0 * $1.1 }
    }
    for level in Recomputation.allCases {
      let gradients = valueAndGradients(inputs, weights: g, recomputation: level, build).gradients
      for (which, gradient) in gradients.enumerated() {
        let scale = gradient.scalars.reduce(1e-3) { max($0, abs($1)) }
        for _ in 0..<12 {
          let i = generator.integer(below: gradient.count)
          let h = 0x1p-17
          var (up, down) = (inputs, inputs)
          up[which].scalars[i] += h
          down[which].scalars[i] -= h
          let quotient = (f(up) - f(down)) / (2 * h)
          #expect(
            abs(quotient - gradient.scalars[i]) <= 1e-7 * scale,
            "input \(which)[\(i)]: \(gradient.scalars[i]), differences \(quotient)",
            sourceLocation: sourceLocation)
        }
      }
    }
  }

  @Test(arguments: [
    (1, 1, 1, 3), (2, 1, 1, 3), (1, 2, 2, 3), (2, 2, 2, 3), (1, 0, 1, 1), (3, 0, 1, 2),
  ])
  func ofConvolution(_ stride: Int, _ padding: Int, _ dilation: Int, _ size: Int) {
    let g = ConvolutionGeometry(stride: stride, padding: padding, dilation: dilation)
    check([[2, 6, 7, 3], [size, size, 3, 4], [4]]) {
      $0.convolution($1[0], $1[1], bias: $1[2], geometry: g)
    }
  }

  @Test(arguments: [(2, 0, 0, 2), (2, 1, 1, 3), (1, 1, 0, 3), (3, 0, 1, 2)])
  func ofTransposedConvolution(_ stride: Int, _ padding: Int, _ output: Int, _ size: Int) {
    let g = ConvolutionGeometry(stride: stride, padding: padding)
    check([[2, 4, 5, 4], [size, size, 3, 4], [3]]) {
      $0.transposedConvolution($1[0], $1[1], bias: $1[2], geometry: g, outputPadding: output)
    }
  }

  @Test func ofLinearLayers() {
    check([[3, 5], [5, 4], [4]]) { $0.linear($1[0], $1[1], bias: $1[2]) }
  }

  @Test func ofBatchNormalisation() {
    check([[2, 3, 4, 3], [3], [3]]) {
      $0.batchNormalisation(
        $1[0], scale: $1[1], shift: $1[2], statistics: BatchStatistics(name: "", channels: 3))
    }
  }

  /// Rectification joined to the normalisation gives the same numbers as apart, before and after it.
  @Test(arguments: [NormalisedRectification.before, .after])
  func ofBatchNormalisationWithRectification(_ kind: NormalisedRectification) {
    func build(_ tape: Tape<Double>, _ x: [Variable<Double>], _ isJoined: Bool) -> Variable<Double>
    {
      let before = kind == .before && !isJoined ? tape.rectified(x[0]) : x[0]
      let y = tape.batchNormalisation(
        before, scale: x[1], shift: x[2], statistics: BatchStatistics(name: "", channels: 7),
        rectification: isJoined ? kind : .none)
      return kind == .after && !isJoined ? tape.rectified(y) : y
    }
    let shapes = [[2, 3, 4, 7], [7], [7]]
    check(shapes) { build($0, $1, true) }
    var generator = SeededGenerator(seed: 21)
    let inputs: [Tensor<Double>] = shapes.map { randomTensor($0, &generator) }
    let g: Tensor<Double> = randomTensor(shapes[0], &generator)
    let joined = valueAndGradients(inputs, weights: g) { build($0, $1, true) }
    let apart = valueAndGradients(inputs, weights: g) { build($0, $1, false) }
    #expect(joined.value == apart.value && joined.gradients == apart.gradients)
  }

  @Test func ofActivations() {
    check([[2, 3, 4, 3]]) { $0.rectified($1[0]) }
    check([[2, 3, 4, 3]]) { $0.sigmoid($1[0]) }
    check([[4, 7]]) { $0.logSoftmax($1[0]) }
    check([[2, 3, 4, 3]]) {
      $0.dropout($1[0], probability: 0.4, state: DropoutState(name: "", seed: 5))
    }
  }

  @Test func ofPoolingAndUpsampling() {
    // Six channels: a vector of four and two more.
    check([[2, 6, 7, 6]]) { $0.maximumPool($1[0], size: 2) }
    check([[2, 6, 7, 6]]) {
      $0.maximumPool($1[0], size: 3, geometry: ConvolutionGeometry(stride: 2, padding: 1))
    }
    check([[2, 6, 7, 3]]) {
      $0.averagePool(
        $1[0], size: 3, geometry: ConvolutionGeometry(stride: 2, padding: 1),
        countingPadding: false)
    }
    check([[2, 6, 7, 3]]) { $0.adaptiveAveragePool($1[0], height: 4, width: 3) }
    check([[1, 4, 5, 2]]) { $0.upsampled($1[0], height: 9, width: 7) }
    check([[1, 4, 5, 2]]) { $0.upsampled($1[0], height: 3, width: 12, aligningCorners: true) }
  }

  @Test func ofCombinations() {
    check([[1, 2, 3, 2], [1, 2, 3, 3]]) { $0.concatenated([$1[0], $1[1]]) }
    check([[2, 3], [2, 3]]) { $0.sum($1[0], $1[1]) }
    // One value on both sides of a sum, whose memory the sum must not take.
    check([[2, 3]]) { tape, x in
      let a = tape.rectified(x[0])
      return tape.sum(a, a)
    }
    // One value used three times: its gradients are added.
    check([[1, 4, 4, 2]]) { tape, x in
      let a = tape.rectified(x[0])
      return tape.sum(
        tape.concatenated([a, x[0]]), tape.concatenated([tape.scaled(x[0], by: 3), a]))
    }
  }

  @Test func ofLosses() {
    let targets = LabelTargets([2, 0, -1, 1])
    check([[4, 5]]) { $0.crossEntropy($1[0], targets) }
    check([[4, 5]]) { $0.crossEntropy($1[0], targets, classWeights: [0.5, 1, 2, 3, 4]) }
    check([[1, 5, 6, 3]]) { $0.continuityLoss($1[0]) }
    for kind in 0..<3 {
      var generator = SeededGenerator(seed: 9)
      let x: Tensor<Double> = randomTensor([4, 6], &generator)
      let z = Tensor(shape: [4, 6], scalars: (0..<24).map { _ in generator.uniform() })
      func run(_ x: Tensor<Double>) -> (Double, Tensor<Double>) {
        let tape = Tape<Double>()
        let (a, b) = (tape.input([4, 6], needsGradient: true), tape.input([4, 6]))
        let loss =
          [
            tape.binaryCrossEntropy(a, b), tape.diceLoss(tape.sigmoid(a), b),
            tape.smoothL1Loss(a, b, width: 0.5),
          ][kind]
        let run = TapeRun(tape, loss: loss, outputs: [loss])
        run.set(a, x)
        run.set(b, z)
        run.backward()
        return (run.value(loss).scalars[0], run.gradient(a))
      }
      let gradient = run(x).1
      for i in 0..<24 {
        var (up, down) = (x, x)
        up.scalars[i] += 0x1p-17
        down.scalars[i] -= 0x1p-17
        let quotient = (run(up).0 - run(down).0) * 0x1p16
        #expect(abs(quotient - gradient.scalars[i]) <= 1e-8, "loss \(kind), value \(i)")
      }
    }
  }
}
