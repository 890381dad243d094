// Principal component analysis by the singular values of the centred data.
//
// Implements: K. Pearson, Phil. Mag. 2 (1901) 559; I. Jolliffe, Principal Component Analysis, 2nd
//   ed. 2002, section 3.5 (from the singular value decomposition); randomized path: N. Halko, P.-G.
//   Martinsson, J. Tropp, SIAM Review 53 (2011) 217, algorithms 4.4 and 5.1. Conventions of
//   scikit-learn 1.5 and later.
// Equation -> code: X - 1 mean' = U S V' -> `PCA.fit`; variance_i = S_i^2 / (n - 1); scores
//   (X - 1 mean') V -> `transform`; whitened: scores_i / sqrt(variance_i).
// Symbols: X (n x d); n samples, d features, k components; V' -> `components` (k x d).
// Deviations: signs are fixed by the rule of `components`. A singular value that is rounding error
//   alone, at most max(n, d) eps S_0, is reported as 0, and whitening gives 0 along it, not
//   amplified noise.
// Checked by: PCATests (scikit-learn, identities, edges); twin PCAReference.
// Cost: 2 n d^2 + 60 d^3 flops for n >= d; two copies of X in Double.

import LinearAlgebra
import Tensors

/// A rotation of the feature space to uncorrelated directions in order of falling variance.
///
/// All that a fitted model is made of is public, and `init` takes it back from a model file.
public struct PCA: Sendable, Equatable {
  /// How many components are kept.
  public enum Components: Sendable, Equatable {
    /// As many as there can be: min(n, d).
    case all
    /// So many.
    case count(Int)
    /// The fewest that explain at least this fraction of the variance, in 0 ... 1.
    case varianceFraction(Double)
  }

  /// The mean of each feature, d values.
  public let mean: [Double]
  /// Unit vectors in rows, shape (k, d), by falling variance.
  ///
  /// The entry of largest magnitude is positive in each; of equal ones the one of lowest index
  /// decides.
  public let components: Tensor<Double>
  /// The variance along each component, with n - 1 in the denominator.
  public let explainedVariance: [Double]
  /// The same as a fraction of the variance of all features; 0 if that is 0.
  public let explainedVarianceRatio: [Double]
  /// The singular values of the centred data that belong to the components.
  public let singularValues: [Double]
  /// The mean variance of the components that were left out; 0 if none was.
  public let noiseVariance: Double
  /// Whether scores are divided by the standard deviation along their component.
  public let whitens: Bool

  /// Puts a fitted model together again.
  ///
  /// - Parameters:
  ///   - mean: d values.
  ///   - components: shape (k, d), orthonormal rows.
  ///   - explainedVariance: k values; 0 marks a direction without variance.
  ///   - explainedVarianceRatio: k values.
  ///   - singularValues: k values.
  ///   - noiseVariance: see `noiseVariance`.
  ///   - whitens: see `whitens`.
  /// - Precondition: the shapes agree.
  public init(
    mean: [Double], components: Tensor<Double>, explainedVariance: [Double],
    explainedVarianceRatio: [Double], singularValues: [Double], noiseVariance: Double,
    whitens: Bool
  ) {
    let k = explainedVariance.count
    precondition(
      components.shape == [k, mean.count] && singularValues.count == k
        && explainedVarianceRatio.count == k,
      "components of shape \(components.shape) with \(mean.count) features, \(k) variances, "
        + "\(explainedVarianceRatio.count) ratios and \(singularValues.count) singular values")
    (self.mean, self.components) = (mean, components)
    self.explainedVariance = explainedVariance
    self.explainedVarianceRatio = explainedVarianceRatio
    self.singularValues = singularValues
    (self.noiseVariance, self.whitens) = (noiseVariance, whitens)
  }

  /// The scores of samples along the components.
  ///
  /// - Parameter X: shape (n, d).
  /// - Returns: shape (n, k); whitened if `whitens`, with 0 along directions without variance.
  /// - Throws: `wrongWidth`; `nonFinite` for NaN or infinite values.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func transform<Scalar: KernelScalar>(
    _ X: Tensor<Scalar>
  ) throws(EstimatorError) -> Tensor<Scalar> {
    precondition(X.rank == 2, "samples are the rows of a matrix, not of shape \(X.shape)")
    try checkWidth(X, expected: mean.count)
    try checkFinite(X)
    let scores = matmul(centred(X, mean), components, transposingB: true)
    let scales = explainedVariance.map { whitens ? ($0 > 0 ? 1 / $0.squareRoot() : 0) : 1 }
    return Tensor(shape: scores.shape, scalars: scaledRows(scores, scales).map { Scalar($0) })
  }

  /// The samples that have given scores: mean plus the sum of scores times components.
  ///
  /// - Parameter scores: shape (n, k), as `transform` makes them.
  /// - Returns: shape (n, d).
  /// - Throws: `wrongWidth`; `nonFinite` for NaN or infinite values.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func inverseTransform<Scalar: KernelScalar>(
    _ scores: Tensor<Scalar>
  ) throws(EstimatorError) -> Tensor<Scalar> {
    precondition(
      scores.rank == 2, "scores are the rows of a matrix, not of shape \(scores.shape)")
    try checkWidth(scores, expected: explainedVariance.count)
    try checkFinite(scores)
    let scales = explainedVariance.map { whitens ? $0.squareRoot() : 1 }
    let plain = Tensor(
      shape: scores.shape, scalars: scaledRows(scores, scales))
    let deviations = matmul(plain, components)
    let d = mean.count
    var result: [Scalar] = []
    result.reserveCapacity(deviations.count)
    for i in 0..<scores.shape[0] {
      for j in 0..<d { result.append(Scalar(deviations.scalars[i * d + j] + mean[j])) }
    }
    return Tensor(shape: deviations.shape, scalars: result)
  }
}

/// Each column times its factor, in Double.
private func scaledRows<Scalar: KernelScalar>(
  _ X: Tensor<Scalar>, _ factors: [Double]
) -> [Double] {
  let d = factors.count
  var result: [Double] = []
  result.reserveCapacity(X.count)
  for i in 0..<X.shape[0] {
    for j in 0..<d { result.append(Double(X.scalars[i * d + j]) * factors[j]) }
  }
  return result
}

private func checkWidth<Scalar: KernelScalar>(
  _ X: Tensor<Scalar>, expected: Int
) throws(EstimatorError) {
  guard X.shape[1] == expected else {
    throw .wrongWidth(expected: expected, found: X.shape[1])
  }
}

/// Refuses NaN and infinite values.
func checkFinite<Scalar: KernelScalar>(_ X: Tensor<Scalar>) throws(EstimatorError) {
  guard let index = X.firstNonFinite else { return }
  throw .nonFinite(row: index / X.shape[1], column: index % X.shape[1])
}

/// The data minus the mean of each feature, in Double.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func centred<Scalar: KernelScalar>(_ X: Tensor<Scalar>, _ mean: [Double]) -> Tensor<Double> {
  let (d, scalars) = (mean.count, X.scalars)
  var result = [Double](repeating: 0, count: X.count)
  guard d > 0 else { return Tensor(shape: X.shape, scalars: result) }
  parallelForEachChunk(of: &result, size: 64 * d) { piece, span in
    let first = piece * 64 * d
    for row in 0..<span.count / d {
      for j in 0..<d {
        let at = row &* d &+ j
        span[at] = Double(scalars[first &+ at]) - mean[j]
      }
    }
  }
  return Tensor(shape: X.shape, scalars: result)
}
