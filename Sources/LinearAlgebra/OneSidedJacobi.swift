// One-sided Jacobi: rotates the columns of a matrix until they are orthogonal.
//
// Implements: M. Hestenes, J. SIAM 6 (1958) 51; Z. Drmac, K. Veselic, "New fast and accurate Jacobi
//   SVD algorithm I, II", SIAM J. Matrix Anal. Appl. 29 (2008) 1322, 1343 (preconditioned by QR;
//   stopping); R. Brent, F. Luk, SIAM J. Sci. Stat. Comput. 6 (1985) 69 (tournament of column
//   pairs).
// Equation -> code: X J = W Sigma, W with orthonormal columns -> `orthogonalizeColumns`.
// Symbols: X (m x n); J, the product of all rotations (n x n); cosine = x_p . x_q / (|x_p| |x_q|).
// Deviations:
//   - the textbook rule "stop when every cosine is below eps" need not be met: the product itself
//     has a rounding error of some eps. Pairs are left alone below max(4, sqrt(m)) eps (LAPACK's
//     dgesvj takes sqrt(m) eps). A column of zeros has no angle: it is left alone and its singular
//     value is 0;
//   - columns of up to 16 form a block, and the tournament is played by blocks, for the cache.
//     Which pairs meet when depends on n alone, hence the same bits for any number of threads;
//   - 40 sweeps at most, then an error. A random 512 x 512 matrix takes 11.
// Checked by: SVDTests; twin SVDReference. Cost: about 6 m n^2 flops a sweep, 9 m n^2 with J.

import Tensors

/// The bound on the number of sweeps of every Jacobi iteration here.
let sweepBound = 40

/// Rotates the columns of X until they are orthogonal; J undergoes the same rotations.
///
/// - Parameters:
///   - X: entries scaled as `scalingExponent` says.
///   - J: as many columns as X, or none if the rotations are not wanted.
/// - Returns: the number of sweeps.
/// - Throws: `noConvergence` after 40 sweeps.
@discardableResult
func orthogonalizeColumns<Scalar: KernelScalar>(
  _ X: inout Columns<Scalar>, accumulating J: inout Columns<Scalar>
) throws(LinearAlgebraError) -> Int {
  guard X.count > 1 else { return 0 }
  let rows = Scalar(X.rows)
  let rule = RotationRule<Scalar>(
    tolerance: max(4, rows.squareRoot()) * Scalar.ulpOfOne,
    floor: Scalar.leastNormalMagnitude / (Scalar.ulpOfOne * Scalar.ulpOfOne))
  let rounds = sweepRounds(X.count)
  for sweep in 1...sweepBound {
    var norms = (0..<X.count).map { X.squaredNorm($0) }
    var rotated = 0
    for pairs in rounds {
      rotated += orthogonalize(
        &X.scalars, strideX: X.stride, &J.scalars, strideJ: J.stride, norms: &norms,
        pairs: pairs, rule: rule)
    }
    if rotated == 0 { return sweep }
  }
  throw .noConvergence(sweeps: sweepBound)
}

/// The rounds of one sweep: every pair of columns meets once, blocks of a round are disjoint.
func sweepRounds(_ n: Int) -> [[ColumnBlockPair]] {
  let size = 16
  let blocks = stride(from: 0, to: n, by: size).map { $0..<min($0 + size, n) }
  let within = blocks.map { ColumnBlockPair(p: $0, q: $0) }
  let between = tournamentRounds(blocks.count).map { round in
    round.map { ColumnBlockPair(p: blocks[$0.0], q: blocks[$0.1]) }
  }
  return [within] + between
}

/// A round-robin tournament by the circle method: in each round every player meets one other.
///
/// - Parameter players: any number; with an odd one somebody rests in each round.
/// - Returns: rounds of disjoint pairs (lower, higher), every pair once.
func tournamentRounds(_ players: Int) -> [[(Int, Int)]] {
  guard players > 1 else { return [] }
  let circle = (players + 1) / 2 * 2 - 1
  return (0..<circle).map { round in
    var pairs = [(round, circle)]
    for i in 1..<(circle + 1) / 2 {
      let (a, b) = ((round + i) % circle, (round - i + circle) % circle)
      pairs.append((min(a, b), max(a, b)))
    }
    return pairs.filter { $0.1 < players }
  }
}
