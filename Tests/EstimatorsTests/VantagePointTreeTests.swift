import Estimators
import Tensors
import Testing

@Suite struct VantagePointTreeTests {
  /// The same sums in the same order, so the same bits.
  @Test(arguments: [(1000, 2, 7), (700, 3, 20), (300, 50, 90), (65, 4, 64), (130, 1, 5)])
  func findsTheNeighboursOfBruteForce(_ n: Int, _ d: Int, _ k: Int) throws {
    let data = groupedSamples(n, d, groups: 5, spread: 4, seed: UInt64(n))
    let tree = try VantagePointTree(data, seed: 3)
    #expect(try tree.nearestNeighbours(count: k) == nearestNeighboursReference(data, count: k))
    let queries = groupedSamples(20, d, groups: 5, spread: 5, seed: 77)
    #expect(
      try tree.nearestNeighbours(of: queries, count: k)
        == nearestNeighboursReference(data, queries: queries, count: k))
  }

  @Test func breaksTiesByTheLowerRowWhateverTheSeed() throws {
    let lattice = Tensor<Double>(
      shape: [900, 2],
      scalars: (0..<900).flatMap { [Double($0 % 30), Double($0 / 30)] })
    let expected = nearestNeighboursReference(lattice, count: 6)
    for seed in 0..<4 as Range<UInt64> {
      #expect(try VantagePointTree(lattice, seed: seed).nearestNeighbours(count: 6) == expected)
    }
  }

  @Test func endsOnDuplicates() throws {
    let same = Tensor<Double>(repeating: 3, shape: [500, 4])
    let found = try VantagePointTree(same).nearestNeighbours(count: 2)
    #expect(found.distances.scalars.allSatisfy { $0 == 0 })
    #expect(Array(found.indices.scalars.suffix(2)) == [0, 1])
  }

  /// Squares of these overflow or vanish; a power of two costs no bit.
  @Test(arguments: [0x1p600, 0x1p-700]) func survivesExtremeUnits(_ unit: Double) throws {
    let data = groupedSamples(200, 3, groups: 3, spread: 2, seed: 5)
    let other = Tensor(shape: data.shape, scalars: data.scalars.map { $0 * unit })
    let (plain, extreme) = try (
      VantagePointTree(data).nearestNeighbours(count: 5),
      VantagePointTree(other).nearestNeighbours(count: 5)
    )
    #expect(plain.indices == extreme.indices)
    #expect(plain.distances.scalars.map { $0 * unit } == extreme.distances.scalars)
  }

  @Test func refusesWhatItCannotSearch() throws {
    var data = groupedSamples(10, 2, groups: 1, spread: 1, seed: 1)
    let tree = try VantagePointTree(data)
    #expect(throws: EstimatorError.tooFewSamples(found: 10, needed: 11)) {
      try tree.nearestNeighbours(count: 10)
    }
    #expect(throws: EstimatorError.wrongWidth(expected: 2, found: 3)) {
      try tree.nearestNeighbours(of: Tensor<Double>.zeros([1, 3]), count: 1)
    }
    data[4, 1] = .nan
    #expect(throws: EstimatorError.nonFinite(row: 4, column: 1)) { try VantagePointTree(data) }
    #expect(throws: EstimatorError.tooFewSamples(found: 0, needed: 1)) {
      try VantagePointTree(Tensor<Double>.zeros([0, 2]))
    }
  }
}
