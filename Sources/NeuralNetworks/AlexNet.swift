// AlexNet as torchvision publishes it.
//
// Implements: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
//   arXiv:1404.5997, 2014 (the single column of torchvision's `alexnet`).
// Deviations: none. Checked by: NetworkGoldenTests.

extension NetworkDescription {
  /// AlexNet.
  ///
  /// - Parameter classes: outputs of the last layer.
  /// - Returns: its layers, with torchvision's preprocessing.
  public static func alexNet(classes: Int = 1000) -> NetworkDescription {
    var result = NetworkDescription(
      name: "AlexNet", imageSide: 224, preprocessing: .torchvision)
    result.convolve(
      11, 64, stride: 4, padding: 2, torch: "features.0", names: ["features.1"],
      raw: ["features.0"])
    result.maximumPool(3, stride: 2, names: ["features.2"])
    result.convolve(
      5, 192, padding: 2, torch: "features.3", names: ["features.4"], raw: ["features.3"])
    result.maximumPool(3, stride: 2, names: ["features.5"])
    for (index, width) in [(6, 384), (8, 256), (10, 256)] {
      result.convolve(
        3, width, padding: 1, torch: "features.\(index)", names: ["features.\(index + 1)"],
        raw: ["features.\(index)"])
    }
    result.maximumPool(3, stride: 2, names: ["features.12"])
    result.topStart = result.layers.count
    result.averagePool(6, 6, names: ["avgpool", "classifier.0"])
    result.multiply(
      4096, from: (6, 6, 256), torch: "classifier.1",
      names: ["fc1", "classifier.2", "classifier.3"],
      raw: ["classifier.1"], rectified: true)
    result.multiply(
      4096, from: (0, 0, 4096), torch: "classifier.4", names: ["fc2", "classifier.5"],
      raw: ["classifier.4"], rectified: true)
    result.multiply(
      classes, from: (0, 0, 4096), torch: "classifier.6", names: ["classifier.6", "logits"],
      rectified: false)
    result.softmax(names: ["predictions"])
    return result
  }
}
