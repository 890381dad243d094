// How the components of a PCA are found: see PCA.swift for the equations and deviations.
//
// Equation -> code: mean_j = sum over i of X_ij / n, corrected by the mean of X_ij - mean_j (the
//   second of two passes, which also takes the squares) -> `featureMoments`; sign rule -> `fixSigns`.
// Checked by: PCATests.

import LinearAlgebra
import Tensors

extension PCA {
  /// Finds the components by a full singular value decomposition, in Double whatever the data are
  /// in.
  ///
  /// - Parameters:
  ///   - X: n samples of d features, shape (n, d), d at least 1.
  ///   - components: how many are kept.
  ///   - whitens: whether `transform` divides scores by their standard deviation.
  /// - Returns: the model; the same bits for any number of threads.
  /// - Throws: `tooFewSamples` for n < 2 or n below the number of components, `nonFinite` for NaN
  ///   or infinite values, `overflow` if a variance is too large for Double, `notConverged`.
  /// - Precondition: a count of components in 1 ... d, a fraction in 0 ... 1.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public static func fit<Scalar: KernelScalar>(
    _ X: Tensor<Scalar>, components: Components = .all, whitens: Bool = false
  ) throws(EstimatorError) -> PCA {
    let asked: Int
    if case .count(let count) = components { asked = count } else { asked = 1 }
    try checkData(X, components: asked)
    let (n, d) = (X.shape[0], X.shape[1])
    let (mean, _) = featureMoments(X)
    let found: (S: [Double], Vt: Tensor<Double>)
    do throws(LinearAlgebraError) {
      found = try rightSingularVectors(centred(X, mean))
    } catch { throw EstimatorError(error) }

    let S = withoutRounding(found.S, Double(max(n, d)) * Double.ulpOfOne)
    let variances = S.map { $0 * $0 / Double(n - 1) }
    let total = variances.reduce(0, +)
    guard total.isFinite else { throw .overflow }
    let k = keptCount(components, variances, total)
    let leftOut = variances[k...]
    return PCA(
      mean: mean, components: fixSigns(found.Vt, count: k),
      explainedVariance: Array(variances.prefix(k)),
      explainedVarianceRatio: variances.prefix(k).map { total > 0 ? $0 / total : 0 },
      singularValues: Array(S.prefix(k)),
      noiseVariance: leftOut.isEmpty ? 0 : leftOut.reduce(0, +) / Double(leftOut.count),
      whitens: whitens)
  }

  /// Finds the leading components from a random sample of the range, in the data's own precision.
  ///
  /// For large data and few components; the error falls with `powerIterations`.
  ///
  /// - Parameters:
  ///   - X: n samples of d features, shape (n, d), d at least 1.
  ///   - count: how many components.
  ///   - whitens: whether `transform` divides scores by their standard deviation.
  ///   - oversampling: see `randomizedSVD`. 30 with 2 power iterations capture within 1e-4 of the
  ///     variance of the best components where the spectrum falls as 1 / i or faster, at half the
  ///     products of scikit-learn's 10 and 7; a flat spectrum (noise) asks for more iterations.
  ///   - powerIterations: see `randomizedSVD`.
  ///   - generator: where the random test matrix comes from.
  /// - Returns: the model; `explainedVarianceRatio` refers to the variance of all features.
  /// - Throws: as the full fit.
  /// - Precondition: `count` in 1 ... d.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public static func fitRandomized<Scalar: KernelScalar>(
    _ X: Tensor<Scalar>, count: Int, whitens: Bool = false, oversampling: Int = 30,
    powerIterations: Int = 2, using generator: inout SeededGenerator
  ) throws(EstimatorError) -> PCA {
    try checkData(X, components: count)
    let (n, d) = (X.shape[0], X.shape[1])
    let (mean, squares) = featureMoments(X)
    let centred = deviations(X, mean)
    let total = squares / Double(n - 1)
    guard total.isFinite else { throw .overflow }
    let found: SVD<Scalar>
    do throws(LinearAlgebraError) {
      found = try randomizedSVD(
        centred, rank: count, oversampling: oversampling, powerIterations: powerIterations,
        using: &generator)
    } catch { throw EstimatorError(error) }

    let S = withoutRounding(
      found.S.map { Double($0) }, Double(max(n, d)) * Double(Scalar.ulpOfOne))
    let variances = S.map { $0 * $0 / Double(n - 1) }
    let missing = min(n, d) - count
    // Rounding can leave a little less than nothing.
    let left = max(0, total - variances.reduce(0, +))
    let Vt = Tensor(shape: found.Vt.shape, scalars: found.Vt.scalars.map { Double($0) })
    return PCA(
      mean: mean, components: fixSigns(Vt, count: count), explainedVariance: variances,
      explainedVarianceRatio: variances.map { total > 0 ? $0 / total : 0 }, singularValues: S,
      noiseVariance: missing > 0 ? left / Double(missing) : 0, whitens: whitens)
  }
}

extension EstimatorError {
  /// The same fault in the words of an estimator; data were found finite before.
  fileprivate init(_ error: LinearAlgebraError) {
    switch error {
    case .noConvergence(let sweeps): self = .notConverged(iterations: sweeps)
    // Deviations from the mean can leave the range of the type though the data do not.
    case .nonFinite, .overflow: self = .overflow
    }
  }
}

/// Refuses data from which `components` components cannot be found.
private func checkData<Scalar: KernelScalar>(
  _ X: Tensor<Scalar>, components: Int
) throws(EstimatorError) {
  precondition(
    X.rank == 2 && X.shape[1] >= 1,
    "samples are the rows of a matrix with at least one column, not of shape \(X.shape)")
  precondition(
    components >= 1 && components <= X.shape[1],
    "\(components) components of data of shape \(X.shape)")
  let needed = max(2, components)
  guard X.shape[0] >= needed else { throw .tooFewSamples(found: X.shape[0], needed: needed) }
  try checkFinite(X)
}

/// Rows of one piece of a pass over the data.
private let pieceRows = 64

/// For each feature the sum over samples of the differences from `mean`, and after them the sums of
/// their squares: rows of each piece first, then pieces in their order.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func differenceSums<Scalar: KernelScalar>(
  _ X: Tensor<Scalar>, from mean: [Double]
) -> [Double] {
  let (n, d, scalars) = (X.shape[0], X.shape[1], X.scalars)
  let parts = parallelMap((n + pieceRows - 1) / pieceRows) { (piece: Int) -> [Double] in
    var sums = [Double](repeating: 0, count: 2 * d)
    for i in piece * pieceRows..<min(n, (piece + 1) * pieceRows) {
      for j in 0..<d {
        let difference = Double(scalars[i &* d &+ j]) - mean[j]
        sums[j] += difference
        sums[d &+ j] += difference * difference
      }
    }
    return sums
  }
  var total = [Double](repeating: 0, count: 2 * d)
  for part in parts {
    for j in total.indices { total[j] += part[j] }
  }
  return total
}

/// The mean of each feature, in two passes: the second removes the rounding of the first; and the sum
/// of all squared deviations from it.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func featureMoments<Scalar: KernelScalar>(
  _ X: Tensor<Scalar>
) -> (mean: [Double], squares: Double) {
  let (n, d) = (Double(X.shape[0]), X.shape[1])
  let first = differenceSums(X, from: [Double](repeating: 0, count: d)).prefix(d).map { $0 / n }
  let second = differenceSums(X, from: first)
  var squares = 0.0
  for j in 0..<d { squares += second[d + j] - second[j] * (second[j] / n) }
  return ((0..<d).map { first[$0] + second[$0] / n }, squares)
}

/// The data minus the mean of each feature, in the data's precision.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func deviations<Scalar: KernelScalar>(
  _ X: Tensor<Scalar>, _ mean: [Double]
) -> Tensor<Scalar> {
  let (d, scalars) = (X.shape[1], X.scalars)
  var values = [Scalar](repeating: 0, count: X.count)
  parallelForEachChunk(of: &values, size: pieceRows * d) { piece, span in
    let first = piece * pieceRows * d
    for row in 0..<span.count / d {
      for j in 0..<d {
        let at = row &* d &+ j
        span[at] = Scalar(Double(scalars[first &+ at]) - mean[j])
      }
    }
  }
  return Tensor(shape: X.shape, scalars: values)
}

/// The singular values, 0 for those at most `tolerance` times the largest.
private func withoutRounding(_ S: [Double], _ tolerance: Double) -> [Double] {
  let limit = (S.first ?? 0) * tolerance
  return S.map { $0 > limit ? $0 : 0 }
}

/// How many components the caller asked for.
private func keptCount(
  _ components: PCA.Components, _ variances: [Double], _ total: Double
) -> Int {
  switch components {
  case .all: return variances.count
  case .count(let count): return count
  case .varianceFraction(let fraction):
    precondition(fraction >= 0 && fraction <= 1, "\(fraction) is not a fraction of the variance")
    var sum = 0.0
    for (index, variance) in variances.enumerated() {
      sum += variance
      if sum >= fraction * total { return index + 1 }
    }
    return variances.count
  }
}

/// The first `count` rows, each with the sign that makes its entry of largest magnitude positive.
package func fixSigns(_ Vt: Tensor<Double>, count: Int) -> Tensor<Double> {
  let d = Vt.shape[1]
  var result = Array(Vt.scalars.prefix(count * d))
  for i in 0..<count {
    let row = i * d..<(i + 1) * d
    var largest = row.lowerBound
    for index in row where abs(result[index]) > abs(result[largest]) { largest = index }
    guard result[largest] < 0 else { continue }
    for index in row { result[index] = -result[index] }
  }
  return Tensor(shape: [count, d], scalars: result)
}
