// Several runs of one image made one: labels matched to the first run's, then the most frequent.
//
// Implements: the majority of matched label maps, as in J. Fridlyand, S. Dudoit, "Applications of
//   resampling methods to estimate the number of clusters and to improve the accuracy of a clustering
//   method", UC Berkeley Statistics Technical Report 600 (2001), section 2 (bagged clustering by voting).
// Equation -> code: permutation of each run's labels that agrees with the first run at most pixels
//   (`LabelMatching`); label = argmax of votes; stability = votes of the winner / runs.
// Deviations: labels without a partner in the first run get numbers of their own; of equally frequent
//   labels the first run's wins, then the lowest.
// Checked by: SegmentationTests, ClassReductionTests. Cost: runs x pixels.

import Metallography

/// The labels that most runs agree on, and the share of runs that do.
///
/// - Parameters:
///   - runs: label maps of one image, row-major, at least one.
///   - height: rows.
///   - width: columns.
/// - Returns: labels, numbered like the first run's, and for each pixel the share of runs, 0 ... 1.
package func consensus(
  _ runs: [[Int32]], height: Int, width: Int
) -> (labels: [Int32], stability: [Float]) {
  let first = runs[0]
  guard runs.count > 1 else { return (first, [Float](repeating: 1, count: first.count)) }
  let (matched, next) = matchedToFirst(runs, height: height, width: width)
  var labels = first
  var stability = [Float](repeating: 1, count: first.count)
  var votes = [Int](repeating: 0, count: next)
  for i in first.indices {
    for run in matched { votes[Int(run[i])] += 1 }
    var best = Int(first[i])
    for run in matched {
      let label = Int(run[i])
      if votes[label] > votes[best]
        || (votes[label] == votes[best] && best != Int(first[i]) && label < best)
      {
        best = label
      }
    }
    labels[i] = Int32(best)
    stability[i] = Float(votes[best]) / Float(runs.count)
    for run in matched { votes[Int(run[i])] = 0 }
  }
  return (labels, stability)
}

/// The label maps with the first one's numbers, and the number after the last that is used.
private func matchedToFirst(
  _ runs: [[Int32]], height: Int, width: Int
) -> (runs: [[Int32]], next: Int) {
  func map(_ labels: [Int32]) -> LabelMap {
    LabelMap(height: height, width: width, labels: labels.map { Int($0) })
  }
  let reference = map(runs[0])
  var next = Int(runs[0].max() ?? 0) + 1
  let others = runs.dropFirst().map { labels -> [Int32] in
    let matching = LabelMatching(map(labels), truth: reference)
    var name = [Int32](repeating: 0, count: Int(labels.max() ?? 0) + 1)
    for (label, phase) in zip(matching.labels, matching.assigned) {
      name[label] = Int32(phase ?? next)
      if phase == nil { next += 1 }
    }
    return labels.map { name[Int($0)] }
  }
  return ([runs[0]] + others, next)
}
