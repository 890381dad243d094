// Singular values: Nital's one-sided Jacobi against LAPACKE_dgesdd and LAPACKE_dgejsv.

import LinearAlgebra
import Measuring
import Tensors

/// One comparison of singular value decompositions of an n x n matrix, with all vectors.
public struct DecompositionResult: Sendable {
  /// Seconds of Nital, a sample each.
  public var ours: [Double] = []
  /// Seconds of dgesdd (divide and conquer).
  public var dgesdd: [Double] = []
  /// Seconds of dgejsv (one-sided Jacobi).
  public var dgejsv: [Double] = []
  /// The greatest difference of a singular value from dgejsv's, in n eps of the greatest.
  public var difference = 0.0
}

/// Decomposes the same random matrix with each in turn.
public func compareDecompositions(size n: Int, samples: Int, rival: OpenBLAS) throws
  -> DecompositionResult
{
  guard let dgesdd = rival.dgesdd, let dgejsv = rival.dgejsv else {
    stop("this OpenBLAS has no LAPACKE: apt-get install liblapacke, or take NumPy's")
  }
  var generator = SeededGenerator(seed: 3)
  let A = (0..<n * n).map { _ in generator.normal() }
  var result = DecompositionResult()
  var (S, U, V) = ([Double](repeating: 0, count: n), A, A)
  func letter(_ character: Character) -> CChar { CChar(character.asciiValue ?? 0) }
  for sample in 0...samples {
    letThreadsSleep(Parallelism.threads)
    let start = now()
    let svd = try SVD(Tensor(shape: [n, n], scalars: A))
    let second = now()
    var copy = A
    guard dgesdd(101, letter("S"), n, n, &copy, n, &S, &U, n, &V, n) & 0xffff_ffff == 0 else {
      stop("dgesdd failed")
    }
    let third = now()
    copy = A
    var numbers = [Double](repeating: 0, count: 7)
    var integers = [0, 0, 0]
    let status = dgejsv(
      101, letter("G"), letter("U"), letter("V"), letter("N"), letter("N"), letter("N"), n, n,
      &copy, n, &S, &U, n, &V, n, &numbers, &integers)
    guard status & 0xffff_ffff == 0 else { stop("dgejsv failed") }
    let end = now()
    guard sample > 0 else { continue }  // the first round warms up
    result.ours.append(second - start)
    result.dgesdd.append(third - second)
    result.dgejsv.append(end - third)
    let scale = numbers[0] == 0 || numbers[1] == 0 ? 1 : numbers[1] / numbers[0]
    let greatest = zip(svd.S, S).map { ($0 - $1 * scale).magnitude }.max() ?? 0
    result.difference = greatest / (svd.S[0] * Double(n) * Double.ulpOfOne)
  }
  return result
}
