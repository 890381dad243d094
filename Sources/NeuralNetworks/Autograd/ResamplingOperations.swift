// Pooling and bilinear upsampling, forward and backward.
//
// Implements: see Pooling.swift and PoolingBackward+Kernels.swift of Tensors.
// Equation -> code: y = max or mean of a window; dx gathers from the windows that hold it;
//   y = weighted mean of four neighbours, dx gathers from the outputs that read it.
// Symbols: R S -> window; N H W C -> input.
// Deviations: none. Checked by: GradientTests, TorchGradientTests. Cost: one pass each.

import Tensors

private enum PoolKind { case maximum, mean(countingPadding: Bool), adaptiveMean }

private final class Pooling<Scalar: KernelScalar>: Operation {
  let name = "pooling"
  let kind: PoolKind
  let R, S: Int
  let geometry: ConvolutionGeometry
  let effort = Effort.elementwise

  init(_ kind: PoolKind, _ R: Int, _ S: Int, _ geometry: ConvolutionGeometry) {
    (self.kind, self.R, self.S, self.geometry) = (kind, R, S, geometry)
  }

  func readsInput(_ i: Int) -> Bool {
    if case .maximum = kind { true } else { false }
  }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    let number: PoolingKind =
      switch kind {
      case .maximum: .maximum
      case .mean(let counting): counting ? .meanOfWindow : .meanInside
      case .adaptiveMean: .adaptiveMean
      }
    pool(x[0], R, S, geometry, number, into: &y)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    switch kind {
    case .maximum: poolingGradient(x[0].scalars, dy, R, S, geometry, .maximum, into: &dx[0])
    case .mean(let counting):
      poolingGradient([], dy, R, S, geometry, .mean(countingPadding: counting), into: &dx[0])
    case .adaptiveMean: adaptivePoolingGradient(dy, into: &dx[0])
    }
  }
}

private final class BilinearResampling<Scalar: KernelScalar>: Operation {
  let name = "bilinear upsampling"
  let vertical, horizontal: LinearAxis<Scalar>
  let effort = Effort.elementwise

  init(_ vertical: LinearAxis<Scalar>, _ horizontal: LinearAxis<Scalar>) {
    (self.vertical, self.horizontal) = (vertical, horizontal)
  }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    resampleBilinear(x[0], vertical, horizontal, into: &y)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) { resamplingGradient(dy, vertical, horizontal, into: &dx[0]) }
}

extension Tape {
  /// The largest value of each window, channel by channel; padding never wins.
  ///
  /// - Parameters:
  ///   - x: shape (N, H, W, C).
  ///   - size: rows and columns of a window; also the stride unless `geometry` is given.
  ///   - geometry: stride and padding.
  /// - Returns: shape (N, outputHeight, outputWidth, C).
  public func maximumPool(
    _ x: Variable<Scalar>, size: Int, geometry: ConvolutionGeometry? = nil
  ) -> Variable<Scalar> {
    pool(x, .maximum, size, geometry ?? ConvolutionGeometry(stride: size))
  }

  /// The mean of each window, channel by channel.
  ///
  /// - Parameters:
  ///   - x: shape (N, H, W, C).
  ///   - size: rows and columns of a window; also the stride unless `geometry` is given.
  ///   - geometry: stride and padding.
  ///   - countingPadding: whether zeros outside the image count, as PyTorch has it by default.
  /// - Returns: shape (N, outputHeight, outputWidth, C).
  public func averagePool(
    _ x: Variable<Scalar>, size: Int, geometry: ConvolutionGeometry? = nil,
    countingPadding: Bool = true
  ) -> Variable<Scalar> {
    pool(
      x, .mean(countingPadding: countingPadding), size,
      geometry ?? ConvolutionGeometry(stride: size))
  }

  /// Means of `height` x `width` windows that cover the image.
  public func adaptiveAveragePool(
    _ x: Variable<Scalar>, height: Int, width: Int
  ) -> Variable<Scalar> {
    precondition(x.shape.count == 4, "pooling needs (N, H, W, C), not \(x.shape)")
    return record(
      Pooling<Scalar>(.adaptiveMean, height, width, ConvolutionGeometry()), [x],
      shape: [x.shape[0], height, width, x.shape[3]])
  }

  private func pool(
    _ x: Variable<Scalar>, _ kind: PoolKind, _ size: Int, _ g: ConvolutionGeometry
  ) -> Variable<Scalar> {
    precondition(x.shape.count == 4, "pooling needs (N, H, W, C), not \(x.shape)")
    let shape = [
      x.shape[0], g.outputHeight(x.shape[1], filterHeight: size),
      g.outputWidth(x.shape[2], filterWidth: size), x.shape[3],
    ]
    return record(Pooling<Scalar>(kind, size, size, g), [x], shape: shape)
  }

  /// Bilinear interpolation to `height` x `width`.
  ///
  /// - Parameters:
  ///   - x: shape (N, H, W, C).
  ///   - height: rows of the result.
  ///   - width: columns of the result.
  ///   - aligningCorners: corner pixels keep their places; by default pixels are squares whose
  ///     outer edges coincide (`align_corners=False` in PyTorch).
  /// - Returns: shape (N, height, width, C).
  public func upsampled(
    _ x: Variable<Scalar>, height: Int, width: Int, aligningCorners: Bool = false
  ) -> Variable<Scalar> {
    precondition(x.shape.count == 4, "upsampling needs (N, H, W, C), not \(x.shape)")
    return record(
      BilinearResampling<Scalar>(
        LinearAxis(inputs: x.shape[1], outputs: height, aligningCorners: aligningCorners),
        LinearAxis(inputs: x.shape[2], outputs: width, aligningCorners: aligningCorners)), [x],
      shape: [x.shape[0], height, width, x.shape[3]])
  }
}
