// The distributions that parameters begin with.
//
// Implements: K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, section 2.2
//   (He); X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
//   networks", AISTATS 2010, equation 16 (Glorot). `.pytorch` is what torch.nn's Conv2d and Linear
//   do in reset_parameters: kaiming_uniform_ with a = sqrt 5, that is U(-b, b) with b = 1 / sqrt(fan
//   in), for weights and biases.
// Symbols: fan in -> inputs of one output value; fan out -> outputs that one input value reaches.
// Deviations: the generator is ours, so the values differ from PyTorch's for the same seed.
// Checked by: InitialisationTests.

import Tensors

/// A distribution of initial weights.
public enum Initialisation: Sendable {
  /// U(-b, b) with b = 1 / sqrt(fan in): the default of PyTorch's Conv2d and Linear.
  case pytorch
  /// Normal with variance 2 / fan in.
  case heNormal
  /// U(-b, b) with b = sqrt(6 / (fan in + fan out)).
  case glorotUniform
  /// Zeros.
  case zeros

  /// Values of a shape.
  ///
  /// - Parameters:
  ///   - shape: any.
  ///   - fanIn: inputs of one output value, at least 1.
  ///   - fanOut: outputs that one input value reaches.
  ///   - generator: the source; values are drawn in row-major order.
  /// - Returns: a tensor of that shape.
  public func callAsFunction<Scalar: KernelScalar>(
    _ shape: [Int], fanIn: Int, fanOut: Int = 1, using generator: inout SeededGenerator
  ) -> Tensor<Scalar> {
    precondition(fanIn >= 1, "an output value has at least one input")
    let count = shape.reduce(1, *)
    var values: [Scalar] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      switch self {
      case .pytorch:
        let b = 1 / Double(fanIn).squareRoot()
        values.append(Scalar(generator.uniform(-b, b)))
      case .heNormal:
        values.append(Scalar(generator.normal() * (2 / Double(fanIn)).squareRoot()))
      case .glorotUniform:
        let b = (6 / Double(fanIn + fanOut)).squareRoot()
        values.append(Scalar(generator.uniform(-b, b)))
      case .zeros: values.append(0)
      }
    }
    return Tensor(shape: shape, scalars: values)
  }
}
