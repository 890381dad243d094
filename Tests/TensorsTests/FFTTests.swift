import FoundationEssentials
import Tensors
import Testing

/// Lengths with every radix, with primes that have no code of their own, and the trivial ones.
let transformLengths = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 25, 31, 32, 49, 60, 64, 100, 128, 200, 210, 243, 256,
  264, 288, 509, 512, 1024,
]

@Suite struct FFTTests {
  @Test(arguments: transformLengths)
  func agreesWithTheDefinition(n: Int) {
    let x = randomComplex([3, n], seed: UInt64(n))
    let truth = dftReference(x)
    #expect(relativeDistance(FFT<Double>(count: n).forward(x), truth) <= bound(n, 0x1p-52))
    let single = FFT<Float>(count: n).forward(rounded(x))
    #expect(relativeDistance(widened(single), truth) <= bound(n, 0x1p-23))
  }

  @Test(arguments: transformLengths)
  func invertsItself(n: Int) {
    let x = randomComplex([2, n], seed: 7)
    let plan = FFT<Double>(count: n)
    #expect(relativeDistance(plan.inverse(plan.forward(x)), x) <= 2 * bound(n, 0x1p-52))
    let real = plan.inverseReal(plan.forward(real: x.real))
    let back = ComplexTensor(real: real)
    #expect(relativeDistance(back, ComplexTensor(real: x.real)) <= 2 * bound(n, 0x1p-52))
  }

  @Test(arguments: transformLengths)
  func givesRealRowsTheFirstHalfOfTheComplexSpectrum(n: Int) {
    let x = randomComplex([5, n], seed: 11).real
    let plan = FFT<Double>(count: n)
    let whole = plan.forward(ComplexTensor(real: x))
    let half = plan.forward(real: x)
    #expect(half.shape == [5, n / 2 + 1])
    var largest = 0.0
    for row in 0..<5 {
      for k in 0...(n / 2) {
        let (p, q) = (row * (n / 2 + 1) + k, row * n + k)
        largest = max(largest, abs(half.real.scalars[p] - whole.real.scalars[q]))
        largest = max(largest, abs(half.imaginary.scalars[p] - whole.imaginary.scalars[q]))
      }
    }
    // Spectra of unit rows have the norm sqrt(n) a frequency at most; see `bound`.
    #expect(largest <= 8 * bound(n, 0x1p-52) * Double(n).squareRoot())
  }

  @Test(arguments: [7, 100, 210, 256])
  func agreesWithNumPy(n: Int) throws {
    let x = ComplexTensor(
      real: Tensor(shape: [n], scalars: wholeNumbers(n, 7, 5)),
      imaginary: Tensor(shape: [n], scalars: wholeNumbers(n, 3, 11)))
    let golden = try complexFixture("complex_\(n).txt", [n])
    #expect(relativeDistance(FFT<Double>(count: n).forward(x), golden) <= bound(n, 0x1p-52))
  }

  @Test func agreesWithNumPyOnRealRows() throws {
    let golden = try complexFixture("real_210.txt", [106])
    let x = Tensor(shape: [210], scalars: wholeNumbers(210, 7, 5))
    #expect(relativeDistance(FFT(count: 210).forward(real: x), golden) <= bound(210, 0x1p-52))
  }

  @Test(arguments: [16, 49, 210])
  func keepsTheEnergy(n: Int) {
    let x = randomComplex([1, n], seed: 3)
    let X = FFT<Double>(count: n).forward(x)
    // Parseval: the sum of |X|^2 is n times the sum of |x|^2; 4 n roundings of squares and sums.
    let ratio = energy(X) / (Double(n) * energy(x))
    #expect(abs(ratio - 1) <= 4 * Double(n) * 0x1p-52)
  }

  @Test func isLinear() {
    let n = 60
    let (x, y) = (randomComplex([1, n], seed: 1), randomComplex([1, n], seed: 2))
    let plan = FFT<Double>(count: n)
    let sum = plan.forward(combined(x, 2, y, -3))
    let parts = combined(plan.forward(x), 2, plan.forward(y), -3)
    #expect(relativeDistance(sum, parts) <= 2 * bound(n, 0x1p-52))
  }

  @Test func transformsNothing() {
    let plan = FFT<Float>(count: 0)
    let empty = ComplexTensor<Float>(real: .zeros([3, 0]))
    #expect(plan.forward(empty) == empty)
    #expect(plan.inverse(empty) == empty)
    #expect(plan.forward(real: empty.real).shape == [3, 0])
    #expect(plan.inverseReal(empty).shape == [3, 0])
    let none = ComplexTensor<Double>(real: .zeros([0, 8]))
    #expect(FFT<Double>(count: 8).forward(none) == none)
  }

  /// A row gets the same bits alone, among others, and on any number of threads.
  @Test func doesNotDependOnItsNeighboursOrThreads() {
    let x = rounded(randomComplex([150, 96], seed: 5))
    let plan = FFT<Float>(count: 96)
    let all = plan.forward(x)
    let first = plan.forward(
      ComplexTensor(
        real: Tensor(shape: [96], scalars: Array(x.real.scalars[96..<192])),
        imaginary: Tensor(shape: [96], scalars: Array(x.imaginary.scalars[96..<192]))))
    #expect(first.real.scalars == Array(all.real.scalars[96..<192]))
    #expect(first.imaginary.scalars == Array(all.imaginary.scalars[96..<192]))
  }

  @Test(arguments: transformLengths)
  func hasTheSameBitsOnEveryFusedInstructionSet(n: Int) {
    let x = randomComplex([33, n], seed: 9)
    var (single, double) = (FFT<Float>(count: n), FFT<Double>(count: n))
    (single.instructionSet, double.instructionSet) = (.baseline, .baseline)
    let truth = double.forward(x)
    for set in InstructionSet.allCases where set >= .avx2 && set <= .supported {
      (single.instructionSet, double.instructionSet) = (.avx2, .avx2)
      let (first, second) = (single.forward(rounded(x)), double.forward(x))
      (single.instructionSet, double.instructionSet) = (set, set)
      #expect(single.forward(rounded(x)) == first)
      #expect(double.forward(x) == second)
      // Without fused multiply-add other roundings.
      #expect(relativeDistance(second, truth) <= 2 * bound(n, 0x1p-52))
    }
  }

  /// A constant has no other frequency than 0, to the last bit, for powers of two.
  @Test func findsNothingInAConstant() {
    let X = FFT<Float>(count: 64).forward(
      ComplexTensor(real: Tensor(repeating: 0.3, shape: [64])))
    #expect(X.real.scalars.dropFirst().allSatisfy { $0 == 0 })
    #expect(X.imaginary.scalars.allSatisfy { $0 == 0 })
  }
}

// MARK: - Tools

/// What the root-mean-square error of a transform relative to that of its result may be.
///
/// Each of the log2 n levels of radix 2 adds about 0.6 units of `eps`; a prime radix r counts as
/// sqrt(r) levels: a sum of r terms whose errors do not conspire. The factor 2 is for chance.
func bound(_ n: Int, _ eps: Double) -> Double {
  var (levels, rest, prime) = (1.0, n, 2)
  while rest > 1 {
    while rest % prime == 0 {
      levels += prime < 7 ? 1 : Double(prime).squareRoot()
      rest /= prime
    }
    prime += 1
  }
  return 2 * levels * eps
}

func randomComplex(_ shape: [Int], seed: UInt64) -> ComplexTensor<Double> {
  var generator = SeededGenerator(seed: seed)
  let count = shape.reduce(1, *)
  func values() -> [Double] { (0..<count).map { _ in Double(Float(generator.uniform(-1, 1))) } }
  return ComplexTensor(
    real: Tensor(shape: shape, scalars: values()),
    imaginary: Tensor(shape: shape, scalars: values()))
}

func rounded(_ x: ComplexTensor<Double>) -> ComplexTensor<Float> {
  ComplexTensor(
    real: Tensor(shape: x.shape, scalars: x.real.scalars.map { Float($0) }),
    imaginary: Tensor(shape: x.shape, scalars: x.imaginary.scalars.map { Float($0) }))
}

func widened(_ x: ComplexTensor<Float>) -> ComplexTensor<Double> {
  ComplexTensor(
    real: Tensor(shape: x.shape, scalars: x.real.scalars.map { Double($0) }),
    imaginary: Tensor(shape: x.shape, scalars: x.imaginary.scalars.map { Double($0) }))
}

func combined(
  _ x: ComplexTensor<Double>, _ a: Double, _ y: ComplexTensor<Double>, _ b: Double
) -> ComplexTensor<Double> {
  func part(_ x: Tensor<Double>, _ y: Tensor<Double>) -> Tensor<Double> {
    Tensor(shape: x.shape, scalars: zip(x.scalars, y.scalars).map { a * $0 + b * $1 })
  }
  return ComplexTensor(real: part(x.real, y.real), imaginary: part(x.imaginary, y.imaginary))
}

func energy(_ x: ComplexTensor<Double>) -> Double {
  (x.real.scalars + x.imaginary.scalars).reduce(0) { $0 + $1 * $1 }
}

/// The norm of the difference over the norm of `y`.
func relativeDistance(_ x: ComplexTensor<Double>, _ y: ComplexTensor<Double>) -> Double {
  precondition(x.shape == y.shape)
  let difference = energy(combined(x, 1, y, -1)).squareRoot()
  let norm = energy(y).squareRoot()
  return norm == 0 ? difference : difference / norm
}

/// The sequence of Tests/Fixtures/generate_fft.py.
func wholeNumbers(_ n: Int, _ a: Int, _ b: Int) -> [Double] {
  (0..<n).map { j in Double((a * j * j + b * j + 3) % 101 - 50) }
}

/// A file of Tests/Fixtures/fft: a line holds real and imaginary part.
func complexFixture(
  _ name: String, _ shape: [Int], file: String = #filePath
) throws -> ComplexTensor<Double> {
  let folder = file.split(separator: "/").dropLast(2).joined(separator: "/")
  let text = try String(contentsOfFile: "/\(folder)/Fixtures/fft/\(name)", encoding: .utf8)
  let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
  return ComplexTensor(
    real: Tensor(
      shape: shape, scalars: stride(from: 0, to: numbers.count, by: 2).map { numbers[$0] }),
    imaginary: Tensor(
      shape: shape, scalars: stride(from: 1, to: numbers.count, by: 2).map { numbers[$0] }))
}
