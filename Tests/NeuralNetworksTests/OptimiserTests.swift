import NeuralNetworks
import Tensors
import Testing

/// Twenty steps against PyTorch in float64, relative to the largest value.
///
/// Measured on all instruction sets: 1.8e-15 in Double, 6.1e-7 in Float (a step of Adam divides by roots of
/// small sums); the bounds are four times that.
@Suite struct OptimiserTests {
  private func trajectory<Scalar: KernelScalar>(
    _ name: String, _ tolerance: Double, _: Scalar.Type,
    _ make: ([Parameter<Scalar>]) -> (step: () -> Void, clear: () -> Void)
  ) throws {
    let file = try AutogradFixture("optimisers.txt")
    let a = Parameter<Scalar>(name: "a", try file.tensor("\(name) a"))
    let b = Parameter<Scalar>(name: "b", try file.tensor("\(name) b"))
    let tape = Tape<Scalar>()
    let (x, z) = (tape.input([12, 4]), tape.input([12, 2]))
    let hidden = tape.rectified(tape.linear(x, tape.parameter(a)))
    let loss = tape.smoothL1Loss(tape.linear(hidden, tape.parameter(b)), z)
    let run = TapeRun(tape, loss: loss, outputs: [loss])
    run.set(x, try file.tensor("\(name) x"))
    run.set(z, try file.tensor("\(name) z"))
    let optimiser = make([a, b])
    var losses: [Scalar] = []
    for _ in 0..<20 {
      optimiser.clear()
      run.forward()
      run.backward()
      optimiser.step()
      losses.append(run.value(loss).scalars[0])
    }
    let golden: Tensor<Scalar> = try file.tensor("\(name) losses")
    #expect(relativeError(Tensor(shape: [20], scalars: losses), golden) <= tolerance, "\(name)")
    #expect(relativeError(a.value, try file.tensor("\(name) a20")) <= tolerance, "\(name) a")
    #expect(relativeError(b.value, try file.tensor("\(name) b20")) <= tolerance, "\(name) b")
  }

  private func all<Scalar: KernelScalar>(_ type: Scalar.Type, _ tolerance: Double) throws {
    func sgd(_ o: SGD<Scalar>) -> (step: () -> Void, clear: () -> Void) {
      (o.step, o.clearGradients)
    }
    func adam(_ o: Adam<Scalar>) -> (step: () -> Void, clear: () -> Void) {
      (o.step, o.clearGradients)
    }
    try trajectory("sgd", tolerance, type) { sgd(SGD($0, learningRate: 0.05)) }
    try trajectory("momentum", tolerance, type) {
      sgd(SGD($0, learningRate: 0.05, momentum: 0.9, dampening: 0.1, weightDecay: 0.01))
    }
    try trajectory("nesterov", tolerance, type) {
      sgd(SGD($0, learningRate: 0.05, momentum: 0.9, weightDecay: 0.01, isNesterov: true))
    }
    try trajectory("adam", tolerance, type) {
      adam(Adam($0, learningRate: 0.01, weightDecay: 0.02))
    }
    try trajectory("adamw", tolerance, type) {
      adam(Adam($0, learningRate: 0.01, weightDecay: 0.01, isDecoupled: true))
    }
  }

  @Test func followTorchInDouble() throws { try all(Double.self, 7e-15) }
  @Test func followTorchInFloat() throws { try all(Float.self, 2.5e-6) }

  @Test func schedulesAgree() throws {
    let file = try AutogradFixture("optimisers.txt")
    let schedules: [(String, LearningRateSchedule)] = [
      ("step", .step(size: 3, factor: 0.5)), ("milestones", .milestones([2, 5], factor: 0.1)),
      ("exponential", .exponential(factor: 0.9)), ("cosine", .cosine(epochs: 10, lowest: 0.01)),
      ("polynomial", .polynomial(epochs: 10, power: 2)),
      ("warmup", .warmUp(epochs: 4, start: 0.25)),
    ]
    for (name, schedule) in schedules {
      let golden: Tensor<Double> = try file.tensor("rate \(name)")
      let rates = (0..<10).map { schedule.rate(0.5, epoch: $0) }
      // PyTorch multiplies the last rate by a factor, ten roundings at most.
      #expect(relativeError(Tensor(shape: [10], scalars: rates), golden) <= 1e-14, "\(name)")
    }
    #expect(LearningRateSchedule.constant.rate(0.5, epoch: 7) == 0.5)
  }
}
