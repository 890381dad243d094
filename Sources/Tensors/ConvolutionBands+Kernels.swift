// The convolution of a training step: large padded images go through the direct algorithm in bands.
//
// A padded copy of an image of 1000 x 1000 x 100 values takes 400 MB; a band's takes 32 MB at most.
// Deviations: none; each output is computed as in the whole image, the same bits.
// Checked by: ConvolutionBackwardTests. Cost: rows between bands are copied twice.

/// Bytes of a padded band.
private let bandBytes = 1 << 25

/// The convolution with filters that are packed here for the algorithm of these shapes; see `convolve`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func convolveInBands<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ weights: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
  geometry g: ConvolutionGeometry, algorithm: ConvolutionAlgorithm = .automatic,
  into output: inout Tensor<Scalar>, bytes: Int? = nil
) {
  let shape = g.outputShape(input: input.shape, filters: weights.shape)
  let chosen =
    algorithm == .automatic
    ? ConvolutionAlgorithm.chosen(
      filters: weights.shape, geometry: g, outputHeight: shape[1], outputWidth: shape[2],
      images: shape[0], isFloat: Scalar.self == Float.self) : algorithm
  if let m = chosen.winogradTile, Scalar.self == Float.self {
    return convolveWinogradOnce(
      input, weights, isMirrored: false, bias: bias?.scalars ?? [], g, m, into: &output)
  }
  let filters = PackedFilters(weights, bias: bias, algorithm: chosen)
  let (H, W, C, R) = (input.shape[1], input.shape[2], input.shape[3], filters.shape[0])
  let row = max(1, (g.paddingLeft + W + g.paddingRight) * C * MemoryLayout<Scalar>.stride)
  let reach = g.dilationY * (R - 1) + 1
  let rows = max(1, ((bytes ?? bandBytes) / row - reach) / g.strideY + 1)
  let isPadded = max(g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) > 0
  guard isPadded, filters.algorithm == .direct, rows < shape[1], output.count > 0,
    max(g.paddingTop, g.paddingBottom) < reach
  else { return convolve(input, filters, geometry: g, into: &output) }
  precondition(output.shape == shape, "the result has shape \(shape), not \(output.shape)")
  // SAFETY: a band reads rows of its own image and writes its own rows of the output.
  unsafe input.scalars.withUnsafeBufferPointer { source in
    unsafe output.scalars.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      for n in 0..<shape[0] {
        for y in stride(from: 0, to: shape[1], by: rows) {
          let count = min(rows, shape[1] - y)
          let (first, last) = (
            y * g.strideY - g.paddingTop, (y + count - 1) * g.strideY - g.paddingTop + reach - 1
          )
          var band = g
          (band.paddingTop, band.paddingBottom) = (max(0, -first), max(0, last - H + 1))
          let (from, to) = (max(0, first), min(H - 1, last))
          let plan = ConvolutionPlan(
            input: [1, to - from + 1, W, C], output: [1, count, shape[2], shape[3]], filters, band)
          unsafe convolveDirect(
            source + (n * H + from) * W * C, filters, plan,
            target + (n * shape[1] + y) * shape[2] * shape[3])
        }
      }
    }
  }
}
