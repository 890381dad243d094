// Cuts samples into folds in which every class has its share.
//
// Implements: R. Kohavi, "A study of cross-validation and bootstrap", IJCAI 1995, section 2.
// Deviations: none. Checked by: ScoresTests. Cost: n.

import Tensors

/// The fold of each sample: within a class, fold sizes differ by at most one, and so do whole folds.
///
/// The samples of each class are shuffled and dealt in turn, the next class going on where the one
/// before it ended.
///
/// - Parameters:
///   - classes: the class of each sample, 0 or more.
///   - folds: the number of folds, at least 2.
///   - generator: shuffles, class by class in rising order.
/// - Returns: one fold a sample, 0 ..< folds.
/// - Throws: `EstimatorError.tooFewSamples` when there are fewer samples than folds.
public func stratifiedFolds(
  _ classes: [Int], folds: Int, using generator: inout SeededGenerator
) throws(EstimatorError) -> [Int] {
  precondition(folds >= 2, "cross-validation needs two folds, not \(folds)")
  precondition(classes.allSatisfy { $0 >= 0 }, "a class is negative")
  guard classes.count >= folds else {
    throw .tooFewSamples(found: classes.count, needed: folds)
  }
  var members = Array(repeating: [Int](), count: (classes.max() ?? -1) + 1)
  for (i, c) in classes.enumerated() { members[c].append(i) }
  var result = [Int](repeating: 0, count: classes.count)
  var dealt = 0
  for list in members {
    for position in generator.permutation(list.count) {
      result[list[position]] = dealt % folds
      dealt += 1
    }
  }
  return result
}
