// Batch normalisation of channels, in training and in evaluation, forward and backward.
//
// Implements: S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by
//   reducing internal covariate shift", ICML 2015, algorithm 1 and section 3.1.
// Equation -> code: xhat = (x - mean) / sqrt(variance + eps), y = gamma xhat + beta; with M pixels,
//   s = sum dy and p = sum dy (x - mean): d beta = s, d gamma = p r with r = 1 / sqrt(variance +
//   eps), dx = gamma r (dy - s / M - (x - mean) r^2 p / M).
// Symbols: gamma beta -> scale and shift; r -> reciprocal deviation; M -> pixels of all images.
// Deviations: the running variance is the unbiased one, M / (M - 1) times the batch's, and new
//   values have the weight `momentum`: both as in PyTorch's BatchNorm2d (eps 1e-5, momentum 0.1).
// Checked by: GradientTests, TorchGradientTests. Cost: two passes forward, two backward;
//   a rectification of the result is found again from x in the backward pass.

import Tensors

/// Running mean and variance of each channel.
public final class BatchStatistics<Scalar: KernelScalar> {
  /// The name of its tensors in checkpoints: `name.running_mean`, `name.running_var`.
  public let name: String
  /// C running means, zeros at first.
  public var mean: [Scalar]
  /// C running variances, ones at first.
  public var variance: [Scalar]
  /// The weight of a new batch.
  public let momentum: Double
  /// What is added to variances.
  public let epsilon: Double

  /// Statistics of `channels` channels, with PyTorch's defaults.
  public init(name: String, channels: Int, momentum: Double = 0.1, epsilon: Double = 1e-5) {
    self.name = name
    mean = Array(repeating: 0, count: channels)
    variance = Array(repeating: 1, count: channels)
    (self.momentum, self.epsilon) = (momentum, epsilon)
  }

  /// Takes a batch of M pixels into account.
  func update(_ batch: ChannelMoments) {
    let unbiased = batch.count > 1 ? batch.count / (batch.count - 1) : 1
    let variances = batch.variance
    for c in mean.indices {
      mean[c] = Scalar((1 - momentum) * Double(mean[c]) + momentum * batch.mean[c])
      variance[c] = Scalar(
        (1 - momentum) * Double(variance[c]) + momentum * variances[c] * unbiased)
    }
  }
}

extension BatchStatistics: Checkpointed {
  /// The running mean and variance.
  public var state: [NamedValues<Scalar>] {
    [
      NamedValues(name + ".running_mean", Tensor(shape: [mean.count], scalars: mean)),
      NamedValues(name + ".running_var", Tensor(shape: [mean.count], scalars: variance)),
    ]
  }

  /// Takes over a running mean and variance.
  public func restore(_ state: [NamedValues<Scalar>]) throws(NetworkError) {
    let newMean = try find(name + ".running_mean", shape: [mean.count], in: state)
    variance = try find(name + ".running_var", shape: [mean.count], in: state).scalars
    mean = newMean.scalars
  }
}

private final class BatchNormalisation<Scalar: KernelScalar>: Operation {
  let name = "batch normalisation"
  let effort = Effort.elementwise
  let place = GradientPlace.outputGradient(0)
  let statistics: BatchStatistics<Scalar>
  let isTraining: Bool
  let rectification: NormalisedRectification
  /// What the last forward pass normalised with: mean and r of each channel.
  private var mean: [Double] = []
  private var r: [Double] = []

  init(
    _ statistics: BatchStatistics<Scalar>, isTraining: Bool,
    _ rectification: NormalisedRectification
  ) {
    (self.statistics, self.isTraining) = (statistics, isTraining)
    self.rectification = rectification
  }

  func readsInput(_ i: Int) -> Bool { i < 2 || rectification == .after }

  func forward(_ x: [Tensor<Scalar>], into y: inout Tensor<Scalar>, again: Bool) {
    if !again {
      var variance: [Double]
      if isTraining {
        let moments = channelMoments(x[0], rectified: rectification == .before)
        (mean, variance) = (moments.mean, moments.variance)
        statistics.update(moments)
      } else {
        mean = statistics.mean.map { Double($0) }
        variance = statistics.variance.map { Double($0) }
      }
      r = variance.map { 1 / ($0 + statistics.epsilon).squareRoot() }
    }
    normaliseChannels(
      x[0], mean: mean.map { Scalar($0) },
      scale: r.indices.map { Scalar(r[$0] * Double(x[1].scalars[$0])) }, shift: x[2].scalars,
      rectification: rectification, into: &y)
  }

  func backward(
    _ x: [Tensor<Scalar>], _ y: Tensor<Scalar>, _ dy: Tensor<Scalar>,
    into dx: inout [Tensor<Scalar>], wanted: [Bool]
  ) {
    let C = r.count
    let center = mean.map { Scalar($0) }
    let scale = (0..<C).map { r[$0] * Double(x[1].scalars[$0]) }
    let (factor, shift) = (scale.map { Scalar($0) }, rectification == .after ? x[2].scalars : [])
    let (s, p) = channelProductSums(
      wanted[0] ? dx[0] : dy, x[0], mean: center, scale: factor, shift: shift,
      rectification: rectification)
    if wanted[1] { dx[1] = Tensor(shape: [C], scalars: (0..<C).map { Scalar(p[$0] * r[$0]) }) }
    if wanted[2] { dx[2] = Tensor(shape: [C], scalars: s.map { Scalar($0) }) }
    guard wanted[0] else { return }
    let M = Double(x[0].count / max(1, C))
    let (offset, slope) =
      isTraining
      ? (
        (0..<C).map { scale[$0] * s[$0] / M },
        (0..<C).map { scale[$0] * r[$0] * r[$0] * p[$0] / M }
      ) : ([Double](repeating: 0, count: C), [Double](repeating: 0, count: C))
    normalisationGradient(
      &dx[0], x[0], mean: center, scale: factor, offset: offset.map { Scalar($0) },
      slope: slope.map { Scalar($0) }, shift: shift, rectification: rectification)
  }
}

extension Tape {
  /// Normalises each channel over all pixels, then scales and shifts it.
  ///
  /// In training it uses the batch's mean and variance, and updates `statistics`; otherwise it uses
  /// `statistics`.
  ///
  /// - Parameters:
  ///   - x: shape (..., C).
  ///   - scale: gamma, shape (C).
  ///   - shift: beta, shape (C).
  ///   - statistics: of C channels.
  ///   - rectification: `.before` normalises max(x, 0), the same as after `rectified`; `.after` is the same
  ///     as `rectified` of the result; both in fewer passes.
  /// - Returns: the same shape.
  public func batchNormalisation(
    _ x: Variable<Scalar>, scale: Variable<Scalar>, shift: Variable<Scalar>,
    statistics: BatchStatistics<Scalar>, rectification: NormalisedRectification = .none
  ) -> Variable<Scalar> {
    let C = x.shape.last ?? 0
    precondition(
      scale.shape == [C] && shift.shape == [C] && statistics.mean.count == C,
      "\(x.shape) has \(C) channels, not those of \(scale.shape) and \(shift.shape)")
    return record(
      BatchNormalisation<Scalar>(
        statistics, isTraining: isTraining, rectification), [x, scale, shift],
      shape: x.shape)
  }
}
