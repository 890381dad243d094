// The two scalar types that the kernels are written for.

/// A floating-point type that the kernels compute with: `Float` or `Double`.
public protocol KernelScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {}

extension Float: KernelScalar {}
extension Double: KernelScalar {}
