// What the processor can do, measured in the same run: multiply-adds a second, and bytes a second.

import CPeak
import Glibc
import Tensors

/// Gigaflops a second of a loop of independent multiply-adds on registers, one core, in Float.
public func measuredPeak(_ clock: Clock = .wall) -> Double {
  let level = InstructionSet.current.rawValue
  let lanes = [4.0, 8.0, 16.0][level]
  let rounds = 1_000_000
  var best = 0.0
  for _ in 0..<15 {
    let start = now(clock)
    if nital_peak_loop(Int32(level), rounds, 0.5) == 1 { print("") }
    best = max(best, 2 * 12 * lanes * Double(rounds) / (now(clock) - start) / 1e9)
  }
  return best
}

/// Gigabytes a second that `threads` threads read from 512 MB of memory together.
public func measuredBandwidth(threads: Int) -> Double {
  let count = 1 << 26  // UInt64s: 512 MB, far more than any cache
  let data = [UInt64](repeating: 1, count: count)
  let before = Parallelism.threads
  defer { Parallelism.threads = before }
  Parallelism.threads = threads
  var best = 0.0
  for _ in 0..<5 {
    let start = now()
    let sum = data.withUnsafeBufferPointer { buffer in
      let address = UInt(bitPattern: buffer.baseAddress)
      return parallelReduce(
        64, UInt64(0),
        map: { piece in
          guard let base = UnsafePointer<UInt64>(bitPattern: address) else { return 0 }
          return nital_read(base + piece * (count / 64), count / 64)
        }, combine: { $0 &+= $1 })
    }
    precondition(sum == UInt64(count), "reading memory went wrong: \(sum)")
    best = max(best, 8 * Double(count) / (now() - start) / 1e9)
  }
  return best
}
