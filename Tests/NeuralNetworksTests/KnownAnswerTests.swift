import NeuralNetworks
import Tensors
import Testing

@Suite struct KnownAnswerTests {
  private let notop = NetworkDescription.squeezeNet(preprocessing: .keras)

  @Test func otherWeightsAnswerOtherwise() throws {
    let record = try #require(KnownAnswer.onRecord(for: notop))
    #expect(record.files.count == 2 && record.values.count == 32)
    let comparison = try record.compare(Network(notop, counterWeights(notop)))
    #expect(!comparison.isSame && comparison.deviation > 0.01)
  }

  @Test func networksThatNobodyHereHasSeenHaveNone() {
    #expect(KnownAnswer.onRecord(for: .vgg16(preprocessing: .keras)) == nil)
    #expect(KnownAnswer.onRecord(for: .squeezeNet()) == nil)
  }

  /// The order that is told from shapes, and what is wrong with them.
  @Test func ordersAreToldByTheShapes() throws {
    let weights = counterWeights(smallVGG)
    #expect(try checkWeights(weights, of: smallVGG) == .torch)
    let ours = try tensorsInOurOrder(weights, of: smallVGG)
    #expect(try checkWeights(ours, of: smallVGG) == .ours)
    #expect(ours[0].shape == [3, 3, 3, 8] && ours[0].name == weights[0].name)
    let theano = try kerasTensors(smallVGG, weights, theano: true)
      .map { NetworkTensor(name: $0.name, $0.tensor) }
    #expect(try checkWeights(theano, of: smallVGG) == .theano)
    // Twice in order is once; and all orders are the same network.
    let images = counterImages(1, 25, 20)
    let expected = try Network(smallVGG, weights)(images, layer: "logits")
    #expect(try Network(smallVGG, ours)(images, layer: "logits") == expected)
    let again = try tensorsInOurOrder(theano, of: smallVGG)
    for (a, b) in zip(ours, again) { #expect(try a.values() == b.values(), "\(a.name)") }
  }

  @Test func batchNormIsKeptApartWhenPutIntoOrder() throws {
    let weights = counterWeights(smallResNet)
    let ours = try tensorsInOurOrder(weights, of: smallResNet)
    #expect(ours.count == weights.count)
    let images = counterImages(1, 40, 33)
    #expect(
      try Network(smallResNet, ours)(images) == Network(smallResNet, weights)(images))
  }

  @Test func aNegativeVarianceIsRefused() throws {
    let weights = counterWeights(smallResNet).map { tensor in
      guard tensor.name == "layer2.0.bn1.running_var" else { return tensor }
      var values = Tensor<Float>(repeating: 1, shape: tensor.shape)
      values.scalars[5] = -1
      return NetworkTensor(name: tensor.name, values)
    }
    #expect(
      throws: NetworkError.negativeVariance(tensor: "layer2.0.bn1.running_var", index: 5)
    ) { try checkWeights(weights, of: smallResNet) }
  }
}
