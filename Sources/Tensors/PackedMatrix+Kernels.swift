// A right-hand matrix that is packed once and used in many products, such as a layer's weights.
//
// Layout: depth block after depth block (see ProductCut), each as panels of NR columns, [panel][p][j].
// Deviations: none.
// Checked by: MatmulKernelTests. Cost: k n numbers kept.

/// The right-hand matrix of a product, packed for one instruction set.
package struct PackedMatrix<Scalar: KernelScalar>: Sendable {
  /// The number of rows.
  package let k: Int
  /// The number of columns.
  package let n: Int
  /// The instruction set whose kernels read it.
  package let instructionSet: InstructionSet
  let storage: PackedStorage<Scalar>

  /// The height of the panels that kernels read a left-hand matrix in (MR).
  package var rowsPerTile: Int { GEMMKernels<Scalar>.kernels(for: instructionSet).rowsPerTile }

  /// Packs the matrix whose element (p, j) lies at p `rowStride` + j `columnStride`.
  ///
  /// The caller guarantees that all elements lie in valid memory.
  @unsafe package init(
    k: Int, n: Int, _ start: UnsafePointer<Scalar>, rowStride: Int, columnStride: Int,
    instructionSet: InstructionSet = .current
  ) {
    precondition(k >= 0 && n >= 0, "a matrix cannot have shape \(k) x \(n)")
    (self.k, self.n, self.instructionSet) = (k, n, instructionSet)
    let kernels = GEMMKernels<Scalar>.kernels(for: instructionSet)
    let NR = kernels.columnsPerTile
    let width = (n + NR - 1) / NR * NR
    let storage = PackedStorage<Scalar>(count: k * width)
    guard k > 0, n > 0 else {
      self.storage = storage
      return
    }
    let cut = ProductCut(m: 1, n: n, k: k, kernels)
    let matrix = unsafe StridedMatrix(start, rowStride, columnStride)
    parallelFor(cut.depthBlocks) { block in
      let depth = cut.depth(block)
      // SAFETY: block after block, each of depth.count x width numbers, fills the storage.
      unsafe kernels.pack(
        n, depth.count, NR, true, matrix.start + depth.lowerBound * matrix.rowStride,
        matrix.columnStride, matrix.rowStride, storage.start + depth.lowerBound * width)
    }
    self.storage = storage
  }

  /// Packs a matrix of shape (k, n).
  package init(_ B: Tensor<Scalar>, instructionSet: InstructionSet = .current) {
    precondition(B.rank == 2, "a packed matrix needs a matrix, not shape \(B.shape)")
    let (k, n) = (B.shape[0], B.shape[1])
    // SAFETY: a tensor of shape (k, n) holds k n numbers; an empty one is not read.
    self = unsafe B.scalars.withUnsafeBufferPointer { buffer in
      let start = unsafe buffer.baseAddress ?? UnsafePointer(PackedStorage<Scalar>(count: 1).start)
      return unsafe PackedMatrix(
        k: k, n: n, start, rowStride: n, columnStride: 1, instructionSet: instructionSet)
    }
  }
}

/// Aligned memory that is written once.
@safe final class PackedStorage<Scalar: KernelScalar>: @unchecked Sendable {
  // Sendable: written before it is shared, read alone afterwards.
  let start: UnsafeMutablePointer<Scalar>

  init(count: Int) {
    unsafe start = unsafe allocateLarge(
      byteCount: max(1, count) * MemoryLayout<Scalar>.stride, alignment: 64
    ).bindMemory(to: Scalar.self, capacity: max(1, count))
  }

  deinit { unsafe UnsafeMutableRawPointer(start).deallocate() }
}
