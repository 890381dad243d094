// What a network learns: named values with their gradients, and named states beside them.
//
// Deviations: none. Checked by: TapeTests, KanezakiNetTests.

import Tensors

/// A tensor that an optimiser changes.
public final class Parameter<Scalar: KernelScalar> {
  /// Its name in checkpoints, unique in a network.
  public let name: String
  /// The values.
  public var value: Tensor<Scalar>
  /// What backward passes have added since the gradient was zeros, or `nil`.
  private var sum: Tensor<Scalar>?

  /// The gradient of the loss, to which each backward pass adds; zeros at first.
  public var gradient: Tensor<Scalar> {
    get { sum ?? Tensor(shape: value.shape, scalars: zeroValues(value.count)) }
    set { sum = newValue }
  }

  /// A parameter with these values.
  public init(name: String, _ value: Tensor<Scalar>) { (self.name, self.value) = (name, value) }

  /// Sets the gradient to zeros.
  public func clearGradient() { sum = nil }

  /// Adds to the gradient.
  func addGradient(_ new: Tensor<Scalar>) {
    precondition(new.shape == value.shape, "\(name) of shape \(value.shape), not \(new.shape)")
    var old: Tensor<Scalar>?
    swap(&old, &sum)
    guard var total = old else { return sum = new }
    old = nil
    accumulate(&total, new)
    sum = total
  }
}

/// A tensor with a name, as checkpoints hold it.
public struct NamedValues<Scalar: KernelScalar>: Sendable {
  /// The name, unique in a list.
  public var name: String
  /// The values.
  public var tensor: Tensor<Scalar>

  /// A name and values.
  public init(_ name: String, _ tensor: Tensor<Scalar>) {
    (self.name, self.tensor) = (name, tensor)
  }
}

/// Whatever has a state that a checkpoint must hold.
public protocol Checkpointed<Scalar> {
  /// The type of the values.
  associatedtype Scalar: KernelScalar
  /// Everything that the next step depends on, in a fixed order.
  var state: [NamedValues<Scalar>] { get }
  /// Takes a state over.
  ///
  /// - Throws: `NetworkError` when a tensor is missing or has another shape; then nothing changed.
  func restore(_ state: [NamedValues<Scalar>]) throws(NetworkError)
}

/// Finds a tensor of a checkpoint.
func find<Scalar: KernelScalar>(
  _ name: String, shape: [Int], in state: [NamedValues<Scalar>]
) throws(NetworkError) -> Tensor<Scalar> {
  guard let found = state.first(where: { $0.name == name }) else {
    throw .missing(network: "checkpoint", tensors: [TensorOutline(name, shape)])
  }
  guard found.tensor.shape == shape else {
    throw .shape(tensor: name, expected: shape, found: found.tensor.shape)
  }
  return found.tensor
}
