// What a fitted k-means model says about new samples.
//
// Equation -> code: cluster = argmin over c of |x - c| (ties to the lowest c); margin =
//   (second least - least) / second least.
// Deviations: none. Checked by: KMeansTests. Cost: n k d.

import Tensors

extension KMeans {
  /// The nearest centre of each sample; ties go to the lowest number.
  ///
  /// - Parameter data: shape (m, d), one sample a row.
  /// - Returns: one number a sample, 0 ..< k.
  /// - Throws: `EstimatorError.nonFinite`, `.wrongWidth`.
  public func predict<Scalar: KernelScalar>(
    _ data: Tensor<Scalar>
  ) throws(EstimatorError) -> [Int] {
    let squares = try squaredDistances(data)
    return parallelMap(squares.shape[0]) { i in nearestTwo(squares, i).first }
  }

  /// The Euclidean distance of each sample to each centre.
  ///
  /// - Parameter data: shape (m, d), one sample a row.
  /// - Returns: shape (m, k), in the units of the data.
  /// - Throws: `EstimatorError.nonFinite`, `.wrongWidth`.
  public func distances<Scalar: KernelScalar>(
    _ data: Tensor<Scalar>
  ) throws(EstimatorError) -> Tensor<Double> {
    let squares = try squaredDistances(data)
    return Tensor(shape: squares.shape, scalars: squares.scalars.map { $0.squareRoot() })
  }

  /// How much farther the second nearest centre is than the nearest: (second - first) / second.
  ///
  /// - Parameter data: shape (m, d), one sample a row.
  /// - Returns: one number a sample, 0 (undecided) ... 1; 1 when there is one cluster alone.
  /// - Throws: `EstimatorError.nonFinite`, `.wrongWidth`.
  public func margins<Scalar: KernelScalar>(
    _ data: Tensor<Scalar>
  ) throws(EstimatorError) -> [Double] {
    let distances = try distances(data)
    guard clusters > 1 else { return [Double](repeating: 1, count: distances.shape[0]) }
    return (0..<distances.shape[0]).map { i in
      let pair = nearestTwo(distances, i)
      let (first, second) = (distances[i, pair.first], distances[i, pair.second])
      return second > 0 ? (second - first) / second : 0
    }
  }

  private func squaredDistances<Scalar: KernelScalar>(
    _ data: Tensor<Scalar>
  ) throws(EstimatorError) -> Tensor<Double> {
    precondition(data.rank == 2, "samples are the rows of a matrix, not of shape \(data.shape)")
    let (m, d, k) = (data.shape[0], centres.shape[1], clusters)
    guard data.shape[1] == d else { throw .wrongWidth(expected: d, found: data.shape[1]) }
    try data.refuseNonFinite()
    var result = [Double](repeating: 0, count: m * k)
    parallelForEachChunk(of: &result, size: 64 * k) { chunk, span in
      for local in 0..<span.count / k {
        let row = (chunk * 64 + local) * d
        for c in 0..<k {
          var sum = 0.0
          for j in 0..<d {
            let difference = Double(data.scalars[row + j]) - centres.scalars[c * d + j]
            sum += difference * difference
          }
          span[local * k + c] = sum
        }
      }
    }
    return Tensor(shape: [m, k], scalars: result)
  }
}

/// The columns of the least and of the second least value of row `i`; ties to the lowest column.
private func nearestTwo(_ distances: Tensor<Double>, _ i: Int) -> (first: Int, second: Int) {
  let k = distances.shape[1]
  var (first, second) = (0, k > 1 ? 1 : 0)
  if k > 1 && distances[i, 1] < distances[i, 0] { (first, second) = (1, 0) }
  for c in stride(from: 2, to: k, by: 1) {
    if distances[i, c] < distances[i, first] {
      (first, second) = (c, first)
    } else if distances[i, c] < distances[i, second] {
      second = c
    }
  }
  return (first, second)
}
