// The types of number that weight files hold, and how their bits become Float, Double or Int.
//
// Symbols: names as safetensors writes them.
// Deviations: none. Checked by: NamedTensorTests.

/// The type of a tensor's values in a file; the raw value is safetensors' name for it.
public enum ElementType: String, Sendable, CaseIterable {
  /// One byte, 0 or 1.
  case bool = "BOOL"
  /// Whole numbers without sign, 8 bits.
  case uint8 = "U8"
  /// Whole numbers with sign, 8 bits.
  case int8 = "I8"
  /// 8-bit floating point, 5 bits of exponent; listed, not converted.
  case float8E5M2 = "F8_E5M2"
  /// 8-bit floating point, 4 bits of exponent; listed, not converted.
  case float8E4M3 = "F8_E4M3"
  /// 8-bit powers of two; listed, not converted.
  case float8E8M0 = "F8_E8M0"
  /// Whole numbers without sign, 16 bits.
  case uint16 = "U16"
  /// Whole numbers with sign, 16 bits.
  case int16 = "I16"
  /// IEEE 754 half precision.
  case float16 = "F16"
  /// The upper half of a Float.
  case bfloat16 = "BF16"
  /// Whole numbers without sign, 32 bits.
  case uint32 = "U32"
  /// Whole numbers with sign, 32 bits.
  case int32 = "I32"
  /// IEEE 754 single precision.
  case float32 = "F32"
  /// Two Floats; listed, not converted.
  case complex64 = "C64"
  /// Whole numbers without sign, 64 bits.
  case uint64 = "U64"
  /// Whole numbers with sign, 64 bits.
  case int64 = "I64"
  /// IEEE 754 double precision.
  case float64 = "F64"

  /// The number of bytes of one value.
  public var size: Int {
    switch self {
    case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .complex64: 8
    }
  }

  /// The name that NumPy and PyTorch give the type, such as `float32`.
  public var name: String {
    switch self {
    case .bool: "bool"
    case .uint8, .uint16, .uint32, .uint64: "uint\(8 * size)"
    case .int8, .int16, .int32, .int64: "int\(8 * size)"
    case .float16, .float32, .float64: "float\(8 * size)"
    case .bfloat16: "bfloat16"
    case .complex64: "complex64"
    case .float8E5M2: "float8_e5m2"
    case .float8E4M3: "float8_e4m3"
    case .float8E8M0: "float8_e8m0"
    }
  }

  /// Whether the values are whole numbers or truth values.
  public var isInteger: Bool {
    switch self {
    case .bool, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    default: false
    }
  }

  /// Whether the values are floating-point numbers that this module converts.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }
}

/// The value of an IEEE 754 half-precision bit pattern; NaN keeps its payload.
func float(half bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10) & 0x1f
  let fraction = UInt32(bits & 0x3ff)
  if exponent == 0 {
    let magnitude = Float(fraction) * 0x1p-24
    return sign == 0 ? magnitude : -magnitude
  }
  let wide = exponent == 31 ? 0xff : exponent + 112
  return Float(bitPattern: sign | wide << 23 | fraction << 13)
}

/// The IEEE 754 half-precision pattern nearest to a number, ties to even; beyond 65,504 infinity.
///
/// A Float is a Double exactly, so that nothing is rounded twice.
func half(_ value: Double) -> UInt16 {
  let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
  let magnitude = abs(value)
  if value.isNaN { return sign | 0x7e00 }
  // Halfway between 65,504 and the next power of two, the tie goes to the even side: infinity.
  if magnitude >= 65_520 { return sign | 0x7c00 }
  if magnitude < 0x1p-14 {
    return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
  }
  let exponent = Int(magnitude.exponent)
  let scaled = Double(sign: .plus, exponent: 10 - exponent, significand: magnitude)
  // 1024 ... 2048: the hidden bit, or a carry, adds one to the exponent's field.
  let fraction = UInt16(scaled.rounded(.toNearestOrEven))
  return sign | (UInt16(exponent + 14) << 10 &+ fraction)
}
