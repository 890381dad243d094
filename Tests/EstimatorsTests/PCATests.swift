// Golden values: Tests/Fixtures/generate_pca.py (scikit-learn).

import Estimators
import LinearAlgebra
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite struct PCATests {
  // MARK: - Golden

  @Test(arguments: ["tall", "wide"])
  func agreesWithScikitLearn(_ name: String) throws {
    let golden = try pcaFixture(name)
    let X = try #require(golden["data"])
    let k = try #require(golden["components"]).shape[0]
    let pca = try PCA.fit(X, components: .count(k))
    // The fixture has 12 digits.
    expectClose(pca.mean, golden["mean"], 1e-11)
    expectClose(pca.components.scalars, golden["components"], 1e-11)
    expectClose(pca.explainedVariance, golden["variance"], 1e-11)
    expectClose(pca.explainedVarianceRatio, golden["ratio"], 1e-11)
    expectClose(pca.singularValues, golden["singular"], 1e-11)
    expectClose([pca.noiseVariance], golden["noise"], 1e-11)
    expectClose(try pca.transform(X).scalars, golden["scores"], 1e-11)
    let white = try PCA.fit(X, components: .count(k), whitens: true)
    expectClose(try white.transform(X).scalars, golden["whitened"], 1e-11)
  }

  @Test(arguments: ["tall", "wide"])
  func agreesWithScikitLearnFromFloatData(_ name: String) throws {
    let golden = try pcaFixture(name)
    let X = try #require(golden["data"])
    let data = Tensor(shape: X.shape, scalars: X.scalars.map { Float($0) })
    let k = try #require(golden["components"]).shape[0]
    let pca = try PCA.fit(data, components: .count(k))
    let scores = try pca.transform(data).scalars.map { Double($0) }
    // Computed in Double, rounded once to Float.
    expectClose(scores, golden["scores"], 2 * Double(Float.ulpOfOne))

    var generator = SeededGenerator(seed: 1)
    let sampled = try PCA.fitRandomized(data, count: k, using: &generator)
    // In Float; 10 extra samples make the range of data this small exact.
    expectClose(
      try sampled.transform(data).scalars.map { Double($0) }, golden["scores"],
      100 * Double(Float.ulpOfOne))
    expectClose([sampled.noiseVariance], golden["noise"], 100 * Double(Float.ulpOfOne))
    expectClose(sampled.explainedVarianceRatio, golden["ratio"], 100 * Double(Float.ulpOfOne))
  }

  // MARK: - Twin and identities

  @Test func agreesWithItsTwin() throws {
    let X = samples(60, 9, seed: 2)
    let (pca, twin) = (try PCA.fit(X), try pcaReference(X))
    // The twin's error is n eps of the largest variance.
    let tolerance = 100 * 60 * Double.ulpOfOne
    for i in 0..<9 {
      #expect(abs(pca.explainedVariance[i] - twin.variances[i]) < tolerance * twin.variances[0])
      let cosine = (0..<9).reduce(0) { $0 + pca.components[i, $1] * twin.components[i, $1] }
      #expect(abs(abs(cosine) - 1) < tolerance)
    }
  }

  @Test(arguments: [false, true])
  func givesTheSamplesBackFromAllComponents(_ whitens: Bool) throws {
    for (n, d) in [(30, 8), (8, 30)] {
      let X = samples(n, d, seed: 3)
      let pca = try PCA.fit(X, whitens: whitens)
      let back = try pca.inverseTransform(pca.transform(X))
      for (a, b) in zip(back.scalars, X.scalars) { #expect(abs(a - b) < 1000 * Double.ulpOfOne) }
    }
  }

  @Test func whitensToUnitVarianceWithoutCorrelation() throws {
    let X = samples(200, 6, seed: 4)
    let Y = try PCA.fit(X, whitens: true).transform(X)
    for a in 0..<6 {
      for b in 0...a {
        let sum = (0..<200).reduce(0) { $0 + Y[$1, a] * Y[$1, b] } / 199
        #expect(abs(sum - (a == b ? 1 : 0)) < 200 * Double.ulpOfOne)
      }
    }
  }

  @Test func hasOrthonormalComponentsWithPositiveLargestEntry() throws {
    let pca = try PCA.fit(samples(50, 20, seed: 5))
    for i in 0..<20 {
      for j in 0...i {
        let dot = (0..<20).reduce(0) { $0 + pca.components[i, $1] * pca.components[j, $1] }
        #expect(abs(dot - (i == j ? 1 : 0)) < 30 * 20 * Double.ulpOfOne)
      }
      let row = (0..<20).map { pca.components[i, $0] }
      let size = row.map { abs($0) }.max() ?? 0
      #expect(row.contains(size))
    }
    #expect(zip(pca.explainedVariance, pca.explainedVariance.dropFirst()).allSatisfy(>=))
    #expect(abs(pca.explainedVarianceRatio.reduce(0, +) - 1) < 20 * Double.ulpOfOne)
  }

  @Test func breaksTiesOfTheSignRuleByTheLowestIndex() {
    let rows = Tensor<Double>(
      shape: [4, 3], scalars: [0.5, -0.5, 0, -0.5, 0.5, 0, 0.1, -0.7, 0.7, 0, -0.2, -0.3])
    let expected: [Double] = [0.5, -0.5, 0, 0.5, -0.5, 0, -0.1, 0.7, -0.7]
    #expect(fixSigns(rows, count: 3).scalars == expected)
  }

  @Test func keepsTheFewestComponentsThatExplainAFraction() throws {
    let X = samples(80, 10, seed: 6)
    let all = try PCA.fit(X)
    for fraction in [0.0, 0.3, 0.5, 0.9, 0.999] {
      let k = try PCA.fit(X, components: .varianceFraction(fraction)).explainedVariance.count
      let sum = all.explainedVarianceRatio.prefix(k).reduce(0, +)
      #expect(sum >= fraction - 10 * Double.ulpOfOne)
      #expect(k == 1 || all.explainedVarianceRatio.prefix(k - 1).reduce(0, +) < fraction)
    }
  }

  @Test func isTheSameFromItsStoredParts() throws {
    let X = samples(30, 5, seed: 7)
    let pca = try PCA.fit(X, components: .count(3), whitens: true)
    let again = PCA(
      mean: pca.mean, components: pca.components, explainedVariance: pca.explainedVariance,
      explainedVarianceRatio: pca.explainedVarianceRatio, singularValues: pca.singularValues,
      noiseVariance: pca.noiseVariance, whitens: pca.whitens)
    #expect(try again == pca && again.transform(X) == pca.transform(X))
  }

  // MARK: - Invariances

  @Test func doesNotDependOnTheOrderOfSamples() throws {
    let X = samples(50, 7, seed: 8)
    var generator = SeededGenerator(seed: 9)
    let order = generator.permutation(50)
    let shuffled = Tensor(
      shape: X.shape, scalars: order.flatMap { X.scalars[$0 * 7..<$0 * 7 + 7] })
    let (a, b) = (try PCA.fit(X), try PCA.fit(shuffled))
    for (x, y) in zip(a.components.scalars, b.components.scalars) {
      // Vectors move by n eps |S| / gap; the gaps of these data are above 1 / 50 of the largest.
      #expect(abs(x - y) < 50 * 50 * Double.ulpOfOne)
    }
  }

  @Test func hasTheSameBitsForAnyNumberOfThreads() throws {
    let X = samples(300, 80, seed: 10)
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    Parallelism.threads = 1
    let expected = try PCA.fit(X)
    for threads in 2...8 {
      Parallelism.threads = threads
      #expect(try PCA.fit(X) == expected)
    }
  }

  /// A large offset must not cost digits: a one-pass variance would lose all of them.
  @Test func isUnharmedByALargeMean() throws {
    let X = samples(40, 6, seed: 11)
    // Powers of two: the sums are exact in Double for data of 20 bits.
    let coarse = Tensor(shape: X.shape, scalars: X.scalars.map { ($0 * 1024).rounded() / 1024 })
    let moved = Tensor(shape: X.shape, scalars: coarse.scalars.map { $0 + 1_073_741_824 })
    let (a, b) = (try PCA.fit(coarse), try PCA.fit(moved))
    for (x, y) in zip(a.explainedVariance, b.explainedVariance) {
      // The mean itself is rounded to an ulp of 2^30, 1e-7; its square is what enters.
      #expect(abs(x - y) < 1e-10 * a.explainedVariance[0])
    }
  }

  /// The second pass of the mean removes what the sum of large numbers lost.
  @Test func findsTheMeanToTheLastPlace() throws {
    let offset = 1_099_511_627_776
    var generator = SeededGenerator(seed: 18)
    let steps = (0..<5000).map { _ in generator.integer(below: 4096) }
    let X = Tensor(shape: [5000, 1], scalars: steps.map { Double(offset) + Double($0) / 1024 })
    let exact = Double(steps.reduce(0, +)) / 1024 / 5000
    let mean = try PCA.fit(X).mean[0]
    #expect(abs(mean - Double(offset) - exact) <= Double(offset).ulp)
  }

  // MARK: - Edges

  @Test func refusesNaNAndInfinityWithTheirPlace() throws {
    let X = samples(10, 4, seed: 12)
    let pca = try PCA.fit(X)
    for value in [Double.nan, .infinity, -.infinity] {
      var bad = X
      bad[6, 3] = value
      let place = EstimatorError.nonFinite(row: 6, column: 3)
      #expect(throws: place) { try PCA.fit(bad) }
      #expect(throws: place) { try pca.transform(bad) }
      #expect(throws: place) { try pca.inverseTransform(bad) }
      var generator = SeededGenerator(seed: 1)
      #expect(throws: place) { try PCA.fitRandomized(bad, count: 2, using: &generator) }
    }
  }

  @Test func refusesTooFewSamples() {
    for n in [0, 1] {
      #expect(throws: EstimatorError.tooFewSamples(found: n, needed: 2)) {
        try PCA.fit(Tensor<Double>.zeros([n, 3]))
      }
    }
    #expect(throws: EstimatorError.tooFewSamples(found: 4, needed: 5)) {
      try PCA.fit(samples(4, 9, seed: 13), components: .count(5))
    }
  }

  @Test func refusesAnotherWidth() throws {
    let pca = try PCA.fit(samples(10, 4, seed: 14), components: .count(2))
    #expect(throws: EstimatorError.wrongWidth(expected: 4, found: 3)) {
      try pca.transform(samples(2, 3, seed: 1))
    }
    #expect(throws: EstimatorError.wrongWidth(expected: 2, found: 4)) {
      try pca.inverseTransform(samples(2, 4, seed: 1))
    }
  }

  @Test func refusesDataBeyondTheRangeOfItsType() {
    let X = Tensor(shape: [3, 1], scalars: [1e308, -1e308, 1e308])
    #expect(throws: EstimatorError.overflow) { try PCA.fit(X) }
  }

  @Test func handlesOneFeature() throws {
    let pca = try PCA.fit(Tensor<Double>(shape: [4, 1], scalars: [1, 2, 3, 6]))
    #expect(pca.components.scalars == [1] && pca.mean == [3])
    // (4 + 1 + 0 + 9) / 3.
    #expect(abs(pca.explainedVariance[0] - 14 / 3) < 8 * Double.ulpOfOne)
  }

  @Test func transformsNoSamples() throws {
    let pca = try PCA.fit(samples(10, 4, seed: 15))
    #expect(try pca.transform(Tensor<Double>.zeros([0, 4])).shape == [0, 4])
  }

  /// Samples that are all the same have no variance in any direction: scores are 0, whitened or
  /// not.
  @Test(arguments: [false, true])
  func givesZeroScoresForConstantData(_ whitens: Bool) throws {
    let X = Tensor<Double>(repeating: 0.1, shape: [5, 3])
    let pca = try PCA.fit(X, whitens: whitens)
    #expect(pca.explainedVariance == [0, 0, 0] && pca.explainedVarianceRatio == [0, 0, 0])
    #expect(try pca.transform(X).scalars.allSatisfy { abs($0) < Double.ulpOfOne })
    #expect(try PCA.fit(X, components: .varianceFraction(0.9)).explainedVariance.count == 1)
  }

  /// A constant feature and a feature given twice leave directions that hold rounding alone.
  @Test func doesNotWhitenRoundingIntoNoise() throws {
    let base = samples(40, 3, seed: 16)
    let X = Tensor(
      shape: [40, 5],
      scalars: (0..<40).flatMap { i -> [Double] in
        [base[i, 0], base[i, 1], 0.1, base[i, 2], base[i, 1]]
      })
    for data in [X, Tensor(shape: [8, 5], scalars: Array(X.scalars.prefix(40)))] {
      let pca = try PCA.fit(data, whitens: true)
      #expect(pca.explainedVariance[2] > 0 && pca.explainedVariance[3...] == [0, 0])
      let Y = try pca.transform(data)
      for i in 0..<data.shape[0] { #expect(Y[i, 3] == 0 && Y[i, 4] == 0) }
    }
    var generator = SeededGenerator(seed: 2)
    let single = Tensor(shape: X.shape, scalars: X.scalars.map { Float($0) })
    let sampled = try PCA.fitRandomized(single, count: 5, whitens: true, using: &generator)
    #expect(sampled.explainedVariance[2] > 0 && sampled.explainedVariance[3...] == [0, 0])
  }

  @Test func handlesDuplicateSamples() throws {
    let once = samples(6, 4, seed: 17)
    let twice = Tensor(shape: [12, 4], scalars: once.scalars + once.scalars)
    let (a, b) = (try PCA.fit(once), try PCA.fit(twice))
    for (x, y) in zip(a.singularValues, b.singularValues) {
      #expect(abs(y - x * 2.0.squareRoot()) < 35 * 12 * Double.ulpOfOne * b.singularValues[0])
    }
  }
}

/// Correlated samples with different variances and means.
private func samples(_ n: Int, _ d: Int, seed: UInt64) -> Tensor<Double> {
  var generator = SeededGenerator(seed: seed)
  var result = Tensor<Double>.zeros([n, d])
  for i in 0..<n {
    let common = generator.uniform(-1, 1)
    for j in 0..<d {
      result[i, j] = Double(j) + 0.5 * common + generator.uniform(-1, 1) / Double(1 + j % 5)
    }
  }
  return result
}

/// Every value within `tolerance` of the largest magnitude of the golden ones.
private func expectClose(
  _ found: [Double], _ golden: Tensor<Double>?, _ tolerance: Double,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let golden, golden.count == found.count else {
    Issue.record("\(found.count) values, another number expected", sourceLocation: sourceLocation)
    return
  }
  let top = golden.scalars.reduce(0) { max($0, abs($1)) }
  let worst = zip(found, golden.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
  #expect(worst <= tolerance * top, sourceLocation: sourceLocation)
}

/// The named arrays of a file of Tests/Fixtures/pca.
private func pcaFixture(
  _ name: String, from file: String = #filePath
) throws -> [String: Tensor<Double>] {
  let tests = file.split(separator: "/").dropLast(2).joined(separator: "/")
  let path = "/\(tests)/Fixtures/pca/\(name).txt"
  let stream = try #require(fopen(path, "r"), "\(path) is missing")
  defer { fclose(stream) }
  var bytes: [UInt8] = []
  while case let byte = getc(stream), byte != EOF { bytes.append(UInt8(byte)) }
  var words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)[...]
  var result: [String: Tensor<Double>] = [:]
  while let part = words.popFirst() {
    let rows = try #require(words.popFirst().flatMap { Int($0) })
    let columns = try #require(words.popFirst().flatMap { Int($0) })
    let scalars = words.prefix(rows * columns).compactMap { Double($0) }
    words = words.dropFirst(rows * columns)
    result[String(part)] = Tensor(shape: [rows, columns], scalars: scalars)
  }
  return result
}
