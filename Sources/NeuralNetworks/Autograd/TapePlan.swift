// When each value of a tape is computed, overwritten, freed and computed again.
//
// Implements: liveness over a straight list of steps; recomputation after T. Chen, B. Xu, C. Zhang,
//   C. Guestrin, "Training deep nets with sublinear memory cost", arXiv:1604.06174 (2016), section 3
//   (values that are cheap to compute again are dropped after the forward pass).
// Symbols: a step computes one node's value (forward, again) or the gradients of its inputs
//   (backward); a value is dropped when it is not kept from the forward to the backward pass.
// Deviations: what is dropped is chosen by the effort of computing it again (Effort), not by
//   square-root segments; a value that was computed again stays until its last use.
// Checked by: TapeTests (planned peak = measured peak; same bits at each level).
// Cost: the square of the number of nodes at most.

import Tensors

/// How much is computed twice to save memory.
public enum Recomputation: Int, CaseIterable, Sendable {
  /// Nothing.
  case none = 0
  /// Results of elementwise operations: normalisation, rectification, dropout.
  case elementwise = 1
  /// Also results of convolutions with at most 64 multiplications a value, such as a first layer's.
  case small = 2
}

/// The steps of one forward and backward pass.
struct TapePlan<Scalar: KernelScalar> {
  enum Kind { case forward, again, backward }

  struct Step {
    let kind: Kind
    let node: Int
    /// The values that the step reads.
    let reads: [Int]
    /// Whether the step may take the memory of the value that it would overwrite.
    var overwrites = false
    /// The values that nobody reads after this step.
    var releases: [Int] = []
  }

  private(set) var steps: [Step] = []
  /// The steps before the first backward step.
  private(set) var forwardCount = 0

  /// Plans the steps for `outputs`, and for the gradients of `loss` if there is one.
  init(
    _ tape: Tape<Scalar>, loss: Int?, outputs: [Int], recomputation: Recomputation
  ) {
    let nodes = tape.nodes
    let needed = Self.ancestors(nodes, outputs + (loss.map { [$0] } ?? []))
    for i in nodes.indices where needed[i] && !nodes[i].isLeaf {
      steps.append(Step(kind: .forward, node: i, reads: nodes[i].inputs))
    }
    forwardCount = steps.count
    if let loss {
      let dropped = Self.dropped(nodes, needed, outputs, recomputation, last: steps.last?.node ?? 0)
      appendBackward(nodes, Self.ancestors(nodes, [loss]), dropped, outputs)
    }
    findReleases(nodes, outputs)
  }

  /// Whether `targets` depend on each node.
  private static func ancestors(_ nodes: [Tape<Scalar>.Node], _ targets: [Int]) -> [Bool] {
    var needed = [Bool](repeating: false, count: nodes.count)
    for target in targets { needed[target] = true }
    for i in nodes.indices.reversed() where needed[i] {
      for input in nodes[i].inputs { needed[input] = true }
    }
    return needed
  }

  /// The values that a backward step reads.
  private static func backwardReads(_ nodes: [Tape<Scalar>.Node], _ i: Int) -> [Int] {
    guard let operation = nodes[i].operation, nodes[i].needsGradient else { return [] }
    var reads = nodes[i].inputs.indices.filter { operation.readsInput($0) }
      .map { nodes[i].inputs[$0] }
    if operation.readsOutput { reads.append(i) }
    return reads
  }

  /// The values that are freed between their forward and their backward uses.
  private static func dropped(
    _ nodes: [Tape<Scalar>.Node], _ needed: [Bool], _ outputs: [Int], _ level: Recomputation,
    last: Int
  ) -> [Bool] {
    var isRead = [Bool](repeating: false, count: nodes.count)
    for i in nodes.indices where needed[i] {
      for value in backwardReads(nodes, i) { isRead[value] = true }
    }
    var effort = [Int](repeating: 0, count: nodes.count)
    var dropped = [Bool](repeating: false, count: nodes.count)
    for i in nodes.indices where needed[i] {
      guard let operation = nodes[i].operation else { continue }
      effort[i] = operation.effort.rawValue
      for input in nodes[i].inputs where !(isRead[input] && !dropped[input]) {
        effort[i] = max(effort[i], effort[input])
      }
      // What the last operation reads is used again at once.
      dropped[i] =
        isRead[i] && effort[i] <= level.rawValue && !outputs.contains(i)
        && !nodes[last].inputs.contains(i)
    }
    return dropped
  }

  private mutating func appendBackward(
    _ nodes: [Tape<Scalar>.Node], _ needed: [Bool], _ dropped: [Bool], _ outputs: [Int]
  ) {
    var present = [Bool](repeating: false, count: nodes.count)
    var isRead = present
    for i in nodes.indices where needed[i] {
      for value in Self.backwardReads(nodes, i) { isRead[value] = true }
    }
    for i in nodes.indices {
      present[i] = nodes[i].isLeaf || outputs.contains(i) || (isRead[i] && !dropped[i])
    }
    for i in nodes.indices.reversed() where needed[i] && nodes[i].needsGradient {
      guard !nodes[i].isLeaf else { continue }
      let reads = Self.backwardReads(nodes, i)
      for value in reads { computeAgain(value, nodes, &present) }
      steps.append(Step(kind: .backward, node: i, reads: reads))
    }
  }

  /// Appends the steps that compute a value again, its inputs first.
  private mutating func computeAgain(
    _ value: Int, _ nodes: [Tape<Scalar>.Node], _ present: inout [Bool]
  ) {
    guard !present[value] else { return }
    for input in nodes[value].inputs { computeAgain(input, nodes, &present) }
    steps.append(Step(kind: .again, node: value, reads: nodes[value].inputs))
    present[value] = true
    // An operation in place takes its input's memory: whoever needs that input computes it again.
    if let operation = nodes[value].operation, operation.isInPlace,
      let input = nodes[value].inputs.first,
      !nodes[input].isLeaf, !Self.isReadLater(input, nodes)
    {
      present[input] = false
    }
  }

  /// Whether any backward step reads the value.
  private static func isReadLater(_ value: Int, _ nodes: [Tape<Scalar>.Node]) -> Bool {
    nodes.indices.contains { backwardReads(nodes, $0).contains(value) }
  }

  /// Finds the last read of each value between two computations of it.
  private mutating func findReleases(_ nodes: [Tape<Scalar>.Node], _ outputs: [Int]) {
    var isFree = nodes.map { !$0.isLeaf }
    for output in outputs { isFree[output] = false }
    var seenLater = [Bool](repeating: false, count: nodes.count)
    for s in steps.indices.reversed() {
      let step = steps[s]
      let node = step.node
      for value in Set(step.reads).sorted() where isFree[value] && !seenLater[value] {
        steps[s].releases.append(value)
        seenLater[value] = true
      }
      guard step.kind != .backward else { continue }
      // A value that nobody reads after it was computed.
      if isFree[node] && !seenLater[node] { steps[s].releases.append(node) }
      seenLater[node] = false
    }
    for s in steps.indices { steps[s].overwrites = mayOverwrite(steps[s], nodes) }
  }

  /// Whether the value that a step would overwrite is read by nobody after it.
  private func mayOverwrite(_ step: Step, _ nodes: [Tape<Scalar>.Node]) -> Bool {
    guard let operation = nodes[step.node].operation else { return false }
    let inputs = nodes[step.node].inputs
    if step.kind != .backward {
      guard operation.isInPlace, let first = inputs.first else { return false }
      return step.releases.contains(first)
        && inputs.filter { $0 == first }.count == 1
    }
    switch operation.place {
    case .input(let i), .inputWhereFree(let i): return step.releases.contains(inputs[i])
    default: return false
    }
  }
}
