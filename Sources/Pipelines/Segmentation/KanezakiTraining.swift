// One image's training: labels from the network, refined, taught to the network again.
//
// Implements: H. Kim, J. Inoue, T. Kasuya, Sci. Rep. 10 (2020) 17835, "Training of the CNN"; A. Kanezaki,
//   ICASSP 2018, algorithm 1; W. Kim, A. Kanezaki, M. Tanaka, IEEE Trans. Image Process. 29 (2020), eq. 5.
// Equation -> code: c = argmax y'; c' = most frequent label of each superpixel; L = cross-entropy(y', c')
//   (+ weight x continuity(y') for `.tip`, where c' = c); SGD step -> step.
// Symbols: y' -> logits; c -> labels; c' -> refined labels.
// Deviations: an image that does not fit the memory is cut into windows with halos of one pixel a layer;
//   batch statistics are then those of a window, so the result differs from the whole image's.
//   Superpixels, refinement and the step itself are those of the whole image.
// Checked by: SegmentationTests, SegmentationRunTests. Cost: see KanezakiNet; windows need a second forward pass.

import NeuralNetworks
import Tensors

/// Network, optimiser and history of one image's training.
package final class KanezakiTraining {
  let settings: SegmentationSettings
  package let plan: SegmentationPlan
  private let image: Tensor<Float>
  private var refinement: SuperpixelRefinement?
  private let net: KanezakiNet<Float>
  private let optimiser: SGD<Float>
  private let input: Variable<Float>
  private let logits: Variable<Float>
  private let loss: Variable<Float>
  private let targets = LabelTargets()
  private let run: TapeRun<Float>
  /// The loss of each iteration, and the number of labels that the network gave before refinement.
  package private(set) var losses: [Float] = []
  package private(set) var counts: [Int32] = []
  /// The labels of the last iteration, before refinement.
  package private(set) var labels: [Int32] = []

  /// A training that begins.
  ///
  /// - Parameters:
  ///   - image: shape (H, W, 3), 0 ... 1.
  ///   - superpixels: the number of each pixel's superpixel and their number; `nil` for `.tip`.
  ///   - settings: the run's.
  ///   - seed: of the network's parameters.
  package init(
    _ image: Tensor<Float>, superpixels: (labels: [Int32], count: Int)?,
    settings: SegmentationSettings, seed: UInt64
  ) {
    self.image = image
    self.settings = settings
    refinement = superpixels.map {
      SuperpixelRefinement($0.labels, count: $0.count, classes: settings.outputs)
    }
    var generator = SeededGenerator(seed: seed)
    net = KanezakiNet(settings.network, using: &generator)
    optimiser = SGD(
      net.parameters, learningRate: settings.learningRate, momentum: settings.momentum)
    plan = SegmentationPlan(
      height: image.shape[0], width: image.shape[1], settings: settings, net: net)
    let tape = recordedTape(
      net, height: plan.windowHeight, width: plan.windowWidth, settings, targets)
    (input, logits, loss) = (tape.input, tape.logits, tape.loss)
    run = TapeRun(tape.tape, loss: loss, outputs: [loss], recomputation: plan.recomputation)
  }

  /// The number of iterations made.
  package var iteration: Int { losses.count }

  /// One iteration; returns the loss and the number of labels before refinement.
  @discardableResult
  package func step() -> (loss: Float, count: Int) {
    optimiser.clearGradients()
    let isWhole = plan.windows.count == 1
    labels = isWhole ? forward(plan.windows[0]) : predict()
    let goal = refinement?(labels) ?? labels
    var total = 0.0
    for window in plan.windows {
      if !isWhole { prepare(window) }
      targets.labels = isWhole ? goal : window.targets(goal, width: image.shape[1])
      let share = Double(window.interiorCount) / Double(labels.count)
      run.backward(factor: Float(share))
      total += Double(run.value(loss).scalars[0]) * share
    }
    optimiser.step()
    let count = distinct(labels, below: settings.outputs)
    losses.append(Float(total))
    counts.append(Int32(count))
    return (Float(total), count)
  }

  /// The labels that the network gives now.
  package func predict() -> [Int32] {
    if plan.windows.count == 1 {
      let result = forward(plan.windows[0])
      run.restart()
      return result
    }
    var result = [Int32](repeating: 0, count: image.shape[0] * image.shape[1])
    for window in plan.windows {
      window.copyInterior(forward(window), into: &result, width: image.shape[1])
      run.restart()
    }
    return result
  }

  /// Labels refined by superpixels, or as they are where there are none.
  func refined(_ labels: [Int32]) -> [Int32] { refinement?(labels) ?? labels }

  private func prepare(_ window: SegmentationWindow) {
    run.set(input, plan.windows.count == 1 ? batch(image) : window.cut(image))
  }

  private func batch(_ image: Tensor<Float>) -> Tensor<Float> {
    image.reshaped(to: [1] + image.shape)
  }

  /// The labels of a window.
  private func forward(_ window: SegmentationWindow) -> [Int32] {
    prepare(window)
    run.forward(through: logits)
    return largestOfRows(run.value(logits))
  }

  // MARK: - Checkpoints

  /// Everything that the next step depends on, and the history.
  package var state: [NamedValues<Float>] {
    net.state + optimiser.state + [
      NamedValues("history.losses", Tensor(shape: [losses.count], scalars: losses)),
      NamedValues(
        "history.counts", Tensor(shape: [counts.count], scalars: counts.map { Float($0) })),
    ]
  }

  /// Goes on from a state.
  ///
  /// - Throws: `NetworkError` when it is not that of such a training.
  package func restore(_ state: [NamedValues<Float>], labels: [Int32]) throws(NetworkError) {
    guard labels.count == image.shape[0] * image.shape[1],
      labels.allSatisfy({ $0 >= 0 && Int($0) < settings.outputs })
    else {
      throw .missing(
        network: "checkpoint", tensors: [TensorOutline("labels", [image.shape[0] * image.shape[1]])]
      )
    }
    guard let history = state.first(where: { $0.name == "history.losses" })?.tensor,
      let numbers = state.first(where: { $0.name == "history.counts" })?.tensor,
      history.rank == 1, numbers.shape == history.shape,
      numbers.scalars.allSatisfy({ $0 >= 0 && $0 < 65536 })
    else { throw .missing(network: "checkpoint", tensors: [TensorOutline("history", [])]) }
    try net.restore(state)
    try optimiser.restore(state)
    losses = history.scalars
    counts = numbers.scalars.map { Int32($0) }
    self.labels = labels
  }
}

/// The tape of a window, with the variables that a training needs.
func recordedTape(
  _ net: KanezakiNet<Float>, height: Int, width: Int, _ settings: SegmentationSettings,
  _ targets: LabelTargets
) -> (
  tape: Tape<Float>, input: Variable<Float>, logits: Variable<Float>, loss: Variable<Float>
) {
  let tape = Tape<Float>()
  let input = tape.input([1, height, width, 3])
  let logits = net(input, on: tape)
  var loss = tape.crossEntropy(logits, targets)
  if settings.method == .tip {
    loss = tape.sum(
      loss, tape.scaled(tape.continuityLoss(logits), by: Float(settings.continuity)))
  }
  return (tape, input, logits, loss)
}

/// The number of different labels, all in 0 ..< `classes`.
func distinct(_ labels: [Int32], below classes: Int) -> Int {
  var isUsed = [Bool](repeating: false, count: classes)
  for label in labels { isUsed[Int(label)] = true }
  return isUsed.count { $0 }
}
