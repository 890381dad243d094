// The packing buffers of a matrix product.
//
// Fresh memory costs a page fault for each 4 KB, as long as the product itself up to 256 x 256; so the
// memory of the last product is kept for the next one.
// Deviations: none. Checked by: MatmulKernelTests. Cost: at most 9 MB kept (more with many threads).

import Synchronization

/// Page-aligned memory of a number of bytes.
@safe private final class WorkspaceMemory: @unchecked Sendable {
  // Sendable: it has one owner at a time, who took it from `spare` or made it.
  let start: UnsafeMutableRawPointer
  let bytes: Int

  init(bytes: Int) {
    unsafe start = allocateLarge(byteCount: bytes, alignment: 4096)
    self.bytes = bytes
  }

  deinit { unsafe start.deallocate() }

  /// The memory that the last product left, if nobody took it and it is large enough, or new memory.
  static func take(bytes: Int) -> WorkspaceMemory {
    // Never waits: whoever finds the lock taken makes new memory, also in a forked child.
    let kept = spare.withLockIfAvailable { (kept: inout WorkspaceMemory?) -> WorkspaceMemory? in
      guard let found = kept, found.bytes >= bytes else { return nil }
      kept = nil
      return found
    }
    return (kept ?? nil) ?? WorkspaceMemory(bytes: bytes)
  }

  /// Keeps the larger of this memory and what is kept already.
  func giveBack() {
    WorkspaceMemory.spare.withLockIfAvailable { kept in
      if (kept?.bytes ?? 0) < bytes { kept = self }
    }
  }

  private static let spare = Mutex<WorkspaceMemory?>(nil)
}

/// Buffers for the blocks that are packed for all, and for the workers that compute a product.
@safe final class ProductWorkspace<Scalar: KernelScalar>: @unchecked Sendable {
  // Sendable: a worker's buffers belong to who took it; users of B's buffers order themselves.

  /// The buffers of one worker: a packed block, room for one tile, and rows not yet packed.
  @safe struct Worker {
    let number: Int
    let own: UnsafeMutablePointer<Scalar>
    let tile: UnsafeMutablePointer<Scalar>
    let rows: UnsafeMutablePointer<Scalar>
  }

  private let memory: WorkspaceMemory
  private let shared: Int
  private let sizeOfShared: Int
  private let sizeOfOwn: Int
  private let sizeOfTile: Int
  private let sizeOfRows: Int
  private let workers: Int
  private let taken = Atomic<UInt64>(0)

  /// Buffers for a product cut this way, for at most 64 workers at once.
  ///
  /// `shared` buffers hold a block of B each, or one of A where the product `sharesRows`; a worker's
  /// `own` block is then one of B.
  init(
    _ cut: ProductCut, shared: Int, workers: Int, sharesRows: Bool = false, keepsRows: Bool = false
  ) {
    let line = 64 / MemoryLayout<Scalar>.stride
    self.shared = shared
    self.workers = max(1, min(workers, 64))
    let (sharedSize, ownSize) =
      sharesRows ? (cut.sharedRows, cut.ownColumns) : (cut.blockOfB, cut.blockOfA)
    sizeOfShared = (sharedSize + line - 1) / line * line
    sizeOfOwn = (ownSize + line - 1) / line * line
    sizeOfTile = (cut.MR * cut.NR + line - 1) / line * line
    sizeOfRows = keepsRows ? sizeOfOwn : 0
    let perWorker = sizeOfOwn + sizeOfTile + sizeOfRows
    let count = shared * sizeOfShared + self.workers * perWorker
    memory = WorkspaceMemory.take(bytes: count * MemoryLayout<Scalar>.stride)
  }

  /// Room for `sums` numbers a worker, where nothing is packed.
  init(sums: Int, workers: Int) {
    let line = 64 / MemoryLayout<Scalar>.stride
    self.workers = max(1, min(workers, 64))
    (shared, sizeOfShared, sizeOfTile, sizeOfRows) = (0, 0, 0, 0)
    sizeOfOwn = (sums + line - 1) / line * line
    memory = WorkspaceMemory.take(bytes: self.workers * sizeOfOwn * MemoryLayout<Scalar>.stride)
  }

  deinit { memory.giveBack() }

  /// The buffer for what is packed for all in a stage: neighbouring stages have different ones.
  func sharedBlock(_ stage: Int) -> UnsafeMutablePointer<Scalar> {
    // SAFETY: the memory holds `shared` such buffers.
    unsafe memory.start.assumingMemoryBound(to: Scalar.self) + stage % shared * sizeOfShared
  }

  /// A worker that nobody else uses, until `release`.
  func takeWorker() -> Worker {
    var number = 0
    waitFor {
      let mask = taken.load(ordering: .relaxed)
      number = (~mask).trailingZeroBitCount
      guard number < workers else { return false }
      return taken.compareExchange(
        expected: mask, desired: mask | (1 << UInt64(number)), ordering: .acquiring
      ).exchanged
    }
    // SAFETY: the memory holds `workers` sets of buffers after those of B.
    let start =
      unsafe memory.start.assumingMemoryBound(to: Scalar.self) + shared * sizeOfShared
      + number * (sizeOfOwn + sizeOfTile + sizeOfRows)
    return unsafe Worker(
      number: number, own: start, tile: start + sizeOfOwn, rows: start + sizeOfOwn + sizeOfTile)
  }

  func release(_ worker: Worker) {
    taken.bitwiseAnd(~(1 << UInt64(worker.number)), ordering: .releasing)
  }
}
