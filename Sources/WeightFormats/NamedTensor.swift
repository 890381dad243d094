// A tensor as a file holds it: a name, a shape, a type of number and bytes.
//
// Deviations: none. Checked by: NamedTensorTests. Cost: reading a file copies nothing here; each
//   conversion copies once.

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
  /// The values: row-major, little-endian, `count * type.size` bytes.
  public let bytes: CheckedBytes

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
    (self.name, self.shape, self.type, self.bytes) = (name, shape, type, bytes)
  }

  private init(name: String, shape: [Int], type: ElementType, made: [UInt8]) {
    (self.name, self.shape, self.type) = (name, shape, type)
    bytes = CheckedBytes(made, file: name)
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
  public var count: Int { bytes.count / type.size }

  /// The values rounded to Float; truth values become 0 and 1.
  ///
  /// - Throws: an error when the type is complex or has 8 bits of floating point.
  public func floats() throws(FormatError) -> Tensor<Float> {
    let raw = bytes.array
    let values: [Float]
    switch type {
    case .float32: values = raw.floats()
    case .float16: values = raw.numbers(of: UInt16.self).map { float(half: $0) }
    case .bfloat16:
      values = raw.numbers(of: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .float64: values = raw.doubles().map { Float($0) }
    default:
      values = try convertedIntegers {
        Float($0)
      } unsigned: {
        Float($0)
      }
    }
    return Tensor(shape: shape, scalars: values)
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
      throw bytes.error("value \(index) does not fit 63 bits, tensor '\(shown(name))'")
    }
    return Tensor(shape: shape, scalars: values)
  }

  private func convertedIntegers<Value>(
    _ signed: (Int64) -> Value, unsigned: (UInt64) -> Value
  ) throws(FormatError) -> [Value] {
    let raw = bytes.array
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
      throw bytes.error(
        "values of type \(type.rawValue) are not converted, "
          + "tensor '\(shown(name))'")
    }
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
    let (span, size) = (bytes.span, type.size)
    for index in 0..<count {
      let last = (index + 1) * size - 1
      if span[last] & mask.high == mask.high && span[last - 1] & mask.low == mask.low {
        return index
      }
    }
    return nil
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
      throw tensor.bytes.error(
        "value \(index) is NaN or infinite, tensor '\(shown(tensor.name))'")
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
