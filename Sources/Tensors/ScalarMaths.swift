// Exponential, logarithm and cube root of one Double, the same bits on every host.
//
// Implements: additive argument reduction (W. Cody, W. Waite, "Software Manual for the Elementary
//   Functions", 1980); the form of the logarithm is K. C. Ng's (FreeBSD msun, e_log.c, comment);
//   Chebyshev fits of the reduced functions (Tests/Fixtures/generate_polynomials.py).
// Equation -> code: e^x = 2^k e^r, e^r = 1 + r + r^2 q(r) -> `exponential`;
//   log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))), s = f / (2 + f) -> `naturalLogarithm`;
//   t <- t (t^3 + 2 m) / (2 t^3 + m), Halley's rule for t^3 = m -> `cubeRoot`.
// Symbols: k -> exponent, r f s -> reduced arguments, q R -> fits.
// Deviations: no fused multiply-add anywhere, so that hosts with and without it agree.
// Checked by: ScalarMathsTests (60-digit golden values, a random sweep).
// Cost: 15 to 40 multiplications.

/// Adding and subtracting 1.5 * 2^52 rounds to the nearest whole number.
let roundingShift = 0x1.8p52

/// The first 32 bits of ln 2, whose product with a 20-bit number is exact.
let ln2High = 0x1.62e42feep-1
/// The rest of ln 2.
let ln2Low = 0x1.a39ef35793c76p-33

/// The product of `x` and 2 to the power `k`, rounded once.
///
/// The exponent `k` is at least -1200 and at most 1200.
func scaled(_ x: Double, byPowerOfTwo k: Int) -> Double {
  let half = k >> 1
  return (x * powerOfTwo(half)) * powerOfTwo(k - half)
}

/// The power of two with exponent `k`, at least -1022 and at most 1023.
func powerOfTwo(_ k: Int) -> Double { Double(bitPattern: UInt64(k + 1023) << 52) }

/// e to the power x.
public func exponential(_ x: Double) -> Double { exponential(x, tail: 0) }

/// e to the power x + tail, for a tail much smaller than x.
func exponential(_ x: Double, tail: Double) -> Double {
  if x.isNaN { return x }
  if x > 710 { return .infinity }
  if x < -746 { return 0 }
  let k = (x * 0x1.71547652b82fep0 + roundingShift) - roundingShift
  let high = x - k * ln2High
  let low = k * ln2Low - tail
  let r = high - low
  let lost = (high - r) - low
  let q = reducedExponential(r)
  return scaled(1 + (r + (r * r * q + lost)), byPowerOfTwo: Int(k))
}

/// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2.
private func reducedExponential(_ r: Double) -> Double {
  var q = 0x1.1f7340dbc337ep-29 * r + 0x1.af4e554377204p-26
  q = q * r + 0x1.27e4db46cddd1p-22
  q = q * r + 0x1.71de01fdbf9cap-19
  q = q * r + 0x1.a01a01a6e1e2ap-16
  q = q * r + 0x1.a01a01abf85abp-13
  q = q * r + 0x1.6c16c16c162c3p-10
  q = q * r + 0x1.11111111100bep-7
  q = q * r + 0x1.5555555555556p-5
  q = q * r + 0x1.5555555555557p-3
  return q * r + 0x1p-1
}

/// The exponent k and significand m in sqrt(1/2) ..< sqrt(2) of a positive finite number.
func splitExponent(_ x: Double) -> (k: Int, m: Double) {
  let subnormal = x < 0x1p-1022
  let bits = (subnormal ? x * 0x1p54 : x).bitPattern
  let k = Int(Int64(bitPattern: bits &- 0x3FE6_A09E_667F_3BCD) >> 52)
  return (subnormal ? k - 54 : k, Double(bitPattern: bits &- UInt64(bitPattern: Int64(k) << 52)))
}

/// The natural logarithm; -infinity at 0, NaN below.
public func naturalLogarithm(_ x: Double) -> Double {
  if !(x > 0) { return x == 0 ? -.infinity : .nan }
  if x == .infinity { return x }
  let (exponent, m) = splitExponent(x)
  let k = Double(exponent)
  let f = m - 1
  let s = f / (2 + f)
  let z = s * s
  var R = 0x1.e6bf079f670fep-4 * z + 0x1.debd2cc5021e0p-4
  R = R * z + 0x1.111d30dcfa14ap-3
  R = R * z + 0x1.3b137afb813a0p-3
  R = R * z + 0x1.745d17d40cf59p-3
  R = R * z + 0x1.c71c71c64b463p-3
  R = R * z + 0x1.2492492492962p-2
  R = R * z + 0x1.9999999999998p-2
  R = (R * z + 0x1.5555555555555p-1) * z
  let halfSquare = 0.5 * f * f
  return k * ln2High - ((halfSquare - (s * (halfSquare + R) + k * ln2Low)) - f)
}

/// The cube root, with the sign of `x`.
public func cubeRoot(_ x: Double) -> Double {
  if x == 0 || !x.isFinite { return x }
  let a = x.magnitude
  let exponent = Int(a.exponent)
  let third = exponent >= 0 ? exponent / 3 : -((2 - exponent) / 3)
  let m = scaled(a, byPowerOfTwo: -3 * third)
  // A line through the cube roots of 1 and 8, then two steps that treble the number of digits.
  var t = 0.92 + m * (0.23 - m * 0.0125)
  for _ in 0..<3 {
    let cube = t * t * t
    t *= (cube + 2 * m) / (2 * cube + m)
  }
  // With 23 bits, t * t is exact, and one Newton step leaves an error below 0.67 ulp.
  t = Double(bitPattern: (t.bitPattern &+ 0x2000_0000) & 0xFFFF_FFFF_C000_0000)
  let r = m / (t * t)
  t += t * ((r - t) / (2 * t + r))
  let root = scaled(t, byPowerOfTwo: third)
  return x < 0 ? -root : root
}

/// The hyperbolic tangent.
public func hyperbolicTangent(_ x: Double) -> Double {
  let a = x.magnitude
  if a < 0x1p-28 { return x }
  if !(a >= 0.625) {
    let z = x * x
    var q = 0x1.d549f7b1deb46p-21 * z - 0x1.38ef04490f79dp-18
    q = q * z + 0x1.edb5c5994d942p-17
    q = q * z - 0x1.44d3b38531fe3p-15
    q = q * z + 0x1.95bc939d792ccp-14
    q = q * z - 0x1.f56729a0cdde1p-13
    q = q * z + 0x1.35573ad58f627p-11
    q = q * z - 0x1.7da356ec2b76bp-10
    q = q * z + 0x1.d6d3d05b4b5b2p-9
    q = q * z - 0x1.226e355cb88bbp-7
    q = q * z + 0x1.664f4882ba6c0p-6
    q = q * z - 0x1.ba1ba1ba1b943p-5
    q = q * z + 0x1.1111111111111p-3
    q = q * z - 0x1.5555555555555p-2
    return x + x * z * q
  }
  let y = 1 - 2 / (exponential(2 * min(a, 20)) + 1)
  return x < 0 ? -y : y
}

/// The logistic function 1 / (1 + e^-x).
public func logisticSigmoid(_ x: Double) -> Double {
  if x.isNaN { return x }
  let e = exponential(-x.magnitude)
  return (x >= 0 ? 1 : e) / (1 + e)
}
