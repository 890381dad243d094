import Tensors
import Testing

/// Heights and widths: around the vector widths, odd, prime, and single.
let transformSizes = [
  [1, 1], [1, 16], [16, 1], [2, 3], [5, 7], [15, 22], [16, 16], [17, 33], [31, 49], [64, 48],
  [100, 11], [13, 128],
]

@Suite struct FFT2DTests {
  @Test(arguments: transformSizes)
  func agreesWithTheDefinition(size: [Int]) {
    let x = randomComplex(size, seed: 13)
    let truth = definition(x)
    let plan = FFT2D<Double>(height: size[0], width: size[1])
    let limit = bound(size[0], 0x1p-52) + bound(size[1], 0x1p-52)
    #expect(relativeDistance(plan.forward(x), truth) <= limit)
    #expect(relativeDistance(plan.inverse(plan.forward(x)), x) <= 2 * limit)
    let single = FFT2D<Float>(height: size[0], width: size[1]).forward(rounded(x))
    #expect(relativeDistance(widened(single), truth) <= limit * 0x1p29)
  }

  @Test(arguments: transformSizes)
  func givesRealImagesTheFirstHalfOfTheSpectrum(size: [Int]) {
    let x = randomComplex(size, seed: 17).real
    let plan = FFT2D<Double>(height: size[0], width: size[1])
    let whole = plan.forward(ComplexTensor(real: x))
    let half = plan.forward(real: x)
    let expected = firstColumns(whole, size[1] / 2 + 1)
    let limit = 2 * (bound(size[0], 0x1p-52) + bound(size[1], 0x1p-52))
    #expect(relativeDistance(half, expected) <= limit)
    let back = ComplexTensor(real: plan.inverseReal(half))
    #expect(relativeDistance(back, ComplexTensor(real: x)) <= 2 * limit)
  }

  @Test func agreesWithNumPy() throws {
    let x = ComplexTensor(
      real: Tensor(shape: [15, 22], scalars: wholeNumbers(330, 7, 5)),
      imaginary: Tensor(shape: [15, 22], scalars: wholeNumbers(330, 3, 11)))
    let plan = FFT2D<Double>(height: 15, width: 22)
    let limit = bound(15, 0x1p-52) + bound(22, 0x1p-52)
    let golden = try complexFixture("complex_15x22.txt", [15, 22])
    #expect(relativeDistance(plan.forward(x), golden) <= limit)
    let goldenReal = try complexFixture("real_15x22.txt", [15, 12])
    #expect(relativeDistance(plan.forward(real: x.real), goldenReal) <= limit)
  }

  @Test func transformsNothing() {
    for size in [[0, 0], [0, 5], [5, 0]] {
      let plan = FFT2D<Float>(height: size[0], width: size[1])
      let empty = ComplexTensor<Float>(real: .zeros(size))
      #expect(plan.forward(empty) == empty)
      #expect(plan.inverse(empty) == empty)
      #expect(plan.inverseReal(plan.forward(real: empty.real)).shape == size)
    }
  }
}

/// Rows, then columns, by the definition.
private func definition(_ x: ComplexTensor<Double>) -> ComplexTensor<Double> {
  func turned(_ x: ComplexTensor<Double>) -> ComplexTensor<Double> {
    ComplexTensor(real: x.real.transposed(), imaginary: x.imaginary.transposed())
  }
  return turned(dftReference(turned(dftReference(x))))
}

private func firstColumns(_ x: ComplexTensor<Double>, _ count: Int) -> ComplexTensor<Double> {
  func part(_ x: Tensor<Double>) -> Tensor<Double> {
    let (m, n) = (x.shape[0], x.shape[1])
    return Tensor(
      shape: [m, count], scalars: (0..<m).flatMap { x.scalars[$0 * n..<$0 * n + count] })
  }
  return ComplexTensor(real: part(x.real), imaginary: part(x.imaginary))
}
