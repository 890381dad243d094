// The milliseconds of each operation of a training step, for `nital lab step --profile`.
//
// Checked by: Tests/command_line.sh (that convolutions and their gradients take time).
// Cost: two readings of the clock an operation.

import NeuralNetworks

/// Adds up the times of operations of one kind and one shape over the steps after the first.
final class StepProfile {
  /// Operations of one kind and shape.
  struct Row: Encodable {
    var operation: String
    var inputs: [[Int]]
    var output: [Int]
    /// How often a step has it.
    var count = 0
    /// Of all of them in one step, the mean over steps.
    var forward_milliseconds = 0.0, backward_milliseconds = 0.0
  }

  private let repeats: Int
  private var steps = -1
  private var last = 0.0
  /// In the order of their first appearance.
  private(set) var rows: [Row] = []

  init(repeats: Int) { self.repeats = repeats }

  /// Begins a step; the first one is not counted.
  func begin(_ run: TapeRun<Float>) {
    steps += 1
    last = monotonicSeconds()
    run.afterStep = { [unowned self] step in add(step) }
  }

  private func add(_ step: TapeStep) {
    let now = monotonicSeconds()
    let share = (now - last) * 1000 / Double(repeats)
    last = now
    guard steps > 0 else { return }
    let known = rows.firstIndex {
      $0.operation == step.name && $0.inputs == step.inputShapes && $0.output == step.shape
    }
    if known == nil {
      rows.append(Row(operation: step.name, inputs: step.inputShapes, output: step.shape))
    }
    let i = known ?? rows.count - 1
    if step.isBackward {
      rows[i].backward_milliseconds += share
    } else {
      rows[i].forward_milliseconds += share
      if steps == 1 { rows[i].count += 1 }
    }
  }
}
