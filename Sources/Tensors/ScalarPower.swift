// Powers of Doubles through a logarithm of twice the precision, the same bits on every host.
//
// Implements: T. J. Dekker, "A floating-point technique for extending the available precision",
//   Numer. Math. 18 (1971) 224, sections 2 and 5 (sums and products without error).
// Equation -> code: x^y = e^(y log x), log x = k ln 2 + 2 s (1 + z/3 + z^2/5 + z^3 P(z)),
//   s = (m - 1) / (m + 1), z = s^2 -> `power`, `preciseLogarithm`.
// Symbols: (head, tail) -> an unevaluated sum of two Doubles; k m -> exponent and significand of x.
// Deviations: no fused multiply-add anywhere, so that hosts with and without it agree.
// Checked by: ScalarMathsTests (60-digit golden values, a random sweep). Cost: about 200 operations.

/// a + b without error, as head and tail (Knuth's form, for any order of magnitudes).
@inline(__always)
func exactSum(_ a: Double, _ b: Double) -> (head: Double, tail: Double) {
  let head = a + b
  let other = head - a
  return (head, (a - (head - other)) + (b - other))
}

/// a * b without error, as head and tail.
@inline(__always)
func exactProduct(_ a: Double, _ b: Double) -> (head: Double, tail: Double) {
  let head = a * b
  let (aHigh, bHigh) = (upperHalf(a), upperHalf(b))
  let (aLow, bLow) = (a - aHigh, b - bHigh)
  return (head, ((aHigh * bHigh - head) + aHigh * bLow + aLow * bHigh) + aLow * bLow)
}

/// The upper 26 bits of a number, so that the product of two is exact.
@inline(__always)
private func upperHalf(_ a: Double) -> Double {
  Double(bitPattern: a.bitPattern & 0xFFFF_FFFF_F800_0000)
}

/// (a + aTail) (b + bTail) with an error of some 2^-104.
@inline(__always)
func exactProduct(
  _ a: Double, _ aTail: Double, _ b: Double, _ bTail: Double
) -> (head: Double, tail: Double) {
  let (head, tail) = exactProduct(a, b)
  return normalised(head, tail + (a * bTail + aTail * b))
}

/// (a + aTail) + (b + bTail) with an error of some 2^-104 of the larger.
@inline(__always)
private func exactSum(
  _ a: Double, _ aTail: Double, _ b: Double, _ bTail: Double
) -> (head: Double, tail: Double) {
  let (head, tail) = exactSum(a, b)
  return normalised(head, tail + (aTail + bTail))
}

@inline(__always)
private func normalised(_ a: Double, _ b: Double) -> (head: Double, tail: Double) {
  let head = a + b
  return (head, b - (head - a))
}

/// The natural logarithm of a positive finite number with an error of some 2^-68.
private func preciseLogarithm(_ x: Double) -> (head: Double, tail: Double) {
  let (exponent, m) = splitExponent(x)
  let k = Double(exponent)
  // s = f / (2 + f) with its remainder; f = m - 1 is exact, 2 + f is m + 1 with a tail.
  let f = m - 1
  let (below, belowTail) = exactSum(m, 1)
  let s = f / below
  let (p, pTail) = exactProduct(s, below)
  let sTail = (((f - p) - pTail) - s * belowTail) / below
  let (z, zTail) = exactProduct(s, sTail, s, sTail)
  var P = 0x1.b2ebd5566f660p-5 * z + 0x1.acf7370081675p-5
  P = P * z + 0x1.e1f004ce6b5cap-5
  P = P * z + 0x1.1110f7ed90f7bp-4
  P = P * z + 0x1.3b13b16b845a0p-4
  P = P * z + 0x1.745d1745a3aecp-4
  P = P * z + 0x1.c71c71c71c824p-4
  P = P * z + 0x1.2492492492492p-3
  var (u, uTail) = exactSum(0x1.9999999999999p-3, 0x1.3333333333333p-56, z * P, 0)
  (u, uTail) = exactProduct(u, uTail, z, zTail)
  (u, uTail) = exactSum(0x1.5555555555555p-2, 0x1.5555555555555p-56, u, uTail)
  (u, uTail) = exactProduct(u, uTail, z, zTail)
  (u, uTail) = exactProduct(u, uTail, 2 * s, 2 * sTail)
  (u, uTail) = exactSum(2 * s, 2 * sTail, u, uTail)
  let (l, lTail) = exactProduct(k, 0, 0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56)
  return k == 0 ? (u, uTail) : exactSum(l, lTail, u, uTail)
}

/// `x` to the power `y`, with the special values of IEEE 754's pow.
public func power(_ x: Double, _ y: Double) -> Double {
  if y == 0 || x == 1 { return 1 }
  if x.isNaN || y.isNaN { return .nan }
  let a = x.magnitude
  if y.isInfinite { return a == 1 ? 1 : ((a > 1) == (y > 0) ? .infinity : 0) }
  let whole = y.rounded(.towardZero) == y
  // Halves of numbers from 2^53 on are whole, so those y count as even.
  let odd = whole && (y / 2).rounded(.towardZero) != y / 2
  let negative = x.sign == .minus && odd
  if a == 0 || a == .infinity {
    let limit: Double = (a == 0) == (y > 0) ? 0 : .infinity
    return negative ? -limit : limit
  }
  if x < 0 && !whole { return .nan }
  let (l, lTail) = preciseLogarithm(a)
  let magnitude: Double
  if (y * l).magnitude > 800 {
    magnitude = y * l > 0 ? .infinity : 0
  } else if y.magnitude < 0x1p-900 {
    magnitude = 1
  } else {
    let (e, eTail) = exactProduct(y, 0, l, lTail)
    magnitude = exponential(e, tail: eTail)
  }
  return negative ? -magnitude : magnitude
}
