// What an estimator refuses: data that no honest result can come from.

/// Data that an estimator cannot be fitted to, or applied to.
public enum EstimatorError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A value is NaN or infinite; rows and columns are counted from 0.
  case nonFinite(row: Int, column: Int)
  /// Fewer rows than the method needs.
  case tooFewSamples(found: Int, needed: Int)
  /// Another number of columns than the model was fitted with.
  case wrongWidth(expected: Int, found: Int)
  /// Fewer different rows than clusters were asked for.
  case notEnoughDistinctPoints(found: Int, needed: Int)
  /// An iteration reached its bound before its criterion.
  case notConverged(iterations: Int)
  /// A mean or variance is larger than the scalar type can hold.
  case overflow
  /// A perplexity that so many samples do not allow; the largest that they do is below 1 for fewer
  /// than four samples.
  case perplexityTooLarge(perplexity: Double, samples: Int, largest: Double)
  /// The map left the range of numbers; a lower learning rate keeps it.
  case diverged(iteration: Int)
  /// The caller asked to stop.
  case cancelled(iteration: Int)

  /// The fault in one line, without a full stop.
  public var description: String {
    switch self {
    case .nonFinite(let row, let column):
      "the value at row \(row), column \(column) is NaN or infinite"
    case .tooFewSamples(let found, let needed):
      "\(found) samples, at least \(needed) are needed"
    case .wrongWidth(let expected, let found):
      "\(found) features a sample, the model has \(expected)"
    case .notEnoughDistinctPoints(let found, let needed):
      "\(found) different samples cannot make \(needed) clusters"
    case .notConverged(let iterations):
      "no convergence in \(iterations) iterations"
    case .overflow:
      "a mean or variance is larger than the scalar type can hold"
    case .perplexityTooLarge(let perplexity, let samples, let largest):
      "perplexity \(perplexity) is too large for \(samples) samples, at most \(largest) is possible"
    case .diverged(let iteration):
      "the map grew without bound at iteration \(iteration), take a lower learning rate"
    case .cancelled(let iteration):
      "stopped by the caller at iteration \(iteration)"
    }
  }
}
