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
  /// The worst error among the bit patterns from `first` on, every `step`-th of them.
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

  /// Values rounded from 60 digits, the worst points of the exhaustive sweep among them.
  @Test func agreesWithGoldenValues() throws {
    for line in try fixtureText("maths/float.csv").split(separator: "\n") {
      let parts = line.split(separator: ",")
      let function = try #require(ElementaryCase.all.first { $0.name == parts[0] })
      let x = Float(bitPattern: try #require(UInt32(parts[1], radix: 16)))
      let rounded = Float(bitPattern: try #require(UInt32(parts[2], radix: 16)))
      let rest = try #require(Double(parts[3]))
      let y = function.onFloats(Tensor(shape: [1], scalars: [x])).scalars[0]
      let error = (Double(y) - Double(rounded)) / Double(rounded.ulp) - rest
      #expect(error.magnitude <= 2, "\(line): \(y)")
    }
  }

  @Test func keepsSpecialValues() {
    let tiny = Float.leastNonzeroMagnitude
    let cases: [(Int, Float, Float)] = [
      (0, .infinity, .infinity), (0, -.infinity, 0), (0, 0, 1), (0, -0.0, 1), (0, 89, .infinity),
      (0, -104, 0), (0, tiny, 1), (1, 0, -.infinity), (1, -0.0, -.infinity), (1, 1, 0),
      (1, .infinity, .infinity), (2, .infinity, 1), (2, -.infinity, -1), (2, tiny, tiny),
      (2, -tiny, -tiny), (2, 20, 1), (3, .infinity, 1), (3, -.infinity, 0), (3, 0, 0.5),
      (3, -0.0, 0.5), (3, 100, 1), (3, -104, 0),
    ]
    for (index, x, expected) in cases {
      let y = ElementaryCase.all[index].onFloats(Tensor(shape: [1], scalars: [x])).scalars[0]
      #expect(y == expected && y.sign == expected.sign, "\(ElementaryCase.all[index].name)(\(x))")
    }
    for zero in [Float(0), -0.0] {
      let y = Tensor<Float>(shape: [1], scalars: [zero]).hyperbolicTangent().scalars[0]
      #expect(y == 0 && y.sign == zero.sign)
    }
    let bad: [Float] = [-1, -tiny, -.infinity, .nan]
    #expect(
      Tensor(shape: [4], scalars: bad).naturalLogarithm().scalars.allSatisfy { $0.isNaN })
    for function in ElementaryCase.all {
      #expect(function.onFloats(Tensor(shape: [1], scalars: [.nan])).scalars[0].isNaN)
    }
  }

  /// Every length around the vector widths gives what each value gives alone.
  @Test(arguments: ElementaryFunction.allCases)
  func staysInsideItsMemory(_ function: ElementaryFunction) {
    for count in 0...67 {
      var values = [Float](repeating: .nan, count: count + 64)
      for i in 0..<count { values[32 + i] = 0.5 + Float(i) / 16 }
      values.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { function.run(base + 32, count) }
      }
      let inside = values[32..<(32 + count)]
      for (i, y) in inside.enumerated() {
        var alone = 0.5 + Float(i) / 16
        function.run(&alone, 1)
        #expect(y == alone)
      }
      #expect(
        values.prefix(32).allSatisfy { $0.isNaN } && values.suffix(32).allSatisfy { $0.isNaN })
    }
  }

  /// The digests hold for AVX2 and for AVX-512.
  @Test(
    .enabled(if: InstructionSet.current >= .avx2),
    arguments: [0, 1, 2, 3].map { ($0, elementwiseDigests[$0]) })
  func givesTheSameBitsOnEveryHostWithFusedMultiplyAdd(_ index: Int, _ expected: UInt64) {
    let x = stride(from: 0, to: 1 << 32, by: 65_537).map { Float(bitPattern: UInt32($0)) }
    let finite = x.filter { $0.isFinite }
    let y = ElementaryCase.all[index].onFloats(Tensor(shape: [finite.count], scalars: finite))
    #expect(digest(y.scalars.filter { !$0.isNaN }) == expected)
  }

  @Test func doublesGoThroughTheScalarFunctions() {
    let x = Tensor<Double>(shape: [2, 2], scalars: [0.25, 1.5, 3, 700])
    #expect(x.exponential().scalars == x.scalars.map { exponential($0) })
    #expect(x.naturalLogarithm().scalars == x.scalars.map { naturalLogarithm($0) })
    #expect(x.hyperbolicTangent().scalars == x.scalars.map { hyperbolicTangent($0) })
    #expect(x.logisticSigmoid().scalars == x.scalars.map { logisticSigmoid($0) })
  }
}

/// Of exp, log, tanh and sigmoid.
private let elementwiseDigests: [UInt64] = [
  9_568_393_422_449_281_686, 13_135_115_214_015_713_685, 3_915_506_786_576_740_363,
  735_898_357_393_398_893,
]
