// Filters of HDF5's chunks: deflate, shuffle, Fletcher's checksum.
//
// Implements: "HDF5 File Format Specification Version 3.0", section IV.A.2.l; the checksum is J. G.
//   Fletcher, "An arithmetic checksum for serial transmissions", IEEE Trans. Commun. 30 (1982), with
//   16-bit words, the most significant byte first, modulo 65535.
// Deviations: other filters are refused by their number.
// Checked by: HDF5ChunkTests (files of h5py). Cost: one pass a filter.

import Files

/// What was done to chunks when they were written.
enum HDF5Filter: Equatable {
  case deflate
  /// Bytes of the same rank of all values side by side; values of `size` bytes.
  case shuffle(size: Int)
  /// Four bytes of checksum at the end.
  case fletcher32
}

/// The filters of a pipeline message, in the order in which they were applied.
func hdf5Filters(_ message: CheckedBytes) throws(FormatError) -> [HDF5Filter] {
  var cursor = ByteCursor(message)
  let (version, count) = (try cursor.u8(), try cursor.u8())
  guard version == 1 || version == 2, count <= 32 else {
    throw cursor.fault("filter pipeline version \(version) with \(count) filters", at: 0)
  }
  if version == 1 { try cursor.skip(6) }
  var filters: [HDF5Filter] = []
  for _ in 0..<count {
    let number = try cursor.u16()
    let nameLength = version == 1 || number >= 256 ? try cursor.u16() : 0
    try cursor.skip(2)
    let valueCount = try cursor.u16()
    try cursor.skip(UInt64(nameLength))
    var values: [UInt32] = []
    for _ in 0..<valueCount { values.append(try cursor.u32()) }
    if version == 1, valueCount % 2 == 1 { try cursor.skip(4) }
    switch number {
    case 1: filters.append(.deflate)
    case 2:
      guard let size = values.first, (1...64).contains(size) else {
        throw cursor.fault("a shuffle filter without the size of values")
      }
      filters.append(.shuffle(size: Int(size)))
    case 3: filters.append(.fletcher32)
    default:
      throw cursor.fault("filter \(number) is not read (deflate, shuffle and Fletcher-32 are)")
    }
  }
  return filters
}

/// A chunk as it was before the filters; `skipped` has a bit for each that was left out.
func undoFilters(
  _ filters: [HDF5Filter], _ stored: CheckedBytes, _ skipped: UInt32, to size: Int
) throws(FormatError) -> [UInt8] {
  var bytes = stored
  for (index, filter) in filters.enumerated().reversed() where skipped >> UInt32(index) & 1 == 0 {
    switch filter {
    case .deflate:
      // A checksum below deflate is part of what was deflated.
      let isSummed = filters[..<index].enumerated().contains {
        $1 == .fletcher32 && skipped >> UInt32($0) & 1 == 0
      }
      bytes = CheckedBytes(
        try bytes.inflated(.zlib, to: size + (isSummed ? 4 : 0)), file: stored.file)
    case .shuffle(let width): bytes = CheckedBytes(unshuffled(bytes.span, width), file: stored.file)
    case .fletcher32:
      guard bytes.count >= 4 else { throw stored.error("a chunk without its checksum", at: 0) }
      let data = try bytes.slice(at: 0, count: UInt64(bytes.count - 4))
      guard fletcher32(data.span) == (try bytes.u32(at: UInt64(data.count))) else {
        throw stored.error("the checksum of a chunk is wrong", at: 0)
      }
      bytes = data
    }
  }
  guard bytes.count == size else {
    throw stored.error("a chunk of \(bytes.count) bytes, \(size) expected", at: 0)
  }
  return bytes.array
}

/// Values of `width` bytes put together again; bytes that make no whole value stay at the end.
private func unshuffled(_ bytes: Span<UInt8>, _ width: Int) -> [UInt8] {
  let count = bytes.count / width
  var result: [UInt8] = []
  result.reserveCapacity(bytes.count)
  for i in 0..<count {
    for b in 0..<width { result.append(bytes[b * count + i]) }
  }
  for i in (count * width)..<bytes.count { result.append(bytes[i]) }
  return result
}

/// Fletcher's checksum of 16-bit words; an odd last byte is the high half of a word.
private func fletcher32(_ bytes: Span<UInt8>) -> UInt32 {
  var (first, second): (UInt32, UInt32) = (0, 0)
  /// The residue modulo 65535, of which 65535 stands for 0 once a sum is not 0.
  func fold(_ sum: UInt32) -> UInt32 { (sum & 0xffff) + sum >> 16 }
  var index = 0
  while index < bytes.count {
    let low = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
    first = fold(first + (UInt32(bytes[index]) << 8 | low))
    second = fold(second + first)
    index += 2
  }
  return fold(second) << 16 | fold(first)
}
