// Addition, concatenation of channels, scaling and change of shape, forward and backward.
//
// Equation -> code: y = a + b, da = db = dy; y = (a, b, ...) along channels, each gradient the part of
//   dy that came from it; y = f x, dx = f dy.
// Deviations: none. Checked by: GradientTests, TorchGradientTests. Cost: one pass each.

import Tensors

private final class Addition<Scalar: KernelScalar>: Operation {
  let name = "addition"
  let isInPlace = true
  let effort = Effort.elementwise

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    accumulate(&y, x[1])
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    for i in 0..<2 where wanted[i] {
      // A parameter's gradient is assigned, another's memory is filled.
      if dx[i].count == dy.count {
        copyValues(of: dy.scalars, to: &dx[i].scalars)
      } else {
        dx[i] = dy
      }
    }
  }
}

private final class Concatenation<Scalar: KernelScalar>: Operation {
  let name = "concatenation"
  let channels: [Int]
  let effort = Effort.elementwise

  init(_ channels: [Int]) { self.channels = channels }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    let total = channels.reduce(0, +)
    var first = 0
    for (part, C) in zip(x, channels) {
      copyChannels(from: part, 0, C, to: &y, first, total, C)
      first += C
    }
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    let total = channels.reduce(0, +)
    var first = 0
    for (i, C) in channels.enumerated() {
      if wanted[i] {
        if dx[i].count == 0 { dx[i] = .zeros(Array(dy.shape.dropLast()) + [C]) }
        copyChannels(from: dy, first, total, to: &dx[i], 0, C, C)
      }
      first += C
    }
  }
}

private final class Scaling<Scalar: KernelScalar>: Operation {
  let name = "scaling"
  let isInPlace = true
  let place = GradientPlace.outputGradient(0)
  let effort = Effort.elementwise
  let factor: Scalar

  init(_ factor: Scalar) { self.factor = factor }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    scaleValues(&y.scalars, by: factor)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) { scaleValues(&dx[0].scalars, by: factor) }
}

private final class Reshaping<Scalar: KernelScalar>: Operation {
  let name = "change of shape"
  let isInPlace = true
  let place = GradientPlace.outputGradient(0)
  let effort = Effort.elementwise

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {}

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {}
}

extension Tape {
  /// The sum of two values of one shape.
  public func sum(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    precondition(a.shape == b.shape, "cannot add \(a.shape) and \(b.shape)")
    return record(Addition<Scalar>(), [a, b], shape: a.shape)
  }

  /// Images side by side along their channels.
  ///
  /// - Parameter parts: shapes (N, H, W, C1), (N, H, W, C2), ...
  /// - Returns: shape (N, H, W, C1 + C2 + ...).
  public func concatenated(_ parts: [Variable<Scalar>]) -> Variable<Scalar> {
    precondition(
      !parts.isEmpty && parts.allSatisfy { $0.shape.dropLast() == parts[0].shape.dropLast() },
      "cannot concatenate \(parts.map { $0.shape }) along channels")
    let channels = parts.map { $0.shape.last ?? 0 }
    return record(
      Concatenation<Scalar>(channels), parts,
      shape: Array(parts[0].shape.dropLast()) + [channels.reduce(0, +)])
  }

  /// Each value times a constant.
  public func scaled(_ x: Variable<Scalar>, by factor: Scalar) -> Variable<Scalar> {
    record(Scaling<Scalar>(factor), [x], shape: x.shape)
  }

  /// The same values under another shape.
  public func reshaped(_ x: Variable<Scalar>, to shape: [Int]) -> Variable<Scalar> {
    precondition(shape.reduce(1, *) == x.count, "\(x.shape) does not become \(shape)")
    return record(Reshaping<Scalar>(), [x], shape: shape)
  }
}
