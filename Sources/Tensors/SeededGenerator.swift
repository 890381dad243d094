// Random numbers that are the same on every machine: xoshiro256**.
//
// Implements: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators",
//   ACM Trans. Math. Softw. 47 (2021) 36, section 3 (xoshiro256**); seeded by SplitMix64
//   (G. Steele, D. Lea, C. Flood, OOPSLA 2014, section 5) as its authors advise.
//   Integers below a bound: D. Lemire, "Fast random integer generation in an interval",
//   ACM Trans. Model. Comput. Simul. 29 (2019) 3, algorithm 5 (no modulo bias).
//   Normal numbers: G. Marsaglia, T. Bray, SIAM Review 6 (1964) 260 (the polar method).
// Symbols: s0 s1 s2 s3 -> `s`, the 256 bits of state.
// Deviations: the second number of each polar pair is dropped, so that the state is 256 bits alone.
// Checked by: SeededGeneratorTests (the authors' test vectors, moments, chi-squared).
// Cost: about 1 ns a number.

/// A source of random numbers that a seed determines.
public struct SeededGenerator: RandomNumberGenerator, Sendable, Equatable {
  private var s: (UInt64, UInt64, UInt64, UInt64)

  /// A generator whose state is four outputs of SplitMix64 started at `seed`.
  public init(seed: UInt64) {
    var mixer = SplitMix64(state: seed)
    s = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// A generator with this state, which must not be all zeros.
  ///
  /// - Precondition: one of the four words is not zero.
  public init(state: (UInt64, UInt64, UInt64, UInt64)) {
    precondition(state != (0, 0, 0, 0), "xoshiro256** never leaves the state of all zeros")
    s = state
  }

  /// The generator number `index` of the family of `seed`: for work done in parallel.
  public init(seed: UInt64, stream index: Int) {
    var mixer = SplitMix64(state: seed)
    let base = mixer.next()
    var other = SplitMix64(state: UInt64(truncatingIfNeeded: index) ^ 0xD1B5_4A32_D192_ED03)
    self.init(seed: base ^ other.next())
  }

  /// Compares the states.
  public static func == (a: SeededGenerator, b: SeededGenerator) -> Bool { a.s == b.s }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let product = s.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let t = s.1 << 17
    s.2 ^= s.0
    s.3 ^= s.1
    s.1 ^= s.2
    s.0 ^= s.3
    s.2 ^= t
    s.3 = (s.3 << 45) | (s.3 >> 19)
    return result
  }

  /// A number of the uniform distribution on 0 ..< 1, a multiple of 2^-53.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number of the uniform distribution on `lower` ..< `upper`.
  public mutating func uniform(_ lower: Double, _ upper: Double) -> Double {
    lower + (upper - lower) * uniform()
  }

  /// A number of the normal distribution with mean 0 and standard deviation 1.
  public mutating func normal() -> Double {
    while true {
      let u = uniform(-1, 1)
      let v = uniform(-1, 1)
      let q = u * u + v * v
      if q > 0 && q < 1 { return u * (-2 * naturalLogarithm(q) / q).squareRoot() }
    }
  }

  /// A whole number of the uniform distribution on 0 ..< `bound`, without modulo bias.
  ///
  /// - Precondition: `bound` is at least 1.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound >= 1, "no whole number lies in 0 ..< \(bound)")
    let n = UInt64(bound)
    var product = next().multipliedFullWidth(by: n)
    if product.low < n {
      let threshold = (0 &- n) % n
      while product.low < threshold { product = next().multipliedFullWidth(by: n) }
    }
    return Int(product.high)
  }

  /// The numbers 0 ..< `count` in random order, each order equally likely (Fisher-Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<max(0, count))
    for i in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(i, integer(below: i + 1))
    }
    return order
  }

  /// `count` different numbers of 0 ..< `total`, each choice and order equally likely.
  ///
  /// - Precondition: `count` is in 0 ... `total`.
  public mutating func choice(_ count: Int, of total: Int) -> [Int] {
    precondition(count >= 0 && count <= total, "cannot choose \(count) of \(total)")
    var pool = Array(0..<total)
    for i in 0..<count { pool.swapAt(i, i + integer(below: total - i)) }
    return Array(pool.prefix(count))
  }
}

/// SplitMix64: turns a seed of any quality into words that look random.
package struct SplitMix64 {
  private var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
