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

/// Buffers for the blocks of B of a product and for the workers that compute it.
@safe final class ProductWorkspace<Scalar: KernelScalar>: @unchecked Sendable {
  // Sendable: a worker's buffers belong to who took it; users of B's buffers order themselves.

  /// The buffers of one worker: a packed block of A, room for one tile, and rows not yet packed.
  @safe struct Worker {
    let number: Int
    let blockOfA: UnsafeMutablePointer<Scalar>
    let tile: UnsafeMutablePointer<Scalar>
    let rows: UnsafeMutablePointer<Scalar>
  }

  private let memory: WorkspaceMemory
  private let buffersOfB: Int
  private let sizeOfB: Int
  private let sizeOfA: Int
  private let sizeOfTile: Int
  private let sizeOfRows: Int
  private let workers: Int
  private let taken = Atomic<UInt64>(0)

  /// Buffers for a product cut this way, for at most 64 workers at once.
  init(_ cut: ProductCut, buffersOfB: Int, workers: Int, keepsRows: Bool = false) {
    let line = 64 / MemoryLayout<Scalar>.stride
    self.buffersOfB = buffersOfB
    self.workers = max(1, min(workers, 64))
    sizeOfB = (cut.blockOfB + line - 1) / line * line
    sizeOfA = (cut.blockOfA + line - 1) / line * line
    sizeOfTile = (cut.MR * cut.NR + line - 1) / line * line
    sizeOfRows = keepsRows ? sizeOfA : 0
    let perWorker = sizeOfA + sizeOfTile + sizeOfRows
    let count = buffersOfB * sizeOfB + self.workers * perWorker
    memory = WorkspaceMemory.take(bytes: count * MemoryLayout<Scalar>.stride)
  }

  /// Room for `sums` numbers a worker, where nothing is packed.
  init(sums: Int, workers: Int) {
    let line = 64 / MemoryLayout<Scalar>.stride
    self.workers = max(1, min(workers, 64))
    (buffersOfB, sizeOfB, sizeOfTile, sizeOfRows) = (0, 0, 0, 0)
    sizeOfA = (sums + line - 1) / line * line
    memory = WorkspaceMemory.take(bytes: self.workers * sizeOfA * MemoryLayout<Scalar>.stride)
  }

  deinit { memory.giveBack() }

  /// The buffer for the block of B of a stage: neighbouring stages have different ones.
  func blockOfB(_ stage: Int) -> UnsafeMutablePointer<Scalar> {
    // SAFETY: the memory holds `buffersOfB` such buffers.
    unsafe memory.start.assumingMemoryBound(to: Scalar.self) + stage % buffersOfB * sizeOfB
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
      unsafe memory.start.assumingMemoryBound(to: Scalar.self) + buffersOfB * sizeOfB
      + number * (sizeOfA + sizeOfTile + sizeOfRows)
    return unsafe Worker(
      number: number, blockOfA: start, tile: start + sizeOfA, rows: start + sizeOfA + sizeOfTile)
  }

  func release(_ worker: Worker) {
    taken.bitwiseAnd(~(1 << UInt64(worker.number)), ordering: .releasing)
  }
}
