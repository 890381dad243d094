import Estimators
import Tensors
import Testing

/// The least inertia over every way to put n <= 10 samples into k clusters.
private func bruteForceInertia(_ data: Tensor<Double>, _ k: Int) -> Double {
  let (n, d) = (data.shape[0], data.shape[1])
  var labels = [Int](repeating: 0, count: n)
  var least = Double.infinity
  while true {
    var total = 0.0
    for c in 0..<k {
      let members = (0..<n).filter { labels[$0] == c }
      for j in 0..<d where !members.isEmpty {
        let mean = members.reduce(0) { $0 + data[$1, j] } / Double(members.count)
        total += members.reduce(0) { $0 + (data[$1, j] - mean) * (data[$1, j] - mean) }
      }
    }
    least = min(least, total)
    guard let position = labels.firstIndex(where: { $0 < k - 1 }) else { return least }
    labels[position] += 1
    for i in 0..<position { labels[i] = 0 }
  }
}

@Suite struct KMeansTests {
  /// Tolerance: sums of at most 10 squares in another order, 100 ulp.
  @Test(arguments: [(5, 2, 1), (7, 3, 2), (9, 3, 3), (10, 2, 4), (8, 4, 5)])
  func findsTheBruteForceOptimum(_ n: Int, _ k: Int, _ seed: UInt64) throws {
    let data = groupedSamples(n, 2, groups: 3, spread: 1, seed: seed)
    let model = try KMeans(data, clusters: k, options: KMeansOptions(starts: 100), seed: 9)
    let best = bruteForceInertia(data, k)
    #expect(abs(model.inertia - best) <= 100 * best.ulp)
  }

  /// Same bits, though the filter works in Float: labels and centres of the plain loops.
  @Test(arguments: [(40, 3, 4), (333, 17, 9), (500, 50, 7), (64, 1, 3), (200, 8, 33)])
  func equalsItsTwinFromTheSameCentres(_ n: Int, _ d: Int, _ k: Int) throws {
    let data = groupedSamples(n, d, groups: 4, spread: 0.7, seed: UInt64(n))
    var generator = SeededGenerator(seed: 5)
    let given = data.rows(generator.choice(k, of: n))
    let options = KMeansOptions(initialCentres: given)
    let model = try KMeans(data, clusters: k, options: options, seed: 0)
    let twin = kMeansReference(data, initialCentres: given)
    #expect(model.labels == twin.labels)
    #expect(model.centres == twin.centres)
    let narrow = try KMeans(data.inFloat, clusters: k, options: options, seed: 0)
    let narrowTwin = kMeansReference(data.inFloat, initialCentres: given)
    #expect(narrow.labels == narrowTwin.labels)
    #expect(narrow.centres == narrowTwin.centres)
  }

  /// A lattice is full of samples at the same distance from two centres; with steps that binary
  /// fractions cannot hold, the last bit of Double decides, which no filter in Float can know.
  @Test(arguments: [1, 0.1, 1 / 3.0]) func breaksTiesLikeItsTwin(_ step: Double) throws {
    let lattice = Tensor<Double>(
      shape: [400, 2],
      scalars: (0..<400).flatMap { [step * Double($0 % 20), step * Double($0 / 20)] })
    for k in [2, 5, 8] {
      for seed in 0..<5 as Range<UInt64> {
        var generator = SeededGenerator(seed: seed)
        let given = lattice.rows(generator.choice(k, of: 400))
        let options = KMeansOptions(initialCentres: given)
        let model = try KMeans(lattice, clusters: k, options: options, seed: 0)
        let twin = kMeansReference(lattice, initialCentres: given)
        #expect(model.labels == twin.labels)
        #expect(model.centres == twin.centres)
      }
    }
  }

  /// A large offset is where the expanded distance formula loses every digit.
  @Test(arguments: [0, 1e4, 1e9])
  func equalsItsTwinFarFromTheOrigin(_ offset: Double) throws {
    let near = groupedSamples(150, 6, groups: 3, spread: 2, seed: 8)
    let data = Tensor<Double>(shape: near.shape, scalars: near.scalars.map { $0 + offset })
    let given = data.rows([0, 1, 2, 3])
    let model = try KMeans(
      data, clusters: 4, options: KMeansOptions(initialCentres: given), seed: 0)
    let twin = kMeansReference(data, initialCentres: given)
    #expect(model.labels == twin.labels)
    #expect(model.centres == twin.centres)
  }

  /// Scaling by a power of two changes no rounding, even where squares leave the range of Double.
  @Test(arguments: [700, -700, 40])
  func isScaledByPowersOfTwoExactly(_ exponent: Int) throws {
    let data = groupedSamples(90, 5, groups: 3, spread: 2, seed: 3)
    let scale = Double(sign: .plus, exponent: exponent, significand: 1)
    let scaled = Tensor<Double>(shape: data.shape, scalars: data.scalars.map { $0 * scale })
    let options = KMeansOptions(starts: 5)
    let model = try KMeans(data, clusters: 3, options: options, seed: 2)
    let other = try KMeans(scaled, clusters: 3, options: options, seed: 2)
    #expect(other.labels == model.labels)
    #expect(other.centres.scalars == model.centres.scalars.map { $0 * scale })
  }

  @Test func inertiaNeverRises() throws {
    let data = groupedSamples(300, 10, groups: 5, spread: 0.5, seed: 12)
    let given = data.rows([0, 1, 2, 3, 4, 5])
    var last = Double.infinity
    for bound in 1...12 {
      let options = KMeansOptions(maximumIterations: bound, initialCentres: given)
      let inertia = try KMeans(data, clusters: 6, options: options, seed: 0).inertia
      #expect(inertia <= last * (1 + 1e-14), "bound \(bound)")
      last = inertia
    }
  }

  @Test func givesTheSameBitsForAnyNumberOfThreads() throws {
    let data = groupedSamples(3000, 6, groups: 4, spread: 1, seed: 4).inFloat
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    let models = try (1...8).map { threads in
      Parallelism.threads = threads
      return try KMeans(data, clusters: 4, options: KMeansOptions(starts: 9), seed: 3)
    }
    #expect(models.allSatisfy { $0 == models[0] })
  }

  /// 100 starts find the best clusters in both orders; sums in another order differ by ulps.
  @Test func theOrderOfSamplesDoesNotMatter() throws {
    let data = groupedSamples(120, 4, groups: 4, spread: 3, seed: 6)
    var generator = SeededGenerator(seed: 1)
    let order = generator.permutation(120)
    let options = KMeansOptions(starts: 100)
    let model = try KMeans(data, clusters: 4, options: options, seed: 1)
    let other = try KMeans(data.rows(order), clusters: 4, options: options, seed: 1)
    #expect(abs(model.inertia - other.inertia) <= 1000 * model.inertia.ulp)
    #expect(adjustedRandIndex(order.map { model.labels[$0] }, other.labels) == 1)
  }

  /// Tolerance 1e-12: 150 samples of 4 features summed in another order.
  @Test func reachesTheInertiaOfScikitLearn() throws {
    let iris = fixtureMatrix("iris.txt")
    for row in fixtureRows("iris_inertia.txt") {
      let model = try KMeans(iris, clusters: Int(row[0]), seed: 7)
      #expect(model.inertia <= row[1] * (1 + 1e-12), "k = \(row[0])")
      #expect(model.inertia >= row[1] * (1 - 1e-12), "k = \(row[0])")
    }
    let three = try KMeans(iris, clusters: 3, seed: 7)
    #expect(adjustedRandIndex(three.labels, fixtureIntegers("iris_labels3.txt")) == 1)
  }

  @Test func followsScikitLearnFromGivenCentres() throws {
    let iris = fixtureMatrix("iris.txt")
    let options = KMeansOptions(initialCentres: iris.rows([0, 20, 60, 100, 140]))
    let model = try KMeans(iris, clusters: 5, options: options, seed: 0)
    #expect(model.labels == fixtureIntegers("iris_given5.txt"))
  }

  @Test func numbersClustersByFallingSize() throws {
    let data = Tensor<Float>(shape: [6, 1], scalars: [9, 0, 0.1, 0.2, 5, 5.1])
    let model = try KMeans(data, clusters: 3, options: KMeansOptions(starts: 20), seed: 1)
    #expect(model.labels == [2, 0, 0, 0, 1, 1])
  }

  /// Pure noise has no clear clusters: there the starts end in different places.
  @Test func keepsTheBestStartAndImprovesIt() throws {
    let data = groupedSamples(300, 8, groups: 1, spread: 0, seed: 3)
    let plain = try KMeans(
      data, clusters: 6, options: KMeansOptions(starts: 20, swaps: 0), seed: 1)
    #expect(plain.startInertias.count == 20)
    #expect(plain.startInertias.min() == plain.inertia)
    #expect(plain.startInertias.firstIndex(of: plain.inertia) == plain.start)
    let swapped = try KMeans(data, clusters: 6, options: KMeansOptions(starts: 20), seed: 1)
    #expect(swapped.startInertias == plain.startInertias)
    #expect(swapped.inertia < plain.inertia)
    let centres = KMeansOptions(initialCentres: swapped.centres)
    #expect(try KMeans(data, clusters: 6, options: centres, seed: 0).labels == swapped.labels)
  }

  @Test func fillsAnEmptyClusterWithTheFarthestSample() throws {
    let data = Tensor<Double>(shape: [5, 1], scalars: [0, 1, 2, 3, 10])
    let given = Tensor<Double>(shape: [3, 1], scalars: [1, 2, 1000])
    let model = try KMeans(
      data, clusters: 3, options: KMeansOptions(initialCentres: given), seed: 0)
    #expect(model.labels == [0, 0, 1, 1, 2])
    #expect(model.centres.scalars == [0.5, 2.5, 10])
    #expect(kMeansReference(data, initialCentres: given).labels == model.labels)
  }

  @Test func survivesCentresThatFloatCannotHold() throws {
    let data = Tensor<Double>(shape: [4, 1], scalars: [0, 1, 2, 3])
    let given = Tensor<Double>(shape: [2, 1], scalars: [0, 1e60])
    let model = try KMeans(
      data, clusters: 2, options: KMeansOptions(initialCentres: given), seed: 0)
    #expect(model.labels == kMeansReference(data, initialCentres: given).labels)
  }

  @Test func predictsItsOwnLabels() throws {
    let data = groupedSamples(200, 7, groups: 3, spread: 2, seed: 10)
    let model = try KMeans(data, clusters: 3, options: KMeansOptions(starts: 10), seed: 1)
    #expect(try model.predict(data) == model.labels)
    let distances = try model.distances(data)
    let margins = try model.margins(data)
    for i in 0..<200 {
      let sorted = (0..<3).map { distances[i, $0] }.sorted()
      #expect(margins[i] == (sorted[1] - sorted[0]) / sorted[1])
    }
  }

  @Test func tiesGoToTheLowestCentre() throws {
    let model = try KMeans(centres: Tensor(shape: [3, 1], scalars: [1, -1, 1]))
    #expect(try model.predict(Tensor<Float>(shape: [2, 1], scalars: [0, 1])) == [0, 0])
    #expect(try model.margins(Tensor<Float>(shape: [2, 1], scalars: [0, 1])) == [0, 0])
  }

  @Test func handlesTheSmallestCases() throws {
    let one = try KMeans(Tensor<Float>(shape: [1, 2], scalars: [3, 4]), clusters: 1, seed: 0)
    #expect(one.labels == [0] && one.centres.scalars == [3, 4] && one.inertia == 0)
    let same = try KMeans(
      Tensor<Double>(repeating: 0.1, shape: [7, 3]), clusters: 1, seed: 0)
    #expect(same.labels == [Int](repeating: 0, count: 7) && same.inertia <= 21 * 0x1p-108)
    let each = try KMeans(
      Tensor<Float>(shape: [4, 1], scalars: [1, 2, 3, 4]), clusters: 4, seed: 0)
    #expect(Set(each.labels) == [0, 1, 2, 3] && each.inertia == 0)
    let doubled = try KMeans(
      Tensor<Float>(shape: [6, 1], scalars: [1, 1, 1, 2, 2, 3]), clusters: 3, seed: 0)
    #expect(doubled.labels == [0, 0, 0, 1, 1, 2])
    #expect(try one.margins(Tensor<Float>(shape: [1, 2], scalars: [0, 0])) == [1])
  }

  /// Float cannot tell these apart after scaling; Double can.
  @Test func separatesSamplesThatFloatMerges() throws {
    let data = Tensor<Double>(shape: [4, 1], scalars: [0, 1e-40, 1, 1])
    let model = try KMeans(data, clusters: 3, options: KMeansOptions(starts: 3), seed: 0)
    #expect(model.labels == [1, 2, 0, 0])
  }

  @Test func refusesWhatCannotBeClustered() throws {
    let nan = Tensor<Float>(shape: [3, 2], scalars: [1, 2, 3, .nan, 5, 6])
    #expect(throws: EstimatorError.nonFinite(row: 1, column: 1)) {
      try KMeans(nan, clusters: 2, seed: 0)
    }
    let infinite = Tensor<Double>(shape: [2, 2], scalars: [1, 2, .infinity, 4])
    #expect(throws: EstimatorError.nonFinite(row: 1, column: 0)) {
      try KMeans(infinite, clusters: 1, seed: 0)
    }
    let three = Tensor<Float>(shape: [3, 1], scalars: [1, 2, 2])
    #expect(throws: EstimatorError.tooFewSamples(found: 3, needed: 4)) {
      try KMeans(three, clusters: 4, seed: 0)
    }
    #expect(throws: EstimatorError.notEnoughDistinctPoints(found: 2, needed: 3)) {
      try KMeans(three, clusters: 3, seed: 0)
    }
    let model = try KMeans(three, clusters: 2, seed: 0)
    #expect(throws: EstimatorError.wrongWidth(expected: 1, found: 2)) { try model.predict(nan) }
    #expect(throws: EstimatorError.tooFewSamples(found: 0, needed: 1)) {
      try KMeans(Tensor<Float>(shape: [0, 2], scalars: []), clusters: 1, seed: 0)
    }
  }
}
