// Settings of t-SNE, with the defaults of its papers.
//
// Deviations: none. Checked by: TSNETests. Cost: none.

/// How t-SNE makes a map.
public struct TSNEOptions: Sendable, Equatable {
  /// Where the points begin.
  public enum Start: String, Sendable, Equatable, CaseIterable {
    /// The first principal components, the first of standard deviation 1e-4 (D. Kobak, P. Berens,
    /// Nature Communications 10 (2019) 5416); starts after the first are random.
    case pca
    /// Normal numbers of standard deviation 1e-4 (van der Maaten and Hinton 2008, section 3.4).
    case random
  }

  /// 2 to the power of the entropy, in bits, of each point's similarities: a smooth number of
  /// neighbours; 30 as in van der Maaten 2014, section 5.
  public var perplexity: Double
  /// 2 or 3.
  public var dimensions: Int
  /// The number of steps; 1000 as in van der Maaten 2014, section 5.
  public var iterations: Int
  /// The factor on p_ij in the first steps; 12 as in van der Maaten 2014, section 5.
  public var exaggeration: Double
  /// How many steps have the factor; 250 as there.
  ///
  /// Momentum is 0.5 in these and 0.8 after them.
  public var exaggerationIterations: Int
  /// The length of a step along a quarter of the gradient, as in the authors' programs and
  /// openTSNE; scikit-learn's number for the same step is four times smaller.
  ///
  /// `nil` takes max(n / exaggeration, 50): A. Belkina et al., Nature Communications 10 (2019) 5415,
  /// with a bound for small sets.
  public var learningRate: Double?
  /// Cells whose diagonal over distance is below this stand for their points; 0.5 as in van der Maaten
  /// 2014; `nil` for exact forces of all pairs.
  public var theta: Double?
  /// Where the points begin.
  public var start: Start
  /// How many maps are made, of which the one of lowest divergence is kept.
  public var starts: Int

  /// Settings.
  ///
  /// - Precondition: perplexity at least 1; 2 or 3 dimensions; iterations, exaggeration and starts
  ///   at least 1; theta in 0 ... 1; a positive learning rate.
  public init(
    perplexity: Double = 30, dimensions: Int = 2, iterations: Int = 1000,
    exaggeration: Double = 12, exaggerationIterations: Int = 250, learningRate: Double? = nil,
    theta: Double? = 0.5, start: Start = .pca, starts: Int = 1
  ) {
    precondition(
      perplexity >= 1 && (2...3).contains(dimensions) && iterations >= 1 && exaggeration >= 1
        && exaggerationIterations >= 0 && (learningRate ?? 1) > 0
        && (0...1).contains(theta ?? 0) && starts >= 1,
      "t-SNE of perplexity \(perplexity) in \(dimensions) dimensions, \(iterations) iterations, "
        + "theta \(theta ?? 0), \(starts) starts")
    (self.perplexity, self.dimensions, self.iterations) = (perplexity, dimensions, iterations)
    (self.exaggeration, self.exaggerationIterations) = (exaggeration, exaggerationIterations)
    (self.learningRate, self.theta) = (learningRate, theta)
    (self.start, self.starts) = (start, starts)
  }

  /// The length of a step for `n` points.
  public func step(for n: Int) -> Double { learningRate ?? max(Double(n) / exaggeration, 50) }
}

/// How far t-SNE is.
public struct TSNEProgress: Sendable, Equatable {
  /// The map being made, 0 ..< starts.
  public let start: Int
  /// Steps done, from 1 on.
  public let iteration: Int
  /// The steps of one map.
  public let iterations: Int
}
