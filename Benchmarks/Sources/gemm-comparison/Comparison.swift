// One comparison: both sides multiply the same random matrices in turn.

import Glibc
import Tensors

/// What one comparison measured: seconds of one product, a sample each.
struct Measurement {
  var ours: [Double] = []
  var theirs: [Double] = []
  /// The greatest difference of the two results, in units of eps sqrt(k) max |C|.
  var difference = 0.0
}

/// Multiplies n x n matrices with both sides in turn, `samples` times.
///
/// A sample is a product that is not timed and then as many as take a few milliseconds. With several
/// threads a pause lets the idle threads of the side before fall asleep: those of OpenBLAS spin for a
/// while and would take a processor from us.
func compare<Scalar: KernelScalar>(
  size n: Int, threads: Int, samples: Int, clock: Clock,
  rival: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
) -> Measurement {
  var generator = SeededGenerator(seed: 1)
  let A = (0..<n * n).map { _ in Scalar(generator.uniform(-1, 1)) }
  let B = (0..<n * n).map { _ in Scalar(generator.uniform(-1, 1)) }
  var C = [Scalar](repeating: 0, count: n * n)
  var D = C
  let repeats = max(1, Int((5e8 / (2.0 * Double(n * n) * Double(n))).rounded(.up)))
  var result = Measurement()
  func sample(_ body: () -> Void) -> Double {
    if threads > 1 { usleep(60_000) }
    body()
    let start = now(clock)
    for _ in 0..<repeats { body() }
    return (now(clock) - start) / Double(repeats)
  }
  for _ in 0..<samples {
    result.ours.append(sample { multiply(n, A, B, &C) })
    result.theirs.append(
      sample {
        A.withUnsafeBufferPointer { a in
          B.withUnsafeBufferPointer { b in
            D.withUnsafeMutableBufferPointer { d in
              if let a = a.baseAddress, let b = b.baseAddress, let d = d.baseAddress {
                rival(a, b, d)
              }
            }
          }
        }
      })
  }
  let largest = D.map { Double($0.magnitude) }.max() ?? 0
  let greatest = zip(C, D).map { Double(($0 - $1).magnitude) }.max() ?? 0
  result.difference = greatest / (Double(Scalar.ulpOfOne) * Double(n).squareRoot() * largest)
  return result
}

/// Our product of two row-major n x n matrices.
func multiply<Scalar: KernelScalar>(
  _ n: Int, _ A: [Scalar], _ B: [Scalar], _ C: inout [Scalar]
) {
  var target = C.mutableSpan
  gemm(
    m: n, n: n, k: n, alpha: 1, A: A.span, rowStrideA: n, columnStrideA: 1, B: B.span,
    rowStrideB: n, columnStrideB: 1, beta: 0, C: &target, rowStrideC: n, columnStrideC: 1)
}

/// The median.
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
