// Householder reflectors: one column, a panel at a time, or with column pivoting.
//
// Implements: G. Golub, C. Van Loan, Matrix Computations, 4th ed. 2013, algorithms 5.1.1, 5.2.1 and
//   5.4.1; P. Businger, G. Golub, Numer. Math. 7 (1965) 269 (pivoting); Z. Drmac, Z. Bujanovic, ACM
//   Trans. Math. Softw. 35 (2008) 12 (when a downdated norm must be taken anew).
// Equation -> code: H = I - tau v v', H x = beta e_1, beta = -sign(x_1) |x|, tau = (beta - x_1) /
//   beta, v = x / (x_1 - beta) with v_1 = 1 -> `makeReflector`; A = H_0 H_1 ... R -> `factor`; A P
//   = H_0 H_1 ... R with |R_kk| >= |R_k:j,j| for every j > k -> `factorPivoting`.
// Symbols: C, the columns (m x n); V, reflector k in column k (zeros above row k, 1 at row k); tau.
// Deviations: a column whose square would underflow is scaled by a power of two first. Panels of 32
//   reflectors are applied one after another to columns that stay in cache (no WY form): the same
//   arithmetic for any grouping, hence the same bits for any number of threads.
// Checked by: QRTests; twin QRReference. Cost: 2 n^2 (m - n / 3) flops.

import Tensors

/// The reflectors of a factorisation, in the order of application to A.
struct Reflectors<Scalar: KernelScalar>: Sendable, Equatable {
  var V: Columns<Scalar>
  var tau: [Scalar]

  /// C := Q' C, the columns `columns` of it.
  func applyTransposed(to C: inout Columns<Scalar>, columns: Range<Int>) {
    applyReflectors(
      V.scalars, tau: tau, 0..<tau.count, to: &C.scalars, columns: columns, stride: C.stride)
  }

  /// C := Q C, the columns `columns` of it.
  func apply(to C: inout Columns<Scalar>, columns: Range<Int>) {
    applyReflectors(
      V.scalars, tau: tau, 0..<tau.count, falling: true, to: &C.scalars, columns: columns,
      stride: C.stride)
  }

  /// Finds the reflector that clears column k of C below row k, and puts it on that column.
  mutating func makeReflector(_ k: Int, _ C: inout Columns<Scalar>) {
    V.copyColumn(k, rows: k..<C.rows, from: C)
    let unit = unitExponent(k)
    if unit != 0 { V.changeColumn(k, rows: k..<C.rows) { scaled($0, by: unit) } }
    let alpha = V[k, k]
    V[k, k] = 0
    let tail = V.squaredNorm(k)
    let norm = (alpha * alpha + tail).squareRoot()
    let beta = alpha < 0 ? norm : -norm
    // Nothing below the diagonal: H = I, as in LAPACK.
    let scale: Scalar = tail > 0 ? 1 / (alpha - beta) : 0
    V.changeColumn(k, rows: k + 1..<C.rows) { $0 * scale }
    C.changeColumn(k, rows: k + 1..<C.rows) { _ in 0 }
    V[k, k] = 1
    tau[k] = tail > 0 ? (beta - alpha) / beta : 0
    if tail > 0 { C[k, k] = scaled(beta, by: -unit) }
  }

  /// The power of two that keeps the square of column k of V from underflow; 0 when none is needed.
  private func unitExponent(_ k: Int) -> Int {
    let tiny = Scalar.leastNormalMagnitude / (Scalar.ulpOfOne * Scalar.ulpOfOne)
    guard V.squaredNorm(k) < tiny else { return 0 }
    var largest: Scalar = 0
    for i in k..<V.rows { largest = max(largest, abs(V[i, k])) }
    return largest > 0 ? -Int(largest.exponent) : 0
  }
}

/// Factors C = Q R in place: C becomes R, with zeros below its diagonal.
func factor<Scalar: KernelScalar>(_ C: inout Columns<Scalar>) -> Reflectors<Scalar> {
  let steps = min(C.rows, C.count)
  var H = Reflectors(
    V: Columns<Scalar>(rows: C.rows, count: steps), tau: [Scalar](repeating: 0, count: steps))
  let width = 32
  for first in stride(from: 0, to: steps, by: width) {
    let last = min(first + width, steps)
    for k in first..<last {
      H.makeReflector(k, &C)
      applyReflectors(
        H.V.scalars, tau: H.tau, k..<k + 1, to: &C.scalars, columns: k + 1..<last,
        stride: C.stride)
    }
    applyReflectors(
      H.V.scalars, tau: H.tau, first..<last, to: &C.scalars, columns: last..<C.count,
      stride: C.stride)
  }
  return H
}

/// Factors C P = Q R in place, the longest remaining column first; ties go to the lower index.
///
/// - Returns: the reflectors, and the column of the original C that stands at each place of C P.
func factorPivoting<Scalar: KernelScalar>(
  _ C: inout Columns<Scalar>
) -> (reflectors: Reflectors<Scalar>, permutation: [Int]) {
  let steps = min(C.rows, C.count)
  var H = Reflectors(
    V: Columns<Scalar>(rows: C.rows, count: steps), tau: [Scalar](repeating: 0, count: steps))
  var permutation = Array(0..<C.count)
  var norms = PartialNorms(C)
  for k in 0..<steps {
    let pivot = norms.longest(from: k)
    if pivot != k {
      C.swapColumns(k, pivot)
      permutation.swapAt(k, pivot)
      norms.swap(k, pivot)
    }
    H.makeReflector(k, &C)
    applyReflectors(
      H.V.scalars, tau: H.tau, k..<k + 1, to: &C.scalars, columns: k + 1..<C.count,
      stride: C.stride)
    norms.dropRow(k, C)
  }
  return (H, permutation)
}

/// The norms of the columns below the rows that are done.
private struct PartialNorms<Scalar: KernelScalar> {
  /// The current norms, and what they were when last taken from the column itself.
  private var current: [Scalar]
  private var taken: [Scalar]

  init(_ C: Columns<Scalar>) {
    current = (0..<C.count).map { C.squaredNorm($0).squareRoot() }
    taken = current
  }

  func longest(from k: Int) -> Int {
    var best = k
    for j in k + 1..<max(current.count, k + 1) where current[j] > current[best] { best = j }
    return best
  }

  mutating func swap(_ a: Int, _ b: Int) {
    current.swapAt(a, b)
    taken.swapAt(a, b)
  }

  /// Takes row k out of the norms of the columns behind k.
  mutating func dropRow(_ k: Int, _ C: Columns<Scalar>) {
    let limit = Scalar.ulpOfOne.squareRoot()
    for j in k + 1..<max(C.count, k + 1) where current[j] > 0 {
      let ratio = C[k, j] / current[j]
      let left = max(0, 1 - ratio * ratio)
      let sinceTaken = current[j] / taken[j]
      if left * sinceTaken * sinceTaken <= limit {
        var sum: Scalar = 0
        for i in k + 1..<max(C.rows, k + 1) { sum += C[i, j] * C[i, j] }
        current[j] = sum.squareRoot()
        taken[j] = current[j]
      } else {
        current[j] *= left.squareRoot()
      }
    }
  }
}
