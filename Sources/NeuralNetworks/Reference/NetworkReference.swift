// A network layer by layer, each as its definition says: the plain twin of Network.
//
// Equation -> code: convolution, rectification max(0, x), pooling, sums and matrices one after the
//   other on whole batches; batch norm is folded, as in Network.
// Deviations: none. Checked by: NetworkTests. Cost: that of convolveReference and matmulReference.

import Tensors

/// The values of a layer of a network whose filters are [R, S, C, K] and matrices [inputs, outputs].
///
/// - Parameters:
///   - description: the network.
///   - images: shape (N, H, W, 3), preprocessed.
///   - weights: the filters or the matrix and the bias of each layer, by number; nil for the others.
///   - target: the number of the layer.
///   - convolve: images, filters, bias and geometry to the convolution; and
///   - multiply: two matrices to their product: the seam at which Benchmarks puts a rival's product under
///     the whole network.
/// - Returns: shape (N, H', W', C), or (N, d) for matrices; softmax is left out.
public func networkReference(
  _ description: NetworkDescription, _ images: Tensor<Float>,
  weights: [(values: Tensor<Float>, bias: Tensor<Float>)?], target: Int,
  convolve: (Tensor<Float>, Tensor<Float>, Tensor<Float>, ConvolutionGeometry) -> Tensor<Float> = {
    convolveReference($0, $1, bias: $2, geometry: $3)
  },
  multiply: (Tensor<Float>, Tensor<Float>) -> Tensor<Float> = { matmulReference($0, $1) }
) -> Tensor<Float> {
  var results = [images]
  for (index, layer) in description.layers.enumerated().dropFirst() where index <= target {
    let inputs = layer.inputs.map { results[$0] }
    var y = inputs[0]
    switch (layer.operation, weights[index]) {
    case (.convolution(_, _, _, let stride, let padding), let .some((filters, bias))):
      y = convolve(y, filters, bias, ConvolutionGeometry(stride: stride, padding: padding))
    case (.maximumPool(let size, _, _, _), _):
      let g = poolGeometry(layer.operation, y.shape[1], y.shape[2])
      y = maximumPool(y, height: size, width: size, geometry: g)
    case (.averagePool(let H, let W), _): y = adaptiveAveragePool(y, height: H, width: W)
    case (.addition, _):
      for i in 0..<y.count { y.scalars[i] += inputs[1].scalars[i] }
    case (.concatenation, _): y = concatenated(inputs)
    case (.linear(let n, _, _, _), let .some((matrix, bias))):
      y = multiply(y.reshaped(to: [y.shape[0], matrix.shape[0]]), matrix)
      for i in 0..<y.count { y.scalars[i] += bias.scalars[i % n] }
    default: break
    }
    if layer.isRectified { for i in 0..<y.count { y.scalars[i] = max(0, y.scalars[i]) } }
    results.append(y)
  }
  return results[target]
}

/// Channels of images of one size side by side.
private func concatenated(_ parts: [Tensor<Float>]) -> Tensor<Float> {
  let pixels = parts[0].shape[0] * parts[0].shape[1] * parts[0].shape[2]
  let values = (0..<pixels).flatMap { p in
    parts.flatMap { $0.scalars[(p * $0.shape[3])..<((p + 1) * $0.shape[3])] }
  }
  return Tensor(
    shape: parts[0].shape.dropLast() + [parts.reduce(0) { $0 + $1.shape[3] }], scalars: values)
}
