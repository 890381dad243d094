// The outer loops of the packed matrix product, as pieces of work that several threads take.
//
// Implements: the loops 5 to 3 of BLIS (see GEMM+Kernels.swift).
// Order of work: a stage is one block of B (loops 5 and 4). Its pieces come in this order: pack the
//   block of B, then compute the blocks of rows (loop 3). Pieces are begun in rising order and wait
//   only for pieces with lower numbers, so that whoever waits waits for running work.
// Deviations: two buffers for B, so that a thread packs the next block while others compute. With few
//   rows, A and B change parts (`ProductCut.sharesRows`): the rows are packed for all, and whoever
//   computes a piece of columns packs that first, so that B goes through the caches once.
// Checked by: MatmulKernelTests. Cost: see GEMM+Kernels.swift.

import Synchronization

/// One product whose B, or A where it has few rows, is packed block by block for all pieces.
@safe package final class StreamedProduct<Scalar: KernelScalar>: @unchecked Sendable {
  // Sendable: pieces write disjoint elements of C and of the buffers, ordered by the counters.
  private let cut: ProductCut
  private let A: StridedMatrix<Scalar>
  private let B: StridedMatrix<Scalar>
  private let target: ProductTarget<Scalar>
  private let kernels: GEMMKernels<Scalar>
  private let workspace: ProductWorkspace<Scalar>
  private let progress: StageProgress
  /// The pieces of a stage; the first `packingPieces` of them pack what all of them use.
  package let piecesPerStage: Int
  /// The number of blocks of B, or of the depth where A has few rows.
  package let stages: Int

  init(
    _ cut: ProductCut, _ A: StridedMatrix<Scalar>, _ B: StridedMatrix<Scalar>,
    _ target: ProductTarget<Scalar>, _ kernels: GEMMKernels<Scalar>
  ) {
    self.cut = cut
    self.A = A
    self.B = B
    self.target = target
    self.kernels = kernels
    let computing = cut.sharesRows ? cut.columnPieces : cut.rowBlocks * cut.columnGroups
    piecesPerStage = cut.packingPieces + computing
    stages = (cut.sharesRows ? 1 : cut.columnBlocks) * cut.depthBlocks
    workspace = ProductWorkspace(
      cut, shared: min(2, stages), workers: min(Parallelism.threads, piecesPerStage),
      sharesRows: cut.sharesRows)
    progress = StageProgress(stages: stages)
  }

  /// C = A B for row-major matrices that the caller keeps: for tests of the order of pieces.
  @unsafe package convenience init(
    m: Int, n: Int, k: Int, A: UnsafePointer<Scalar>, B: UnsafePointer<Scalar>,
    C: UnsafeMutablePointer<Scalar>
  ) {
    let kernels = GEMMKernels<Scalar>.kernels(for: .current)
    unsafe self.init(
      ProductCut(m: m, n: n, k: k, kernels), StridedMatrix(A, k, 1), StridedMatrix(B, n, 1),
      ProductTarget(C, n, 1, 1, 0), kernels)
  }

  /// The pieces of a stage that pack what all of them use.
  package var packingPieces: Int { cut.packingPieces }

  /// Performs all pieces.
  func run() {
    let pieces = stages * piecesPerStage
    if cut.m * cut.n * cut.k < GEMMSizes.serial {
      for piece in 0..<pieces { perform(piece) }
    } else {
      parallelFor(pieces) { piece in self.perform(piece) }
    }
  }

  /// Packs a part of the shared block, or computes a block of C, once the pieces that it needs are done.
  package func perform(_ piece: Int) {
    let (stage, step) = piece.quotientAndRemainder(dividingBy: piecesPerStage)
    let computing = piecesPerStage - cut.packingPieces
    if step < cut.packingPieces {
      progress.waitUntilComputed(stage - 2, computing)
      if cut.sharesRows { packRows(stage, step) } else { pack(stage, step) }
      progress.finishPacking(stage)
    } else {
      progress.waitUntilPacked(stage, cut.packingPieces)
      progress.waitUntilComputed(stage - 1, computing)
      if cut.sharesRows {
        computeColumns(stage, step - cut.packingPieces)
      } else {
        compute(stage, step - cut.packingPieces)
      }
      progress.finishComputing(stage)
    }
  }

  private func pack(_ stage: Int, _ step: Int) {
    let block = cut.columns(stage / cut.depthBlocks)  // loop 5
    let depth = cut.depth(stage % cut.depthBlocks)  // loop 4
    let columns = cut.packing(step, of: block)
    // SAFETY: columns and depth lie inside B; the pieces of a block fill disjoint parts of its buffer.
    unsafe kernels.pack(
      columns.count, depth.count, cut.NR, true,
      B.start + (depth.lowerBound * B.rowStride + columns.lowerBound * B.columnStride),
      B.columnStride, B.rowStride,
      workspace.sharedBlock(stage) + (columns.lowerBound - block.lowerBound) * depth.count)
  }

  private func compute(_ stage: Int, _ step: Int) {
    let block = cut.columns(stage / cut.depthBlocks)
    let depth = cut.depth(stage % cut.depthBlocks)
    let rows = cut.rows(step / cut.columnGroups)  // loop 3
    let columns = cut.group(step % cut.columnGroups, of: block)
    let worker = workspace.takeWorker()
    let b =
      unsafe workspace.sharedBlock(stage) + (columns.lowerBound - block.lowerBound) * depth.count
    let beta = depth.lowerBound == 0 ? target.beta : 1
    // SAFETY: rows, columns and depth lie inside the matrices; the worker's buffers are ours alone.
    let a =
      unsafe A.start + (rows.lowerBound * A.rowStride + depth.lowerBound * A.columnStride)
    let c =
      unsafe target.start
      + (rows.lowerBound * target.rowStride + columns.lowerBound * target.columnStride)
    if cut.readsRows && A.columnStride == 1 {
      unsafe kernels.rowBlock(  // loops 2 and 1
        rows.count, columns.count, depth.count, target.alpha, a, A.rowStride, b, cut.NR,
        cut.NR * depth.count, beta, c, target.rowStride, target.columnStride, worker.tile)
    } else {
      unsafe kernels.pack(
        rows.count, depth.count, cut.MR, false, a, A.rowStride, A.columnStride, worker.own)
      unsafe kernels.block(
        rows.count, columns.count, depth.count, target.alpha, worker.own, b, cut.NR,
        cut.NR * depth.count, beta, c, target.rowStride, target.columnStride, worker.tile)
    }
    workspace.release(worker)
  }

  /// Packs rows of A for all pieces of a stage.
  private func packRows(_ stage: Int, _ step: Int) {
    let depth = cut.depth(stage)
    let rows = cut.packing(step)
    // SAFETY: rows and depth lie inside A; the pieces of a block fill disjoint parts of its buffer.
    unsafe kernels.pack(
      rows.count, depth.count, cut.MR, false,
      A.start + (rows.lowerBound * A.rowStride + depth.lowerBound * A.columnStride), A.rowStride,
      A.columnStride, workspace.sharedBlock(stage) + rows.lowerBound * depth.count)
  }

  /// Packs columns of B and computes all rows of them.
  private func computeColumns(_ stage: Int, _ step: Int) {
    let depth = cut.depth(stage)
    let columns = cut.columnPiece(step)
    let worker = workspace.takeWorker()
    let beta = depth.lowerBound == 0 ? target.beta : 1
    // SAFETY: columns and depth lie inside the matrices; the worker's buffers are ours alone.
    unsafe kernels.pack(
      columns.count, depth.count, cut.NR, true,
      B.start + (depth.lowerBound * B.rowStride + columns.lowerBound * B.columnStride),
      B.columnStride, B.rowStride, worker.own)
    unsafe kernels.block(
      cut.m, columns.count, depth.count, target.alpha, UnsafePointer(workspace.sharedBlock(stage)),
      worker.own, cut.NR, cut.NR * depth.count, beta,
      target.start + columns.lowerBound * target.columnStride, target.rowStride,
      target.columnStride, worker.tile)
    workspace.release(worker)
  }
}

/// Counts the finished pieces of each stage.
@safe private final class StageProgress: @unchecked Sendable {
  // Sendable: atomics alone.
  private let packed: UnsafeMutablePointer<Atomic<Int>>
  private let computed: UnsafeMutablePointer<Atomic<Int>>
  private let stages: Int

  init(stages: Int) {
    self.stages = stages
    unsafe packed = .allocate(capacity: stages)
    unsafe computed = .allocate(capacity: stages)
    for stage in 0..<stages {
      // SAFETY: both hold `stages` counters.
      unsafe (packed + stage).initialize(to: Atomic(0))
      unsafe (computed + stage).initialize(to: Atomic(0))
    }
  }

  deinit {
    // SAFETY: initialised in init, used by nobody else now.
    unsafe packed.deinitialize(count: stages)
    unsafe computed.deinitialize(count: stages)
    unsafe packed.deallocate()
    unsafe computed.deallocate()
  }

  func finishPacking(_ stage: Int) {
    unsafe packed[stage].wrappingAdd(1, ordering: .releasing)
  }

  func finishComputing(_ stage: Int) {
    unsafe computed[stage].wrappingAdd(1, ordering: .releasing)
  }

  func waitUntilPacked(_ stage: Int, _ count: Int) {
    waitFor { unsafe packed[stage].load(ordering: .acquiring) >= count }
  }

  /// Stages before the first need no wait.
  func waitUntilComputed(_ stage: Int, _ count: Int) {
    guard stage >= 0 else { return }
    waitFor { unsafe computed[stage].load(ordering: .acquiring) >= count }
  }
}
