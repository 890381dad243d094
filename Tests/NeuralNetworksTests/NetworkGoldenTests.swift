import FoundationEssentials
import NeuralNetworks
import Tensors
import Testing

/// Layers against PyTorch with the same weights.
///
/// Both sides round each of some 20 layers in an order of their own: measured on all instruction sets
/// 2.4e-6 of the largest value at most, and 1.1e-12 from a cosine of 1. The bounds are four times that.
@Suite struct NetworkGoldenTests {
  private func expectGolden(
    _ values: Tensor<Float>, _ name: String, images: Int? = nil,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let golden = try goldenValues(name)
    let part = images.map { values.count / values.shape[0] * $0 } ?? values.count
    let (cosine, error) = agreement(Array(values.scalars[..<part]), golden)
    #expect(cosine > 1 - 5e-12, "\(name): cosine \(cosine)", sourceLocation: location)
    #expect(error < 1e-5, "\(name): error \(error)", sourceLocation: location)
  }

  @Test func vggAgreesWithPyTorch() throws {
    let network = try Network(smallVGG, counterWeights(smallVGG))
    let images = counterImages(3, 25, 20)
    for layer in ["block2_pool", "classifier.0", "classifier.6"] {
      try expectGolden(try network(images, layer: layer), "vgg_small_\(layer)")
    }
  }

  @Test func alexNetAgreesWithPyTorch() throws {
    let description = NetworkDescription.alexNet()
    let network = try Network(
      description, counterWeights(description), through: "features.12")
    try expectGolden(
      try network(counterImages(2, 95, 80), layer: "features.12"), "alexnet_features.12")
  }

  @Test func resNetAgreesWithPyTorch() throws {
    let network = try Network(smallResNet, counterWeights(smallResNet))
    let images = counterImages(2, 70, 53)
    for layer in ["relu", "layer2.0", "layer4.1", "fc"] {
      try expectGolden(try network(images, layer: layer), "resnet_small_\(layer)", images: 1)
    }
  }

  @Test(arguments: ["torch", "keras"])
  func squeezeNetAgreesWithPyTorchUnderBothRulesOfPooling(_ rule: String) throws {
    let description = NetworkDescription.squeezeNet(
      classes: 10, preprocessing: rule == "keras" ? .keras : .torchvision)
    let network = try Network(description, counterWeights(description))
    let images = counterImages(2, 63, 50)
    for layer in ["fire4", "avgpool"] {
      try expectGolden(
        try network(images, layer: layer), "squeezenet_\(rule)_\(layer)", images: 1)
    }
  }

  /// VGG16, AlexNet and ResNet18 as large as they are published.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["NITAL_EXHAUSTIVE"] == "1"))
  func publishedSizesAgreeWithPyTorch() throws {
    let cases: [(NetworkDescription, layer: String, name: String)] = [
      (.vgg16(classes: 10), "classifier.0", "full_vgg16_classifier.0"),
      (.alexNet(), "classifier.1", "full_alexnet_classifier.1"),
      (.resNet18(classes: 10), "avgpool", "full_resnet18_avgpool"),
    ]
    for (description, layer, name) in cases {
      let network = try Network(description, counterWeights(description), through: layer)
      let values = try network(counterImages(1, 224, 224), layer: layer)
      let (cosine, error) = agreement(values.scalars, try goldenValues(name))
      print("\(name): cosine \(cosine), max|a-b| / max|b| \(error)")
      try expectGolden(values, name)
    }
  }
}
