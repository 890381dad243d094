// A t-SNE map taken back from a file, and new samples on it.
//
// Deviations: a new sample that equals one of the map's gets that one's place, which the descent of
//   `transform` would only come near to.
// Checked by: TSNERestoringTests. Cost: the tree, n log n.

import Tensors

extension TSNE {
  /// A map that was made earlier.
  ///
  /// - Parameters:
  ///   - embedding: the map, shape (n, D), D 2 or 3.
  ///   - data: the samples that it was made of, shape (n, d).
  ///   - divergence: that of the map, in nats.
  /// - Throws: `EstimatorError.nonFinite`.
  public init<Scalar: KernelScalar>(
    embedding: Tensor<Double>, of data: Tensor<Scalar>, divergence: Double = 0
  ) throws(EstimatorError) {
    precondition(
      embedding.rank == 2 && data.rank == 2 && embedding.shape[0] == data.shape[0]
        && (2...3).contains(embedding.shape[1]),
      "a map of shape \(embedding.shape) of data of shape \(data.shape)")
    try embedding.refuseNonFinite()
    try data.refuseNonFinite()
    index = try NeighbourIndex(data)
    self.embedding = embedding
    self.divergence = divergence
    divergenceIsExact = false
    (startDivergences, startEmbeddings, start) = ([divergence], [embedding], 0)
    options = TSNEOptions(dimensions: embedding.shape[1])
  }

  /// The samples that the map was made of, shape (n, d).
  public var samples: Tensor<Double> {
    index.points
  }

  /// The places of samples on the map: those of equal samples of the map, else `transform`.
  ///
  /// - Parameter samples: shape (m, d).
  /// - Returns: shape (m, D).
  /// - Throws: `EstimatorError.nonFinite`, `.wrongWidth`, `.perplexityTooLarge`.
  public func places<Scalar: KernelScalar>(
    of samples: Tensor<Scalar>
  ) throws(EstimatorError) -> Tensor<Double> {
    let D = embedding.shape[1]
    let perplexity = min(5, Double(embedding.shape[0]) / 3)
    var result = try transform(samples, perplexity: max(1, perplexity))
    let nearest = try index.nearestNeighbours(of: samples, count: 1)
    for i in 0..<samples.shape[0] where nearest.distances.scalars[i] == 0 {
      let j = Int(nearest.indices.scalars[i])
      for axis in 0..<D { result.scalars[i * D + axis] = embedding.scalars[j * D + axis] }
    }
    return result
  }
}
