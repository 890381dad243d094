// Writes safetensors files: the same tensors give the same bytes.
//
// Implements: Hugging Face, "safetensors" format, README section "Format".
// Deviations: none. Tensors lie by falling size of a value, then by name, as the reference library
//   lays them, so that every value is aligned; the header is padded with spaces to 8 bytes.
// Checked by: SafetensorsTests. Cost: the data are written from where they are; pending tensors are in
//   memory one at a time, large ones some rows at a time.

import Files

/// A tensor to be written, whose values are made when its turn comes.
public struct PendingTensor: Sendable {
  /// The name in the file.
  public let name: String
  /// The shape in the file.
  public let shape: [Int]
  /// The type in the file.
  public let type: ElementType
  /// The most rows that are made at once; `nil` for all, whatever the shape.
  private let rowsAtOnce: Int?
  /// Makes some rows of the tensor.
  private let made: @Sendable (Range<Int>) throws(FormatError) -> NamedTensor

  /// Promises a tensor of this name, shape and type.
  public init(
    name: String, shape: [Int], type: ElementType,
    making made: @escaping @Sendable () throws(FormatError) -> NamedTensor
  ) {
    (self.name, self.shape, self.type, rowsAtOnce) = (name, shape, type, nil)
    self.made = { _ throws(FormatError) in try made() }
  }

  /// Promises a tensor that is made some rows at a time.
  ///
  /// - Parameters:
  ///   - name: the name in the file.
  ///   - shape: the shape of the whole tensor, one dimension at least.
  ///   - type: the type in the file.
  ///   - rowsAtOnce: the most rows (indices of the first dimension) that are made at once.
  ///   - made: makes the rows of a range, shape (range, other dimensions).
  /// - Precondition: `rowsAtOnce` is at least 1.
  public init(
    name: String, shape: [Int], type: ElementType, rowsAtOnce: Int,
    making made: @escaping @Sendable (Range<Int>) throws(FormatError) -> NamedTensor
  ) {
    precondition(
      rowsAtOnce >= 1 && !shape.isEmpty, "\(rowsAtOnce) rows at once of shape \(shape)")
    (self.name, self.shape, self.type) = (name, shape, type)
    (self.rowsAtOnce, self.made) = (rowsAtOnce, made)
  }

  /// A tensor that is there.
  public init(_ tensor: NamedTensor) {
    self.init(name: tensor.name, shape: tensor.shape, type: tensor.type) { tensor }
  }

  /// The bytes of the values.
  fileprivate var byteCount: Int? { product(shape + [type.size]) }

  /// Hands over the tensor part by part, each of which must be as promised.
  fileprivate func forEachPart(
    _ body: (NamedTensor) throws(FormatError) -> Void
  ) throws(FormatError) {
    guard let rowsAtOnce else { return try body(try part(0..<0, shape)) }
    for first in stride(from: 0, to: shape[0], by: rowsAtOnce) {
      let rows = first..<min(first + rowsAtOnce, shape[0])
      try body(try part(rows, [rows.count] + shape.dropFirst()))
    }
  }

  private func part(_ rows: Range<Int>, _ shape: [Int]) throws(FormatError) -> NamedTensor {
    let tensor = try made(rows)
    guard tensor.shape == shape, tensor.type == type else {
      throw tensor.error(
        "shape \(shape) of \(type.name) promised, \(tensor.shape) of \(tensor.type.name) made")
    }
    return tensor
  }
}

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
  try saveSafetensors(tensors.map { PendingTensor($0) }, metadata: metadata, to: path)
}

/// Writes tensors that are made one at a time; see above.
///
/// - Throws: also what making a tensor throws; there is no file then.
public func saveSafetensors(
  _ tensors: [PendingTensor], metadata: [String: String] = [:], to path: String
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
    guard tensor.byteCount != nil else {
      throw fault("the shape \(tensor.shape) is too large, tensor '\(shown(tensor.name))'")
    }
  }
  let header = safetensorsHeader(order, metadata)
  guard header.count <= LoadLimits().headerBytes else {
    throw fault("the header would have \(header.count) bytes, more than the format allows")
  }
  let writer = try AtomicWriter(path: path)
  try writer.write(littleEndianBytes(of: [UInt64(header.count)]))
  try writer.write(header)
  for tensor in order {
    try tensor.forEachPart { (part) throws(FormatError) in try writer.write(part.bytes.span) }
  }
  try writer.commit()
}

/// The header, padded with spaces to a multiple of 8 bytes.
private func safetensorsHeader(
  _ tensors: [PendingTensor], _ metadata: [String: String]
) -> [UInt8] {
  var parts: [String] = []
  if !metadata.isEmpty {
    let keys = metadata.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let texts = keys.map { jsonText($0) + ":" + jsonText(metadata[$0] ?? "") }
    parts.append("\"__metadata__\":{" + texts.joined(separator: ",") + "}")
  }
  var begin = 0
  for tensor in tensors {
    let end = begin + (tensor.byteCount ?? 0)
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
