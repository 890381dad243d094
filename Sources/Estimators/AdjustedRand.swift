// Agreement of two groupings, corrected for chance.
//
// Implements: L. Hubert, P. Arabie, "Comparing partitions", Journal of Classification 2 (1985) 193,
//   equation 5.
// Equation -> code: (sum C(n_ij, 2) - e) / ((sum C(a_i, 2) + sum C(b_j, 2)) / 2 - e),
//   e = sum C(a_i, 2) sum C(b_j, 2) / C(n, 2).
// Deviations: 1 where both groupings are trivial in the same way (0 / 0), as scikit-learn does.
// Checked by: ScoresTests. Cost: n + groups^2.

/// The adjusted Rand index of two groupings: 1 for the same groups, about 0 for unrelated ones.
///
/// - Parameters:
///   - a: the group of each sample, 0 or more.
///   - b: the group of each sample in the other grouping; the numbers need not correspond.
/// - Precondition: both have the same number of samples.
/// - Returns: -0.5 ... 1.
public func adjustedRandIndex(_ a: [Int], _ b: [Int]) -> Double {
  precondition(a.count == b.count, "groupings of \(a.count) and \(b.count) samples")
  let (rows, columns) = ((a.max() ?? -1) + 1, (b.max() ?? -1) + 1)
  var table = [Int](repeating: 0, count: rows * columns)
  for (i, j) in zip(a, b) { table[i * columns + j] += 1 }
  func pairs(_ m: Int) -> Double { Double(m) * Double(m - 1) / 2 }
  let together = table.reduce(0) { $0 + pairs($1) }
  let ofRows = (0..<rows).reduce(0) { sum, i in
    sum + pairs(table[i * columns..<(i + 1) * columns].reduce(0, +))
  }
  let ofColumns = (0..<columns).reduce(0) { sum, j in
    sum + pairs((0..<rows).reduce(0) { $0 + table[$1 * columns + j] })
  }
  let all = pairs(a.count)
  if together == ofRows && together == ofColumns { return 1 }
  let expected = ofRows * ofColumns / all
  return (together - expected) / ((ofRows + ofColumns) / 2 - expected)
}
