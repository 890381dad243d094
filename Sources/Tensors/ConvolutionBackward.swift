// The gradient of a convolution with respect to its input, and the transposed convolution.
//
// Implements: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning",
//   arXiv:1603.07285 (2016), section 4 (transposed convolution as the gradient of a convolution).
// Equation -> code: dX[i] = sum over r of dY[(i + top - r) / stride] W[r], where the division is
//   exact. For stride 1 that is a convolution of dY with the mirrored, transposed filters. For a
//   larger stride the rows i fall into `stride` phases a = (i + top) mod stride, and each is a
//   convolution with every stride-th tap, r = a + stride t -> inputGradientByPhases
//   (ConvolutionPhases+Kernels.swift).
// Symbols: N H W C -> input; Ho Wo K -> output; R S -> filter; X, Y, W -> input, output, filters.
// Deviations: with stride and dilation both above 1, zeros are put between the values of dY
//   (section 4.5 of the guide), which costs stride^2 times the operations.
// Checked by: ConvolutionBackwardTests (twin, adjoint identity). Cost: that of the convolution.

/// The gradient of a convolution's input, and so the transposed convolution of `outputGradient`.
///
/// - Parameters:
///   - outputGradient: dY, shape (N, outputHeight, outputWidth, K).
///   - filters: shape (R, S, C, K), those of the convolution from C to K channels.
///   - g: geometry of that convolution; one group.
///   - algorithm: how the convolution with mirrored filters is computed, where the stride is 1.
///   - inputGradient: dX, shape (N, H, W, C); its values do not matter.
/// - Precondition: a convolution of `inputGradient`'s shape has `outputGradient`'s shape.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func convolutionInputGradient<Scalar: KernelScalar>(
  _ outputGradient: Tensor<Scalar>, _ filters: Tensor<Scalar>, geometry g: ConvolutionGeometry,
  algorithm: ConvolutionAlgorithm = .automatic, into inputGradient: inout Tensor<Scalar>
) {
  checkBackward(inputGradient.shape, filters.shape, outputGradient.shape, g)
  guard inputGradient.count > 0 else { return }
  if g.strideY == 1 && g.strideX == 1 {
    let (y, x) = (g.dilationY * (filters.shape[0] - 1), g.dilationX * (filters.shape[1] - 1))
    let margins = Margins(
      top: y - g.paddingTop,
      bottom: inputGradient.shape[1] + g.paddingTop - outputGradient.shape[1],
      left: x - g.paddingLeft,
      right: inputGradient.shape[2] + g.paddingLeft - outputGradient.shape[2])
    convolveMirrored(
      outputGradient, filters, margins, g.dilationY, g.dilationX, algorithm, into: &inputGradient)
  } else if g.dilationY == 1 && g.dilationX == 1 {
    inputGradientByPhases(outputGradient, filters, g, into: &inputGradient)
  } else {
    var dense = g
    (dense.strideY, dense.strideX) = (1, 1)
    let (R, S) = (filters.shape[0], filters.shape[1])
    let rows = dense.outputHeight(inputGradient.shape[1], filterHeight: R)
    let columns = dense.outputWidth(inputGradient.shape[2], filterWidth: S)
    let spread = spreadOut(outputGradient, g.strideY, g.strideX, rows, columns)
    convolutionInputGradient(
      spread, filters, geometry: dense, algorithm: algorithm, into: &inputGradient)
  }
}

/// Checks that a convolution of `input` with `filters` has the shape `output`.
func checkBackward(
  _ input: [Int], _ filters: [Int], _ output: [Int], _ g: ConvolutionGeometry
) {
  precondition(g.groups == 1, "gradients are written for one group, not \(g.groups)")
  let shape = g.outputShape(input: input, filters: filters)
  precondition(
    shape == output,
    "a convolution of \(input) with \(filters) has shape \(shape), its gradient \(output)")
}

/// Zeros around an image; a negative number cuts rows or columns off.
private struct Margins {
  var top, bottom, left, right: Int
}

/// Filters of shape (R, S, C, K) mirrored, with channels exchanged: (R, S, K, C).
private func mirrored<Scalar: KernelScalar>(_ filters: Tensor<Scalar>) -> Tensor<Scalar> {
  let (R, S, C, K) = (filters.shape[0], filters.shape[1], filters.shape[2], filters.shape[3])
  var result = Tensor<Scalar>.zeros([R, S, K, C])
  let (values, side) = (filters.scalars, 32)
  parallelForEachChunk(of: &result.scalars, size: max(1, K * C)) { tap, chunk in
    let from = (R * S - 1 - tap) * C * K
    // Squares of values, so that neither side is read or written across pages.
    for top in stride(from: 0, to: K, by: side) {
      for left in stride(from: 0, to: C, by: side) {
        for k in top..<min(K, top + side) {
          for c in left..<min(C, left + side) { chunk[k * C + c] = values[from + c * K + k] }
        }
      }
    }
  }
  return result
}

/// The convolution with stride 1 of an image, with margins that may be negative, with mirrored filters.
private func convolveMirrored<Scalar: KernelScalar>(
  _ image: Tensor<Scalar>, _ filters: Tensor<Scalar>, _ m: Margins, _ dilationY: Int,
  _ dilationX: Int, _ algorithm: ConvolutionAlgorithm, into output: inout Tensor<Scalar>
) {
  var source = image
  if min(m.top, m.bottom, m.left, m.right) < 0 {
    source = cropped(
      image, max(0, -m.top), max(0, -m.bottom), max(0, -m.left), max(0, -m.right))
  }
  let geometry = ConvolutionGeometry(
    strideY: 1, strideX: 1, paddingTop: max(0, m.top), paddingBottom: max(0, m.bottom),
    paddingLeft: max(0, m.left), paddingRight: max(0, m.right), dilationY: dilationY,
    dilationX: dilationX)
  let (R, S, C, K) = (filters.shape[0], filters.shape[1], filters.shape[2], filters.shape[3])
  let chosen = algorithm.resolved(
    output.shape, [R, S, K, C], geometry, isFloat: Scalar.self == Float.self)
  if let m = chosen.winogradTile, Scalar.self == Float.self {
    convolveWinogradOnce(
      source, filters, isMirrored: true, bias: [], geometry, m, into: &output)
  } else {
    convolveInBands(
      source, mirrored(filters), geometry: geometry, algorithm: chosen, into: &output)
  }
}

/// Images without some rows and columns at their edges.
private func cropped<Scalar: KernelScalar>(
  _ image: Tensor<Scalar>, _ top: Int, _ bottom: Int, _ left: Int, _ right: Int
) -> Tensor<Scalar> {
  let (N, H, W, C) = (image.shape[0], image.shape[1], image.shape[2], image.shape[3])
  let (height, width) = (max(0, H - top - bottom), max(0, W - left - right))
  var values: [Scalar] = []
  values.reserveCapacity(N * height * width * C)
  for n in 0..<N {
    for y in 0..<height {
      let first = ((n * H + top + y) * W + left) * C
      values += image.scalars[first..<(first + width * C)]
    }
  }
  return Tensor(shape: [N, height, width, C], scalars: values)
}

/// The values of images with zeros between them, in images of `rows` x `columns`.
private func spreadOut<Scalar: KernelScalar>(
  _ image: Tensor<Scalar>, _ strideY: Int, _ strideX: Int, _ rows: Int, _ columns: Int
) -> Tensor<Scalar> {
  let (N, H, W, C) = (image.shape[0], image.shape[1], image.shape[2], image.shape[3])
  var result = Tensor<Scalar>.zeros([N, rows, columns, C])
  for pixel in 0..<(N * H * W) {
    let (line, x) = pixel.quotientAndRemainder(dividingBy: W)
    let (n, y) = line.quotientAndRemainder(dividingBy: H)
    let to = ((n * rows + y * strideY) * columns + x * strideX) * C
    for c in 0..<C { result.scalars[to + c] = image.scalars[pixel * C + c] }
  }
  return result
}

/// The transposed convolution: what a convolution's gradient does, as a layer of its own.
///
/// - Parameters:
///   - input: shape (N, Ho, Wo, K).
///   - filters: shape (R, S, C, K): the layer goes from K channels to C.
///   - geometry: of the convolution whose transpose this is.
///   - outputHeight: H, one of the heights that the convolution takes to Ho.
///   - outputWidth: W, one of the widths that the convolution takes to Wo.
/// - Returns: shape (N, H, W, C).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func convolveTransposed<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: Tensor<Scalar>, geometry: ConvolutionGeometry,
  outputHeight: Int, outputWidth: Int
) -> Tensor<Scalar> {
  precondition(filters.rank == 4 && input.rank == 4, "\(input.shape) and \(filters.shape)")
  var output = Tensor<Scalar>.zeros([
    input.shape[0], outputHeight, outputWidth, filters.shape[2],
  ])
  convolutionInputGradient(input, filters, geometry: geometry, into: &output)
  return output
}
