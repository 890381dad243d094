// How the t-SNE map of a clustering run is made.

import Estimators

/// The settings of the map.
public struct EmbeddingSettings: Codable, Sendable, Equatable {
  /// The smooth number of neighbours; 30 as in the programs that both papers used.
  public var perplexity = 30.0
  /// Steps of each map; 1000 as there.
  public var iterations = 1000
  /// Maps that are made, of which the lowest divergence is kept (Kitahara & Holm: best of 10).
  public var starts = 1
  /// The seed of the maps; `nil` for the run's.
  public var seed: UInt64?
  /// Whether the map is made of whitened components; both papers take them in their own units.
  public var whiten = false
  /// Where the points begin: `pca` or `random`.
  public var start = TSNEOptions.Start.pca.rawValue
  /// The trade-off of the tree, 0 (exact) to 1.
  public var theta = 0.5
  /// The length of a step; `nil` for the larger of n / 12 and 50.
  public var learningRate: Double?

  /// The defaults.
  public init() {}

  /// What is wrong with the settings; `nil` when they can be used.
  var fault: String? {
    if !(perplexity >= 1 && perplexity <= 1e6) { return "perplexity begins at 1" }
    if !(1...1_000_000).contains(iterations) { return "iterations lie from 1 to 1000000" }
    if !(1...10_000).contains(starts) { return "starts of the map lie from 1 to 10000" }
    if TSNEOptions.Start(rawValue: start) == nil { return "the map starts at pca or random" }
    if !(0...1).contains(theta) { return "theta lies from 0 to 1" }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      return "the learning rate lies above 0"
    }
    return nil
  }

  /// The same for the estimator.
  var options: TSNEOptions {
    TSNEOptions(
      perplexity: perplexity, iterations: iterations, learningRate: learningRate,
      method: theta > 0 ? .automatic : .exact, theta: theta,
      start: TSNEOptions.Start(rawValue: start) ?? .pca, starts: starts)
  }
}
