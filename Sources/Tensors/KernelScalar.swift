// The two scalar types that the kernels are written for.

/// A floating-point type that the kernels compute with: `Float` or `Double`.
public protocol KernelScalar: BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Codable, Sendable {
  /// Values that the loops of training take at a time: 32 bytes.
  associatedtype Lanes: SIMD, BitwiseCopyable where Lanes.Scalar == Self

  /// Lane by lane, `a` where x > y, else `b`, as where one is NaN.
  ///
  /// It is a requirement since the compiler makes a loop over lanes of a comparison in generic code.
  static func chosen(_ a: Lanes, otherwise b: Lanes, where x: Lanes, exceeds y: Lanes) -> Lanes
}

extension Float: KernelScalar {
  /// Eight values.
  public typealias Lanes = SIMD8<Float>

  /// Lane by lane, `a` where x > y, else `b`.
  @inline(__always)
  public static func chosen(
    _ a: Lanes, otherwise b: Lanes, where x: Lanes, exceeds y: Lanes
  ) -> Lanes { b.replacing(with: a, where: x .> y) }
}

extension Double: KernelScalar {
  /// Four values.
  public typealias Lanes = SIMD4<Double>

  /// Lane by lane, `a` where x > y, else `b`.
  @inline(__always)
  public static func chosen(
    _ a: Lanes, otherwise b: Lanes, where x: Lanes, exceeds y: Lanes
  ) -> Lanes { b.replacing(with: a, where: x .> y) }
}
