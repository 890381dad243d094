// SqueezeNet 1.1, with the names of Keras' and torchvision's files.
//
// Implements: F. Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and
//   < 0.5 MB model size", arXiv:1602.07360, 2016, section 3 (fire modules), in the form of the
//   authors' release 1.1.
// Deviations: none. Keras' version drops incomplete windows of pooling, torchvision's keeps them;
//   they differ where an image's side makes them, not at 224 in torchvision's, 227 in Keras'.
// Checked by: NetworkGoldenTests; the genuine Keras weights against PyTorch's arithmetic.

extension NetworkDescription {
  /// SqueezeNet 1.1.
  ///
  /// - Parameters:
  ///   - classes: outputs of the last convolution.
  ///   - preprocessing: that of the weights; `.keras` also chooses Keras' rule of pooling.
  /// - Returns: its layers.
  public static func squeezeNet(
    classes: Int = 1000, preprocessing: Preprocessing = .torchvision
  ) -> NetworkDescription {
    let covering = preprocessing != .keras
    var result = NetworkDescription(
      name: "SqueezeNet 1.1", imageSide: covering ? 224 : 227, preprocessing: preprocessing)
    result.convolve(
      3, 64, stride: 2, torch: "features.0", keras: "conv1",
      names: ["relu_conv1", "features.1"], raw: ["conv1", "features.0"])
    let modules: [(fire: Int, index: Int, squeeze: Int)] = [
      (2, 3, 16), (3, 4, 16), (4, 6, 32), (5, 7, 32), (6, 9, 48), (7, 10, 48), (8, 11, 64),
      (9, 12, 64),
    ]
    for module in modules {
      if module.fire == 2 || module.fire == 4 || module.fire == 6 {
        let pool = module.fire == 2 ? 1 : module.fire - 1
        result.maximumPool(
          3, stride: 2, covering: covering,
          names: ["pool\(pool)", "features.\(module.index - 1)"])
      }
      result.appendFire(module.fire, "features.\(module.index)", module.squeeze)
    }
    result.topStart = result.layers.count
    result.convolve(
      1, classes, torch: "classifier.1", keras: "conv10", names: ["relu_conv10", "classifier.2"],
      raw: ["conv10", "classifier.1"])
    result.averagePool(1, 1, names: ["avgpool", "classifier.3", "logits"])
    result.softmax(names: ["predictions", "loss"])
    return result
  }

  /// A 1 x 1 convolution to few channels, then 1 x 1 and 3 x 3 ones side by side.
  private mutating func appendFire(_ number: Int, _ torch: String, _ squeeze: Int) {
    let (keras, outputs) = ("fire\(number)", 4 * squeeze)
    let start = convolve(
      1, squeeze, torch: "\(torch).squeeze", keras: "\(keras)/squeeze1x1",
      names: ["\(keras)/relu_squeeze1x1", "\(torch).squeeze_activation"],
      raw: ["\(keras)/squeeze1x1", "\(torch).squeeze"])
    let near = convolve(
      1, outputs, after: start, torch: "\(torch).expand1x1", keras: "\(keras)/expand1x1",
      names: ["\(keras)/relu_expand1x1", "\(torch).expand1x1_activation"],
      raw: ["\(keras)/expand1x1", "\(torch).expand1x1"])
    let far = convolve(
      3, outputs, padding: 1, after: start, torch: "\(torch).expand3x3",
      keras: "\(keras)/expand3x3",
      names: ["\(keras)/relu_expand3x3", "\(torch).expand3x3_activation"],
      raw: ["\(keras)/expand3x3", "\(torch).expand3x3"])
    append(
      NetworkLayer(
        operation: .concatenation, inputs: [near, far],
        names: ["\(keras)/concat", keras, torch]))
  }
}
