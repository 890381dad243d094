import Tensors
import Testing

@Suite struct ClusterDistancesTests {
  private func numbers(_ count: Int, _ seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in generator.normal() }
  }

  @Test(arguments: [(1, 1), (31, 3), (32, 8), (33, 50), (100, 17), (257, 64)])
  func squaredDistancesHaveTheBitsOfThePlainLoop(_ n: Int, _ d: Int) {
    let x = numbers(n * d, 1)
    let candidate = numbers(d, 2)
    checkDistances(PointPanels(n, d) { x[$0 * d + $1] }, x, candidate)
    let narrow = x.map { Float($0) }
    checkDistances(PointPanels(n, d) { narrow[$0 * d + $1] }, narrow, candidate.map { Float($0) })
  }

  private func checkDistances<Scalar: ClusterScalar>(
    _ points: PointPanels<Scalar>, _ x: [Scalar], _ candidate: [Scalar]
  ) {
    let (n, d) = (points.n, points.d)
    var limit = [Scalar](repeating: Scalar(d), count: points.paddedCount)
    for i in n..<points.paddedCount { limit[i] = 0 }
    var distances = [Scalar](repeating: -1, count: points.paddedCount)
    var sums = [Double](repeating: -1, count: points.count)
    Scalar.squaredDistances(
      points, to: candidate, closest: limit, distances: &distances, sums: &sums)
    for i in 0..<n {
      var sum: Scalar = 0
      for j in 0..<d {
        let difference = x[i * d + j] - candidate[j]
        sum += difference * difference
      }
      #expect(distances[i] == min(sum, Scalar(d)))
    }
    #expect(distances[n...].allSatisfy { $0 == 0 })
    for panel in 0..<points.count {
      let parts = (0..<4).map { lane in
        stride(from: panel * 32 + lane, to: panel * 32 + 32, by: 4).reduce(0.0) {
          $0 + Double(distances[$1])
        }
      }
      #expect(sums[panel] == (parts[0] + parts[1]) + (parts[2] + parts[3]))
    }
  }

  @Test(arguments: [(1, 8, 1), (50, 16, 3), (333, 56, 7)])
  func sumsOverRowsHaveTheBitsOfThePlainLoop(_ n: Int, _ stride: Int, _ k: Int) {
    let x = numbers(n * stride, 3)
    checkSums(x, n, stride, k)
    checkSums(x.map { Float($0) }, n, stride, k)
  }

  private func checkSums<Scalar: ClusterScalar>(
    _ rows: [Scalar], _ n: Int, _ stride: Int, _ k: Int
  ) {
    let labels = (0..<n).map { Int32($0 * 5 % k) }
    let centres = numbers(k * stride, 4)
    var sums = [Double](repeating: 0, count: k * stride)
    var squares = [Double](repeating: 0, count: stride)
    Scalar.addRows(rows, n, stride, labels: labels, sums: &sums)
    Scalar.addSquaredDifferences(
      rows, n, stride, labels: labels, centres: centres, sums: &squares)
    var (expectedSums, expectedSquares) = (sums.map { _ in 0.0 }, squares.map { _ in 0.0 })
    for i in 0..<n {
      for j in 0..<stride {
        let (x, c) = (Double(rows[i * stride + j]), Int(labels[i]) * stride + j)
        expectedSums[c] += x
        let difference = x - centres[c]
        expectedSquares[j] += difference * difference
      }
    }
    #expect(sums == expectedSums)
    #expect(squares == expectedSquares)
  }

  /// Sure answers agree with Double; where the two nearest tie, the filter must doubt.
  @Test(arguments: [(40, 5, 1), (100, 50, 7), (3000, 9, 4), (64, 3, 13)])
  func theFilterIsRightOrDoubts(_ n: Int, _ d: Int, _ k: Int) {
    let (x, c) = (numbers(n * d, 5), numbers(k * d, 6))
    let points = PointPanels<Float>(n, d) { Float(x[$0 * d + $1]) }
    var blocks = CentreBlocks(k, d)
    for q in 0..<k {
      for j in 0..<d { blocks.values[(q / 4 * d + j) * 4 + q % 4] = Float(c[q * d + j]) }
      blocks.negativeHalfNorms[q] = Float(
        -(0..<d).reduce(0) { $0 + c[q * d + $1] * c[q * d + $1] } / 2)
    }
    var labels = [Int32](repeating: 99, count: points.paddedCount)
    let norms = [Float](repeating: 1, count: points.paddedCount)
    nearestCentres(points, blocks, norms: norms, doubt: (1e-3, 0, 0), labels: &labels)
    var doubts = 0
    for i in 0..<n {
      let distances = (0..<k).map { q in
        (0..<d).reduce(0) { sum, j in
          sum + (x[i * d + j] - c[q * d + j]) * (x[i * d + j] - c[q * d + j])
        }
      }
      let order = (0..<k).sorted { distances[$0] < distances[$1] }
      if labels[i] >= 0 {
        #expect(Int(labels[i]) == order[0])
      } else {
        doubts += 1
        #expect(distances[order[1]] - distances[order[0]] <= 2.1e-3)
      }
    }
    #expect(doubts <= n / 100 + 1)
    nearestCentres(points, blocks, norms: norms, doubt: (0, .infinity, 0), labels: &labels)
    #expect(labels.allSatisfy { $0 < 0 } || k == 1)
  }

  /// Two equal centres: no answer can be sure, whatever the bound.
  @Test func theFilterDoubtsATie() {
    let points = PointPanels<Float>(40, 2) { Float($0 + $1) }
    var blocks = CentreBlocks(2, 2)
    blocks.negativeHalfNorms[0] = 0
    blocks.negativeHalfNorms[1] = 0
    var labels = [Int32](repeating: 7, count: points.paddedCount)
    let norms = [Float](repeating: 0, count: points.paddedCount)
    nearestCentres(points, blocks, norms: norms, doubt: (0, 0, 0), labels: &labels)
    #expect(labels == [Int32](repeating: ~0, count: points.paddedCount))
  }
}
