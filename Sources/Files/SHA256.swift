// SHA-256, to recognise inputs and weight files.
//
// Implements: NIST, Secure Hash Standard, FIPS 180-4, 2015, sections 4.1.2, 4.2.2, 5 and 6.2.
// Equation -> code: (4.2)-(4.7) -> `compress`; padding of section 5.1.1 -> `finish`.
// Symbols: H state, W message schedule, K round constants, M a block of 64 bytes.
// Deviations: none.
// Checked by: SHA256Tests (the standard's example vectors).
// Cost: 64 rounds for 64 bytes, about 5 ns a byte.

/// The hash of some bytes.
public struct SHA256: Sendable {
  private var H: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  /// The hash of no bytes.
  public init() {}

  /// Adds bytes at the end.
  public mutating func update(_ bytes: Span<UInt8>) {
    length &+= UInt64(bytes.count)
    var position = 0
    // Fill a block that was begun earlier.
    while !pending.isEmpty && position < bytes.count {
      pending.append(bytes[position])
      position += 1
      if pending.count == 64 {
        let block = pending
        compress(block.span, at: 0)
        pending = []
      }
    }
    while bytes.count - position >= 64 {
      compress(bytes, at: position)
      position += 64
    }
    while position < bytes.count {
      pending.append(bytes[position])
      position += 1
    }
  }

  /// The 32 bytes of the hash.
  public consuming func finish() -> [UInt8] {
    let bits = length &* 8
    var tail: [UInt8] = [0x80]
    while (pending.count + tail.count) % 64 != 56 { tail.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    update(tail.span)
    return H.flatMap { word in
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
  }

  /// The hash of `bytes` as 64 hexadecimal digits.
  public static func hash(of bytes: Span<UInt8>) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hexadecimal(hash.finish())
  }

  /// The hash of `bytes` as 64 hexadecimal digits.
  public static func hash(of bytes: [UInt8]) -> String { hash(of: bytes.span) }

  /// The hash of `bytes` as 64 hexadecimal digits.
  public static func hash(of bytes: CheckedBytes) -> String { hash(of: bytes.span) }

  /// Section 6.2.2: the block M of 64 bytes at `position` changes the state.
  private mutating func compress(_ M: Span<UInt8>, at position: Int) {
    var W = InlineArray<64, UInt32>(repeating: 0)
    for t in 0..<16 {
      let p = position + 4 * t
      W[t] =
        UInt32(M[p]) << 24 | UInt32(M[p + 1]) << 16 | UInt32(M[p + 2]) << 8 | UInt32(M[p + 3])
    }
    for t in 16..<64 {
      let s0 = rotr(W[t - 15], 7) ^ rotr(W[t - 15], 18) ^ (W[t - 15] >> 3)
      let s1 = rotr(W[t - 2], 17) ^ rotr(W[t - 2], 19) ^ (W[t - 2] >> 10)
      W[t] = s1 &+ W[t - 7] &+ s0 &+ W[t - 16]
    }
    var (a, b, c, d) = (H[0], H[1], H[2], H[3])
    var (e, f, g, h) = (H[4], H[5], H[6], H[7])
    for t in 0..<64 {
      let sum1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)
      let T1 = h &+ sum1 &+ ((e & f) ^ (~e & g)) &+ K[t] &+ W[t]
      let sum0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)
      let T2 = sum0 &+ ((a & b) ^ (a & c) ^ (b & c))
      (h, g, f, e) = (g, f, e, d &+ T1)
      (d, c, b, a) = (c, b, a, T1 &+ T2)
    }
    let change = [a, b, c, d, e, f, g, h]
    for i in 0..<8 { H[i] &+= change[i] }
  }
}

/// Bytes as hexadecimal digits, two a byte, lower case.
public func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// Rotates right (section 3.2).
private func rotr(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }

/// Section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
private let K: [UInt32] = [
  0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
  0xab1c_5ed5,
  0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7,
  0xc19b_f174,
  0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc,
  0x76f9_88da,
  0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351,
  0x1429_2967,
  0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e,
  0x9272_2c85,
  0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585,
  0x106a_a070,
  0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f,
  0x682e_6ff3,
  0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
  0xc671_78f2,
]
