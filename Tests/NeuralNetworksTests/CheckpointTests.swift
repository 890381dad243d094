import NeuralNetworks
import Tensors
import Testing

/// A run that is stopped and goes on from its states ends with the same bits as an undisturbed one.
@Suite struct CheckpointTests {
  /// Everything that a step of this network depends on.
  private final class Training {
    let filters, scale, shift, weights, bias: Parameter<Float>
    let statistics = BatchStatistics<Float>(name: "norm", channels: 6)
    let dropout = DropoutState<Float>(name: "dropout", seed: 11)
    var parameters: [Parameter<Float>] { [filters, scale, shift, weights, bias] }

    init(seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      filters = Parameter(
        name: "filters", Initialisation.heNormal([3, 3, 3, 6], fanIn: 27, using: &generator))
      scale = Parameter(name: "scale", Tensor(repeating: 1, shape: [6]))
      shift = Parameter(name: "shift", .zeros([6]))
      weights = Parameter(
        name: "weights", Initialisation.pytorch([54, 4], fanIn: 54, using: &generator))
      bias = Parameter(name: "bias", .zeros([4]))
    }

    /// A tape of batches of 5 images with the loss of random labels.
    func recorded(_ recomputation: Recomputation) -> TapeRun<Float> {
      let tape = Tape<Float>()
      let image = tape.input([5, 6, 6, 3])
      var x = tape.convolution(
        image, tape.parameter(filters), geometry: ConvolutionGeometry(padding: 1))
      x = tape.batchNormalisation(
        x, scale: tape.parameter(scale), shift: tape.parameter(shift), statistics: statistics,
        rectification: .after)
      x = tape.dropout(tape.maximumPool(x, size: 2), probability: 0.3, state: dropout)
      let y = tape.linear(
        tape.reshaped(x, to: [5, 54]), tape.parameter(weights), bias: tape.parameter(bias))
      let loss = tape.crossEntropy(y, LabelTargets([0, 3, 1, 2, 3]))
      let run = TapeRun(tape, loss: loss, recomputation: recomputation)
      var generator = SeededGenerator(seed: 21)
      run.set(image, randomTensor([5, 6, 6, 3], &generator))
      return run
    }
  }

  private typealias Optimiser = (
    step: () -> Void, clear: () -> Void, state: () -> [NamedValues<Float>],
    restore: ([NamedValues<Float>]) throws -> Void
  )

  private func optimiser(_ kind: Int, _ parameters: [Parameter<Float>]) -> Optimiser {
    if kind < 2 {
      let o = SGD(
        parameters, learningRate: 0.05, momentum: 0.9, weightDecay: 0.01, isNesterov: kind == 1)
      return (o.step, o.clearGradients, { o.state }, { try o.restore($0) })
    }
    let o = Adam(parameters, weightDecay: 0.01, isDecoupled: kind == 3)
    return (o.step, o.clearGradients, { o.state }, { try o.restore($0) })
  }

  /// Six steps; after three, if asked, all states move to fresh objects.
  private func train(
    _ kind: Int, isInterrupted: Bool, _ recomputation: Recomputation = .none
  ) throws -> [UInt32] {
    var training = Training(seed: 5)
    var steps = optimiser(kind, training.parameters)
    for part in 0..<2 {
      if part == 1 && isInterrupted {
        let parameters = training.parameters.map { $0.value }
        let layers = training.statistics.state + training.dropout.state
        let state = steps.state()
        training = Training(seed: 99)
        for (parameter, value) in zip(training.parameters, parameters) { parameter.value = value }
        try training.statistics.restore(layers)
        try training.dropout.restore(layers)
        steps = optimiser(kind, training.parameters)
        try steps.restore(state)
      }
      let run = training.recorded(recomputation)
      for _ in 0..<3 {
        steps.clear()
        run.backward()
        steps.step()
      }
    }
    let state = training.statistics.state + steps.state()
    return training.parameters.flatMap { $0.value.scalars.map(\.bitPattern) }
      + state.flatMap { $0.tensor.scalars.map(\.bitPattern) }
  }

  @Test(arguments: [(0, "SGD"), (1, "Nesterov"), (2, "Adam"), (3, "AdamW")])
  func resumesToTheSameBits(_ kind: Int, _ name: String) throws {
    let plain = try train(kind, isInterrupted: false)
    #expect(try train(kind, isInterrupted: true) == plain, "\(name)")
    // What is computed twice changes no bit either, masks of dropout and statistics among it.
    for level in Recomputation.allCases {
      #expect(try train(kind, isInterrupted: false, level) == plain, "\(name), \(level)")
    }
  }

  /// A checkpoint without the number of masks is one of an earlier version.
  @Test func dropoutTakesItsMasksOver() throws {
    let values = { (count: Float) in
      [NamedValues("d.masks", Tensor<Float>(shape: [1], scalars: [count]))]
    }
    let dropout = DropoutState<Float>(name: "d", seed: 1)
    try dropout.restore(values(7))
    #expect(dropout.masks == 7 && dropout.state[0].tensor.scalars == [7])
    try dropout.restore([])
    #expect(dropout.masks == 7)
    for count in [-1, .nan, 0x1p24] as [Float] {
      #expect(throws: NetworkError.self) { try dropout.restore(values(count)) }
    }
    #expect(throws: NetworkError.self) {
      try dropout.restore([NamedValues("d.masks", Tensor(shape: [2], scalars: [1, 2]))])
    }
    #expect(dropout.masks == 7)
  }
}
