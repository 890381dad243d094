// Settings of t-SNE, with the defaults of its papers.
//
// Deviations: none. Checked by: TSNETests, TSNEEdgeTests. Cost: none.

/// How t-SNE makes a map.
public struct TSNEOptions: Sendable, Equatable, Codable {
  /// Where the points begin.
  public enum Start: String, Sendable, Equatable, Codable, CaseIterable {
    /// The first principal components, the first of standard deviation 1e-4 (D. Kobak, P. Berens,
    /// Nature Communications 10 (2019) 5416); starts after the first are random.
    case pca
    /// Normal numbers of standard deviation 1e-4 (van der Maaten and Hinton 2008, section 3.4).
    case random
  }

  /// How the forces are summed.
  public enum Method: String, Sendable, Equatable, Codable, CaseIterable {
    /// Neighbours attract; all pairs repel each other up to `pairsLimit` points, beyond it as `fft`
    /// in the plane and as `barnesHut` in space.
    case automatic = "auto"
    /// All pairs attract and repel each other, in Double: van der Maaten and Hinton 2008.
    case exact
    /// Neighbours attract, cells of a tree repel: van der Maaten 2014.
    case barnesHut = "barnes-hut"
    /// Neighbours attract, a grid repels: Linderman et al. 2019; two dimensions alone.
    case fft
  }

  /// Up to so many points all pairs are faster than a grid or tree, and exact.
  public static let pairsLimit = 2000

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
  public var exaggerationIterations: Int
  /// Momentum while there is exaggeration, 0.5, and after it, 0.8: van der Maaten and Hinton 2008,
  /// section 3.4.
  public var earlyMomentum: Double
  /// See `earlyMomentum`.
  public var momentum: Double
  /// The length of a step along a quarter of the gradient, as in the authors' programs and
  /// openTSNE; scikit-learn's number for the same step is four times smaller.
  ///
  /// `nil` takes max(n / exaggeration, 50): A. Belkina et al., Nature Communications 10 (2019) 5415,
  /// with a bound for small sets.
  public var learningRate: Double?
  /// How the forces are summed.
  public var method: Method
  /// The trade-off of the tree, without meaning for the other methods.
  ///
  /// Cells whose diagonal over distance is below it stand for their points; 0.5 as in van der Maaten
  /// 2014.
  public var theta: Double
  /// Where the points begin.
  public var start: Start
  /// How many maps are made, of which the one of lowest divergence is kept.
  public var starts: Int

  /// Settings.
  ///
  /// - Precondition: what `problem` refuses.
  public init(
    perplexity: Double = 30, dimensions: Int = 2, iterations: Int = 1000,
    exaggeration: Double = 12, exaggerationIterations: Int = 250, earlyMomentum: Double = 0.5,
    momentum: Double = 0.8, learningRate: Double? = nil, method: Method = .automatic,
    theta: Double = 0.5, start: Start = .pca, starts: Int = 1
  ) {
    (self.perplexity, self.dimensions, self.iterations) = (perplexity, dimensions, iterations)
    (self.exaggeration, self.exaggerationIterations) = (exaggeration, exaggerationIterations)
    (self.earlyMomentum, self.momentum) = (earlyMomentum, momentum)
    (self.learningRate, self.method, self.theta) = (learningRate, method, theta)
    (self.start, self.starts) = (start, starts)
    let problem = problem
    precondition(problem == nil, "t-SNE: \(problem ?? "")")
  }

  /// What is wrong with these settings, in one line; `nil` if nothing is.
  ///
  /// Settings from a file are worth this question before they are used.
  public var problem: String? {
    let checks: [(Bool, String)] = [
      (perplexity >= 1 && perplexity.isFinite, "the perplexity begins at 1"),
      ((2...3).contains(dimensions), "a map has 2 or 3 dimensions"),
      (iterations >= 1 && starts >= 1, "iterations and starts begin at 1"),
      (exaggeration >= 1 && exaggeration.isFinite, "the exaggeration begins at 1"),
      (exaggerationIterations >= 0, "the exaggerated iterations begin at 0"),
      ((0..<1).contains(earlyMomentum) && (0..<1).contains(momentum), "momentum is below 1"),
      ((learningRate ?? 1) > 0 && (learningRate ?? 1).isFinite, "the learning rate is above 0"),
      ((0...1).contains(theta), "theta lies in 0 to 1"),
      (method != .fft || dimensions == 2, "the method fft makes maps of 2 dimensions"),
    ]
    return checks.first { !$0.0 }?.1
  }

  /// The method for `n` points, `nil` for neighbours' attraction and all pairs' repulsion.
  func resolved(for n: Int) -> Method? {
    guard method == .automatic else { return method }
    return n <= Self.pairsLimit ? nil : (dimensions == 2 ? .fft : .barnesHut)
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
