// Adam, and Adam with decoupled weight decay.
//
// Implements: D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1;
//   I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2; both as
//   in PyTorch's torch.optim.Adam and AdamW.
// Equation -> code: m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2,
//   theta <- theta - eta / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps); weight decay adds
//   lambda theta to g, or, decoupled, first multiplies theta by 1 - eta lambda.
// Symbols: eta -> learningRate; b1 b2 -> decays of the moments; lambda -> weightDecay; t -> steps.
// Deviations: none. Checked by: OptimiserTests (20 steps of PyTorch). Cost: one pass a step.

import Tensors

/// Adam, or AdamW where the weight decay is decoupled.
public final class Adam<Scalar: KernelScalar> {
  /// Parameters that it changes.
  public let parameters: [Parameter<Scalar>]
  /// The length of a step; schedules change it.
  public var learningRate: Double
  /// The decay of the first and of the second moment.
  public let decays: (Double, Double)
  /// What is added to the root of the second moment.
  public let epsilon: Double
  /// lambda.
  public let weightDecay: Double
  /// Whether weights decay by themselves (AdamW) and not through their gradients (Adam).
  public let isDecoupled: Bool
  private var (m, v): ([Tensor<Scalar>], [Tensor<Scalar>])
  /// t, the number of steps made.
  public private(set) var steps = 0

  /// An optimiser with PyTorch's defaults for Adam.
  ///
  /// For AdamW's, set `weightDecay` to 0.01 and `isDecoupled`.
  ///
  /// - Parameters:
  ///   - parameters: what is changed, in the order of checkpoints.
  ///   - learningRate: eta.
  ///   - decays: b1 and b2.
  ///   - epsilon: eps.
  ///   - weightDecay: lambda.
  ///   - isDecoupled: AdamW.
  public init(
    _ parameters: [Parameter<Scalar>], learningRate: Double = 1e-3,
    decays: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 0,
    isDecoupled: Bool = false
  ) {
    self.parameters = parameters
    (self.learningRate, self.decays, self.epsilon) = (learningRate, decays, epsilon)
    (self.weightDecay, self.isDecoupled) = (weightDecay, isDecoupled)
    m = parameters.map { .zeros($0.value.shape) }
    v = m
  }

  /// Changes the parameters by their gradients, which stay.
  public func step() {
    steps += 1
    let (b1, b2) = decays
    let (keep1, keep2) = (Scalar(b1), Scalar(b2))
    let (new1, new2) = (Scalar(1 - b1), Scalar(1 - b2))
    let correction1 = 1 - power(b1, steps)
    let correction2 = (1 - power(b2, steps)).squareRoot()
    let (length, root) = (Scalar(learningRate / correction1), Scalar(correction2))
    let (eps, lambda) = (Scalar(epsilon), Scalar(weightDecay))
    for (i, parameter) in parameters.enumerated() {
      var g = parameter.gradient
      if lambda != 0 {
        if isDecoupled {
          scaleValues(&parameter.value.scalars, by: Scalar(1 - learningRate * weightDecay))
        } else {
          blend(&g, 1, parameter.value, lambda)
        }
      }
      blend(&m[i], keep1, g, new1)
      blendSquares(&v[i], keep2, g, new2)
      var change = m[i]
      divideByRoots(&change, v[i], root: root, epsilon: eps)
      descend(&parameter.value, change, factor: length)
    }
  }

  /// Sets all gradients to zeros.
  public func clearGradients() { for parameter in parameters { parameter.clearGradient() } }
}

/// b to the power of n, by repeated squaring.
private func power(_ b: Double, _ n: Int) -> Double {
  var (result, square, left) = (1.0, b, n)
  while left > 0 {
    if left & 1 == 1 { result *= square }
    square *= square
    left >>= 1
  }
  return result
}

extension Adam: Checkpointed {
  /// The moments of all parameters and the number of steps (below 2^24, exact in Float).
  public var state: [NamedValues<Scalar>] {
    parameters.indices.flatMap { i in
      [
        NamedValues("adam." + parameters[i].name + ".m", m[i]),
        NamedValues("adam." + parameters[i].name + ".v", v[i]),
      ]
    } + [NamedValues("adam.steps", Tensor(shape: [1], scalars: [Scalar(steps)]))]
  }

  /// Takes moments and the number of steps over.
  public func restore(_ state: [NamedValues<Scalar>]) throws(NetworkError) {
    var (newM, newV): ([Tensor<Scalar>], [Tensor<Scalar>]) = ([], [])
    for parameter in parameters {
      let shape = parameter.value.shape
      newM.append(try find("adam." + parameter.name + ".m", shape: shape, in: state))
      newV.append(try find("adam." + parameter.name + ".v", shape: shape, in: state))
    }
    let count = try find("adam.steps", shape: [1], in: state).scalars[0]
    guard count >= 0, count < 16_777_216 else {
      throw .input(problem: "a checkpoint counts \(count) steps")
    }
    (m, v, steps) = (newM, newV, Int(count))
  }
}
