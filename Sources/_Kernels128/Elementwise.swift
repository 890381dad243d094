// Exponential, logarithm, hyperbolic tangent and logistic sigmoid of arrays of Float.
//
// Implements: additive argument reduction (W. Cody, W. Waite, "Software Manual for the Elementary
//   Functions", 1980) and Chebyshev fits of the reduced functions (the coefficients come from
//   Tests/Fixtures/generate_polynomials.py).
// Equation -> code: e^x = 2^n e^r, n = round(x / ln 2) -> `exponential`;
//   log(2^e (1 + f)) = e ln 2 + f - f^2/2 + f^3 q(f) -> `naturalLogarithm`;
//   tanh x = x + x^3 q(x^2) below 0.625, else 1 - 2 / (e^(2x) + 1) -> `hyperbolicTangent`;
//   1 / (1 + e^-x) = e^-|x| / (1 + e^-|x|) for x < 0 -> `logisticSigmoid`.
// Symbols: n e -> exponents (Int32 lanes), r f -> reduced arguments, q -> the fit.
// Deviations: none. NaN gives NaN; results that are subnormal are rounded once.
// Checked by: ElementwiseKernelTests (all 2^32 arguments under NITAL_EXHAUSTIVE=1).
// Cost: 10 to 30 vector operations for each vector of the build.

#if NITAL_512
typealias IntegerVector = SIMD16<Int32>
#elseif NITAL_256
typealias IntegerVector = SIMD8<Int32>
#else
typealias IntegerVector = SIMD4<Int32>
#endif

/// Adding and subtracting 1.5 * 2^23 rounds to the nearest whole number; the sum's bits hold it.
@inline(__always) private var roundingShift: FloatVector { FloatVector(repeating: 0x1.8p23) }

/// Polynomial a + x (b + x (c + ...)) by Horner's rule, the constant term first.
@inline(__always)
private func polynomial(
  _ x: FloatVector, _ a: Float, _ b: Float, _ c: Float, _ d: Float, _ e: Float, _ f: Float
) -> FloatVector {
  var y = FloatVector(repeating: f)
  y = multiplyAdd(FloatVector(repeating: e), y, x)
  y = multiplyAdd(FloatVector(repeating: d), y, x)
  y = multiplyAdd(FloatVector(repeating: c), y, x)
  y = multiplyAdd(FloatVector(repeating: b), y, x)
  return multiplyAdd(FloatVector(repeating: a), y, x)
}

/// The power of two with exponent `n`, at least -126 and at most 127.
@inline(__always)
private func powerOfTwo(_ n: IntegerVector) -> FloatVector {
  unsafeBitCast((n &+ 127) &<< 23, to: FloatVector.self)
}

/// The exponential as an unevaluated sum (head, tail), both to be scaled by 2^n.
@inline(__always)
private func reducedExponential(
  _ x: FloatVector
) -> (n: IntegerVector, head: FloatVector, tail: FloatVector) {
  let shifted = multiplyAdd(roundingShift, x, FloatVector(repeating: 0x1.715476p0))
  let n = shifted - roundingShift
  let whole =
    unsafeBitCast(shifted, to: IntegerVector.self)
    &- unsafeBitCast(roundingShift, to: IntegerVector.self)
  let high = multiplyAdd(x, n, FloatVector(repeating: -0x1.62e4p-1))
  let low = n * FloatVector(repeating: -0x1.7f7d1cp-20)
  let r = high + low
  let lost = (high - r) + low
  let q = polynomial(
    r, 0x1p-1, 0x1.555556p-3, 0x1.5554e8p-5, 0x1.1110e0p-7, 0x1.6d43b0p-10, 0x1.a1256cp-13)
  let small = multiplyAdd(lost, r * r, q)
  let t = r + small
  let tLost = (r - t) + small
  let head = 1 + t
  let tail = ((1 - head) + t) + tLost
  return (whole, head, tail)
}

@inline(__always)
private func exponential(_ argument: FloatVector) -> FloatVector {
  let low = FloatVector(repeating: -104)
  let high = FloatVector(repeating: 89)
  var x = argument.replacing(with: low, where: argument .< low)
  x = x.replacing(with: high, where: argument .> high)
  let (n, head, tail) = reducedExponential(x)
  let half = n &>> 1
  return ((head + tail) * powerOfTwo(half)) * powerOfTwo(n &- half)
}

@inline(__always)
private func naturalLogarithm(_ argument: FloatVector) -> FloatVector {
  let subnormal = argument .< FloatVector(repeating: 0x1p-126)
  let x = argument.replacing(with: argument * 0x1p23, where: subnormal)
  let bits = unsafeBitCast(x, to: IntegerVector.self)
  let biased = (bits &- 0x3F35_04F3) &>> 23
  let f = unsafeBitCast(bits &- (biased &<< 23), to: FloatVector.self) - 1
  let shiftBits = unsafeBitCast(roundingShift, to: IntegerVector.self)
  var e = unsafeBitCast(biased &+ shiftBits, to: FloatVector.self) - roundingShift
  e = e.replacing(with: e - 23, where: subnormal)
  let z = f * f
  var q = polynomial(
    f, 0x1.249688p-3, -0x1.fdfb82p-4, 0x1.c41b8cp-4, -0x1.b4116ap-4, 0x1.af581ep-4, -0x1.fc06e2p-5)
  q = multiplyAdd(FloatVector(repeating: -0x1.555c54p-3), q, f)
  q = multiplyAdd(FloatVector(repeating: 0x1.9999a8p-3), q, f)
  q = multiplyAdd(FloatVector(repeating: -0x1.fffff2p-3), q, f)
  q = multiplyAdd(FloatVector(repeating: 0x1.555556p-2), q, f)
  var y = (z * f) * q
  y = multiplyAdd(y, e, FloatVector(repeating: 0x1.7f7d1cp-20))
  y = multiplyAdd(y, z, FloatVector(repeating: -0.5))
  y = multiplyAdd(f + y, e, FloatVector(repeating: 0x1.62e4p-1))
  let infinity = FloatVector(repeating: .infinity)
  y = y.replacing(with: -infinity, where: argument .== 0)
  y = y.replacing(with: FloatVector(repeating: .nan), where: argument .< 0)
  y = y.replacing(with: infinity, where: argument .== infinity)
  return y.replacing(with: argument, where: argument .!= argument)
}

/// `magnitude` with the sign bit of `sign`.
@inline(__always)
private func copySign(_ magnitude: FloatVector, _ sign: FloatVector) -> FloatVector {
  let signBit = unsafeBitCast(sign, to: IntegerVector.self) & IntegerVector(repeating: .min)
  return unsafeBitCast(
    unsafeBitCast(magnitude, to: IntegerVector.self) | signBit, to: FloatVector.self)
}

@inline(__always)
private func magnitude(_ x: FloatVector) -> FloatVector {
  unsafeBitCast(
    unsafeBitCast(x, to: IntegerVector.self) & IntegerVector(repeating: .max), to: FloatVector.self)
}

@inline(__always)
private func hyperbolicTangent(_ x: FloatVector) -> FloatVector {
  let a = magnitude(x)
  let z = x * x
  let q = polynomial(
    z, -0x1.555556p-2, 0x1.1110e0p-3, -0x1.ba0548p-5, 0x1.647206p-6, -0x1.1007acp-7, 0x1.26636p-9)
  // The sign is put back for -0, whose sum with the vanishing second term would be +0.
  let small = copySign(multiplyAdd(x, x * z, q), x)
  let bound = FloatVector(repeating: 10)
  let (n, head, tail) = reducedExponential(2 * a.replacing(with: bound, where: a .> bound))
  let e = (head + tail) * powerOfTwo(n)
  let large = copySign(1 - 2 / (e + 1), x)
  let y = small.replacing(with: large, where: a .>= FloatVector(repeating: 0.625))
  return y.replacing(with: x, where: x .!= x)
}

/// With e^-|x| as E + t and 1 + e^-|x| as d + dTail, the quotient is corrected to first order.
@inline(__always)
private func logisticSigmoid(_ x: FloatVector) -> FloatVector {
  let a = magnitude(x)
  let bound = FloatVector(repeating: 104)
  let (n, head, tail) = reducedExponential(-a.replacing(with: bound, where: a .> bound))
  let half = n &>> 1
  let (first, second) = (powerOfTwo(half), powerOfTwo(n &- half))
  let E = (head * first) * second
  let t = (tail * first) * second
  let d = 1 + E
  let dTail = ((1 - d) + E) + t
  let positive = x .>= 0
  let quotient = E.replacing(with: FloatVector(repeating: 1), where: positive) / d
  let rest = t.replacing(with: FloatVector(), where: positive)
  let y = quotient + (rest - quotient * dTail) / d
  return y.replacing(with: x, where: x .!= x)
}

/// Applies `f` to `count` values; the last vector is filled up with ones.
@inline(__always)
private func forEachVector(
  _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int,
  _ f: (FloatVector) -> FloatVector
) {
  let width = FloatVector.scalarCount
  let source = UnsafeRawPointer(input)
  let target = UnsafeMutableRawPointer(output)
  var i = 0
  while i + width <= count {
    let x = source.loadUnaligned(fromByteOffset: i * 4, as: FloatVector.self)
    target.storeBytes(of: f(x), toByteOffset: i * 4, as: FloatVector.self)
    i += width
  }
  guard i < count else { return }
  var x = FloatVector(repeating: 1)
  for lane in 0..<(count - i) { x[lane] = input[i + lane] }
  let y = f(x)
  for lane in 0..<(count - i) { output[i + lane] = y[lane] }
}

/// output[i] = e^input[i].
@inline(never)
public func mapExponential(
  _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int
) {
  forEachVector(input, output, count) { exponential($0) }
}

/// output[i] = log input[i].
@inline(never)
public func mapNaturalLogarithm(
  _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int
) {
  forEachVector(input, output, count) { naturalLogarithm($0) }
}

/// output[i] = tanh input[i].
@inline(never)
public func mapHyperbolicTangent(
  _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int
) {
  forEachVector(input, output, count) { hyperbolicTangent($0) }
}

/// output[i] = 1 / (1 + e^-input[i]).
@inline(never)
public func mapLogisticSigmoid(
  _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ count: Int
) {
  forEachVector(input, output, count) { logisticSigmoid($0) }
}
