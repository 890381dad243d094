// Datasets of HDF5 in chunks: a B-tree finds them, filters are undone, and they are put together.
//
// Implements: "HDF5 File Format Specification Version 3.0", sections III.A.1 (B-tree version 1, node
//   type 1), IV.A.2.i (layout version 3, class 2) and IV.A.2.l (filter pipeline, versions 1 and 2).
// Symbols: offset -> the place of a chunk's first value along each dimension.
// Deviations: the newer chunk indexes (layout version 4) are refused. A dataset of which some chunks
//   were never written is refused, too; one without any holds its fill value.
// Checked by: HDF5ChunkTests (files of h5py). Cost: each value is copied once after inflation.

import Files

/// How a dataset is cut, and what was done to each chunk.
private struct ChunkPlan {
  /// The extents of a chunk.
  var extents: [Int]
  /// The bytes of a chunk before any filter.
  var byteCount: Int
  /// The address of the B-tree.
  var tree: UInt64
  var filters: [HDF5Filter]
}

/// A chunk as the tree tells of it.
private struct StoredChunk {
  var offset: [Int]
  var bytes: CheckedBytes
  /// Bit i: filter i was left out.
  var skipped: UInt32
}

extension HDF5File {
  /// The values of a chunked dataset, row-major; `nil` when no chunk was ever written.
  ///
  /// - Parameters:
  ///   - message: the layout message.
  ///   - filters: the filter pipeline message; `nil` when there is none.
  ///   - shape: the extents of the dataset.
  ///   - type: the type of its values.
  ///   - fault: makes an error that names the dataset.
  /// - Returns: `product(shape)` values in the byte order of the file, or `nil`.
  /// - Throws: `FormatError` for chunks that are damaged, missing or do not suit the dataset.
  mutating func chunkedValues(
    _ message: CheckedBytes, filters: CheckedBytes?, shape: [Int], type: ElementType,
    _ fault: (String) -> FormatError
  ) throws(FormatError) -> CheckedBytes? {
    let plan = try chunkPlan(message, filters, shape, type, fault)
    guard plan.tree != Self.undefined else { return nil }
    let chunks = try storedChunks(plan, shape, fault)
    guard !chunks.isEmpty else { return nil }
    let expected = zip(shape, plan.extents).reduce(1) { $0 * (($1.0 - 1) / $1.1 + 1) }
    guard chunks.count == expected else {
      throw fault("\(chunks.count) of \(expected) chunks were written")
    }
    let size = shape.reduce(type.size, *)
    let stored = chunks.reduce(0) { $0 + $1.bytes.count }
    guard stored <= bytes.count else { throw fault("chunks share bytes") }
    guard size <= 64 << 20 || size / limits.growth <= stored else {
      throw fault("\(stored) bytes would expand more than \(limits.growth)-fold to \(size)")
    }
    var result = [UInt8](repeating: 0, count: size)
    for chunk in chunks {
      let values = try undoFilters(plan.filters, chunk.bytes, chunk.skipped, to: plan.byteCount)
      copy(values, plan.extents, to: chunk.offset, of: shape, type.size, in: &result)
    }
    return CheckedBytes(result, file: bytes.file)
  }

  private func chunkPlan(
    _ message: CheckedBytes, _ filters: CheckedBytes?, _ shape: [Int], _ type: ElementType,
    _ fault: (String) -> FormatError
  ) throws(FormatError) -> ChunkPlan {
    var cursor = ByteCursor(message)
    guard try cursor.u8() == 3 else {
      throw fault("chunks of this layout version are not read; save in the earliest format")
    }
    try cursor.skip(1)
    let rank = Int(try cursor.u8()) - 1
    guard rank == shape.count, rank > 0, !shape.contains(0) else {
      throw fault("chunks of \(rank) dimensions for the shape \(shape)")
    }
    let tree = try cursor.u64()
    var extents: [Int] = []
    for _ in 0..<rank { extents.append(Int(try cursor.u32())) }
    guard Int(try cursor.u32()) == type.size, !extents.contains(0),
      let byteCount = product(extents + [type.size]), let size = product(shape + [type.size]),
      max(byteCount, size) <= limits.expandedBytes
    else { throw fault("chunks of shape \(extents) do not suit the dataset or are too large") }
    let pipeline = try filters.map { message throws(FormatError) in try hdf5Filters(message) } ?? []
    return ChunkPlan(extents: extents, byteCount: byteCount, tree: tree, filters: pipeline)
  }

  /// The chunks that the leaves of the tree name, each once.
  private mutating func storedChunks(
    _ plan: ChunkPlan, _ shape: [Int], _ fault: (String) -> FormatError
  ) throws(FormatError) -> [StoredChunk] {
    var (chunks, offsets): ([StoredChunk], Set<[Int]>) = ([], [])
    var pending: [(address: UInt64, level: Int?)] = [(plan.tree, nil)]
    var seen: Set<UInt64> = []
    while let (address, expected) = pending.popLast() {
      guard seen.insert(address).inserted else { throw fault("a node of chunks comes twice") }
      let rest = try bytes.slice(
        at: address, count: UInt64(bytes.count) - min(address, UInt64(bytes.count)))
      var cursor = ByteCursor(rest)
      try cursor.expect("TREE", "a B-tree node")
      guard try cursor.u8() == 1 else { throw cursor.fault("a B-tree of chunks expected") }
      let level = Int(try cursor.u8())
      guard level == expected ?? level else { throw cursor.fault("the B-tree's levels are wrong") }
      let count = try cursor.u16()
      try cursor.skip(16)
      for _ in 0..<count {
        try spend()
        let (size, skipped) = (try cursor.u32(), try cursor.u32())
        let offset = try chunkOffset(&cursor, plan, shape)
        let child = try cursor.u64()
        if level > 0 {
          pending.append((child, level - 1))
          continue
        }
        guard let offset, offsets.insert(offset).inserted else {
          throw cursor.fault("a chunk comes twice or lies outside the dataset")
        }
        let part = try bytes.slice(at: child, count: UInt64(size))
        chunks.append(StoredChunk(offset: offset, bytes: part, skipped: skipped))
      }
    }
    return chunks
  }

  /// The place in a key of the tree; `nil` when it is not one of the grid's.
  private func chunkOffset(
    _ cursor: inout ByteCursor, _ plan: ChunkPlan, _ shape: [Int]
  ) throws(FormatError) -> [Int]? {
    var (offset, isInside) = ([Int](), true)
    for (extent, step) in zip(shape, plan.extents) {
      let place = Int(exactly: try cursor.u64()) ?? -1
      isInside = isInside && place >= 0 && place < extent && place % step == 0
      offset.append(place)
    }
    try cursor.skip(8)
    return isInside ? offset : nil
  }
}

/// Copies a chunk to its place, without what lies beyond the dataset.
private func copy(
  _ values: [UInt8], _ extents: [Int], to offset: [Int], of shape: [Int], _ size: Int,
  in result: inout [UInt8]
) {
  let rank = shape.count
  let clipped = (0..<rank).map { min(extents[$0], shape[$0] - offset[$0]) }
  let (theirs, ours) = (
    TensorLayout.rowMajorStrides(extents), TensorLayout.rowMajorStrides(shape)
  )
  let rowBytes = clipped[rank - 1] * size
  var index = [Int](repeating: 0, count: rank)
  while true {
    var (from, to) = (0, 0)
    for j in 0..<rank {
      from += index[j] * theirs[j]
      to += (offset[j] + index[j]) * ours[j]
    }
    result.replaceSubrange(
      to * size..<to * size + rowBytes, with: values[from * size..<from * size + rowBytes])
    // Step to the next row.
    var axis = rank - 2
    while axis >= 0 {
      index[axis] += 1
      if index[axis] < clipped[axis] { break }
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}
