// Elementary functions of one Double, the same bits on every host.
// (Provisional bodies; the elementwise-maths work replaces them with our own.)

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The natural logarithm.
public func naturalLogarithm(_ x: Double) -> Double { log(x) }
/// e to the power x.
public func exponential(_ x: Double) -> Double { exp(x) }
/// The sine of an angle in radians.
public func sine(_ x: Double) -> Double { sin(x) }
/// The cosine of an angle in radians.
public func cosine(_ x: Double) -> Double { cos(x) }
/// `x` to the power `y`.
public func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
/// The cube root.
public func cubeRoot(_ x: Double) -> Double { cbrt(x) }
