// New images with a fitted clustering: nearest cluster, its class, and how unusual they are.
//
// Implements: Cohn & Holm (2021), section 3.2, prediction on new data: components and centres of
//   the training images, nearest centre.
// Deviations: images unlike the training images are flagged (`Novelty`); the paper has no such test.
// Checked by: MicrographClassificationTests. Cost: 10 ms an image and core.

import Estimators
import Files
import Reporting
import Tensors

/// Classifies the images of a set with a model.
public struct MicrographClassification: Sendable {
  /// The model.
  public var model: ClusterModel
  /// The images.
  public var images: ImageSet
  /// The network, where the model was made with one.
  public var network: FeatureNetwork?
  /// Where true classes come from; used for scores only.
  public var labels: LabelSource = .none
  /// Whether the run stops at the first image that cannot be used.
  public var strict = false

  /// A run over a set of images.
  public init(model: ClusterModel, images: ImageSet) {
    self.model = model
    self.images = images
  }

  /// Extracts features and assigns each image.
  ///
  /// - Throws: `FormatError` (labels, or an image in strict mode), `Interrupted`, `PipelineError`.
  public func run(progress: ProgressHandler? = nil) throws -> ClassificationResult {
    let classes = try ClassLabels(labels, for: images.names)
    let extraction = try FeatureExtraction(settings: model.settings, network: network)
    let set = try extraction.run(images, journal: nil, strict: strict, progress: progress)
    guard !set.records.isEmpty else {
      throw PipelineError.noImages(failures: set.failures)
    }
    return ClassificationResult(
      model: model, extracted: set, assignments: try model.assign(set.features),
      truth: set.parents.map { classes.classOf($0) }, warnings: classes.warnings)
  }
}

/// The outcome of a classification run.
public struct ClassificationResult: Sendable {
  let model: ClusterModel
  let extracted: FeatureSet
  /// What the model says of each image, in the order of `names`.
  public let assignments: [Assignment]
  /// The true class of each image, where it is known.
  public let truth: [String?]
  /// What the user should know.
  public let warnings: [String]

  /// The names of the images.
  public var names: [String] { extracted.names }

  /// The images that could not be used.
  public var failures: [FailedImage] { extracted.failures }

  /// The number of images that are flagged as unlike the training images.
  public var flaggedCount: Int { assignments.count { $0.novelty > 1 } }

  /// The class that the model gives to an image; `nil` when its cluster has none.
  public func predictedClass(_ index: Int) -> String? {
    assignments[index].classIndex.map { model.classNames[$0] }
  }

  /// The share of images with a known class that get it; `nil` without classes.
  public var accuracy: Double? {
    let known = truth.indices.filter { truth[$0] != nil }
    guard !known.isEmpty else { return nil }
    return Double(known.count { predictedClass($0) == truth[$0] }) / Double(known.count)
  }

  /// One row an image, ordered by name: file, the image it was cut from for patches, cluster, class where the model has classes, distance,
  /// margin, novelty, status (`ok`, `unusual` when novelty is above 1, or `failed: why`), and the
  /// distance to every centre.
  public var csv: String {
    let hasClasses = !model.classNames.isEmpty
    let hasParents = model.settings.patch != nil
    let clusters = 0..<model.clusters.clusters
    var rows = assignments.indices.map { i in
      let assignment = assignments[i]
      let cells =
        [csvText(names[i])] + (hasParents ? [csvText(extracted.parents[i])] : [])
        + ["\(assignment.cluster)"]
        + (hasClasses ? [csvText(predictedClass(i) ?? "")] : [])
        + [
          fixed(assignment.distance, 6), fixed(assignment.margin, 6), fixed(assignment.novelty, 6),
          assignment.novelty > 1 ? "unusual" : "ok",
        ] + assignment.distances.map { fixed($0, 6) }
      return (name: names[i], cells: cells)
    }
    for failure in failures {
      let empty = [String](repeating: "", count: 4 + (hasClasses ? 1 : 0) + (hasParents ? 1 : 0))
      let status = csvText("failed: " + printable(failure.reason, limit: 200))
      rows.append(
        (failure.name, [csvText(failure.name)] + empty + [status] + clusters.map { _ in "" }))
    }
    rows.sort { precedes($0.name, $1.name) }
    let header =
      ["file"] + (hasParents ? ["parent"] : []) + ["cluster"] + (hasClasses ? ["class"] : []) + [
        "distance", "margin", "novelty", "status",
      ]
      + clusters.map { "distance_\($0)" }
    return ([header] + rows.map(\.cells)).map { $0.joined(separator: ",") + "\n" }.joined()
  }
}
