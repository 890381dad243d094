// The tape: operations in the order of their creation, each knowing its inputs by their numbers.
//
// Implements: reverse accumulation (A. Griewank, A. Walther, "Evaluating derivatives", 2nd ed., SIAM
//   2008, section 3.2) over a list: gradients are propagated from the last node to the first.
// Deviations: recording computes nothing. A tape is recorded once for one shape of input, planned
//   (TapePlan.swift: what is freed, overwritten or computed again, and the peak of memory), and run
//   as often as wanted (TapeRun.swift).
// Checked by: TapeTests, GradientTests. Cost: none.

import Tensors

/// A value on a tape.
public struct Variable<Scalar: KernelScalar>: Sendable {
  let index: Int
  /// The shape of the value.
  public let shape: [Int]

  /// The number of values.
  public var count: Int { shape.reduce(1, *) }
}

/// Operations in the order of their creation.
public final class Tape<Scalar: KernelScalar> {
  struct Node {
    /// What computes it; nil for inputs and parameters.
    let operation: (any Operation<Scalar>)?
    let inputs: [Int]
    let shape: [Int]
    let parameter: Parameter<Scalar>?
    let needsGradient: Bool

    var count: Int { shape.reduce(1, *) }
    var isLeaf: Bool { operation == nil }
  }

  private(set) var nodes: [Node] = []
  /// Whether batch normalisation uses the batch's statistics and dropout drops.
  public let isTraining: Bool

  /// An empty tape.
  public init(isTraining: Bool = true) { self.isTraining = isTraining }

  /// A value that each run is given.
  ///
  /// - Parameters:
  ///   - shape: of the value.
  ///   - needsGradient: whether the gradient of the loss by it is wanted.
  /// - Returns: a variable to give to operations and to `TapeRun.set`.
  public func input(_ shape: [Int], needsGradient: Bool = false) -> Variable<Scalar> {
    append(
      Node(
        operation: nil, inputs: [], shape: shape, parameter: nil, needsGradient: needsGradient))
  }

  /// The value of a parameter, the same variable each time.
  public func parameter(_ parameter: Parameter<Scalar>) -> Variable<Scalar> {
    if let known = nodes.firstIndex(where: { $0.parameter === parameter }) {
      return Variable(index: known, shape: nodes[known].shape)
    }
    return append(
      Node(
        operation: nil, inputs: [], shape: parameter.value.shape, parameter: parameter,
        needsGradient: true))
  }

  /// The parameters in the order in which they were first used.
  public var parameters: [Parameter<Scalar>] { nodes.compactMap { $0.parameter } }

  /// Records an operation.
  func record(
    _ operation: any Operation<Scalar>, _ inputs: [Variable<Scalar>], shape: [Int]
  ) -> Variable<Scalar> {
    for input in inputs {
      precondition(
        input.index < nodes.count && nodes[input.index].shape == input.shape,
        "a variable of another tape")
    }
    return append(
      Node(
        operation: operation, inputs: inputs.map { $0.index }, shape: shape, parameter: nil,
        needsGradient: inputs.contains { nodes[$0.index].needsGradient }))
  }

  private func append(_ node: Node) -> Variable<Scalar> {
    nodes.append(node)
    return Variable(index: nodes.count - 1, shape: node.shape)
  }
}
