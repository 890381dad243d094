// Weights, images and golden values of the network tests; see Tests/Fixtures/generate_networks.py.

import FoundationEssentials
import NeuralNetworks
import Tensors

/// Numbers in -1 ..< 1: tensor `number` of the family of the generator script.
func counterNumbers(_ number: Int, _ count: Int) -> [Float] {
  var result = [Float](repeating: 0, count: count)
  let size = 1 << 16
  parallelForEachChunk(of: &result, size: size) { chunk, values in
    let start = UInt64(number + 1) << 40
    let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15
    var mixer = SplitMix64(state: start &+ UInt64(chunk * size) &* gamma)
    for i in values.indices {
      values[i] = 2 * (Float(mixer.next() >> 40) * 0x1p-24) - 1
    }
  }
  return result
}

/// The images of the generator script.
func counterImages(_ n: Int, _ height: Int, _ width: Int) -> Tensor<Float> {
  let count = n * height * width * 3
  return Tensor(
    shape: [n, height, width, 3], scalars: counterNumbers(1000, count).map { 2 * $0 })
}

/// The weights of the generator script in PyTorch's names and shapes, made when they are asked for.
func counterWeights(_ description: NetworkDescription) -> [NetworkTensor] {
  var tensors: [NetworkTensor] = []
  func append(_ name: String, _ shape: [Int], _ map: @escaping @Sendable (Float) -> Float) {
    let number = tensors.count
    tensors.append(
      NetworkTensor(name: name, shape: shape) {
        Tensor(
          shape: shape, scalars: counterNumbers(number, shape.reduce(1, *)).map { map($0) })
      })
  }
  func appendFilters(_ name: String, _ shape: [Int]) {
    let bound = Float((6 / Double(shape.dropFirst().reduce(1, *))).squareRoot())
    append(name + ".weight", shape) { $0 * bound }
  }
  var channels: [Int] = []
  for layer in description.layers {
    let C =
      layer.operation == .concatenation
      ? layer.inputs.reduce(0) { $0 + channels[$1] } : layer.inputs.first.map { channels[$0] } ?? 3
    channels.append(C)
    switch layer.operation {
    case .convolution(let R, let S, let K, _, _):
      channels[channels.count - 1] = K
      appendFilters(layer.torchName, [K, C, R, S])
      if let norm = layer.normName {
        append(norm + ".weight", [K]) { 1 + 0.5 * $0 }
        append(norm + ".bias", [K]) { 0.5 * $0 }
        append(norm + ".running_mean", [K]) { 0.5 * $0 }
        append(norm + ".running_var", [K]) { 1 + 0.5 * $0 }
      } else {
        append(layer.torchName + ".bias", [K]) { 0.125 * $0 }
      }
    case .linear(let n, let H, let W, let C):
      appendFilters(layer.torchName, [n, C * max(1, H * W)])
      append(layer.torchName + ".bias", [n]) { 0.125 * $0 }
    default: break
    }
  }
  return tensors
}

/// The small network of VGG's kind, whose images are higher than wide.
let smallVGG = NetworkDescription.vgg(
  name: "small VGG", blocks: [[8, 20], [24], [40, 33]], pooledHeight: 3, pooledWidth: 2,
  hidden: [37, 20], classes: 10, imageSide: 24, preprocessing: .keras)

/// The small network of ResNet18's kind.
let smallResNet = NetworkDescription.resNet(name: "small ResNet", width: 8, classes: 10)

/// The values of a file of Tests/Fixtures/networks.
func goldenValues(_ name: String, file: String = #filePath) throws -> [Float] {
  let folder = file.split(separator: "/").dropLast(2).joined(separator: "/")
  let data = try Data(contentsOf: URL(filePath: "/\(folder)/Fixtures/networks/\(name).f32"))
  return stride(from: 0, to: data.count, by: 4).map { i in
    Float(
      bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[data.startIndex + i + $1]) << (8 * $1) })
  }
}

/// How far values are from golden ones: cosine, and largest difference over largest golden value.
func agreement(_ values: [Float], _ golden: [Float]) -> (cosine: Double, error: Double) {
  guard values.count == golden.count else { return (0, .infinity) }
  var (ab, aa, bb, worst, largest) = (0.0, 0.0, 0.0, 0.0, 0.0)
  for (a, b) in zip(values, golden) {
    let (a, b) = (Double(a), Double(b))
    (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b)
    (worst, largest) = (max(worst, abs(a - b)), max(largest, abs(b)))
  }
  return (ab / (aa * bb).squareRoot(), worst / largest)
}
