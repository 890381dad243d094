// The ladder: one product, from its definition to all that a processor can do, one idea a step.

import Measuring
import Tensors

/// One step, measured.
public struct Rung: Sendable {
  /// Its file.
  public let name: String
  /// Threads that it uses.
  public let threads: Int
  /// Gigaflops a second: the median of the samples.
  public let speed: Double
  /// The greatest difference from step 0's result, in eps sqrt(n) max |C|.
  public let difference: Double
}

private typealias Step =
  (Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void

/// Runs all steps on the same random n x n matrices and compares each result with the one before.
///
/// `n` is a multiple of 8.
public func runLadder(size n: Int, samples: Int) -> [Rung] {
  precondition(n % 8 == 0 && n > 0, "the steps need a multiple of 8, not \(n)")
  let steps: [(String, Int, Step)] = [
    ("Step0_Naive", 1, step0), ("Step1_LoopOrder", 1, step1), ("Step2_CacheBlocks", 1, step2),
    ("Step3_RegisterTile", 1, step3), ("Step4_Packing", 1, step4), ("Step5_FiveLoops", 1, step5),
    ("Step6_WideKernels", 1, step6), ("Step7_Threads", Parallelism.threads, step7),
  ]
  var generator = SeededGenerator(seed: 1)
  let A = (0..<n * n).map { _ in Float(generator.uniform(-1, 1)) }
  let B = (0..<n * n).map { _ in Float(generator.uniform(-1, 1)) }
  var first: [Float] = []
  return steps.map { name, threads, step in
    var C = [Float](repeating: .nan, count: n * n)
    let times = (0..<samples).map { _ in
      let start = now()
      C.withUnsafeMutableBufferPointer { c in
        if let c = c.baseAddress { step(n, A, B, c) }
      }
      return now() - start
    }
    if first.isEmpty { first = C }
    let speed = 2 * Double(n) * Double(n) * Double(n) / median(times) / 1e9
    return Rung(name: name, threads: threads, speed: speed, difference: distance(C, first, n))
  }
}

/// Both sides round at most k times an element; NaN, where nothing was written, is an infinite one.
private func distance(_ C: [Float], _ D: [Float], _ n: Int) -> Double {
  let largest = D.reduce(0) { max($0, Double($1.magnitude)) }
  let greatest = zip(C, D).reduce(0.0) {
    let difference = Double(($1.0 - $1.1).magnitude)
    return difference.isNaN ? .infinity : max($0, difference)
  }
  return greatest / (Double(Float.ulpOfOne) * Double(n).squareRoot() * largest)
}
