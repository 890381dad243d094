// One comparison of matrix products: both sides multiply the same random matrices in turn.

import Glibc
import Measuring
import Tensors

/// The shape of a product: C (m, n) = A (m, k) B (k, n).
public struct ProductShape: Sendable {
  /// What a table calls it.
  public let name: String
  /// Rows of A and C.
  public let m: Int
  /// Columns of B and C.
  public let n: Int
  /// Columns of A and rows of B.
  public let k: Int

  /// A named shape.
  public init(_ name: String, _ m: Int, _ n: Int, _ k: Int) {
    (self.name, self.m, self.n, self.k) = (name, m, n, k)
  }

  /// A square product.
  public init(square n: Int) { self.init("\(n)", n, n, n) }

  /// Floating-point operations.
  public var work: Double { 2 * Double(m) * Double(n) * Double(k) }

  /// The products of VGG16's convolutions by im2col on one 224 x 224 image.
  public static let vgg: [ProductShape] = [
    .init("c1_1", 50176, 64, 27), .init("c1_2", 50176, 64, 576), .init("c2_1", 12544, 128, 576),
    .init("c2_2", 12544, 128, 1152), .init("c3_1", 3136, 256, 1152),
    .init("c3_2", 3136, 256, 2304), .init("c4_1", 784, 512, 2304), .init("c4_2", 784, 512, 4608),
    .init("c5", 196, 512, 4608),
  ]

  /// Skinny and tiny products, and the fully connected layers of VGG16.
  public static let odd: [ProductShape] = [
    .init("8 x 8 x 8", 8, 8, 8), .init("16 x 16 x 16", 16, 16, 16), .init("32", 32, 32, 32),
    .init("64", 64, 64, 64), .init("128", 128, 128, 128), .init("tall", 10000, 8, 512),
    .init("wide", 8, 10000, 512), .init("deep", 50, 50, 20000), .init("outer", 2000, 2000, 8),
    .init("1800 x 50 x 4096", 1800, 50, 4096), .init("fc6", 1, 4096, 25088),
    .init("fc7", 1, 4096, 4096), .init("fc6 of 8", 8, 4096, 25088),
    .init("fc7 of 16", 16, 4096, 4096), .init("fc7 of 64", 64, 4096, 4096),
  ]
}

/// What one comparison measured: seconds of one product, a sample each.
public struct Measurement: Sendable {
  /// Nital's.
  public var ours: [Double] = []
  /// The rival's.
  public var theirs: [Double] = []
  /// The greatest difference of the two results, in units of eps sqrt(k) max |C|.
  public var difference = 0.0

  /// Their median time over ours: above 1, Nital is faster.
  public var ratio: Double { median(theirs) / median(ours) }
  /// The same of the least times, which other work on the machine disturbs least.
  public var ratioOfBest: Double { (theirs.min() ?? 1) / (ours.min() ?? 1) }
  /// Both sides round at most k times an element: a few eps sqrt(k) of the greatest element.
  public var agrees: Bool { difference <= 4 }
}

/// Multiplies with both sides in turn, `samples` times.
///
/// A sample is a product that is not timed and then as many as take some 30 ms.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func compare<Scalar: KernelScalar>(
  _ shape: ProductShape, threads: Int, samples: Int, clock: Clock = .wall,
  rival: (
    Int, Int, Int, UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>
  ) -> Void
) -> Measurement {
  let (m, n, k) = (shape.m, shape.n, shape.k)
  var generator = SeededGenerator(seed: 1)
  let A = (0..<m * k).map { _ in Scalar(generator.uniform(-1, 1)) }
  let B = (0..<k * n).map { _ in Scalar(generator.uniform(-1, 1)) }
  var C = [Scalar](repeating: 0, count: m * n)
  var D = C
  let repeats = min(20_000, max(1, Int((3e9 / shape.work).rounded(.up))))
  var result = Measurement()
  func sample(_ body: () -> Void) -> Double {
    letThreadsSleep(threads)
    body()
    let start = now(clock)
    for _ in 0..<repeats { body() }
    return (now(clock) - start) / Double(repeats)
  }
  for _ in 0..<samples {
    result.ours.append(sample { multiply(m, n, k, A, B, &C) })
    result.theirs.append(sample { rival(m, n, k, A, B, &D) })
  }
  result.difference = distance(C, D, depth: k)
  return result
}

/// Our product of two row-major matrices.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func multiply<Scalar: KernelScalar>(
  _ m: Int, _ n: Int, _ k: Int, _ A: [Scalar], _ B: [Scalar], _ C: inout [Scalar]
) {
  var target = C.mutableSpan
  gemm(
    m: m, n: n, k: k, alpha: 1, A: A.span, rowStrideA: k, columnStrideA: 1, B: B.span,
    rowStrideB: n, columnStrideB: 1, beta: 0, C: &target, rowStrideC: n, columnStrideC: 1)
}

/// The greatest difference, in units of eps sqrt(depth) max |D|; NaN counts as an infinite one.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func distance<Scalar: KernelScalar>(_ C: [Scalar], _ D: [Scalar], depth: Int) -> Double {
  let largest = D.reduce(0) { max($0, Double($1.magnitude)) }
  let greatest = zip(C, D).reduce(0.0) {
    let difference = Double(($1.0 - $1.1).magnitude)
    return difference.isNaN ? .infinity : max($0, difference)
  }
  return greatest / (Double(Scalar.ulpOfOne) * Double(depth).squareRoot() * largest)
}

/// With several threads, a pause in which the idle threads of the side before fall asleep: those of
/// OpenBLAS spin for 0.1 s or so (2^28 ticks of the clock), and would take a processor from us.
func letThreadsSleep(_ threads: Int) {
  if threads > 1 { usleep(200_000) }
}
