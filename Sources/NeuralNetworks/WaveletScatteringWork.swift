// What a `WaveletScattering` holds: filters, windows, plans, and workspaces that threads reuse.
//
// Equation -> code: see WaveletScattering.swift.
// Deviations: none. Checked by: WaveletScatteringTests.

import Synchronization
import Tensors

/// The filters for images of one size.
final class ScatteringFilters: Sendable {
  private let J: Int
  private let L: Int
  private let maximumOrder: Int
  /// Resolution j samples every 2^j-th pixel of the padded image.
  private let levels: [ScatteringLevel]
  /// For each wavelet: from the finest grid, and from the grid of each coarser j1 below its own scale.
  private let wavelets: [[ScatteringFilter]]
  /// The pixel of the image that each row and column of the padded image shows.
  private let rows: [Int]
  private let columns: [Int]
  /// The window of order 0, folded back onto the image.
  private let foldedRows: (real: [Double], imaginary: [Double])
  private let foldedColumns: (real: [Double], imaginary: [Double])
  private let idle = Mutex<[ScatteringWorkspace]>([])

  init(height: Int, width: Int, J: Int, L: Int, maximumOrder: Int) {
    (self.J, self.L, self.maximumOrder) = (J, L, maximumOrder)
    rows = reflectedIndices(height, J)
    columns = reflectedIndices(width, J)
    let (M, N) = (rows.count, columns.count)
    levels = (0..<J).map { j in
      let y = lowPassSequence(length: M, resolution: j, scales: J)
      let x = lowPassSequence(length: N, resolution: j, scales: J)
      return ScatteringLevel(
        height: M >> j, width: N >> j, window: ScatteringWindow(y: scaled(y, gaussianNorm), x: x))
    }
    let y = scaled(lowPassSequence(length: M, resolution: 0, scales: J), gaussianNorm)
    foldedRows = folded(y, rows, height)
    foldedColumns = folded(lowPassSequence(length: N, resolution: 0, scales: J), columns, width)
    wavelets = parallelMap(maximumOrder == 0 ? 0 : J * L) { n in
      let j = n / L
      let filter = morletFilter(scale: j, orientation: n % L, of: L, M: M, N: N)
      let coarser = maximumOrder == 2 ? max(j, 1) : 1
      return (0..<coarser).map { j1 in
        ScatteringFilter(
          j1 == 0 ? filter : lowFrequencies(filter, factor: 1 << j1), subsampling: 1 << (j - j1))
      }
    }
  }

  /// The memory that the filters take.
  var byteCount: Int { wavelets.joined().reduce(0) { $0 + $1.byteCount } }

  /// The coefficients of a finite image of the right size.
  func coefficients(
    of image: Tensor<Float>, using instructionSet: InstructionSet
  ) -> [Double] {
    var first: [Double] = []
    var second: [Double] = []
    let zeroth = zerothOrder(image)
    guard maximumOrder > 0 else { return [zeroth] }
    let space = idle.withLock { $0.popLast() } ?? ScatteringWorkspace(level: levels[0])
    defer { idle.withLock { $0.append(space) } }
    let mean = image.scalars.reduce(0) { $0 + Double($1) } / Double(image.count)
    space.instructionSet = instructionSet
    space.setImage(image, mean: Float(mean), rows: rows, columns: columns)
    space.transform(levels[0], into: 0)
    for n1 in 0..<(J * L) {
      let j1 = n1 / L
      let goesOn = maximumOrder == 2 && j1 < J - 1
      first.append(space.modulusSum(0, levels[0], wavelets[n1][0], levels[j1], keep: goesOn))
      guard goesOn else { continue }
      space.transform(levels[j1], into: 1)
      for n2 in ((j1 + 1) * L)..<(J * L) {
        second.append(
          space.modulusSum(1, levels[j1], wavelets[n2][j1], levels[n2 / L], keep: false))
      }
    }
    return [zeroth] + first + second
  }

  private func zerothOrder(_ image: Tensor<Float>) -> Double {
    let width = image.shape[1]
    var total = 0.0
    for y in 0..<image.shape[0] {
      var (real, imaginary) = (0.0, 0.0)
      for x in 0..<width {
        let value = Double(image.scalars[y * width + x])
        real += value * foldedColumns.real[x]
        imaginary += value * foldedColumns.imaginary[x]
      }
      total += real * foldedRows.real[y] - imaginary * foldedRows.imaginary[y]
    }
    return total
  }
}

/// The index that each sample of a padded signal shows: reflected, the ends not repeated.
///
/// The padded length is ((n + 2^J) / 2^J + 1) 2^J; an odd border is longer at the end.
func reflectedIndices(_ n: Int, _ J: Int) -> [Int] {
  let unit = 1 << J
  let length = ((n + unit) / unit + 1) * unit
  let before = (length - n) / 2
  let period = max(1, 2 * (n - 1))
  return (0..<length).map { k in
    let index = remainder(k - before, period)
    return index < n ? index : period - index
  }
}

/// The sums of the weights that fall on each of `n` samples.
private func folded(
  _ weights: ComplexTensor<Double>, _ indices: [Int], _ n: Int
) -> ([Double], [Double]) {
  var (real, imaginary) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
  for (k, index) in indices.enumerated() {
    real[index] += weights.real.scalars[k]
    imaginary[index] += weights.imaginary.scalars[k]
  }
  return (real, imaginary)
}

private func scaled(_ x: ComplexTensor<Double>, _ factor: Double) -> ComplexTensor<Double> {
  ComplexTensor(
    real: Tensor(shape: x.shape, scalars: x.real.scalars.map { $0 * factor }),
    imaginary: Tensor(shape: x.shape, scalars: x.imaginary.scalars.map { $0 * factor }))
}
