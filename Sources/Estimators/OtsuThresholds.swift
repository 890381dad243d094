// Thresholds that part grey levels into classes: Otsu's method for any number of classes.
//
// Implements: N. Otsu, "A Threshold Selection Method from Gray-Level Histograms", IEEE Trans. SMC 9
//   (1979) 62, section II; several classes: P. Liao, T. Chen, P. Chung, J. Inf. Sci. Eng. 17 (2001) 713.
// Equation -> code: the between-class variance is greatest where the sum over classes of S_k^2 / P_k
//   is (Liao et al., equation 18, `score`), P_k pixels and S_k the sum of their levels; found by
//   dynamic programming over the first level of each class (`otsuThresholds`). It is the k-means
//   clustering of the levels of least inertia.
// Deviations: of equal scores the lowest thresholds, as scikit-image has it.
// Checked by: OtsuTests (scikit-image 0.26). Cost: classes * levels^2 operations.

/// The thresholds that part levels into classes of greatest between-class variance.
///
/// - Parameters:
///   - counts: how many pixels have each level, from level 0; none negative.
///   - classes: the number of classes, at least 1.
/// - Returns: classes - 1 rising levels; a class holds the levels up to and with its threshold.
///   `nil` when fewer than `classes` levels occur.
/// - Precondition: there are fewer than 2^24 levels, and none of their counts is negative.
public func otsuThresholds(counts: [Int], classes: Int) -> [Int]? {
  precondition(
    classes >= 1 && counts.count < 1 << 24 && counts.allSatisfy { $0 >= 0 },
    "no \(classes) classes of \(counts.count) levels")
  let levels = counts.indices.filter { counts[$0] > 0 }
  guard levels.count >= classes else { return nil }
  let n = levels.count
  var (P, S) = ([0.0], [0.0])
  for level in levels {
    P.append(P[P.count - 1] + Double(counts[level]))
    S.append(S[S.count - 1] + Double(counts[level]) * Double(level))
  }
  // Of the occurring levels a ..< b.
  func score(_ a: Int, _ b: Int) -> Double { (S[b] - S[a]) * (S[b] - S[a]) / (P[b] - P[a]) }
  // best[a]: the greatest score of the levels from a on in k classes; end[k][a]: where the first ends.
  var best = (0..<n).map { score($0, n) }
  var ends = [[Int](repeating: n, count: n)]
  for k in 1..<max(classes, 1) {
    var (next, end) = ([Double](repeating: -.infinity, count: n), [Int](repeating: n, count: n))
    for a in 0..<(n - k) {
      for b in (a + 1)...(n - k) where score(a, b) + best[b] > next[a] {
        (next[a], end[a]) = (score(a, b) + best[b], b)
      }
    }
    best = next
    ends.append(end)
  }
  var (thresholds, a) = ([Int](), 0)
  for k in stride(from: classes - 1, to: 0, by: -1) {
    a = ends[k][a]
    thresholds.append(levels[a - 1])
  }
  return thresholds
}

/// The threshold of two classes, as `otsuThresholds`.
///
/// - Returns: `nil` when all pixels have one level.
public func otsuThreshold(counts: [Int]) -> Int? {
  otsuThresholds(counts: counts, classes: 2)?.first
}
