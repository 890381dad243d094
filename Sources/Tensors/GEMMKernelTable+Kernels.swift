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
  /// The same for an A that lies in rows: m, n, k, alpha, A, its row stride, B and the rest.
  typealias RowBlock =
    @Sendable (
      Int, Int, Int, Scalar, UnsafePointer<Scalar>, Int, UnsafePointer<Scalar>, Int, Int, Scalar,
      UnsafeMutablePointer<Scalar>, Int, Int, UnsafeMutablePointer<Scalar>
    ) -> Void
  /// The same for few rows and a B that lies in rows: m, n, k, alpha, A, its row stride, B, its row
  /// stride, beta, C, its row stride, its column stride, room for the sums, their row stride.
  typealias Sweep =
    @Sendable (
      Int, Int, Int, Scalar, UnsafePointer<Scalar>, Int, UnsafePointer<Scalar>, Int, Scalar,
      UnsafeMutablePointer<Scalar>, Int, Int, UnsafeMutablePointer<Scalar>, Int
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
  let rowBlock: RowBlock
  let sweep: Sweep
  let pack: Pack
  let scale: Scale

  /// The kernels of `set` for this scalar type.
  ///
  /// - Precondition: this machine supports `set`.
  static func kernels(for set: InstructionSet) -> GEMMKernels {
    precondition(
      set <= InstructionSet.supported, "this machine has no \(set.name) instructions")
    // SAFETY: the types are the same where the condition holds; a cast would cost more than a small
    // product does.
    if Scalar.self == Float.self {
      return unsafe unsafeBitCast(floatKernels[set.rawValue], to: GEMMKernels.self)
    }
    if Scalar.self == Double.self {
      return unsafe unsafeBitCast(doubleKernels[set.rawValue], to: GEMMKernels.self)
    }
    preconditionFailure("kernels exist for Float and Double, not for \(Scalar.self)")
  }

  fileprivate static func float(_ set: InstructionSet) -> GEMMKernels<Float> {
    switch set {
    #if !NITAL_PORTABLE
    case .avx512:
      return unsafe GEMMKernels<Float>(
        rowsPerTile: _Kernels512.gemmRowsPerTile(),
        columnsPerTile: _Kernels512.gemmColumnsPerTileFloat(),
        block: _Kernels512.gemmBlockFloat, rowBlock: _Kernels512.gemmRowBlockFloat,
        sweep: _Kernels512.gemmSweepFloat, pack: _Kernels512.gemmPackFloat,
        scale: _Kernels512.gemmScaleFloat)
    case .avx2:
      return unsafe GEMMKernels<Float>(
        rowsPerTile: _Kernels256.gemmRowsPerTile(),
        columnsPerTile: _Kernels256.gemmColumnsPerTileFloat(),
        block: _Kernels256.gemmBlockFloat, rowBlock: _Kernels256.gemmRowBlockFloat,
        sweep: _Kernels256.gemmSweepFloat, pack: _Kernels256.gemmPackFloat,
        scale: _Kernels256.gemmScaleFloat)
    #endif
    default:
      return unsafe GEMMKernels<Float>(
        rowsPerTile: _Kernels128.gemmRowsPerTile(),
        columnsPerTile: _Kernels128.gemmColumnsPerTileFloat(),
        block: _Kernels128.gemmBlockFloat, rowBlock: _Kernels128.gemmRowBlockFloat,
        sweep: _Kernels128.gemmSweepFloat, pack: _Kernels128.gemmPackFloat,
        scale: _Kernels128.gemmScaleFloat)
    }
  }

  fileprivate static func double(_ set: InstructionSet) -> GEMMKernels<Double> {
    switch set {
    #if !NITAL_PORTABLE
    case .avx512:
      return unsafe GEMMKernels<Double>(
        rowsPerTile: _Kernels512.gemmRowsPerTile(),
        columnsPerTile: _Kernels512.gemmColumnsPerTileDouble(),
        block: _Kernels512.gemmBlockDouble, rowBlock: _Kernels512.gemmRowBlockDouble,
        sweep: _Kernels512.gemmSweepDouble, pack: _Kernels512.gemmPackDouble,
        scale: _Kernels512.gemmScaleDouble)
    case .avx2:
      return unsafe GEMMKernels<Double>(
        rowsPerTile: _Kernels256.gemmRowsPerTile(),
        columnsPerTile: _Kernels256.gemmColumnsPerTileDouble(),
        block: _Kernels256.gemmBlockDouble, rowBlock: _Kernels256.gemmRowBlockDouble,
        sweep: _Kernels256.gemmSweepDouble, pack: _Kernels256.gemmPackDouble,
        scale: _Kernels256.gemmScaleDouble)
    #endif
    default:
      return unsafe GEMMKernels<Double>(
        rowsPerTile: _Kernels128.gemmRowsPerTile(),
        columnsPerTile: _Kernels128.gemmColumnsPerTileDouble(),
        block: _Kernels128.gemmBlockDouble, rowBlock: _Kernels128.gemmRowBlockDouble,
        sweep: _Kernels128.gemmSweepDouble, pack: _Kernels128.gemmPackDouble,
        scale: _Kernels128.gemmScaleDouble)
    }
  }
}

/// The kernels of each instruction set, those that this program lacks being the baseline's.
private let floatKernels = InstructionSet.allCases.map { GEMMKernels<Float>.float($0) }
private let doubleKernels = InstructionSet.allCases.map { GEMMKernels<Double>.double($0) }
