// Reads safetensors files: a length, a JSON header, and the bytes of the tensors.
//
// Implements: Hugging Face, "safetensors" format, README section "Format" (version 0.8).
// Equation -> code: 8 bytes n | n bytes header | data; e - b = product(shape) * size (`entry`).
// Symbols: b, e -> data_offsets, counted from the first byte after the header.
// Deviations: the types F4 and F6, narrower than a byte, are refused; at most 32 dimensions.
// Checked by: SafetensorsTests (files of the reference library, hostile files). Cost: the header is
//   copied once, the data are not.

import Files

/// The tensors of a safetensors file as views of its bytes, and its metadata.
func readSafetensors(
  _ bytes: CheckedBytes, limits: LoadLimits
) throws(FormatError) -> ([NamedTensor], [String: String]) {
  let length = try bytes.u64(at: 0)
  guard length > 0 else { throw bytes.error("the header has no bytes", at: 0) }
  guard length <= UInt64(limits.headerBytes) else {
    throw bytes.error(
      "the header has \(length) bytes, more than the limit of \(limits.headerBytes)", at: 0)
  }
  let header = try bytes.slice(at: 8, count: length)
  let data = try bytes.slice(at: 8 + length, count: UInt64(bytes.count) - 8 - length)
  var parser = SafetensorsHeader(header, limits)
  try parser.parse()
  try checkTiling(parser.entries, data)
  var tensors: [NamedTensor] = []
  for entry in parser.entries {
    let part = try data.slice(at: UInt64(entry.begin), count: UInt64(entry.end - entry.begin))
    tensors.append(
      try NamedTensor(name: entry.name, shape: entry.shape, type: entry.type, bytes: part))
  }
  return (tensors, parser.metadata)
}

/// Refuses entries that do not cover the data exactly: no hole, no overlap, no rest.
private func checkTiling(
  _ entries: [SafetensorsHeader.Entry], _ data: CheckedBytes
) throws(FormatError) {
  var covered = 0
  for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
    guard entry.begin == covered else {
      throw data.error(
        "the data of the tensors leave a hole or overlap, tensor '\(shown(entry.name))'",
        at: UInt64(covered))
    }
    covered = entry.end
  }
  guard covered == data.count else {
    throw data.error("the tensors cover \(covered) of \(data.count) bytes of data")
  }
}

/// The JSON header of a safetensors file.
struct SafetensorsHeader {
  /// What the header says of one tensor.
  struct Entry {
    var name: String
    var shape: [Int]
    var type: ElementType
    var begin: Int
    var end: Int
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]
  private var scanner: HeaderScanner
  private let limits: LoadLimits

  init(_ header: CheckedBytes, _ limits: LoadLimits) {
    scanner = HeaderScanner(header)
    self.limits = limits
  }

  /// Reads the whole header.
  mutating func parse() throws(FormatError) {
    // Names are compared byte by byte: Swift's texts are equal when only their composition differs.
    var names = Set<[UInt8]>()
    try scanner.expect("{")
    if !scanner.skip("}") {
      repeat {
        let name = try scanner.jsonString()
        guard names.insert(Array(name.utf8)).inserted else {
          throw scanner.fault("the name '\(shown(name))' comes twice")
        }
        try scanner.expect(":")
        if name == "__metadata__" {
          try readMetadata()
        } else {
          guard entries.count < limits.tensors else {
            throw scanner.fault("more than \(limits.tensors) tensors")
          }
          entries.append(try entry(name))
        }
      } while scanner.skip(",")
      try scanner.expect("}")
    }
    guard scanner.isAtEnd() else { throw scanner.fault("text after the end of the header") }
  }

  private mutating func readMetadata() throws(FormatError) {
    try scanner.expect("{")
    if scanner.skip("}") { return }
    repeat {
      let key = try scanner.jsonString()
      try scanner.expect(":")
      let value = try scanner.jsonString()
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw scanner.fault("the metadata '\(shown(key))' come twice")
      }
    } while scanner.skip(",")
    try scanner.expect("}")
  }

  /// One tensor: exactly `dtype`, `shape` and `data_offsets`, in any order.
  private mutating func entry(_ name: String) throws(FormatError) -> Entry {
    var type: ElementType?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.expect("{")
    repeat {
      let key = try scanner.jsonString()
      try scanner.expect(":")
      switch key {
      case "dtype" where type == nil: type = try elementType(name)
      case "shape" where shape == nil: shape = try integers(atMost: limits.rank)
      case "data_offsets" where offsets == nil: offsets = try integers(atMost: 2)
      default:
        throw scanner.fault("'\(shown(key))' comes twice or is unknown, tensor '\(shown(name))'")
      }
    } while scanner.skip(",")
    try scanner.expect("}")
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw scanner.fault("dtype, shape or data_offsets is missing, tensor '\(shown(name))'")
    }
    guard let count = product(shape), let size = product([count, type.size]),
      offsets[0] <= offsets[1], offsets[1] - offsets[0] == size
    else {
      throw scanner.fault("the offsets do not fit shape and dtype, tensor '\(shown(name))'")
    }
    return Entry(name: name, shape: shape, type: type, begin: offsets[0], end: offsets[1])
  }

  private mutating func elementType(_ name: String) throws(FormatError) -> ElementType {
    let word = try scanner.jsonString()
    guard let type = ElementType(rawValue: word) else {
      throw scanner.fault("dtype '\(shown(word))' is not read, tensor '\(shown(name))'")
    }
    return type
  }

  private mutating func integers(atMost limit: Int) throws(FormatError) -> [Int] {
    var values: [Int] = []
    try scanner.expect("[")
    if scanner.skip("]") { return values }
    repeat {
      guard values.count < limit else { throw scanner.fault("more than \(limit) numbers") }
      values.append(try scanner.integer())
    } while scanner.skip(",")
    try scanner.expect("]")
    return values
  }
}
