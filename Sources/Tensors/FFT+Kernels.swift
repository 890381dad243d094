// The column transforms behind `FFT`: padding, transposition, pieces for threads, dispatch.
//
// Layout: the kernels transform columns of an n x stride matrix, stride a multiple of 16; a row
//   transform first transposes.
// Deviations: none. Checked by: FFTTests, FFT2DTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// Columns that one piece of a parallel loop transforms.
private let columnsPerPiece = 64

/// `count` rounded up to a multiple of 16.
func roundedUpTo16(_ count: Int) -> Int { (count + 15) & ~15 }

extension FFT {
  /// Transforms the columns of an n x `stride` matrix in place.
  func transformColumns(_ real: inout [Scalar], _ imaginary: inout [Scalar], _ stride: Int) {
    precondition(
      stride % 16 == 0 && real.count == count * stride && imaginary.count == real.count,
      "columns of \(real.count) and \(imaginary.count) values are not \(count) x \(stride)")
    guard count > 1 else { return }
    let pieces = (stride + columnsPerPiece - 1) / columnsPerPiece
    // SAFETY: each piece has its own columns of both arrays, which outlive the loop.
    unsafe real.withUnsafeMutableBufferPointer { realBuffer in
      unsafe imaginary.withUnsafeMutableBufferPointer { imaginaryBuffer in
        guard let r = realBuffer.baseAddress, let i = imaginaryBuffer.baseAddress else { return }
        let (sharedR, sharedI) = unsafe (SharedPointer(r), SharedPointer(i))
        parallelFor(pieces) { piece in
          let first = piece * columnsPerPiece
          unsafe transformPiece(
            sharedR.pointer + first, sharedI.pointer + first,
            min(columnsPerPiece, stride - first), stride)
        }
      }
    }
  }

  private func transformPiece(
    _ real: UnsafeMutablePointer<Scalar>, _ imaginary: UnsafeMutablePointer<Scalar>,
    _ columns: Int, _ stride: Int
  ) {
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: 64 * count * MemoryLayout<Scalar>.stride, alignment: 64)
    defer { unsafe scratch.deallocate() }
    // SAFETY: `Scalar` is Float or Double, the type that the pointers are rebound to.
    unsafe twiddles.withUnsafeBufferPointer { table in
      guard let w = table.baseAddress else { return }
      let (r, i) = (UnsafeMutableRawPointer(real), UnsafeMutableRawPointer(imaginary))
      if Scalar.self == Float.self {
        unsafe columnsOfFloat(
          instructionSet, plan, UnsafeRawPointer(w).assumingMemoryBound(to: Float.self), columns,
          stride,
          r.assumingMemoryBound(to: Float.self), i.assumingMemoryBound(to: Float.self),
          scratch.assumingMemoryBound(to: Float.self))
      } else {
        unsafe columnsOfDouble(
          instructionSet, plan, UnsafeRawPointer(w).assumingMemoryBound(to: Double.self), columns,
          stride,
          r.assumingMemoryBound(to: Double.self), i.assumingMemoryBound(to: Double.self),
          scratch.assumingMemoryBound(to: Double.self))
      }
    }
  }
}

private func columnsOfFloat(
  _ instructionSet: InstructionSet, _ plan: [Int], _ w: UnsafePointer<Float>, _ columns: Int,
  _ stride: Int,
  _ r: UnsafeMutablePointer<Float>, _ i: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  #if !NITAL_PORTABLE
  switch instructionSet {
  case .avx512:
    return unsafe _Kernels512.fftColumns(plan, w, columns, stride, r, i, r, i, scratch)
  case .avx2: return unsafe _Kernels256.fftColumns(plan, w, columns, stride, r, i, r, i, scratch)
  case .baseline: break
  }
  #endif
  // SAFETY: the caller's matrices have `columns` columns, a multiple of 16, and 64 n of scratch.
  unsafe _Kernels128.fftColumns(plan, w, columns, stride, r, i, r, i, scratch)
}

private func columnsOfDouble(
  _ instructionSet: InstructionSet, _ plan: [Int], _ w: UnsafePointer<Double>, _ columns: Int,
  _ stride: Int,
  _ r: UnsafeMutablePointer<Double>, _ i: UnsafeMutablePointer<Double>,
  _ scratch: UnsafeMutablePointer<Double>
) {
  #if !NITAL_PORTABLE
  switch instructionSet {
  case .avx512:
    return unsafe _Kernels512.fftColumns(plan, w, columns, stride, r, i, r, i, scratch)
  case .avx2: return unsafe _Kernels256.fftColumns(plan, w, columns, stride, r, i, r, i, scratch)
  case .baseline: break
  }
  #endif
  // SAFETY: the caller's matrices have `columns` columns, a multiple of 16, and 64 n of scratch.
  unsafe _Kernels128.fftColumns(plan, w, columns, stride, r, i, r, i, scratch)
}
