// How k-means begins: k-means++ many times, or once at drawn images, as in the code of 2018.
//
// Implements: the k-means of the repository of A. Kitahara and E. Holm (2018): centres at images drawn
//   with replacement, one start, 100 steps.
// Deviations: an empty cluster takes the sample farthest from its centre, where that code divides by
//   zero; steps end early when no label changes, after which none would.
// Checked by: RepresentationTests, MicrographClusteringTests. Cost: none.

import Estimators
import Tensors

/// How the centres of k-means begin.
public enum ClusterSeeding: String, Codable, Sendable, CaseIterable {
  /// k-means++, as many starts as the settings say; the lowest inertia wins.
  case plusPlus = "k-means++"
  /// One start at images drawn with replacement, 100 steps at most: the published code of 2018.
  case drawn

  /// Settings of k-means.
  ///
  /// - Parameters:
  ///   - rows: what is grouped, shape (n, d).
  ///   - clusters: k.
  ///   - seed: draws the images.
  ///   - usual: the settings with k-means++.
  /// - Returns: `usual`, or one start with its centres.
  func options(
    _ rows: Tensor<Float>, clusters: Int, seed: UInt64, usual: KMeansOptions
  ) -> KMeansOptions {
    guard self == .drawn else { return usual }
    var generator = SeededGenerator(seed: seed)
    let drawn = (0..<clusters).map { _ in generator.integer(below: rows.shape[0]) }
    let centres = rows.rows(drawn)
    return KMeansOptions(
      starts: 1, maximumIterations: 100, swaps: 0,
      initialCentres: Tensor(shape: centres.shape, scalars: centres.scalars.map(Double.init)))
  }
}
