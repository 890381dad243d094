// Losses of classification and segmentation: cross-entropy, binary cross-entropy and Dice.
//
// Implements: cross-entropy of softmax with integer targets; binary cross-entropy of logits in the
//   form that never overflows (as PyTorch's BCEWithLogitsLoss); F. Milletari, N. Navab, S. Ahmadi,
//   "V-Net", 3DV 2016, section 3 (Dice), with sums of probabilities in the denominator and a
//   smoothing term as in the segmentation_models library that paper four follows.
// Equation -> code: L = sum w[t] (l - x[t]) / sum w[t], l = log sum exp x; dx = w[t] (softmax x - [t]) /
//   sum w[t]. L = mean of max(x, 0) - x z + log(1 + e^-|x|), dx = (sigmoid x - z) / n.
//   L = 1 - (2 I + s) / (P + Z + s) with I = sum p z, P = sum p, Z = sum z;
//   dp = -(2 z (P + Z + s) - (2 I + s)) / (P + Z + s)^2.
// Symbols: t -> target class; w -> class weights; z -> target probability; s -> smoothing.
// Deviations: none. Checked by: GradientTests, TorchGradientTests. Cost: one pass each way.

import Tensors

/// The right classes of the rows of a loss; a negative number takes its row out.
public final class LabelTargets {
  /// One class a row, in 0 ..< classes, or a negative number.
  public var labels: [Int32]

  /// Targets that may be exchanged between runs.
  public init(_ labels: [Int32] = []) { self.labels = labels }
}

private final class CrossEntropy<Scalar: KernelScalar>: Operation {
  let name = "cross-entropy"
  let place = GradientPlace.input(0)
  let targets: LabelTargets
  let weights: [Scalar]
  private var l: [Scalar] = []
  private var total = 0.0

  init(_ targets: LabelTargets, _ weights: [Scalar]) {
    (self.targets, self.weights) = (targets, weights)
  }

  func readsInput(_ i: Int) -> Bool { true }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    l = logSumExp(x[0])
    let sum = crossEntropySum(x[0], l, targets: targets.labels, classWeights: weights)
    total = sum.weight
    y.scalars[0] = Scalar(sum.loss / sum.weight)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    crossEntropyGradient(
      &dx[0], l, targets: targets.labels, classWeights: weights,
      factor: Scalar(Double(dy.scalars[0]) / total))
  }
}

private final class BinaryCrossEntropy<Scalar: KernelScalar>: Operation {
  let name = "binary cross-entropy"
  let place = GradientPlace.input(0)

  func readsInput(_ i: Int) -> Bool { true }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    y.scalars[0] = Scalar(binaryCrossEntropySum(x[0], x[1]) / Double(max(1, x[0].count)))
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    let factor = dy.scalars[0] / Scalar(max(1, x[1].count))
    dx[0] = dx[0].logisticSigmoid()
    scaledDifference(&dx[0], x[1], factor: factor)
  }
}

private final class Dice<Scalar: KernelScalar>: Operation {
  let name = "Dice loss"
  let place = GradientPlace.input(0)
  let smoothing: Double
  private var (twice, denominator) = (0.0, 1.0)

  init(_ smoothing: Double) { self.smoothing = smoothing }

  func readsInput(_ i: Int) -> Bool { true }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    let sums = diceSums(x[0], x[1])
    (twice, denominator) = (2 * sums.product + smoothing, sums.sum + smoothing)
    y.scalars[0] = Scalar(1 - twice / denominator)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    let (a, b) = (
      Scalar(-2 / denominator) * dy.scalars[0],
      Scalar(twice / (denominator * denominator)) * dy.scalars[0]
    )
    affine(&dx[0], x[1], factor: a, offset: b)
  }
}

extension Tape {
  /// The mean cross-entropy of softmax over the last axis.
  ///
  /// - Parameters:
  ///   - logits: shape (..., q).
  ///   - targets: as many classes as rows; may be set until the loss is computed.
  ///   - classWeights: q weights, or none for ones; the mean is weighted as in PyTorch.
  /// - Returns: one value.
  public func crossEntropy(
    _ logits: Variable<Scalar>, _ targets: LabelTargets, classWeights: [Scalar] = []
  ) -> Variable<Scalar> {
    precondition(
      classWeights.isEmpty || classWeights.count == logits.shape.last,
      "\(classWeights.count) weights for \(logits.shape)")
    return record(CrossEntropy<Scalar>(targets, classWeights), [logits], shape: [])
  }

  /// The mean binary cross-entropy of logits.
  ///
  /// - Parameters:
  ///   - logits: any shape.
  ///   - targets: probabilities of the same shape; they get no gradient.
  /// - Returns: one value.
  public func binaryCrossEntropy(
    _ logits: Variable<Scalar>, _ targets: Variable<Scalar>
  ) -> Variable<Scalar> {
    record(BinaryCrossEntropy<Scalar>(), paired(logits, targets), shape: [])
  }

  /// 1 - (2 sum p z + s) / (sum p + sum z + s), over all values.
  ///
  /// - Parameters:
  ///   - probabilities: any shape.
  ///   - targets: the same shape; they get no gradient.
  ///   - smoothing: s.
  /// - Returns: one value.
  public func diceLoss(
    _ probabilities: Variable<Scalar>, _ targets: Variable<Scalar>, smoothing: Double = 1
  ) -> Variable<Scalar> {
    record(Dice<Scalar>(smoothing), paired(probabilities, targets), shape: [])
  }

  /// Predictions and targets, checked.
  func paired(_ x: Variable<Scalar>, _ targets: Variable<Scalar>) -> [Variable<Scalar>] {
    precondition(
      x.shape == targets.shape && !nodes[targets.index].needsGradient,
      "targets of shape \(targets.shape) for \(x.shape); they can have no gradient")
    return [x, targets]
  }
}
