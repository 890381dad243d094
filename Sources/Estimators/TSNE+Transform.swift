// New samples on a fitted t-SNE map, and how far maps of several seeds agree.
//
// Implements: the embedding of new points of P. Policar, M. Strazar, B. Zupan, "Embedding to
//   reference t-SNE space addresses batch effects", Machine Learning 112 (2023) 721, section 2.2
//   (the map is fixed, each new point has its own p_j and q_j).
// Equation -> code: p_j = similarities to the nearest samples; q_j = w_j / sum w;
//   dC/dy = 2 sum (p_j - q_j) w_j (y - y_j) (`TSNE.transform`).
// Symbols: w_j = 1 / (1 + |y - y_j|^2).
// Deviations: new points do not act on each other, so that each result depends on its sample alone.
//   They begin at the mean of the nearest samples' places weighted by p. Rate 0.1, 250 steps,
//   exaggeration 1.5, momentum 0.8 and a gradient of at most 0.25 are openTSNE's.
// Checked by: TSNETests, TSNEEdgeTests. Cost: 14 n operations a step and new point.

import Tensors

extension TSNE {
  /// The places of new samples on the map, which stays as it is.
  ///
  /// - Parameters:
  ///   - samples: shape (m, d).
  ///   - perplexity: of the similarities to the samples of the map; 5 as in openTSNE.
  ///   - iterations: steps of each new point.
  /// - Returns: shape (m, D), in the coordinates of `embedding`.
  /// - Throws: `EstimatorError.nonFinite`, `.wrongWidth`, `.perplexityTooLarge`.
  /// - Complexity: m n iterations.
  public func transform<Scalar: KernelScalar>(
    _ samples: Tensor<Scalar>, perplexity: Double = 5, iterations: Int = 250
  ) throws(EstimatorError) -> Tensor<Double> {
    precondition(perplexity >= 1 && iterations >= 0, "perplexity and iterations are too small")
    let (n, D) = (embedding.shape[0], embedding.shape[1])
    guard perplexity <= Double(n) / 3 else {
      throw .perplexityTooLarge(perplexity: perplexity, samples: n, largest: Double(n) / 3)
    }
    let k = Int(3 * perplexity)
    let near = try index.nearestNeighbours(of: samples, count: k)
    let map = planes(embedding.scalars, n, D)
    let rows = parallelMap(samples.shape[0]) { i in
      let squares = (0..<k).map { j in
        let distance = near.distances.scalars[i * k + j] * index.scale
        return distance * distance
      }
      let weights = conditionalWeights(squares, perplexity: perplexity)
      var p = [Double](repeating: 0, count: map.count / 3)
      for j in 0..<k { p[Int(near.indices.scalars[i * k + j])] = weights[j] }
      let place = settle(p, map, iterations)
      return (0..<D).map { place[$0] }
    }
    return Tensor(shape: [samples.shape[0], D], scalars: rows.flatMap { $0 })
  }

  /// One new point's way down.
  private func settle(_ p: [Double], _ map: [Double], _ iterations: Int) -> SIMD3<Double> {
    let (n, D) = (embedding.shape[0], embedding.shape[1])
    var (y, velocity) = (SIMD3<Double>(), SIMD3<Double>())
    for j in 0..<n where p[j] > 0 { y += p[j] * coordinates(embedding.scalars, j, D) }
    for _ in 0..<iterations {
      let sums = exactEmbeddingRow(
        y, map, n: n, padded: map.count / 3, excluding: -1, p, offset: 0)
      var G = 2 * (1.5 * sums.pull - sums.push / sums.total)
      let length = (G * G).sum().squareRoot()
      if length > 0.25 { G *= 0.25 / length }
      velocity = 0.8 * velocity - 0.1 * G
      y += velocity
    }
    return y
  }

  /// How well several maps of the same samples agree on each sample's neighbours.
  ///
  /// - Parameters:
  ///   - maps: at least two of shape (n, D), of other seeds or starts.
  ///   - k: neighbours compared, 1 ..< n.
  /// - Returns: for each sample the mean, over the pairs of maps, of the shared fraction of its k
  ///   nearest neighbours: 0 (none) ... 1 (all).
  /// - Throws: `EstimatorError.nonFinite`, `.tooFewSamples` when k >= n.
  public static func stability(
    of maps: [Tensor<Double>], neighbours k: Int = 15
  ) throws(EstimatorError) -> [Double] {
    precondition(
      maps.count >= 2 && maps.allSatisfy { $0.shape == maps[0].shape },
      "stability compares two or more maps of one shape, not \(maps.map(\.shape))")
    var lists: [[Int32]] = []
    for map in maps {
      lists.append(try NeighbourIndex(map).nearestNeighbours(count: k).indices.scalars)
    }
    let all = lists
    return parallelMap(maps[0].shape[0]) { i in
      var (shared, pairs) = (0, 0)
      for a in 0..<all.count {
        for b in stride(from: a + 1, to: all.count, by: 1) {
          let other = all[b][i * k..<i * k + k]
          shared += all[a][i * k..<i * k + k].count { other.contains($0) }
          pairs += 1
        }
      }
      return Double(shared) / Double(pairs * k)
    }
  }
}
