// Writes NumPy's npy arrays and npz archives.
//
// Implements: NumPy enhancement proposal 1, version 1.0; PKWARE APPNOTE.TXT 6.3, sections 4.3.7,
//   4.3.12, 4.3.16 (stored members, no zip64).
// Deviations: the dates of members are 1980-01-01, so that the same arrays give the same bytes;
//   bf16, complex and 8-bit floating-point tensors are refused, for NumPy has no name for them.
// Checked by: NumpyTests. Cost: the data are written from where they are, and read once more for
//   the checksum.

import Files

/// Writes one array to an npy file, which appears whole or not at all.
///
/// - Parameters:
///   - tensor: its name is not written.
///   - path: the file to write or replace.
/// - Throws: an error that names `path` when NumPy has no such type or the file cannot be written.
public func saveNPY(_ tensor: NamedTensor, to path: String) throws(FormatError) {
  let header = try numpyHeader(tensor, path)
  let writer = try AtomicWriter(path: path)
  try writer.write(header)
  try writer.write(tensor.bytes.span)
  try writer.commit()
}

/// Writes arrays to an npz archive without compression; it appears whole or not at all.
///
/// - Parameters:
///   - tensors: in the order of the archive; each becomes the member `NAME.npy`.
///   - path: the file to write or replace.
/// - Throws: an error that names `path` when two names are equal, NumPy has no such type, the archive
///   would need zip64 (4 GiB, 65,535 arrays, names of 64 KiB), or the file cannot be written.
public func saveNPZ(_ tensors: [NamedTensor], to path: String) throws(FormatError) {
  func fault(_ problem: String) -> FormatError { FormatError(file: path, problem: problem) }
  guard tensors.count < 65535 else { throw fault("\(tensors.count) arrays need zip64") }
  var names = Set<[UInt8]>()
  var (members, place) = ([ZipMember](), 0)
  for tensor in tensors {
    let name = Array((tensor.name + ".npy").utf8)
    guard names.insert(name).inserted else {
      throw fault("two arrays are named '\(shown(tensor.name))'")
    }
    guard name.count < 65535 else { throw fault("the name '\(shown(tensor.name))' is too long") }
    let member = ZipMember(name: name, header: try numpyHeader(tensor, path), tensor, at: place)
    place += 30 + name.count + member.size
    guard place < Int(UInt32.max) else { throw fault("the archive would need zip64 (4 GiB)") }
    members.append(member)
  }
  let directory = members.flatMap { $0.directoryEntry }
  guard place + directory.count < Int(UInt32.max) else {
    throw fault("the archive would need zip64 (4 GiB)")
  }
  let writer = try AtomicWriter(path: path)
  for member in members {
    try writer.write(member.localHeader)
    try writer.write(member.header)
    try writer.write(member.tensor.bytes.span)
  }
  try writer.write(directory)
  let count = members.count
  try writer.write(
    [0x50, 0x4b, 0x05, 0x06, 0, 0, 0, 0] + bytes16(count) + bytes16(count)
      + bytes32(directory.count) + bytes32(place) + [0, 0])
  try writer.commit()
}

/// The first bytes of an npy file up to the data, a multiple of 64.
private func numpyHeader(_ tensor: NamedTensor, _ path: String) throws(FormatError) -> [UInt8] {
  let description: String
  switch tensor.type {
  case .bool: description = "|b1"
  case .uint8: description = "|u1"
  case .int8: description = "|i1"
  case .uint16: description = "<u2"
  case .int16: description = "<i2"
  case .float16: description = "<f2"
  case .uint32: description = "<u4"
  case .int32: description = "<i4"
  case .float32: description = "<f4"
  case .uint64: description = "<u8"
  case .int64: description = "<i8"
  case .float64: description = "<f8"
  default:
    throw FormatError(
      file: path,
      problem: "NumPy has no type \(tensor.type.rawValue), tensor '\(shown(tensor.name))'")
  }
  let extents = tensor.shape.map { String($0) }.joined(separator: ", ")
  let shape = "(" + extents + (tensor.shape.count == 1 ? ",)" : ")")
  let text = "{'descr': '\(description)', 'fortran_order': False, 'shape': \(shape), }"
  let padding = (64 - (10 + text.utf8.count + 1) % 64) % 64
  let body = Array(text.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0a]
  guard body.count < 65536 else {
    throw FormatError(file: path, problem: "a shape of \(tensor.shape.count) dimensions")
  }
  return numpySignature + [1, 0] + bytes16(body.count) + body
}

/// A stored member of a zip archive.
private struct ZipMember {
  let name: [UInt8]
  let header: [UInt8]
  let tensor: NamedTensor
  let place: Int
  private let crc: UInt32

  /// The member whose local header begins at `place`.
  init(name: [UInt8], header: [UInt8], _ tensor: NamedTensor, at place: Int) {
    (self.name, self.header, self.tensor, self.place) = (name, header, tensor, place)
    var sum = CRC32()
    sum.update(header.span)
    sum.update(tensor.bytes.span)
    crc = sum.value
  }

  /// The number of bytes of the member's content.
  var size: Int { header.count + tensor.bytes.count }

  /// Flags (bit 11: the name is UTF-8), method 0, midnight, 1 January 1980.
  private var common: [UInt8] {
    [20, 0] + bytes16(0x0800) + bytes16(0) + bytes16(0) + bytes16(0x21)
      + bytes32(Int(crc)) + bytes32(size) + bytes32(size) + bytes16(name.count) + bytes16(0)
  }

  var localHeader: [UInt8] { [0x50, 0x4b, 0x03, 0x04] + common + name }

  var directoryEntry: [UInt8] {
    [0x50, 0x4b, 0x01, 0x02, 20, 0] + common + bytes16(0) + bytes16(0) + bytes16(0) + bytes32(0)
      + bytes32(place) + name
  }
}

private func bytes16(_ value: Int) -> [UInt8] {
  littleEndianBytes(of: [UInt16(truncatingIfNeeded: value)])
}

private func bytes32(_ value: Int) -> [UInt8] {
  littleEndianBytes(of: [UInt32(truncatingIfNeeded: value)])
}
