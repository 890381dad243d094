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
  /// The pieces that a block of B is worth to several threads, if they are large enough.
  static let pieces = 16
}

/// C = beta C + alpha A B over pointers, any strides; C is not read where `beta` is 0.
///
/// Element (i, p) of A lies at i `rowStrideA` + p `columnStrideA`, and so on. The caller guarantees
/// that all elements lie in valid memory, and that C overlaps neither A nor B nor itself.
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
  let NR = kernels.columnsPerTile
  let isByColumns = columnStrideC != 1 && rowStrideC == 1 && m > 1
  if isByColumns || (n < NR && paddedArea(n, m, NR) < paddedArea(m, n, NR)) {
    let cut = ProductCut(m: n, n: m, k: k, kernels)
    StreamedProduct(cut, right.transposed, left.transposed, target.transposed, kernels).run()
  } else {
    let cut = ProductCut(m: m, n: n, k: k, kernels)
    StreamedProduct(cut, left, right, target, kernels).run()
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
