import NeuralNetworks
import Tensors
import Testing

@Suite struct NetworkShapesTests {
  @Test func shapesAreThoseOfTheValues() throws {
    for (description, height, width) in [
      (smallVGG, 24, 16), (smallResNet, 40, 33), (.squeezeNet(classes: 4), 65, 50),
    ] {
      let network = try Network(description, counterWeights(description))
      let images = counterImages(1, height, width)
      for layer in description.layerNames {
        let values = try network(images, layer: layer)
        let shape = try description.shape(of: layer, height: height, width: width)
        // Softmax behind rows and columns flattens them.
        #expect(values.count == shape.reduce(1, *), "\(description.name) \(layer)")
        if shape.count == 3 && values.rank == 4 {
          #expect(Array(values.shape.dropFirst()) == shape)
        }
      }
    }
  }

  @Test func published() throws {
    #expect(try NetworkDescription.vgg16().shape(of: "fc1", height: 224, width: 224) == [4096])
    #expect(
      try NetworkDescription.vgg16().shape(of: "block5_pool", height: 224, width: 224)
        .reduce(1, *) == 25_088)
    #expect(
      try NetworkDescription.vgg16().shape(of: "block1_conv1", height: 224, width: 224)
        .reduce(1, *) == 3_211_264)
    #expect(throws: NetworkError.self) {
      try NetworkDescription.vgg16().shape(of: "fc9", height: 224, width: 224)
    }
    #expect(throws: NetworkError.self) {
      try NetworkDescription.squeezeNet().shape(of: "fire9", height: 4, width: 4)
    }
  }
}
