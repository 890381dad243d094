// `nital lab forward`: the values of a layer of a network with published weights.

import ArgumentParser
import Files
import Imaging
import NeuralNetworks
import Tensors
import WeightFormats

struct LabForward: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward",
    abstract: "The values of a network's layer for pictures: one flattened row an image.",
    discussion: """
      NETWORK is vgg16, alexnet, resnet18, squeezenet, or auto to tell it from the weights; auto also \
      tells smaller networks of VGG's kind. Layers have their Keras and their torchvision names: \
      block5_conv3, fc1, features.28, classifier.0, layer4.1, avgpool, logits. A picture is resized \
      to the network's size; an array (N, H, W, 3) of preprocessed images is taken as it is, and with \
      --preprocessing none so are pictures. Rows are in the order (y, x, channel).
      """)

  @Argument(help: "vgg16, alexnet, resnet18, squeezenet or auto.") var network: String
  @Argument(help: "Pictures, or arrays (N, H, W, 3).") var images: [String]
  @Option(help: "The file of the weights (default: a published one; see nital weights list).")
  var weights: String?
  @Option(help: "The layer (default: the last).") var layer: String?
  @Option(help: "Rows and columns of the network's input (default: that of its training).")
  var side: Int?
  @Option(help: "keras, torchvision or none (default: that of the weights).")
  var preprocessing: String?
  @Option(help: "automatic, direct, winograd2 or winograd4, for 3 x 3 filters of stride 1.")
  var algorithm = "automatic"
  @Flag(help: "Never Winograd's algorithm: the same as --algorithm direct.") var exact = false
  @Option(help: "Images that pass the network together.") var batch = 32
  @OptionGroup var lab: LabOptions

  func validate() throws {
    let names = ["auto", "vgg16", "alexnet", "resnet18", "squeezenet"]
    if !names.contains(network) {
      throw ValidationError("The network is one of \(names.joined(separator: ", ")).")
    }
    if !(1...8192).contains(side ?? 1) { throw ValidationError("--side takes 1 to 8192.") }
    if !(1...4096).contains(batch) { throw ValidationError("--batch takes 1 to 4096.") }
    if !["automatic", "direct", "winograd2", "winograd4"].contains(algorithm) {
      throw ValidationError("--algorithm takes automatic, direct, winograd2 or winograd4.")
    }
    if exact && algorithm.hasPrefix("winograd") {
      throw ValidationError("--exact forbids --algorithm \(algorithm).")
    }
    if !["keras", "torchvision", "none"].contains(preprocessing ?? "keras") {
      throw ValidationError("--preprocessing takes keras, torchvision or none.")
    }
    if network == "auto" && weights == nil {
      throw ValidationError("auto needs --weights FILE.")
    }
  }

  func run() throws {
    let (net, description) = try load()
    let inputs = try images.flatMap { (path: String) in try batches(path, description) }
    let rows = try lab.timed { try inputs.map { try net($0, layer: layer) } }
    let count = rows.reduce(0) { $0 + $1.shape[0] }
    let width = rows.first.map { $0.count / max(1, $0.shape[0]) } ?? 0
    try require(
      rows.allSatisfy { $0.count == $0.shape[0] * width },
      "the images have different sizes, so that their rows differ in length")
    let result = Tensor(shape: [count, width], scalars: rows.flatMap(\.scalars))
    try saveArray(NamedTensor(name: "result", result), to: lab.output)
  }

  /// The network, packed.
  private func load() throws -> (Network, NetworkDescription) {
    let path = try weightFile(weights, for: network)
    let tensors = networkTensors(
      try readingFile { () throws(FormatError) in try loadTensors(contentsOf: path) })
    let size = network == "auto" ? try imageSize() : nil
    do throws(NetworkError) {
      var description = try identifyNetwork(tensors, image: size)
      let name = description.name.lowercased().prefix { $0 != " " }
      if network != "auto" && network != name {
        throw .input(problem: "these are weights of \(description.name), not of \(network)")
      }
      if let preprocessing, preprocessing != "none" {
        description.preprocessing = preprocessing == "keras" ? .keras : .torchvision
      }
      let way = exact ? .direct : ConvolutionAlgorithm(rawValue: algorithm) ?? .automatic
      return (
        try Network(description, tensors, through: layer, algorithm: way), description
      )
    } catch {
      throw CommandFailure("\(path): \(error)", .modelMissing)
    }
  }

  /// Rows and columns of the first image as the network will take it.
  private func imageSize() throws(CommandFailure) -> (height: Int, width: Int)? {
    guard let first = images.first else { return nil }
    let shape = try loadPicture(first).shape
    if shape.count == 4 { return (shape[1], shape[2]) }
    if let side { return (side, side) }
    return preprocessing == "none" && shape.count >= 2 ? (shape[0], shape[1]) : nil
  }

  /// The preprocessed images of one argument, some at a time.
  private func batches(
    _ path: String, _ description: NetworkDescription
  ) throws -> [Tensor<Float>] {
    let values = try loadPicture(path).floats
    guard values.rank == 4 else { return [try prepared(values, path, description)] }
    try require(values.shape[3] == 3, "\(path): shape \(values.shape), expected (N, H, W, 3)")
    let length = values.shape[1] * values.shape[2] * 3
    return stride(from: 0, to: values.shape[0], by: batch).map { first in
      let n = min(batch, values.shape[0] - first)
      return Tensor(
        shape: [n] + values.shape.dropFirst(),
        scalars: Array(values.scalars[(first * length)..<((first + n) * length)]))
    }
  }

  /// One picture as a batch.
  private func prepared(
    _ picture: Tensor<Float>, _ path: String, _ description: NetworkDescription
  ) throws -> Tensor<Float> {
    try require(
      picture.rank == 2 || (picture.rank == 3 && picture.shape[2] == 3),
      "\(path): shape \(picture.shape) is no grey or RGB picture")
    if preprocessing == "none" {
      try require(picture.rank == 3, "\(path): shape \(picture.shape), expected (H, W, 3)")
      return picture.reshaped(to: [1] + picture.shape)
    }
    let side = side ?? description.imageSide
    let sized = try resize(picture, height: side, width: side)
    return description.preprocessing(sized).reshaped(to: [1, side, side, 3])
  }
}
