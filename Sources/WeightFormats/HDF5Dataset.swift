// Datasets of HDF5 as tensors: contiguous, compact or chunked values, or one fill value for all.
//
// Implements: "HDF5 File Format Specification Version 3.0", sections IV.A.2.f (fill value), IV.A.2.h
//   (external files) and IV.A.2.i (layout, versions 1 to 4).
// Deviations: virtual datasets and external files are refused.
// Checked by: HDF5Tests, KerasTests, HDF5ChunkTests. Cost: the values stay where they are, save
//   chunked ones, which are put together; big-endian ones are swapped when asked for.

import Files

extension HDF5File {
  /// The dataset whose header lies at `address`.
  mutating func dataset(
    at address: UInt64, named name: String
  ) throws(FormatError) -> NamedTensor {
    let object = try object(at: address)
    let fault = { [bytes] (problem: String) -> FormatError in
      bytes.error("\(problem), tensor '\(shown(name))'", at: address)
    }
    guard let typeMessage = object[.datatype], let space = object[.dataspace],
      let place = object[.layout]
    else { throw fault("this is not a dataset") }
    guard object[.externalFiles] == nil else {
      throw fault("the values lie in another file, which is not opened")
    }
    guard case .number(let type, let isBigEndian) = try HDF5Datatype(typeMessage) else {
      throw fault("the values are not numbers that are read")
    }
    guard let shape = try hdf5Shape(space, limits: limits), let count = product(shape),
      let size = product([count, type.size])
    else { throw fault("the shape is too large or null") }
    let strides = TensorLayout.rowMajorStrides(shape)
    let isChunked = try layoutClass(place) == 2
    guard isChunked || object[.filters] == nil else { throw fault("filters without chunks") }
    let stored =
      isChunked
      ? try chunkedValues(
        place, filters: object[.filters], shape: shape, type: type, fault)
      : try values(place, rank: shape.count, size: size, fault)
    if let stored {
      return try NamedTensor(
        name: name, shape: shape, type: type, stored: stored,
        layout: TensorLayout(strides: strides, isBigEndian: isBigEndian))
    }
    guard let fill = try fillValue(object, size: type.size) else {
      throw fault("the values were never written, and there is no fill value")
    }
    return try NamedTensor(
      name: name, shape: shape, type: type, stored: fill,
      layout: TensorLayout(strides: strides.map { _ in 0 }, isBigEndian: isBigEndian))
  }

  /// How a layout message says that the values are stored: 2 means chunks.
  private func layoutClass(_ message: CheckedBytes) throws(FormatError) -> UInt8 {
    try message.u8(at: try message.u8(at: 0) < 3 ? 2 : 1)
  }

  /// The bytes that a layout message points to or holds; `nil` when they were never written.
  private func values(
    _ message: CheckedBytes, rank: Int, size: Int, _ fault: (String) -> FormatError
  ) throws(FormatError) -> CheckedBytes? {
    var cursor = ByteCursor(message)
    let version = try cursor.u8()
    let first = try cursor.u8()
    var kind = first
    var address = Self.undefined
    switch version {
    case 1, 2:
      kind = try cursor.u8()
      try cursor.skip(5)
      if kind == 1 { address = try cursor.u64() }
      if kind == 0 { try cursor.skip(UInt64(first) * 4) }
    case 3, 4:
      if kind == 1 { address = try cursor.u64() }
    default: throw fault("layout version \(version) is unknown")
    }
    switch kind {
    case 0:
      let count = version < 3 ? UInt64(try cursor.u32()) : UInt64(try cursor.u16())
      guard count == UInt64(size) else { throw fault("\(count) bytes stored, \(size) needed") }
      return try cursor.take(count)
    case 1:
      let count = version < 3 ? UInt64(size) : try cursor.u64()
      guard count == UInt64(size) else { throw fault("\(count) bytes stored, \(size) needed") }
      if size == 0 { return try bytes.slice(at: 0, count: 0) }
      return address == Self.undefined ? nil : try bytes.slice(at: address, count: count)
    default: throw fault("datasets of layout class \(kind) (virtual) are not read")
    }
  }

  /// The bytes of the fill value; `nil` when none is defined.
  private func fillValue(
    _ object: HDF5Object, size: Int
  ) throws(FormatError) -> CheckedBytes? {
    guard let message = object[.fillValue] else { return nil }
    var cursor = ByteCursor(message)
    let version = try cursor.u8()
    switch version {
    case 1, 2:
      try cursor.skip(2)
      if try cursor.u8() == 0 { return nil }
    case 3: if try cursor.u8() & 0x20 == 0 { return nil }
    default: throw cursor.fault("fill value version \(version) is unknown", at: 0)
    }
    let count = try cursor.u32()
    guard Int(count) == size else {
      throw cursor.fault("a fill value of \(count) bytes, \(size) expected", at: 0)
    }
    return try cursor.take(UInt64(count))
  }
}
