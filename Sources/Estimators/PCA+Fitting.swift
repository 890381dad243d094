// How the components of a PCA are found: see PCA.swift for the equations and deviations.
//
// Equation -> code: mean_j = sum over i of X_ij / n, corrected by the mean of X_ij - mean_j (the
//   second of two passes) -> `featureMeans`; sign rule -> `fixSigns`.
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
    let mean = featureMeans(X)
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
  ///   - oversampling: see `randomizedSVD`; 10 as scikit-learn.
  ///   - powerIterations: see `randomizedSVD`; 4 as scikit-learn for more than a tenth of all
  ///     components.
  ///   - generator: where the random test matrix comes from.
  /// - Returns: the model; `explainedVarianceRatio` refers to the variance of all features.
  /// - Throws: as the full fit.
  /// - Precondition: `count` in 1 ... d.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public static func fitRandomized<Scalar: KernelScalar>(
    _ X: Tensor<Scalar>, count: Int, whitens: Bool = false, oversampling: Int = 10,
    powerIterations: Int = 4, using generator: inout SeededGenerator
  ) throws(EstimatorError) -> PCA {
    try checkData(X, components: count)
    let (n, d) = (X.shape[0], X.shape[1])
    let mean = featureMeans(X)
    let deviations = centred(X, mean)
    let total = deviations.scalars.reduce(0) { $0 + $1 * $1 } / Double(n - 1)
    guard total.isFinite else { throw .overflow }
    let found: SVD<Scalar>
    do throws(LinearAlgebraError) {
      found = try randomizedSVD(
        Tensor(shape: X.shape, scalars: deviations.scalars.map { Scalar($0) }), rank: count,
        oversampling: oversampling, powerIterations: powerIterations, using: &generator)
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

/// The mean of each feature, in two passes: the second removes the rounding of the first.
func featureMeans<Scalar: KernelScalar>(_ X: Tensor<Scalar>) -> [Double] {
  let (n, d) = (X.shape[0], X.shape[1])
  var mean = [Double](repeating: 0, count: d)
  for _ in 0..<2 {
    var sum = [Double](repeating: 0, count: d)
    for i in 0..<n {
      for j in 0..<d { sum[j] += Double(X.scalars[i * d + j]) - mean[j] }
    }
    for j in 0..<d { mean[j] += sum[j] / Double(n) }
  }
  return mean
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
