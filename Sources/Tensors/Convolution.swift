// Convolution of batches of images: one geometry, three algorithms.
//
// Implements: direct convolution after E. Georganas et al., "Anatomy of high-performance deep
//   learning convolutions on SIMD architectures", SC18, section II; im2col after K. Chellapilla,
//   S. Puri, P. Simard, "High performance convolutional neural networks for document processing",
//   IWFHR 2006, section 4, in blocks of rows of the patch matrix.
// Equation -> code: see Reference/ConvolutionReference.swift (a cross-correlation).
// Symbols: N H W C -> images, rows, columns, channels; R S K -> filter rows, columns, outputs.
// Deviations: the patch matrix is never whole: the packed product (GEMM+Kernels.swift) asks for its
//   blocks one by one and multiplies each while it is in the cache.
// Checked by: ConvolutionKernelTests (twin, goldens of SciPy). Cost: 2 N Ho Wo K R S C/groups flops;
//   direct copies the input once when it is padded, im2col copies every patch.

/// The ways to compute a convolution.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
  /// The definition as loops.
  case reference
  /// Patches gathered into blocks of a matrix, which the packed product multiplies by the filters.
  case im2col
  /// Filters applied to the pixels where they are.
  case direct
  /// Winograd's algorithm by tiles of 2 x 2 outputs: 3 x 3 filters, stride 1.
  case winograd2
  /// Winograd's algorithm by tiles of 4 x 4 outputs: 3 x 3 filters, stride 1.
  case winograd4
  /// One of the above by shapes alone; see `chosen(filters:geometry:outputHeight:outputWidth:)`.
  case automatic
}

/// The convolution of a batch of images with a bank of filters.
///
/// It is a cross-correlation (the filter is not mirrored), as everywhere in deep learning.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - filters: shape (R, S, C / groups, K).
///   - bias: shape (K), or `nil` for zeros.
///   - geometry: stride, padding, dilation, groups.
///   - algorithm: how; see `ConvolutionAlgorithm`.
/// - Precondition: the channels and the groups fit together.
/// - Returns: shape (N, outputHeight, outputWidth, K).
/// - Complexity: 2 N outputHeight outputWidth K R S C / groups operations.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func convolve<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
  geometry: ConvolutionGeometry = ConvolutionGeometry(),
  algorithm: ConvolutionAlgorithm = .automatic
) -> Tensor<Scalar> {
  if algorithm == .reference {
    return convolveReference(input, filters, bias: bias, geometry: geometry)
  }
  let shape = geometry.outputShape(input: input.shape, filters: filters.shape)
  if let m = algorithm.winogradTile, Scalar.self != Float.self {
    return winogradReference(input, filters, bias: bias, geometry: geometry, m: m)
  }
  let chosen = algorithm.resolved(
    shape, filters.shape, geometry, isFloat: Scalar.self == Float.self)
  let packed = PackedFilters(filters, bias: bias, groups: geometry.groups, algorithm: chosen)
  return convolve(input, packed, geometry: geometry)
}

/// The convolution of a batch of images with filters packed before, by the algorithm that they
/// were packed for.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - filters: packed for `geometry.groups` groups.
///   - geometry: stride, padding, dilation, groups.
/// - Precondition: the shapes and groups fit together.
/// - Returns: shape (N, outputHeight, outputWidth, K).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func convolve<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: PackedFilters<Scalar>,
  geometry: ConvolutionGeometry = ConvolutionGeometry()
) -> Tensor<Scalar> {
  let shape = geometry.outputShape(input: input.shape, filters: filters.shape)
  var output = Tensor<Scalar>.zeros(shape)
  convolve(input, filters, geometry: geometry, into: &output)
  return output
}

/// The convolution with packed filters, written over a tensor whose memory is used again.
///
/// - Parameters:
///   - input: shape (N, H, W, C).
///   - filters: packed for `geometry.groups` groups.
///   - geometry: stride, padding, dilation, groups.
///   - output: shape (N, outputHeight, outputWidth, K); its values do not matter.
/// - Precondition: the shapes and groups fit together.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func convolve<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: PackedFilters<Scalar>,
  geometry: ConvolutionGeometry = ConvolutionGeometry(), into output: inout Tensor<Scalar>
) {
  precondition(
    filters.groups == geometry.groups,
    "filters packed for \(filters.groups) groups, used with \(geometry.groups)")
  let shape = geometry.outputShape(input: input.shape, filters: filters.shape)
  precondition(output.shape == shape, "the result has shape \(shape), not \(output.shape)")
  guard output.count > 0 else { return }
  let plan = ConvolutionPlan(input: input.shape, output: shape, filters, geometry)
  if filters.algorithm == .im2col {
    convolveByPatches(input, filters, plan, into: &output)
  } else if let m = filters.algorithm.winogradTile {
    convolveWinograd(input, filters, plan, m, into: &output)
  } else {
    convolveDirect(input, filters, plan, into: &output)
  }
}

/// The extents of one convolution under short names.
package struct ConvolutionPlan: Sendable {
  let N, H, W, C, R, S, Cg, K, Ho, Wo: Int
  let g: ConvolutionGeometry
  /// Panels of all groups.
  let panels: Int

  package init<Scalar>(
    input: [Int], output: [Int], _ filters: PackedFilters<Scalar>, _ geometry: ConvolutionGeometry
  ) {
    (N, H, W, C) = (input[0], input[1], input[2], input[3])
    (R, S, Cg, K) = (filters.shape[0], filters.shape[1], filters.shape[2], filters.shape[3])
    (Ho, Wo) = (output[1], output[2])
    g = geometry
    panels = filters.panelsPerGroup * filters.groups
  }

  /// Rows and columns of the input with its margin of zeros, and what the windows reach beyond.
  var paddedHeight: Int { g.paddingTop + H + g.paddingBottom }
  var paddedWidth: Int { g.paddingLeft + W + g.paddingRight }
  var isPadded: Bool { paddedHeight != H || paddedWidth != W }

  /// The first output channel of panel `p`, counted over all groups.
  func firstChannel<Scalar>(ofPanel p: Int, _ filters: PackedFilters<Scalar>) -> Int {
    p / filters.panelsPerGroup * (K / g.groups)
      + p % filters.panelsPerGroup * filters.panelWidth
  }
}
