// The structure of a TIFF file: header, directories, and the values of tags.
//
// Implements: Adobe, TIFF Revision 6.0, 1992, section 2; the BigTIFF layout as in libtiff.
// Deviations: tags of unknown type are skipped, as the specification asks.
// Checked by: TIFFTests. Cost: one pass over the directory.

import Files

/// One entry of a directory.
struct TIFFTag {
  /// What the value means.
  let code: UInt16
  /// How the values are stored: 1 to 18.
  let type: UInt16
  /// The number of values.
  let count: UInt64
  /// Where the values lie, counted from the start of the file.
  let offset: UInt64

  /// The bytes of one value; `nil` when the type is unknown.
  static func size(ofType type: UInt16) -> UInt64? {
    switch type {
    case 1, 2, 6, 7: 1
    case 3, 8: 2
    case 4, 9, 11, 13: 4
    case 5, 10, 12, 16, 17, 18: 8
    default: nil
    }
  }
}

/// A TIFF file's bytes with its byte order and kind.
struct TIFFFile {
  let bytes: CheckedBytes
  let order: ByteOrder
  /// Whether offsets have 64 bits.
  let isBig: Bool
  /// Where the first directory lies.
  let firstDirectory: UInt64

  /// Reads the header.
  init(_ bytes: CheckedBytes) throws(FormatError) {
    self.bytes = bytes
    order = try bytes.u8(at: 0) == 0x49 ? .little : .big
    isBig = try bytes.u16(at: 2, order) == 43
    if isBig {
      guard try bytes.u16(at: 4, order) == 8, try bytes.u16(at: 6, order) == 0 else {
        throw bytes.error("a BigTIFF header must state offsets of 8 bytes", at: 4)
      }
      firstDirectory = try bytes.u64(at: 8, order)
    } else {
      firstDirectory = UInt64(try bytes.u32(at: 4, order))
    }
  }

  /// The number of entries of the directory at `offset` and where the next directory lies.
  func extent(ofDirectoryAt offset: UInt64) throws(FormatError) -> (count: UInt64, next: UInt64) {
    guard offset >= (isBig ? 16 : 8) else {
      throw bytes.error("a directory lies inside the header", at: offset)
    }
    let count = isBig ? try bytes.u64(at: offset, order) : UInt64(try bytes.u16(at: offset, order))
    guard count > 0 && count <= UInt64(bytes.count) / (isBig ? 20 : 12) else {
      throw bytes.error("a directory of \(count) entries cannot be", at: offset)
    }
    let end = offset + (isBig ? 8 + 20 * count : 2 + 12 * count)
    return (count, isBig ? try bytes.u64(at: end, order) : UInt64(try bytes.u32(at: end, order)))
  }

  /// The places of the directories, and a remark when the chain of them is damaged.
  func directories() throws(FormatError) -> (offsets: [UInt64], remark: String?) {
    var offsets = [firstDirectory]
    var seen: Set<UInt64> = [firstDirectory]
    var next = try extent(ofDirectoryAt: firstDirectory).next
    while next != 0 {
      let after = "the list of pages is damaged after page \(offsets.count - 1)"
      guard seen.insert(next).inserted, let extent = try? extent(ofDirectoryAt: next) else {
        return (offsets, after)
      }
      offsets.append(next)
      next = extent.next
    }
    return (offsets, nil)
  }
}

/// The tags of one page.
struct TIFFDirectory {
  let file: TIFFFile
  /// The tags by number; the first one counts when a number comes twice.
  private var tags: [UInt16: TIFFTag] = [:]
  /// Tags of a type that is not known.
  private(set) var remarks: [String] = []

  var bytes: CheckedBytes { file.bytes }

  /// Reads the directory at `offset`.
  init(_ file: TIFFFile, at offset: UInt64) throws(FormatError) {
    self.file = file
    let (count, _) = try file.extent(ofDirectoryAt: offset)
    let entrySize: UInt64 = file.isBig ? 20 : 12
    var position = offset + (file.isBig ? 8 : 2)
    for _ in 0..<count {
      try addEntry(at: position)
      position += entrySize
    }
  }

  private mutating func addEntry(at position: UInt64) throws(FormatError) {
    let (bytes, order) = (file.bytes, file.order)
    let code = try bytes.u16(at: position, order)
    let type = try bytes.u16(at: position + 2, order)
    let isBig = file.isBig
    let count =
      isBig
      ? try bytes.u64(at: position + 4, order) : UInt64(try bytes.u32(at: position + 4, order))
    guard let size = TIFFTag.size(ofType: type) else {
      if remarks.count < 8 {
        remarks.append("tag \(code) has the unknown type \(type) and is skipped")
      }
      return
    }
    let field = position + (isBig ? 12 : 8)
    let (length, overflow) = count.multipliedReportingOverflow(by: size)
    let isInline = !overflow && length <= (isBig ? 8 : 4)
    let far = isBig ? try bytes.u64(at: field, order) : UInt64(try bytes.u32(at: field, order))
    if tags[code] == nil {
      tags[code] = TIFFTag(code: code, type: type, count: count, offset: isInline ? field : far)
    }
  }

  /// Whether the page has the tag.
  func has(_ code: UInt16) -> Bool { tags[code] != nil }

  /// How many values the tag has; 0 when it is missing.
  func count(of code: UInt16) -> UInt64 { tags[code]?.count ?? 0 }

  /// The bytes of a tag's values.
  ///
  /// - Throws: an error when they do not lie inside the file.
  func data(of tag: TIFFTag) throws(FormatError) -> CheckedBytes {
    let size = TIFFTag.size(ofType: tag.type) ?? 1
    let (length, overflow) = tag.count.multipliedReportingOverflow(by: size)
    guard !overflow, let part = try? bytes.slice(at: tag.offset, count: length) else {
      throw bytes.error("the \(tag.count) values of tag \(tag.code) lie outside", at: tag.offset)
    }
    return part
  }

  /// The first `limit` values of a tag of whole numbers; `nil` when the tag is missing.
  ///
  /// - Throws: an error when they are not whole numbers or lie outside the file.
  func integers(_ code: UInt16, limit: UInt64) throws(FormatError) -> [UInt64]? {
    guard let tag = tags[code] else { return nil }
    let size = TIFFTag.size(ofType: tag.type) ?? 1
    guard [1, 3, 4, 13, 16, 18].contains(tag.type) else {
      throw bytes.error("tag \(code) does not hold whole numbers but type \(tag.type)")
    }
    let count = min(tag.count, limit)
    let part = try data(
      of: TIFFTag(code: code, type: tag.type, count: count, offset: tag.offset))
    var values: [UInt64] = []
    values.reserveCapacity(Int(count))
    for i in 0..<count {
      switch size {
      case 1: values.append(UInt64(try part.u8(at: i)))
      case 2: values.append(UInt64(try part.u16(at: 2 * i, file.order)))
      case 4: values.append(UInt64(try part.u32(at: 4 * i, file.order)))
      default: values.append(try part.u64(at: 8 * i, file.order))
      }
    }
    return values
  }

  /// The only value of a tag of whole numbers, or `missing` when the tag is not there.
  func integer(_ code: UInt16, missing: UInt64) throws(FormatError) -> UInt64 {
    try integers(code, limit: 1)?.first ?? missing
  }

  /// The first fraction or floating-point number of a tag; `nil` when there is none.
  func real(_ code: UInt16) throws(FormatError) -> Double? {
    guard let tag = tags[code], tag.count > 0 else { return nil }
    let part = try data(of: tag)
    switch tag.type {
    case 5:
      return Double(try part.u32(at: 0, file.order)) / Double(try part.u32(at: 4, file.order))
    case 10:
      return Double(try part.i32(at: 0, file.order)) / Double(try part.i32(at: 4, file.order))
    case 11: return Double(try part.f32(at: 0, file.order))
    case 12: return try part.f64(at: 0, file.order)
    default: return try integers(code, limit: 1)?.first.map { Double($0) }
    }
  }

  /// The bytes of a tag's values; `nil` when the tag is missing.
  func data(_ code: UInt16) throws(FormatError) -> CheckedBytes? {
    guard let tag = tags[code] else { return nil }
    return try data(of: tag)
  }

  /// The bytes of a tag of text up to the first NUL; `nil` when the tag is missing.
  func text(_ code: UInt16) throws(FormatError) -> [UInt8]? {
    guard let tag = tags[code], [1, 2, 7].contains(tag.type) else { return nil }
    let limited = TIFFTag(
      code: code, type: tag.type, count: min(tag.count, 1 << 24), offset: tag.offset)
    if tag.count > limited.count { _ = try data(of: tag) }
    return Array(try data(of: limited).array.prefix { $0 != 0 })
  }
}
