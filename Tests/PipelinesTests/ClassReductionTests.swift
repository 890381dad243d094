import Estimators
import Pipelines
import Tensors
import Testing

@Suite struct ClassReductionTests {
  private func noise(_ count: Int, _ classes: Int, _ seed: UInt64) -> [Int32] {
    var generator = SeededGenerator(seed: seed)
    // The square makes classes of different areas.
    return (0..<count).map { _ in
      let u = generator.uniform()
      return Int32(u * u * Double(classes))
    }
  }

  /// The rule word by word: areas and boundaries are counted anew after every class that joins another.
  private func naive(_ labels: [Int32], _ width: Int, _ classes: Int, _ goal: Int) -> [Int32] {
    var labels = labels.map { Int($0) }
    while Set(labels).count > goal {
      let areas = (0..<classes).map { c in labels.count { $0 == c } }
      let used = areas.indices.filter { areas[$0] > 0 }
      let least = used.map { areas[$0] }.min() ?? 0
      let small = used.first { areas[$0] == least } ?? 0
      var border = [Int](repeating: 0, count: classes)
      for i in labels.indices {
        let right = i % width + 1 < width ? [i + 1] : []
        for j in right + [i + width] where j < labels.count {
          if labels[i] == small && labels[j] != small { border[labels[j]] += 1 }
          if labels[j] == small && labels[i] != small { border[labels[i]] += 1 }
        }
      }
      let others = used.filter { $0 != small }
      let longest = others.map { border[$0] }.max() ?? 0
      let other = others.first { border[$0] == longest } ?? small
      for i in labels.indices where labels[i] == small { labels[i] = other }
    }
    return labels.map { Int32($0) }
  }

  @Test(arguments: [(9, 7, 5), (6, 20, 9), (1, 30, 6), (30, 1, 6)])
  func joiningIsThatOfTheRule(_ height: Int, _ width: Int, _ classes: Int) {
    for seed in 0..<20 as Range<UInt64> {
      let labels = noise(height * width, classes, seed)
      for goal in 1..<classes {
        let found = reduced(labels, width: width, classes: classes, to: goal)
        #expect(found == naive(labels, width, classes, goal), "seed \(seed), goal \(goal)")
      }
    }
  }

  /// A class that takes another one over takes its boundaries over too: 1 joins 0, and both then touch 2 and
  /// 3 along one side each, of which 2 is the lower label.
  @Test func boundariesAreTakenOver() {
    let labels: [Int32] = [3, 3, 3, 3, 0, 0, 1, 2, 2, 2, 2]
    let joined: [Int32] = [3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2]
    #expect(reduced(labels, width: 11, classes: 4, to: 2) == joined)
    #expect(naive(labels, 11, 4, 2) == joined)
  }

  /// k-means over shares counted pixel by pixel, on every second row and column where there are more
  /// than 16,384 pixels.
  @Test(arguments: [(20, 33, 1), (150, 120, 2)])
  func texturesAreClustersOfShares(_ height: Int, _ width: Int, _ step: Int) throws {
    let (classes, radius) = (4, 2)
    var generator = SeededGenerator(seed: 8)
    let labels = (0..<(height * width)).map { i -> Int32 in
      let isLeft = i % width < width / 2
      return Int32(isLeft ? generator.integer(below: 2) : 1 + generator.integer(below: 3))
    }
    var shares: [Float] = []
    for (y, x) in (0..<height).flatMap({ y in (0..<width).map { (y, $0) } }) {
      var (counts, total) = ([Float](repeating: 0, count: classes), Float(0))
      for v in max(0, y - radius)...min(height - 1, y + radius) {
        for u in max(0, x - radius)...min(width - 1, x + radius) {
          counts[Int(labels[v * width + u])] += 1
          total += 1
        }
      }
      shares += counts.map { $0 / total }
    }
    // The labels are taken in the order of their areas.
    let order = orderedByArea(labels)
    var rows: [Float] = []
    for row in 0..<(height * width) {
      var sorted = [Float](repeating: 0, count: classes)
      for c in 0..<classes {
        let first = labels.firstIndex(of: Int32(c)) ?? 0
        sorted[Int(order.labels[first])] = shares[row * classes + c]
      }
      rows += sorted
    }
    let all = Tensor(shape: [height * width, classes], scalars: rows)
    let sampled = (0..<(height * width)).filter {
      $0 / width % step == step / 2 && $0 % width % step == step / 2
    }
    let samples = Tensor(
      shape: [sampled.count, classes],
      scalars: sampled.flatMap { all.scalars[($0 * classes)..<(($0 + 1) * classes)] })
    let means = try KMeans(samples, clusters: 3, options: KMeansOptions(starts: 8), seed: 5)
    var join = ClassJoining()
    (join.grouping, join.window, join.seed) = (.texture, 2 * radius + 1, 5)
    let expected = orderedByArea(try means.predict(all).map { Int32($0) }).labels
    #expect(join(labels, width: width, to: 3) == expected)
  }

  /// With two runs every difference is a tie, which the first run wins.
  @Test func theFirstRunWinsTies() {
    let first: [Int32] = [1, 1, 1, 1, 0, 0]
    let second: [Int32] = [1, 1, 1, 0, 0, 0]
    let found = consensus([first, second], height: 2, width: 3)
    #expect(found.labels == first && found.stability == [1, 1, 1, 0.5, 1, 1])
  }

  /// Labels 1 and 2 have no partner in the first run; each run's are numbers of their own.
  @Test func labelsWithoutAPartnerDoNotVoteTogether() {
    let other: [Int32] = [0, 0, 0, 0, 1, 2]
    let found = consensus([[0, 0, 0, 0, 0, 0], other, other], height: 2, width: 3)
    #expect(found.labels == [0, 0, 0, 0, 0, 0])
    #expect(found.stability == [1, 1, 1, 1, Float(1) / 3, Float(1) / 3])
  }
}
