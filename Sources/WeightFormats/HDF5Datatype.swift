// Types and shapes of HDF5 values: the messages datatype and dataspace.
//
// Implements: "HDF5 File Format Specification Version 3.0", sections IV.A.2.b and IV.A.2.d.
// Deviations: floating point in IEEE 754's layouts and bfloat16, whole numbers of full width, and
//   texts; every other class is refused.
// Checked by: HDF5Tests, KerasTests.

import Files

/// What the values of a dataset or an attribute are.
enum HDF5Datatype: Equatable {
  case number(ElementType, isBigEndian: Bool)
  /// A text of fixed size that ends before its first zero byte.
  case text(size: Int)
  /// A text of any size: 4 bytes length, 8 bytes address of a global heap, 4 bytes index.
  case longText
  /// A type that no weight file needs.
  case other(class: UInt8)

  init(_ message: CheckedBytes) throws(FormatError) {
    var cursor = ByteCursor(message)
    let head = try cursor.u8()
    guard (1...3).contains(head >> 4) else {
      throw cursor.fault("datatype version \(head >> 4) is unknown", at: 0)
    }
    let bits = try cursor.take(3)
    let size = try cursor.u32()
    let flags = try bits.u8(at: 0)
    switch head & 15 {
    case 0: self = try Self.integer(&cursor, size, flags)
    case 1: self = try Self.floatingPoint(&cursor, size, flags)
    case 3:
      guard (1...65_536).contains(size) else { throw cursor.fault("texts of \(size) bytes", at: 4) }
      self = .text(size: Int(size))
    case 9 where flags & 15 == 1 && size == 16: self = .longText
    default: self = .other(class: head & 15)
    }
  }

  private static func integer(
    _ cursor: inout ByteCursor, _ size: UInt32, _ flags: UInt8
  ) throws(FormatError) -> HDF5Datatype {
    let (offset, precision) = (try cursor.u16(), try cursor.u16())
    let isSigned = flags & 8 != 0
    let type: ElementType? =
      switch size {
      case 1: isSigned ? .int8 : .uint8
      case 2: isSigned ? .int16 : .uint16
      case 4: isSigned ? .int32 : .uint32
      case 8: isSigned ? .int64 : .uint64
      default: nil
      }
    guard let type, offset == 0, Int(precision) == 8 * type.size else {
      throw cursor.fault("whole numbers of \(precision) bits in \(size) bytes are not read", at: 0)
    }
    return .number(type, isBigEndian: flags & 1 != 0)
  }

  /// The layouts of floating point: size, exponent's place and width, fraction's place and width, bias.
  private static let layouts: [(type: ElementType, fields: [UInt32])] = [
    (.float16, [2, 10, 5, 0, 10, 15]), (.bfloat16, [2, 7, 8, 0, 7, 127]),
    (.float32, [4, 23, 8, 0, 23, 127]), (.float64, [8, 52, 11, 0, 52, 1023]),
  ]

  private static func floatingPoint(
    _ cursor: inout ByteCursor, _ size: UInt32, _ flags: UInt8
  ) throws(FormatError) -> HDF5Datatype {
    guard flags & 0x40 == 0 else { throw cursor.fault("VAX floating point is not read", at: 0) }
    let (offset, precision) = (try cursor.u16(), try cursor.u16())
    var fields = [size]
    for _ in 0..<4 { fields.append(UInt32(try cursor.u8())) }
    fields.append(try cursor.u32())
    guard let found = layouts.first(where: { $0.fields == fields }), offset == 0,
      Int(precision) == 8 * found.type.size
    else { throw cursor.fault("floating point of this layout is not read", at: 0) }
    return .number(found.type, isBigEndian: flags & 1 != 0)
  }
}

/// The extents of a dataspace; `nil` when it is null and holds nothing at all.
func hdf5Shape(_ message: CheckedBytes, limits: LoadLimits) throws(FormatError) -> [Int]? {
  var cursor = ByteCursor(message)
  let version = try cursor.u8()
  guard version == 1 || version == 2 else {
    throw cursor.fault("dataspace version \(version) is unknown", at: 0)
  }
  let rank = try cursor.u8()
  guard Int(rank) <= limits.rank else {
    throw cursor.fault("\(rank) dimensions, more than the limit of \(limits.rank)", at: 1)
  }
  try cursor.skip(1)
  let type = try cursor.u8()
  try cursor.skip(version == 1 ? 4 : 0)
  if version == 2, type == 2 { return nil }
  var shape: [Int] = []
  for _ in 0..<rank {
    guard let extent = Int(exactly: try cursor.u64()) else {
      throw cursor.fault("an extent is too large")
    }
    shape.append(extent)
  }
  guard product(shape) != nil else { throw cursor.fault("the shape \(shape) is too large", at: 0) }
  return shape
}
