// Does the grouping hold for images that were not used? Stratified k-fold cross-validation.
//
// Implements: Cohn & Holm (2021), section 3.2, table 3, without its leak: the class of each cluster is learnt
//   from the training part alone, and so are medians, components and centres.
// Checked by: MicrographClusteringTests. Cost: one model a fold.

import Estimators
import Tensors

/// How one fold went.
public struct FoldScore: Sendable, Equatable {
  /// The number of the fold, from 1.
  public var fold: Int
  /// The share of training images whose cluster's class is theirs.
  public var trainingAccuracy: Double
  /// The share of held-out images whose nearest cluster's class is theirs.
  public var validationAccuracy: Double
  /// The number of held-out images.
  public var heldOut: Int
  /// The share of held-out images that are flagged as unlike the training images.
  public var flaggedShare: Double
}

/// Fits on all folds but one and classifies that one, for each fold.
///
/// - Throws: `PipelineError.unsuitable` when classes are missing or fewer than folds.
func crossValidate(
  _ set: TrainingSet, _ settings: ClusteringSettings, _ progress: ProgressHandler?
) throws -> [FoldScore] {
  let labelled = set.truth.indices.filter { set.truth[$0] != nil }
  guard !labelled.isEmpty else {
    throw PipelineError.unsuitable("--folds needs classes; give them with --labels")
  }
  let known = set.selecting(labelled)
  let truth = known.truth.map { $0 ?? 0 }
  let folds = try parentFolds(known.parents, truth, settings)
  let counter = ProgressCounter("cross-validation", total: settings.folds, progress)
  return try (0..<settings.folds).map { number in
    try Interruption.check()
    defer { counter.advance() }
    let held = folds.indices.filter { folds[$0] == number }
    let rest = folds.indices.filter { folds[$0] != number }
    let fit = try ModelFit(known.selecting(rest), settings, nil)
    let training = try fit.model.assignments(
      logs: fit.logs, scores: fit.scores, places: fit.map?.embedding)
    let validation = try fit.model.assign(known.features.rows(held))
    return FoldScore(
      fold: number + 1, trainingAccuracy: accuracy(training, rest.map { truth[$0] }),
      validationAccuracy: accuracy(validation, held.map { truth[$0] }), heldOut: held.count,
      flaggedShare: Double(validation.count { $0.novelty > 1 }) / Double(max(1, held.count)))
  }
}

/// The fold of each row: patches of one image are never in two folds.
///
/// - Throws: `PipelineError.unsuitable` when there are fewer images than folds.
package func parentFolds(
  _ parents: [Int], _ truth: [Int], _ settings: ClusteringSettings
) throws -> [Int] {
  let count = (parents.max() ?? -1) + 1
  guard settings.folds <= count else {
    throw PipelineError.unsuitable("\(settings.folds) folds need as many labelled images at least")
  }
  var classes = [Int](repeating: 0, count: count)
  for (parent, label) in zip(parents, truth) { classes[parent] = label }
  var generator = SeededGenerator(seed: settings.seed, stream: 2_000_003)
  let folds = try stratifiedFolds(classes, folds: settings.folds, using: &generator)
  return parents.map { folds[$0] }
}

/// The share of images whose cluster's class is their own.
private func accuracy(_ assignments: [Assignment], _ truth: [Int]) -> Double {
  let right = zip(assignments, truth).count { $0.classIndex == $1 }
  return Double(right) / Double(max(1, truth.count))
}
