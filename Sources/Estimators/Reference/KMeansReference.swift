// Lloyd's algorithm from given centres as loops: the plain twin of `KMeans`.
//
// Equation: label(x) = argmin over c of |x - c|^2, ties to the lowest c; c = mean of its samples.
// Deviations: an empty cluster takes the farthest sample, as `LloydRun` says.
// Checked by: KMeansTests. Cost: n k d an iteration.

import Tensors

/// Lloyd's algorithm in Double until no label changes.
///
/// - Parameters:
///   - data: shape (n, d), finite.
///   - initialCentres: shape (k, d), k at most n.
///   - maximumIterations: the bound on centre updates.
/// - Returns: the label of each sample, and the centres, shape (k, d).
public func kMeansReference<Scalar: KernelScalar>(
  _ data: Tensor<Scalar>, initialCentres: Tensor<Double>, maximumIterations: Int = 300
) -> (labels: [Int], centres: Tensor<Double>) {
  let (n, k, d) = (data.shape[0], initialCentres.shape[0], data.shape[1])
  var (C, labels, previous) = (initialCentres, [Int](repeating: 0, count: n), [Int]())
  func distance(_ i: Int, _ c: Int) -> Double {
    (0..<d).reduce(0) { $0 + (Double(data[i, $1]) - C[c, $1]) * (Double(data[i, $1]) - C[c, $1]) }
  }
  func assign() {
    for i in 0..<n {
      labels[i] = 0
      for c in 1..<max(1, k) where distance(i, c) < distance(i, labels[i]) { labels[i] = c }
    }
  }
  func size(_ c: Int) -> Int { labels.count { $0 == c } }
  for _ in 0..<maximumIterations {
    assign()
    let distances = (0..<n).map { distance($0, labels[$0]) }
    for empty in 0..<k where size(empty) == 0 {
      let movable = (0..<n).filter { size(labels[$0]) > 1 }
      let most = movable.map { distances[$0] }.max() ?? 0
      if let i = movable.first(where: { distances[$0] == most }) { labels[i] = empty }
    }
    if labels == previous { return (labels, C) }
    previous = labels
    for c in 0..<k {
      for j in 0..<d {
        C[c, j] = (0..<n).reduce(0) { labels[$1] == c ? $0 + Double(data[$1, j]) : $0 }
        C[c, j] /= Double(size(c))
      }
    }
  }
  assign()
  return (labels, C)
}
