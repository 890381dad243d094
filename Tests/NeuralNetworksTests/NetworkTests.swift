import NeuralNetworks
import Tensors
import Testing

@Suite struct NetworkTests {
  /// The twin sums each output in one chain, the kernels do too; the bound leaves 32 ulp a layer.
  @Test func agreesWithItsTwinAtEveryLayer() throws {
    let weights = counterWeights(smallVGG)
    let network = try Network(smallVGG, weights)
    let images = counterImages(2, 25, 20)
    let plain = try plainWeights(smallVGG, weights)
    for (index, layer) in smallVGG.layers.enumerated().dropFirst().dropLast() {
      let name = try #require(layer.names.first)
      let values = try network(images, layer: name)
      let expected = networkReference(smallVGG, images, weights: plain, target: index)
      #expect(values.shape == expected.shape, "\(name)")
      #expect(agreement(values.scalars, expected.scalars).error < 32 * 0x1p-23, "\(name)")
    }
  }

  @Test func everyNameFindsItsLayer() throws {
    for description: NetworkDescription in [
      .vgg16(), .alexNet(), .resNet18(), .squeezeNet(), smallVGG,
    ] {
      #expect(Set(description.layerNames).count == description.layerNames.count)
    }
    let names = NetworkDescription.vgg16().layerNames
    for name in ["block5_conv3", "block5_pool", "fc1", "fc2", "features.28", "classifier.0"] {
      #expect(names.contains(name))
    }
    #expect(NetworkDescription.resNet18().layerNames.contains("layer4.1"))
    #expect(NetworkDescription.alexNet().layerNames.contains("features.12"))
  }

  @Test func rectifiedLayersAreTheirRawOnesWithoutNegativeValues() throws {
    let network = try Network(smallVGG, counterWeights(smallVGG))
    let images = counterImages(1, 24, 16)
    for (raw, rectified) in [("features.8", "block3_conv1"), ("classifier.0", "fc1")] {
      let before = try network(images, layer: raw)
      let after = try network(images, layer: rectified)
      let isSame = after.scalars == before.scalars.map { $0 < 0 ? 0 : $0 }
      #expect(isSame && before.scalars.contains { $0 < 0 }, "\(raw)")
    }
  }

  @Test func partsOfFireModulesAreTheirConcatenation() throws {
    let description = NetworkDescription.squeezeNet(classes: 10)
    let network = try Network(description, counterWeights(description))
    let images = counterImages(2, 40, 36)
    let near = try network(images, layer: "fire3/relu_expand1x1")
    let far = try network(images, layer: "fire3/relu_expand3x3")
    let both = try network(images, layer: "fire3")
    #expect(both.shape[3] == near.shape[3] + far.shape[3])
    let (C, pixels) = (near.shape[3], near.count / near.shape[3])
    for p in 0..<pixels {
      #expect(
        both.scalars[(p * 2 * C)..<((p * 2 + 1) * C)] == near.scalars[(p * C)..<((p + 1) * C)])
      #expect(
        both.scalars[((p * 2 + 1) * C)..<((p + 1) * 2 * C)]
          == far.scalars[(p * C)..<((p + 1) * C)])
    }
  }

  @Test func imagesDoNotDependOnTheirBatch() throws {
    let network = try Network(smallResNet, counterWeights(smallResNet))
    let images = counterImages(5, 65, 64)
    let all = try network(images, layer: "layer4.1")
    let size = 65 * 64 * 3
    let third = Tensor(
      shape: [1, 65, 64, 3], scalars: Array(images.scalars[(2 * size)..<(3 * size)]))
    let length = all.count / 5
    #expect(
      try network(third, layer: "layer4.1").scalars
        == Array(all.scalars[(2 * length)..<(3 * length)]))
  }

  /// With few weights each thread takes images of its own through all layers.
  @Test func threadsDoNotChangeBits() throws {
    let saved = Parallelism.threads
    defer { Parallelism.threads = saved }
    let description = NetworkDescription.squeezeNet(classes: 10)
    let network = try Network(description, counterWeights(description))
    let images = counterImages(5, 67, 64)
    var first: [UInt32] = []
    for threads in [1, 2, 3, 8] {
      Parallelism.threads = threads
      let bits = try network(images, layer: "fire9").scalars.map(\.bitPattern)
      if first.isEmpty { first = bits }
      #expect(bits == first, "\(threads) threads")
    }
  }

  /// What a network keeps of images of other sizes leaves no trace: networks that see one size alone give the
  /// same bits, with one image at a time on each thread and with several together.
  @Test(arguments: [
    (smallResNet, ["layer4.1", "layer2.0"]), (.squeezeNet(classes: 10), ["fire9", "fire4"]),
    (smallVGG, ["block3_pool", "block1_conv2"]),
  ])
  func buffersAreUsedAgainForImagesOfOtherSizes(
    _ description: NetworkDescription, _ layers: [String]
  ) throws {
    let weights = counterWeights(description)
    let used = try Network(description, weights)
    // Heights and widths change together and alone.
    let images = [(1, 40, 33), (2, 70, 64), (5, 33, 71), (3, 33, 40), (2, 40, 40)]
      .map(counterImages)
    for layer in layers {
      let fresh = try images.map { try Network(description, weights)($0, layer: layer) }
      #expect(fresh.allSatisfy { $0.scalars.contains { $0 != 0 } })
      for _ in 0..<2 {
        for (image, expected) in zip(images, fresh) {
          #expect(try used(image, layer: layer) == expected, "\(layer) of \(image.shape)")
        }
      }
    }
  }

  /// The twin keeps nothing; the bound leaves 32 ulp a layer, as above.
  @Test func imagesOfOtherSizesStillAgreeWithTheTwin() throws {
    let description = NetworkDescription.squeezeNet(classes: 10)
    let weights = counterWeights(description)
    let plain = try plainWeights(description, weights)
    let network = try Network(description, weights)
    let target = try #require(description.layers.firstIndex { $0.names.contains("fire3") })
    for (n, height, width) in [(2, 45, 36), (1, 24, 50), (3, 45, 36)] {
      let images = counterImages(n, height, width)
      let expected = networkReference(description, images, weights: plain, target: target)
      let values = try network(images, layer: "fire3")
      #expect(values.shape == expected.shape)
      let error = agreement(values.scalars, expected.scalars).error
      #expect(error < 32 * 0x1p-23, "\(images.shape)")
    }
  }

  @Test func sharesOfClassesAddUpToOne() throws {
    let network = try Network(smallVGG, counterWeights(smallVGG))
    let shares = try network(counterImages(2, 24, 16))
    let logits = try network(counterImages(2, 24, 16), layer: "logits")
    #expect(shares.shape == [2, 10])
    for n in 0..<2 {
      // 10 roundings to Float of numbers below 1.
      #expect(abs(shares.scalars[(n * 10)..<(n * 10 + 10)].reduce(0, +) - 1) < 10 * 0x1p-23)
    }
    let best = (0..<10).max { logits.scalars[$0] < logits.scalars[$1] }
    #expect(best == (0..<10).max { shares.scalars[$0] < shares.scalars[$1] })
  }

  @Test func refusesImagesAndLayersThatDoNotSuit() throws {
    let network = try Network(smallVGG, counterWeights(smallVGG), through: "fc1")
    var images = counterImages(1, 24, 16)
    #expect(throws: NetworkError.self) { try network(images, layer: "classifier.6") }
    #expect(throws: NetworkError.self) { try network(images, layer: "block9_pool") }
    #expect(throws: NetworkError.self) { try network(counterImages(1, 7, 16)) }
    images.scalars[5] = .nan
    #expect(throws: NetworkError.input(problem: "value 5 of the images is NaN or infinite")) {
      try network(images)
    }
    #expect(try network(counterImages(0, 24, 16)).shape == [0, 37])
  }

  /// Filters as [R, S, C, K] and matrices as [inputs, outputs], straight from PyTorch's order.
  private func plainWeights(
    _ description: NetworkDescription, _ tensors: [NetworkTensor]
  ) throws -> [(values: Tensor<Float>, bias: Tensor<Float>)?] {
    let keras = try kerasTensors(description, tensors)
    return description.layers.map { layer in
      guard let first = keras.firstIndex(where: { $0.name.hasPrefix(layer.kerasName + "/") }),
        !layer.kerasName.isEmpty
      else { return nil }
      return (keras[first].tensor, keras[first + 1].tensor)
    }
  }
}
