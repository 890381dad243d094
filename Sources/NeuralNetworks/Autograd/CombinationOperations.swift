// Addition, concatenation of channels, scaling and change of shape, forward and backward.
//
// Equation -> code: y = a + b, da = db = dy; y = max(a + b, 0), da = db = dy [y > 0] -> `Addition`;
//   y = (a, b, ...) along channels, each gradient the part of dy that came from it; y = f x, dx = f dy.
// Deviations: none. Checked by: GradientTests, TorchGradientTests. Cost: one pass each.

import Tensors

private final class Addition<Scalar: KernelScalar>: Operation {
  let name = "addition"
  let isInPlace = true
  let place = GradientPlace.outputGradient(0)
  let effort = Effort.elementwise
  let isRectified: Bool

  init(isRectified: Bool) { self.isRectified = isRectified }

  var readsOutput: Bool { isRectified }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    if isRectified { accumulateRectified(&y, x[1]) } else { accumulate(&y, x[1]) }
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    if wanted[0], isRectified { rectifyGradient(&dx[0], y) }
    guard wanted[1] else { return }
    let shared = wanted[0] ? dx[0] : dy
    // A parameter's gradient is assigned, another's memory is filled.
    if dx[1].count == shared.count {
      copyValues(of: shared.scalars, to: &dx[1].scalars)
    } else {
      dx[1] = shared
    }
    if !wanted[0], isRectified { rectifyGradient(&dx[1], y) }
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
  ///
  /// - Parameters:
  ///   - a: any shape.
  ///   - b: the same shape.
  ///   - isRectified: negative sums become 0, the same as `rectified` of the sum in fewer passes.
  /// - Returns: the same shape.
  public func sum(
    _ a: Variable<Scalar>, _ b: Variable<Scalar>, isRectified: Bool = false
  ) -> Variable<Scalar> {
    precondition(a.shape == b.shape, "cannot add \(a.shape) and \(b.shape)")
    return record(Addition<Scalar>(isRectified: isRectified), [a, b], shape: a.shape)
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
