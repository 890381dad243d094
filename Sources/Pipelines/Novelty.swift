// Is an image unlike anything the model has seen?
//
// Implements: the two statistics of multivariate process control with principal components,
//   J. E. Jackson, G. S. Mudholkar, "Control procedures for residuals associated with principal
//   component analysis", Technometrics 21 (1979) 341: the squared residual Q of equation 2.1, and,
//   instead of T^2, the distance to the nearest cluster centre in the space of the components.
// Equation -> code: Q = |x - x^|^2, x^ the reconstruction from the components (`squaredResiduals`).
// Symbols: x -> a row of log coefficients; Q -> `residual`.
// Deviations: the limits are not those of a normal distribution but quantiles of held-out images,
//   measured by cross-validation over the training images, because the classes are not normal.
// Checked by: NoveltyTests. Cost: one PCA a fold.

import Estimators
import Tensors

/// The limits beyond which an image is flagged.
///
/// Distances are taken before components are limited: an extraordinary image must not hide.
public struct NoveltyLimits: Sendable, Equatable {
  /// The greatest usual distance to the nearest centre.
  public var distance: Double
  /// The greatest usual squared residual.
  public var residual: Double

  /// How unusual an image is: above 1 it is flagged.
  public func score(distance: Double, residual: Double) -> Double {
    max(share(distance, of: self.distance), share(residual, of: self.residual))
  }

  /// `value` as a share of a limit; a limit of 0 stands for images that are all alike.
  private func share(_ value: Double, of limit: Double) -> Double {
    limit > 0 ? value / limit : value > 0 ? .infinity : 0
  }
}

/// Folds of the cross-validation that measures the limits.
private let noveltyFolds = 5

/// The share of held-out training images that each limit leaves below it.
private let noveltyQuantile = 0.99

/// Measures the limits: each fifth of the training images is scored by a model of the rest.
///
/// - Parameters:
///   - logs: shape (n, d), the normalised log coefficients.
///   - labels: the cluster of each image.
///   - clusters: the number of clusters.
///   - components: the number of components.
///   - parents: the image that each row was cut from; all its rows are held out together.
///   - settings: whitening and the seed of the folds.
/// - Returns: the limits; infinite when there are too few images to hold any out.
/// - Throws: what `PCA` throws.
func noveltyLimits(
  logs: Tensor<Float>, labels: [Int], clusters: Int, components: Int, parents: [Int],
  _ settings: ClusteringSettings
) throws(EstimatorError) -> NoveltyLimits {
  var generator = SeededGenerator(seed: settings.seed, stream: 1_000_003)
  let order = generator.permutation((parents.max() ?? -1) + 1)
  var folds = [Int](repeating: 0, count: order.count)
  for (place, parent) in order.enumerated() { folds[parent] = place % noveltyFolds }
  var distances: [Double] = []
  var residuals: [Double] = []
  for fold in 0..<noveltyFolds {
    let held = parents.indices.filter { folds[parents[$0]] == fold }
    let rest = parents.indices.filter { folds[parents[$0]] != fold }
    guard !held.isEmpty, rest.count > components else { continue }
    let pca = try fittedComponents(logs.rows(rest), keeping: components, settings).pca
    let centres = try KMeans(
      centres: means(of: try pca.transform(logs.rows(rest)), rest.map { labels[$0] }, clusters))
    let test = logs.rows(held)
    let scores = try pca.transform(test)
    distances += try nearestDistances(centres, scores)
    residuals += try squaredResiduals(pca, test, scores)
  }
  return NoveltyLimits(
    distance: quantile(distances, noveltyQuantile), residual: quantile(residuals, noveltyQuantile))
}

/// The distance of each row to its nearest centre.
func nearestDistances(_ model: KMeans, _ scores: Tensor<Float>) throws(EstimatorError) -> [Double] {
  let distances = try model.distances(scores)
  let k = model.clusters
  return (0..<scores.shape[0]).map { i in
    distances.scalars[(i * k)..<((i + 1) * k)].min() ?? 0
  }
}

/// Q: what the components leave of each row.
func squaredResiduals(
  _ pca: PCA, _ rows: Tensor<Float>, _ scores: Tensor<Float>
) throws(EstimatorError) -> [Double] {
  let rebuilt = try pca.inverseTransform(scores)
  let d = rows.shape[1]
  return (0..<rows.shape[0]).map { i in
    (0..<d).reduce(0.0) { sum, j in
      let r = Double(rows.scalars[i * d + j]) - Double(rebuilt.scalars[i * d + j])
      return sum + r * r
    }
  }
}

/// The mean of the rows of each cluster; a cluster without rows gets the mean of all.
func means(of rows: Tensor<Float>, _ labels: [Int], _ clusters: Int) -> Tensor<Double> {
  let d = rows.shape[1]
  var sums = Tensor<Double>.zeros([clusters, d])
  var counts = [Int](repeating: 0, count: clusters)
  for (i, label) in labels.enumerated() {
    counts[label] += 1
    for j in 0..<d { sums.scalars[label * d + j] += Double(rows.scalars[i * d + j]) }
  }
  for c in 0..<clusters where counts[c] > 0 {
    for j in 0..<d { sums.scalars[c * d + j] /= Double(counts[c]) }
  }
  return sums
}

/// The value below which the share `q` of the values lies, linear between neighbours
/// (Hyndman and Fan 1996, definition 7); infinity when there are none.
func quantile(_ values: [Double], _ q: Double) -> Double {
  let sorted = values.sorted()
  guard let last = sorted.last else { return .infinity }
  let position = q * Double(sorted.count - 1)
  let index = Int(position)
  guard index + 1 < sorted.count else { return last }
  return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
}

extension Tensor {
  /// The rows of a matrix with these indices, in this order.
  func rows(_ indices: [Int]) -> Tensor {
    let d = shape[1]
    return Tensor(
      shape: [indices.count, d], scalars: indices.flatMap { scalars[($0 * d)..<(($0 + 1) * d)] })
  }
}
