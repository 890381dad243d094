// Counts of true against predicted classes, and the scores that follow from them.
//
// Equation -> code: precision = TP / (TP + FP), recall = TP / (TP + FN),
//   F1 = 2 TP / (2 TP + FP + FN), accuracy = trace / total; macro = mean over classes.
// Deviations: a score whose denominator is 0 is `nil`, not 0 or 1; macro means leave it out, and
//   are `nil` when no class has the score.
// Checked by: ScoresTests (scikit-learn fixtures). Cost: n + classes^2.

/// How often each true class was predicted as each class.
public struct ConfusionMatrix: Sendable, Equatable {
  /// The names of the classes, in the order of rows and columns.
  public let classNames: [String]
  /// counts[t][p]: samples of true class t that were predicted as p.
  public private(set) var counts: [[Int]]

  /// Counts pairs of true and predicted classes.
  ///
  /// - Parameters:
  ///   - truth: the true class of each sample, 0 ..< classes.
  ///   - predicted: the predicted class of each sample; `nil` stands for no prediction, which is
  ///     counted nowhere.
  ///   - classNames: one name a class.
  /// - Precondition: both lists have the same length and classes that have names.
  public init(truth: [Int], predicted: [Int?], classNames: [String]) {
    precondition(
      truth.count == predicted.count, "\(truth.count) truths, \(predicted.count) predictions")
    self.classNames = classNames
    let classes = classNames.count
    counts = Array(repeating: Array(repeating: 0, count: classes), count: classes)
    for (t, p) in zip(truth, predicted) {
      precondition(
        t >= 0 && t < classes && (p ?? 0) >= 0 && (p ?? 0) < classes,
        "class \(t), predicted \(p ?? -1), of \(classes)")
      if let p { counts[t][p] += 1 }
    }
  }

  /// The number of samples that were counted.
  public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

  /// The fraction of samples on the diagonal; `nil` without samples.
  public var accuracy: Double? {
    ratio(counts.indices.reduce(0) { $0 + counts[$1][$1] }, total)
  }

  /// The scores of each class, in the order of `classNames`.
  public var classScores: [ClassScores] {
    classNames.indices.map { c in
      let hits = counts[c][c]
      let support = counts[c].reduce(0, +)
      let predicted = counts.reduce(0) { $0 + $1[c] }
      return ClassScores(
        name: classNames[c], support: support, precision: ratio(hits, predicted),
        recall: ratio(hits, support), f1: ratio(2 * hits, predicted + support))
    }
  }

  /// The mean precision of the classes that have one.
  public var macroPrecision: Double? { mean(classScores.compactMap { $0.precision }) }

  /// The mean recall of the classes that have one.
  public var macroRecall: Double? { mean(classScores.compactMap { $0.recall }) }

  /// The mean F1 of the classes that have one.
  public var macroF1: Double? { mean(classScores.compactMap { $0.f1 }) }
}

/// Precision, recall and F1 of one class.
public struct ClassScores: Sendable, Equatable, CustomStringConvertible {
  /// The class.
  public let name: String
  /// The number of samples that truly are of this class.
  public let support: Int
  /// The fraction of predictions of this class that are right; `nil` when there is none.
  public let precision: Double?
  /// The fraction of samples of this class that were found; `nil` when there is none.
  public let recall: Double?
  /// The harmonic mean of both; `nil` when the class is neither true nor predicted anywhere.
  public let f1: Double?

  /// One line; a score that is not defined is printed as "undefined".
  public var description: String {
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "undefined" }
    return "\(name): precision \(text(precision)), recall \(text(recall)), F1 \(text(f1)), "
      + "\(support) samples"
  }
}

private func ratio(_ numerator: Int, _ denominator: Int) -> Double? {
  denominator == 0 ? nil : Double(numerator) / Double(denominator)
}

private func mean(_ values: [Double]) -> Double? {
  values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}
