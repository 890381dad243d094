import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite struct ScalarMathsTests {
  private static let functions: [String: @Sendable (Double, Double) -> Double] = [
    "exp": { x, _ in exponential(x) }, "log": { x, _ in naturalLogarithm(x) },
    "sin": { x, _ in sine(x) }, "cos": { x, _ in cosine(x) }, "cbrt": { x, _ in cubeRoot(x) },
    "tanh": { x, _ in hyperbolicTangent(x) }, "sigmoid": { x, _ in logisticSigmoid(x) },
    "pow": { power($0, $1) }, "atan2": { arcTangent2($0, $1) }, "hypot": { hypotenuse($0, $1) },
  ]

  /// The largest error in ulp that each function is allowed; all but two stay near 1.
  private static let allowed = ["tanh": 2.0, "sigmoid": 2.0, "hypot": 1.5, "atan2": 1.5]

  @Test func agreesWithSixtyDigits() throws {
    for line in try fixtureText("maths/double.csv").split(separator: "\n") {
      let parts = line.split(separator: ",")
      let name = String(parts[0])
      let function = try #require(Self.functions[name])
      let x = Double(bitPattern: try #require(UInt64(parts[1], radix: 16)))
      let y = Double(bitPattern: try #require(UInt64(parts[2], radix: 16)))
      let rounded = Double(bitPattern: try #require(UInt64(parts[3], radix: 16)))
      let rest = try #require(Double(parts[4]))
      let error = (function(x, y) - rounded) / rounded.ulp - rest
      #expect(error.magnitude <= Self.allowed[name] ?? 1, "\(name)(\(x), \(y)): \(error) ulp")
    }
  }

  /// The C library's functions are within 1 ulp (its cube root is not, so it is left out), so 2 ulp apart leaves ours within 3 at most.
  @Test func staysCloseToTheCLibrary() {
    var random = SeededGenerator(seed: 5)
    func distance(_ a: Double, _ b: Double) -> Double { (a - b).magnitude / b.ulp }
    var worst: [String: Double] = [:]
    func note(_ name: String, _ ours: Double, _ theirs: Double) {
      worst[name] = max(worst[name] ?? 0, ours == theirs ? 0 : distance(ours, theirs))
    }
    for _ in 0..<100_000 {
      let x = random.uniform(-745, 709)
      note("exp", exponential(x), exp(x))
      note("tanh", hyperbolicTangent(x / 200), tanh(x / 200))
      note("sin", sine(x), sin(x))
      note("cos", cosine(1e6 * x), cos(1e6 * x))
      let a = exponential(x)
      note("log", naturalLogarithm(a), log(a))
      note("log", naturalLogarithm(1 + x / 1000), log(1 + x / 1000))
      note("pow", power(a, x / 4000), pow(a, x / 4000))
      let y = random.uniform(-700, 700)
      note("atan2", arcTangent2(x, y), atan2(x, y))
      note("hypot", hypotenuse(x, y), hypot(x, y))
    }
    for (name, error) in worst.sorted(by: { $0.key < $1.key }) {
      #expect(error <= 2, "\(name): \(error) ulp")
    }
  }

  @Test func keepsSpecialValues() {
    let infinity = Double.infinity
    #expect(exponential(infinity) == infinity && exponential(-infinity) == 0)
    #expect(exponential(0) == 1 && exponential(710) == infinity && exponential(-746) == 0)
    #expect(exponential(-745.13) == .leastNonzeroMagnitude)
    #expect(naturalLogarithm(0) == -infinity && naturalLogarithm(-0.0) == -infinity)
    #expect(naturalLogarithm(-1).isNaN && naturalLogarithm(infinity) == infinity)
    #expect(naturalLogarithm(1) == 0)
    #expect(sine(-0.0).sign == .minus && sine(infinity).isNaN && cosine(-infinity).isNaN)
    #expect(cosine(0) == 1 && sine(.leastNonzeroMagnitude) == .leastNonzeroMagnitude)
    #expect(cubeRoot(-27) == -3 && cubeRoot(-0.0).sign == .minus && cubeRoot(infinity) == infinity)
    #expect(cubeRoot(8 * .leastNonzeroMagnitude).isNormal)
    #expect(hyperbolicTangent(-infinity) == -1 && hyperbolicTangent(-0.0).sign == .minus)
    #expect(logisticSigmoid(-infinity) == 0 && logisticSigmoid(0) == 0.5)
    #expect(hypotenuse(infinity, .nan) == infinity && hypotenuse(3, -4) == 5)
    #expect(hypotenuse(0x1p1000, 0) == 0x1p1000 && hypotenuse(0, 0) == 0)
    for f in [exponential, naturalLogarithm, sine, cosine, cubeRoot, hyperbolicTangent] {
      #expect(f(.nan).isNaN)
    }
    #expect(logisticSigmoid(.nan).isNaN && hypotenuse(.nan, 1).isNaN)
  }

  @Test func rootsOfCubesAndPowersOfWholeNumbersAreExact() {
    for i in 1...2000 {
      let x = Double(i)
      #expect(cubeRoot(x * x * x) == x && cubeRoot(-x * x * x) == -x)
      #expect(power(x, 2) == x * x && power(x, 3) == x * x * x && power(x, 1) == x)
    }
  }

  @Test func powersOfSpecialValuesAreThoseOfTheStandard() {
    let values: [Double] = [
      0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, .infinity, -.infinity, .nan, 1e300,
      .leastNonzeroMagnitude, 2.5,
      -2.5, 0x1p53, -0x1p53, 0x1p53 - 1,
    ]
    for x in values {
      for y in values {
        let (ours, theirs) = (power(x, y), pow(x, y))
        let same = ours == theirs && ours.sign == theirs.sign || ours.isNaN && theirs.isNaN
        // Where the exact value is not a Double, both round: they may differ by 1 ulp.
        #expect(
          same || (ours - theirs).magnitude <= theirs.ulp,
          "power(\(x), \(y)) = \(ours), not \(theirs)")
      }
    }
  }

  @Test func anglesOfAxesAndDiagonalsAreExact() {
    let values: [Double] = [0, -0.0, 1, -1, 2, -2, .infinity, -.infinity, .nan, 1e300, 1e-300]
    for y in values {
      for x in values {
        let (ours, theirs) = (arcTangent2(y, x), atan2(y, x))
        let same = ours == theirs && ours.sign == theirs.sign || ours.isNaN && theirs.isNaN
        let near = (ours - theirs).magnitude <= theirs.ulp
        #expect(same || near, "arcTangent2(\(y), \(x)) = \(ours), not \(theirs)")
      }
    }
    #expect(arcTangent2(0, -1) == .pi && arcTangent2(-0.0, -1) == -.pi)
    #expect(arcTangent2(1, 1) == .pi / 4 && arcTangent2(1, 0) == .pi / 2)
  }

  /// The digest holds for every host: no fused multiply-add, no library function.
  @Test func givesTheSameBitsOnEveryHost() {
    var random = SeededGenerator(seed: 9)
    var values: [Double] = []
    for _ in 0..<2000 {
      let (x, y) = (random.uniform(0, 50), random.uniform(-50, 50))
      values += [
        exponential(y), naturalLogarithm(x), sine(1e7 * y), cosine(y), power(x, y / 10),
        cubeRoot(y), arcTangent2(y, x), hypotenuse(x, y), hyperbolicTangent(y / 10),
        logisticSigmoid(y),
      ]
    }
    #expect(digest(values) == scalarDigest)
  }
}

private let scalarDigest: UInt64 = 14_663_179_714_163_788_353
