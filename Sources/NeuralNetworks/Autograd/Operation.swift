// What a tape asks of an operation: forward, backward, and what each of them reads and overwrites.
//
// Symbols: x -> inputs, y -> output, dy -> gradient of the loss by y, dx -> gradients by the inputs.
// Deviations: none. Checked by: GradientTests (central differences), TapeTests.

import Tensors

/// Where the gradient of an input comes to lie.
enum GradientPlace: Equatable {
  /// In memory of its own.
  case fresh
  /// In the memory of dy: `dx[i]` holds dy's values when `backward` begins, and dy is empty.
  case outputGradient(Int)
  /// In the memory of input i: `dx[i]` holds its values when `backward` begins, and x[i] is empty.
  case input(Int)
  /// As `input`, where nobody reads input i later; else as `fresh`, and x[i] holds its values.
  case inputWhereFree(Int)
}

/// What it costs to compute an output again.
enum Effort: Int, Comparable {
  /// One pass over the values.
  case elementwise = 1
  /// A convolution with at most 64 multiplications a value.
  case small = 2
  /// More than that, or not possible.
  case large = 3

  static func < (a: Effort, b: Effort) -> Bool { a.rawValue < b.rawValue }
}

/// One kind of node of a tape.
protocol Operation<Scalar>: AnyObject {
  associatedtype Scalar: KernelScalar

  /// The name that messages use.
  var name: String { get }
  /// Whether `forward` works in place: y holds the values of input 0 when it begins, x[0] is empty.
  var isInPlace: Bool { get }
  /// Whether `backward` reads y.
  var readsOutput: Bool { get }
  /// Where a gradient comes to lie; where that gradient is not wanted, x and dy are as usual.
  var place: GradientPlace { get }
  /// What it costs to compute y again.
  var effort: Effort { get }
  /// Whether `backward` reads x[i].
  func readsInput(_ i: Int) -> Bool
  /// Computes y, whose values do not matter before unless `isInPlace`.
  ///
  /// With `again`, the same inputs have been seen before in this run: states must not change.
  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool)
  /// Computes the wanted gradients.
  ///
  /// `dx[i]` has the input's shape, except for parameters, whose gradients are assigned.
  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool])
}

extension Operation {
  var isInPlace: Bool { false }
  var readsOutput: Bool { false }
  var place: GradientPlace { .fresh }
  var effort: Effort { .large }
  func readsInput(_ i: Int) -> Bool { false }
}

/// A tensor without values, in the place of one that an operation does not read.
func nothing<Scalar>(_: Scalar.Type = Scalar.self) -> Tensor<Scalar> {
  Tensor(shape: [0], scalars: [])
}
