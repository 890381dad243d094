// The patch matrix of a convolution (im2col), whole, as rivals without blocks make it.

import Tensors

/// Row (y, x) holds the R x S x C values under the window there, zeros outside the image.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - n: the number of the image.
///   - filter: R and S.
///   - g: stride and margin; neither dilation nor groups.
///   - extents: rows and columns of the output.
///   - patches: at least (rows columns) x (R S C) values.
func fillPatches(
  _ input: Tensor<Float>, image n: Int, _ filter: (R: Int, S: Int), _ g: ConvolutionGeometry,
  _ extents: (H: Int, W: Int), _ patches: inout [Float]
) {
  let (H, W, C) = (input.shape[1], input.shape[2], input.shape[3])
  input.scalars.withUnsafeBufferPointer { source in
    patches.withUnsafeMutableBufferPointer { target in
      guard let from = source.baseAddress, var to = target.baseAddress else { return }
      for pixel in 0..<(extents.H * extents.W) {
        let top = pixel / extents.W * g.strideY - g.paddingTop
        let left = pixel % extents.W * g.strideX - g.paddingLeft
        for tap in 0..<(filter.R * filter.S) {
          let (y, x) = (top + tap / filter.S, left + tap % filter.S)
          if y < 0 || y >= H || x < 0 || x >= W {
            to.update(repeating: 0, count: C)
          } else {
            to.update(from: from + ((n * H + y) * W + x) * C, count: C)
          }
          to += C
        }
      }
    }
  }
}
