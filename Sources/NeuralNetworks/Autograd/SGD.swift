// Stochastic gradient descent with momentum.
//
// Implements: B. Polyak, USSR Comput. Math. Math. Phys. 4 (1964) 1 (momentum); Y. Nesterov, Soviet
//   Math. Dokl. 27 (1983) 372, in the form of I. Sutskever et al., ICML 2013, section 2; both as in
//   PyTorch's torch.optim.SGD.
// Equation -> code: g <- g + lambda theta; v <- mu v + (1 - dampening) g (v = g at the first step);
//   theta <- theta - eta (g + mu v with Nesterov, else v).
// Symbols: eta -> learningRate; mu -> momentum; lambda -> weightDecay; v -> velocity.
// Deviations: none. Checked by: OptimiserTests (20 steps of PyTorch). Cost: one pass a step.

import Tensors

/// Gradient descent with momentum, Nesterov's or not, and weight decay.
public final class SGD<Scalar: KernelScalar> {
  /// Parameters that it changes.
  public let parameters: [Parameter<Scalar>]
  /// The length of a step; schedules change it.
  public var learningRate: Double
  /// The share of the velocity that remains, 0 for none.
  public let momentum: Double
  /// The share of a gradient that does not enter the velocity.
  public let dampening: Double
  /// The factor of the parameters that is added to their gradients.
  public let weightDecay: Double
  /// Whether gradients are taken ahead of the step.
  public let isNesterov: Bool
  private var velocity: [Tensor<Scalar>?]

  /// An optimiser with PyTorch's defaults but for the learning rate, which has none.
  ///
  /// - Parameters:
  ///   - parameters: what is changed, in the order of checkpoints.
  ///   - learningRate: eta, above 0.
  ///   - momentum: mu.
  ///   - dampening: 0 with Nesterov.
  ///   - weightDecay: lambda.
  ///   - isNesterov: needs momentum above 0.
  public init(
    _ parameters: [Parameter<Scalar>], learningRate: Double, momentum: Double = 0,
    dampening: Double = 0, weightDecay: Double = 0, isNesterov: Bool = false
  ) {
    precondition(
      !isNesterov || (momentum > 0 && dampening == 0),
      "Nesterov's method needs momentum and no dampening")
    self.parameters = parameters
    (self.learningRate, self.momentum, self.dampening) = (learningRate, momentum, dampening)
    (self.weightDecay, self.isNesterov) = (weightDecay, isNesterov)
    velocity = Array(repeating: nil, count: parameters.count)
  }

  /// Changes the parameters by their gradients, which stay.
  public func step() {
    let (eta, mu, lambda) = (Scalar(learningRate), Scalar(momentum), Scalar(weightDecay))
    for (i, parameter) in parameters.enumerated() {
      var g = parameter.gradient
      guard mu != 0 else {
        if lambda != 0 { blend(&g, 1, parameter.value, lambda) }
        descend(&parameter.value, g, factor: eta)
        continue
      }
      // Taken out of the list, so that nobody else holds it and it changes in place.
      var old: Tensor<Scalar>?
      swap(&old, &velocity[i])
      var v = old ?? Tensor(shape: g.shape, scalars: zeroValues(g.count))
      let step = MomentumStep(
        eta: eta, mu: mu, kept: Scalar(1 - dampening), lambda: lambda, isFirst: old == nil,
        isNesterov: isNesterov)
      old = nil
      descend(&parameter.value, velocity: &v, gradient: g, step)
      velocity[i] = v
    }
  }

  /// Sets all gradients to zeros.
  public func clearGradients() { for parameter in parameters { parameter.clearGradient() } }
}

extension SGD: Checkpointed {
  /// The velocities of the parameters that have one.
  public var state: [NamedValues<Scalar>] {
    parameters.indices.compactMap { i in
      velocity[i].map { NamedValues("sgd." + parameters[i].name + ".velocity", $0) }
    }
  }

  /// Takes velocities over; a parameter without one has made no step yet.
  public func restore(_ state: [NamedValues<Scalar>]) throws(NetworkError) {
    var found: [Tensor<Scalar>?] = []
    for parameter in parameters {
      let name = "sgd." + parameter.name + ".velocity"
      let isThere = state.contains { $0.name == name }
      found.append(isThere ? try find(name, shape: parameter.value.shape, in: state) : nil)
    }
    velocity = found
  }
}
