import Estimators
import Tensors
import Testing

@Suite struct ScoresTests {
  let truth = fixtureIntegers("classes_true.txt")
  let predicted = fixtureIntegers("classes_predicted.txt")
  let names = ["a", "b", "c", "d", "e"]

  /// Tolerance: one division and a mean of five, 4 ulp of 1.
  @Test func equalsScikitLearnsScores() {
    let matrix = ConfusionMatrix(truth: truth, predicted: predicted, classNames: names)
    #expect(matrix.counts.map { $0.map { Double($0) } } == fixtureRows("classes_confusion.txt"))
    let scores = fixtureRows("classes_scores.txt")
    #expect(abs((matrix.accuracy ?? -1) - scores[0][0]) <= 4 * 0x1p-53)
    #expect(abs((matrix.macroPrecision ?? -1) - scores[1][0]) <= 4 * 0x1p-53)
    #expect(abs((matrix.macroRecall ?? -1) - scores[1][1]) <= 4 * 0x1p-53)
    for (mine, row) in zip(matrix.classScores, fixtureRows("classes_prf.txt")) {
      #expect(abs((mine.precision ?? -1) - row[0]) <= 4 * 0x1p-53)
      #expect(abs((mine.recall ?? -1) - row[1]) <= 4 * 0x1p-53)
      #expect(abs((mine.f1 ?? -1) - row[2]) <= 4 * 0x1p-53)
    }
    #expect(abs(adjustedRandIndex(truth, predicted) - scores[0][1]) <= 16 * 0x1p-53)
  }

  @Test func saysWhenAScoreIsUndefined() {
    let matrix = ConfusionMatrix(
      truth: [0, 0, 1, 1], predicted: [0, 0, 0, nil], classNames: ["a", "b", "c"])
    let scores = matrix.classScores
    #expect(matrix.total == 3 && matrix.accuracy == 2.0 / 3)
    #expect(scores[1].precision == nil && scores[1].recall == 0 && scores[1].f1 == 0)
    #expect(scores[2].precision == nil && scores[2].recall == nil && scores[2].f1 == nil)
    #expect(scores[2].description.contains("F1 undefined"))
    #expect(matrix.macroPrecision == 2.0 / 3)
    let empty = ConfusionMatrix(truth: [], predicted: [], classNames: ["a"])
    #expect(empty.accuracy == nil && empty.macroF1 == nil)
  }

  @Test func adjustedRandIgnoresTheNumbersOfGroups() {
    #expect(adjustedRandIndex([0, 0, 1, 1, 2], [5, 5, 0, 0, 3]) == 1)
    #expect(abs(adjustedRandIndex([0, 0, 1, 1], [0, 1, 0, 1]) + 0.5) <= 0x1p-53)
    #expect(adjustedRandIndex([], []) == 1)
    #expect(adjustedRandIndex([0, 0, 0], [0, 0, 0]) == 1)
    #expect(adjustedRandIndex([0, 0, 0], [0, 1, 2]) == 0)
  }

  /// Tolerance: means of 50 distances and a quotient, c n ulp with c = 1, n = 150.
  @Test func silhouettesEqualScikitLearns() throws {
    let iris = fixtureMatrix("iris.txt")
    let labels = fixtureIntegers("iris_labels3.txt")
    let expected = fixtureRows("iris_silhouette3.txt").map { $0[0] }
    let mine = try silhouettes(iris, labels: labels)
    for (a, b) in zip(mine, expected) { #expect(abs(a - b) <= 150 * 0x1p-53) }
    let twin = silhouetteReference(iris, labels: labels)
    for (a, b) in zip(mine, twin) { #expect(abs(a - b) <= 150 * 0x1p-53) }
    #expect(mine.count == 150 && twin.count == 150)
  }

  @Test func silhouettesOfLonelyAndEqualSamplesAreZero() throws {
    let data = Tensor<Float>(shape: [5, 1], scalars: [0, 0, 0, 0, 9])
    #expect(try silhouettes(data, labels: [0, 0, 1, 1, 2]) == [0, 0, 0, 0, 0])
  }

  @Test func meanSilhouetteDrawsItsSample() throws {
    let data = groupedSamples(300, 3, groups: 2, spread: 4, seed: 2)
    let labels = (0..<300).map { $0 % 2 }
    var generator = SeededGenerator(seed: 1)
    let all = try meanSilhouette(data, labels: labels, using: &generator)
    let some = try meanSilhouette(data, labels: labels, sample: 100, using: &generator)
    #expect(abs((all ?? 0) - (some ?? 1)) < 0.1)
    #expect(try meanSilhouette(data, labels: labels, sample: 1, using: &generator) == nil)
    #expect(throws: EstimatorError.nonFinite(row: 1, column: 0)) {
      try silhouettes(Tensor<Float>(shape: [2, 1], scalars: [0, .nan]), labels: [0, 1])
    }
  }

  @Test func mapsClustersToTheirMajority() {
    let mapping = ClusterMapping(
      labels: [0, 0, 0, 1, 1, 2, 2], truth: [1, 1, 0, 2, 1, nil, nil], clusters: 4)
    #expect(mapping.classes == [1, 1, nil, nil])
    #expect(mapping([1, 2, 0]) == [1, nil, 1])
  }

  @Test(arguments: [2, 3, 5, 10])
  func foldsHoldTheirShareOfEveryClass(_ folds: Int) throws {
    var generator = SeededGenerator(seed: 4)
    let classes = (0..<203).map { $0 % 7 == 0 ? 2 : $0 % 3 }
    let result = try stratifiedFolds(classes, folds: folds, using: &generator)
    for c in 0..<3 {
      let sizes = (0..<folds).map { f in zip(classes, result).count { $0 == c && $1 == f } }
      #expect((sizes.max() ?? 9) - (sizes.min() ?? 0) <= 1)
    }
    let sizes = (0..<folds).map { f in result.count { $0 == f } }
    #expect((sizes.max() ?? 9) - (sizes.min() ?? 0) <= 1)
    var again = SeededGenerator(seed: 4)
    #expect(try stratifiedFolds(classes, folds: folds, using: &again) == result)
    #expect(try stratifiedFolds(classes, folds: folds, using: &again) != result)
    #expect(throws: EstimatorError.tooFewSamples(found: 1, needed: folds)) {
      try stratifiedFolds([0], folds: folds, using: &again)
    }
  }

  /// Tolerance 1e-10: the difference of two sums of 600 squares, divided.
  @Test func choosesTheNumberOfClustersByItsCriterion() throws {
    let iris = fixtureMatrix("iris.txt")
    let choice = try ClusterCountChoice(
      iris, clusters: 2...6, criterion: .calinskiHarabasz, options: KMeansOptions(starts: 200),
      seed: 1)
    for (value, row) in zip(choice.values, fixtureRows("iris_inertia.txt").dropFirst()) {
      #expect(abs((value ?? 0) - row[2]) <= 1e-10 * row[2])
    }
    #expect(choice.best.clusters == 3 && choice.counts == [2, 3, 4, 5, 6])
    let groups = groupedSamples(200, 5, groups: 4, spread: 6, seed: 3)
    let options = KMeansOptions(starts: 20)
    let other = try ClusterCountChoice(groups, clusters: 2...7, options: options, seed: 1)
    #expect(other.best.clusters == 4)
    #expect(other.criterion.name == "mean silhouette of at most 2000 samples")
  }
}
