// Nearest neighbours by brute force: the plain twin of `VantagePointTree`.
//
// Equation: the k points of least |q - x|, ties to the lowest row.
// Deviations: none. Checked by: VantagePointTreeTests. Cost: m n d and m sorts of n.

import Tensors

/// The nearest points to each query, by computing and sorting all distances.
///
/// - Parameters:
///   - data: shape (n, d), finite.
///   - queries: shape (m, d), or `nil` for the points themselves, each without itself.
///   - k: how many neighbours.
/// - Returns: m rows of k neighbours, nearest first.
public func nearestNeighboursReference(
  _ data: Tensor<Double>, queries: Tensor<Double>? = nil, count k: Int
) -> Neighbours {
  let (points, d) = (queries ?? data, data.shape[1])
  var indices: [Int32] = []
  var distances: [Double] = []
  for i in 0..<points.shape[0] {
    let all = (0..<data.shape[0]).filter { queries != nil || $0 != i }.map { j in
      let square = (0..<d).reduce(0.0) { sum, c in
        sum + (points[i, c] - data[j, c]) * (points[i, c] - data[j, c])
      }
      return (distance: square.squareRoot(), square: square, point: Int32(j))
    }
    let nearest = all.sorted { ($0.square, $0.point) < ($1.square, $1.point) }.prefix(k)
    indices += nearest.map(\.point)
    distances += nearest.map(\.distance)
  }
  let shape = [points.shape[0], k]
  return Neighbours(
    indices: Tensor(shape: shape, scalars: indices),
    distances: Tensor(shape: shape, scalars: distances))
}
