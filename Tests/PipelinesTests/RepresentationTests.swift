import Estimators
import Pipelines
import Tensors
import Testing

/// The numbers of a fixture of generate_reproduction.py, one row a line.
private func golden(_ name: String, file: String = #filePath) throws -> [[Double]] {
  let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
  let path = (folder + ["Fixtures", "reproduction", Substring(name)]).joined(separator: "/")
  return String(decoding: try contents(path), as: UTF8.self).split(separator: "\n").map { line in
    line.split(separator: " ").compactMap { Double($0) }
  }
}

/// Groups of normal points, `spread` deviations apart, and the group of each.
private func groups(
  _ n: Int, _ d: Int, count: Int, spread: Double, seed: UInt64 = 1
) -> (features: Tensor<Float>, truth: [Int]) {
  var generator = SeededGenerator(seed: seed)
  let centres = (0..<count * d).map { _ in spread * generator.normal() }
  let values = (0..<n * d).map { p in
    Float(centres[(p / d) % count * d + p % d] + generator.normal())
  }
  return (Tensor(shape: [n, d], scalars: values), (0..<n).map { $0 % count })
}

private func representation(
  _ set: (features: Tensor<Float>, truth: [Int]), _ store: UnitStore = UnitStore(),
  key: String = "test"
) -> Representation {
  Representation(
    "test", key: key, truth: set.truth, preparation: .none, store: store
  ) { set.features }
}

@Suite struct RepresentationTests {
  /// Rounding of a sum of n products in Float scores: n ulp of a value near 1.
  private let floatSum = 100 * Double(Float.ulpOfOne)

  @Test func whitenedComponentsAreOfUnitVarianceAndUncorrelated() throws {
    let spectrum = try representation(groups(60, 8, count: 3, spread: 4)).spectrum()
    let scores = spectrum.components(5, whitened: true)
    for p in 0..<5 {
      for q in p..<5 {
        let product = (0..<60).reduce(0.0) { $0 + Double(scores[$1, p]) * Double(scores[$1, q]) }
        #expect(abs(product / 59 - (p == q ? 1 : 0)) < floatSum)
      }
    }
    #expect(spectrum.cumulative.last.map { abs($0 - 1) < 1e-12 } == true)
    #expect(zip(spectrum.ratios, spectrum.ratios.dropFirst()).allSatisfy { $0 >= $1 })
  }

  @Test func spectraAgreeWithScikitLearn() throws {
    let rows = try golden("points.txt")
    let expected = try golden("statistics.txt")
    let points = Tensor(
      shape: [rows.count, 2], scalars: rows.flatMap { [Float($0[0]), Float($0[1])] })
    let own = representation((points, rows.map { Int($0[2]) }))
    let spectrum = try own.spectrum()
    // The points are rounded to Float: 90 of them, relative 2^-24 each.
    for (a, b) in zip(spectrum.ratios, expected[3]) { #expect(abs(a - b) < floatSum) }
    let whitened = spectrum.components(2, whitened: true)
    for j in 0..<2 { #expect(abs(abs(Double(whitened[7, j])) - expected[4][j]) < floatSum) }
    let scaled = scaledToUnitVariance(points)
    let found = [scaled[7, 0], scaled[7, 1], scaled[41, 0], scaled[41, 1]].map { Double($0) }
    for (a, b) in zip(found, expected[2]) { #expect(abs(a - b) < 4 * floatSum) }
  }

  @Test func statisticsAgreeWithNumPyAndSciPy() throws {
    let (rows, expected) = try (golden("points.txt"), golden("statistics.txt"))
    let (x, y) = (rows.map { $0[0] }, rows.map { $0[1] })
    // Sums of 90 terms of magnitude below 10 in Double, in another order.
    let bound = 90 * 10 * Double.ulpOfOne
    #expect(abs(correlation(x, y) - expected[0][0]) < bound)
    let (mean, deviation) = meanAndDeviation(x)
    #expect(abs(mean - expected[1][0]) < bound && abs(deviation - expected[1][1]) < bound)
    for line in expected[5...] {
      let (lower, upper) = wilsonInterval(line[0] / line[1], of: Int(line[1]))
      #expect(abs(lower - line[2]) < bound && abs(upper - line[3]) < bound, "\(line)")
    }
    #expect(correlation([1, 1, 1], [1, 2, 3]) == 0)
  }

  @Test func neighboursVoteAsInScikitLearn() throws {
    let (rows, queries) = try (golden("points.txt"), golden("queries.txt"))
    func matrix(_ rows: [[Double]]) -> Tensor<Double> {
      Tensor(shape: [rows.count, 2], scalars: rows.flatMap { $0.prefix(2) })
    }
    for (column, byDistance) in [(2, false), (3, true)] {
      let votes = try neighbourVotes(
        matrix(rows), rows.map { Int($0[2]) }, classes: 4, queries: matrix(queries),
        neighbours: 15, byDistance: byDistance)
      #expect(votes == queries.map { Int($0[column]) })
    }
    // A query at a point: the point alone decides, whatever 14 others say.
    let own = try neighbourVotes(
      Tensor(shape: [4, 1], scalars: [0, 1, 1, 1]), [0, 1, 1, 1], classes: 2,
      queries: Tensor(shape: [1, 1], scalars: [0]), neighbours: 15, byDistance: true)
    #expect(own == [0])
  }

  @Test func separatedGroupsAreFoundInEverySpace() throws {
    let own = representation(groups(60, 8, count: 3, spread: 20))
    let map = MapSettings(components: 4, perplexity: 10, iterations: 300, seed: 0)
    for space in [
      GroupingSpace.features, .components(2, whitened: false), .components(2, whitened: true),
      .map(map),
    ] {
      let job = ClusterJob(space: space, clusters: 3, starts: 10, seed: 0)
      #expect(try own.accuracy(job) == 1, "\(space.name)")
    }
  }

  /// The published k-means, written out: centres at drawn rows, then means until nothing changes.
  @Test(arguments: 0..<6 as Range<UInt64>) func drawnCentresGiveThePlainMethod(_ seed: UInt64)
    throws
  {
    let set = groups(60, 5, count: 3, spread: 2)
    let own = representation(set)
    let found = try own.clusters(
      ClusterJob(space: .features, clusters: 4, starts: 500, seed: seed, seeding: .drawn))
    let X = try own.points(.features)
    func square(_ i: Int, _ centre: [Double]) -> Double {
      (0..<5).reduce(0) { $0 + (Double(X[i, $1]) - centre[$1]) * (Double(X[i, $1]) - centre[$1]) }
    }
    var generator = SeededGenerator(seed: seed)
    let drawn = (0..<4).map { _ in generator.integer(below: 60) }
    // Equal draws leave a cluster empty, for which the published code has no rule.
    guard Set(drawn).count == 4 else { return }
    var centres = drawn.map { row in (0..<5).map { Double(X[row, $0]) } }
    var labels: [Int] = []
    for _ in 0..<100 {
      labels = (0..<60).map { i in
        (0..<4).min { square(i, centres[$0]) < square(i, centres[$1]) } ?? 0
      }
      for c in 0..<4 {
        let members = labels.indices.filter { labels[$0] == c }
        guard !members.isEmpty else { return }
        centres[c] = (0..<5).map { j in
          members.reduce(0.0) { $0 + Double(X[$1, j]) } / Double(members.count)
        }
      }
    }
    #expect(found.labels == labels)
  }

  @Test func accuracyIsTheMajoritysShare() {
    // Cluster 0 holds classes 0 0 1, cluster 1 holds 1 1, cluster 2 holds 0 2: ties to the lower.
    let accuracy = majorityAccuracy(
      [0, 0, 0, 1, 1, 2, 2], truth: [0, 0, 1, 1, 1, 0, 2], clusters: 3)
    #expect(accuracy == 5.0 / 7)
  }

  @Test func singleStartsDoNotDependOnHowMany() throws {
    let own = representation(groups(40, 4, count: 4, spread: 1))
    let space = GroupingSpace.components(3, whitened: true)
    let some = own.singleStartUnits(space, clusters: 4, count: 130, seed: 5)
    let more = own.singleStartUnits(space, clusters: 4, count: 260, seed: 5)
    #expect(some.count == 2 && more.count == 3)
    #expect(some[0].name == more[0].name && some[1].name != more[1].name)
    let other = representation(groups(40, 4, count: 4, spread: 1), key: "other chain")
    #expect(other.singleStartUnits(space, clusters: 4, count: 130, seed: 5)[0].name != some[0].name)
    let (a, b) = try (some[1].compute(), more[1].compute())
    #expect(a.count == 60 && Array(b.prefix(60)) == a)
    let starts = singleStarts(try some[0].compute())
    #expect(starts.count == 100)
    #expect(Set(starts.map(\.inertia)).count > 1, "every start has its own seed")
    #expect(starts.allSatisfy { $0.accuracy >= 0.25 && $0.accuracy <= 1 })
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let set = groups(60, 6, count: 3, spread: 2)
    func numbers() throws -> [[Double]] {
      let own = representation(set)
      let map = MapSettings(components: 3, perplexity: 8, iterations: 60, isRandom: true, seed: 1)
      return try [
        own.spectrumUnit, own.unit(map),
        own.unit(ClusterJob(space: .map(map), clusters: 4, starts: 6, seed: 2)),
        own.foldUnit(1, of: 5, components: 3, clusters: 4, starts: 6, seed: 2),
      ].map { try $0.compute() }
        + own.singleStartUnits(.features, clusters: 4, count: 12, seed: 3).map { try $0.compute() }
    }
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    Parallelism.threads = 1
    let one = try numbers()
    Parallelism.threads = 3
    #expect(try numbers() == one)
  }

  @Test func foldsAreOfOneSizeAndHoldEveryImageOnce() {
    let own = representation(groups(53, 3, count: 2, spread: 1))
    let folds = own.randomFolds(5, seed: 9)
    let sizes = (0..<5).map { fold in folds.count { $0 == fold } }
    #expect(sizes.reduce(0, +) == 53 && (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    #expect(folds != own.randomFolds(5, seed: 10))
  }

  @Test func namesFromHeldOutImagesNeverScoreLess() throws {
    // Overlapping groups: many clusters are named differently by training and held-out images.
    let own = representation(groups(60, 3, count: 4, spread: 0.3))
    var gain = 0.0
    for fold in 0..<5 {
      let values = try own.foldUnit(
        fold, of: 5, components: 3, clusters: 6, starts: 5, seed: 0
      ).compute()
      #expect(values[2] >= values[1], "the leak is the best naming of these clusters")
      gain += values[2] - values[1]
    }
    #expect(gain > 0.2, "on noise the leak shows")
  }

  @Test func heldOutImagesDoNotTouchTheModel() throws {
    // An image that is held out may be anything: training accuracy stays.
    let set = groups(50, 4, count: 2, spread: 3)
    let own = representation(set)
    let held = own.randomFolds(5, seed: 0).indices.filter { own.randomFolds(5, seed: 0)[$0] == 2 }
    var other = set.features
    for i in held { for j in 0..<4 { other.scalars[i * 4 + j] = 1000 * Float(i + j) } }
    func fold(_ features: Tensor<Float>) throws -> [Double] {
      try representation((features, set.truth)).foldUnit(
        2, of: 5, components: 2, clusters: 3, starts: 5, seed: 0
      ).compute()
    }
    #expect(try fold(set.features)[0] == fold(other)[0])
    #expect(try fold(set.features)[1] != fold(other)[1])
  }

  @Test func aSummaryOfStartsCountsAsTheFigureDoes() {
    let starts = [(10.0, 0.5), (8.0, 0.995), (8.0, 0.7), (9.0, 0.94)].map {
      SingleStart(inertia: $0.0, accuracy: $0.1)
    }
    let summary = StartSummary(starts)
    #expect(summary.relative == [1, 0.8, 0.8, 0.9])
    #expect(summary.chosen == 0.995, "the earlier of equal inertias")
    #expect(summary.histogram.counts.reduce(0, +) == 4)
    let plain = summary.comparisons(.plain)
    #expect(plain.contains { $0.quantity == "unwhitened: above 93 %" && $0.computed == "50.0 %" })
    let white = summary.comparisons(.whitened)
    #expect(white.contains { $0.quantity == "whitened: above 99 %" && $0.computed == "25.0 %" })
    #expect(white.contains { $0.remark.contains("CH-A4") })
  }
}
