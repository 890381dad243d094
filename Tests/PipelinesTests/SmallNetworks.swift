// A SqueezeNet with seeded weights, as a file: small enough to be written by each test that needs it.

import Files
import NeuralNetworks
import Pipelines
import Tensors
import WeightFormats

enum SmallNetworks {
  /// Writes SqueezeNet 1.1 with He-scaled weights of a seed and torchvision's names.
  static func writeSqueezeNet(to path: String, seed: UInt64 = 1) throws {
    var generator = SeededGenerator(seed: seed)
    var tensors: [NamedTensor] = []
    var channels: [Int] = []
    for layer in NetworkDescription.squeezeNet(classes: 5).layers {
      let C =
        layer.operation == .concatenation
        ? layer.inputs.reduce(0) { $0 + channels[$1] }
        : layer.inputs.first.map { channels[$0] } ?? 3
      channels.append(C)
      guard case .convolution(let R, let S, let K, _, _) = layer.operation else { continue }
      channels[channels.count - 1] = K
      let deviation = (2 / Double(C * R * S)).squareRoot()
      let filters = (0..<K * C * R * S).map { _ in Float(deviation * generator.normal()) }
      tensors.append(
        NamedTensor(
          name: layer.torchName + ".weight", Tensor(shape: [K, C, R, S], scalars: filters)))
      let bias = (0..<K).map { _ in Float(0.1 * generator.normal()) }
      tensors.append(
        NamedTensor(name: layer.torchName + ".bias", Tensor(shape: [K], scalars: bias)))
    }
    try saveSafetensors(tensors, metadata: [:], to: path)
  }

  /// Settings for pictures of 64 x 64 pixels and a layer of the network.
  static func settings(
    _ layer: String = "fire4", _ change: (inout ClusteringSettings) -> Void = { _ in }
  ) -> ClusteringSettings {
    var settings = SmallMicrographs.settings
    settings.features = "squeezenet:\(layer)"
    settings.pooling = .meanMax
    settings.side = 64
    change(&settings)
    return settings
  }
}
