// Work that is done many times over: single starts, folds of the validation.
//
// Implements: Cohn & Holm (2021), section 3.2 (five folds) and 3.3.4 (single starts).
// Deviations: none beyond those of Representation.swift. Checked by: RepresentationTests.
// Cost: 3 ms a single start on 1,800 x 50.

import Estimators
import Tensors

/// One start of k-means.
package struct SingleStart: Equatable {
  package var inertia: Double
  package var accuracy: Double

  package init(inertia: Double, accuracy: Double) {
    (self.inertia, self.accuracy) = (inertia, accuracy)
  }
}

/// How one fold of the validation went, with both ways to name clusters.
package struct FoldOutcome: Equatable {
  /// Clusters named by the training images.
  package var training: Double
  /// Held-out images, clusters named by the training images alone.
  package var honest: Double
  /// Held-out images, clusters named again by the classes of the held-out images (CH-A2).
  package var leaked: Double
}

extension Representation {
  /// How many single starts one unit has.
  package static let startsOfUnit = 100

  /// The units of `count` single starts of k-means++, each of its own seed.
  package func singleStartUnits(
    _ space: GroupingSpace, clusters: Int, count: Int, seed: UInt64
  ) -> [WorkUnit] {
    stride(from: 0, to: count, by: Self.startsOfUnit).map { first in
      let last = min(first + Self.startsOfUnit, count)
      return WorkUnit(
        name:
          "\(key): single starts \(first)..<\(last) on \(space.name), k \(clusters), seed \(seed)"
      ) { [self] in
        try singleStarts(space, clusters, first..<last, seed).flatMap { [$0.inertia, $0.accuracy] }
      }
    }
  }

  private func singleStarts(
    _ space: GroupingSpace, _ clusters: Int, _ range: Range<Int>, _ seed: UInt64
  ) throws -> [SingleStart] {
    let data = try points(space)
    let truth = truth
    let results = parallelMap(range.count) { index in
      Result { () throws(EstimatorError) in
        var generator = SeededGenerator(seed: seed, stream: range.lowerBound + index)
        let fit = try KMeans(
          data, clusters: clusters, options: KMeansOptions(starts: 1, swaps: 0),
          seed: generator.next())
        return SingleStart(
          inertia: fit.inertia,
          accuracy: majorityAccuracy(fit.labels, truth: truth, clusters: clusters))
      }
    }
    return try results.map { try $0.get() }
  }

  /// The fold of each image: a random order cut in equal parts, as in the paper.
  package func randomFolds(_ count: Int, seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed, stream: 5_000_011)
    var folds = [Int](repeating: 0, count: imageCount)
    for (position, image) in generator.permutation(imageCount).enumerated() {
      folds[image] = position * count / imageCount
    }
    return folds
  }

  /// The unit of one fold: components and centres from the other folds, held-out images to the
  /// nearest centre.
  package func foldUnit(
    _ fold: Int, of count: Int, components: Int, clusters: Int, starts: Int, seed: UInt64
  ) -> WorkUnit {
    let parameters = "\(components) whitened, k \(clusters), starts \(starts), seed \(seed)"
    return WorkUnit(name: "\(key): fold \(fold) of \(count), \(parameters)") { [self] in
      let folds = randomFolds(count, seed: seed)
      let rest = folds.indices.filter { folds[$0] != fold }
      let held = folds.indices.filter { folds[$0] == fold }
      let X = try preparation.prepared(rawFeatures(), fittedTo: rest)
      let pca = try PCA.fit(X.rows(rest), components: .count(components), whitens: true)
      let model = try KMeans(
        pca.transform(X.rows(rest)), clusters: clusters,
        options: KMeansOptions(starts: starts, swaps: 0), seed: seed)
      let predicted = try model.predict(pca.transform(X.rows(held)))
      let (known, hidden) = (rest.map { truth[$0] }, held.map { truth[$0] })
      let classes = ClusterMapping(labels: model.labels, truth: known, clusters: clusters).classes
      let right = zip(predicted, hidden).count { classes[$0] == $1 }
      return [
        majorityAccuracy(model.labels, truth: known, clusters: clusters),
        Double(right) / Double(max(1, held.count)),
        majorityAccuracy(predicted, truth: hidden, clusters: clusters),
      ]
    }
  }
}

/// Single starts from the numbers of their units.
package func singleStarts(_ values: [Double]) -> [SingleStart] {
  stride(from: 0, to: values.count, by: 2).map {
    SingleStart(inertia: values[$0], accuracy: values[$0 + 1])
  }
}

/// The correlation of two lists (Pearson); 0 when one does not vary.
package func correlation(_ x: [Double], _ y: [Double]) -> Double {
  let n = Double(max(1, x.count))
  let (mx, my) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
  var (xx, yy, xy) = (0.0, 0.0, 0.0)
  for (a, b) in zip(x, y) {
    xx += (a - mx) * (a - mx)
    yy += (b - my) * (b - my)
    xy += (a - mx) * (b - my)
  }
  return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
}

/// Mean and standard deviation, the latter with n in the denominator as the papers' NumPy has it.
package func meanAndDeviation(_ values: [Double]) -> (mean: Double, deviation: Double) {
  let n = Double(max(1, values.count))
  let mean = values.reduce(0, +) / n
  let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
  return (mean, square.squareRoot())
}

/// The 95 % interval of a share: Wilson, Journal of the American Statistical Association 22 (1927) 209.
package func wilsonInterval(_ share: Double, of count: Int) -> (lower: Double, upper: Double) {
  guard count > 0 else { return (0, 1) }
  let (n, z) = (Double(count), 1.959963984540054)
  let centre = share + z * z / (2 * n)
  let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
  return (max(0, (centre - half) / (1 + z * z / n)), min(1, (centre + half) / (1 + z * z / n)))
}
