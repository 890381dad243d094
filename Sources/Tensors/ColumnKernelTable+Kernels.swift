// The column kernels of one scalar type for one instruction set.
//
// Deviations: none. Checked by: RotationKernelTests on each instruction set. Cost: none.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// The kernels of Rotations.swift, Reflectors.swift and Triangles.swift, chosen once a call.
@unsafe struct ColumnKernels<Scalar: KernelScalar>: Sendable {
  /// x, y, rows.
  typealias Dot = @Sendable (UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int) -> Scalar
  /// x, y, rows, cosine, sine.
  typealias Rotate =
    @Sendable (
      UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>, Int, Scalar, Scalar
    ) -> Void
  /// X, rows, stride, J, its rows, its stride, squared norms, p0, p1, q0, q1, tolerance, floor.
  typealias Orthogonalize =
    @Sendable (
      UnsafeMutablePointer<Scalar>, Int, Int, UnsafeMutablePointer<Scalar>, Int, Int,
      UnsafeMutablePointer<Scalar>, Int, Int, Int, Int, Scalar, Scalar
    ) -> Int
  /// V, its stride, tau, k0, k1, falling, C, its stride, columns, rows.
  typealias Reflect =
    @Sendable (
      UnsafePointer<Scalar>, Int, UnsafePointer<Scalar>, Int, Int, Bool,
      UnsafeMutablePointer<Scalar>, Int, Int, Int
    ) -> Void
  /// L, its stride, its rows, C, its stride, columns.
  typealias Solve =
    @Sendable (UnsafePointer<Scalar>, Int, Int, UnsafeMutablePointer<Scalar>, Int, Int) -> Void

  let dot: Dot
  let rotate: Rotate
  let orthogonalize: Orthogonalize
  let reflect: Reflect
  let solve: Solve

  /// The kernels of `set`.
  ///
  /// - Precondition: this machine supports `set`.
  static func kernels(for set: InstructionSet) -> ColumnKernels {
    precondition(
      set <= InstructionSet.supported, "this machine has no \(set.name) instructions")
    if let kernels = unsafe float(set) as? ColumnKernels { return unsafe kernels }
    if let kernels = unsafe double(set) as? ColumnKernels { return unsafe kernels }
    preconditionFailure("kernels exist for Float and Double, not for \(Scalar.self)")
  }

  private static func float(_ set: InstructionSet) -> ColumnKernels<Float> {
    switch set {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe ColumnKernels<Float>(
        dot: unsafe _Kernels512.columnDot, rotate: unsafe _Kernels512.rotateColumns,
        orthogonalize: unsafe _Kernels512.orthogonalizePairs,
        reflect: unsafe _Kernels512.applyReflectors,
        solve: unsafe _Kernels512.solveLowerTriangle)
    case .avx2:
      unsafe ColumnKernels<Float>(
        dot: unsafe _Kernels256.columnDot, rotate: unsafe _Kernels256.rotateColumns,
        orthogonalize: unsafe _Kernels256.orthogonalizePairs,
        reflect: unsafe _Kernels256.applyReflectors,
        solve: unsafe _Kernels256.solveLowerTriangle)
    #endif
    default:
      unsafe ColumnKernels<Float>(
        dot: unsafe _Kernels128.columnDot, rotate: unsafe _Kernels128.rotateColumns,
        orthogonalize: unsafe _Kernels128.orthogonalizePairs,
        reflect: unsafe _Kernels128.applyReflectors,
        solve: unsafe _Kernels128.solveLowerTriangle)
    }
  }

  private static func double(_ set: InstructionSet) -> ColumnKernels<Double> {
    switch set {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe ColumnKernels<Double>(
        dot: unsafe _Kernels512.columnDot, rotate: unsafe _Kernels512.rotateColumns,
        orthogonalize: unsafe _Kernels512.orthogonalizePairs,
        reflect: unsafe _Kernels512.applyReflectors,
        solve: unsafe _Kernels512.solveLowerTriangle)
    case .avx2:
      unsafe ColumnKernels<Double>(
        dot: unsafe _Kernels256.columnDot, rotate: unsafe _Kernels256.rotateColumns,
        orthogonalize: unsafe _Kernels256.orthogonalizePairs,
        reflect: unsafe _Kernels256.applyReflectors,
        solve: unsafe _Kernels256.solveLowerTriangle)
    #endif
    default:
      unsafe ColumnKernels<Double>(
        dot: unsafe _Kernels128.columnDot, rotate: unsafe _Kernels128.rotateColumns,
        orthogonalize: unsafe _Kernels128.orthogonalizePairs,
        reflect: unsafe _Kernels128.applyReflectors,
        solve: unsafe _Kernels128.solveLowerTriangle)
    }
  }
}
