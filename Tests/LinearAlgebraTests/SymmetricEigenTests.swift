import LinearAlgebra
import Tensors
import Testing

@Suite struct SymmetricEigenTests {
  /// LAPACK's bound for the symmetric eigenproblem, TESTING/sep.in.
  static let bound = 60.0

  @Test(arguments: MatrixKind.allCases)
  func reconstructsItsInput(_ kind: MatrixKind) throws {
    for n in squareSizes {
      try check(kind.symmetric(n, as: Double.self), "\(n)")
      try check(kind.symmetric(n, as: Float.self), "\(n) Float")
    }
  }

  private func check<Scalar: KernelScalar>(_ A: Tensor<Scalar>, _ note: Comment) throws {
    let eigen = try SymmetricEigen(A)
    #expect(eigen.values.count == A.shape[0] && eigen.vectors.shape == A.shape, note)
    #expect(scaledResidual(A, eigen.vectors, eigen.values, eigen.vectors.transposed()) < Self.bound)
    #expect(orthogonalityResidual(eigen.vectors) < Self.bound, note)
    #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy(<=), note)
  }

  @Test(arguments: MatrixKind.allCases)
  func agreesWithItsTwin(_ kind: MatrixKind) throws {
    guard kind != .nearOverflow && kind != .nearUnderflow else { return }
    let A = kind.symmetric(12, as: Double.self)
    let (fast, plain) = (try SymmetricEigen(A).values, eigenvaluesReference(A))
    let top = plain.reduce(0) { max($0, abs($1)) }
    for (a, b) in zip(fast, plain) {
      #expect(abs(a - b) <= SymmetricEigenTests.bound * 12 * Double.ulpOfOne * top)
    }
  }

  @Test func readsTheLowerTriangleAlone() throws {
    var generator = SeededGenerator(seed: 11)
    let A: Tensor<Double> = randomMatrix(6, 6, &generator)
    var S = A
    for i in 0..<6 { for j in i..<6 { S[i, j] = A[j, i] } }
    #expect(try SymmetricEigen(A) == SymmetricEigen(S))
  }

  /// Small eigenvalues of D B D, B well-conditioned, have relative accuracy (Demmel and Veselic
  /// 1992).
  @Test func isAccurateInTheSmallEigenvaluesOfAGradedMatrix() throws {
    // [[1, h], [h, 2]] scaled by d: eigenvalues 1 + ..., and d^2 (2 - h^2) up to a factor 1 +
    // O(d^2).
    let (d, h) = (1e-20, 0.5)
    let A = Tensor(shape: [2, 2], scalars: [1, h * d, h * d, 2 * d * d])
    let small = try SymmetricEigen(A).values[0]
    #expect(abs(small / (d * d * (2 - h * h)) - 1) < 10 * Double.ulpOfOne)
  }

  @Test func throwsOnNaN() {
    var A = Tensor<Double>(repeating: 1, shape: [3, 3])
    A[0, 2] = .nan
    #expect(throws: LinearAlgebraError.nonFinite(index: 2)) { try SymmetricEigen(A) }
  }
}
