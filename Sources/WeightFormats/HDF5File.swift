// The part of HDF5 that weight files use: superblock, and the objects that are reached by name.
//
// Implements: The HDF Group, "HDF5 File Format Specification Version 3.0", sections II.A (superblock)
//   and III.A-B, G (groups), IV.A (object headers).
// Symbols: address -> a place in the file, 8 bytes; undefined is all ones.
// Deviations: addresses and lengths have 8 bytes, the base address is 0 (no user block). Nothing but
//   what a path names is visited, each object once; soft and external links, shared messages, dense
//   storage and external files are refused. No other file is ever opened.
// Checked by: HDF5Tests, KerasTests. Cost: headers are read when they are named; data stay views.

import Files

/// An open HDF5 file whose objects are read when a path names them.
struct HDF5File {
  /// The first bytes.
  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
  /// The address that means "nowhere".
  static let undefined = UInt64.max

  /// The most bytes of a name in a group.
  static let longestName = 4096

  let bytes: CheckedBytes
  let limits: LoadLimits
  /// The address of the root group's header.
  private(set) var root: UInt64 = 0
  /// The headers read so far, by address.
  private var objects: [UInt64: HDF5Object] = [:]
  /// The links of the groups read so far, by address of the group's header.
  private var groups: [UInt64: [[UInt8]: HDF5Link]] = [:]
  /// The global heaps read so far, by address.
  var heaps: [UInt64: [UInt16: CheckedBytes]] = [:]
  /// How many more messages, links and heap objects may be read: 2 a possible tensor.
  private var budget: Int
  /// How many more bytes of object headers there can be: they do not share bytes.
  private var headerBytes: Int

  init(_ bytes: CheckedBytes, limits: LoadLimits) throws(FormatError) {
    (self.bytes, self.limits) = (bytes, limits)
    headerBytes = bytes.count
    budget = limits.tensors.multipliedReportingOverflow(by: 2).partialValue
    try readSuperblock()
  }

  /// Counts a structure of the file; many small ones that share bytes cannot stall the reader.
  mutating func spend() throws(FormatError) {
    budget -= 1
    guard budget >= 0 else {
      throw bytes.error("more than \(limits.tensors) messages, links and heap objects, twice over")
    }
  }

  /// Counts a block of an object header.
  mutating func spend(_ block: CheckedBytes) throws(FormatError) {
    headerBytes -= block.count
    guard headerBytes >= 0 else { throw block.error("object headers overlap", at: 0) }
  }

  private mutating func readSuperblock() throws(FormatError) {
    var cursor = ByteCursor(bytes)
    try cursor.skip(8)
    let version = try cursor.u8()
    let end: UInt64
    let base: UInt64
    switch version {
    case 0, 1:
      try cursor.skip(4)
      try checkSizes(try cursor.u8(), try cursor.u8())
      try cursor.skip(version == 0 ? 9 : 13)
      base = try cursor.u64()
      try cursor.skip(8)
      end = try cursor.u64()
      try cursor.skip(16)
      root = try cursor.u64()
    case 2, 3:
      try checkSizes(try cursor.u8(), try cursor.u8())
      try cursor.skip(1)
      base = try cursor.u64()
      try cursor.skip(8)
      end = try cursor.u64()
      root = try cursor.u64()
      try verifyChecksum(at: 0, count: 44, "superblock")
    default: throw bytes.error("HDF5 superblock version \(version) is unknown", at: 8)
    }
    guard base == 0 else { throw bytes.error("HDF5 files with a user block are not read") }
    guard end <= UInt64(bytes.count) else {
      throw bytes.error("the file is cut short: \(bytes.count) of \(end) bytes")
    }
  }

  private func checkSizes(_ offset: UInt8, _ length: UInt8) throws(FormatError) {
    guard offset == 8, length == 8 else {
      throw bytes.error("HDF5 offsets of \(offset) and lengths of \(length) bytes, not 8")
    }
  }

  /// Compares the checksum after `count` bytes at `address` with theirs.
  func verifyChecksum(
    at address: UInt64, count: UInt64, _ what: String
  ) throws(FormatError) {
    let part = try bytes.slice(at: address, count: count)
    // `address + count` lies inside the file, since the part does.
    guard lookup3(part.span) == (try bytes.u32(at: address + count)) else {
      throw part.error("the checksum of the \(what) is wrong", at: 0)
    }
  }

  /// The header at an address; each is read once.
  mutating func object(at address: UInt64) throws(FormatError) -> HDF5Object {
    if let known = objects[address] { return known }
    let object = try readObject(at: address)
    objects[address] = object
    return object
  }

  /// The object that `path` names from the group at `start`.
  mutating func address(of path: [ArraySlice<UInt8>], from start: UInt64) throws(FormatError)
    -> UInt64
  {
    var address = start
    for part in path {
      let name = Array(part)
      func text() -> String { shown(String(decoding: name, as: UTF8.self)) }
      if groups[address] == nil { groups[address] = try readLinks(at: address) }
      switch groups[address]?[name] {
      case .hard(let next)?: address = next
      case .soft?: throw bytes.error("object '\(text())' is a soft link, which is not followed")
      case .external?:
        throw bytes.error("object '\(text())' lies in another file, which is not opened")
      case nil: throw bytes.error("object '\(text())' is missing")
      }
    }
    return address
  }
}
