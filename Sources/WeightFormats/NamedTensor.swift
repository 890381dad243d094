// A tensor as a file holds it: a name, a shape, a type of number and bytes.
//
// Deviations: none. Checked by: NamedTensorTests. Cost: reading a file copies nothing here; each
//   conversion copies once; values in another order or repeated are laid out when asked for.

import Files
import Tensors

/// A tensor of a weight file: its values stay bytes until they are asked for in some type.
public struct NamedTensor: Sendable {
  /// The name, which may be any text.
  public let name: String
  /// The extent of each dimension, slowest first.
  public let shape: [Int]
  /// The type of the values.
  public let type: ElementType
  /// What the file holds of the values.
  private let stored: CheckedBytes
  /// Where the values lie in `stored`; `nil` when they lie row-major and little-endian.
  private let layout: TensorLayout?

  /// Names the bytes of a tensor.
  ///
  /// - Throws: an error of the bytes' file when the shape and the type do not fill them exactly.
  public init(
    name: String, shape: [Int], type: ElementType, bytes: CheckedBytes
  ) throws(FormatError) {
    guard let count = product(shape), let size = product([count, type.size]) else {
      throw bytes.error("the shape is too large, tensor '\(shown(name))'")
    }
    guard size == bytes.count else {
      throw bytes.error(
        "\(size) bytes expected, \(bytes.count) found, tensor '\(shown(name))'")
    }
    (self.name, self.shape, self.type, self.stored) = (name, shape, type, bytes)
    layout = nil
  }

  /// Names values that lie in `stored` as `layout` says.
  ///
  /// - Throws: an error of the bytes' file when a value would lie outside `stored`.
  init(
    name: String, shape: [Int], type: ElementType, stored: CheckedBytes, layout: TensorLayout
  ) throws(FormatError) {
    func fault(_ problem: String) -> FormatError {
      stored.error("\(problem), tensor '\(shown(name))'")
    }
    guard let count = product(shape), product([count, type.size]) != nil else {
      throw fault("the shape is too large")
    }
    guard let end = layout.end(shape) else { throw fault("shape, strides or offset are wrong") }
    guard count == 0 || end <= stored.count / type.size else {
      throw fault("the strides leave the storage")
    }
    (self.name, self.shape, self.type) = (name, shape, type)
    let isView = count == 0 || (layout.isRowMajor(shape) && (!layout.isBigEndian || type.size == 1))
    self.layout = isView ? nil : layout.withoutIdleStrides(shape)
    self.stored =
      isView
      ? try stored.slice(
        at: UInt64(count == 0 ? 0 : layout.first * type.size), count: UInt64(count * type.size))
      : stored
  }

  private init(name: String, shape: [Int], type: ElementType, made: [UInt8]) {
    (self.name, self.shape, self.type) = (name, shape, type)
    stored = CheckedBytes(made, file: name)
    layout = nil
  }

  /// Names a tensor of Float.
  public init(name: String, _ tensor: Tensor<Float>) {
    self.init(
      name: name, shape: tensor.shape, type: .float32, made: littleEndianBytes(of: tensor.scalars))
  }

  /// Names a tensor of Double.
  public init(name: String, _ tensor: Tensor<Double>) {
    self.init(
      name: name, shape: tensor.shape, type: .float64, made: littleEndianBytes(of: tensor.scalars))
  }

  /// Names a tensor of whole numbers, kept in 64 bits.
  public init(name: String, _ tensor: Tensor<Int>) {
    self.init(
      name: name, shape: tensor.shape, type: .int64,
      made: littleEndianBytes(of: tensor.scalars.map { Int64($0) }))
  }

  /// Names a tensor of bytes.
  public init(name: String, _ tensor: Tensor<UInt8>) {
    self.init(name: name, shape: tensor.shape, type: .uint8, made: tensor.scalars)
  }

  /// The number of values.
  public var count: Int { shape.reduce(1, *) }

  /// The number of bytes of the values.
  public var byteCount: Int { count * type.size }

  /// The values: row-major, little-endian, `byteCount` bytes.
  ///
  /// - Complexity: O(1) and no copy when the file holds them so; otherwise they are laid out at each
  ///   call.
  public var bytes: CheckedBytes {
    guard let layout else { return stored }
    return CheckedBytes(layout.gathered(stored, shape, type.size), file: stored.file)
  }

  /// Whether the file holds one value that stands for all.
  public var isConstant: Bool { layout?.strides.allSatisfy { $0 == 0 } ?? false }

  /// The one value of a constant tensor as a tensor of no dimensions; others as they are.
  private var withoutRepeats: NamedTensor {
    isConstant
      ? NamedTensor(name: name, shape: [], type: type, made: element) : self
  }

  /// The bytes of the first value.
  private var element: [UInt8] {
    guard let layout else { return [] }
    return TensorLayout(first: layout.first, strides: [], isBigEndian: layout.isBigEndian)
      .gathered(stored, [], type.size)
  }

  /// The CRC-32 of `bytes`; a constant tensor is not laid out for it.
  public var crc32: UInt32 {
    guard isConstant else { return CRC32.of(bytes.span) }
    return CRC32.of(element, times: count)
  }

  /// The values rounded to Float; truth values become 0 and 1.
  ///
  /// - Throws: an error when the type is complex or has 8 bits of floating point.
  public func floats() throws(FormatError) -> Tensor<Float> {
    if isConstant, let value = try withoutRepeats.floats().scalars.first {
      return Tensor(shape: shape, scalars: [Float](repeating: value, count: count))
    }
    let values: [Float]
    switch type {
    case .float32: values = bytes.floats()
    case .float16: values = bytes.array.numbers(of: UInt16.self).map { float(half: $0) }
    case .bfloat16:
      values = bytes.array.numbers(of: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .float64: values = bytes.array.doubles().map { Float($0) }
    default:
      values = try convertedIntegers {
        Float($0)
      } unsigned: {
        Float($0)
      }
    }
    return Tensor(shape: shape, scalars: values)
  }

  /// Whether the file holds the values one after the other, so that rows can be read by themselves.
  public var isContiguous: Bool { layout == nil && !shape.isEmpty }

  /// The values of some rows (indices of the first dimension), rounded to Float.
  ///
  /// A mapped file's memory is given back afterwards.
  ///
  /// - Precondition: the rows exist, and `isContiguous`.
  /// - Throws: an error when the type is complex or has 8 bits of floating point.
  public func floats(rows: Range<Int>) throws(FormatError) -> [Float] {
    precondition(
      isContiguous && rows.lowerBound >= 0 && rows.upperBound <= shape[0],
      "rows \(rows) of a tensor of shape \(shape)")
    let size = UInt64(byteCount / max(1, shape[0]))
    let part = try stored.slice(
      at: UInt64(rows.lowerBound) * size, count: UInt64(rows.count) * size)
    defer { part.release() }
    return try NamedTensor(
      name: name, shape: [rows.count] + shape.dropFirst(), type: type, bytes: part
    ).floats().scalars
  }

  /// The values as Double, rounded where 64-bit whole numbers need more than 53 bits.
  ///
  /// - Throws: an error when the type is complex or has 8 bits of floating point.
  public func doubles() throws(FormatError) -> Tensor<Double> {
    let values: [Double]
    switch type {
    case .float64: values = bytes.array.doubles()
    case .float32, .float16, .bfloat16: values = try floats().scalars.map { Double($0) }
    default:
      values = try convertedIntegers {
        Double($0)
      } unsigned: {
        Double($0)
      }
    }
    return Tensor(shape: shape, scalars: values)
  }

  /// The values of a type of whole numbers or truth values.
  ///
  /// - Throws: an error when the type is another, or a value does not fit an Int.
  public func integers() throws(FormatError) -> Tensor<Int> {
    let values = try convertedIntegers {
      Int($0)
    } unsigned: {
      Int(exactly: $0) ?? -1
    }
    if type == .uint64, let index = values.firstIndex(of: -1) {
      throw stored.error("value \(index) does not fit 63 bits, tensor '\(shown(name))'")
    }
    return Tensor(shape: shape, scalars: values)
  }

  private func convertedIntegers<Value>(
    _ signed: (Int64) -> Value, unsigned: (UInt64) -> Value
  ) throws(FormatError) -> [Value] {
    let raw = type.isInteger ? bytes.array : []
    switch type {
    case .bool: return raw.map { signed($0 == 0 ? 0 : 1) }
    case .uint8: return raw.map { signed(Int64($0)) }
    case .int8: return raw.map { signed(Int64(Int8(bitPattern: $0))) }
    case .uint16: return raw.numbers(of: UInt16.self).map { signed(Int64($0)) }
    case .int16: return raw.numbers(of: Int16.self).map { signed(Int64($0)) }
    case .uint32: return raw.numbers(of: UInt32.self).map { signed(Int64($0)) }
    case .int32: return raw.numbers(of: Int32.self).map { signed(Int64($0)) }
    case .uint64: return raw.numbers(of: UInt64.self).map { unsigned($0) }
    case .int64: return raw.numbers(of: Int64.self).map { signed($0) }
    default:
      throw stored.error(
        "values of type \(type.rawValue) are not converted, "
          + "tensor '\(shown(name))'")
    }
  }

  /// The same values in half precision, each rounded once, to nearest, ties to even; types that are
  /// no floating point stay as they are.
  ///
  /// - Parameter first: the index of the first value in the whole tensor, for the error.
  /// - Returns: a tensor of the same shape.
  /// - Throws: an error when a finite value is beyond half precision.
  public func halved(from first: Int = 0) throws(FormatError) -> NamedTensor {
    guard type.isFloatingPoint, type != .float16 else { return self }
    if isConstant {
      let value = try withoutRepeats.halved()
      return try NamedTensor(
        name: name, shape: shape, type: .float16, stored: value.bytes,
        layout: TensorLayout(strides: shape.map { _ in 0 }))
    }
    let patterns =
      try type == .float64
      ? halves(of: doubles(), first) : halves(of: floats(), first)
    return NamedTensor(
      name: name, shape: shape, type: .float16, made: littleEndianBytes(of: patterns))
  }

  private func halves<Value: BinaryFloatingPoint>(
    of tensor: Tensor<Value>, _ first: Int
  ) throws(FormatError) -> [UInt16] {
    var patterns: [UInt16] = []
    patterns.reserveCapacity(tensor.scalars.count)
    for (index, value) in tensor.scalars.enumerated() {
      let pattern = half(Double(value))
      if pattern & 0x7fff == 0x7c00, value.isFinite {
        throw error("value \(first + index) is beyond half precision, whose largest is 65504")
      }
      patterns.append(pattern)
    }
    return patterns
  }

  /// The row-major index of the first value that is NaN or infinite; `nil` when there is none.
  ///
  /// Types that are not converted count as finite. Nothing is copied.
  public var firstNonFinite: Int? {
    // All bits of the exponent are set in the two highest bytes.
    let mask: (high: UInt8, low: UInt8)
    switch type {
    case .float32, .bfloat16: mask = (0x7f, 0x80)
    case .float64: mask = (0x7f, 0xf0)
    case .float16: mask = (0x7c, 0)
    default: return nil
    }
    if isConstant { return withoutRepeats.firstNonFinite }
    let (whole, size) = (bytes, type.size)
    let span = whole.span
    for index in 0..<count {
      let last = (index + 1) * size - 1
      if span[last] & mask.high == mask.high && span[last - 1] & mask.low == mask.low {
        return index
      }
    }
    return nil
  }
}

extension NamedTensor {
  /// An error of the file that holds this tensor, which names the tensor.
  public func error(_ problem: String) -> FormatError {
    stored.error("\(problem), tensor '\(shown(name))'")
  }
}

extension [NamedTensor] {
  /// The first tensor of this name.
  public subscript(name: String) -> NamedTensor? {
    first { $0.name.utf8.elementsEqual(name.utf8) }
  }

  /// Refuses weights of which a value is NaN or infinite, as a network must.
  ///
  /// - Throws: an error that names the tensor and the index of the value.
  public func refuseNonFinite() throws(FormatError) {
    for tensor in self {
      guard let index = tensor.firstNonFinite else { continue }
      throw tensor.error(
        "value \(index) is NaN or infinite")
    }
  }
}

/// The product of factors that are not negative; `nil` when an Int cannot hold it.
///
/// The factors are multiplied even after a zero, so that a shape whose other extents are absurd is
/// refused.
func product(_ factors: [Int]) -> Int? {
  var (result, isEmpty) = (1, false)
  for factor in factors {
    if factor < 0 { return nil }
    if factor == 0 {
      isEmpty = true
      continue
    }
    let (next, overflow) = result.multipliedReportingOverflow(by: factor)
    if overflow { return nil }
    result = next
  }
  return isEmpty ? 0 : result
}

/// A name as an error message shows it: control characters escaped, at most 80 characters.
func shown(_ name: String) -> String { printable(name, limit: 80) }
