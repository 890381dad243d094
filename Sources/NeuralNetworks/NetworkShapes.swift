// The shapes that a network's weights must have, worked out from its layers.
//
// Deviations: none. Checked by: NetworkWeightsTests, NetworkShapesTests. Cost: the layers once.

/// A tensor's name and shape, without its values.
public struct TensorOutline: Sendable, Equatable, CustomStringConvertible {
  /// The name in the file, or what a network calls it.
  public let name: String
  /// The shape.
  public let shape: [Int]

  /// Names a shape.
  public init(_ name: String, _ shape: [Int]) { (self.name, self.shape) = (name, shape) }

  /// The name in quotes, and the shape.
  public var description: String { "'\(shown(name))' \(shape)" }
}

extension NetworkDescription {
  /// The channels of each layer's result; the values of a matrix's.
  var channels: [Int] {
    var result: [Int] = []
    for layer in layers {
      let inputs = layer.inputs.map { result[$0] }
      switch layer.operation {
      case .input: result.append(3)
      case .convolution(_, _, let K, _, _): result.append(K)
      case .linear(let n, _, _, _): result.append(n)
      case .concatenation: result.append(inputs.reduce(0, +))
      default: result.append(inputs[0])
      }
    }
    return result
  }

  /// The tensors of layer `index`: what they are for, and their shapes in a file of that order.
  func outlines(of index: Int, _ dialect: WeightDialect) -> [TensorOutline] {
    let layer = layers[index]
    let roles = NetworkWeights.roles(of: layer, dialect)
    guard let weight = roles.first else { return [] }
    let (main, outputs): ([Int], Int)
    switch layer.operation {
    case .convolution(let R, let S, let K, _, _):
      let C = channels[layer.inputs[0]]
      (main, outputs) = (dialect.endsInOutputs ? [R, S, C, K] : [K, C, R, S], K)
    case .linear(let n, let H, let W, let C):
      let k = C * max(1, H * W)
      (main, outputs) = (dialect == .torch ? [n, k] : [k, n], n)
    default: return []
    }
    return [TensorOutline(weight, main)] + roles.dropFirst().map { TensorOutline($0, [outputs]) }
  }
}
