// The kernels of the matrix product for one scalar type and one instruction set.
//
// Deviations: none. Checked by: MatmulKernelTests on each instruction set. Cost: none.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// The kernels that a matrix product calls, chosen once a product.
@safe struct GEMMKernels<Scalar: KernelScalar>: Sendable {
  /// C = beta C + alpha A B for packed blocks: m, n, k, alpha, A, B, stride of B, stride of B's
  /// panels, beta, C, its row stride, its column stride, room for one tile.
  typealias Block =
    @Sendable (
      Int, Int, Int, Scalar, UnsafePointer<Scalar>, UnsafePointer<Scalar>, Int, Int, Scalar,
      UnsafeMutablePointer<Scalar>, Int, Int, UnsafeMutablePointer<Scalar>
    ) -> Void
  /// Packs a strip: lines, depth, lines of a panel, whether it is filled up, source, line stride,
  /// depth stride, target.
  typealias Pack =
    @Sendable (
      Int, Int, Int, Bool, UnsafePointer<Scalar>, Int, Int, UnsafeMutablePointer<Scalar>
    ) -> Void
  /// C = beta C: m, n, beta, C, its row stride, its column stride.
  typealias Scale = @Sendable (Int, Int, Scalar, UnsafeMutablePointer<Scalar>, Int, Int) -> Void

  /// The rows and columns of a register tile (MR, NR).
  let rowsPerTile: Int
  let columnsPerTile: Int
  let block: Block
  let pack: Pack
  let scale: Scale

  /// The kernels of `set` for this scalar type.
  ///
  /// - Precondition: this machine supports `set`.
  static func kernels(for set: InstructionSet) -> GEMMKernels {
    precondition(
      set <= InstructionSet.supported, "this machine has no \(set.name) instructions")
    if let float = float(set) as? GEMMKernels { return float }
    if let double = double(set) as? GEMMKernels { return double }
    preconditionFailure("kernels exist for Float and Double, not for \(Scalar.self)")
  }

  private static func float(_ set: InstructionSet) -> GEMMKernels<Float> {
    switch set {
    #if !NITAL_PORTABLE
    case .avx512:
      return unsafe GEMMKernels<Float>(
        rowsPerTile: _Kernels512.gemmRowsPerTile(),
        columnsPerTile: _Kernels512.gemmColumnsPerTileFloat(),
        block: _Kernels512.gemmBlockFloat, pack: _Kernels512.gemmPackFloat,
        scale: _Kernels512.gemmScaleFloat)
    case .avx2:
      return unsafe GEMMKernels<Float>(
        rowsPerTile: _Kernels256.gemmRowsPerTile(),
        columnsPerTile: _Kernels256.gemmColumnsPerTileFloat(),
        block: _Kernels256.gemmBlockFloat, pack: _Kernels256.gemmPackFloat,
        scale: _Kernels256.gemmScaleFloat)
    #endif
    default:
      return unsafe GEMMKernels<Float>(
        rowsPerTile: _Kernels128.gemmRowsPerTile(),
        columnsPerTile: _Kernels128.gemmColumnsPerTileFloat(),
        block: _Kernels128.gemmBlockFloat, pack: _Kernels128.gemmPackFloat,
        scale: _Kernels128.gemmScaleFloat)
    }
  }

  private static func double(_ set: InstructionSet) -> GEMMKernels<Double> {
    switch set {
    #if !NITAL_PORTABLE
    case .avx512:
      return unsafe GEMMKernels<Double>(
        rowsPerTile: _Kernels512.gemmRowsPerTile(),
        columnsPerTile: _Kernels512.gemmColumnsPerTileDouble(),
        block: _Kernels512.gemmBlockDouble, pack: _Kernels512.gemmPackDouble,
        scale: _Kernels512.gemmScaleDouble)
    case .avx2:
      return unsafe GEMMKernels<Double>(
        rowsPerTile: _Kernels256.gemmRowsPerTile(),
        columnsPerTile: _Kernels256.gemmColumnsPerTileDouble(),
        block: _Kernels256.gemmBlockDouble, pack: _Kernels256.gemmPackDouble,
        scale: _Kernels256.gemmScaleDouble)
    #endif
    default:
      return unsafe GEMMKernels<Double>(
        rowsPerTile: _Kernels128.gemmRowsPerTile(),
        columnsPerTile: _Kernels128.gemmColumnsPerTileDouble(),
        block: _Kernels128.gemmBlockDouble, pack: _Kernels128.gemmPackDouble,
        scale: _Kernels128.gemmScaleDouble)
    }
  }
}
