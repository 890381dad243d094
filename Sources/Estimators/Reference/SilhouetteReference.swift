// Silhouettes by the definition: the plain twin of `silhouettes`.
//
// Equation: s(i) = (b - a) / max(a, b), Rousseeuw 1987, section 2.
// Checked by: ScoresTests. Cost: n^2 d, one thread.

public import Tensors

/// The silhouette of each sample; see `silhouettes`.
public func silhouetteReference(_ data: Tensor<Double>, labels: [Int]) -> [Double] {
  let (n, d) = (data.shape[0], data.shape[1])
  func distance(_ i: Int, _ p: Int) -> Double {
    (0..<d).reduce(0) { $0 + (data[i, $1] - data[p, $1]) * (data[i, $1] - data[p, $1]) }
      .squareRoot()
  }
  func meanDistance(_ i: Int, _ members: [Int]) -> Double {
    members.reduce(0) { $0 + distance(i, $1) } / Double(members.count)
  }
  return (0..<n).map { i in
    let others = (0..<n).filter { $0 != i && labels[$0] == labels[i] }
    if others.isEmpty { return 0 }
    let a = meanDistance(i, others)
    let b =
      Set(labels).subtracting([labels[i]]).map { c in
        meanDistance(i, (0..<n).filter { labels[$0] == c })
      }.min() ?? 0
    return max(a, b) > 0 ? (b - a) / max(a, b) : 0
  }
}
