import Estimators
import Tensors
import Testing

private func affinities(
  _ data: Tensor<Double>, neighbours k: Int, perplexity: Double
) throws -> Affinities {
  try Affinities(NeighbourIndex(data), neighbours: k, perplexity: perplexity)
}

private func dense(_ P: Affinities) -> Tensor<Double> {
  var matrix = Tensor<Double>.zeros([P.n, P.n])
  for i in 0..<P.n {
    for entry in P.starts[i]..<P.starts[i + 1] {
      matrix[i, Int(P.columns[entry])] = P.values[entry]
    }
  }
  return matrix
}

private func randomMap(_ n: Int, _ D: Int, size: Double, seed: UInt64) -> [Double] {
  var generator = SeededGenerator(seed: seed)
  return (0..<n * D).map { _ in size * generator.normal() }
}

func largest(_ values: [Double]) -> Double { values.map(\.magnitude).max() ?? 0 }

@Suite struct TSNEGradientTests {
  /// Central differences of step h err by h^2 and by ulp / h: 1e-8 of the largest entry at 1e-5.
  @Test(arguments: [2, 3]) func exactGradientIsTheSlopeOfTheDivergence(_ D: Int) throws {
    let n = 40
    let P = try affinities(
      groupedSamples(n, 5, groups: 3, spread: 3, seed: 8), neighbours: n - 1, perplexity: 8)
    let Y = randomMap(n, D, size: 2, seed: 4)
    var forces = TSNEForces(P, dimensions: D, method: .exact)
    let G = forces.gradient(Y, exaggeration: 1)
    func divergence(_ Y: [Double]) -> Double {
      forces.divergence(Y, normaliser: exactNormaliser(Y, D))
    }
    for index in stride(from: 0, to: n * D, by: 5) {
      var (up, down) = (Y, Y)
      up[index] += 1e-5
      down[index] -= 1e-5
      let slope = (divergence(up) - divergence(down)) / (up[index] - down[index])
      #expect(abs(slope - G[index]) <= 1e-8 * largest(G))
    }
  }

  /// Sums of n terms in another order: n ulp of the largest.
  @Test(arguments: [2, 3]) func exactForcesEqualTheTwin(_ D: Int) throws {
    let n = 53
    let P = try affinities(
      groupedSamples(n, 4, groups: 2, spread: 3, seed: 2), neighbours: n - 1, perplexity: 10)
    let Y = randomMap(n, D, size: 3, seed: 6)
    var forces = TSNEForces(P, dimensions: D, method: .exact)
    let G = forces.gradient(Y, exaggeration: 1)
    let twin = tsneReference(dense(P), Tensor(shape: [n, D], scalars: Y))
    let differences = zip(G, twin.gradient.scalars).map { $0 - $1 }
    #expect(largest(differences) <= 53 * Double.ulpOfOne * largest(G))
    let C = forces.divergence(Y, normaliser: forces.normaliser)
    #expect(abs(C - twin.divergence) <= 53 * Double.ulpOfOne * 10)
  }

  /// The tree sums in Float: some ten ulp of Float, of the largest entry.
  @Test(arguments: [(2, 333), (3, 333), (2, 17), (3, 8), (2, 1500)])
  func treeWithoutTradeOffEqualsTheExactForces(_ D: Int, _ n: Int) throws {
    let P = try affinities(
      groupedSamples(n, 4, groups: 2, spread: 3, seed: 2), neighbours: min(30, n - 1),
      perplexity: 2)
    let Y = randomMap(n, D, size: 8, seed: 9)
    var exact = TSNEForces(P, dimensions: D, method: .exact)
    var tree = TSNEForces(P, dimensions: D, method: .barnesHut, theta: 0)
    let G = exact.gradient(Y, exaggeration: 12)
    let H = tree.gradient(Y, exaggeration: 12)
    #expect(largest(zip(G, H).map { $0 - $1 }) <= 32 * Double(Float.ulpOfOne) * largest(G))
    let error = abs(exact.normaliser - tree.normaliser)
    #expect(error <= 32 * Double(Float.ulpOfOne) * exact.normaliser)
  }

  /// Measured with longer steps (a cell's side for its diagonal): 0.0137 and 0.057; twice that.
  @Test(arguments: [(2, 0.5, 0.028), (3, 0.5, 0.028), (2, 1, 0.12)])
  func treeErrsLittle(_ D: Int, _ theta: Double, _ bound: Double) throws {
    let n = 2000
    let Y = randomMap(n, D, size: 10, seed: 12)
    let P = try affinities(Tensor(shape: [n, D], scalars: Y), neighbours: 6, perplexity: 2)
    var exact = TSNEForces(P, dimensions: D, method: .exact)
    var tree = TSNEForces(P, dimensions: D, method: .barnesHut, theta: theta)
    let (G, H) = (exact.gradient(Y, exaggeration: 1), tree.gradient(Y, exaggeration: 1))
    #expect(largest(zip(G, H).map { $0 - $1 }) <= bound * largest(G))
    #expect(abs(exact.normaliser - tree.normaliser) <= bound * exact.normaliser)
    #expect(G != H)
  }

  /// All pairs in Float: some ten ulp of Float, of the largest entry.
  @Test(arguments: [(2, 333), (3, 333), (2, 17), (3, 8), (2, 16)])
  func allPairsInFloatEqualTheExactForces(_ D: Int, _ n: Int) throws {
    let P = try affinities(
      groupedSamples(n, 4, groups: 2, spread: 3, seed: 2), neighbours: min(30, n - 1),
      perplexity: 2)
    let Y = randomMap(n, D, size: 8, seed: 9)
    var exact = TSNEForces(P, dimensions: D, method: .exact)
    var pairs = TSNEForces(P, dimensions: D, method: nil)
    let (G, H) = (exact.gradient(Y, exaggeration: 12), pairs.gradient(Y, exaggeration: 12))
    #expect(largest(zip(G, H).map { $0 - $1 }) <= 32 * Double(Float.ulpOfOne) * largest(G))
    let error = abs(exact.normaliser - pairs.normaliser)
    #expect(error <= 32 * Double(Float.ulpOfOne) * exact.normaliser)
  }

  /// Heavy duplicates, 300 of 400 points at seven places and a pile of 60 more: no less accurate
  /// than other maps (`treeErrsLittle`).
  @Test(arguments: [2, 3]) func duplicatesInTheMapCostNoAccuracy(_ D: Int) throws {
    let n = 400
    var Y = randomMap(n, D, size: 5, seed: 3)
    for i in 100..<n {
      for axis in 0..<D { Y[i * D + axis] = i < 160 ? 1.5 : Y[i % 7 * D + axis] }
    }
    let P = try affinities(
      groupedSamples(n, 4, groups: 2, spread: 3, seed: 2), neighbours: 30, perplexity: 10)
    var exact = TSNEForces(P, dimensions: D, method: .exact)
    let G = exact.gradient(Y, exaggeration: 1)
    for (theta, bound) in [(0, 32 * Double(Float.ulpOfOne)), (0.25, 0.015), (0.5, 0.028)] {
      var tree = TSNEForces(P, dimensions: D, method: .barnesHut, theta: theta)
      let H = tree.gradient(Y, exaggeration: 1)
      #expect(largest(zip(G, H).map { $0 - $1 }) <= bound * largest(G))
      #expect(abs(exact.normaliser - tree.normaliser) <= bound * exact.normaliser)
    }
    let pile = [Double](repeating: 2, count: n * D)
    var tree = TSNEForces(P, dimensions: D, method: .barnesHut, theta: 0.5)
    #expect(tree.gradient(pile, exaggeration: 1).allSatisfy { $0 == 0 })
    #expect(tree.normaliser == Double(n * (n - 1)))
  }
}

@Suite struct TSNEAffinityTests {
  /// The search ends within 1e-9 bits, 7e-10 of the perplexity.
  @Test(arguments: [1.5, 5, 30, 60]) func reachesThePerplexity(_ perplexity: Double) {
    var generator = SeededGenerator(seed: 6)
    let squares = (0..<180).map { _ in 50 + 9 * generator.uniform() }
    let p = conditionalWeights(squares, perplexity: perplexity)
    let bits = p.reduce(0) { $0 - ($1 > 0 ? $1 * naturalLogarithm($1) : 0) } / naturalLogarithm(2)
    #expect(abs(exponential(bits * naturalLogarithm(2)) - perplexity) <= 1e-9 * perplexity)
    #expect(abs(p.reduce(0, +) - 1) <= 180 * Double.ulpOfOne)
  }

  @Test func equalDistancesGiveEqualWeights() {
    #expect(conditionalWeights([4, 4, 4, 4], perplexity: 2) == [0.25, 0.25, 0.25, 0.25])
    let tied = conditionalWeights([1, 1, 1, 1, 9], perplexity: 2)
    #expect(tied == [0.25, 0.25, 0.25, 0.25, 0])
  }

  /// scikit-learn ends its search at 1e-5 nats and holds squares in Float: 1e-5 of the largest p.
  @Test func equalsTheSimilaritiesOfScikitLearn() throws {
    let iris = fixtureMatrix("iris.txt")
    let data = iris.rows(Array(stride(from: 0, to: 150, by: 5)))
    let P = try affinities(data, neighbours: 29, perplexity: 5)
    let golden = fixtureMatrix("tsne_similarities.txt")
    let differences = zip(dense(P).scalars, golden.scalars).map { $0 - $1 }
    #expect(golden.count == 900 && largest(differences) <= 1e-5 * largest(golden.scalars))
    #expect(abs(P.values.reduce(0, +) - 1) <= 900 * Double.ulpOfOne)
  }

  /// The similarities differ by up to 1e-5, and so does the gradient; the divergence has a minimum there, and
  /// differs by less (measured 2.9e-6 and 2.7e-8).
  @Test func equalsTheDivergenceOfScikitLearn() throws {
    let data = fixtureMatrix("iris.txt").rows(Array(stride(from: 0, to: 150, by: 5)))
    let P = try affinities(data, neighbours: 29, perplexity: 5)
    let means = (0..<2).map { axis in (0..<30).reduce(0) { $0 + data[$1, axis] } / 30 }
    let Y = (0..<60).map { data[$0 / 2, $0 % 2] - means[$0 % 2] }
    var forces = TSNEForces(P, dimensions: 2, method: .exact)
    let G = forces.gradient(Y, exaggeration: 1)
    let golden = fixtureMatrix("tsne_gradient.txt").scalars
    #expect(golden.count == 60)
    #expect(largest(zip(G, golden).map { $0 - $1 }) <= 1e-5 * largest(golden))
    let C = forces.divergence(Y, normaliser: forces.normaliser)
    #expect(abs(C - fixtureRows("tsne_divergence.txt")[0][0]) <= 1e-7 * C)
  }
}
