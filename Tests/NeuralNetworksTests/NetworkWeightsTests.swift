import NeuralNetworks
import Tensors
import Testing

/// The same weights under Keras' names and in its order; `mirrored`: in that of Theano.
func kerasTensors(
  _ description: NetworkDescription, _ tensors: [NetworkTensor], theano: Bool = false,
  names: (kernel: String, bias: String) = ("_W_1:0", "_b_1:0")
) throws -> [(name: String, tensor: Tensor<Float>)] {
  var result: [(name: String, tensor: Tensor<Float>)] = []
  for layer in description.layers where !layer.kerasName.isEmpty {
    let (group, torch) = (layer.kerasName, layer.torchName)
    let stored = try #require(tensors.first { $0.name == torch + ".weight" }).values()
    let bias = try #require(tensors.first { $0.name == torch + ".bias" }).values()
    var kernel = stored
    if stored.rank == 4 {
      let (K, C, R, S) = (stored.shape[0], stored.shape[1], stored.shape[2], stored.shape[3])
      kernel = Tensor(repeating: 0, shape: theano ? [K, C, R, S] : [R, S, C, K])
      for k in 0..<K {
        for c in 0..<C {
          for tap in 0..<(R * S) {
            let value = stored.scalars[(k * C + c) * R * S + tap]
            let mirrored = (k * C + c) * R * S + R * S - 1 - tap
            kernel.scalars[theano ? mirrored : (tap * C + c) * K + k] = value
          }
        }
      }
    } else if case .linear(let n, let H, let W, let C) = layer.operation {
      kernel = stored.transposed()
      if H * W > 1 && !theano {
        for o in 0..<n {
          for c in 0..<C {
            for p in 0..<(H * W) {
              kernel[p * C + c, o] = stored[o, c * H * W + p]
            }
          }
        }
      }
    }
    result.append(("\(group)/\(group)\(names.kernel)", kernel))
    result.append(("\(group)/\(group)\(names.bias)", bias))
  }
  return result
}

extension [NetworkTensor] {
  /// The list with one tensor replaced.
  fileprivate func replacing(_ name: String, with tensor: Tensor<Float>) -> [NetworkTensor] {
    map { $0.name == name ? NetworkTensor(name: name, tensor) : $0 }
  }
}

@Suite struct NetworkWeightsTests {
  private let weights = counterWeights(smallVGG)
  private let images = counterImages(2, 25, 20)

  @Test(arguments: [("_W_1:0", "_b_1:0"), ("_W", "_b"), ("/kernel:0", "/bias:0")])
  func kerasOrderGivesTheSameBits(_ names: (String, String)) throws {
    let expected = try Network(smallVGG, weights)(images, layer: "logits")
    let keras = try kerasTensors(smallVGG, weights, names: names)
      .map { NetworkTensor(name: $0.name, $0.tensor) }
    #expect(try Network(smallVGG, keras)(images, layer: "logits") == expected)
  }

  @Test func theanoOrderGivesTheSameBits() throws {
    let expected = try Network(smallVGG, weights)(images, layer: "logits")
    let theano = try kerasTensors(smallVGG, weights, theano: true)
      .map { NetworkTensor(name: $0.name, $0.tensor) }
    #expect(try Network(smallVGG, theano)(images, layer: "logits") == expected)
  }

  @Test func tellsNetworksByTheirTensors() throws {
    for description: NetworkDescription in [
      .vgg16(classes: 6), .alexNet(classes: 7), .resNet18(classes: 5), .squeezeNet(classes: 9),
    ] {
      #expect(try identifyNetwork(counterWeights(description)) == description)
    }
    let names = NetworkDescription.squeezeNet(preprocessing: .keras).layers
      .filter { !$0.kerasName.isEmpty && $0.kerasName != "conv10" }
      .flatMap { ["\($0.kerasName)/uniform7", "\($0.kerasName)/\($0.kerasName)_b"] }
      .map { NetworkTensor(name: $0, .zeros([1])) }
    let notop = try identifyNetwork(names)
    #expect(notop.preprocessing == .keras && notop.layerNames.last == "features.12")
    #expect(throws: NetworkError.self) { try identifyNetwork(Array(names.prefix(4))) }
  }

  @Test func toleratesAnotherLastLayerForFeaturesAlone() throws {
    let expected = try Network(smallVGG, weights)(images, layer: "fc2")
    let other = weights.replacing("classifier.6.weight", with: .zeros([3, 20]))
    #expect(throws: NetworkError.self) { try Network(smallVGG, other) }
    #expect(try Network(smallVGG, other, through: "fc2")(images) == expected)
    #expect(try Network(smallVGG, Array(weights.dropLast(2)), through: "fc2")(images) == expected)
  }

  @Test func errorsNameTheTensor() throws {
    #expect(
      throws: NetworkError.shape(
        tensor: "features.5.weight", expected: [24, 20, 3, 3], found: [24, 20, 3, 2])
    ) {
      try Network(
        smallVGG, weights.replacing("features.5.weight", with: .zeros([24, 20, 3, 2])))
    }
    var bias = Tensor<Float>.zeros([20])
    bias.scalars[7] = .infinity
    #expect(throws: NetworkError.notFinite(tensor: "features.2.bias", index: 7)) {
      try Network(smallVGG, weights.replacing("features.2.bias", with: bias))
    }
    #expect(
      throws: NetworkError.missing(
        network: "small VGG", tensors: [TensorOutline("classifier.3.bias", [20])])
    ) {
      try Network(smallVGG, weights.filter { $0.name != "classifier.3.bias" })
    }
    let extra = weights + [NetworkTensor(name: "features.99.weight", .zeros([1]))]
    #expect(
      throws: NetworkError.unexpected(
        network: "small VGG", tensors: [TensorOutline("features.99.weight", [1])])
    ) { try Network(smallVGG, extra) }
    #expect(throws: NetworkError.duplicate(tensor: "features.0.weight")) {
      try Network(smallVGG, weights + weights.prefix(1))
    }
  }

  @Test func refusesANegativeVarianceAndIgnoresCounters() throws {
    let weights = counterWeights(smallResNet)
    var variance = Tensor<Float>(repeating: 1, shape: [8])
    variance.scalars[3] = -0.25
    #expect(throws: NetworkError.negativeVariance(tensor: "bn1.running_var", index: 3)) {
      try Network(smallResNet, weights.replacing("bn1.running_var", with: variance))
    }
    let counted = weights + [NetworkTensor(name: "bn1.num_batches_tracked", .zeros([]))]
    _ = try Network(smallResNet, counted)
  }

  @Test func preprocessingIsThatOfTheWeights() {
    let image = Tensor<Float>(shape: [1, 2, 3], scalars: [1, 0.5, 0, 0.2, 0.4, 0.6])
    let keras = Preprocessing.keras(image).scalars
    // Blue, green, red on 0 ... 255 minus the means of Keras, rounded to Float.
    let expected: [Float] = [-103.939, 10.721, 131.32, 49.061, -14.779, -72.68]
    // An ulp of 131.
    for (a, b) in zip(keras, expected) { #expect(abs(a - b) <= 0x1p-16) }
    let torch = Preprocessing.torchvision(image).scalars
    let shares: [Float] = [2.248_908, 0.196_429, -1.804_444, -1.244_541, -0.25, 0.862_222]
    // Half a unit of the last decimal here, and an ulp of 2.
    for (a, b) in zip(torch, shares) { #expect(abs(a - b) <= 5e-7 + 0x1p-22) }
    let grey = Tensor<Float>(shape: [1, 1], scalars: [0.5])
    #expect(Preprocessing.keras(grey).shape == [1, 1, 3])
  }
}
