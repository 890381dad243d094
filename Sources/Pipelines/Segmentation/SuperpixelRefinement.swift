// The most frequent label of each superpixel replaces all its labels.
//
// Implements: A. Kanezaki, ICASSP 2018, section 2.3; H. Kim et al., Sci. Rep. 10 (2020) 17835, "Methods".
// Equation -> code: c'[n] = argmax over i of |{n' in S : c[n'] = i}| for each superpixel S.
// Deviations: of equally frequent labels the lowest wins; the papers do not say.
// Checked by: SegmentationTests. Cost: one pass over pixels and one over S q counts.

/// Superpixels of an image and room to count labels in them.
package struct SuperpixelRefinement {
  private let superpixels: [Int32]
  private let count: Int
  private let classes: Int
  private var votes: [Int32]

  /// - Parameters:
  ///   - superpixels: the number of each pixel's superpixel, in 0 ..< `count`.
  ///   - count: the number of superpixels.
  ///   - classes: q, the number of labels.
  package init(_ superpixels: [Int32], count: Int, classes: Int) {
    (self.superpixels, self.count, self.classes) = (superpixels, count, classes)
    votes = [Int32](repeating: 0, count: count * classes)
  }

  /// Refined labels.
  package mutating func callAsFunction(_ labels: [Int32]) -> [Int32] {
    precondition(labels.count == superpixels.count, "\(labels.count) labels")
    for i in votes.indices { votes[i] = 0 }
    for i in labels.indices { votes[Int(superpixels[i]) * classes + Int(labels[i])] += 1 }
    var winner = [Int32](repeating: 0, count: count)
    for s in 0..<count {
      var best = 0
      for c in 1..<max(1, classes) where votes[s * classes + c] > votes[s * classes + best] {
        best = c
      }
      winner[s] = Int32(best)
    }
    return superpixels.map { winner[Int($0)] }
  }
}
