// Matrix products that are not worth a workspace or the packing of B: small ones, and few rows.
//
// Deviations: none; the sums have the order and the bits of GEMM+Kernels.swift.
// Checked by: MatmulKernelTests, twin matmulReference. Cost: 2 m n k flops; few rows: B is read once.

/// A product of one block: A read in place, B packed into temporary memory unless its rows are whole
/// tiles.
///
/// A has unit column stride, and k is at most `GEMMSizes.depth`.
func multiplySmall<Scalar: KernelScalar>(
  _ m: Int, _ n: Int, _ k: Int, _ A: StridedMatrix<Scalar>, _ B: StridedMatrix<Scalar>,
  _ C: ProductTarget<Scalar>, _ kernels: GEMMKernels<Scalar>
) {
  let NR = kernels.columnsPerTile
  let readsInPlace =
    B.columnStride == 1 && n % NR == 0
    && k * B.rowStride * MemoryLayout<Scalar>.stride <= GEMMSizes.smallBytesOfB
  let width = (n + NR - 1) / NR * NR
  let tile = kernels.rowsPerTile * NR
  let count = tile + (readsInPlace ? 0 : k * width)
  // SAFETY: the temporary memory holds a tile and, after it, B in panels; the caller of the product
  // guarantees the extents of the matrices. Rows of B are read as whole tiles only where they are.
  unsafe withUnsafeTemporaryAllocation(
    byteCount: count * MemoryLayout<Scalar>.stride, alignment: 64
  ) { bytes in
    guard let base = bytes.baseAddress else { return }
    let scratch = unsafe base.bindMemory(to: Scalar.self, capacity: count)
    if !readsInPlace {
      unsafe kernels.pack(
        n, k, NR, true, B.start, B.columnStride, B.rowStride, scratch + tile)
    }
    unsafe kernels.rowBlock(
      m, n, k, C.alpha, A.start, A.rowStride,
      readsInPlace ? B.start : UnsafePointer(scratch + tile), readsInPlace ? B.rowStride : NR,
      readsInPlace ? NR : NR * k, C.beta, C.start, C.rowStride, C.columnStride, scratch)
  }
}

/// A product of few rows: pieces of columns, each sweeping over the rows of B.
///
/// A and B have unit column strides, and n is at least `columnsPerTile`.
func multiplyFewRows<Scalar: KernelScalar>(
  _ m: Int, _ n: Int, _ k: Int, _ A: StridedMatrix<Scalar>, _ B: StridedMatrix<Scalar>,
  _ C: ProductTarget<Scalar>, _ kernels: GEMMKernels<Scalar>
) {
  let NR = kernels.columnsPerTile
  let depth = ProductCut(m: m, n: n, k: k, kernels)
  let pieces = max(1, n / GEMMSizes.sweepPiece)
  let units = (n + NR - 1) / NR
  let room = (units + pieces - 1) / pieces * NR
  let workspace = ProductWorkspace<Scalar>(
    sums: m * room, workers: min(Parallelism.threads, pieces))
  let perform: @Sendable (Int) -> Void = { piece in
    let first = units * piece / pieces * NR
    let end = min(n, units * (piece + 1) / pieces * NR)
    // The last tile of a piece begins inside it: every piece has at least one whole tile.
    let worker = workspace.takeWorker()
    for block in 0..<depth.depthBlocks {
      let range = depth.depth(block)
      // SAFETY: columns and depth lie inside the matrices; the sums are this worker's alone.
      unsafe kernels.sweep(
        m, end - first, range.count, C.alpha, A.start + range.lowerBound, A.rowStride,
        B.start + range.lowerBound * B.rowStride + first, B.rowStride,
        block == 0 ? C.beta : 1, C.start + first * C.columnStride, C.rowStride, C.columnStride,
        worker.own, room)
    }
    workspace.release(worker)
  }
  if m * n * k < GEMMSizes.sweepSerial {
    for piece in 0..<pieces { perform(piece) }
  } else {
    parallelFor(pieces, perform)
  }
}
