import LinearAlgebra
import Tensors
import Testing

@Suite struct QRTests {
  /// LAPACK's bound for linear solvers, TESTING/dtest.in.
  static let bound = 30.0

  @Test(arguments: MatrixKind.allCases)
  func reconstructsItsInput(_ kind: MatrixKind) throws {
    for shape in shapes {
      try check(kind.matrix(shape[0], shape[1], as: Double.self), "\(shape)")
      try check(kind.matrix(shape[0], shape[1], as: Float.self), "\(shape) Float")
    }
  }

  private func check<Scalar: KernelScalar>(_ A: Tensor<Scalar>, _ note: Comment) throws {
    let qr = try QR(A)
    let (m, n) = (A.shape[0], A.shape[1])
    let (Q, R) = (qr.Q, qr.R)
    #expect(Q.shape == [m, min(m, n)] && R.shape == [min(m, n), n], note)
    #expect(scaledResidual(A, Q, nil, R) < Self.bound, note)
    #expect(orthogonalityResidual(Q) < Self.bound, note)
    let (fullQ, fullR) = (qr.fullQ, qr.fullR)
    #expect(fullQ.shape == [m, m] && fullR.shape == [m, n], note)
    #expect(scaledResidual(A, fullQ, nil, fullR) < Self.bound, note)
    #expect(orthogonalityResidual(fullQ) < Self.bound, note)
    for i in 0..<R.shape[0] {
      for j in 0..<min(i, n) { #expect(R[i, j] == 0, note) }
    }
  }

  @Test func agreesWithItsTwinUpToSigns() throws {
    var generator = SeededGenerator(seed: 7)
    let A: Tensor<Double> = randomMatrix(40, 25, &generator)
    let (fast, plain) = (try QR(A), qrReference(A))
    // R is unique up to the signs of its rows; both errors are a small multiple of n eps |A|.
    for i in 0..<25 {
      let sign = fast.R[i, i] * plain.R[i, i] < 0 ? -1.0 : 1.0
      for j in i..<25 {
        #expect(abs(fast.R[i, j] - sign * plain.R[i, j]) < 40 * 10 * Double.ulpOfOne)
      }
    }
  }

  @Test func appliesItsTransposeAsItsMatrix() throws {
    var generator = SeededGenerator(seed: 8)
    let A: Tensor<Double> = randomMatrix(20, 7, &generator)
    let B: Tensor<Double> = randomMatrix(20, 5, &generator)
    let qr = try QR(A)
    let expected = matmulReference(qr.fullQ.transposed(), B)
    let found = qr.applyingTransposedQ(to: B)
    for i in found.scalars.indices {
      #expect(abs(found.scalars[i] - expected.scalars[i]) < 20 * 4 * Double.ulpOfOne)
    }
  }

  @Test func keepsOrthogonalityForColumnsFarBelowTheLargest() throws {
    let A = steep(as: Float.self)
    let qr = try QR(A)
    #expect(scaledResidual(A, qr.Q, nil, qr.R) < Self.bound)
    #expect(orthogonalityResidual(qr.Q) < Self.bound)
  }

  @Test func throwsOnNaNAndInfinity() {
    for value in [Double.nan, .infinity, -.infinity] {
      var A = Tensor<Double>(repeating: 1, shape: [3, 4])
      A[2, 1] = value
      #expect(throws: LinearAlgebraError.nonFinite(index: 9)) { try QR(A) }
    }
  }

  @Test func saysWhenTheTriangleIsTooLargeForTheType() {
    let A = Tensor(repeating: Float.greatestFiniteMagnitude, shape: [4, 2])
    #expect(throws: LinearAlgebraError.overflow) { try QR(A) }
  }

  @Test func hasTheSameBitsForAnyNumberOfThreads() throws {
    var generator = SeededGenerator(seed: 9)
    let A: Tensor<Double> = randomMatrix(300, 130, &generator)
    let expected = try withThreads(1) { try QR(A) }
    for threads in 2...8 { #expect(try withThreads(threads) { try QR(A) } == expected) }
  }
}

/// Columns whose squares underflow in Float, all of them or in part: lengths about 1 to 1e-34.
func steep<Scalar: KernelScalar>(as: Scalar.Type) -> Tensor<Scalar> {
  var generator = SeededGenerator(seed: 20)
  var A: Tensor<Scalar> = randomMatrix(14, 12, &generator)
  for i in 0..<14 { for j in 0..<12 { A[i, j] *= Scalar(power(10, -3.1 * Double(j))) } }
  return A
}

/// Runs `body` with a number of threads; results elsewhere do not depend on it.
func withThreads<Result>(_ threads: Int, _ body: () throws -> Result) rethrows -> Result {
  let before = Parallelism.threads
  Parallelism.threads = threads
  defer { Parallelism.threads = before }
  return try body()
}
