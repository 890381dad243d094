// Writes safetensors files: the same tensors give the same bytes.
//
// Implements: Hugging Face, "safetensors" format, README section "Format".
// Deviations: none. Tensors lie by falling size of a value, then by name, as the reference library
//   lays them, so that every value is aligned; the header is padded with spaces to 8 bytes.
// Checked by: SafetensorsTests. Cost: the data are written from where they are.

import Files

/// Writes tensors to a safetensors file, which appears whole or not at all.
///
/// - Parameters:
///   - tensors: in any order; the file's order is that of value size, then name.
///   - metadata: texts that go into `__metadata__`, sorted by key; left out when empty.
///   - path: the file to write or replace.
/// - Throws: an error that names `path` when two tensors have the same name, one is called
///   `__metadata__`, the header is too long, or the file cannot be written.
public func saveSafetensors(
  _ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String
) throws(FormatError) {
  let order = tensors.sorted { a, b in
    a.type.size != b.type.size
      ? a.type.size > b.type.size : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
  }
  func fault(_ problem: String) -> FormatError { FormatError(file: path, problem: problem) }
  var names = Set<[UInt8]>()
  for tensor in order {
    guard names.insert(Array(tensor.name.utf8)).inserted else {
      throw fault("two tensors are named '\(shown(tensor.name))'")
    }
    guard tensor.name != "__metadata__" else { throw fault("a tensor is named '__metadata__'") }
  }
  let header = safetensorsHeader(order, metadata)
  guard header.count <= LoadLimits().headerBytes else {
    throw fault("the header would have \(header.count) bytes, more than the format allows")
  }
  let writer = try AtomicWriter(path: path)
  try writer.write(littleEndianBytes(of: [UInt64(header.count)]))
  try writer.write(header)
  for tensor in order { try writer.write(tensor.bytes.span) }
  try writer.commit()
}

/// The header, padded with spaces to a multiple of 8 bytes.
private func safetensorsHeader(_ tensors: [NamedTensor], _ metadata: [String: String]) -> [UInt8] {
  var parts: [String] = []
  if !metadata.isEmpty {
    let keys = metadata.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let texts = keys.map { jsonText($0) + ":" + jsonText(metadata[$0] ?? "") }
    parts.append("\"__metadata__\":{" + texts.joined(separator: ",") + "}")
  }
  var begin = 0
  for tensor in tensors {
    let end = begin + tensor.byteCount
    let shape = tensor.shape.map { String($0) }.joined(separator: ",")
    parts.append(
      jsonText(tensor.name) + ":{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
        + "\"data_offsets\":[\(begin),\(end)]}")
    begin = end
  }
  let text = Array(("{" + parts.joined(separator: ",") + "}").utf8)
  return text + [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
}

/// A JSON string with its quotes.
private func jsonText(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case "\u{8}": result += "\\b"
    case "\u{c}": result += "\\f"
    default:
      if scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result + "\""
}
