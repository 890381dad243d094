// Criteria over a sweep: means over seeds, brought to 0...1, ranked.
//
// Implements: H. Kim, J. Inoue, T. Kasuya, Sci. Rep. 10:17835 (2020), figure 10 and table 2.
// Equation -> code: normalised value = (mean - least mean) / (greatest mean - least mean).
// Deviations: equal means keep the order of the sweep. Checked by: SegmentationSweepTests.

/// One criterion over the values of a sweep.
public struct CriterionRanking: Sendable, Equatable {
  /// The mean at each value.
  public let means: [Double]
  /// The standard deviation over seeds at each value; 0 for one seed.
  public let deviations: [Double]
  /// The means brought to 0...1; all 0 when they are equal.
  public let normalised: [Double]
  /// The places of the values, the lowest mean first.
  public let order: [Int]

  /// Ranks the values of a sweep.
  ///
  /// - Parameter runs: for each value, one number a seed; none empty, all finite.
  public init(_ runs: [[Double]]) {
    precondition(runs.allSatisfy { !$0.isEmpty }, "a value without a run")
    means = runs.map { $0.reduce(0, +) / Double($0.count) }
    deviations = zip(runs, means).map { run, mean in
      run.count < 2
        ? 0
        : (run.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(run.count - 1)).squareRoot()
    }
    let (least, greatest) = (means.min() ?? 0, means.max() ?? 0)
    normalised = means.map { greatest > least ? ($0 - least) / (greatest - least) : 0 }
    let means = means
    order = means.indices.sorted { (means[$0], $0) < (means[$1], $1) }
  }
}
