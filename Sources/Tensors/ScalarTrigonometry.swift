// Sine, cosine, arc tangent and hypotenuse of Doubles, the same bits on every host.
//
// Implements: reduction by pi/2 in four parts (Cody and Waite 1980) and, for large arguments, with
//   192 bits of 2/pi in whole numbers (M. Payne, R. Hanek, "Radian reduction for trigonometric
//   functions", SIGNUM Newsletter 18 (1983) 19); Chebyshev fits of the reduced functions
//   (Tests/Fixtures/generate_polynomials.py).
// Equation -> code: x = n pi/2 + r -> `reducedAngle`; sin r = r + r^3 S(r^2),
//   cos r = 1 - r^2/2 + r^4 C(r^2) -> `sineKernel`, `cosineKernel`;
//   atan q = atan(k/8) + atan((q - k/8) / (1 + q k/8)) -> `arcTangent2`.
// Symbols: n -> quadrant, r -> reduced angle (head and tail), S C -> fits.
// Deviations: no fused multiply-add anywhere, so that hosts with and without it agree.
// Checked by: ScalarMathsTests (60-digit golden values, a random sweep).
// Cost: 20 to 40 multiplications; about 100 operations on whole numbers above 2^19.

/// The sine of an angle in radians; NaN for an infinite one.
public func sine(_ x: Double) -> Double {
  if x.magnitude < 0x1p-27 { return x }
  let (quadrant, r, tail) = reducedAngle(x)
  let y = quadrant & 1 == 0 ? sineKernel(r, tail) : cosineKernel(r, tail)
  return quadrant & 2 == 0 ? y : -y
}

/// The cosine of an angle in radians; NaN for an infinite one.
public func cosine(_ x: Double) -> Double {
  let (quadrant, r, tail) = reducedAngle(x)
  let y = quadrant & 1 == 0 ? cosineKernel(r, tail) : sineKernel(r, tail)
  return (quadrant + 1) & 2 == 0 ? y : -y
}

private func sineKernel(_ r: Double, _ tail: Double) -> Double {
  let z = r * r
  var S = -0x1.ab161757f0c63p-41 * z + 0x1.61217c1864fa1p-33
  S = S * z - 0x1.ae64540f0ba18p-26
  S = S * z + 0x1.71de3a545e700p-19
  S = S * z - 0x1.a01a01a019926p-13
  S = S * z + 0x1.1111111111110p-7
  S = S * z - 0x1.5555555555555p-3
  return r + (r * z * S + (tail - 0.5 * z * tail))
}

private func cosineKernel(_ r: Double, _ tail: Double) -> Double {
  let z = r * r
  var C = 0x1.ab76cf6e9b365p-45 * z - 0x1.9394b76d1f265p-37
  C = C * z + 0x1.1eed8de9ef73ep-29
  C = C * z - 0x1.27e4fb7711e1dp-22
  C = C * z + 0x1.a01a01a019d02p-16
  C = C * z - 0x1.6c16c16c16c16p-10
  C = C * z + 0x1.5555555555555p-5
  let half = 0.5 * z
  let w = 1 - half
  return w + (((1 - w) - half) + (z * z * C - r * tail))
}

/// The quadrant n and the angle r + tail, at most pi/4 either way, with x = n pi/2 + r + tail.
private func reducedAngle(_ x: Double) -> (quadrant: Int, r: Double, tail: Double) {
  if x.magnitude <= 0x1.921fb54442d18p-1 { return (0, x, 0) }
  if !x.isFinite { return (0, .nan, .nan) }
  if x.magnitude >= 0x1p19 { return reducedLargeAngle(x) }
  let n = (x * 0x1.45f306dc9c883p-1 + roundingShift) - roundingShift
  let (a, aTail) = exactSum(x - n * 0x1.921fb544p0, -n * 0x1.0b4611a6p-34)
  let (b, bTail) = exactSum(a, -n * 0x1.3198a2ep-69)
  let (r, tail) = exactSum(b, (aTail + bTail) - n * 0x1.b839a252049c1p-104)
  return (Int(n) & 3, r, tail)
}

/// 2/pi as whole words after the binary point; the first word lets a shift begin before the point.
private let twoOverPi: [UInt64] = [
  0, 0xA2F9_836E_4E44_1529, 0xFC27_57D1_F534_DDC0, 0xDB62_9599_3C43_9041, 0xFE51_63AB_DEBB_C561,
  0xB724_6E3A_424D_D2E0, 0x0649_2EEA_09D1_921C, 0xFE1D_EB1C_B129_A73E, 0xE882_35F5_2EBB_4484,
  0xE99C_7026_B45F_7E41, 0x3991_D639_8353_39F4, 0x9C84_5F8B_BDF9_283B, 0x1FF8_97FF_DE05_980F,
  0xEF2F_118B_5A0A_6D1F, 0x6D36_7ECF_27CB_09B7, 0x4F46_3F66_9E5F_EA2D, 0x7527_BAC7_EBE5_F17B,
  0x3D07_39F7_8A52_92EA, 0x6BFB_5FB1_1F8D_5D08, 0x5603_3046_FC7B_6BAB, 0xF0CF_BC20_9AF4_361D,
]

/// `reducedAngle` for 2^19 and above: the fraction of x * 2/pi modulo 4 in 192-bit fixed point.
private func reducedLargeAngle(_ x: Double) -> (quadrant: Int, r: Double, tail: Double) {
  let M = x.magnitude.significandBitPattern | (1 << 52)
  // Bits of 2/pi that x would shift beyond weight 4 are left out: they are whole turns.
  let start = Int(x.exponent) - 52 - 2 + 64
  let (word, shift) = (start >> 6, start & 63)
  func bits(_ i: Int) -> UInt64 {
    let w = twoOverPi[word + i]
    return shift == 0 ? w : (w << shift) | (twoOverPi[word + i + 1] >> (64 - shift))
  }
  let low = bits(2).multipliedFullWidth(by: M)
  let middle = bits(1).multipliedFullWidth(by: M)
  let (second, carry) = middle.low.addingReportingOverflow(low.high)
  let first = (bits(0) &* M) &+ middle.high &+ (carry ? 1 : 0)
  // Two bits before the point are the quadrant; the rest is rounded to nearest, so may be negative.
  var quadrant = Int(first >> 62)
  var high = (first << 2) | (second >> 62)
  var rest = (second << 2) | (low.low >> 62)
  let negative = high >> 63 == 1
  if negative {
    quadrant += 1
    rest = ~rest &+ 1
    high = ~high &+ (rest == 0 ? 1 : 0)
  }
  let fraction = Double(high >> 11) * 0x1p-53
  let middleBits = Double(((high & 0x7FF) << 42) | (rest >> 22)) * 0x1p-106
  let remainder = middleBits + Double(rest & 0x3F_FFFF) * 0x1p-128
  let (r, tail) = exactProduct(fraction, remainder, 0x1.921fb54442d18p0, 0x1.1a62633145c07p-54)
  let flips = negative != (x < 0)
  return ((x < 0 ? -quadrant : quadrant) & 3, flips ? -r : r, flips ? -tail : tail)
}

/// The arc tangents of 0, 1/8 and so on up to 1, as head and tail.
private let arcTangents: [(Double, Double)] = [
  (0, 0), (0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59),
  (0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57), (0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56),
  (0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56), (0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58),
  (0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56), (0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56),
  (0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55),
]

/// The angle of the point (x, y) from the positive x axis, between -pi and pi radians.
public func arcTangent2(_ y: Double, _ x: Double) -> Double {
  if x.isNaN || y.isNaN { return .nan }
  var (small, large) = (min(x.magnitude, y.magnitude), max(x.magnitude, y.magnitude))
  let steep = y.magnitude > x.magnitude
  if small == .infinity { (small, large) = (1, 1) }
  let q = small == 0 ? 0 : small / large
  let k = Int(8 * q + 0.5)
  var t = q
  if k > 0 {
    let scale = large > 1 ? 0x1p-100 : 0x1p100
    let c = Double(k) / 8
    (small, large) = (small * scale, large * scale)
    t = (small - c * large) / (large + c * small)
  }
  let z = t * t
  var P = 0x1.37b1322f05620p-4 * z - 0x1.74590b62edab5p-4
  P = P * z + 0x1.c71c6f8ba7affp-4
  P = P * z - 0x1.249249244b00bp-3
  P = P * z + 0x1.9999999999932p-3
  P = P * z - 0x1.5555555555555p-2
  let (head, tail) = (arcTangents[k].0, arcTangents[k].1 + (t + t * z * P))
  let behind = x.sign == .minus
  // 0 + a, pi/2 - a, pi/2 + a or pi - a.
  let turns = steep ? 1.0 : (behind ? 2.0 : 0.0)
  let sign: Double = steep == behind ? 1 : -1
  let (a, aTail) = exactSum(turns * 0x1.921fb54442d18p0, sign * head)
  let angle = a + (aTail + (turns * 0x1.1a62633145c07p-54 + sign * tail))
  return y.sign == .minus ? -angle : angle
}

/// The length of the hypotenuse, sqrt(x^2 + y^2), without overflow or underflow on the way.
public func hypotenuse(_ x: Double, _ y: Double) -> Double {
  if x.isInfinite || y.isInfinite { return .infinity }
  let large = max(x.magnitude, y.magnitude)
  if large == 0 || x.isNaN || y.isNaN { return x.magnitude + y.magnitude }
  let k = Int(large.exponent)
  let (a, b) = (scaled(x, byPowerOfTwo: -k), scaled(y, byPowerOfTwo: -k))
  return scaled((a * a + b * b).squareRoot(), byPowerOfTwo: k)
}
