import Synchronization
import Tensors
import Testing

@Suite struct ParallelTests {
  @Test(arguments: [0, 1, 2, 7, 1000])
  func runsEveryPieceOnce(count: Int) {
    let visits = Mutex([Int](repeating: 0, count: count))
    parallelFor(count) { piece in visits.withLock { $0[piece] += 1 } }
    #expect(visits.withLock { $0 } == [Int](repeating: 1, count: count))
  }

  @Test func runsNestedLoopsInPlace() {
    let total = Atomic<Int>(0)
    parallelFor(8) { outer in
      parallelFor(8) { inner in
        parallelFor(3) { _ in total.add(8 * outer + inner, ordering: .relaxed) }
      }
    }
    #expect(total.load(ordering: .relaxed) == 3 * 63 * 64 / 2)
  }

  @Test func mapsInTheOrderOfThePieces() {
    #expect(parallelMap(500) { "\($0)" } == (0..<500).map { "\($0)" })
    #expect(parallelMap(0) { $0 } == [])
  }

  /// Joining strings shows the order; sums of very different magnitudes show the bits.
  @Test func reducesInOrderWithTheSameBitsForAnyNumberOfThreads() {
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    let expected = (0..<200).reduce(into: 0.0) { $0 += 1 / Double(1 + $1 * $1) }
    for count in 1...8 {
      Parallelism.threads = count
      let text = parallelReduce(20, "", map: { "\($0)," }, combine: { $0 += $1 })
      #expect(text == (0..<20).map { "\($0)," }.joined())
      let sum = parallelReduce(200, 0.0, map: { 1 / Double(1 + $0 * $0) }, combine: { $0 += $1 })
      #expect(sum == expected)
    }
  }

  @Test(arguments: [0, 1, 9, 10, 11, 100])
  func chunksCoverTheArray(count: Int) {
    var values = [Int](repeating: 0, count: count)
    parallelForEachChunk(of: &values, size: 10) { chunk, span in
      for i in span.indices { span[i] += 10 * chunk + i }
    }
    #expect(values == Array(0..<count))
  }

  @Test func usesAtLeastOneThread() {
    #expect(Parallelism.threads >= 1 && Parallelism.availableProcessors >= 1)
  }
}
