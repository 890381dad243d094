import Estimators
import Tensors
import Testing

/// Exact forces and those of the grid, and the two normalisers.
private func forces(_ Y: [Double]) throws -> (
  exact: [Double], grid: [Double], exactZ: Double, gridZ: Double
) {
  let n = Y.count / 2
  let P = try Affinities(
    NeighbourIndex(Tensor(shape: [n, 2], scalars: Y)), neighbours: 6, perplexity: 2)
  var exact = TSNEForces(P, dimensions: 2, method: .exact)
  var grid = TSNEForces(P, dimensions: 2, method: .fft)
  let (G, H) = (exact.gradient(Y, exaggeration: 1), grid.gradient(Y, exaggeration: 1))
  return (G, H, exact.normaliser, grid.normaliser)
}

/// Eight clouds of 100 points in a square of side `size`.
private func clouds(_ size: Double, seed: UInt64) -> [Double] {
  var generator = SeededGenerator(seed: seed)
  let centres = (0..<16).map { _ in size * generator.uniform() }
  return (0..<800).flatMap { i in
    (0..<2).map { centres[i % 8 * 2 + $0] + size / 12 * generator.normal() }
  }
}

@Suite struct TSNEFieldTests {
  /// Bounds of up to four times what was measured: 3.6e-7 of the largest force at the first three sizes but
  /// for 1.6e-6 at 5, 0.014 at 60, and 0.067 at 400, where all forces are small.
  ///
  /// Cubic splines err by h^4 / 384 of the kernels' fourth derivatives, at most 24 for w: 0.4 % of a
  /// single force at h = 1/2, more where forces cancel.
  @Test(arguments: [(1e-3, 1e-6), (0.5, 1e-6), (5, 6e-6), (60, 0.02), (400, 0.1)])
  func gridErrsLittle(_ size: Double, _ bound: Double) throws {
    let found = try forces(clouds(size, seed: 5))
    let differences = zip(found.exact, found.grid).map { $0 - $1 }
    #expect(largest(differences) <= bound * largest(found.exact))
    #expect(abs(found.exactZ - found.gridZ) <= bound * found.exactZ)
    #expect(found.exact != found.grid)
  }

  /// The forces of a pair are opposite: the grid keeps the centre where it is.
  ///
  /// Sums of 800 forces in Float, whose roundings were up to 8e-9 of their magnitudes.
  @Test func forcesAddUpToNothing() throws {
    let Y = clouds(40, seed: 6)
    let found = try forces(Y)
    for axis in 0..<2 {
      let sum = stride(from: axis, to: Y.count, by: 2).reduce(0) { $0 + found.grid[$1] }
      #expect(abs(sum) <= 3e-8 * found.grid.reduce(0) { $0 + $1.magnitude })
    }
  }

  @Test func survivesOnePlaceALineAndFarPoints() throws {
    let pile = try forces([Double](repeating: 3, count: 80))
    // No force but what is left of products of Floats; measured 2.4e-37, and 7.8e-7 of the normaliser.
    #expect(pile.grid.allSatisfy { $0.magnitude <= 1e-36 })
    #expect(abs(pile.gridZ - 40 * 39) <= 3e-6 * 40 * 39)
    let line = try forces((0..<80).map { $0 % 2 == 0 ? Double($0) / 4 : 0 })
    let differences = zip(line.exact, line.grid).map { $0 - $1 }
    // Measured 1.5e-7.
    #expect(largest(differences) <= 6e-7 * largest(line.exact))
    let far = try forces((0..<80).map { $0 < 78 ? Double($0 * 7 % 13) : 1e6 })
    #expect(far.grid.allSatisfy { $0.isFinite } && far.gridZ.isFinite)
  }

  /// A map that grows needs larger grids: what was summed before must not matter.
  @Test func gridsAreUsedAgainWithoutTraces() throws {
    let (small, large) = (clouds(20, seed: 7), clouds(150, seed: 8))
    let P = try Affinities(
      NeighbourIndex(Tensor(shape: [800, 2], scalars: small)), neighbours: 6, perplexity: 2)
    var fresh = TSNEForces(P, dimensions: 2, method: .fft)
    var used = fresh
    _ = used.gradient(large, exaggeration: 1)
    _ = used.gradient(small, exaggeration: 12)
    #expect(used.gradient(large, exaggeration: 1) == fresh.gradient(large, exaggeration: 1))
  }
}
