// The two scalar types that the kernels are written for.

/// A floating-point type that the kernels compute with: `Float` or `Double`.
public protocol KernelScalar: BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Codable, Sendable {
  /// Values that the loops of training take at a time: 32 bytes.
  associatedtype Lanes: SIMD, BitwiseCopyable where Lanes.Scalar == Self
}

extension Float: KernelScalar {
  /// Eight values.
  public typealias Lanes = SIMD8<Float>
}

extension Double: KernelScalar {
  /// Four values.
  public typealias Lanes = SIMD4<Double>
}
