// The vector instruction set in use, chosen once a process.
//
// Deviations: none. Checked by: InstructionSetTests.

import _CPUFeatures

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A vector instruction set that the kernels are built for, in rising order.
public enum InstructionSet: Int, CaseIterable, Comparable, Sendable {
  /// SSE2 on x86-64, NEON on aarch64: what every such processor has.
  case baseline = 0
  /// AVX2 with fused multiply-add (x86-64-v3).
  case avx2 = 1
  /// AVX-512 F, BW, CD, DQ and VL (x86-64-v4).
  case avx512 = 2

  /// Orders by the width of a vector.
  public static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.rawValue < b.rawValue }

  /// The name that `NITAL_ISA` takes.
  public var name: String {
    switch self {
    case .baseline: "baseline"
    case .avx2: "avx2"
    case .avx512: "avx512"
    }
  }

  /// The widest set that this program has kernels for and this machine can run.
  public static let supported: InstructionSet = {
    #if NITAL_PORTABLE
    return .baseline
    #else
    return InstructionSet(rawValue: Int(nital_vector_level())) ?? .baseline
    #endif
  }()

  /// The set in use: `supported`, or a lower one named by the environment variable `NITAL_ISA`.
  ///
  /// A name that is unknown or above what the machine has is not an error here: the command line
  /// reports it (`nital doctor`), the library goes on with `supported`.
  public static let current: InstructionSet = {
    guard let asked = environment("NITAL_ISA"),
      let wanted = allCases.first(where: { $0.name == asked })
    else { return supported }
    return min(wanted, supported)
  }()

  /// The processor's own name for itself; empty where it has none.
  public static let processorName: String = {
    var brand: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
    // SAFETY: the tuple has 56 bytes, the function writes 49 of them.
    return unsafe withUnsafeMutableBytes(of: &brand) { bytes in
      guard let base = bytes.baseAddress else { return "" }
      unsafe nital_cpu_brand(base.assumingMemoryBound(to: CChar.self))
      return unsafe String(
        decoding: bytes.prefix { $0 != 0 }.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
    }
  }()
}

/// The value of an environment variable.
package func environment(_ name: String) -> String? {
  // SAFETY: getenv returns nil or a NUL-terminated string that is copied before anything can change it.
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}
