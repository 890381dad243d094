// Vector types of this build; the same source is built three times (see ARCHITECTURE in README).
// NITAL_512 and NITAL_256 are set by the manifest; without them the native width is 128 bits.

#if NITAL_512
typealias FloatVector = SIMD16<Float>
typealias DoubleVector = SIMD8<Double>
#elseif NITAL_256
typealias FloatVector = SIMD8<Float>
typealias DoubleVector = SIMD4<Double>
#else
typealias FloatVector = SIMD4<Float>
typealias DoubleVector = SIMD2<Double>
#endif

/// acc + a * b, fused where the build has fused multiply-add.
///
/// `addProduct` on a target without it is a library call per lane, hence the choice here.
@inline(__always)
func multiplyAdd(_ acc: FloatVector, _ a: FloatVector, _ b: FloatVector) -> FloatVector {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(a, b)
  #else
  acc + a * b
  #endif
}

/// acc + a * b, fused where the build has fused multiply-add.
@inline(__always)
func multiplyAdd(_ acc: DoubleVector, _ a: DoubleVector, _ b: DoubleVector) -> DoubleVector {
  #if NITAL_FMA || arch(arm64)
  acc.addingProduct(a, b)
  #else
  acc + a * b
  #endif
}

/// The vector at `p`, of any alignment.
@inline(__always)
func load(_ p: UnsafePointer<Float>) -> FloatVector {
  UnsafeRawPointer(p).loadUnaligned(as: FloatVector.self)
}

/// The vector at `p`, of any alignment.
@inline(__always)
func load(_ p: UnsafePointer<Double>) -> DoubleVector {
  UnsafeRawPointer(p).loadUnaligned(as: DoubleVector.self)
}

/// Puts a vector at `p`, of any alignment.
@inline(__always)
func store(_ v: FloatVector, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: FloatVector.self)
}

/// Puts a vector at `p`, of any alignment.
@inline(__always)
func store(_ v: DoubleVector, _ p: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: DoubleVector.self)
}

/// The values at `p` as vectors; `p` has a vector's alignment.
@inline(__always)
func vectors(_ p: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<FloatVector> {
  UnsafeMutableRawPointer(p).assumingMemoryBound(to: FloatVector.self)
}

/// The vector with 0 for negative lanes; NaN stays.
@inline(__always)
func rectified(_ v: FloatVector) -> FloatVector { v.replacing(with: 0, where: v .< 0) }

/// The vector with 0 for negative lanes; NaN stays.
@inline(__always)
func rectified(_ v: DoubleVector) -> DoubleVector { v.replacing(with: 0, where: v .< 0) }
