import Estimators
import Tensors
import Testing

@Suite struct BlockedNeighboursTests {
  /// The same sums in the same order, so the same bits.
  @Test(arguments: [(1000, 12, 7), (700, 3, 20), (300, 50, 90), (65, 4, 64), (2, 1, 1), (33, 9, 5)])
  func findsTheNeighboursOfBruteForce(_ n: Int, _ d: Int, _ k: Int) throws {
    let data = groupedSamples(n, d, groups: min(n, 5), spread: 4, seed: UInt64(n))
    let index = try NeighbourIndex(data, search: .pairs)
    #expect(try index.nearestNeighbours(count: k) == nearestNeighboursReference(data, count: k))
    let queries = groupedSamples(20, d, groups: 5, spread: 5, seed: 77)
    #expect(
      try index.nearestNeighbours(of: queries, count: k)
        == nearestNeighboursReference(data, queries: queries, count: k))
  }

  /// Far from the origin, products of coordinates lose the distances; centred ones do not, and the
  /// bound on the error keeps what Float cannot tell apart.
  @Test(arguments: [1e2, 1e6]) func staysExactFarFromTheOrigin(_ shift: Double) throws {
    let data = groupedSamples(500, 10, groups: 5, spread: 1, seed: 3)
    var moved = Tensor(shape: data.shape, scalars: data.scalars.map { $0 + shift })
    // One point far from the others makes all scores inaccurate.
    moved[7, 2] = -1000 * shift
    #expect(
      try NeighbourIndex(moved, search: .pairs).nearestNeighbours(count: 9)
        == nearestNeighboursReference(moved, count: 9))
  }

  /// 5 places for 1500 points: more ties than a list holds.
  @Test func ranksDuplicatesByTheLowerRow() throws {
    let few = groupedSamples(5, 11, groups: 2, spread: 2, seed: 9)
    let data = few.rows((0..<1500).map { $0 * 7 % 5 })
    #expect(
      try NeighbourIndex(data, search: .pairs).nearestNeighbours(count: 12)
        == nearestNeighboursReference(data, count: 12))
    let same = Tensor<Double>(repeating: 3, shape: [900, 9])
    let found = try NeighbourIndex(same, search: .pairs).nearestNeighbours(count: 2)
    #expect(found.distances.scalars.allSatisfy { $0 == 0 })
    #expect(Array(found.indices.scalars.suffix(2)) == [0, 1])
  }

  @Test(arguments: [0x1p600, 0x1p-700]) func survivesExtremeUnits(_ unit: Double) throws {
    let data = groupedSamples(200, 10, groups: 3, spread: 2, seed: 5)
    let other = Tensor(shape: data.shape, scalars: data.scalars.map { $0 * unit })
    let plain = try NeighbourIndex(data, search: .pairs).nearestNeighbours(count: 5)
    let extreme = try NeighbourIndex(other, search: .pairs).nearestNeighbours(count: 5)
    #expect(plain.indices == extreme.indices)
    #expect(plain.distances.scalars.map { $0 * unit } == extreme.distances.scalars)
    // Queries beyond the range of Float.
    let far = Tensor<Double>(shape: [1, 10], scalars: (0..<10).map { 1e60 + Double($0) })
    #expect(
      try NeighbourIndex(data, search: .pairs).nearestNeighbours(of: far, count: 3)
        == nearestNeighboursReference(data, queries: far, count: 3))
  }

  @Test func automaticChoosesByTheNumberOfFeatures() throws {
    for d in [2, 8, 9, 30] {
      let data = groupedSamples(150, d, groups: 3, spread: 2, seed: 5)
      #expect(
        try NeighbourIndex(data).nearestNeighbours(count: 5)
          == nearestNeighboursReference(data, count: 5))
    }
  }

  @Test func refusesWhatItCannotSearch() throws {
    var data = groupedSamples(10, 12, groups: 1, spread: 1, seed: 1)
    let index = try NeighbourIndex(data)
    #expect(throws: EstimatorError.tooFewSamples(found: 10, needed: 11)) {
      try index.nearestNeighbours(count: 10)
    }
    #expect(throws: EstimatorError.wrongWidth(expected: 12, found: 3)) {
      try index.nearestNeighbours(of: Tensor<Double>.zeros([1, 3]), count: 1)
    }
    data[4, 1] = .nan
    #expect(throws: EstimatorError.nonFinite(row: 4, column: 1)) { try NeighbourIndex(data) }
    #expect(throws: EstimatorError.tooFewSamples(found: 0, needed: 1)) {
      try NeighbourIndex(Tensor<Double>.zeros([0, 12]))
    }
  }
}
