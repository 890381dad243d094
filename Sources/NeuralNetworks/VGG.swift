// VGG networks: blocks of 3 x 3 convolutions, each followed by pooling, then matrices.
//
// Implements: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
//   recognition", ICLR 2015, table 1, column D (16 weight layers).
// Deviations: images of another size than 224 pass through torchvision's adaptive mean, which does
//   nothing at 224; Keras refuses them. Dropout does nothing when a network is used.
// Checked by: NetworkTests, NetworkGoldenTests.

extension NetworkDescription {
  /// VGG16.
  ///
  /// - Parameters:
  ///   - classes: outputs of the last layer.
  ///   - preprocessing: that of the weights.
  /// - Returns: its layers.
  public static func vgg16(
    classes: Int = 1000, preprocessing: Preprocessing = .torchvision
  ) -> NetworkDescription {
    vgg(
      name: "VGG16",
      blocks: [
        [64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512],
      ], pooledHeight: 7, pooledWidth: 7, hidden: [4096, 4096], classes: classes, imageSide: 224,
      preprocessing: preprocessing)
  }

  /// A network of VGG's kind with other widths.
  ///
  /// - Parameters:
  ///   - name: what it is called in messages.
  ///   - blocks: outputs of the convolutions of each block.
  ///   - pooledHeight: rows that the first matrix reads.
  ///   - pooledWidth: columns that the first matrix reads.
  ///   - hidden: outputs of the matrices but the last.
  ///   - classes: outputs of the last matrix.
  ///   - imageSide: rows and columns of the images that the weights were trained with.
  ///   - preprocessing: that of the weights.
  /// - Returns: its layers.
  public static func vgg(
    name: String, blocks: [[Int]], pooledHeight: Int, pooledWidth: Int, hidden: [Int],
    classes: Int, imageSide: Int, preprocessing: Preprocessing
  ) -> NetworkDescription {
    var result = NetworkDescription(
      name: name, imageSide: imageSide, preprocessing: preprocessing)
    var index = 0
    for (b, widths) in blocks.enumerated() {
      for (c, width) in widths.enumerated() {
        let keras = "block\(b + 1)_conv\(c + 1)"
        result.convolve(
          3, width, padding: 1, torch: "features.\(index)", keras: keras,
          names: [keras, "features.\(index + 1)"], raw: ["features.\(index)"])
        index += 2
      }
      result.maximumPool(2, stride: 2, names: ["block\(b + 1)_pool", "features.\(index)"])
      index += 1
    }
    result.topStart = result.layers.count
    result.averagePool(pooledHeight, pooledWidth, names: ["avgpool", "flatten"])
    result.appendMatrices(
      hidden + [classes],
      from: (pooledHeight, pooledWidth, blocks.last?.last ?? 3))
    return result
  }

  /// The matrices of VGG, with rectification and dropout between: classifier.0, classifier.3, and so on.
  private mutating func appendMatrices(
    _ outputs: [Int], from shape: (height: Int, width: Int, channels: Int)
  ) {
    var shape = shape
    for (i, width) in outputs.enumerated() {
      let (isLast, torch) = (i == outputs.count - 1, "classifier.\(3 * i)")
      let keras = isLast ? "predictions" : "fc\(i + 1)"
      multiply(
        width, from: shape, torch: torch, keras: keras,
        names: isLast
          ? [torch, "logits"]
          : [keras, "classifier.\(3 * i + 1)", "classifier.\(3 * i + 2)"],
        raw: isLast ? [] : [torch], rectified: !isLast)
      shape = (0, 0, width)
    }
    softmax(names: ["predictions"])
  }
}
