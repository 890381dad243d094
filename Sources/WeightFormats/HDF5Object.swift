// Object headers of HDF5: lists of messages, in two versions.
//
// Implements: "HDF5 File Format Specification Version 3.0", sections IV.A.1.a (version 1), IV.A.1.b
//   (version 2) and IV.A.2.q (continuation).
// Deviations: shared messages are refused; unknown messages are passed over.
// Checked by: HDF5Tests, KerasTests. Cost: messages are views.

import Files

/// The messages of an object.
struct HDF5Object {
  /// What a message is about; the raw value is its type in the file.
  enum Kind: UInt16 {
    case dataspace = 0x01
    case linkInfo = 0x02
    case datatype = 0x03
    case fillValue = 0x05
    case link = 0x06
    case externalFiles = 0x07
    case layout = 0x08
    case filters = 0x0b
    case attribute = 0x0c
    case symbolTable = 0x11
    case attributeInfo = 0x15
  }

  /// In the order of the file.
  var messages: [(kind: Kind, data: CheckedBytes)] = []

  /// The first message of a kind.
  subscript(kind: Kind) -> CheckedBytes? { messages.first { $0.kind == kind }?.data }
}

/// Reads one object header; its blocks wait in a list, so that nothing recurses.
private struct HeaderReader {
  var object = HDF5Object()
  /// Blocks of messages to read.
  var pending: [CheckedBytes] = []
  /// Where blocks that were met begin.
  var seen: Set<UInt64> = []

  mutating func add(_ block: CheckedBytes) throws(FormatError) {
    guard seen.insert(block.start).inserted else {
      throw block.error("a block of an object header comes twice", at: 0)
    }
    pending.append(block)
  }
}

extension HDF5File {
  /// Reads the header at an address with all its continuations.
  mutating func readObject(at address: UInt64) throws(FormatError) -> HDF5Object {
    guard address != Self.undefined else { throw bytes.error("an object has no address") }
    return bytes.matches(Array("OHDR".utf8), at: address)
      ? try readHeader2(at: address) : try readHeader1(at: address)
  }

  private mutating func readHeader1(at address: UInt64) throws(FormatError) -> HDF5Object {
    let prefix = try bytes.slice(at: address, count: 16)
    let version = try prefix.u8(at: 0)
    guard version == 1 else { throw prefix.error("object header version \(version)", at: 0) }
    var reader = HeaderReader()
    let first = try bytes.slice(at: address + 16, count: UInt64(try prefix.u32(at: 8)))
    try spend(first)
    try reader.add(first)
    var next = 0
    while next < reader.pending.count {
      var cursor = ByteCursor(reader.pending[next])
      next += 1
      while cursor.remaining >= 8 {
        let type = try cursor.u16()
        let size = UInt64(try cursor.u16())
        let flags = try cursor.u8()
        try cursor.skip(3)
        try keep(type, flags, try cursor.take(size), &reader, isVersion2: false)
      }
    }
    return reader.object
  }

  private mutating func readHeader2(at address: UInt64) throws(FormatError) -> HDF5Object {
    let rest = try bytes.slice(at: address, count: UInt64(bytes.count) - address)
    var cursor = ByteCursor(rest)
    try cursor.skip(4)
    let version = try cursor.u8()
    guard version == 2 else { throw cursor.fault("object header version \(version)", at: 4) }
    let flags = try cursor.u8()
    if flags & 0x20 != 0 { try cursor.skip(16) }
    if flags & 0x10 != 0 { try cursor.skip(4) }
    let size = try cursor.number(width: flags)
    var reader = HeaderReader()
    let first = try cursor.take(size)
    try spend(first)
    try reader.add(first)
    try verifyChecksum(at: address, count: cursor.position, "object header")
    let prefix: UInt64 = flags & 0x04 != 0 ? 6 : 4
    var next = 0
    while next < reader.pending.count {
      var messages = ByteCursor(reader.pending[next])
      next += 1
      while messages.remaining >= prefix {
        let type = UInt16(try messages.u8())
        let size = UInt64(try messages.u16())
        let messageFlags = try messages.u8()
        try messages.skip(prefix - 4)
        try keep(type, messageFlags, try messages.take(size), &reader, isVersion2: true)
      }
    }
    return reader.object
  }

  /// Keeps a message, or puts the block that it points to on the list.
  private mutating func keep(
    _ type: UInt16, _ flags: UInt8, _ data: CheckedBytes, _ reader: inout HeaderReader,
    isVersion2: Bool
  ) throws(FormatError) {
    try spend()
    if type == 0x10 {
      let (address, length) = (try data.u64(at: 0), try data.u64(at: 8))
      let block = try bytes.slice(at: address, count: length)
      try spend(block)
      guard isVersion2 else { return try reader.add(block) }
      guard length >= 8, block.matches(Array("OCHK".utf8)) else {
        throw block.error("a continuation of an object header expected", at: 0)
      }
      try verifyChecksum(at: address, count: length - 4, "object header")
      return try reader.add(try block.slice(at: 4, count: length - 8))
    }
    guard let kind = HDF5Object.Kind(rawValue: type) else { return }
    guard flags & 2 == 0 else { throw data.error("shared header messages are not read", at: 0) }
    reader.object.messages.append((kind, data))
  }
}
