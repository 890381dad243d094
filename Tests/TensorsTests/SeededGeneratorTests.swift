import Tensors
import Testing

@Suite struct SeededGeneratorTests {
  /// First outputs of xoshiro256** from the state (1, 2, 3, 4), as the authors' C program prints them.
  @Test func givesTheAuthorsSequence() {
    var generator = SeededGenerator(state: (1, 2, 3, 4))
    let expected: [UInt64] = [
      11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360,
      607_988_272_756_665_600, 16_172_922_978_634_559_625, 8_476_171_486_693_032_832,
      10_595_114_339_597_558_777, 2_904_607_092_377_533_576,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }

  /// The widely published sequence of SplitMix64 from the seed 1234567.
  @Test func seedsThroughSplitMix64() {
    var mixer = SplitMix64(state: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in mixer.next() } == expected)
    let state = (expected[0], expected[1], expected[2], expected[3])
    #expect(SeededGenerator(seed: 1_234_567) == SeededGenerator(state: state))
  }

  /// Chi-squared of 1000 expected counts a cell; the bound is the 1 - 1e-6 quantile or above.
  @Test(arguments: [(2, 24.0), (3, 27.7), (7, 38.3), (10, 43.7), (100, 178.0)])
  func wholeNumbersAreUniform(_ bound: Int, _ quantile: Double) {
    var random = SeededGenerator(seed: 17)
    var counts = [Int](repeating: 0, count: bound)
    for _ in 0..<(1000 * bound) { counts[random.integer(below: bound)] += 1 }
    let statistic = counts.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
    #expect(statistic < quantile)
    #expect(statistic > 0)
  }

  /// Without rejection, 8 words in a row would give 0 0 0 1 1 1 2 2: every third number too rarely.
  @Test func hugeBoundsHaveNoBias() {
    var random = SeededGenerator(seed: 19)
    let bound = 3 << 61
    let last = (0..<40_000).count { _ in random.integer(below: bound) % 3 == 2 }
    // Five standard deviations of a binomial count: 5 sqrt(40000 * 2 / 9) = 471.
    #expect(abs(last - 13_333) < 471)
  }

  /// Means of n numbers lie within 5 standard errors.
  @Test func momentsOfUniformAndNormalNumbers() {
    var random = SeededGenerator(seed: 23)
    let n = 200_000.0
    let u = (0..<Int(n)).map { _ in random.uniform() }
    let z = (0..<Int(n)).map { _ in random.normal() }
    func moment(_ x: [Double], _ p: Int) -> Double {
      x.reduce(0) { total, v in total + (0..<p).reduce(1) { product, _ in product * v } } / n
    }
    #expect(u.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(moment(u, 1) - 0.5) < 5 * (1 / 12 / n).squareRoot())
    #expect(abs(moment(u, 2) - 1.0 / 3) < 5 * (4.0 / 45 / n).squareRoot())
    #expect(abs(moment(z, 1)) < 5 * (1 / n).squareRoot())
    #expect(abs(moment(z, 2) - 1) < 5 * (2 / n).squareRoot())
    #expect(abs(moment(z, 3)) < 5 * (15 / n).squareRoot())
    #expect(abs(moment(z, 4) - 3) < 5 * (96 / n).squareRoot())
    let bounded = (0..<1000).map { _ in random.uniform(-3, 7) }
    #expect(bounded.allSatisfy { $0 >= -3 && $0 < 7 })
  }

  /// All 24 orders of 4 things come up 1000 times each; chi-squared with 23 degrees of freedom.
  @Test func permutationsAreEquallyLikely() {
    var random = SeededGenerator(seed: 29)
    var counts = [Int](repeating: 0, count: 256)
    for _ in 0..<24_000 {
      let order = random.permutation(4)
      counts[order.reduce(0) { 4 * $0 + $1 }] += 1
    }
    let seen = counts.filter { $0 > 0 }
    #expect(seen.count == 24)
    #expect(seen.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 } < 70.5)
    #expect(random.permutation(50).sorted() == Array(0..<50))
    #expect(random.permutation(0) == [] && random.permutation(1) == [0])
  }

  @Test func choicesAreDifferentAndEquallyLikely() {
    var random = SeededGenerator(seed: 31)
    var counts = [Int](repeating: 0, count: 16)
    for _ in 0..<12_000 {
      let pair = random.choice(2, of: 4)
      #expect(pair.count == 2 && pair[0] != pair[1] && pair.allSatisfy { $0 >= 0 && $0 < 4 })
      counts[4 * pair[0] + pair[1]] += 1
    }
    let seen = counts.filter { $0 > 0 }
    #expect(seen.count == 12)
    // Chi-squared with 11 degrees of freedom; 50 is beyond the 1 - 1e-6 quantile.
    #expect(seen.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 } < 50)
    #expect(random.choice(5, of: 5).sorted() == [0, 1, 2, 3, 4])
    #expect(random.choice(0, of: 3) == [])
  }

  @Test func streamsOfOneSeedDiffer() {
    var streams = (0..<100).map { SeededGenerator(seed: 5, stream: $0) }
    let firsts = streams.indices.map { streams[$0].next() }
    #expect(Set(firsts).count == 100)
    var again = SeededGenerator(seed: 5, stream: 42)
    #expect(again.next() == firsts[42])
  }
}
