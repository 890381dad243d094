// Reads NumPy's npy arrays and npz archives.
//
// Implements: NumPy enhancement proposal 1 ("A simple file format for NumPy arrays"), versions 1.0,
//   2.0 and 3.0; numpy.lib.format.
// Symbols: descr -> order and type of the values; fortran_order -> first index fastest.
// Deviations: a structured, text, object, complex or extended type is refused; the header is
//   scanned, never evaluated.
// Checked by: NumpyTests (files of NumPy, hostile files). Cost: C order in little-endian is a view;
//   anything else is copied once.

import Files

/// The first bytes of an npy file.
let numpySignature: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/// The array of an npy file.
func readNPY(
  _ bytes: CheckedBytes, name: String, limits: LoadLimits
) throws(FormatError) -> NamedTensor {
  guard bytes.matches(numpySignature) else { throw bytes.error("not an npy array", at: 0) }
  let (major, minor) = (try bytes.u8(at: 6), try bytes.u8(at: 7))
  guard (1...3).contains(major), minor == 0 else {
    throw bytes.error("npy version \(major).\(minor) is unknown", at: 6)
  }
  let start: UInt64 = major == 1 ? 10 : 12
  let length = major == 1 ? UInt64(try bytes.u16(at: 8)) : UInt64(try bytes.u32(at: 8))
  guard length <= 1 << 20 else {
    throw bytes.error("the header has \(length) bytes, more than the limit of \(1 << 20)", at: 8)
  }
  var header = NumpyHeader(try bytes.slice(at: start, count: length), limits)
  try header.parse()
  let first = start + length
  let data = try bytes.slice(at: first, count: UInt64(bytes.count) - first)
  guard let count = product(header.shape), let size = product([count, header.type.size]),
    size == data.count
  else {
    throw data.error("\(data.count) bytes of data do not fill shape \(header.shape)")
  }
  return try NamedTensor(
    name: name, shape: header.shape, type: header.type, stored: data, layout: layout(header))
}

/// Where the values of an array lie: the first index runs fastest in Fortran's order.
private func layout(_ header: NumpyHeader) -> TensorLayout {
  let shape = header.shape
  return TensorLayout(
    strides: header.isFortranOrder
      ? TensorLayout.rowMajorStrides(shape.reversed()).reversed()
      : TensorLayout.rowMajorStrides(shape),
    isBigEndian: header.isBigEndian)
}

/// The header of an npy file: a Python dictionary of exactly three keys.
struct NumpyHeader {
  private(set) var type = ElementType.float64
  private(set) var isBigEndian = false
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []
  private var scanner: HeaderScanner
  private let limits: LoadLimits

  init(_ header: CheckedBytes, _ limits: LoadLimits) {
    scanner = HeaderScanner(header)
    self.limits = limits
  }

  /// Reads the whole header.
  mutating func parse() throws(FormatError) {
    var seen: [String] = []
    try scanner.expect("{")
    while !scanner.skip("}") {
      let key = String(decoding: try scanner.pythonString(), as: UTF8.self)
      guard !seen.contains(key) else { throw scanner.fault("'\(shown(key))' comes twice") }
      seen.append(key)
      try scanner.expect(":")
      switch key {
      case "descr": try readDescription()
      case "fortran_order": isFortranOrder = try truth()
      case "shape": shape = try tuple()
      default: throw scanner.fault("'\(shown(key))' is unknown")
      }
      if !scanner.skip(",") {
        try scanner.expect("}")
        break
      }
    }
    guard seen.count == 3 else {
      throw scanner.fault("descr, fortran_order or shape is missing")
    }
    guard scanner.isAtEnd() else { throw scanner.fault("text after the end of the header") }
  }

  private mutating func truth() throws(FormatError) -> Bool {
    if scanner.skip(word: "True") { return true }
    if scanner.skip(word: "False") { return false }
    throw scanner.fault("True or False expected in the header")
  }

  /// A tuple of whole numbers; `(3)` is none, and `2L` of Python 2 is accepted.
  private mutating func tuple() throws(FormatError) -> [Int] {
    var values: [Int] = []
    try scanner.expect("(")
    while !scanner.skip(")") {
      guard values.count < limits.rank else {
        throw scanner.fault("more than \(limits.rank) dimensions")
      }
      values.append(try scanner.integer())
      _ = scanner.skip("L")
      if scanner.skip(",") { continue }
      guard values.count > 1 else { throw scanner.fault("the shape is not a tuple") }
      try scanner.expect(")")
      break
    }
    return values
  }

  private static let types: [String: ElementType] = [
    "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32,
    "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
  ]

  private mutating func readDescription() throws(FormatError) {
    if scanner.peek() == UInt8(ascii: "[") {
      throw scanner.fault("structured arrays are not read")
    }
    let text = try scanner.pythonString()
    let shownText = shown(String(decoding: text, as: UTF8.self))
    if text.dropFirst().first == UInt8(ascii: "O") || text.first == UInt8(ascii: "O") {
      throw scanner.fault("arrays of objects hold a pickle and are not read")
    }
    guard let order = text.first, [0x3c, 0x3e, 0x7c, 0x3d].contains(order),
      let found = Self.types[String(decoding: text.dropFirst(), as: UTF8.self)]
    else { throw scanner.fault("type '\(shownText)' is not read") }
    isBigEndian = order == UInt8(ascii: ">") && found.size > 1
    type = found
  }
}

/// The arrays of an npz archive: each member `NAME.npy` is an array NAME, others are skipped.
func readNPZ(
  _ bytes: CheckedBytes, _ archive: ZipArchive, limits: LoadLimits
) throws(FormatError) -> [NamedTensor] {
  let suffix = Array(".npy".utf8)
  var arrays: [NamedTensor] = []
  for member in archive.members {
    guard member.name.count > suffix.count, member.name.suffix(4).elementsEqual(suffix) else {
      continue
    }
    guard let name = String(validating: member.name.dropLast(4), as: UTF8.self) else {
      throw bytes.error("the name of a member is not UTF-8")
    }
    arrays.append(try readNPY(try archive.data(of: member), name: name, limits: limits))
  }
  guard !arrays.isEmpty || archive.members.isEmpty else {
    throw bytes.error("the zip archive holds no npy array, and no PyTorch weights")
  }
  return arrays
}
