// ResNet18 as torchvision publishes it.
//
// Implements: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition",
//   CVPR 2016, table 1 (18 layers) and figure 5 left (the basic block).
// Deviations: batch norm is folded into the filters when they are loaded, so that a convolution's
//   values before its batch norm have no name.
// Checked by: NetworkGoldenTests.

extension NetworkDescription {
  /// ResNet18.
  ///
  /// - Parameter classes: outputs of the last layer.
  /// - Returns: its layers, with torchvision's preprocessing.
  public static func resNet18(classes: Int = 1000) -> NetworkDescription {
    resNet(name: "ResNet18", width: 64, classes: classes)
  }

  /// A network of the kind of ResNet18: four stages of two basic blocks.
  ///
  /// - Parameters:
  ///   - name: what it is called in messages.
  ///   - width: channels of the first stage; each of the others has twice as many as the one before.
  ///   - classes: outputs of the last layer.
  /// - Returns: its layers, with torchvision's preprocessing.
  public static func resNet(name: String, width: Int, classes: Int) -> NetworkDescription {
    var result = NetworkDescription(name: name, imageSide: 224, preprocessing: .torchvision)
    result.convolve(
      7, width, stride: 2, padding: 3, torch: "conv1", norm: "bn1", names: ["relu"],
      raw: ["bn1"])
    result.maximumPool(3, stride: 2, padding: 1, names: ["maxpool"])
    for stage in 1...4 {
      for block in 0...1 {
        result.appendBasicBlock(
          "layer\(stage).\(block)", width << (stage - 1), halves: stage > 1 && block == 0,
          names: block == 1 ? ["layer\(stage).1", "layer\(stage)"] : ["layer\(stage).0"])
      }
    }
    result.averagePool(1, 1, names: ["avgpool", "flatten"])
    result.topStart = result.layers.count
    result.multiply(
      classes, from: (1, 1, width * 8), torch: "fc", names: ["fc", "logits"], rectified: false)
    result.softmax(names: ["predictions"])
    return result
  }

  /// Two convolutions and the way around them.
  private mutating func appendBasicBlock(
    _ name: String, _ width: Int, halves: Bool, names: [String]
  ) {
    let start = last
    convolve(
      3, width, stride: halves ? 2 : 1, padding: 1, torch: "\(name).conv1", norm: "\(name).bn1",
      names: ["\(name).relu"], raw: ["\(name).bn1"])
    let inner = convolve(
      3, width, padding: 1, torch: "\(name).conv2", norm: "\(name).bn2", names: ["\(name).bn2"],
      rectified: false)
    var around = start
    if halves {
      around = convolve(
        1, width, stride: 2, after: start, torch: "\(name).downsample.0",
        norm: "\(name).downsample.1", names: ["\(name).downsample", "\(name).downsample.1"],
        rectified: false)
    }
    append(
      NetworkLayer(
        operation: .addition, inputs: [inner, around], isRectified: true, names: names,
        rawNames: ["\(name).sum"]))
  }
}
