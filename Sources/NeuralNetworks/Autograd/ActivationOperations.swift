// Rectification, logistic function, log-softmax and dropout, forward and backward.
//
// Implements: V. Nair, G. Hinton, ICML 2010 (rectified linear units); N. Srivastava et al., "Dropout",
//   JMLR 15 (2014) 1929, section 4, scaled while training ("inverted") as in PyTorch.
// Equation -> code: y = max(x, 0), dx = dy [y > 0]; y = 1 / (1 + e^-x), dx = dy y (1 - y);
//   y = x - l with l = log sum exp x, dx = dy - e^y sum dy; y = x m / (1 - p), dx = dy m / (1 - p).
// Symbols: m -> 0 with probability p, else 1.
// Deviations: a mask is not kept but drawn again from its seed, in pieces cut by length alone.
// Checked by: GradientTests, TorchGradientTests, DropoutTests. Cost: one pass each.

import Tensors

private final class Rectification<Scalar: KernelScalar>: Operation {
  let name = "rectification"
  let isInPlace = true
  let readsOutput = true
  let place = GradientPlace.outputGradient(0)
  let effort = Effort.elementwise

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) { rectify(&y) }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) { rectifyGradient(&dx[0], y) }
}

private final class Sigmoid<Scalar: KernelScalar>: Operation {
  let name = "sigmoid"
  let isInPlace = true
  let readsOutput = true
  let place = GradientPlace.outputGradient(0)
  let effort = Effort.elementwise

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    y = y.logisticSigmoid()
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) { sigmoidGradient(&dx[0], y) }
}

private final class LogSoftmax<Scalar: KernelScalar>: Operation {
  let name = "log-softmax"
  let isInPlace = true
  let readsOutput = true
  let place = GradientPlace.outputGradient(0)
  let effort = Effort.elementwise

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    subtractFromRows(&y, logSumExp(y))
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) { logSoftmaxGradient(&dx[0], y) }
}

/// The seed of a dropout layer and how often it was used: all that its next mask depends on.
public final class DropoutState<Scalar: KernelScalar> {
  /// The name of its tensor in checkpoints: `name.masks`.
  public let name: String
  let seed: UInt64
  /// The number of masks drawn so far.
  public private(set) var masks = 0

  /// A state whose masks follow from `seed`.
  public init(name: String, seed: UInt64) { (self.name, self.seed) = (name, seed) }

  /// The number of the next mask, which is then drawn.
  fileprivate func takeMask() -> Int {
    masks += 1
    return masks - 1
  }
}

extension DropoutState: Checkpointed {
  /// The number of masks (below 2^24, exact in Float).
  public var state: [NamedValues<Scalar>] {
    [NamedValues(name + ".masks", Tensor(shape: [1], scalars: [Scalar(masks)]))]
  }

  /// Takes the number of masks over; a checkpoint without it is one of an earlier version and changes
  /// nothing.
  public func restore(_ state: [NamedValues<Scalar>]) throws(NetworkError) {
    guard state.contains(where: { $0.name == name + ".masks" }) else { return }
    let count = try find(name + ".masks", shape: [1], in: state).scalars[0]
    guard count >= 0, count < 16_777_216 else {
      throw .input(problem: "a checkpoint counts \(count) masks of \(name)")
    }
    masks = Int(count)
  }
}

private final class Dropout<Scalar: KernelScalar>: Operation {
  let name = "dropout"
  let isInPlace = true
  let place = GradientPlace.outputGradient(0)
  let effort = Effort.elementwise
  let probability: Double
  let state: DropoutState<Scalar>
  private var mask = 0

  init(_ probability: Double, _ state: DropoutState<Scalar>) {
    (self.probability, self.state) = (probability, state)
  }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    if !again { mask = state.takeMask() }
    apply(to: &y)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) { apply(to: &dx[0]) }

  private func apply(to y: inout Tensor<Scalar>) {
    var source = SeededGenerator(seed: state.seed, stream: mask)
    let (seed, p) = (source.next(), probability)
    let scale = p < 1 ? Scalar(1 / (1 - p)) : 0
    parallelForEachChunk(of: &y.scalars, size: 1 << 14) { piece, chunk in
      var generator = SeededGenerator(seed: seed, stream: piece)
      for i in chunk.indices { chunk[i] = generator.uniform() < p ? 0 : chunk[i] * scale }
    }
  }
}

extension Tape {
  /// The larger of each value and 0 (ReLU).
  public func rectified(_ x: Variable<Scalar>) -> Variable<Scalar> {
    record(Rectification<Scalar>(), [x], shape: x.shape)
  }

  /// 1 / (1 + e^-x) of each value.
  public func sigmoid(_ x: Variable<Scalar>) -> Variable<Scalar> {
    record(Sigmoid<Scalar>(), [x], shape: x.shape)
  }

  /// The logarithm of softmax over the last axis.
  public func logSoftmax(_ x: Variable<Scalar>) -> Variable<Scalar> {
    record(LogSoftmax<Scalar>(), [x], shape: x.shape)
  }

  /// Zeros with probability `probability`, the rest scaled up; in evaluation the values themselves.
  ///
  /// - Parameters:
  ///   - x: any shape.
  ///   - probability: 0 ..< 1.
  ///   - state: where masks come from.
  /// - Returns: the same shape.
  public func dropout(
    _ x: Variable<Scalar>, probability: Double, state: DropoutState<Scalar>
  ) -> Variable<Scalar> {
    precondition(probability >= 0 && probability < 1, "cannot drop with \(probability)")
    guard isTraining else { return x }
    return record(Dropout<Scalar>(probability, state), [x], shape: x.shape)
  }
}
