// Products with a matrix B that is packed already, and a matrix A that its owner packs or fills in.
//
// Implements: loops 3 to 1 of the packed product (see GEMM+Kernels.swift).
// Order of sums: that of GEMM+Kernels.swift, the same bits.
// Deviations: loop 4 (depth) runs inside loop 3, so that pieces of work are independent. Where there
//   are few rows, pieces share rows and A is packed once for each group of columns.
// Checked by: MatmulKernelTests, twin matmulReference. Cost: 2 m n k flops.

/// C = beta C + alpha A B, where `packA` writes blocks of A in the packed layout.
///
/// `packA(rows, depth, target)` writes A[rows, depth] in panels of MR = `B.rowsPerTile` rows. Row
/// i, depth p of the block go to `target[q * MR * depth.count + p * w + i - q * MR]`, where q = i / MR
/// is the panel and w = min(MR, rows.count - q MR) its height. Several threads call it at once; each
/// target is the callee's until it returns. Rows begin at multiples of MR.
///
/// The caller guarantees that C, of shape (m, B.n), lies in valid memory.
@unsafe package func gemmPackingA<Scalar: KernelScalar>(
  m: Int, alpha: Scalar, B: PackedMatrix<Scalar>, beta: Scalar, C: UnsafeMutablePointer<Scalar>,
  rowStrideC: Int, columnStrideC: Int,
  packA:
    @escaping @Sendable (
      _ rows: Range<Int>, _ depth: Range<Int>, _ target: UnsafeMutablePointer<Scalar>
    ) -> Void
) {
  let target = unsafe ProductTarget(C, rowStrideC, columnStrideC, alpha, beta)
  multiplyPacked(m, B, target) { rows, depth, worker in
    unsafe packA(rows, depth, worker.own)
    return .packed
  }
}

/// C = beta C + alpha A B, where `fillRows` writes blocks of A row by row.
///
/// `fillRows(rows, depth, target)` writes A[rows, depth] in row-major order, `depth.count` numbers a
/// row. Several threads call it at once; each target is the callee's until it returns.
///
/// The caller guarantees that C, of shape (m, B.n), lies in valid memory.
@unsafe package func gemmFillingRows<Scalar: KernelScalar>(
  m: Int, alpha: Scalar, B: PackedMatrix<Scalar>, beta: Scalar, C: UnsafeMutablePointer<Scalar>,
  rowStrideC: Int, columnStrideC: Int,
  fillRows:
    @escaping @Sendable (
      _ rows: Range<Int>, _ depth: Range<Int>, _ target: UnsafeMutablePointer<Scalar>
    ) -> Void
) {
  let target = unsafe ProductTarget(C, rowStrideC, columnStrideC, alpha, beta)
  multiplyPacked(m, B, target) { rows, depth, worker in
    unsafe fillRows(rows, depth, worker.rows)
    return unsafe .rows(UnsafePointer(worker.rows), depth.count)
  }
}

/// C = beta C + alpha A B, where A is stored with any strides.
///
/// The caller guarantees that A, of shape (m, B.k), and C, of shape (m, B.n), lie in valid memory.
@unsafe package func gemmPointers<Scalar: KernelScalar>(
  m: Int, alpha: Scalar, A: UnsafePointer<Scalar>, rowStrideA: Int, columnStrideA: Int,
  B: PackedMatrix<Scalar>, beta: Scalar, C: UnsafeMutablePointer<Scalar>, rowStrideC: Int,
  columnStrideC: Int
) {
  let target = unsafe ProductTarget(C, rowStrideC, columnStrideC, alpha, beta)
  let matrix = unsafe StridedMatrix(A, rowStrideA, columnStrideA)
  let kernels = GEMMKernels<Scalar>.kernels(for: B.instructionSet)
  let readsRows = columnStrideA == 1 && (B.n <= GEMMSizes.unpackedColumns || m <= GEMMSizes.fewRows)
  multiplyPacked(m, B, target) { rows, depth, worker in
    // SAFETY: rows and depth lie inside A; `own` holds a block.
    let start =
      unsafe matrix.start
      + (rows.lowerBound * matrix.rowStride + depth.lowerBound * matrix.columnStride)
    if readsRows { return unsafe .rows(start, rowStrideA) }
    unsafe kernels.pack(
      rows.count, depth.count, kernels.rowsPerTile, false, start, matrix.rowStride,
      matrix.columnStride, worker.own)
    return .packed
  }
}

/// Where a block of A is: in the worker's `own` block, or in rows of a stride.
@safe private enum BlockOfA<Scalar> {
  case packed
  case rows(UnsafePointer<Scalar>, Int)
}

/// Loops 5 to 3 over a packed B; `packA` packs a block of A or says where its rows are.
private func multiplyPacked<Scalar: KernelScalar>(
  _ m: Int, _ B: PackedMatrix<Scalar>, _ target: ProductTarget<Scalar>,
  _ packA:
    @escaping @Sendable (Range<Int>, Range<Int>, ProductWorkspace<Scalar>.Worker) -> BlockOfA<
      Scalar
    >
) {
  guard m > 0, B.n > 0 else { return }
  let kernels = GEMMKernels<Scalar>.kernels(for: B.instructionSet)
  guard B.k > 0, target.alpha != 0 else {
    guard target.beta != 1 else { return }
    // SAFETY: the caller guarantees the extent of C.
    return unsafe kernels.scale(
      m, B.n, target.beta, target.start, target.rowStride, target.columnStride)
  }
  let cut = ProductCut(m: m, n: B.n, k: B.k, kernels)
  let blocks = cut.columnBlocks * cut.columnGroups
  let pieces = cut.rowBlocks * blocks
  let isSmall = m * B.n * B.k < GEMMSizes.serial
  let workspace = ProductWorkspace<Scalar>(
    cut, shared: 0, workers: min(Parallelism.threads, pieces), keepsRows: true)
  let perform: @Sendable (Int) -> Void = { piece in
    let rows = cut.rows(piece / blocks)
    let columns = cut.group(
      piece % cut.columnGroups, of: cut.columns(piece % blocks / cut.columnGroups))
    let worker = workspace.takeWorker()
    for block in 0..<cut.depthBlocks {  // loop 4
      let A = packA(rows, cut.depth(block), worker)
      computePacked(cut, kernels, A, B, target, rows, columns, cut.depth(block), worker)
    }
    workspace.release(worker)
  }
  if isSmall {
    for piece in 0..<pieces { perform(piece) }
  } else {
    parallelFor(pieces, perform)
  }
}

/// Loops 2 and 1 for one block of C and one block of the depth.
private func computePacked<Scalar: KernelScalar>(
  _ cut: ProductCut, _ kernels: GEMMKernels<Scalar>, _ A: BlockOfA<Scalar>,
  _ B: PackedMatrix<Scalar>, _ target: ProductTarget<Scalar>, _ rows: Range<Int>,
  _ columns: Range<Int>, _ depth: Range<Int>, _ worker: ProductWorkspace<Scalar>.Worker
) {
  let width = (B.n + cut.NR - 1) / cut.NR * cut.NR
  let beta = depth.lowerBound == 0 ? target.beta : 1
  // SAFETY: rows and columns lie inside C; a block of B begins at depth x width, a panel of it at
  // its first column x depth.count; the worker's buffers are ours alone.
  let b =
    unsafe B.storage.start + (depth.lowerBound * width + columns.lowerBound * depth.count)
  let c =
    unsafe target.start
    + (rows.lowerBound * target.rowStride + columns.lowerBound * target.columnStride)
  switch A {
  case .packed:
    unsafe kernels.block(
      rows.count, columns.count, depth.count, target.alpha, worker.own, b, cut.NR,
      cut.NR * depth.count, beta, c, target.rowStride, target.columnStride, worker.tile)
  case .rows(let a, let stride):
    unsafe kernels.rowBlock(
      rows.count, columns.count, depth.count, target.alpha, a, stride, b, cut.NR,
      cut.NR * depth.count, beta, c, target.rowStride, target.columnStride, worker.tile)
  }
}
