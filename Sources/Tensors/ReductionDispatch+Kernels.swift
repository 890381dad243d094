// The reduction kernels of the instruction set in use, for both scalar types.
//
// Deviations: none. Checked by: ReductionTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// Reduces consecutive blocks of 1024 values to one value each.
@unsafe package func reduceBlocks<Scalar: KernelScalar>(
  _ reduction: Reduction, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ count: Int,
  _ output: UnsafeMutablePointer<Scalar>
) {
  let step = reduction.rawValue
  if Scalar.self == Float.self {
    // SAFETY: Scalar is Float, so the pointers already point at Floats.
    let a = unsafe UnsafeRawPointer(x).assumingMemoryBound(to: Float.self)
    let b = unsafe UnsafeRawPointer(y).assumingMemoryBound(to: Float.self)
    let out = unsafe UnsafeMutableRawPointer(output).assumingMemoryBound(to: Float.self)
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.reduceBlocks(step, a, b, count, 1024, out)
    case .avx2: unsafe _Kernels256.reduceBlocks(step, a, b, count, 1024, out)
    #endif
    default: unsafe _Kernels128.reduceBlocks(step, a, b, count, 1024, out)
    }
  } else {
    precondition(Scalar.self == Double.self, "no kernel for \(Scalar.self)")
    // SAFETY: Scalar is Double, so the pointers already point at Doubles.
    let a = unsafe UnsafeRawPointer(x).assumingMemoryBound(to: Double.self)
    let b = unsafe UnsafeRawPointer(y).assumingMemoryBound(to: Double.self)
    let out = unsafe UnsafeMutableRawPointer(output).assumingMemoryBound(to: Double.self)
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.reduceBlocks(step, a, b, count, 1024, out)
    case .avx2: unsafe _Kernels256.reduceBlocks(step, a, b, count, 1024, out)
    #endif
    default: unsafe _Kernels128.reduceBlocks(step, a, b, count, 1024, out)
    }
  }
}

/// Reduces rows of `columns` values to one row.
@unsafe package func reduceColumns<Scalar: KernelScalar>(
  _ reduction: Reduction, _ x: UnsafePointer<Scalar>, _ y: UnsafePointer<Scalar>, _ rows: Int,
  _ columns: Int, _ output: UnsafeMutablePointer<Scalar>
) {
  let step = reduction.rawValue
  if Scalar.self == Float.self {
    // SAFETY: Scalar is Float, so the pointers already point at Floats.
    let a = unsafe UnsafeRawPointer(x).assumingMemoryBound(to: Float.self)
    let b = unsafe UnsafeRawPointer(y).assumingMemoryBound(to: Float.self)
    let out = unsafe UnsafeMutableRawPointer(output).assumingMemoryBound(to: Float.self)
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.reduceColumns(step, a, b, rows, columns, out)
    case .avx2: unsafe _Kernels256.reduceColumns(step, a, b, rows, columns, out)
    #endif
    default: unsafe _Kernels128.reduceColumns(step, a, b, rows, columns, out)
    }
  } else {
    precondition(Scalar.self == Double.self, "no kernel for \(Scalar.self)")
    // SAFETY: Scalar is Double, so the pointers already point at Doubles.
    let a = unsafe UnsafeRawPointer(x).assumingMemoryBound(to: Double.self)
    let b = unsafe UnsafeRawPointer(y).assumingMemoryBound(to: Double.self)
    let out = unsafe UnsafeMutableRawPointer(output).assumingMemoryBound(to: Double.self)
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.reduceColumns(step, a, b, rows, columns, out)
    case .avx2: unsafe _Kernels256.reduceColumns(step, a, b, rows, columns, out)
    #endif
    default: unsafe _Kernels128.reduceColumns(step, a, b, rows, columns, out)
    }
  }
}
