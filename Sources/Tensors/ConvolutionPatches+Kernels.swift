// Convolution by patches (im2col): blocks of the patch matrix for the packed product.
//
// Implements: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks
//   for document processing", IWFHR 2006, section 4.
// Equation -> code: A[pixel, (r, s, c)] = I[y, x | r, s, c]; output = bias + A times filters.
// Symbols: a row of A is one output pixel, its depth runs over filter rows, columns, channels.
// Deviations: A is never whole: the product asks for one block of rows and depth at a time.
// Checked by: ConvolutionKernelTests. Cost: every patch is copied once.

/// Fills the output with the bias, then adds the product of the patches with each group's filters.
func convolveByPatches<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ filters: PackedFilters<Scalar>, _ plan: ConvolutionPlan,
  into output: inout Tensor<Scalar>
) {
  let K = plan.K
  parallelForEachChunk(of: &output.scalars, size: K * max(1, (1 << 15) / K)) { _, chunk in
    for first in stride(from: 0, to: chunk.count, by: K) {
      for k in 0..<K { chunk[first + k] = filters.bias[k] }
    }
  }
  // SAFETY: the product writes an m x K/groups matrix that lies in the output; the patches are read
  // from the input, which outlives the product.
  unsafe input.scalars.withUnsafeBufferPointer { source in
    unsafe output.scalars.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
      for group in 0..<plan.g.groups {
        unsafe gemmFillingRows(
          m: plan.N * plan.Ho * plan.Wo, alpha: 1, B: filters.matrices[group], beta: 1,
          C: target + group * (K / plan.g.groups), rowStrideC: K, columnStrideC: 1
        ) { rows, depth, block in
          unsafe fillPatches(from.pointer + group * plan.Cg, rows, depth, plan, block)
        }
      }
    }
  }
}

/// Writes A[rows, depth] row by row; what lies outside the image is 0.
@unsafe private func fillPatches<Scalar: KernelScalar>(
  _ input: UnsafePointer<Scalar>, _ rows: Range<Int>, _ depth: Range<Int>,
  _ plan: ConvolutionPlan, _ block: UnsafeMutablePointer<Scalar>
) {
  let g = plan.g
  // A row of taps that lies inside the image is one run of memory, if nothing is left out.
  let runs = g.dilationX == 1 && g.groups == 1 && depth.count == plan.R * plan.S * plan.C
  for (i, row) in rows.enumerated() {
    let (pixel, x) = row.quotientAndRemainder(dividingBy: plan.Wo)
    let (image, y) = pixel.quotientAndRemainder(dividingBy: plan.Ho)
    let target = unsafe block + i * depth.count
    let (top, left) = (y * g.strideY - g.paddingTop, x * g.strideX - g.paddingLeft)
    let bottom = top + (plan.R - 1) * g.dilationY
    if runs && left >= 0 && left + plan.S <= plan.W && top >= 0 && bottom < plan.H {
      let length = plan.S * plan.C
      for r in 0..<plan.R {
        // SAFETY: the whole patch lies inside the image and fills row i of the block.
        let line = (image * plan.H + top + r * g.dilationY) * plan.W + left
        let from = unsafe input + line * plan.C
        for j in 0..<length { unsafe target[r * length + j] = from[j] }
      }
    } else {
      unsafe fillPatch(input + image * plan.H * plan.W * plan.C, top, left, depth, plan, target)
    }
  }
}

/// Writes the part of one patch that belongs to `depth`, tap by tap.
@unsafe private func fillPatch<Scalar: KernelScalar>(
  _ image: UnsafePointer<Scalar>, _ top: Int, _ left: Int, _ depth: Range<Int>,
  _ plan: ConvolutionPlan, _ target: UnsafeMutablePointer<Scalar>
) {
  let taps = (depth.lowerBound / plan.Cg)..<((depth.upperBound + plan.Cg - 1) / plan.Cg)
  for tap in taps {
    let (r, s) = tap.quotientAndRemainder(dividingBy: plan.S)
    let (iy, ix) = (top + r * plan.g.dilationY, left + s * plan.g.dilationX)
    // The channels of this tap that belong to the block.
    let first = max(depth.lowerBound, tap * plan.Cg)
    let count = min(depth.upperBound, (tap + 1) * plan.Cg) - first
    let to = unsafe target + (first - depth.lowerBound)
    // SAFETY: `to` lies in this row of the block; a tap is read where it lies inside the image.
    if iy < 0 || iy >= plan.H || ix < 0 || ix >= plan.W {
      unsafe to.update(repeating: 0, count: count)
    } else {
      let from = (iy * plan.W + ix) * plan.C + first - tap * plan.Cg
      unsafe to.update(from: image + from, count: count)
    }
  }
}
