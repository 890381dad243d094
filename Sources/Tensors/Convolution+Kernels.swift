// Direct convolution: pieces of work cut by shape alone, each a call of the band kernel.
//
// Pieces are (image, panel of channels, band of rows), bands fastest, so that a panel stays in a
// core's cache.
// Deviations: none. Checked by: ConvolutionKernelTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// The shape and the strides of one call of the band kernel, in values.
///
/// The kernel reads these fourteen numbers in this order.
struct ConvolutionBand {
  /// Output rows, and the distance between their first inputs and between their first outputs.
  var rows, inputRowStep, outputRowStep: Int
  /// Output pixels of a row, and the distance between their first inputs and between their outputs.
  var pixels, inputPixelStep, outputPixelStep: Int
  /// Two levels of filter taps and the distance between their inputs.
  var outerTaps, outerStep, innerTaps, innerStep: Int
  /// Consecutive values at each tap, and output channels of the panel that exist.
  var channels, columns: Int
  /// 1 where negative results become 0, else 0.
  var rectifies = 0
  /// Distance between what the sums of the pixels of a tile begin with; 0 for one bias.
  var biasStep = 0

  /// Calls `body` with the fourteen numbers.
  func withNumbers(_ body: (UnsafePointer<Int>) -> Void) {
    // SAFETY: the value consists of fourteen Ints, which outlive the call.
    unsafe withUnsafeBytes(of: self) { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe body(base.assumingMemoryBound(to: Int.self))
    }
  }
}

/// Operations that one piece should have at least: some 50 us of one core.
let pieceOperations = 12_000_000

/// Bytes of a tile: 14 pixels, two vectors of at most 64 bytes.
private let bandScratchBytes = 14 * 2 * 64

/// Bytes of padded images that exist at a time.
private let paddedBytes = 1 << 25

/// Calls the kernel of the instruction set in use.
@unsafe func convolveBand<Scalar: KernelScalar>(
  _ band: ConvolutionBand, _ input: UnsafePointer<Scalar>, _ panel: UnsafePointer<Scalar>,
  _ bias: UnsafePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>
) {
  let (x, w) = unsafe (UnsafeRawPointer(input), UnsafeRawPointer(panel))
  let (b, y) = unsafe (UnsafeRawPointer(bias), UnsafeMutableRawPointer(output))
  // SAFETY: the pointers already point at values of the type that is compared.
  unsafe band.withNumbers { numbers in
    unsafe withUnsafeTemporaryAllocation(byteCount: bandScratchBytes, alignment: 64) { scratch in
      guard let s = scratch.baseAddress else { return }
      if Scalar.self == Float.self {
        unsafe convolveFloats(
          numbers, x.assumingMemoryBound(to: Float.self), w.assumingMemoryBound(to: Float.self),
          b.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self),
          s.assumingMemoryBound(to: Float.self))
      } else {
        precondition(Scalar.self == Double.self, "no kernel for \(Scalar.self)")
        unsafe convolveDoubles(
          numbers, x.assumingMemoryBound(to: Double.self), w.assumingMemoryBound(to: Double.self),
          b.assumingMemoryBound(to: Double.self), y.assumingMemoryBound(to: Double.self),
          s.assumingMemoryBound(to: Double.self))
      }
    }
  }
}

@unsafe private func convolveFloats(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Float>, _ panel: UnsafePointer<Float>,
  _ bias: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.convolveBand(numbers, input, panel, bias, output, scratch)
  case .avx2: unsafe _Kernels256.convolveBand(numbers, input, panel, bias, output, scratch)
  #endif
  default: unsafe _Kernels128.convolveBand(numbers, input, panel, bias, output, scratch)
  }
}

@unsafe private func convolveDoubles(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Double>, _ panel: UnsafePointer<Double>,
  _ bias: UnsafePointer<Double>, _ output: UnsafeMutablePointer<Double>,
  _ scratch: UnsafeMutablePointer<Double>
) {
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.convolveBand(numbers, input, panel, bias, output, scratch)
  case .avx2: unsafe _Kernels256.convolveBand(numbers, input, panel, bias, output, scratch)
  #endif
  default: unsafe _Kernels128.convolveBand(numbers, input, panel, bias, output, scratch)
  }
}

// MARK: - Direct

/// Convolves a whole tensor.
func convolveDirect<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: PackedFilters<Scalar>, _ plan: ConvolutionPlan,
  into output: inout Tensor<Scalar>
) {
  // SAFETY: the shapes were checked, and both arrays outlive the call.
  unsafe input.scalars.withUnsafeBufferPointer { source in
    unsafe output.scalars.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      unsafe convolveDirect(source, filters, plan, target)
    }
  }
}

/// Pads some images at a time and applies the filters to them in place.
///
/// The caller guarantees that the images of `plan` lie in valid memory.
@unsafe package func convolveDirect<Scalar: KernelScalar>(
  _ source: UnsafePointer<Scalar>, _ filters: PackedFilters<Scalar>, _ plan: ConvolutionPlan,
  _ target: UnsafeMutablePointer<Scalar>
) {
  let (imageIn, imageOut) = (plan.H * plan.W * plan.C, plan.Ho * plan.Wo * plan.K)
  guard plan.isPadded else {
    unsafe applyFilters(plan.N, source, filters, plan, SharedPointer(target))
    return
  }
  let padded = plan.paddedHeight * plan.paddedWidth * plan.C
  let fitting = paddedBytes / max(1, padded * MemoryLayout<Scalar>.stride)
  let atOnce = min(plan.N, max(1, fitting))
  var margin = [Scalar](repeating: 0, count: atOnce * padded)
  // SAFETY: `margin` holds `atOnce` padded images; `applyFilters` stays inside them.
  unsafe margin.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    for first in stride(from: 0, to: plan.N, by: atOnce) {
      let images = min(atOnce, plan.N - first)
      unsafe copyInside(source + first * imageIn, images, plan, into: SharedPointer(base))
      unsafe applyFilters(
        images, base, filters, plan, SharedPointer(target + first * imageOut))
    }
  }
}

/// Copies images into the middle of padded ones, whose margins stay zero.
@unsafe private func copyInside<Scalar: KernelScalar>(
  _ source: UnsafePointer<Scalar>, _ images: Int, _ plan: ConvolutionPlan,
  into margin: SharedPointer<Scalar>
) {
  let (row, paddedRow) = (plan.W * plan.C, plan.paddedWidth * plan.C)
  let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
  let rows = images * plan.H
  let atOnce = max(1, (1 << 16) / max(1, row))
  // SAFETY: each piece copies its own image rows between memory that outlives the loop.
  parallelFor((rows + atOnce - 1) / atOnce) { piece in
    for index in (piece * atOnce)..<min(rows, (piece + 1) * atOnce) {
      let (image, y) = index.quotientAndRemainder(dividingBy: plan.H)
      let line = image * plan.paddedHeight + plan.g.paddingTop + y
      unsafe (margin.pointer + line * paddedRow + plan.g.paddingLeft * plan.C).update(
        from: from.pointer + index * row, count: row)
    }
  }
}

/// Runs the pieces (image, panel, band) over images that already have their margins.
@unsafe private func applyFilters<Scalar: KernelScalar>(
  _ images: Int, _ source: UnsafePointer<Scalar>, _ filters: PackedFilters<Scalar>,
  _ plan: ConvolutionPlan, _ output: SharedPointer<Scalar>
) {
  let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
  let rowOperations =
    2 * plan.Wo * filters.panelWidth * plan.R * plan.S * plan.Cg
  let (bands, bandRows) = rowBands(plan.Ho, rowOperations)
  let paddedRow = plan.paddedWidth * plan.C
  let imageIn = plan.paddedHeight * paddedRow
  parallelFor(images * plan.panels * bands) { piece in
    let (image, rest) = piece.quotientAndRemainder(dividingBy: plan.panels * bands)
    let (panel, bandIndex) = rest.quotientAndRemainder(dividingBy: bands)
    let y = bandIndex * bandRows
    let group = panel / filters.panelsPerGroup
    let band = directBand(
      plan, rows: min(bandRows, plan.Ho - y),
      columns: filters.columns(ofPanel: panel % filters.panelsPerGroup))
    let offset = image * imageIn + y * plan.g.strideY * paddedRow + group * plan.Cg
    let channel = plan.firstChannel(ofPanel: panel, filters)
    // SAFETY: bands of different pieces write different rows or channels of the output.
    unsafe filters.panels.withUnsafeBufferPointer { panels in
      unsafe filters.bias.withUnsafeBufferPointer { bias in
        guard let panels = panels.baseAddress, let bias = bias.baseAddress else { return }
        unsafe convolveBand(
          band, from.pointer + offset, panels + panel * filters.panelLength,
          bias + panel * filters.panelWidth,
          output.pointer + ((image * plan.Ho + y) * plan.Wo) * plan.K + channel)
      }
    }
  }
}

/// The number of bands that rows are cut into, of some `operations` each, and the rows of each but the last.
func rowBands(
  _ rows: Int, _ rowOperations: Int, _ operations: Int = pieceOperations
) -> (bands: Int, rows: Int) {
  let wanted = max(1, min(rows, (rows * rowOperations + operations / 2) / operations))
  let each = (rows + wanted - 1) / wanted
  return ((rows + each - 1) / each, each)
}

/// The band of the direct algorithm; taps that follow each other in memory become one.
private func directBand(_ plan: ConvolutionPlan, rows: Int, columns: Int) -> ConvolutionBand {
  let joined = plan.g.dilationX == 1 && plan.g.groups == 1
  let paddedRow = plan.paddedWidth * plan.C
  return ConvolutionBand(
    rows: rows, inputRowStep: plan.g.strideY * paddedRow, outputRowStep: plan.Wo * plan.K,
    pixels: plan.Wo, inputPixelStep: plan.g.strideX * plan.C, outputPixelStep: plan.K,
    outerTaps: plan.R, outerStep: plan.g.dilationY * paddedRow,
    innerTaps: joined ? 1 : plan.S, innerStep: plan.g.dilationX * plan.C,
    channels: joined ? plan.S * plan.C : plan.Cg, columns: columns)
}
