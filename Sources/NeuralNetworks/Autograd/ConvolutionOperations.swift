// Convolution, transposed convolution and the matrix of a linear layer, forward and backward.
//
// Implements: see Convolution.swift and ConvolutionBackward.swift of Tensors.
// Equation -> code: Y = X * W + b; dX = dY * mirrored, transposed W; dW = patches(X)^T dY;
//   db[k] = sum over pixels of dY[k]. For a matrix: y = x W + b, dx = dy W^T, dW = x^T dy.
// Symbols: X Y W b -> input, output, filters, bias.
// Deviations: PyTorch's layouts (K, C, R, S) and (out, in) are (R, S, C, K) and (in, out) here.
// Checked by: GradientTests, TorchGradientTests. Cost: three times the convolution.

import Tensors

private final class Convolution<Scalar: KernelScalar>: Operation {
  let name = "convolution"
  let geometry: ConvolutionGeometry
  let effort: Effort
  /// X is used up first for dW; then dX is written over it, unless somebody reads X later.
  let place = GradientPlace.inputWhereFree(0)

  init(_ geometry: ConvolutionGeometry, multiplications: Int) {
    self.geometry = geometry
    effort = multiplications <= 64 ? .small : .large
  }

  func readsInput(_ i: Int) -> Bool { i < 2 }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    convolveInBands(
      x[0], x[1], bias: x.count > 2 ? x[2] : nil, geometry: geometry, into: &y)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    let filters = x[1]
    if wanted[1] {
      dx[1] = convolutionFilterGradient(
        x[0].count > 0 ? x[0] : dx[0], dy, filterHeight: filters.shape[0],
        filterWidth: filters.shape[1], geometry: geometry)
    }
    if x.count > 2, wanted[2] {
      dx[2] = Tensor(shape: [filters.shape[3]], scalars: channelSums(dy).map { Scalar($0) })
    }
    if wanted[0] { convolutionInputGradient(dy, filters, geometry: geometry, into: &dx[0]) }
  }
}

private final class TransposedConvolution<Scalar: KernelScalar>: Operation {
  let name = "transposed convolution"
  let geometry: ConvolutionGeometry

  init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

  func readsInput(_ i: Int) -> Bool { i < 2 }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    convolutionInputGradient(x[0], x[1], geometry: geometry, into: &y)
    if x.count > 2 {
      let C = x[2].count
      normaliseChannels(
        &y, mean: [Scalar](repeating: 0, count: C), scale: [Scalar](repeating: 1, count: C),
        shift: x[2].scalars)
    }
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    // The transpose of the transpose is the convolution itself; the roles of X and dY change.
    if wanted[1] {
      dx[1] = convolutionFilterGradient(
        dy, x[0], filterHeight: x[1].shape[0], filterWidth: x[1].shape[1], geometry: geometry)
    }
    if x.count > 2, wanted[2] {
      dx[2] = Tensor(shape: [x[1].shape[2]], scalars: channelSums(dy).map { Scalar($0) })
    }
    if wanted[0] { convolveInBands(dy, x[1], geometry: geometry, into: &dx[0]) }
  }
}

private final class MatrixProduct<Scalar: KernelScalar>: Operation {
  let name = "linear layer"

  func readsInput(_ i: Int) -> Bool { i < 2 }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    y = matmul(x[0], x[1])
    guard x.count > 2 else { return }
    let n = x[2].count
    normaliseChannels(
      &y, mean: [Scalar](repeating: 0, count: n), scale: [Scalar](repeating: 1, count: n),
      shift: x[2].scalars)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    if wanted[1] { dx[1] = matmul(x[0], dy, transposingA: true) }
    if x.count > 2, wanted[2] {
      dx[2] = Tensor(shape: [x[1].shape[1]], scalars: channelSums(dy).map { Scalar($0) })
    }
    if wanted[0] { dx[0] = matmul(dy, x[1], transposingB: true) }
  }
}

extension Tape {
  /// A convolution (a cross-correlation, as everywhere in deep learning).
  ///
  /// - Parameters:
  ///   - x: shape (N, H, W, C).
  ///   - filters: shape (R, S, C, K).
  ///   - bias: shape (K), or `nil` for none.
  ///   - geometry: stride, padding, dilation; one group.
  /// - Returns: shape (N, outputHeight, outputWidth, K).
  public func convolution(
    _ x: Variable<Scalar>, _ filters: Variable<Scalar>, bias: Variable<Scalar>? = nil,
    geometry: ConvolutionGeometry = ConvolutionGeometry()
  ) -> Variable<Scalar> {
    precondition(geometry.groups == 1, "gradients are written for one group")
    let shape = geometry.outputShape(input: x.shape, filters: filters.shape)
    precondition(bias.map { $0.shape == [shape[3]] } ?? true, "a bias has shape (\(shape[3]))")
    let operation = Convolution<Scalar>(
      geometry, multiplications: filters.shape[0] * filters.shape[1] * filters.shape[2])
    return record(operation, [x, filters] + (bias.map { [$0] } ?? []), shape: shape)
  }

  /// A transposed convolution: from (N, Ho, Wo, K) to (N, H, W, C).
  ///
  /// PyTorch's ConvTranspose2d of stride s, padding p and output padding q has the height
  /// H = (Ho - 1) s - 2 p + dilation (R - 1) + q + 1.
  ///
  /// - Parameters:
  ///   - x: shape (N, Ho, Wo, K).
  ///   - filters: shape (R, S, C, K).
  ///   - bias: shape (C), or `nil` for none.
  ///   - g: geometry of the convolution whose transpose this is; one group.
  ///   - outputPadding: q, rows and columns added below and on the right, less than the stride.
  /// - Returns: shape (N, H, W, C).
  public func transposedConvolution(
    _ x: Variable<Scalar>, _ filters: Variable<Scalar>, bias: Variable<Scalar>? = nil,
    geometry g: ConvolutionGeometry, outputPadding: Int = 0
  ) -> Variable<Scalar> {
    let (R, S) = (filters.shape[0], filters.shape[1])
    let H =
      (x.shape[1] - 1) * g.strideY - g.paddingTop - g.paddingBottom + g.dilationY * (R - 1)
      + outputPadding + 1
    let W =
      (x.shape[2] - 1) * g.strideX - g.paddingLeft - g.paddingRight + g.dilationX * (S - 1)
      + outputPadding + 1
    let shape = [x.shape[0], H, W, filters.shape[2]]
    precondition(
      g.groups == 1 && g.outputShape(input: shape, filters: filters.shape) == x.shape,
      "no convolution with \(filters.shape) takes \(shape) to \(x.shape)")
    return record(
      TransposedConvolution<Scalar>(g), [x, filters] + (bias.map { [$0] } ?? []), shape: shape)
  }

  /// y = x W + b.
  ///
  /// - Parameters:
  ///   - x: shape (N, k).
  ///   - weights: shape (k, n).
  ///   - bias: shape (n), or `nil` for none.
  /// - Returns: shape (N, n).
  public func linear(
    _ x: Variable<Scalar>, _ weights: Variable<Scalar>, bias: Variable<Scalar>? = nil
  ) -> Variable<Scalar> {
    precondition(
      x.shape.count == 2 && weights.shape.count == 2 && x.shape[1] == weights.shape[0]
        && (bias.map { $0.shape == [weights.shape[1]] } ?? true),
      "cannot multiply \(x.shape) by \(weights.shape)")
    return record(
      MatrixProduct<Scalar>(), [x, weights] + (bias.map { [$0] } ?? []),
      shape: [x.shape[0], weights.shape[1]])
  }
}
