// A layer of a network with published weights as a source of features.
//
// Implements: R. Cohn, E. Holm, Integr. Mater. Manuf. Innov. 10 (2021) 231, section 2.2 (equalise,
//   resize, the activations of a layer); A. Kitahara, E. Holm, ibid. 7 (2018) 148, section 3.
// Equation -> code: prepared picture -> `input`; layer values -> `features`.
// Deviations: grey pictures, or the grey values of coloured ones, in all three channels. Resizing is
//   linear with reflected edges, and smoothed before where the picture shrinks (scikit-image), which
//   Keras' nearest-neighbour loader would not do.
// Checked by: NetworkFeaturesTests. Cost: the network's; see Network.

import Files
import Imaging
import NeuralNetworks
import Tensors
import WeightFormats

/// A network that was read from a file, through the layer whose values are wanted.
public struct FeatureNetwork: Sendable {
  /// The file that it was read from.
  public let identity: WeightsIdentity
  /// What the network consists of, and how pictures become its input.
  public let description: NetworkDescription
  /// The layer.
  public let layer: String
  /// The shape of one picture's values: (H, W, C) or (d).
  public let shape: [Int]
  /// Rows and columns of the input.
  public let side: Int
  /// The number of features of a picture.
  public let featureCount: Int
  /// The most bytes that the packed weights take.
  let weightBytes: Int
  private let network: Network
  private let settings: ClusteringSettings

  /// Pictures that pass the network together.
  static let batch = 16

  /// Reads a weight file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - settings: network, layer, pooling, preprocessing and side.
  /// - Throws: `FormatError` when the file is missing, damaged, or has the weights of another
  ///   network; `PipelineError.unsuitable` when there is no such layer or the side is too small.
  public init(contentsOf path: String, _ settings: ClusteringSettings) throws {
    guard case .network(let name, let layer) = settings.source else {
      throw PipelineError.unsuitable("features '\(settings.features)' name no network")
    }
    let bytes = try CheckedBytes(contentsOf: path)
    identity = WeightsIdentity(file: fileName(of: path), sha256: SHA256.hash(of: bytes))
    let tensors = networkTensors(try readTensorFile(bytes).tensors)
    do {
      var description = try identifyNetwork(tensors)
      let found = description.name.lowercased().prefix { $0 != " " }
      guard found == name else {
        throw bytes.error("these are weights of \(description.name), not of \(name)")
      }
      if let preprocessing = settings.preprocessing {
        description.preprocessing = preprocessing == "keras" ? .keras : .torchvision
      }
      side = settings.side ?? description.imageSide
      shape = try description.shape(of: layer, height: side, width: side)
      network = try Network(
        description, tensors, through: layer, algorithm: settings.exact ? .direct : .automatic)
      self.description = description
    } catch let error as NetworkError {
      switch error {
      case .unknownLayer, .input: throw PipelineError.unsuitable("\(error)")
      default: throw FormatError(file: path, problem: "\(error)")
      }
    }
    self.layer = layer
    self.settings = settings
    weightBytes = tensors.reduce(0) { $0 + 4 * $1.shape.reduce(1, *) }
    featureCount = settings.pooling.count(of: shape)
  }

  /// What features depend on beside the picture.
  var fingerprint: String {
    let colours = description.preprocessing
    return "\(settings.features), \(settings.pooling.rawValue), weights \(identity.sha256), "
      + "white \(colours.white), means \(colours.means), deviations \(colours.deviations), "
      + "reversed \(colours.reversesChannels), side \(side), rounded \(settings.roundsToBytes), "
      + "legacy \(settings.kitaharaLegacy)" + (settings.exact ? ", exact" : "")
  }

  /// The input of one picture: shape (side, side, 3).
  ///
  /// - Parameter grey: shape (H, W), 0...1, equalised if that is asked for.
  /// - Returns: shape (side, side, 3), preprocessed.
  /// - Throws: `ImagingError` for values that are not finite.
  func input(_ grey: Tensor<Float>) throws(ImagingError) -> Tensor<Float> {
    if settings.kitaharaLegacy {
      return legacyInput(description.preprocessing(roundedToBytes(grey)), side: side)
    }
    let resized = try resize(grey, height: side, width: side)
    return description.preprocessing(settings.roundsToBytes ? roundedToBytes(resized) : resized)
  }

  /// The features of pictures, in their order; the same whatever passes the network together.
  ///
  /// - Parameter greys: of each picture shape (H, W), 0...1.
  /// - Returns: `featureCount` values a picture.
  /// - Throws: `ImagingError`, `NetworkError`.
  func features(_ greys: [Tensor<Float>]) throws -> [[Float]] {
    var rows: [[Float]] = []
    for first in stride(from: 0, to: greys.count, by: Self.batch) {
      let part = greys[first..<min(first + Self.batch, greys.count)]
      let inputs = try parallelMap(part.count) { index in
        Result { () throws(ImagingError) in try input(part[first + index]) }
      }.map { try $0.get() }
      let values = try network(
        Tensor(shape: [part.count, side, side, 3], scalars: inputs.flatMap(\.scalars)),
        layer: layer)
      let width = values.count / part.count
      rows += parallelMap(part.count) { index in
        settings.pooling(values.scalars[(index * width)..<((index + 1) * width)], shape: shape)
      }
    }
    return rows
  }
}

/// Grey levels as a file of 8 bits keeps them.
private func roundedToBytes(_ grey: Tensor<Float>) -> Tensor<Float> {
  Tensor(
    shape: grey.shape,
    scalars: grey.scalars.map { (max(0, min(1, $0)) * 255).rounded(.toNearestOrEven) / 255 })
}
