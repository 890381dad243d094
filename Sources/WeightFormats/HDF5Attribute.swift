// Attributes of HDF5 objects that hold lists of texts, and the global heaps behind long texts.
//
// Implements: "HDF5 File Format Specification Version 3.0", sections IV.A.2.m (attributes, versions 1
//   to 3), III.E (global heap) and IV.A.2.v (attribute info).
// Deviations: dense storage and shared types are refused; only lists of texts are read.
// Checked by: HDF5Tests, KerasTests. Cost: the texts are copied.

import Files

extension HDF5File {
  /// The texts of a one-dimensional attribute (or of a scalar one); `nil` when there is none.
  ///
  /// An attribute without values gives an empty list, whatever its type: Keras writes so for layers
  /// without weights.
  mutating func texts(
    _ name: String, of object: HDF5Object
  ) throws(FormatError) -> [[UInt8]]? {
    for (kind, data) in object.messages {
      try spend()
      if kind == .attributeInfo {
        let flags = try data.u8(at: 1)
        guard try data.u64(at: flags & 1 != 0 ? 4 : 2) == Self.undefined else {
          throw data.error("attributes in dense storage are not read", at: 0)
        }
      }
      guard kind == .attribute else { continue }
      var cursor = ByteCursor(data)
      let (type, space) = try attributeHead(&cursor, wanted: name)
      guard let type, let space else { continue }
      return try texts(name, type, space, &cursor)
    }
    return nil
  }

  /// The type and the space of an attribute; nothing when it has another name.
  private func attributeHead(
    _ cursor: inout ByteCursor, wanted: String
  ) throws(FormatError) -> (CheckedBytes?, CheckedBytes?) {
    let version = try cursor.u8()
    guard (1...3).contains(version) else {
      throw cursor.fault("attribute version \(version) is unknown", at: 0)
    }
    let flags = try cursor.u8()
    let sizes = (UInt64(try cursor.u16()), UInt64(try cursor.u16()), UInt64(try cursor.u16()))
    if version == 3 { try cursor.skip(1) }
    func padded(_ size: UInt64) -> UInt64 { version == 1 ? (size + 7) & ~7 : size }
    let name = try cursor.take(padded(sizes.0))
    guard name.array.prefix(Int(sizes.0)).prefix(while: { $0 != 0 }).elementsEqual(wanted.utf8)
    else { return (nil, nil) }
    guard version == 1 || flags & 3 == 0 else {
      throw cursor.fault("attribute '\(wanted)' has a shared type, which is not read", at: 0)
    }
    return (try cursor.take(padded(sizes.1)), try cursor.take(padded(sizes.2)))
  }

  private mutating func texts(
    _ name: String, _ type: CheckedBytes, _ space: CheckedBytes, _ cursor: inout ByteCursor
  ) throws(FormatError) -> [[UInt8]] {
    guard let shape = try hdf5Shape(space, limits: limits), let count = product(shape), count > 0
    else { return [] }
    guard shape.count <= 1 else { throw space.error("attribute '\(name)' is not a list", at: 0) }
    let type = try HDF5Datatype(type)
    var result: [[UInt8]] = []
    for _ in 0..<count {
      try spend()
      switch type {
      case .text(let size):
        result.append(Array(try cursor.take(UInt64(size)).array.prefix { $0 != 0 }))
      case .longText: result.append(try longText(try cursor.take(16)))
      default: throw space.error("attribute '\(name)' does not hold texts", at: 0)
      }
    }
    return result
  }

  /// The text that 16 bytes refer to.
  private mutating func longText(_ reference: CheckedBytes) throws(FormatError) -> [UInt8] {
    let length = UInt64(try reference.u32(at: 0))
    if length == 0 { return [] }
    let address = try reference.u64(at: 4)
    if heaps[address] == nil { heaps[address] = try readGlobalHeap(at: address) }
    let index = try reference.u32(at: 12)
    guard let key = UInt16(exactly: index), let object = heaps[address]?[key] else {
      throw reference.error("object \(index) of a global heap is missing", at: 0)
    }
    guard length <= UInt64(Self.longestName) else {
      throw reference.error("a text of \(length) bytes", at: 0)
    }
    return Array(try object.array(at: 0, count: length).prefix { $0 != 0 })
  }

  /// The objects of a global heap by index.
  private mutating func readGlobalHeap(
    at address: UInt64
  ) throws(FormatError) -> [UInt16: CheckedBytes] {
    let head = try bytes.slice(at: address, count: 16)
    guard head.matches(Array("GCOL".utf8)), try head.u8(at: 4) == 1 else {
      throw head.error("a global heap expected", at: 0)
    }
    var cursor = ByteCursor(try bytes.slice(at: address, count: try head.u64(at: 8)))
    try cursor.skip(16)
    var objects: [UInt16: CheckedBytes] = [:]
    while cursor.remaining >= 16 {
      try spend()
      let index = try cursor.u16()
      // Index 0 is the free space at the end.
      if index == 0 { break }
      try cursor.skip(6)
      let size = try cursor.u64()
      let object = try cursor.take(size)
      let padding = (8 - size % 8) % 8
      try cursor.skip(min(padding, cursor.remaining))
      guard objects.updateValue(object, forKey: index) == nil else {
        throw object.error("object \(index) of a global heap comes twice", at: 0)
      }
    }
    return objects
  }
}
