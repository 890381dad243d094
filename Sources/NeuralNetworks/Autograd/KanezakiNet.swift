// The network that segments one image without labels.
//
// Implements: H. Kim, J. Inoue, T. Kasuya, "Unsupervised microstructure segmentation by mimicking
//   metallurgists' approach to pattern recognition", Sci. Rep. 10 (2020) 17835, equations 1 to 4 and
//   "Implementation details"; after A. Kanezaki, "Unsupervised image segmentation by
//   backpropagation", ICASSP 2018, section 2.
// Equation -> code: h = W x + b (1), f = max(h, 0) (2), x' = batch normalisation of f (3), repeated
//   `layers` times; y = Wc x' + bc (4), then normalised to y'.
// Symbols: p -> filters; q -> classes; M -> layers.
// Deviations: batch normalisation has its scale and shift, as in Kanezaki's code, and always uses
//   the image's own statistics. `normalisesFirst` is the order of W. Kim, A. Kanezaki,
//   M. Tanaka, IEEE Trans. Image Process. 29 (2020), whose first network had conv, ReLU, norm too.
// Checked by: KanezakiNetTests (PyTorch). Cost: at 1000 x 1000 and the paper's sizes 0.6 TFLOP a step.

import Tensors

/// What the network consists of.
public struct KanezakiNetOptions: Sendable, Equatable {
  /// Filters of each convolution, p.
  public var filters: Int
  /// Convolutions of 3 x 3, M.
  public var layers: Int
  /// Outputs of the classifier, q.
  public var classes: Int
  /// Whether batch normalisation comes before the rectification.
  public var normalisesFirst: Bool

  /// The paper's sizes: 100 filters, 2 layers, 50 classes.
  public init(
    filters: Int = 100, layers: Int = 2, classes: Int = 50, normalisesFirst: Bool = false
  ) {
    (self.filters, self.layers, self.classes) = (filters, layers, classes)
    self.normalisesFirst = normalisesFirst
  }
}

/// The parameters of the network.
public final class KanezakiNet<Scalar: KernelScalar> {
  /// What it consists of.
  public let options: KanezakiNetOptions
  /// Channels of the images.
  public let channels: Int
  private struct Block {
    let filters, bias, scale, shift: Parameter<Scalar>
    let statistics: BatchStatistics<Scalar>
  }
  private let blocks: [Block]

  /// Parameters with PyTorch's initial distributions.
  ///
  /// - Parameters:
  ///   - options: sizes, each at least 1.
  ///   - channels: of the images.
  ///   - generator: filters and biases are drawn layer by layer.
  public init(
    _ options: KanezakiNetOptions = KanezakiNetOptions(), channels: Int = 3,
    using generator: inout SeededGenerator
  ) {
    precondition(
      min(options.filters, options.layers, options.classes, channels) >= 1,
      "each size is at least 1: \(options), \(channels) channels")
    (self.options, self.channels) = (options, channels)
    var blocks: [Block] = []
    for layer in 0...options.layers {
      let isLast = layer == options.layers
      let (R, C) = (isLast ? 1 : 3, layer == 0 ? channels : options.filters)
      let K = isLast ? options.classes : options.filters
      let fanIn = R * R * C
      let name = isLast ? "classifier" : "layer\(layer + 1)"
      blocks.append(
        Block(
          filters: Parameter(
            name: name + ".weight",
            Initialisation.pytorch([R, R, C, K], fanIn: fanIn, using: &generator)),
          bias: Parameter(
            name: name + ".bias", Initialisation.pytorch([K], fanIn: fanIn, using: &generator)),
          scale: Parameter(name: name + ".scale", Tensor(repeating: 1, shape: [K])),
          shift: Parameter(name: name + ".shift", .zeros([K])),
          statistics: BatchStatistics(name: name + ".norm", channels: K)))
    }
    self.blocks = blocks
  }

  /// The parameters in the order of the layers.
  public var parameters: [Parameter<Scalar>] {
    blocks.flatMap { [$0.filters, $0.bias, $0.scale, $0.shift] }
  }

  /// Records the network.
  ///
  /// - Parameters:
  ///   - image: shape (1, H, W, channels).
  ///   - tape: in training, as always in this method.
  /// - Returns: y', shape (1, H, W, classes).
  public func callAsFunction(
    _ image: Variable<Scalar>, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    var x = image
    for (i, block) in blocks.enumerated() {
      let isLast = i == options.layers
      x = tape.convolution(
        x, tape.parameter(block.filters), bias: tape.parameter(block.bias),
        geometry: ConvolutionGeometry(padding: isLast ? 0 : 1))
      x = tape.batchNormalisation(
        x, scale: tape.parameter(block.scale), shift: tape.parameter(block.shift),
        statistics: block.statistics,
        rectification: isLast ? .none : options.normalisesFirst ? .after : .before)
    }
    return x
  }
}

extension KanezakiNet: Checkpointed {
  /// Parameters and running statistics.
  public var state: [NamedValues<Scalar>] {
    parameters.map { NamedValues($0.name, $0.value) } + blocks.flatMap { $0.statistics.state }
  }

  /// Takes parameters and running statistics over.
  public func restore(_ state: [NamedValues<Scalar>]) throws(NetworkError) {
    var values: [Tensor<Scalar>] = []
    for parameter in parameters {
      values.append(try find(parameter.name, shape: parameter.value.shape, in: state))
    }
    for block in blocks { try block.statistics.restore(state) }
    for (parameter, value) in zip(parameters, values) { parameter.value = value }
  }
}
