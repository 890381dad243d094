// What can be wrong with weights, or with the use of a network.

/// Weights that do not suit a network, or a request that a network cannot meet.
public enum NetworkError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The tensors are those of no network that is known here.
  case unknownNetwork(found: [String])
  /// Tensors that the network needs are not there; with the shapes that it expects.
  case missing(network: String, tensors: [TensorOutline])
  /// Tensors are there that the network does not have; with the shapes that they have.
  case unexpected(network: String, tensors: [TensorOutline])
  /// A tensor has another shape than the network's.
  case shape(tensor: String, expected: [Int], found: [Int])
  /// A tensor is there twice.
  case duplicate(tensor: String)
  /// A value is NaN or infinite; `index` counts in row-major order.
  case notFinite(tensor: String, index: Int)
  /// A running variance is negative.
  case negativeVariance(tensor: String, index: Int)
  /// A tensor's values could not be read.
  case unreadable(tensor: String, problem: String)
  /// No layer has this name.
  case unknownLayer(name: String, network: String, known: [String])
  /// The images do not suit the network or the layer.
  case input(problem: String)

  /// The sentence to print.
  public var description: String {
    switch self {
    case .unknownNetwork(let found):
      "these are the weights of no known network (VGG16, AlexNet, ResNet18, SqueezeNet); "
        + "tensors: \(listed(found.map { "'\(shown($0))'" }))"
    case .missing(let network, let tensors):
      "\(network) needs tensors that are missing, expected: \(listed(tensors.map(\.description)))"
    case .unexpected(let network, let tensors):
      "\(network) has no such tensors, found: \(listed(tensors.map(\.description)))"
    case .shape(let tensor, let expected, let found):
      "tensor '\(shown(tensor))': shape \(expected) expected, \(found) found"
    case .duplicate(let tensor): "tensor '\(shown(tensor))' is there twice"
    case .notFinite(let tensor, let index):
      "tensor '\(shown(tensor))': value \(index) is NaN or infinite"
    case .negativeVariance(let tensor, let index):
      "tensor '\(shown(tensor))': the variance at index \(index) is negative"
    case .unreadable(let tensor, let problem): "tensor '\(shown(tensor))': \(problem)"
    case .unknownLayer(let name, let network, let known):
      "\(network) has no layer '\(shown(name))'; it has \(known.joined(separator: ", "))"
    case .input(let problem): problem
    }
  }
}

/// The first names of a list.
private func listed(_ names: [String]) -> String {
  let first = names.prefix(6).joined(separator: ", ")
  return names.isEmpty ? "none" : names.count > 6 ? "\(first) and \(names.count - 6) more" : first
}

/// A name of a file's choosing, cut to 80 characters, control characters replaced.
func shown(_ name: String) -> String {
  String(
    String.UnicodeScalarView(
      name.unicodeScalars.prefix(80).map { $0.value < 32 || $0.value == 127 ? "?" : $0 }))
}
