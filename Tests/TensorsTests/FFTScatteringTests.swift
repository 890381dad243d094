import Tensors
import Testing

/// The kernels of the scattering transform, on grids of any size.
@Suite struct FFTScatteringTests {
  static let grids = [
    (1, 1, 1), (1, 9, 1), (2, 2, 2), (6, 10, 2), (15, 17, 1), (16, 16, 4), (18, 34, 2),
    (31, 33, 1), (32, 64, 8), (33, 3, 1), (40, 56, 4), (48, 96, 16), (70, 14, 2),
  ]

  /// Two steps of |x * filter|, against transforms in `Double`, with poisoned margins.
  @Test(arguments: grids)
  func filtersAndSums(height: Int, width: Int, subsampling: Int) {
    let case_ = Problem(height: height, width: width, subsampling: subsampling)
    let truth = case_.definition()
    for set in InstructionSet.allCases where set <= .supported {
      let space = ScatteringWorkspace(level: case_.fine)
      space.instructionSet = set
      let (first, second) = case_.run(space)
      // Sums of 10^3 terms in Float of size 1, rounded 10 times each: 10^-5 of their magnitude.
      #expect(abs(first - truth.0) <= 1e-5 * case_.magnitude)
      #expect(abs(second - truth.1) <= 1e-5 * case_.magnitude)
      #expect(space.marginsAreIntact)
      // What one image leaves behind does not reach the next.
      #expect(case_.run(space) == (first, second))
    }
  }

  /// The chain scales with its first filter, to the last bit for a power of two: nothing of the
  /// image, 2^20 times larger, is left in the rows that fill up a kept modulus of 48 rows.
  @Test func keepsSmallModuliApartFromWhatWasBefore() {
    let problem = Problem(height: 96, width: 96, subsampling: 2)
    let small = Tensor(
      shape: [96, 96], scalars: problem.filters[0].scalars.map { $0 * 0x1p-20 })
    for set in InstructionSet.allCases where set <= .supported {
      let space = ScatteringWorkspace(level: problem.fine)
      space.instructionSet = set
      let (large, little) = (
        problem.runCoarse(space, problem.filters[0]), problem.runCoarse(space, small)
      )
      #expect(little == large * 0x1p-20)
    }
  }
}

/// A random image, two random filters, random windows.
private struct Problem {
  let image: Tensor<Float>
  let fine: ScatteringLevel
  let coarse: ScatteringLevel
  let filters: [Tensor<Float>]
  let windows: [(y: ComplexTensor<Double>, x: ComplexTensor<Double>)]
  let subsampling: Int

  init(height: Int, width: Int, subsampling s: Int) {
    image = rounded(randomComplex([height, width], seed: 1)).real
    let (m, n) = (height / s, width / s)
    windows = [(height, width), (m, n)].map { size in
      (y: randomComplex([size.0], seed: 2), x: randomComplex([size.1], seed: 3))
    }
    fine = ScatteringLevel(
      height: height, width: width, window: ScatteringWindow(y: windows[0].y, x: windows[0].x))
    coarse = ScatteringLevel(
      height: m, width: n, window: ScatteringWindow(y: windows[1].y, x: windows[1].x))
    filters = (0..<2).map { rounded(randomComplex([height, width], seed: 4 + $0)).real }
    subsampling = s
  }

  /// The sum of the absolute values of the weights, times the size of a filtered value.
  var magnitude: Double { Double(fine.height * fine.width) }

  func run(_ space: ScatteringWorkspace) -> (Double, Double) {
    space.setImage(
      image, mean: 0, rows: Array(0..<fine.height), columns: Array(0..<fine.width))
    space.transform(fine, into: 0)
    let first = space.modulusSum(
      0, fine, ScatteringFilter(filters[0], subsampling: 1), fine, keep: true)
    space.transform(fine, into: 1)
    let second = space.modulusSum(
      1, fine, ScatteringFilter(filters[1], subsampling: subsampling), coarse, keep: false)
    return (first, second)
  }

  /// Keeps the modulus on the coarse grid, and filters it there.
  func runCoarse(_ space: ScatteringWorkspace, _ filter: Tensor<Float>) -> Double {
    space.setImage(
      image, mean: 0, rows: Array(0..<fine.height), columns: Array(0..<fine.width))
    space.transform(fine, into: 0)
    let first = ScatteringFilter(filter, subsampling: subsampling)
    _ = space.modulusSum(0, fine, first, coarse, keep: true)
    space.transform(coarse, into: 1)
    let second = ScatteringFilter(
      rounded(randomComplex([coarse.height, coarse.width], seed: 8)).real, subsampling: 1)
    return space.modulusSum(1, coarse, second, coarse, keep: false)
  }

  func definition() -> (Double, Double) {
    let first = modulus(Tensor(shape: image.shape, scalars: image.scalars.map { Double($0) }), 0, 1)
    return (sum(first, 0), sum(modulus(first, 1, subsampling), 1))
  }

  private func modulus(_ x: Tensor<Double>, _ filter: Int, _ step: Int) -> Tensor<Double> {
    let plan = FFT2D<Double>(height: x.shape[0], width: x.shape[1])
    let X = plan.forward(ComplexTensor(real: x))
    let values = filters[filter].scalars.map { Double($0) }
    func product(_ part: Tensor<Double>) -> Tensor<Double> {
      Tensor(shape: part.shape, scalars: zip(part.scalars, values).map { $0 * $1 })
    }
    let y = plan.inverse(
      ComplexTensor(real: product(X.real), imaginary: product(X.imaginary)))
    let (m, n) = (x.shape[0], x.shape[1])
    var result: [Double] = []
    for i in stride(from: 0, to: m, by: step) {
      for j in stride(from: 0, to: n, by: step) {
        let (r, i) = (y.real.scalars[i * n + j], y.imaginary.scalars[i * n + j])
        result.append((r * r + i * i).squareRoot())
      }
    }
    return Tensor(shape: [m / step, n / step], scalars: result)
  }

  private func sum(_ U: Tensor<Double>, _ level: Int) -> Double {
    let (y, x) = windows[level]
    var total = 0.0
    for i in 0..<U.shape[0] {
      for j in 0..<U.shape[1] {
        let weight =
          y.real.scalars[i] * x.real.scalars[j] - y.imaginary.scalars[i] * x.imaginary.scalars[j]
        total += U.scalars[i * U.shape[1] + j] * weight
      }
    }
    return total
  }
}
