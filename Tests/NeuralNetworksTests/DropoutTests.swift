import NeuralNetworks
import Tensors
import Testing

@Suite struct DropoutTests {
  /// Masks of `count` ones in consecutive runs.
  private func masks(_ runs: Int, _ count: Int, probability: Double, seed: UInt64) -> [[Double]] {
    let tape = Tape<Double>()
    let x = tape.input([count])
    let state = DropoutState<Double>(name: "d", seed: seed)
    let y = tape.dropout(x, probability: probability, state: state)
    let run = TapeRun(tape, outputs: [y])
    run.set(x, Tensor(repeating: 1, shape: [count]))
    return (0..<runs).map { _ in
      run.forward()
      return run.value(y).scalars
    }
  }

  /// The share of zeros strays by sqrt(p (1 - p) / n) = 0.0022; four of that.
  @Test func dropsItsShareAndScalesTheRest() {
    let mask = masks(1, 3 * 16_384, probability: 0.4, seed: 3)[0]
    #expect(Set(mask) == [0, 1 / 0.6])
    #expect(abs(Double(mask.count { $0 == 0 }) / Double(mask.count) - 0.4) < 0.009)
  }

  /// Masks are drawn in pieces of 16,384 values.
  @Test func noTwoPiecesRunsOrSeedsShareAMask() {
    let size = 16_384
    let drawn = masks(2, 2 * size, probability: 0.5, seed: 3)
    let other = masks(1, size, probability: 0.5, seed: 4)[0]
    let pieces = drawn.flatMap { [Array($0.prefix(size)), Array($0.suffix(size))] } + [other]
    #expect(Set(pieces).count == 5)
  }

  @Test func changesNothingInEvaluation() {
    let tape = Tape<Double>(isTraining: false)
    let x = tape.input([3])
    let y = tape.dropout(x, probability: 0.5, state: DropoutState(name: "d", seed: 1))
    let run = TapeRun(tape, outputs: [y])
    run.set(x, Tensor(shape: [3], scalars: [1, 2, 3]))
    run.forward()
    #expect(run.value(y).scalars == [1, 2, 3])
  }
}
