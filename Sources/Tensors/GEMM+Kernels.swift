// Packed matrix product: C = beta C + alpha A B in five loops around a register tile.
//
// Implements: F. Van Zee, R. van de Geijn, "BLIS: a framework for rapidly instantiating BLAS
//   functionality", ACM Trans. Math. Softw. 41 (2015) 14, figure 4 (the five loops and packing);
//   J. Dongarra et al., "A set of level 3 basic linear algebra subprograms", ACM Trans. Math.
//   Softw. 16 (1990) 1, section 4 (meaning of alpha and beta).
// Equation -> code: C[i, j] = beta C[i, j] + alpha sum over p of A[i, p] B[p, j] -> gemmPointers.
// Symbols: m n k; MC KC NC -> GEMMSizes; MR NR -> rowsPerTile, columnsPerTile.
// Deviations: a product whose C is stored by columns, or that has few columns, is computed as its
//   transpose. Loop 2 runs inside loop 1 (see GEMM.swift of the kernels).
// Order of sums: k is cut into ceil(k / KC) nearly equal blocks; an element is one chain of fused
//   multiply-adds over p in a block, started at 0, and blocks are added to C in their order. That
//   order depends on k alone: not on threads, tiles, m or n. The AVX2 and AVX-512 builds give the
//   same bits; the baseline rounds each product.
// Checked by: MatmulKernelTests, twin matmulReference. Cost: 2 m n k flops; packing buffers of at
//   most 8 MB, and 0.2 MB (0.4 MB in Double) a thread.

/// How a product is cut; the depth alone has a part in the bits of the result.
enum GEMMSizes {
  /// KC, the depth of a block: one for all builds.
  static let depth = 512
  /// MC, the rows of a block of A: a multiple of 14, 6 and 4 rows a tile.
  static let rows = 84
  /// Bytes of a packed block of B: KC x NC numbers.
  static let bytesOfB = 4 << 20
  /// Products below this many multiplications run in the calling thread (15 us of AVX-512).
  static let serial = 2_000_000
  /// The least number of multiplications in a piece of parallel work.
  static let piece = 1_000_000
  /// Products of up to this many rows read a row-major B in place: packing it would cost more.
  static let fewRows = 8
  /// The least number of columns for that: tiles of 32 and pieces for two threads.
  static let sweepColumns = 64
  /// Columns of a piece of it: 2 KB or more of each row of B, whose sums stay in the cache.
  static let sweepPiece = 512
  /// Such products of fewer multiplications run in the calling thread (100 KB of B or so).
  static let sweepSerial = 1 << 17
  /// A product whose B has up to this many numbers is one piece without a workspace.
  static let smallB = 1 << 14
  /// It reads B in place where that lies in so many bytes: rows further apart share cache lines' sets.
  static let smallBytesOfB = 1 << 14
  /// The most columns for which a row-major A is read in place: packing pays with more.
  static let unpackedColumns = 512
  /// The most rows of A that are packed for all pieces (1 MB in Float), each packing columns of B.
  static let sharedRows = 512
  /// The columns of such a piece at most and at least: lines of 1 KB and of 256 bytes in Float, read
  /// along in 8 rows of B at a time.
  static let columnsOfPiece = 256
  static let leastColumnsOfPiece = 64
  /// Numbers that a piece packs: 256 columns of a block of B.
  static let packedAtOnce = 1 << 17
  /// The pieces that a block of B is worth to several threads, if they are large enough.
  static let pieces = 16
}

/// C = beta C + alpha A B over pointers, any strides; C is not read where `beta` is 0.
///
/// Element (i, p) of A lies at i `rowStrideA` + p `columnStrideA`, and so on. The caller guarantees
/// that all elements lie in valid memory, and that C overlaps neither A nor B nor itself.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
@unsafe package func gemmPointers<Scalar: KernelScalar>(
  m: Int, n: Int, k: Int, alpha: Scalar,
  A: UnsafePointer<Scalar>, rowStrideA: Int, columnStrideA: Int,
  B: UnsafePointer<Scalar>, rowStrideB: Int, columnStrideB: Int,
  beta: Scalar, C: UnsafeMutablePointer<Scalar>, rowStrideC: Int, columnStrideC: Int,
  instructionSet: InstructionSet = .current
) {
  guard m > 0, n > 0 else { return }
  let kernels = GEMMKernels<Scalar>.kernels(for: instructionSet)
  // SAFETY: the caller of this function guarantees the extents of A, B and C.
  if k <= 0 || alpha == 0 {
    if beta != 1 { unsafe kernels.scale(m, n, beta, C, rowStrideC, columnStrideC) }
    return
  }
  let left = unsafe StridedMatrix(A, rowStrideA, columnStrideA)
  let right = unsafe StridedMatrix(B, rowStrideB, columnStrideB)
  let target = unsafe ProductTarget(C, rowStrideC, columnStrideC, alpha, beta)
  if prefersTranspose(m, n, left, target, kernels) {
    multiply(n, m, k, right.transposed, left.transposed, target.transposed, kernels)
  } else {
    multiply(m, n, k, left, right, target, kernels)
  }
}

/// Whether a product is better computed as C transposed = B transposed x A transposed.
private func prefersTranspose<Scalar>(
  _ m: Int, _ n: Int, _ A: StridedMatrix<Scalar>, _ C: ProductTarget<Scalar>,
  _ kernels: GEMMKernels<Scalar>
) -> Bool {
  if C.columnStride != 1 && C.rowStride == 1 && m > 1 { return true }
  let NR = kernels.columnsPerTile
  // With few columns, tiles are filled up with columns that do not exist; but reading A in place is
  // worth that from 4 columns on.
  if A.columnStride == 1 && n >= 4 { return false }
  return n < NR && paddedArea(n, m, NR) < paddedArea(m, n, NR)
}

/// Takes the way that suits the shape; all give the same bits.
private func multiply<Scalar: KernelScalar>(
  _ m: Int, _ n: Int, _ k: Int, _ A: StridedMatrix<Scalar>, _ B: StridedMatrix<Scalar>,
  _ C: ProductTarget<Scalar>, _ kernels: GEMMKernels<Scalar>
) {
  let isInRows = A.columnStride == 1
  if isInRows && B.columnStride == 1 && m <= GEMMSizes.fewRows && n >= GEMMSizes.sweepColumns {
    multiplyFewRows(m, n, k, A, B, C, kernels)
  } else if isInRows && k <= GEMMSizes.depth && k * n <= GEMMSizes.smallB
    && m * n * k < GEMMSizes.serial
  {
    multiplySmall(m, n, k, A, B, C, kernels)
  } else {
    StreamedProduct(ProductCut(m: m, n: n, k: k, kernels), A, B, C, kernels).run()
  }
}

/// Elements that the tiles compute for an m x n result, with the right edge filled up.
private func paddedArea(_ m: Int, _ n: Int, _ NR: Int) -> Int { m * ((n + NR - 1) / NR * NR) }

/// A matrix to read: a start and two strides.
@safe struct StridedMatrix<Scalar>: @unchecked Sendable {
  // Sendable: the memory is read alone while a product runs.
  let start: UnsafePointer<Scalar>
  let rowStride: Int
  let columnStride: Int

  init(_ start: UnsafePointer<Scalar>, _ rowStride: Int, _ columnStride: Int) {
    unsafe self.start = unsafe start
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  var transposed: StridedMatrix { unsafe StridedMatrix(start, columnStride, rowStride) }
}

/// The matrix C that a product goes to, and what becomes of its old values.
@safe struct ProductTarget<Scalar>: @unchecked Sendable {
  // Sendable: each piece of a product writes its own elements.
  let start: UnsafeMutablePointer<Scalar>
  let rowStride: Int
  let columnStride: Int
  let alpha: Scalar
  let beta: Scalar

  init(
    _ start: UnsafeMutablePointer<Scalar>, _ rowStride: Int, _ columnStride: Int, _ alpha: Scalar,
    _ beta: Scalar
  ) {
    unsafe self.start = unsafe start
    self.rowStride = rowStride
    self.columnStride = columnStride
    self.alpha = alpha
    self.beta = beta
  }

  var transposed: ProductTarget {
    unsafe ProductTarget(start, columnStride, rowStride, alpha, beta)
  }
}
