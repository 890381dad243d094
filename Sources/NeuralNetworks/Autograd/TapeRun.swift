// Runs a tape: forward, then backward, in memory that is planned before.
//
// Deviations: none. Checked by: TapeTests, GradientTests.
// Cost: that of the operations; memory as `peakBytes` says.

import Tensors

/// What one step of a run computed.
package struct TapeStep: Sendable {
  /// The operation.
  package let name: String
  /// The shapes of its result and of its inputs.
  package let shape: [Int]
  package let inputShapes: [[Int]]
  /// Whether the gradients of the inputs were computed, not the result.
  package let isBackward: Bool
}

/// A planned tape with its memory, run as often as wanted.
public final class TapeRun<Scalar: KernelScalar> {
  private let tape: Tape<Scalar>
  private let plan: TapePlan<Scalar>
  private let loss: Int?
  private let outputs: [Int]
  private var pool: BufferPool<Scalar>
  private var values: [[Scalar]?]
  private var gradients: [[Scalar]?]
  /// The next step.
  private var position = 0
  /// Called after each step with what it computed, for programs that measure the parts of a run.
  package var afterStep: ((TapeStep) -> Void)?
  /// The most bytes of activations and gradients that exist at a time; parameters, and what single
  /// operations need while they work, come on top.
  public let peakBytes: Int

  /// Plans the runs of a tape.
  ///
  /// - Parameters:
  ///   - tape: what is run; it must not grow afterwards.
  ///   - loss: a single value whose gradients are wanted, or `nil` to compute `outputs` alone.
  ///   - outputs: values that are kept until the next run begins.
  ///   - recomputation: how much is computed twice to save memory; no value depends on it.
  public convenience init(
    _ tape: Tape<Scalar>, loss: Variable<Scalar>? = nil, outputs: [Variable<Scalar>] = [],
    recomputation: Recomputation = .none
  ) {
    precondition(loss?.count ?? 1 == 1, "a loss is one value, not \(loss?.shape ?? [])")
    let plan = TapePlan(
      tape, loss: loss?.index, outputs: outputs.map { $0.index }, recomputation: recomputation)
    let kept = outputs.map { $0.index }
    let dry = TapeRun(tape, plan, loss?.index, kept, isDry: true, budget: 0)
    dry.forward()
    dry.backward()
    self.init(tape, plan, loss?.index, kept, isDry: false, budget: dry.pool.peak)
  }

  private init(
    _ tape: Tape<Scalar>, _ plan: TapePlan<Scalar>, _ loss: Int?, _ outputs: [Int], isDry: Bool,
    budget: Int
  ) {
    (self.tape, self.plan, self.loss, self.outputs) = (tape, plan, loss, outputs)
    pool = BufferPool(isDry: isDry, budget: budget)
    values = Array(repeating: nil, count: tape.nodes.count)
    gradients = values
    peakBytes = budget * MemoryLayout<Scalar>.stride
    if isDry {
      for i in tape.nodes.indices where tape.nodes[i].isLeaf { values[i] = [] }
    }
  }

  /// The most bytes of activations and gradients that have existed at a time so far.
  package var measuredPeakBytes: Int { pool.peak * MemoryLayout<Scalar>.stride }

  // MARK: - Values

  /// Gives an input its value.
  public func set(_ variable: Variable<Scalar>, _ tensor: Tensor<Scalar>) {
    precondition(
      tape.nodes[variable.index].isLeaf && tape.nodes[variable.index].parameter == nil
        && tensor.shape == variable.shape,
      "the input has shape \(variable.shape), not \(tensor.shape)")
    values[variable.index] = tensor.scalars
  }

  /// The value of a variable that has been computed and not been freed or overwritten since.
  public func value(_ variable: Variable<Scalar>) -> Tensor<Scalar> {
    guard let scalars = values[variable.index] else {
      preconditionFailure("the value is not in memory: ask for it as an output")
    }
    return Tensor(shape: variable.shape, scalars: scalars)
  }

  /// The gradient of the loss by an input that needs one.
  public func gradient(_ variable: Variable<Scalar>) -> Tensor<Scalar> {
    guard let scalars = gradients[variable.index] else {
      preconditionFailure("the input needs no gradient, or `backward` has not run")
    }
    return Tensor(shape: variable.shape, scalars: scalars)
  }

  // MARK: - Runs

  /// Gives a run up; the next one begins anew.
  public func restart() { begin() }

  /// Begins a run and computes values up to `variable`, or goes on with it; up to the loss and all
  /// outputs where it is `nil`.
  public func forward(through variable: Variable<Scalar>? = nil) {
    if position >= plan.steps.count || position >= plan.forwardCount { begin() }
    while position < plan.forwardCount {
      let step = plan.steps[position]
      if let variable, step.node > variable.index { return }
      perform(step)
    }
  }

  /// Adds the gradients of the loss to those of the parameters, after computing what is missing.
  ///
  /// - Parameter factor: the gradient of the loss itself, for sums over several runs.
  public func backward(factor: Scalar = 1) {
    if position >= plan.steps.count { begin() }
    while position < plan.forwardCount {
      perform(plan.steps[position])
    }
    guard let loss else { return }
    gradients[loss] = pool.take(1)
    if !pool.isDry { gradients[loss] = [factor] }
    while position < plan.steps.count {
      perform(plan.steps[position])
    }
  }

  private func perform(_ step: TapePlan<Scalar>.Step) {
    if step.kind == .backward { propagate(step) } else { compute(step) }
    position += 1
    guard let afterStep else { return }
    let node = tape.nodes[step.node]
    afterStep(
      TapeStep(
        name: node.operation?.name ?? "", shape: node.shape,
        inputShapes: node.inputs.map { tape.nodes[$0].shape }, isBackward: step.kind == .backward))
  }

  /// Frees what the last run kept.
  private func begin() {
    position = 0
    for i in values.indices {
      let node = tape.nodes[i]
      if !node.isLeaf, let old = Self.claim(&values[i]) { pool.give(old, count: node.count) }
      if let old = Self.claim(&gradients[i]) { pool.give(old, count: node.count) }
    }
  }

  /// Empties a place and returns what was in it, so that nobody else holds it.
  private static func claim(_ place: inout [Scalar]?) -> [Scalar]? {
    var taken: [Scalar]?
    swap(&place, &taken)
    return taken
  }

  private func tensor(_ i: Int) -> Tensor<Scalar> {
    if let parameter = tape.nodes[i].parameter { return parameter.value }
    guard let scalars = values[i] else {
      preconditionFailure("node \(i) of shape \(tape.nodes[i].shape) was given no value")
    }
    return Tensor(shape: tape.nodes[i].shape, scalars: scalars)
  }

  /// Memory for a node whose first input's values it begins with.
  private func copyOrTake(_ source: Int, taking: Bool) -> [Scalar] {
    if taking, let taken = Self.claim(&values[source]) { return taken }
    var copy = pool.take(tape.nodes[source].count)
    if !pool.isDry { copyValues(of: tensor(source).scalars, to: &copy) }
    return copy
  }

  private func compute(_ step: TapePlan<Scalar>.Step) {
    let node = tape.nodes[step.node]
    guard let operation = node.operation else { return }
    var scalars =
      operation.isInPlace
      ? copyOrTake(node.inputs[0], taking: step.overwrites) : pool.take(node.count)
    if !pool.isDry {
      var y = Tensor(shape: node.shape, scalars: scalars)
      scalars = []
      let x = node.inputs.indices.map {
        operation.isInPlace && $0 == 0 ? nothing() : tensor(node.inputs[$0])
      }
      operation.forward(x, into: &y, again: step.kind == .again)
      scalars = y.scalars
    }
    values[step.node] = scalars
    release(step)
  }

  private func propagate(_ step: TapePlan<Scalar>.Step) {
    let node = tape.nodes[step.node]
    guard let operation = node.operation, var dy = Self.claim(&gradients[step.node]) else {
      return
    }
    let wanted = node.inputs.map { tape.nodes[$0].needsGradient }
    var places = [[Scalar]](repeating: [], count: node.inputs.count)
    var (overwritten, movesGradient) = (-1, false)
    for (i, input) in node.inputs.enumerated() where wanted[i] {
      if operation.place == .outputGradient(i) {
        swap(&places[i], &dy)
        movesGradient = true
      } else if operation.place == .input(i) {
        places[i] = copyOrTake(input, taking: step.overwrites)
        overwritten = i
      } else if operation.place == .inputWhereFree(i) && step.overwrites {
        places[i] = Self.claim(&values[input]) ?? []
        overwritten = i
      } else if tape.nodes[input].parameter == nil {
        places[i] = pool.take(tape.nodes[input].count)
      }
    }
    if !pool.isDry {
      let reads = node.inputs.indices.map {
        operation.readsInput($0) && $0 != overwritten ? tensor(node.inputs[$0]) : nothing()
      }
      let y = operation.readsOutput ? tensor(step.node) : nothing()
      run(operation, node, reads, y, dy, movesGradient, wanted, &places)
    }
    if !movesGradient { pool.give(dy, count: node.count) }
    for (i, input) in node.inputs.enumerated() where wanted[i] {
      var place: [Scalar] = []
      swap(&place, &places[i])
      add(place, to: input)
    }
    release(step)
  }

  /// Calls `backward` with tensors made of the places, which are empty meanwhile.
  private func run(
    _ operation: any Operation<Scalar>, _ node: Tape<Scalar>.Node, _ x: [Tensor<Scalar>],
    _ y: Tensor<Scalar>, _ dy: [Scalar], _ movesGradient: Bool, _ wanted: [Bool],
    _ places: inout [[Scalar]]
  ) {
    var dx: [Tensor<Scalar>] = []
    for (i, input) in node.inputs.enumerated() {
      var place: [Scalar] = []
      swap(&place, &places[i])
      let isAssigned = place.isEmpty && tape.nodes[input].count > 0
      dx.append(isAssigned ? nothing() : Tensor(shape: tape.nodes[input].shape, scalars: place))
    }
    let gradient = movesGradient ? nothing() : Tensor(shape: node.shape, scalars: dy)
    operation.backward(x, y, gradient, into: &dx, wanted: wanted)
    for i in dx.indices { places[i] = dx[i].scalars }
  }

  /// Adds the gradient of one use of a value to that of the others.
  private func add(_ gradient: [Scalar], to input: Int) {
    let node = tape.nodes[input]
    if let parameter = node.parameter {
      guard !pool.isDry else { return }
      parameter.addGradient(Tensor(shape: node.shape, scalars: gradient))
    } else if var old = Self.claim(&gradients[input]) {
      if !pool.isDry { addValues(of: gradient, to: &old) }
      gradients[input] = old
      pool.give(gradient, count: node.count)
    } else {
      gradients[input] = gradient
    }
  }

  private func release(_ step: TapePlan<Scalar>.Step) {
    for value in step.releases {
      if let old = Self.claim(&values[value]) { pool.give(old, count: tape.nodes[value].count) }
    }
  }
}
