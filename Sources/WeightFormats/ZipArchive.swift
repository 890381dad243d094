// Reads zip archives: stored and deflated members, zip64, every claim compared with another.
//
// Implements: PKWARE, APPNOTE.TXT 6.3 (.ZIP file format), sections 4.3.7, 4.3.12, 4.3.14-16, 4.5.3.
// Symbols: directory -> central directory; sizes and CRC are taken from there, since local headers
//   may hold zeros (data descriptors).
// Deviations: encryption, other methods, members that share bytes, and names that come twice are
//   refused, though the format allows some of them.
// Checked by: NumpyTests, TorchTests, NumpyTests. Cost: stored members are views, deflated ones inflated
//   into memory of the declared size.

import Files

/// The members of a zip archive.
struct ZipArchive {
  /// One member, as the central directory describes it.
  struct Member {
    var name: [UInt8]
    var isDeflated: Bool
    var crc: UInt32
    var compressed: UInt64
    var uncompressed: UInt64
    /// Where the local header begins.
    var header: UInt64
    /// Where the member's bytes begin.
    var start: UInt64 = 0
  }

  private let bytes: CheckedBytes
  private let comparesChecksums: Bool
  /// In the order of the directory.
  private(set) var members: [Member] = []

  /// Reads the directory and compares each local header with it.
  init(_ bytes: CheckedBytes, limits: LoadLimits) throws(FormatError) {
    comparesChecksums = limits.comparesChecksums
    self.bytes = bytes
    let (count, offset, size) = try Self.directory(of: bytes)
    guard count <= UInt64(limits.tensors) else {
      throw bytes.error("\(count) members, more than the limit of \(limits.tensors)")
    }
    let directory = try bytes.slice(at: offset, count: size)
    guard count <= size / 46 else {
      throw directory.error("\(count) members do not fit the directory of \(size) bytes")
    }
    var position: UInt64 = 0
    var names = Set<[UInt8]>()
    var expanded: UInt64 = 0
    for _ in 0..<count {
      var member = try Self.entry(directory, &position)
      guard names.insert(member.name).inserted else {
        throw directory.error("two members are named '\(Self.shownName(member.name))'")
      }
      member.start = try Self.start(of: member, bytes)
      expanded = expanded.addingReportingOverflow(member.uncompressed).partialValue
      guard max(expanded, member.uncompressed) <= UInt64(limits.expandedBytes) else {
        throw bytes.error("the members expand to more than \(limits.expandedBytes) bytes")
      }
      let growth = UInt64(max(limits.growth, 1))
      guard member.uncompressed <= 64 << 20 || member.uncompressed / growth <= member.compressed
      else {
        throw bytes.error(
          "member '\(Self.shownName(member.name))' grows from \(member.compressed) to "
            + "\(member.uncompressed) bytes, more than \(growth)-fold")
      }
      members.append(member)
    }
    guard position == size else {
      throw directory.error("the directory is longer than its entries")
    }
    try checkOverlap(offset)
  }

  /// The bytes of a member, decompressed, their length and CRC checked.
  func data(of member: Member) throws(FormatError) -> CheckedBytes {
    let stored = try bytes.slice(at: member.start, count: member.compressed)
    var content = stored
    if member.isDeflated {
      guard let size = Int(exactly: member.uncompressed) else {
        throw stored.error("a member declares \(member.uncompressed) bytes")
      }
      content = CheckedBytes(try stored.inflated(.raw, to: size), file: bytes.file)
    } else if member.compressed != member.uncompressed {
      throw stored.error("the sizes of the stored member '\(Self.shownName(member.name))' differ")
    }
    let isTrusted = !comparesChecksums && !member.isDeflated && content.count > 1 << 20
    guard isTrusted || CRC32.of(content.span) == member.crc else {
      throw stored.error("the checksum of member '\(Self.shownName(member.name))' is wrong")
    }
    return content
  }

  private static func shownName(_ name: [UInt8]) -> String {
    shown(String(decoding: name, as: UTF8.self))
  }

  /// The number of entries, the place and the size of the central directory.
  private static func directory(
    of bytes: CheckedBytes
  ) throws(FormatError) -> (count: UInt64, offset: UInt64, size: UInt64) {
    guard bytes.count >= 22 else { throw bytes.error("the zip archive is cut short") }
    let last = UInt64(bytes.count - 22)
    let lowest = last > 65535 ? last - 65535 : 0
    var place = last
    while true {
      if bytes.matches([0x50, 0x4b, 0x05, 0x06], at: place),
        UInt64(try bytes.u16(at: place + 20)) == last - place
      {
        break
      }
      guard place > lowest else { throw bytes.error("the zip archive has no directory") }
      place -= 1
    }
    if place >= 20, bytes.matches([0x50, 0x4b, 0x06, 0x07], at: place - 20) {
      let wide = try bytes.u64(at: place - 20 + 8)
      guard bytes.matches([0x50, 0x4b, 0x06, 0x06], at: wide) else {
        throw bytes.error("the zip64 directory record is missing", at: wide)
      }
      let record = try bytes.slice(at: wide, count: 56)
      return (try record.u64(at: 32), try record.u64(at: 48), try record.u64(at: 40))
    }
    return (
      UInt64(try bytes.u16(at: place + 10)), UInt64(try bytes.u32(at: place + 16)),
      UInt64(try bytes.u32(at: place + 12))
    )
  }

  /// The directory entry at `position`, which moves past it.
  private static func entry(
    _ directory: CheckedBytes, _ position: inout UInt64
  ) throws(FormatError) -> Member {
    let p = position
    guard directory.matches([0x50, 0x4b, 0x01, 0x02], at: p) else {
      throw directory.error("a directory entry expected", at: p)
    }
    let flags = try directory.u16(at: p + 8)
    let method = try directory.u16(at: p + 10)
    let lengths = (
      UInt64(try directory.u16(at: p + 28)), UInt64(try directory.u16(at: p + 30)),
      UInt64(try directory.u16(at: p + 32))
    )
    let name = try directory.array(at: p + 46, count: lengths.0)
    guard flags & 1 == 0 else {
      throw directory.error("member '\(shownName(name))' is encrypted", at: p)
    }
    guard method == 0 || method == 8 else {
      throw directory.error(
        "member '\(shownName(name))' is compressed by method \(method), only 0 and 8 are read",
        at: p)
    }
    var member = Member(
      name: name, isDeflated: method == 8, crc: try directory.u32(at: p + 16),
      compressed: UInt64(try directory.u32(at: p + 20)),
      uncompressed: UInt64(try directory.u32(at: p + 24)),
      header: UInt64(try directory.u32(at: p + 42)))
    let extra = try directory.slice(at: p + 46 + lengths.0, count: lengths.1)
    try widen(&member, extra)
    position = p + 46 + lengths.0 + lengths.1 + lengths.2
    return member
  }

  /// Replaces saturated 32-bit fields by those of the zip64 extra field.
  private static func widen(_ member: inout Member, _ extra: CheckedBytes) throws(FormatError) {
    let saturated = UInt64(UInt32.max)
    let wanted = [member.uncompressed, member.compressed, member.header].map { $0 == saturated }
    guard wanted.contains(true) else { return }
    var position: UInt64 = 0
    while UInt64(extra.count) - position >= 4 {
      let length = UInt64(try extra.u16(at: position + 2))
      let field = try extra.slice(at: position + 4, count: length)
      if try extra.u16(at: position) == 1 {
        var next: UInt64 = 0
        if wanted[0] { member.uncompressed = try take(field, &next) }
        if wanted[1] { member.compressed = try take(field, &next) }
        if wanted[2] { member.header = try take(field, &next) }
        return
      }
      position += 4 + length
    }
    throw extra.error("the zip64 field of member '\(shownName(member.name))' is missing")
  }

  private static func take(
    _ field: CheckedBytes, _ position: inout UInt64
  ) throws(FormatError) -> UInt64 {
    defer { position += 8 }
    return try field.u64(at: position)
  }

  /// Where a member's bytes begin; refuses a local header that says something else.
  private static func start(
    of member: Member, _ bytes: CheckedBytes
  ) throws(FormatError) -> UInt64 {
    let header = member.header
    guard bytes.matches([0x50, 0x4b, 0x03, 0x04], at: header) else {
      throw bytes.error("the header of member '\(shownName(member.name))' is missing", at: header)
    }
    let local = try bytes.slice(at: header, count: 30)
    let (nameLength, extraLength) = (
      UInt64(try local.u16(at: 26)), UInt64(try local.u16(at: 28))
    )
    guard try bytes.array(at: header + 30, count: nameLength) == member.name,
      try local.u16(at: 8) == (member.isDeflated ? 8 : 0), try local.u16(at: 6) & 1 == 0
    else {
      throw bytes.error(
        "the header of member '\(shownName(member.name))' contradicts the directory", at: header)
    }
    let start = header + 30 + nameLength + extraLength
    _ = try bytes.slice(at: start, count: member.compressed)
    return start
  }

  /// Refuses members that share bytes with each other or with the directory.
  private func checkOverlap(_ directory: UInt64) throws(FormatError) {
    var free: UInt64 = 0
    for member in members.sorted(by: { ($0.header, $0.start) < ($1.header, $1.start) }) {
      guard member.header >= free else {
        throw bytes.error(
          "member '\(Self.shownName(member.name))' overlaps another", at: member.header)
      }
      free = member.start + member.compressed
    }
    guard free <= directory else { throw bytes.error("a member overlaps the directory") }
  }
}
