import LinearAlgebra
import Tensors
import Testing

@Suite struct RandomizedSVDTests {
  @Test func findsAMatrixOfLowRankExactly() throws {
    var generator = SeededGenerator(seed: 12)
    let A =
      matmulReference(
        randomMatrix(60, 5, &generator), randomMatrix(5, 40, &generator)) as Tensor<Double>
    let svd = try randomizedSVD(A, rank: 5, using: &generator)
    #expect(svd.U.shape == [60, 5] && svd.S.count == 5 && svd.Vt.shape == [5, 40])
    // The sample spans the range exactly, so that the bounds of the full SVD hold.
    #expect(scaledResidual(A, svd.U, svd.S, svd.Vt) < SVDTests.bound)
    #expect(orthogonalityResidual(svd.U) < SVDTests.bound)
    #expect(orthogonalityResidual(svd.Vt.transposed()) < SVDTests.bound)
  }

  @Test(arguments: [0, 1, 2, 4])
  func staysWithinTheErrorBound(_ powerIterations: Int) throws {
    // Halko et al., corollary 10.10: E |A - Q Q' A| <= (1 + 4 sqrt(2 min(m, n) / (k - 1)))^(1 / (2 q +
    // 1)) sigma_(k + 1), which bounds the error of each singular value too.
    var generator = SeededGenerator(seed: 13)
    let (n, k) = (80, 10)
    var A: Tensor<Double> = randomMatrix(n, n, &generator)
    let full = try SVD(A)
    // Slowly falling: sigma_j = 1 / j.
    var scaled = full.U
    for i in 0..<n { for j in 0..<n { scaled[i, j] /= Double(j + 1) } }
    A = matmulReference(scaled, full.Vt)
    let svd = try randomizedSVD(
      A, rank: k, oversampling: 0, powerIterations: powerIterations, using: &generator)
    let factor = power(
      1 + 4 * (2 * Double(n) / Double(k - 1)).squareRoot(), 1 / Double(2 * powerIterations + 1))
    for (j, value) in svd.S.enumerated() {
      // The rank-k part is at least sigma_j (1 - error), and never above sigma_j.
      let exact = 1 / Double(j + 1)
      #expect(value <= exact * (1 + 1e3 * Double.ulpOfOne))
      #expect(exact - value <= factor / Double(k + 1))
    }
  }

  /// With power iterations the leading values converge as (sigma_(l + 1) / sigma_j)^(4 q + 2).
  @Test func convergesWithPowerIterations() throws {
    var generator = SeededGenerator(seed: 14)
    let Q: Tensor<Double> = try QR(randomMatrix(100, 100, &generator)).Q
    var A = Q
    for i in 0..<100 { for j in 0..<100 { A[i, j] *= power(0.7, Double(j)) } }
    let svd = try randomizedSVD(A, rank: 4, oversampling: 6, powerIterations: 4, using: &generator)
    for j in 0..<4 {
      // (0.7^(10 - j))^18 <= 0.7^126 = 3e-20: rounding alone is left.
      #expect(abs(svd.S[j] - power(0.7, Double(j))) <= 35 * 100 * Double.ulpOfOne)
    }
  }

  @Test func repeatsItsBitsForASeed() throws {
    var generator = SeededGenerator(seed: 15)
    let A: Tensor<Float> = randomMatrix(50, 70, &generator)
    var (one, two, three) = (
      SeededGenerator(seed: 1), SeededGenerator(seed: 1), SeededGenerator(seed: 2)
    )
    let first = try randomizedSVD(A, rank: 6, using: &one)
    #expect(try withThreads(5) { try randomizedSVD(A, rank: 6, using: &two) } == first)
    #expect(try randomizedSVD(A, rank: 6, using: &three) != first)
  }

  @Test(arguments: [[0, 0], [1, 1], [3, 0], [1, 6], [6, 1]])
  func handlesTinyShapes(_ shape: [Int]) throws {
    var generator = SeededGenerator(seed: 16)
    let A: Tensor<Double> = randomMatrix(shape[0], shape[1], &generator)
    let k = shape.min() ?? 0
    let svd = try randomizedSVD(A, rank: k, using: &generator)
    #expect(svd.U.shape == [shape[0], k] && svd.Vt.shape == [k, shape[1]])
    #expect(scaledResidual(A, svd.U, svd.S, svd.Vt) < SVDTests.bound)
  }

  @Test func throwsOnNaN() {
    var generator = SeededGenerator(seed: 17)
    var A = Tensor<Double>(repeating: 1, shape: [4, 4])
    A[3, 3] = .nan
    #expect(throws: LinearAlgebraError.nonFinite(index: 15)) {
      try randomizedSVD(A, rank: 2, using: &generator)
    }
  }
}
