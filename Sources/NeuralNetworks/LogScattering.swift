// The logarithm of scattering coefficients, each offset by a share of its median.
//
// Implements: the log-scattering of J. Bruna, S. Mallat, IEEE Trans. Pattern Anal. Mach. Intell. 35
//   (2013) 1872, section 4 (logarithms make multiplicative changes of contrast additive).
// Equation -> code: z[i, p] = log(x[i, p] + c median over i of x[i, p])        -> callAsFunction
// Symbols: x coefficients (n, d), c offset, p a path.
// Deviations: the offset by a share of the median keeps the logarithm of small coefficients bounded;
//   a coefficient whose median over the training set is not above 0 is left out, and listed.
// Checked by: LogScatteringTests. Cost: n d logarithms, n log n comparisons a coefficient to fit.

import Tensors

/// Why coefficients have no logarithm.
public enum LogScatteringError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The value at `row`, `column` is NaN or infinite.
  case notFinite(row: Int, column: Int)
  /// The value at `row`, `column` plus its offset is not above zero.
  case notPositive(row: Int, column: Int)
  /// There are no rows to fit to.
  case noRows

  /// One line that says what is wrong.
  public var description: String {
    switch self {
    case .notFinite(let row, let column): "coefficient \(column) of row \(row) is not finite"
    case .notPositive(let row, let column):
      "coefficient \(column) of row \(row) plus its offset is not positive: no logarithm"
    case .noRows: "no rows to take the medians of"
    }
  }
}

/// log(x + offset median(x)) of each coefficient that has a positive median.
public struct LogScattering: Sendable, Equatable {
  /// The share of the median that is added.
  public let offset: Double
  /// The number of coefficients of an input row.
  public let inputCount: Int
  /// The coefficients that are kept, ascending.
  public let keptIndices: [Int]
  /// The median over the training set of each kept coefficient.
  public let medians: [Double]

  /// The coefficients that are left out because their median was not above zero, ascending.
  public var droppedIndices: [Int] {
    let kept = Set(keptIndices)
    return (0..<inputCount).filter { !kept.contains($0) }
  }

  /// A transformation with known medians, as stored in a model.
  ///
  /// - Precondition: as many medians as kept indices, positive; indices ascending, below
  ///   `inputCount`; `offset` not negative.
  public init(offset: Double, inputCount: Int, keptIndices: [Int], medians: [Double]) {
    precondition(offset >= 0 && offset.isFinite, "the offset \(offset) is negative or not finite")
    precondition(
      keptIndices.count == medians.count && medians.allSatisfy { $0 > 0 && $0.isFinite },
      "\(keptIndices.count) indices and \(medians.count) medians, which must be positive")
    precondition(
      zip(keptIndices, keptIndices.dropFirst()).allSatisfy { $0 < $1 }
        && (keptIndices.first ?? 0) >= 0 && (keptIndices.last ?? -1) < inputCount,
      "kept indices are not ascending below \(inputCount)")
    (self.offset, self.inputCount) = (offset, inputCount)
    (self.keptIndices, self.medians) = (keptIndices, medians)
  }

  /// Takes the medians of a training set.
  ///
  /// - Parameters:
  ///   - rows: shape (n, d), coefficients of n images.
  ///   - offset: the share of the median; 0.1 was chosen on the NEU data set.
  /// - Throws: `LogScatteringError` for no rows, or a value that is not finite.
  public init(fitting rows: Tensor<Float>, offset: Double = 0.1) throws(LogScatteringError) {
    precondition(rows.rank == 2, "coefficients have the shape (n, d), not \(rows.shape)")
    let (n, d) = (rows.shape[0], rows.shape[1])
    guard n > 0 else { throw .noRows }
    if let index = rows.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: index / d, column: index % d)
    }
    var (kept, medians): ([Int], [Double]) = ([], [])
    for p in 0..<d {
      let sorted = (0..<n).map { Double(rows.scalars[$0 * d + p]) }.sorted()
      let median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2
      guard median > 0 else { continue }
      kept.append(p)
      medians.append(median)
    }
    self.init(offset: offset, inputCount: d, keptIndices: kept, medians: medians)
  }

  /// The logarithms of the kept coefficients.
  ///
  /// - Parameter rows: shape (n, d), d = `inputCount`.
  /// - Returns: shape (n, `keptIndices.count`).
  /// - Throws: `LogScatteringError` for a value that is not finite, or that has no logarithm.
  public func callAsFunction(_ rows: Tensor<Float>) throws(LogScatteringError) -> Tensor<Float> {
    precondition(
      rows.rank == 2 && rows.shape[1] == inputCount,
      "coefficients of shape \(rows.shape), where (n, \(inputCount)) is expected")
    let (n, d) = (rows.shape[0], inputCount)
    if let index = rows.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: index / d, column: index % d)
    }
    var result: [Float] = []
    result.reserveCapacity(n * keptIndices.count)
    for i in 0..<n {
      for (p, median) in zip(keptIndices, medians) {
        let x = Double(rows.scalars[i * d + p]) + offset * median
        guard x > 0 else { throw .notPositive(row: i, column: p) }
        result.append(Float(naturalLogarithm(x)))
      }
    }
    return Tensor(shape: [n, keptIndices.count], scalars: result)
  }
}
