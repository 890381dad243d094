import NeuralNetworks
import Tensors
import Testing

@Suite struct TapeTests {
  /// Kim's network on a small image, its loss after some steps, and the run.
  private func train(
    _ recomputation: Recomputation, steps: Int, threads: Int? = nil
  ) -> (losses: [Float], weights: [Float], run: TapeRun<Float>) {
    let saved = Parallelism.threads
    defer { Parallelism.threads = saved }
    if let threads { Parallelism.threads = threads }
    var generator = SeededGenerator(seed: 3)
    let net = KanezakiNet<Float>(
      KanezakiNetOptions(filters: 20, layers: 2, classes: 7), using: &generator)
    let tape = Tape<Float>()
    let image = tape.input([1, 60, 70, 3])
    let logits = net(image, on: tape)
    let targets = LabelTargets()
    let loss = tape.crossEntropy(logits, targets)
    let run = TapeRun(tape, loss: loss, outputs: [loss], recomputation: recomputation)
    run.set(image, randomTensor([1, 60, 70, 3], &generator))
    let optimiser = SGD(net.parameters, learningRate: 0.1, momentum: 0.9)
    var losses: [Float] = []
    for _ in 0..<steps {
      optimiser.clearGradients()
      run.forward(through: logits)
      targets.labels = largestOfRows(run.value(logits))
      for i in targets.labels.indices { targets.labels[i] = targets.labels[i / 2 * 2] }
      run.backward()
      optimiser.step()
      losses.append(run.value(loss).scalars[0])
    }
    return (losses, net.parameters.flatMap { $0.value.scalars }, run)
  }

  @Test func peakIsKnownBeforeTheRun() {
    for level in Recomputation.allCases {
      let run = train(level, steps: 2).run
      #expect(run.measuredPeakBytes == run.peakBytes, "\(level)")
    }
  }

  /// A1, x1, A2, x2, y and y' exist without recomputation; with it x1 and x2, and with more A1, do not.
  @Test func recomputationSavesMemoryAndChangesNoBit() {
    let plain = train(.none, steps: 3)
    let less = train(.elementwise, steps: 3)
    let least = train(.small, steps: 3)
    #expect(plain.weights == less.weights && plain.weights == least.weights)
    #expect(plain.losses == less.losses && plain.losses == least.losses)
    let pixel = 60 * 70 * 4
    #expect(plain.run.peakBytes <= (4 * 20 + 2 * 7) * pixel + 64)
    #expect(less.run.peakBytes <= (3 * 20 + 7) * pixel + 64)
    #expect(least.run.peakBytes <= 3 * 20 * pixel + 64)
  }

  @Test func threadsDoNotChangeBits() {
    let one = train(.elementwise, steps: 3, threads: 1)
    for threads in [2, 3, 8] {
      let other = train(.elementwise, steps: 3, threads: threads)
      #expect(other.weights == one.weights && other.losses == one.losses, "\(threads) threads")
    }
  }

  @Test func lossFalls() {
    let losses = train(.none, steps: 12).losses
    // The step of the paper, 0.1, brings 1.6 down to 1.15 here.
    #expect(losses[11] < 0.85 * losses[0])
  }

  @Test func gradientsAddUpOverRuns() {
    let w = Parameter(name: "w", Tensor<Double>(shape: [2, 1], scalars: [1, 2]))
    let tape = Tape<Double>()
    let x = tape.input([1, 2])
    let loss = tape.linear(x, tape.parameter(w))
    let run = TapeRun(tape, loss: loss)
    run.set(x, Tensor(shape: [1, 2], scalars: [3, 5]))
    run.backward()
    run.forward()
    run.backward(factor: 0.5)
    #expect(w.gradient.scalars == [4.5, 7.5])
    w.clearGradient()
    #expect(w.gradient.scalars == [0, 0])
  }

  /// Values are computed anew for other inputs where no backward pass comes in between.
  @Test func everyForwardPassBeginsAnew() {
    let w = Parameter(name: "w", Tensor<Double>(shape: [2, 1], scalars: [1, 2]))
    let tape = Tape<Double>()
    let x = tape.input([1, 2])
    let loss = tape.linear(x, tape.parameter(w))
    let run = TapeRun(tape, loss: loss, outputs: [loss])
    for value in [1.0, 5] {
      run.set(x, Tensor(shape: [1, 2], scalars: [value, 10]))
      run.forward()
      #expect(run.value(loss).scalars == [value + 20])
    }
  }

  /// The names of what is computed a second time.
  private func computedAgain(
    _ tape: Tape<Float>, _ loss: Variable<Float>, _ image: Variable<Float>, _ level: Recomputation
  ) -> [String] {
    let run = TapeRun(tape, loss: loss, recomputation: level)
    var generator = SeededGenerator(seed: 4)
    run.set(image, randomTensor(image.shape, &generator))
    var (names, isBackward) = ([String](), false)
    run.afterStep = { step in
      isBackward = isBackward || step.isBackward
      if isBackward && !step.isBackward { names.append(step.name) }
    }
    run.backward()
    return names
  }

  /// Each normalisation that a convolution reads is computed again once; what the loss reads, which comes
  /// first in the backward pass, is kept.
  @Test func whatTheLossReadsIsNotComputedAgain() {
    var generator = SeededGenerator(seed: 3)
    let net = KanezakiNet<Float>(
      KanezakiNetOptions(filters: 8, layers: 2, classes: 3), using: &generator)
    let tape = Tape<Float>()
    let image = tape.input([1, 4, 5, 3])
    let targets = LabelTargets([Int32](repeating: 1, count: 20))
    let loss = tape.crossEntropy(net(image, on: tape), targets)
    #expect(computedAgain(tape, loss, image, .none) == [])
    #expect(
      computedAgain(tape, loss, image, .elementwise)
        == ["batch normalisation", "batch normalisation"])
  }

  /// A value that two backward steps need is computed again once, though the first of them would take its
  /// memory.
  @Test func whatIsReadLaterIsComputedAgainOnce() {
    let w = Parameter(name: "w", Tensor<Float>(repeating: 0.5, shape: [1, 1, 3, 2]))
    let tape = Tape<Float>()
    let image = tape.input([1, 2, 2, 3])
    let x = tape.convolution(image, tape.parameter(w))
    let pooled = tape.maximumPool(x, size: 1)
    let sum = tape.sum(tape.rectified(x), pooled)
    let loss = tape.crossEntropy(tape.scaled(sum, by: 2), LabelTargets([0, 1, 0, 1]))
    #expect(computedAgain(tape, loss, image, .small) == ["convolution", "rectification"])
  }
}
