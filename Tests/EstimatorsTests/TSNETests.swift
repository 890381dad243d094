import Estimators
import Tensors
import Testing

/// The fraction of points whose 15 nearest neighbours on the map are mostly of their own class.
private func neighbourAccuracy(_ map: Tensor<Double>, _ classes: [Int]) throws -> Double {
  let near = try VantagePointTree(map).nearestNeighbours(count: 15)
  let right = (0..<classes.count).count { i in
    (0..<15).count { classes[Int(near.indices[i, $0])] == classes[i] } >= 8
  }
  return Double(right) / Double(classes.count)
}

private let quick = TSNEOptions(perplexity: 10, iterations: 300, start: .random)

/// Three groups of 60 points, ten deviations apart, in turn.
private func blobs() -> (data: Tensor<Double>, classes: [Int]) {
  var generator = SeededGenerator(seed: 21)
  let values = (0..<180).flatMap { i in
    (0..<10).map { ($0 == i % 3 ? 10.0 : 0) + generator.normal() }
  }
  return (Tensor(shape: [180, 10], scalars: values), (0..<180).map { $0 % 3 })
}

@Suite struct TSNETests {
  @Test(arguments: TSNEOptions.Method.allCases, [2, 3])
  func separatesWhatIsSeparate(_ method: TSNEOptions.Method, _ D: Int) throws {
    guard method != .fft || D == 2 else { return }
    let (data, classes) = blobs()
    var options = quick
    (options.method, options.dimensions) = (method, D)
    options.iterations = 1
    options.learningRate = 1e-12
    let before = try TSNE(data, options: options, seed: 5)
    #expect(try neighbourAccuracy(before.embedding, classes) < 0.6)
    (options.iterations, options.learningRate) = (400, nil)
    let after = try TSNE(data, options: options, seed: 5)
    #expect(after.embedding.shape == [180, D])
    #expect(try neighbourAccuracy(after.embedding, classes) > 0.95)
    #expect(after.divergence < before.divergence && after.divergenceIsExact)
  }

  /// Divergence of all pairs, never the exaggerated one, which is larger by 12 log 12 and more.
  @Test func reportsTheDivergenceOfTheMapItself() throws {
    let (data, _) = blobs()
    var options = quick
    options.iterations = 100
    let map = try TSNE(data, options: options, seed: 1)
    let P = try Affinities(NeighbourIndex(data), neighbours: 30, perplexity: 10)
    var matrix = Tensor<Double>.zeros([180, 180])
    for i in 0..<180 {
      for entry in P.starts[i]..<P.starts[i + 1] {
        matrix[i, Int(P.columns[entry])] = P.values[entry]
      }
    }
    let C = tsneReference(matrix, map.embedding).divergence
    #expect(abs(map.divergence - C) <= 1e-12 * C)
  }

  /// Twelve steps written out from the definition: momentum 0.5 with exaggeration for five of them, then 0.8
  /// without; gains of 0.2 and 0.8 (van der Maaten and Hinton 2008, section 3.4).
  ///
  /// Both sum 90 forces in Double in another order; twelve steps left up to 8e-15 of the map.
  @Test(arguments: [(12, 5), (5, 5), (12, 0)])
  func takesTheStepsOfTheDefinition(_ steps: Int, _ early: Int) throws {
    let data = blobs().data.rows(Array(0..<90))
    var options = TSNEOptions(perplexity: 10, iterations: 1, method: .exact, start: .random)
    options.learningRate = 1e-300
    var Y = try TSNE(data, options: options, seed: 6).embedding
    (options.iterations, options.exaggerationIterations) = (steps, early)
    options.learningRate = 200
    let found = try TSNE(data, options: options, seed: 6).embedding
    let P = try Affinities(NeighbourIndex(data), neighbours: 89, perplexity: 10)
    var matrix = Tensor<Double>.zeros([90, 90])
    for i in 0..<90 {
      for entry in P.starts[i]..<P.starts[i + 1] {
        matrix[i, Int(P.columns[entry])] = P.values[entry]
      }
    }
    var velocity = [Double](repeating: 0, count: 180)
    var gains = [Double](repeating: 1, count: 180)
    for step in 0..<steps {
      let (factor, momentum) = step < early ? (12.0, 0.5) : (1, 0.8)
      let P = Tensor(shape: [90, 90], scalars: matrix.scalars.map { factor * $0 })
      let G = tsneReference(P, Y).gradient.scalars
      for i in 0..<180 {
        let isTurning = (G[i] > 0) != (velocity[i] > 0)
        gains[i] = max(0.01, isTurning ? gains[i] + 0.2 : gains[i] * 0.8)
        velocity[i] = momentum * velocity[i] - 50 * gains[i] * G[i]
        Y.scalars[i] += velocity[i]
      }
      for axis in 0..<2 {
        let mean = (0..<90).reduce(0) { $0 + Y[$1, axis] } / 90
        for i in 0..<90 { Y[i, axis] -= mean }
      }
    }
    let largest = Y.scalars.reduce(0) { max($0, abs($1)) }
    let error = zip(Y.scalars, found.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(error <= 3e-14 * largest)
  }

  @Test func keepsTheLowestDivergenceOfItsStarts() throws {
    let (data, _) = blobs()
    var options = quick
    options.starts = 3
    let map = try TSNE(data, options: options, seed: 2)
    #expect(map.startDivergences.count == 3 && Set(map.startDivergences).count == 3)
    #expect(map.divergence == map.startDivergences.min())
    #expect(map.startDivergences[map.start] == map.divergence)
  }

  @Test func putsNewSamplesAmongTheirOwn() throws {
    let (data, classes) = blobs()
    let map = try TSNE(data, options: quick, seed: 3)
    let moved = Tensor<Double>(shape: [30, 10], scalars: data.scalars.prefix(300).map { $0 + 0.1 })
    let places = try map.transform(moved)
    let near = try VantagePointTree(map.embedding).nearestNeighbours(of: places, count: 5)
    for i in 0..<30 {
      for j in 0..<5 { #expect(classes[Int(near.indices[i, j])] == classes[i]) }
    }
    // Each place depends on its sample alone.
    let one = try map.transform(moved.rows([7]))
    #expect(one.scalars == places.rows([7]).scalars)
  }

  @Test func stabilityIsOneForEqualMapsAndLowForStrangers() throws {
    var generator = SeededGenerator(seed: 4)
    let maps = (0..<2).map { _ in
      Tensor<Double>(shape: [200, 2], scalars: (0..<400).map { _ in generator.normal() })
    }
    let same = try TSNE.stability(of: [maps[0], maps[0], maps[0]])
    #expect(same.allSatisfy { $0 == 1 })
    // Two random sets of 15 of 199 share 15 * 15 / 199 on average: 0.075.
    let strange = try TSNE.stability(of: maps)
    #expect(strange.reduce(0, +) / 200 < 0.15)
  }

  @Test func scoresTheStabilityOfItsStarts() throws {
    let (data, _) = blobs()
    var options = quick
    (options.starts, options.iterations) = (2, 250)
    let map = try TSNE(data, options: options, seed: 2)
    let scores = try map.stability(neighbours: 10)
    #expect(map.startEmbeddings.count == 2 && map.startEmbeddings[map.start] == map.embedding)
    #expect(try scores == TSNE.stability(of: map.startEmbeddings, neighbours: 10))
    // Ten neighbours drawn from all 179 others would share 10 / 179 of themselves; both maps find
    // the groups of 60 (measured 0.164).
    let mean: Double = scores.reduce(0, +) / 180
    let chance: Double = 10.0 / 179
    #expect(mean > 2 * chance)
  }

  @Test func settingsFromAFileAreChecked() throws {
    var options = TSNEOptions(perplexity: 7, learningRate: 3, method: .barnesHut, starts: 4)
    #expect(options.problem == nil)
    options.perplexity = .nan
    #expect(options.problem == "the perplexity begins at 1")
    options = TSNEOptions(dimensions: 3)
    options.method = .fft
    #expect(options.problem == "the method fft makes maps of 2 dimensions")
  }

  @Test func tellsHowFarItIsAndStops() throws {
    let (data, _) = blobs()
    var seen: [Int] = []
    #expect(throws: EstimatorError.cancelled(iteration: 7)) {
      try TSNE(data, options: quick, seed: 1) {
        seen.append($0.iteration)
        return $0.iteration < 7
      }
    }
    #expect(seen == Array(1...7))
  }
}

@Suite(.serialized) struct TSNEEdgeTests {
  @Test func sameBitsForAnyNumberOfThreads() throws {
    let data = groupedSamples(700, 8, groups: 5, spread: 3, seed: 4)
    var options = TSNEOptions(perplexity: 12, iterations: 40, exaggerationIterations: 20)
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    for method in TSNEOptions.Method.allCases {
      options.method = method
      Parallelism.threads = 1
      let one = try TSNE(data, options: options, seed: 9)
      Parallelism.threads = 8
      let eight = try TSNE(data, options: options, seed: 9)
      #expect(one.embedding == eight.embedding && one.divergence == eight.divergence)
      let (a, b) = try (eight.transform(data), one.transform(data))
      #expect(a == b)
    }
  }

  @Test(arguments: [TSNEOptions.Start.pca, .random], TSNEOptions.Method.allCases)
  func duplicatesAndConstantDataStayFinite(
    _ start: TSNEOptions.Start, _ method: TSNEOptions.Method
  ) throws {
    let constant = Tensor<Double>(repeating: 0.1, shape: [40, 3])
    var options = TSNEOptions(perplexity: 5, iterations: 60, method: method, start: start)
    options.exaggerationIterations = 30
    let map = try TSNE(constant, options: options, seed: 1)
    #expect(map.embedding.firstNonFinite == nil && map.divergence.isFinite)
    let twice = groupedSamples(30, 3, groups: 2, spread: 3, seed: 6)
    let pairs = twice.rows((0..<60).map { $0 / 2 })
    let doubled = try TSNE(pairs, options: options, seed: 1)
    #expect(doubled.embedding.firstNonFinite == nil && doubled.divergence.isFinite)
  }

  @Test func mapsDataWithFewerFeaturesThanDimensions() throws {
    let line = Tensor<Double>(shape: [31, 1], scalars: (0..<31).map { Double($0) })
    let options = TSNEOptions(perplexity: 3, dimensions: 3, iterations: 50)
    #expect(try TSNE(line, options: options, seed: 1).embedding.shape == [31, 3])
  }

  @Test func refusesWhatItCannotMap() throws {
    var data = groupedSamples(91, 2, groups: 2, spread: 1, seed: 1)
    let options = TSNEOptions(iterations: 1)
    _ = try TSNE(data, options: options, seed: 0)
    let fewer = data.rows(Array(0..<90))
    #expect(
      throws: EstimatorError.perplexityTooLarge(perplexity: 30, samples: 90, largest: 89.0 / 3)
    ) { try TSNE(fewer, options: options, seed: 0) }
    data[3, 1] = .infinity
    #expect(throws: EstimatorError.nonFinite(row: 3, column: 1)) {
      try TSNE(data, options: options, seed: 0)
    }
    #expect(throws: EstimatorError.perplexityTooLarge(perplexity: 30, samples: 0, largest: 0)) {
      try TSNE(Tensor<Double>.zeros([0, 2]), options: options, seed: 0)
    }
  }

  @Test func saysWhenTheMapGrowsWithoutBound() throws {
    let data = groupedSamples(60, 3, groups: 2, spread: 3, seed: 1)
    let wild = TSNEOptions(perplexity: 5, iterations: 50, learningRate: 1e300, start: .random)
    #expect(throws: EstimatorError.self) { try TSNE(data, options: wild, seed: 0) }
  }
}
