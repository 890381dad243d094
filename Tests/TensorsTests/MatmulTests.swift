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

  @Test func givesTheSameBitsForAnyNumberOfThreads() {
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    for (m, n, k) in [(150, 160, 1100), (20, 2500, 600), (300, 30, 700)] {
      let (A, B) = randomPair(Float.self, m, n, k)
      let packed = PackedMatrix(B)
      Parallelism.threads = 1
      let expected = matmul(A, B)
      for threads in 1...8 {
        Parallelism.threads = threads
        #expect(matmul(A, B) == expected, "\(threads) threads")
        #expect(multiplyPacked(A, packed) == expected, "\(threads) threads, packed ahead")
      }
    }
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
          m: A.shape[0], alpha: 1, A: a.baseAddress!, rowStrideA: B.k, columnStrideA: 1, B: B,
          beta: 0, C: c.baseAddress!, rowStrideC: B.n, columnStrideC: 1)
      }
    }
    return Tensor(shape: [A.shape[0], B.n], scalars: C)
  }
}
