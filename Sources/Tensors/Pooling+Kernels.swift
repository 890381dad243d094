// Pooling cut into pieces of rows, each a call of the kernel of the instruction set in use.
//
// Deviations: none. Checked by: PoolingTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// One image and its windows; extents in values.
///
/// The kernel reads these fourteen numbers in this order.
struct PoolingPlan {
  /// Input rows, columns and channels.
  var H, W, C: Int
  /// Output rows to make, of `Ho`, and output columns.
  var firstRow, endRow, Ho, Wo: Int
  /// Window rows and columns.
  var R, S: Int
  /// Distance between windows, and the margin before the first.
  var strideY, strideX, top, left: Int
  /// The number of a `PoolingKind`.
  var kind: Int

  /// Calls `body` with the fourteen numbers.
  func withNumbers(_ body: (UnsafePointer<Int>) -> Void) {
    // SAFETY: the value consists of fourteen Ints, which outlive the call.
    unsafe withUnsafeBytes(of: self) { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe body(base.assumingMemoryBound(to: Int.self))
    }
  }
}

/// Input values that one piece should read at least.
private let pieceValues = 1 << 18

/// Pools every image of a batch, written over a tensor whose memory is used again.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
package func pool<Scalar: KernelScalar>(
  _ input: Tensor<Scalar>, _ R: Int, _ S: Int, _ g: ConvolutionGeometry, _ kind: PoolingKind,
  into output: inout Tensor<Scalar>
) {
  let shape = output.shape
  precondition(
    kind == .adaptiveMean
      ? shape.count == 4 && shape[0] == input.shape[0] && shape[3] == input.shape[3]
      : shape == poolingShape(input.shape, R, S, g),
    "windows of \(R) x \(S) do not make \(shape) of \(input.shape)")
  guard output.count > 0 else { return }
  // SAFETY: both arrays hold what their shapes say and outlive the call.
  unsafe input.scalars.withUnsafeBufferPointer { source in
    unsafe output.scalars.withUnsafeMutableBufferPointer { target in
      guard let source = source.baseAddress, let target = target.baseAddress else { return }
      unsafe pool(source, input.shape, to: target, shape, R, S, g, kind)
    }
  }
}

/// Pools images in memory; the caller guarantees that both shapes lie in valid memory.
@unsafe package func pool<Scalar: KernelScalar>(
  _ source: UnsafePointer<Scalar>, _ inputShape: [Int], to target: UnsafeMutablePointer<Scalar>,
  _ shape: [Int], _ R: Int, _ S: Int, _ g: ConvolutionGeometry, _ kind: PoolingKind
) {
  let (H, W, C) = (inputShape[1], inputShape[2], inputShape[3])
  let (Ho, Wo) = (shape[1], shape[2])
  let rowValues = max(1, kind == .adaptiveMean ? H * W * C / Ho : Wo * C * R * S)
  let bandRows = min(Ho, max(1, pieceValues / rowValues))
  let bands = (Ho + bandRows - 1) / bandRows
  let from = unsafe SharedPointer(UnsafeMutablePointer(mutating: source))
  let to = unsafe SharedPointer(target)
  parallelFor(shape[0] * bands) { piece in
    let (image, band) = piece.quotientAndRemainder(dividingBy: bands)
    let rows = (band * bandRows)..<min(Ho, (band + 1) * bandRows)
    let plan = PoolingPlan(
      H: H, W: W, C: C, firstRow: rows.lowerBound, endRow: rows.upperBound, Ho: Ho, Wo: Wo,
      R: R, S: S, strideY: g.strideY, strideX: g.strideX, top: g.paddingTop,
      left: g.paddingLeft, kind: kind.rawValue)
    // SAFETY: pieces write different rows of the output; windows are clipped to the image.
    unsafe poolImage(
      plan, from.pointer + image * H * W * C,
      to.pointer + (image * Ho + rows.lowerBound) * Wo * C)
  }
}

@unsafe func poolImage<Scalar: KernelScalar>(
  _ plan: PoolingPlan, _ input: UnsafePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>
) {
  let (x, y) = unsafe (UnsafeRawPointer(input), UnsafeMutableRawPointer(output))
  // SAFETY: the pointers already point at values of the type that is compared.
  unsafe plan.withNumbers { numbers in
    if Scalar.self == Float.self {
      unsafe poolFloats(
        numbers, x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
    } else {
      precondition(Scalar.self == Double.self, "no kernel for \(Scalar.self)")
      unsafe poolDoubles(
        numbers, x.assumingMemoryBound(to: Double.self), y.assumingMemoryBound(to: Double.self))
    }
  }
}

@unsafe private func poolFloats(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>
) {
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.poolImage(numbers, input, output)
  case .avx2: unsafe _Kernels256.poolImage(numbers, input, output)
  #endif
  default: unsafe _Kernels128.poolImage(numbers, input, output)
  }
}

@unsafe private func poolDoubles(
  _ numbers: UnsafePointer<Int>, _ input: UnsafePointer<Double>,
  _ output: UnsafeMutablePointer<Double>
) {
  switch InstructionSet.current {
  #if !NITAL_PORTABLE
  case .avx512: unsafe _Kernels512.poolImage(numbers, input, output)
  case .avx2: unsafe _Kernels256.poolImage(numbers, input, output)
  #endif
  default: unsafe _Kernels128.poolImage(numbers, input, output)
  }
}
