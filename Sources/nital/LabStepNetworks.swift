// Two networks as `nital lab step` times them: a U-Net and ResNet18, on a tape.
//
// Implements: O. Ronneberger, P. Fischer, T. Brox, "U-Net", MICCAI 2015, figure 1, with padding, batch
//   normalisation and transposed convolutions; K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning
//   for image recognition", CVPR 2016, table 1, 18 layers.
// Deviations: U-Net's channels begin at `base`; ResNet18 has 10 classes.
// Checked by: command_line.sh (the loss falls); the operations themselves by TorchGradientTests.

import NeuralNetworks
import Tensors

/// The networks of `nital lab step`.
enum StepNetwork: String, CaseIterable {
  case unet, resnet18
}

/// Records a network layer by layer.
struct StepBuilder {
  let tape = Tape<Float>()
  private(set) var parameters: [Parameter<Float>] = []
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Random values for inputs.
  mutating func normal(_ shape: [Int]) -> Tensor<Float> {
    Tensor(
      shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in Float(generator.normal()) })
  }

  /// Labels 0 ..< `classes`.
  mutating func labels(_ count: Int, classes: Int) -> [Int32] {
    (0..<count).map { _ in Int32(generator.integer(below: classes)) }
  }

  private mutating func parameter(_ value: Tensor<Float>) -> Variable<Float> {
    let new = Parameter(name: "p\(parameters.count)", value)
    parameters.append(new)
    return tape.parameter(new)
  }

  private mutating func filters(_ shape: [Int], fanIn: Int) -> Variable<Float> {
    parameter(Initialisation.heNormal(shape, fanIn: fanIn, using: &generator))
  }

  /// A convolution; with `isBiased` it adds a bias.
  mutating func convolution(
    _ x: Variable<Float>, _ K: Int, size: Int, stride: Int = 1, isBiased: Bool = false
  ) -> Variable<Float> {
    let C = x.shape[3]
    let w = filters([size, size, C, K], fanIn: size * size * C)
    let bias = isBiased ? parameter(.zeros([K])) : nil
    return tape.convolution(
      x, w, bias: bias, geometry: ConvolutionGeometry(stride: stride, padding: size / 2))
  }

  /// Batch normalisation, and where asked rectification.
  mutating func normalised(
    _ x: Variable<Float>, _ rectification: NormalisedRectification = .none
  ) -> Variable<Float> {
    let C = x.shape[3]
    let (scale, shift) = (
      parameter(Tensor(repeating: 1, shape: [C])), parameter(.zeros([C]))
    )
    return tape.batchNormalisation(
      x, scale: scale, shift: shift, statistics: BatchStatistics(name: "n", channels: C),
      rectification: rectification)
  }

  /// Convolution, normalisation, rectification.
  mutating func layer(
    _ x: Variable<Float>, _ K: Int, size: Int = 3, stride: Int = 1
  ) -> Variable<Float> {
    normalised(convolution(x, K, size: size, stride: stride), .after)
  }

  /// A transposed convolution of 2 x 2 taps that doubles rows and columns.
  mutating func doubled(_ x: Variable<Float>, _ K: Int) -> Variable<Float> {
    let C = x.shape[3]
    return tape.transposedConvolution(
      x, filters([2, 2, K, C], fanIn: 4 * C), bias: parameter(.zeros([K])),
      geometry: ConvolutionGeometry(stride: 2))
  }

  /// A matrix with a bias.
  mutating func linear(_ x: Variable<Float>, _ n: Int) -> Variable<Float> {
    tape.linear(x, filters([x.shape[1], n], fanIn: x.shape[1]), bias: parameter(.zeros([n])))
  }
}

extension StepBuilder {
  /// U-Net of five levels from (N, H, W, 1) to logits (N, H, W, 1).
  mutating func unet(_ image: Variable<Float>, base: Int) -> Variable<Float> {
    var (x, skips): (Variable<Float>, [Variable<Float>]) = (image, [])
    for level in 0..<5 {
      if level > 0 {
        skips.append(x)
        x = tape.maximumPool(x, size: 2)
      }
      for _ in 0..<2 { x = layer(x, base << level) }
    }
    for level in (0..<4).reversed() {
      x = tape.concatenated([skips[level], doubled(x, base << level)])
      for _ in 0..<2 { x = layer(x, base << level) }
    }
    return convolution(x, 1, size: 1, isBiased: true)
  }

  /// ResNet18 from (N, H, W, 3) to logits (N, 10).
  mutating func resnet18(_ image: Variable<Float>) -> Variable<Float> {
    var x = layer(image, 64, size: 7, stride: 2)
    x = tape.maximumPool(x, size: 3, geometry: ConvolutionGeometry(stride: 2, padding: 1))
    for (stage, K) in [64, 128, 256, 512].enumerated() {
      for block in 0..<2 {
        let stride = stage > 0 && block == 0 ? 2 : 1
        let inner = layer(x, K, stride: stride)
        let y = normalised(convolution(inner, K, size: 3))
        let side = stride == 1 ? x : normalised(convolution(x, K, size: 1, stride: 2))
        x = tape.sum(y, side, isRectified: true)
      }
    }
    x = tape.adaptiveAveragePool(x, height: 1, width: 1)
    return linear(tape.reshaped(x, to: [x.shape[0], x.shape[3]]), 10)
  }
}
