import LinearAlgebra
import Tensors
import Testing

@Suite struct SVDTests {
  /// LAPACK's bound for singular values, TESTING/svd.in.
  static let bound = 35.0

  @Test(arguments: MatrixKind.allCases)
  func reconstructsItsInput(_ kind: MatrixKind) throws {
    for shape in shapes {
      try check(kind.matrix(shape[0], shape[1], as: Double.self), "\(shape)")
      try check(kind.matrix(shape[0], shape[1], as: Float.self), "\(shape) Float")
    }
  }

  private func check<Scalar: KernelScalar>(_ A: Tensor<Scalar>, _ note: Comment) throws {
    let (m, n, k) = (A.shape[0], A.shape[1], A.shape.min() ?? 0)
    let svd = try SVD(A)
    #expect(svd.U.shape == [m, k] && svd.S.count == k && svd.Vt.shape == [k, n], note)
    #expect(scaledResidual(A, svd.U, svd.S, svd.Vt) < Self.bound, note)
    #expect(orthogonalityResidual(svd.U) < Self.bound, note)
    #expect(orthogonalityResidual(svd.Vt.transposed()) < Self.bound, note)
    #expect(svd.S.allSatisfy { $0 >= 0 } && zip(svd.S, svd.S.dropFirst()).allSatisfy(>=), note)

    let full = try SVD(A, vectors: .full)
    #expect(full.U.shape == [m, m] && full.Vt.shape == [n, n] && full.S == svd.S, note)
    #expect(orthogonalityResidual(full.U) < Self.bound, note)
    #expect(orthogonalityResidual(full.Vt.transposed()) < Self.bound, note)
    // The thin factors are the leading part of the full ones, bit for bit.
    #expect((0..<m).allSatisfy { i in (0..<k).allSatisfy { full.U[i, $0] == svd.U[i, $0] } }, note)
    #expect(full.Vt.scalars.prefix(k * n) == svd.Vt.scalars.prefix(k * n), note)

    #expect(try singularValues(A) == svd.S, note)
    let right = try rightSingularVectors(A)
    #expect(right.S == svd.S && right.Vt == svd.Vt, note)
  }

  @Test(arguments: MatrixKind.allCases)
  func agreesWithItsTwin(_ kind: MatrixKind) throws {
    // The twin does not scale its input.
    guard kind != .nearOverflow && kind != .nearUnderflow else { return }
    let A = kind.matrix(24, 16, as: Double.self)
    let (fast, plain) = (try singularValues(A), singularValuesReference(A))
    for (a, b) in zip(fast, plain) {
      #expect(abs(a - b) <= SVDTests.bound * 24 * Double.ulpOfOne * plain[0])
    }
  }

  @Test func givesExactlyZeroForAZeroMatrix() throws {
    let svd = try SVD(Tensor<Double>.zeros([7, 4]), vectors: .full)
    #expect(svd.S == [0, 0, 0, 0])
    #expect(orthogonalityResidual(svd.U) == 0)
  }

  /// Singular values far below eps of the largest: down to 2^-80 of the largest they stay
  /// accurate, below they may become 0, and the vectors are orthonormal all the same.
  @Test func handlesColumnsFarBelowTheLargest() throws {
    let A = steep(as: Float.self)
    let exact = try singularValues(Tensor(shape: A.shape, scalars: A.scalars.map { Double($0) }))
    let svd = try SVD(A)
    for (value, truth) in zip(svd.S, exact) {
      if truth > 1e-24 {
        #expect(abs(Double(value) / truth - 1) < 50 * 14 * Double(Float.ulpOfOne))
      } else {
        #expect(value <= 2e-24)
      }
    }
    #expect(orthogonalityResidual(svd.U) < Self.bound)
    #expect(orthogonalityResidual(svd.Vt.transposed()) < Self.bound)
  }

  @Test func throwsOnNaNAndInfinity() {
    for value in [Float.nan, .infinity, -.infinity] {
      var A = Tensor<Float>(repeating: 1, shape: [5, 3])
      A[1, 2] = value
      #expect(throws: LinearAlgebraError.nonFinite(index: 5)) { try SVD(A) }
      #expect(throws: LinearAlgebraError.nonFinite(index: 5)) { try singularValues(A) }
    }
  }

  @Test func saysWhenASingularValueIsTooLargeForTheType() {
    let A = Tensor(repeating: Double.greatestFiniteMagnitude, shape: [3, 3])
    #expect(throws: LinearAlgebraError.overflow) { try SVD(A) }
  }

  @Test func handlesTheSmallestNumbersThereAre() throws {
    var A = Tensor<Double>.zeros([2, 2])
    (A[0, 0], A[1, 1]) = (Double.leastNonzeroMagnitude, 3 * Double.leastNonzeroMagnitude)
    #expect(try singularValues(A) == [A[1, 1], A[0, 0]])
  }

  @Test func hasTheSameBitsForAnyNumberOfThreads() throws {
    var generator = SeededGenerator(seed: 10)
    let A: Tensor<Double> = randomMatrix(220, 150, &generator)
    let B: Tensor<Float> = randomMatrix(90, 200, &generator)
    let expected = try withThreads(1) { (try SVD(A), try SVD(B)) }
    for threads in 2...8 {
      let found = try withThreads(threads) { (try SVD(A), try SVD(B)) }
      #expect(found.0 == expected.0 && found.1 == expected.1)
    }
  }

  /// Every pair of columns meets once in a sweep, and the pairs of one round are disjoint.
  @Test func playsATournament() throws {
    // Reached through the values alone: a matrix with one column in each of 3 blocks that is not
    // yet orthogonal to one in another block is diagonalised whichever pair it is.
    let n = 48
    for (p, q) in [(0, 20), (0, 40), (20, 40), (15, 16), (31, 32), (46, 47)] {
      var A = Tensor<Double>.zeros([n, n])
      for i in 0..<n { A[i, i] = 1 }
      A[p, q] = 0.5
      let values = try singularValues(A)
      // Of [[1, 1/2], [0, 1]]: sigma^2 = 9/8 +- sqrt(17)/8.
      let largest = ((9 + 17.0.squareRoot()) / 8).squareRoot()
      #expect(abs(values[0] - largest) < 8 * Double.ulpOfOne)
      #expect(abs(values[n - 1] - 1 / largest) < 8 * Double.ulpOfOne)
    }
  }
}
