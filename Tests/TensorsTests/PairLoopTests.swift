import Tensors
import Testing

/// Loops over pairs of values, in several pieces, against plain ones; the same bits for any threads.
@Suite struct PairLoopTests {
  /// More than two pieces of 65,536 values and a rest that is no whole vector.
  private static let count = 2 * 65_536 + 13

  private func values<Scalar: KernelScalar>(_ seed: UInt64, _: Scalar.Type) -> Tensor<Scalar> {
    var generator = SeededGenerator(seed: seed)
    return Tensor(
      shape: [Self.count],
      scalars: (0..<Self.count).map { _ in Scalar(generator.uniform(-2, 2)) })
  }

  private func check<Scalar: KernelScalar>(_: Scalar.Type, threads: Int) {
    let (x, z) = (values(1, Scalar.self), values(2, Scalar.self))
    let (a, b): (Scalar, Scalar) = (0.9, 0.1)
    func expect(
      _ name: String, _ change: (inout Tensor<Scalar>) -> Void, _ plain: (Scalar, Scalar) -> Scalar
    ) {
      var result = x
      change(&result)
      let isSame = zip(result.scalars, zip(x.scalars, z.scalars)).allSatisfy {
        $0 == plain($1.0, $1.1)
      }
      #expect(isSame, "\(name), \(threads) threads")
    }
    expect("accumulate", { accumulate(&$0, z) }, { $0 + $1 })
    expect("accumulateRectified", { accumulateRectified(&$0, z) }, { max($0 + $1, 0) })
    expect("addValues", { addValues(of: z.scalars, to: &$0.scalars) }, { $0 + $1 })
    expect("copyValues", { copyValues(of: z.scalars, to: &$0.scalars) }, { $1 })
    expect("sigmoidGradient", { sigmoidGradient(&$0, z) }, { $0 * $1 * (1 - $1) })
    expect("scaledDifference", { scaledDifference(&$0, z, factor: a) }, { ($0 - $1) * a })
    expect("affine", { affine(&$0, z, factor: a, offset: b) }, { a * $1 + b })
    expect("blend", { blend(&$0, a, z, b) }, { a * $0 + b * $1 })
    expect("blendSquares", { blendSquares(&$0, a, z, b) }, { a * $0 + b * $1 * $1 })
    expect("descend", { descend(&$0, z, factor: a) }, { $0 - a * $1 })
    expect("smoothL1Gradient", { smoothL1Gradient(&$0, z, width: 1, factor: a) }) { x, z in
      let d = x - z
      return a * (abs(d) < 1 ? d : (d > 0 ? 1 : -1))
    }
  }

  @Test(arguments: [1, 2, 3]) func equalPlainLoops(_ threads: Int) {
    let saved = Parallelism.threads
    defer { Parallelism.threads = saved }
    Parallelism.threads = threads
    check(Float.self, threads: threads)
    check(Double.self, threads: threads)
  }

  /// One pass over theta, velocity and gradient against the equations of SGD.swift.
  @Test(arguments: [false, true], [false, true])
  func momentumStepEqualsItsEquations(_ isFirst: Bool, _ isNesterov: Bool) {
    for lambda: Float in [0, 0.25] {
      var (theta, v) = (values(3, Float.self), values(4, Float.self))
      let (oldTheta, oldV, g) = (theta.scalars, v.scalars, values(5, Float.self))
      descend(
        &theta, velocity: &v, gradient: g,
        MomentumStep(
          eta: 0.5, mu: 0.75, kept: 0.875, lambda: lambda, isFirst: isFirst,
          isNesterov: isNesterov))
      let isRight = (0..<Self.count).allSatisfy { i in
        let d = g.scalars[i] + lambda * oldTheta[i]
        let new = isFirst ? d : 0.75 * oldV[i] + 0.875 * d
        let step = isNesterov ? d + 0.75 * new : new
        return v.scalars[i] == new && theta.scalars[i] == oldTheta[i] - 0.5 * step
      }
      #expect(isRight, "lambda \(lambda)")
    }
  }

  @Test func arraysOfAnyValuesHaveTheirLength() {
    for count in [0, 1, 1 << 20] {
      var values: [Float] = anyValues(count)
      #expect(values.count == count)
      for i in values.indices { values[i] = Float(i) }
      #expect(values.last ?? -1 == Float(count - 1))
    }
  }
}
