// The two fast convolutions: pieces of work cut by shape alone, each a call of the band kernel.
//
// Pieces of the direct algorithm are (image, panel of channels, band of rows), bands fastest, so
// that a panel stays in a core's cache; pieces of im2col are blocks of rows of the patch matrix.
// Deviations: none. Checked by: ConvolutionKernelTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

private typealias Band = _Kernels128.ConvolutionBand

/// Operations that one piece should have at least: some 50 us of one core.
private let pieceOperations = 12_000_000

/// Bytes of padded images that exist at a time.
private let paddedBytes = 1 << 25

/// Calls the kernel of the instruction set in use.
@unsafe private func convolveBand<Scalar: KernelScalar>(
  _ band: Band, _ input: UnsafePointer<Scalar>, _ panel: UnsafePointer<Scalar>,
  _ bias: UnsafePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>
) {
  if Scalar.self == Float.self {
    // SAFETY: Scalar is Float, so the pointers already point at Floats.
    unsafe convolveFloats(
      band, UnsafeRawPointer(input).assumingMemoryBound(to: Float.self),
      UnsafeRawPointer(panel).assumingMemoryBound(to: Float.self),
      UnsafeRawPointer(bias).assumingMemoryBound(to: Float.self),
      UnsafeMutableRawPointer(output).assumingMemoryBound(to: Float.self))
  } else {
    precondition(Scalar.self == Double.self, "no kernel for \(Scalar.self)")
    // SAFETY: Scalar is Double, so the pointers already point at Doubles.
    unsafe convolveDoubles(
      band, UnsafeRawPointer(input).assumingMemoryBound(to: Double.self),
      UnsafeRawPointer(panel).assumingMemoryBound(to: Double.self),
      UnsafeRawPointer(bias).assumingMemoryBound(to: Double.self),
      UnsafeMutableRawPointer(output).assumingMemoryBound(to: Double.self))
  }
}

@unsafe private func convolveFloats(
  _ band: Band, _ input: UnsafePointer<Float>, _ panel: UnsafePointer<Float>,
  _ bias: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
) {
  // SAFETY: the kernel modules declare ConvolutionBand from one source, so its layout is the same.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512:
    unsafe _Kernels512.convolveBand(
      unsafeBitCast(band, to: _Kernels512.ConvolutionBand.self), input, panel, bias, output)
  case .avx2:
    unsafe _Kernels256.convolveBand(
      unsafeBitCast(band, to: _Kernels256.ConvolutionBand.self), input, panel, bias, output)
  #endif
  default: unsafe _Kernels128.convolveBand(band, input, panel, bias, output)
  }
}

@unsafe private func convolveDoubles(
  _ band: Band, _ input: UnsafePointer<Double>, _ panel: UnsafePointer<Double>,
  _ bias: UnsafePointer<Double>, _ output: UnsafeMutablePointer<Double>
) {
  // SAFETY: the kernel modules declare ConvolutionBand from one source, so its layout is the same.
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512:
    unsafe _Kernels512.convolveBand(
      unsafeBitCast(band, to: _Kernels512.ConvolutionBand.self), input, panel, bias, output)
  case .avx2:
    unsafe _Kernels256.convolveBand(
      unsafeBitCast(band, to: _Kernels256.ConvolutionBand.self), input, panel, bias, output)
  #endif
  default: unsafe _Kernels128.convolveBand(band, input, panel, bias, output)
  }
}

// MARK: - Direct

/// Pads some images at a time and applies the filters to them in place.
func convolveDirect<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: PackedFilters<Scalar>, _ plan: ConvolutionPlan,
  into output: inout Tensor<Scalar>
) {
  let (imageIn, imageOut) = (plan.H * plan.W * plan.C, plan.Ho * plan.Wo * plan.K)
  let padded = plan.paddedHeight * plan.paddedWidth * plan.C
  let atOnce =
    plan.isPadded ? max(1, paddedBytes / (padded * MemoryLayout<Scalar>.stride)) : plan.N
  var margin = [Scalar](repeating: 0, count: plan.isPadded ? min(atOnce, plan.N) * padded : 0)
  // SAFETY: the buffers outlive the loops; `applyFilters` stays inside the images it is given.
  unsafe input.scalars.withUnsafeBufferPointer { source in
    unsafe output.scalars.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      for first in stride(from: 0, to: plan.N, by: atOnce) {
        let images = min(atOnce, plan.N - first)
        let out = unsafe SharedPointer(target + first * imageOut)
        if plan.isPadded {
          copyInside(input, images: first..<(first + images), plan, into: &margin)
          unsafe margin.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe applyFilters(images, base, filters, plan, out)
          }
        } else {
          unsafe applyFilters(images, source + first * imageIn, filters, plan, out)
        }
      }
    }
  }
}

/// Copies images into the middle of padded ones, whose margins stay zero.
private func copyInside<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, images: Range<Int>, _ plan: ConvolutionPlan,
  into margin: inout [Scalar]
) {
  let (row, paddedRow) = (plan.W * plan.C, plan.paddedWidth * plan.C)
  let padded = plan.paddedHeight * paddedRow
  let inset = plan.g.paddingTop * paddedRow + plan.g.paddingLeft * plan.C
  // SAFETY: each piece copies one image row between different places of arrays that outlive it.
  unsafe input.scalars.withUnsafeBufferPointer { source in
    unsafe margin.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
      let to = unsafe SharedPointer(target)
      parallelFor(images.count) { image in
        for y in 0..<plan.H {
          let start = unsafe from.pointer + ((images.lowerBound + image) * plan.H + y) * row
          unsafe (to.pointer + image * padded + inset + y * paddedRow).update(
            from: start, count: row)
        }
      }
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
  let bandRows = min(plan.Ho, max(1, pieceOperations / max(1, rowOperations)))
  let bands = (plan.Ho + bandRows - 1) / bandRows
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

/// The band of the direct algorithm; taps that follow each other in memory become one.
private func directBand(_ plan: ConvolutionPlan, rows: Int, columns: Int) -> Band {
  let joined = plan.g.dilationX == 1 && plan.g.groups == 1
  let paddedRow = plan.paddedWidth * plan.C
  return Band(
    rows: rows, inputRowStep: plan.g.strideY * paddedRow, outputRowStep: plan.Wo * plan.K,
    pixels: plan.Wo, inputPixelStep: plan.g.strideX * plan.C, outputPixelStep: plan.K,
    outerTaps: plan.R, outerStep: plan.g.dilationY * paddedRow,
    innerTaps: joined ? 1 : plan.S, innerStep: plan.g.dilationX * plan.C,
    channels: joined ? plan.S * plan.C : plan.Cg, columns: columns)
}

// MARK: - im2col

/// Gathers blocks of patches and multiplies each by the panels of its group.
func convolveByPatches<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: PackedFilters<Scalar>, _ plan: ConvolutionPlan,
  into output: inout Tensor<Scalar>
) {
  let total = plan.N * plan.Ho * plan.Wo
  let length = plan.R * plan.S * plan.Cg
  // A whole number of tiles of 14, 6 or 4 rows; a block stays in half of a 1 MB cache.
  let fitting = (1 << 19) / MemoryLayout<Scalar>.stride / max(1, length) / 84
  let blockRows = 84 * min(2, max(1, fitting))
  let blocks = (total + blockRows - 1) / blockRows
  // Few blocks: several pieces gather the same patches and take a share of the panels each.
  let shares = blocks >= 8 ? 1 : min(filters.panelsPerGroup, 8)
  // SAFETY: pieces write different rows or channels of the output, which outlives the loop.
  unsafe output.scalars.withUnsafeMutableBufferPointer { target in
    guard let base = target.baseAddress else { return }
    let out = unsafe SharedPointer(base)
    parallelFor(blocks * plan.g.groups * shares) { piece in
      let (block, rest) = piece.quotientAndRemainder(dividingBy: plan.g.groups * shares)
      let (group, share) = rest.quotientAndRemainder(dividingBy: shares)
      let rows = (block * blockRows)..<min(total, (block + 1) * blockRows)
      var patches = [Scalar](repeating: 0, count: rows.count * length)
      gatherPatches(input, rows: rows, group: group, plan, into: &patches)
      let first = group * filters.panelsPerGroup
      let panels =
        (first + share * filters.panelsPerGroup / shares)
        ..<(first
        + (share + 1) * filters.panelsPerGroup / shares)
      unsafe multiplyPatches(patches, rows, by: panels, of: filters, plan, into: out)
    }
  }
}

/// Writes the patches of output pixels `rows` (counted over rows and images) one after the other.
private func gatherPatches<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, rows: Range<Int>, group: Int, _ plan: ConvolutionPlan,
  into patches: inout [Scalar]
) {
  // SAFETY: a tap is copied only where it lies inside the image, into its own place of `patches`.
  unsafe input.scalars.withUnsafeBufferPointer { source in
    unsafe patches.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      for (i, row) in rows.enumerated() {
        let (pixel, x) = row.quotientAndRemainder(dividingBy: plan.Wo)
        let (image, y) = pixel.quotientAndRemainder(dividingBy: plan.Ho)
        for tap in 0..<(plan.R * plan.S) {
          let iy = y * plan.g.strideY + tap / plan.S * plan.g.dilationY - plan.g.paddingTop
          let ix = x * plan.g.strideX + tap % plan.S * plan.g.dilationX - plan.g.paddingLeft
          if iy < 0 || iy >= plan.H || ix < 0 || ix >= plan.W { continue }
          let from = ((image * plan.H + iy) * plan.W + ix) * plan.C + group * plan.Cg
          let to = (i * plan.R * plan.S + tap) * plan.Cg
          unsafe (target + to).update(from: source + from, count: plan.Cg)
        }
      }
    }
  }
}

/// Multiplies a block of patches by panels: a band of one row whose pixels are the patches.
@unsafe private func multiplyPatches<Scalar: KernelScalar>(
  _ patches: [Scalar], _ rows: Range<Int>, by panels: Range<Int>,
  of filters: PackedFilters<Scalar>, _ plan: ConvolutionPlan, into output: SharedPointer<Scalar>
) {
  let length = plan.R * plan.S * plan.Cg
  for panel in panels {
    let band = Band(
      rows: 1, inputRowStep: 0, outputRowStep: 0, pixels: rows.count, inputPixelStep: length,
      outputPixelStep: plan.K, outerTaps: 1, outerStep: 0, innerTaps: 1, innerStep: 0,
      channels: length, columns: filters.columns(ofPanel: panel % filters.panelsPerGroup))
    let channel = plan.firstChannel(ofPanel: panel, filters)
    // SAFETY: the band reads the patches and one panel, and writes its own rows and channels.
    unsafe patches.withUnsafeBufferPointer { source in
      unsafe filters.panels.withUnsafeBufferPointer { weights in
        unsafe filters.bias.withUnsafeBufferPointer { bias in
          guard let source = source.baseAddress, let weights = weights.baseAddress,
            let bias = bias.baseAddress
          else { return }
          unsafe convolveBand(
            band, source, weights + panel * filters.panelLength,
            bias + panel * filters.panelWidth,
            output.pointer + rows.lowerBound * plan.K + channel)
        }
      }
    }
  }
}
