// Gradients of pooling and of bilinear resampling, and bilinear upsampling itself.
//
// Implements: the gradient of a maximum goes to the first largest value of the window in row-major
//   order, as in PyTorch's max_pool2d; half-pixel centres or aligned corners as in PyTorch's
//   interpolate (`align_corners`).
// Equation -> code: dX[i] = sum over windows that hold i of share(window, i) dY[window], gathered
//   row of X by row of X, so that rows are independent -> gatherRows.
// Symbols: N H W C -> input; Ho Wo -> output; R S -> window.
// Deviations: none. Checked by: PoolingGradientTests, GradientTests, TorchGradientTests.
// Cost: R passes over each window for the maximum, else one.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// What a value of a window receives of the window's gradient.
package enum PoolingGradient: Sendable {
  /// All of it, where it is the first largest value.
  case maximum
  /// 1 / (R S), or 1 over the number of pixels inside the image.
  case mean(countingPadding: Bool)
}

/// The first and the last window (+ 1) that hold row `i`, of `count` windows.
private func windows(
  holding i: Int, _ size: Int, _ stride: Int, _ padding: Int, _ count: Int
) -> Range<Int> {
  let last = min(count - 1, (i + padding) / stride)
  let before = i + padding - size
  let first = before < 0 ? 0 : before / stride + 1
  return first <= last ? first..<(last + 1) : 0..<0
}

/// The gradient of the input of a pooling layer.
///
/// - Parameters:
///   - x: shape (N, H, W, C); read for `.maximum` alone, else only its shape counts.
///   - dY: shape (N, outputHeight, outputWidth, C).
///   - R: window rows.
///   - S: window columns.
///   - g: stride and padding.
///   - kind: maximum or mean.
///   - dX: shape (N, H, W, C); its values do not matter.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func poolingGradient<Scalar: KernelScalar>(
  _ x: [Scalar], _ dY: Tensor<Scalar>, _ R: Int, _ S: Int, _ g: ConvolutionGeometry,
  _ kind: PoolingGradient, into dX: inout Tensor<Scalar>
) {
  let (H, W, C) = (dX.shape[1], dX.shape[2], dX.shape[3])
  let (Ho, Wo) = (dY.shape[1], dY.shape[2])
  precondition(poolingShape(dX.shape, R, S, g) == dY.shape, "\(dX.shape) and \(dY.shape)")
  if case .maximum = kind {
    precondition(x.count == dX.count, "\(x.count) values of shape \(dX.shape)")
    return maximumGradient(x, dY, R, S, g, into: &dX)
  }
  let counting = if case .mean(let counting) = kind { counting } else { false }
  parallelForEachChunk(of: &dX.scalars, size: max(1, W * C)) { line, row in
    for i in row.indices { row[i] = 0 }
    let (n, iy) = line.quotientAndRemainder(dividingBy: H)
    for oy in windows(holding: iy, R, g.strideY, g.paddingTop, Ho) {
      let rows = inside(oy * g.strideY - g.paddingTop, R, H)
      for ox in 0..<Wo {
        let columns = inside(ox * g.strideX - g.paddingLeft, S, W)
        let share = 1 / Scalar(counting ? R * S : rows.count * columns.count)
        let from = ((n * Ho + oy) * Wo + ox) * C
        for c in 0..<C {
          for ix in columns { row[ix * C + c] += dY.scalars[from + c] * share }
        }
      }
    }
  }
}

/// The part of a window of `size` pixels from `first` on that lies in 0 ..< `extent`.
@inline(__always)
private func inside(_ first: Int, _ size: Int, _ extent: Int) -> Range<Int> {
  max(0, first)..<min(extent, first + size)
}

/// One row of an image's gradient and the windows that hold it.
///
/// The kernel reads these thirteen numbers in this order.
private struct PoolingGradientRow {
  let H, W, C, Wo, R, S, strideY, strideX, top, left: Int
  let row, firstWindow, endWindow: Int

  /// Calls `body` with the thirteen numbers.
  func withNumbers(_ body: (UnsafePointer<Int>) -> Void) {
    // SAFETY: the value consists of thirteen Ints, which outlive the call.
    unsafe withUnsafeBytes(of: self) { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe body(base.assumingMemoryBound(to: Int.self))
    }
  }
}

/// The gradient of maximum pooling, which goes to the first largest value of each window.
@inline(__always)
private func maximumGradient<Scalar: KernelScalar>(
  _ x: [Scalar], _ dY: Tensor<Scalar>, _ R: Int, _ S: Int, _ g: ConvolutionGeometry,
  into dX: inout Tensor<Scalar>
) {
  let (H, W, C) = (dX.shape[1], dX.shape[2], dX.shape[3])
  let (Ho, Wo) = (dY.shape[1], dY.shape[2])
  // SAFETY: windows stay inside their image, whose extents were checked; a chunk is a row of dX.
  unsafe x.withUnsafeBufferPointer { x in
    unsafe dY.scalars.withUnsafeBufferPointer { dY in
      guard let x = x.baseAddress, let dY = dY.baseAddress else { return }
      let image = unsafe SharedPointer(UnsafeMutablePointer(mutating: x))
      let gradient = unsafe SharedPointer(UnsafeMutablePointer(mutating: dY))
      parallelForEachChunk(of: &dX.scalars, size: max(1, W * C)) { line, row in
        let (n, iy) = line.quotientAndRemainder(dividingBy: H)
        let held = windows(holding: iy, R, g.strideY, g.paddingTop, Ho)
        let plan = PoolingGradientRow(
          H: H, W: W, C: C, Wo: Wo, R: R, S: S, strideY: g.strideY, strideX: g.strideX,
          top: g.paddingTop, left: g.paddingLeft, row: iy, firstWindow: held.lowerBound,
          endWindow: held.upperBound)
        unsafe row.withUnsafeMutableBufferPointer { row in
          guard let target = row.baseAddress else { return }
          unsafe maximumGradientRow(
            plan, image.pointer + n * H * W * C, gradient.pointer + n * Ho * Wo * C, target)
        }
      }
    }
  }
}

/// Calls the kernel of the instruction set in use.
@inline(__always)
@unsafe private func maximumGradientRow<Scalar: KernelScalar>(
  _ plan: PoolingGradientRow, _ image: UnsafePointer<Scalar>, _ dY: UnsafePointer<Scalar>,
  _ target: UnsafeMutablePointer<Scalar>
) {
  let (x, d, to) = unsafe (
    UnsafeRawPointer(image), UnsafeRawPointer(dY), UnsafeMutableRawPointer(target)
  )
  // SAFETY: the pointers already point at values of the type that is compared.
  unsafe plan.withNumbers { numbers in
    if Scalar.self == Float.self {
      unsafe maximumGradientRow(
        numbers, x.assumingMemoryBound(to: Float.self), d.assumingMemoryBound(to: Float.self),
        to.assumingMemoryBound(to: Float.self))
    } else {
      precondition(Scalar.self == Double.self, "no kernel for \(Scalar.self)")
      unsafe maximumGradientRow(
        numbers, x.assumingMemoryBound(to: Double.self), d.assumingMemoryBound(to: Double.self),
        to.assumingMemoryBound(to: Double.self))
    }
  }
}

@unsafe private func maximumGradientRow(
  _ numbers: UnsafePointer<Int>, _ image: UnsafePointer<Float>, _ dY: UnsafePointer<Float>,
  _ target: UnsafeMutablePointer<Float>
) {
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.maximumGradientRow(numbers, image, dY, target)
  case .avx2: unsafe _Kernels256.maximumGradientRow(numbers, image, dY, target)
  #endif
  default: unsafe _Kernels128.maximumGradientRow(numbers, image, dY, target)
  }
}

@unsafe private func maximumGradientRow(
  _ numbers: UnsafePointer<Int>, _ image: UnsafePointer<Double>, _ dY: UnsafePointer<Double>,
  _ target: UnsafeMutablePointer<Double>
) {
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.maximumGradientRow(numbers, image, dY, target)
  case .avx2: unsafe _Kernels256.maximumGradientRow(numbers, image, dY, target)
  #endif
  default: unsafe _Kernels128.maximumGradientRow(numbers, image, dY, target)
  }
}

/// The gradient of the input of `adaptiveAveragePool`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func adaptivePoolingGradient<Scalar: KernelScalar>(
  _ dY: Tensor<Scalar>, into dX: inout Tensor<Scalar>
) {
  let (H, W, C) = (dX.shape[1], dX.shape[2], dX.shape[3])
  let (Ho, Wo) = (dY.shape[1], dY.shape[2])
  parallelForEachChunk(of: &dX.scalars, size: max(1, W * C)) { line, row in
    for i in row.indices { row[i] = 0 }
    let (n, iy) = line.quotientAndRemainder(dividingBy: H)
    for oy in 0..<Ho {
      let rows = (oy * H / Ho)..<(((oy + 1) * H + Ho - 1) / Ho)
      guard rows.contains(iy) else { continue }
      for ox in 0..<Wo {
        let columns = (ox * W / Wo)..<(((ox + 1) * W + Wo - 1) / Wo)
        let share = 1 / Scalar(rows.count * columns.count)
        let from = ((n * Ho + oy) * Wo + ox) * C
        for ix in columns {
          for c in 0..<C { row[ix * C + c] += dY.scalars[from + c] * share }
        }
      }
    }
  }
}

// MARK: - Bilinear resampling

/// The two inputs of each output along one axis, and the weight of the second.
package struct LinearAxis<Scalar: KernelScalar>: Sendable {
  let low, high: [Int]
  let weight: [Scalar]
  /// Of each input: the outputs that read it, in order, with their weights.
  let readers: [[(output: Int, weight: Scalar)]]

  /// `outputs` positions on an axis of `inputs` values.
  ///
  /// - Parameters:
  ///   - inputs: extent of the image, at least 1.
  ///   - outputs: extent of the result, at least 1.
  ///   - aligningCorners: first and last values keep their places; else pixels are squares whose
  ///     outer edges coincide.
  package init(inputs: Int, outputs: Int, aligningCorners: Bool) {
    precondition(inputs >= 1 && outputs >= 1, "cannot resample \(inputs) to \(outputs)")
    var (low, high, weight) = ([Int](), [Int](), [Scalar]())
    var readers = [[(output: Int, weight: Scalar)]](repeating: [], count: inputs)
    for o in 0..<outputs {
      var position: Double
      if aligningCorners {
        position = outputs > 1 ? Double(o) * Double(inputs - 1) / Double(outputs - 1) : 0
      } else {
        position = max(0, (Double(o) + 0.5) * Double(inputs) / Double(outputs) - 0.5)
      }
      position = min(position, Double(inputs - 1))
      let i = Int(position)
      let w = Scalar(position - Double(i))
      low.append(i)
      high.append(min(i + 1, inputs - 1))
      weight.append(w)
      readers[i].append((o, 1 - w))
      if w != 0 { readers[min(i + 1, inputs - 1)].append((o, w)) }
    }
    (self.low, self.high, self.weight, self.readers) = (low, high, weight, readers)
  }
}

/// Bilinear interpolation of a batch: shape (N, H, W, C) to `y`'s (N, Ho, Wo, C).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func resampleBilinear<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>, _ vertical: LinearAxis<Scalar>, _ horizontal: LinearAxis<Scalar>,
  into y: inout Tensor<Scalar>
) {
  let (H, W, C) = (x.shape[1], x.shape[2], x.shape[3])
  let (Ho, Wo) = (y.shape[1], y.shape[2])
  parallelForEachChunk(of: &y.scalars, size: max(1, Wo * C)) { line, row in
    let (n, oy) = line.quotientAndRemainder(dividingBy: Ho)
    let v = vertical.weight[oy]
    let (a, b) = ((n * H + vertical.low[oy]) * W, (n * H + vertical.high[oy]) * W)
    for ox in 0..<Wo {
      let u = horizontal.weight[ox]
      let (l, h) = (horizontal.low[ox] * C, horizontal.high[ox] * C)
      for c in 0..<C {
        let top = (1 - u) * x.scalars[a * C + l + c] + u * x.scalars[a * C + h + c]
        let bottom = (1 - u) * x.scalars[b * C + l + c] + u * x.scalars[b * C + h + c]
        row[ox * C + c] = (1 - v) * top + v * bottom
      }
    }
  }
}

/// The gradient of `resampleBilinear`'s input: each input gathers from its readers in order.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func resamplingGradient<Scalar: KernelScalar>(
  _ dY: Tensor<Scalar>, _ vertical: LinearAxis<Scalar>, _ horizontal: LinearAxis<Scalar>,
  into dX: inout Tensor<Scalar>
) {
  let (H, W, C) = (dX.shape[1], dX.shape[2], dX.shape[3])
  let (Ho, Wo) = (dY.shape[1], dY.shape[2])
  parallelForEachChunk(of: &dX.scalars, size: max(1, W * C)) { line, row in
    for i in row.indices { row[i] = 0 }
    let (n, iy) = line.quotientAndRemainder(dividingBy: H)
    for (oy, v) in vertical.readers[iy] {
      for ix in 0..<W {
        for (ox, u) in horizontal.readers[ix] {
          let from = ((n * Ho + oy) * Wo + ox) * C
          for c in 0..<C { row[ix * C + c] += v * u * dY.scalars[from + c] }
        }
      }
    }
  }
}
