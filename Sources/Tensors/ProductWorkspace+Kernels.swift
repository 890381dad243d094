// The packing buffers of a matrix product.
//
// Deviations: none. Checked by: MatmulKernelTests. Cost: one allocation a product.

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Spins until `isDone`, giving the processor away now and then.
func waitFor(_ isDone: () -> Bool) {
  var tries = 0
  while !isDone() {
    tries += 1
    if tries % 256 == 0 { sched_yield() }
  }
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

  private let memory: UnsafeMutableRawPointer
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
    unsafe memory = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<Scalar>.stride, alignment: 4096)
  }

  deinit { unsafe memory.deallocate() }

  /// The buffer for the block of B of a stage: neighbouring stages have different ones.
  func blockOfB(_ stage: Int) -> UnsafeMutablePointer<Scalar> {
    // SAFETY: the memory holds `buffersOfB` such buffers.
    unsafe memory.assumingMemoryBound(to: Scalar.self) + stage % buffersOfB * sizeOfB
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
      unsafe memory.assumingMemoryBound(to: Scalar.self) + buffersOfB * sizeOfB
      + number * (sizeOfA + sizeOfTile + sizeOfRows)
    return unsafe Worker(
      number: number, blockOfA: start, tile: start + sizeOfA, rows: start + sizeOfA + sizeOfTile)
  }

  func release(_ worker: Worker) {
    taken.bitwiseAnd(~(1 << UInt64(worker.number)), ordering: .releasing)
  }
}
