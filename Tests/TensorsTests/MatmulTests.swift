import Dispatch
import Tensors
import Testing

/// `matmul` and `gemm` as callers see them.
@Suite(.serialized) struct MatmulTests {
  @Test func transposesEitherSide() {
    let (A, B) = randomPair(Double.self, 9, 21, 40)
    let C = matmul(A, B)
    #expect(matmul(A.transposed(), B, transposingA: true) == C)
    #expect(matmul(A, B.transposed(), transposingB: true) == C)
    #expect(
      matmul(A.transposed(), B.transposed(), transposingA: true, transposingB: true) == C)
  }

  @Test func multipliesEmptyMatrices() {
    for (m, k, n) in [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0)] {
      let C = matmul(Tensor<Float>.zeros([m, k]), Tensor<Float>.zeros([k, n]))
      #expect(C == Tensor<Float>.zeros([m, n]))
    }
  }

  @Test func passesOnNaNAndInfinity() {
    let A = Tensor<Float>(shape: [2, 2], scalars: [1, .nan, .infinity, 0])
    let B = Tensor<Float>(shape: [2, 1], scalars: [1, 0])
    let C = matmul(A, B)
    #expect(C.scalars[0].isNaN && C.scalars[1] == .infinity)
  }

  /// A row of a product must not depend on the rows beside it: an image alone or in a batch.
  @Test func computesARowAloneAsAmongOthers() {
    let (A, B) = randomPair(Float.self, 50, 70, 1100)
    let all = matmul(A, B)
    for row in [0, 13, 49] {
      let alone = matmul(
        Tensor(shape: [1, 1100], scalars: Array(A.scalars[row * 1100..<(row + 1) * 1100])), B)
      #expect(alone.scalars == Array(all.scalars[row * 70..<(row + 1) * 70]))
    }
  }

  /// Many blocks of B pass through the two buffers; a product of NaN before each product makes sure
  /// that a thread that does not wait for the others' packing finds no numbers of the same product.
  @Test func givesTheSameBitsForAnyNumberOfThreads() {
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    for (m, n, k) in [(150, 160, 1100), (60, 1500, 2600), (20, 2500, 600), (300, 30, 700)] {
      let (A, B) = randomPair(Float.self, m, n, k)
      let spoiled = Tensor<Float>(repeating: .nan, shape: B.shape)
      let packed = PackedMatrix(B)
      Parallelism.threads = 1
      let expected = matmul(A, B)
      for threads in 1...8 {
        Parallelism.threads = threads
        _ = matmul(A, spoiled)
        let isEqual = matmul(A, B) == expected
        #expect(isEqual, "\(threads) threads")
        let isEqualPacked = multiplyPacked(A, packed) == expected
        #expect(isEqualPacked, "\(threads) threads, packed ahead")
      }
    }
  }

  /// Another thread begins a piece too early, the rest follows in order: the piece must wait.
  ///
  /// The blocks that are packed for all are of B, and of A where there are fewer rows than columns.
  @Test(
    arguments: [
      "compute before packing", "pack over a block in use", "add before the block before",
    ], [(90, 30), (30, 90)])
  func waitsForThePiecesItNeeds(early: String, shape: (Int, Int)) {
    let (m, n, k) = (shape.0, shape.1, 1500)
    let (A, B) = randomPair(Float.self, m, n, k)
    let expected = matmul(A, B)
    _ = matmul(A, Tensor<Float>(repeating: .nan, shape: B.shape))
    var C = [Float](repeating: .nan, count: m * n)
    A.scalars.withUnsafeBufferPointer { a in
      B.scalars.withUnsafeBufferPointer { b in
        C.withUnsafeMutableBufferPointer { c in
          let product = StreamedProduct(m: m, n: n, k: k, A: a.start, B: b.start, C: c.start)
          perform(product, early)
        }
      }
    }
    let isEqual = C == expected.scalars
    #expect(isEqual)
  }

  private func perform(_ product: StreamedProduct<Float>, _ early: String) {
    let (stage, packing) = (product.piecesPerStage, product.packingPieces)
    #expect(product.stages == 3)
    var order = Array(0..<3 * stage)
    let moved: Range<Int>
    let position: Int
    switch early {
    case "compute before packing": (moved, position) = (packing..<stage, 0)
    case "pack over a block in use": (moved, position) = (2 * stage..<2 * stage + packing, packing)
    default: (moved, position) = (stage + packing..<2 * stage, packing)
    }
    order.removeAll { moved.contains($0) }
    for piece in order[..<position] { product.perform(piece) }
    if moved.lowerBound > stage, early.hasPrefix("add") {
      // The block of B must be there for this piece; only its place in the sum is too early.
      for piece in stage..<stage + packing { product.perform(piece) }
      order.removeAll { (stage..<stage + packing).contains($0) }
    }
    let other = DispatchGroup()
    let hasBegun = DispatchSemaphore(value: 0)
    DispatchQueue.global().async(group: other) {
      hasBegun.signal()
      for piece in moved { product.perform(piece) }
    }
    hasBegun.wait()
    _ = other.wait(timeout: .now() + .milliseconds(50))
    let isLast = { (piece: Int) in piece >= moved.upperBound }
    for piece in order[position...] where !isLast(piece) { product.perform(piece) }
    other.wait()
    for piece in order[position...] where isLast(piece) { product.perform(piece) }
  }

  @Test func leavesTheGapsOfAStridedResultAlone() {
    var C = [Double](repeating: 5, count: 10)
    var target = C.mutableSpan
    gemm(
      m: 2, n: 2, k: 1, alpha: 1, A: [1, 2].span, rowStrideA: 1, columnStrideA: 1,
      B: [3, 4].span, rowStrideB: 2, columnStrideB: 1, beta: 2, C: &target, rowStrideC: 5,
      columnStrideC: 2)
    #expect(C == [13, 5, 14, 5, 5, 16, 5, 18, 5, 5])
  }

  @Test func trapsOnAMatrixThatDoesNotFitItsSpan() async {
    await #expect(processExitsWith: .failure) {
      var C = [Float](repeating: 0, count: 4)
      var target = C.mutableSpan
      gemm(
        m: 2, n: 2, k: 2, alpha: 1, A: [1, 2, 3].span, rowStrideA: 2, columnStrideA: 1,
        B: [1, 2, 3, 4].span, rowStrideB: 2, columnStrideB: 1, beta: 0, C: &target,
        rowStrideC: 2, columnStrideC: 1)
    }
  }

  @Test func trapsOnOverlappingElementsOfTheResult() async {
    await #expect(processExitsWith: .failure) {
      var C = [Float](repeating: 0, count: 4)
      var target = C.mutableSpan
      gemm(
        m: 2, n: 2, k: 1, alpha: 1, A: [1, 2].span, rowStrideA: 1, columnStrideA: 1,
        B: [1, 2].span, rowStrideB: 2, columnStrideB: 1, beta: 0, C: &target, rowStrideC: 1,
        columnStrideC: 1)
    }
  }

  @Test func trapsOnShapesThatDoNotAgree() async {
    await #expect(processExitsWith: .failure) {
      _ = matmul(Tensor<Float>.zeros([2, 3]), Tensor<Float>.zeros([2, 3]))
    }
  }

  private func multiplyPacked(_ A: Tensor<Float>, _ B: PackedMatrix<Float>) -> Tensor<Float> {
    var C = [Float](repeating: 0, count: A.shape[0] * B.n)
    A.scalars.withUnsafeBufferPointer { a in
      C.withUnsafeMutableBufferPointer { c in
        gemmPointers(
          m: A.shape[0], alpha: 1, A: a.start, rowStrideA: B.k, columnStrideA: 1, B: B,
          beta: 0, C: c.start, rowStrideC: B.n, columnStrideC: 1)
      }
    }
    return Tensor(shape: [A.shape[0], B.n], scalars: C)
  }
}
