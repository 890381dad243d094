import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An elementary function of tensors and the Double function of the C library to compare it with.
struct ElementaryCase: CustomTestStringConvertible, Sendable {
  let name: String
  let onFloats: @Sendable (Tensor<Float>) -> Tensor<Float>
  let exact: @Sendable (Double) -> Double
  var testDescription: String { name }

  static let all = [
    ElementaryCase(name: "exp", onFloats: { $0.exponential() }, exact: { exp($0) }),
    ElementaryCase(name: "log", onFloats: { $0.naturalLogarithm() }, exact: { log($0) }),
    ElementaryCase(name: "tanh", onFloats: { $0.hyperbolicTangent() }, exact: { tanh($0) }),
    ElementaryCase(
      name: "sigmoid", onFloats: { $0.logisticSigmoid() },
      exact: { $0 >= 0 ? 1 / (1 + exp(-$0)) : exp($0) / (1 + exp($0)) }),
  ]
}

/// The distance of `value` from `exact` in units in the last place of a Float near `exact`.
func ulps(_ value: Float, _ exact: Double) -> Double {
  if exact.isNaN { return value.isNaN ? 0 : .infinity }
  if value.isNaN { return .infinity }
  if exact.magnitude > 0x1.ffffffp127 {
    return Double(value) == Double(Float(exact)) ? 0 : .infinity
  }
  let exponent = exact == 0 ? -126 : max(-126, Int(exact.exponent))
  let ulp = Double(sign: .plus, exponent: exponent - 23, significand: 1)
  if value.isInfinite { return (0x1p128 - exact.magnitude) / ulp }
  return (Double(value) - exact).magnitude / ulp
}

@Suite struct ElementwiseKernelTests {
  /// The bit patterns first, first + step, ... and the worst error among them.
  private func sweep(
    _ function: ElementaryCase, from first: Int, to end: Int, by step: Int
  ) -> (ulps: Double, argument: Float) {
    let patterns = stride(from: first, to: end, by: step)
    let x = patterns.map { Float(bitPattern: UInt32($0)) }
    let y = function.onFloats(Tensor(shape: [x.count], scalars: x)).scalars
    var worst = (ulps: 0.0, argument: Float(0))
    for (argument, value) in zip(x, y) {
      let error = ulps(value, function.exact(Double(argument)))
      if error > worst.ulps { worst = (error, argument) }
    }
    return worst
  }

  @Test(arguments: ElementaryCase.all)
  func staysWithinTwoUlpsOverAllFloats(_ function: ElementaryCase) {
    let exhaustive = environment("NITAL_EXHAUSTIVE") == "1"
    let step = exhaustive ? 1 : 4099
    let pieces = 1 << (exhaustive ? 10 : 4)
    let length = (1 << 32) / pieces
    let results = parallelMap(pieces) { piece in
      sweep(function, from: piece * length + piece % step, to: (piece + 1) * length, by: step)
    }
    let worst = results.max { $0.ulps < $1.ulps } ?? (.infinity, 0)
    #expect(worst.ulps <= 2, "\(function.name)(\(worst.argument)): \(worst.ulps) ulp")
    if exhaustive {
      print(
        "NITAL_EXHAUSTIVE \(InstructionSet.current.name) \(function.name):",
        "\(worst.ulps) ulp at \(worst.argument) = 0x\(String(worst.argument.bitPattern, radix: 16))"
      )
    }
  }
}
