// What a clustering run gives: tables, scores, and the numbers behind every figure.

import Estimators
import Files
import Reporting
import Tensors

/// The outcome of a clustering run.
public struct ClusteringResult: Sendable {
  /// The settings it ran with.
  public let settings: ClusteringSettings
  let images: ImageSet
  let extracted: FeatureSet
  let fit: ModelFit
  /// What the model says of each image, in the order of the model's inputs.
  public let assignments: [Assignment]
  /// How each fold of the cross-validation went; empty without one.
  public let folds: [FoldScore]
  /// What the user should know.
  public let warnings: [String]

  init(
    settings: ClusteringSettings, images: ImageSet, extracted: FeatureSet, fit: ModelFit,
    folds: [FoldScore]
  ) throws {
    self.settings = settings
    self.images = images
    self.extracted = extracted
    self.fit = fit
    self.folds = folds
    warnings = extracted.warnings + [ClusteringResult.rangeWarning(settings, fit)].compactMap { $0 }
    assignments = try fit.model.assignments(
      logs: fit.logs, scores: fit.scores, places: fit.map?.embedding)
  }

  /// Says that the best number of clusters lies at the end of those that were tried.
  ///
  /// At the lower end of 2 there is nothing beyond to try.
  private static func rangeWarning(_ settings: ClusteringSettings, _ fit: ModelFit) -> String? {
    let tried = fit.criteria.map(\.clusters)
    guard let first = tried.first, let last = tried.last, first < last else { return nil }
    let chosen = fit.model.clusters.clusters
    guard chosen == last || (chosen == first && first > 2) else { return nil }
    let other = chosen == last ? "\(first)-\(2 * last)" : "2-\(last)"
    return "the best number of clusters, \(chosen), lies at the end of those tried, "
      + "\(first)-\(last); a number beyond may be better: try --clusters \(other)"
  }

  /// The class of each row; `nil` where it is not known.
  var truth: [Int?] { extracted.truth }

  /// The t-SNE map; `nil` when none was made.
  public var map: TSNE? { fit.map }

  /// The principal components of each row, shape (n, components), as they were grouped but for the
  /// limit.
  public var scores: Tensor<Float> { fit.scores }

  /// The share of the variance of every component that was computed, kept or not.
  public var varianceRatios: [Double] { fit.varianceRatios }

  /// The fitted model.
  public var model: ClusterModel { fit.model }

  /// The names of the images, in the order of the model's inputs.
  public var names: [String] { extracted.names }

  /// The images that could not be used.
  public var failures: [FailedImage] { extracted.failures }

  /// Rows true classes, columns the classes of the images' clusters; `nil` without classes.
  public var confusion: ConfusionMatrix? {
    guard !model.classNames.isEmpty else { return nil }
    let pairs = zip(truth, assignments).compactMap { truth, assignment in
      truth.flatMap { t in assignment.classIndex.map { (t, $0) } }
    }
    return ConfusionMatrix(
      truth: pairs.map(\.0), predicted: pairs.map(\.1), classNames: model.classNames)
  }

  /// The share of labelled images whose cluster's class is theirs; `nil` without classes.
  public var accuracy: Double? { confusion.flatMap { $0.accuracy } }

  /// The adjusted Rand index of clusters against classes of labelled images; `nil` without classes.
  public var adjustedRand: Double? {
    guard !model.classNames.isEmpty else { return nil }
    let known = truth.indices.filter { truth[$0] != nil }
    return adjustedRandIndex(known.map { truth[$0] ?? 0 }, known.map { assignments[$0].cluster })
  }

  /// The share of the variance that the kept components explain.
  public var varianceKept: Double {
    min(1, fit.varianceRatios.prefix(model.pca.componentCount).reduce(0, +))
  }

  /// The criterion of each number of clusters that was tried; empty when the number was given.
  public var criteria: [(clusters: Int, value: Double?)] { fit.criteria }

  /// The number of images of each cluster.
  public var clusterSizes: [Int] {
    assignments.reduce(into: [Int](repeating: 0, count: model.clusters.clusters)) {
      $0[$1.cluster] += 1
    }
  }

  /// A short name of each cluster: its number, and its class when it has one.
  public var clusterNames: [String] {
    model.clusterClasses.enumerated().map { number, index in
      index.map { "\(number) \(model.classNames[$0])" } ?? "\(number)"
    }
  }

  /// The table of results, one row an image, ordered by name.
  ///
  /// Columns: file, the image it was cut from where patches are grouped, cluster, class where classes
  /// are known, distance, margin, status. The same bytes for any number of threads and any order of
  /// the files.
  public var csv: String {
    let hasClasses = !model.classNames.isEmpty
    let hasParents = settings.patch != nil
    var rows = assignments.enumerated().map { index, assignment in
      let name = extracted.names[index]
      let className = assignment.classIndex.map { model.classNames[$0] } ?? ""
      let cells =
        [csvText(name)] + (hasParents ? [csvText(extracted.parents[index])] : [])
        + ["\(assignment.cluster)"] + (hasClasses ? [csvText(className)] : [])
        + [fixed(assignment.distance, 6), fixed(assignment.margin, 6), "ok"]
      return (name: name, cells: cells)
    }
    for failure in extracted.failures {
      let empty = [String](repeating: "", count: 3 + (hasClasses ? 1 : 0) + (hasParents ? 1 : 0))
      let status = csvText("failed: " + printable(failure.reason, limit: 200))
      rows.append((failure.name, [csvText(failure.name)] + empty + [status]))
    }
    rows.sort { precedes($0.name, $1.name) }
    return "file," + (hasParents ? "parent," : "") + "cluster," + (hasClasses ? "class," : "")
      + "distance,margin,status\n"
      + rows.map { $0.cells.joined(separator: ",") + "\n" }.joined()
  }
}
