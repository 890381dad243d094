// The test matrices of LAPACK's TESTING/svd.in and sep.in, and its scaled residuals.
//
// Residuals are taken in Double from matrices that were scaled by one power of two (exact), so that
// matrices near overflow and underflow have them too. Norms are 1-norms (largest column sum).

import LinearAlgebra
import Tensors
import Testing

/// A kind of test matrix.
enum MatrixKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case zero, identity, diagonalArithmetic, diagonalGeometric, geometric, clustered, random
  case rankDeficient, duplicateColumns, hilbert, kahan, nearOverflow, nearUnderflow

  var testDescription: String { rawValue }

  /// An m x n matrix of this kind; the seed depends on the shape alone.
  func matrix<Scalar: KernelScalar>(_ m: Int, _ n: Int, as: Scalar.Type) -> Tensor<Scalar> {
    let k = min(m, n)
    var generator = SeededGenerator(seed: UInt64(1000 * m + n))
    let eps = Double(Scalar.ulpOfOne)
    // From 1 down to eps, in equal differences or in equal ratios.
    let arithmetic = (0..<k).map { 1 - Double($0) / Double(max(k - 1, 1)) * (1 - eps) }
    let geometric = (0..<k).map { power(eps, Double($0) / Double(max(k - 1, 1))) }
    let random = { randomMatrix(m, n, &generator) as Tensor<Scalar> }
    switch self {
    case .zero: return .zeros([m, n])
    case .identity: return fill(m, n) { $0 == $1 ? 1 : 0 }
    case .diagonalArithmetic: return fill(m, n) { $0 == $1 ? arithmetic[$0] : 0 }
    case .diagonalGeometric: return fill(m, n) { $0 == $1 ? geometric[$0] : 0 }
    case .geometric: return withSingularValues(geometric, m, n, &generator)
    case .clustered:
      return withSingularValues((0..<k).map { $0 < k / 2 ? 1 : eps }, m, n, &generator)
    case .random: return random()
    case .rankDeficient:
      let rank = (k + 1) / 2
      return matmulReference(
        randomMatrix(m, rank, &generator), randomMatrix(rank, n, &generator))
    case .duplicateColumns:
      let half = random()
      return fill(m, n) { Double(half[$0, $1 / 2 * 2]) }
    case .hilbert: return fill(m, n) { 1 / Double($0 + $1 + 1) }
    case .kahan:
      let (s, c) = (sine(1.2), cosine(1.2))
      return fill(m, n) { $0 > $1 ? 0 : power(s, Double($0)) * ($0 == $1 ? 1 : -c) }
    case .nearOverflow:
      // Singular values are at most sqrt(m n) times the largest entry, here 1 / 4 of the limit.
      let top = Double(Scalar.greatestFiniteMagnitude) / Double(4 * max(m, n, 1))
      return fill(random()) { $0 * top }
    case .nearUnderflow:
      return fill(random()) { $0 * 16 * Double(Scalar.leastNormalMagnitude) }
    }
  }

  /// A symmetric matrix of this kind with eigenvalues of both signs where the kind leaves it open.
  func symmetric<Scalar: KernelScalar>(_ n: Int, as type: Scalar.Type) -> Tensor<Scalar> {
    let A = matrix(n, n, as: type)
    // The mean is taken of halves: near overflow the sum would be infinite.
    return fill(n, n) { Double(A[$0, $1]) / 2 + Double(A[$1, $0]) / 2 }
  }
}

private func fill<Scalar: KernelScalar>(
  _ m: Int, _ n: Int, _ value: (Int, Int) -> Double
) -> Tensor<Scalar> {
  var scalars: [Scalar] = []
  for i in 0..<m { for j in 0..<n { scalars.append(Scalar(value(i, j))) } }
  return Tensor(shape: [m, n], scalars: scalars)
}

private func fill<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, _ value: (Double) -> Double
) -> Tensor<Scalar> {
  Tensor(shape: A.shape, scalars: A.scalars.map { Scalar(value(Double($0))) })
}

/// Uniform numbers in -1 ..< 1.
func randomMatrix<Scalar: KernelScalar>(
  _ m: Int, _ n: Int, _ generator: inout SeededGenerator
) -> Tensor<Scalar> {
  let scalars = (0..<m * n).map { _ in Scalar(generator.uniform(-1, 1)) }
  return Tensor(shape: [m, n], scalars: scalars)
}

/// U diag(values) V' with random orthonormal U and V, rounded to `Scalar` at the end.
private func withSingularValues<Scalar: KernelScalar>(
  _ values: [Double], _ m: Int, _ n: Int, _ generator: inout SeededGenerator
) -> Tensor<Scalar> {
  let k = values.count
  let U = qrReference(randomMatrix(m, k, &generator) as Tensor<Double>).Q
  let V = qrReference(randomMatrix(n, k, &generator) as Tensor<Double>).Q
  return fill(m, n) { i, j in
    (0..<k).reduce(0) { $0 + U.scalars[i * m + $1] * values[$1] * V.scalars[j * n + $1] }
  }
}

// MARK: - Residuals

/// ||A - L diag(S) R||_1 / (max(m, n) eps ||A||_1); 0 when both are 0, infinite if A alone is.
func scaledResidual<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>, _ L: Tensor<Scalar>, _ S: [Scalar]?, _ R: Tensor<Scalar>
) -> Double {
  let (m, n, k) = (A.shape[0], A.shape[1], L.shape[1])
  guard m > 0, n > 0 else { return 0 }
  let top = A.scalars.reduce(0) { max($0, abs(Double($1))) }
  // The factor that carries the size of A: S when there is one, R otherwise.
  let scale = top > 0 ? Double(sign: .plus, exponent: -top.exponent, significand: 1) : 1
  let (a, l) = (A.scalars.map { Double($0) * scale }, L.scalars.map { Double($0) })
  let values = S.map { $0.map { Double($0) * scale } }
  let r = R.scalars.map { Double($0) * (values == nil ? scale : 1) }
  var difference = a
  for i in 0..<m {
    for p in 0..<k {
      let factor = l[i * k + p] * (values?[p] ?? 1)
      for j in 0..<n { difference[i * n + j] -= factor * r[p * n + j] }
    }
  }
  return ratio(oneNorm(difference, n), oneNorm(a, n) * Double(max(m, n)), Scalar.self)
}

/// ||I - Q' Q||_1 / (m eps) for an m x k matrix with orthonormal columns.
func orthogonalityResidual<Scalar: KernelScalar>(_ Q: Tensor<Scalar>) -> Double {
  let (m, k) = (Q.shape[0], Q.shape[1])
  guard k > 0 else { return 0 }
  let q = Q.scalars.map { Double($0) }
  var gram = [Double](repeating: 0, count: k * k)
  for i in 0..<m {
    for p in 0..<k {
      let factor = q[i * k + p]
      for j in 0..<k { gram[p * k + j] += factor * q[i * k + j] }
    }
  }
  for p in 0..<k { gram[p * k + p] -= 1 }
  return ratio(oneNorm(gram, k), Double(m), Scalar.self)
}

private func ratio<Scalar: KernelScalar>(
  _ error: Double, _ size: Double, _: Scalar.Type
) -> Double {
  error == 0 ? 0 : error / (size * Double(Scalar.ulpOfOne))
}

private func oneNorm(_ a: [Double], _ n: Int) -> Double {
  var sums = [Double](repeating: 0, count: n)
  for index in a.indices { sums[index % n] += abs(a[index]) }
  return sums.max() ?? 0
}

/// The sizes of LAPACK's test files, square; debug builds leave out the large ones, for time.
let squareSizes: [Int] = {
  #if DEBUG
  return [0, 1, 2, 3, 5, 10, 16, 30]
  #else
  return [0, 1, 2, 3, 5, 10, 16, 30, 50, 128]
  #endif
}()

/// Square, tall and wide shapes.
let shapes: [[Int]] = {
  var result = squareSizes.map { [$0, $0] }
  result += [
    [1, 0], [0, 3], [5, 1], [1, 5], [10, 3], [3, 10], [17, 16], [30, 16], [16, 30],
  ]
  #if !DEBUG
  result += [[128, 50], [50, 128], [200, 33], [300, 10]]
  #endif
  return result
}()
