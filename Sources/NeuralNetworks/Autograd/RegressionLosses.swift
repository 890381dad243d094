// Losses of regression and of smoothness: smooth L1 and the continuity of neighbouring pixels.
//
// Implements: R. Girshick, "Fast R-CNN", ICCV 2015, equation 3 (smooth L1); W. Kim, A. Kanezaki,
//   M. Tanaka, "Unsupervised learning of image segmentation based on differentiable feature
//   clustering", IEEE Trans. Image Process. 29 (2020) 8055, section III.B (spatial continuity, a
//   total variation).
// Equation -> code: d = x - z: d^2 / (2 a) where |d| < a, else |d| - a / 2, averaged.
//   L = mean |y[i + 1, j] - y[i, j]| + mean |y[i, j + 1] - y[i, j]|, each over its own pairs.
// Symbols: a -> the width of the parabola (PyTorch's beta).
// Deviations: the gradient of |d| at 0 is 0, as in PyTorch.
// Checked by: GradientTests, TorchGradientTests. Cost: one pass each way.

import Tensors

private final class SmoothL1<Scalar: KernelScalar>: Operation {
  let name = "smooth L1 loss"
  let place = GradientPlace.input(0)
  let a: Double

  init(_ a: Double) { self.a = a }

  func readsInput(_ i: Int) -> Bool { true }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    let loss = smoothL1Sum(x[0], x[1], width: a)
    y.scalars[0] = Scalar(loss / Double(max(1, x[0].count)))
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    smoothL1Gradient(
      &dx[0], x[1], width: Scalar(a), factor: dy.scalars[0] / Scalar(max(1, x[1].count)))
  }
}

private final class Continuity<Scalar: KernelScalar>: Operation {
  let name = "continuity loss"

  func readsInput(_ i: Int) -> Bool { true }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    let (H, W, C) = (x[0].shape[1], x[0].shape[2], x[0].shape[3])
    let (vertical, horizontal) = neighbourDifferences(x[0])
    let N = Double(x[0].shape[0])
    y.scalars[0] = Scalar(
      vertical / max(1, N * Double((H - 1) * W * C))
        + horizontal / max(1, N * Double(H * (W - 1) * C)))
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    let (N, H, W, C) = (x[0].shape[0], x[0].shape[1], x[0].shape[2], x[0].shape[3])
    neighbourGradient(
      x[0], vertical: dy.scalars[0] / Scalar(max(1, N * (H - 1) * W * C)),
      horizontal: dy.scalars[0] / Scalar(max(1, N * H * (W - 1) * C)), into: &dx[0])
  }
}

extension Tape {
  /// The mean smooth L1 loss.
  ///
  /// - Parameters:
  ///   - x: any shape.
  ///   - targets: the same shape; they get no gradient.
  ///   - width: where the parabola ends, above 0.
  /// - Returns: one value.
  public func smoothL1Loss(
    _ x: Variable<Scalar>, _ targets: Variable<Scalar>, width: Double = 1
  ) -> Variable<Scalar> {
    precondition(width > 0, "the parabola needs a width above 0, not \(width)")
    return record(SmoothL1<Scalar>(width), paired(x, targets), shape: [])
  }

  /// The mean absolute difference of vertical neighbours plus that of horizontal ones.
  ///
  /// - Parameter x: shape (N, H, W, C).
  /// - Returns: one value.
  public func continuityLoss(_ x: Variable<Scalar>) -> Variable<Scalar> {
    precondition(x.shape.count == 4, "continuity needs (N, H, W, C), not \(x.shape)")
    return record(Continuity<Scalar>(), [x], shape: [])
  }
}
