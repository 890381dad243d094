// Which network a file's tensors belong to.
//
// Deviations: the network whose names are best covered wins, so that a damaged file is told what it
//   lacks. Checked by: NetworkWeightsTests.

/// The share of a network's names that must be there to say that it is meant.
private let leastCoverage = 0.5

/// The description of the network that tensors belong to, with as many classes as they have, and
/// without the classifier where they have none.
///
/// A network of VGG's kind with other widths is worked out from its names and shapes.
///
/// - Parameters:
///   - tensors: names and shapes of PyTorch's or Keras' files.
///   - image: rows and columns of the images; they matter for networks of VGG's kind alone, and tell
///     how many rows and columns the first matrix reads. `nil`: as many as one another, or nearly.
/// - Returns: the network, with the preprocessing of the files that have such names.
/// - Throws: `NetworkError.unknownNetwork` when no network has most of its tensors there.
public func identifyNetwork(
  _ tensors: [NetworkTensor], image: (height: Int, width: Int)? = nil
) throws(NetworkError) -> NetworkDescription {
  var best: (coverage: Double, description: NetworkDescription)?
  for candidate in candidates {
    let description = candidate(1000)
    let isKeras = description.preprocessing == .keras
    let roles = NetworkWeights.roles(description, isKeras ? .keras : .torch)
    let covered = tensors.count {
      isKeras ? kerasRole($0.name, in: roles) != nil : roles.contains($0.name)
    }
    let coverage = Double(covered) / Double(max(1, roles.count))
    if coverage > (best?.coverage ?? leastCoverage) {
      best = (coverage, fitted(candidate, tensors, isKeras))
    }
  }
  if let best { return best.description }
  guard let small = identifyVGG(tensors, image: image) else {
    throw .unknownNetwork(found: tensors.map(\.name))
  }
  return small
}

/// The networks with published weights, as functions of the number of classes.
private var candidates: [(Int) -> NetworkDescription] {
  [
    { .vgg16(classes: $0) }, { .vgg16(classes: $0, preprocessing: .keras) },
    { .alexNet(classes: $0) }, { .resNet18(classes: $0) }, { .squeezeNet(classes: $0) },
    { .squeezeNet(classes: $0, preprocessing: .keras) },
  ]
}

/// The network with the classes that the tensors have, or without its classifier.
private func fitted(
  _ candidate: (Int) -> NetworkDescription, _ tensors: [NetworkTensor], _ isKeras: Bool
) -> NetworkDescription {
  let description = candidate(1000)
  let top = description.layers[description.topStart...].filter {
    !NetworkWeights.roles(of: $0, isKeras ? .keras : .torch).isEmpty
  }
  let found = top.compactMap { layer in
    tensors.first { tensor in
      let roles = NetworkWeights.roles(of: layer, isKeras ? .keras : .torch)
      return isKeras
        ? kerasRole(tensor.name, in: Set(roles)) == roles[0] : tensor.name == roles[0]
    }.map { (layer, $0) }
  }
  guard let (layer, tensor) = found.last else { return description.withoutTop() }
  // Our order ends in the outputs, under PyTorch's names too.
  let isOurs = tensors.contains {
    $0.name == NetworkWeights.roles(of: description.layers[1], .torch)[0] && $0.shape.first != 64
      && $0.shape.last == 64
  }
  let width = isKeras || isOurs ? tensor.shape.last : tensor.shape.first
  guard layer == top.last, let width,
    (1...1_000_000).contains(width)
  else { return description }
  return candidate(width)
}
