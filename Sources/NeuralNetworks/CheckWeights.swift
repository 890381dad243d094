// Checks weights against a network without packing them, and puts them into our order.
//
// Deviations: none. Checked by: KnownAnswerTests. Cost: shapes alone, and the running variances; our
//   order costs one copy of a tensor when its values are read.

import Tensors

/// Which order the values of a file are in.
public enum WeightOrder: String, Sendable, Equatable {
  /// Filters [outputs, inputs, rows, columns], matrices [outputs, inputs], flattened channel by
  /// channel.
  case torch = "PyTorch"
  /// Filters [rows, columns, inputs, outputs], matrices [inputs, outputs], flattened pixel by pixel:
  /// Keras on TensorFlow, and ours.
  case ours = "rows, columns, inputs, outputs"
  /// Keras on Theano: filters [outputs, inputs, rows, columns] turned by 180 degrees, matrices
  /// [inputs, outputs].
  case theano = "Theano"
}

/// Checks that tensors are the weights of a network: names, shapes, and that no running variance is
/// negative.
///
/// Other values are not read; whoever has the file can look for NaN without converting them.
///
/// - Parameters:
///   - tensors: names and shapes of PyTorch's or Keras' files, or of `tensorsInOurOrder`.
///   - description: the network.
/// - Returns: the order that the values are in.
/// - Throws: `NetworkError` that names the tensors, the expected and the found shape.
@discardableResult
public func checkWeights(
  _ tensors: [NetworkTensor], of description: NetworkDescription
) throws(NetworkError) -> WeightOrder {
  let source = try NetworkWeights(tensors, description)
  try source.check(Array(description.layers.indices))
  for index in description.layers.indices {
    for role in description.outlines(of: index, source.dialect) {
      let tensor = try source.tensor(role)
      guard role.name.hasSuffix("running_var") else { continue }
      let values = try tensor.values().scalars
      if let k = values.firstIndex(where: { $0 < 0 }) {
        throw .negativeVariance(tensor: tensor.name, index: k)
      }
    }
  }
  switch source.dialect {
  case .torch: return .torch
  case .theano: return .theano
  case .keras, .ours: return .ours
  }
}

/// The weights of a network in our order: filters [rows, columns, inputs, outputs], matrices [inputs,
/// outputs], flattened pixel by pixel.
///
/// - Parameters:
///   - tensors: names and shapes of PyTorch's or Keras' files.
///   - description: the network.
/// - Returns: tensors under the names of the file, in the order of the layers, whose values are put
///   into order when they are read. Counters of batches, which no network needs, are left out.
/// - Throws: as `checkWeights`.
public func tensorsInOurOrder(
  _ tensors: [NetworkTensor], of description: NetworkDescription
) throws(NetworkError) -> [NetworkTensor] {
  try checkWeights(tensors, of: description)
  let source = try NetworkWeights(tensors, description)
  var result: [NetworkTensor] = []
  for index in description.layers.indices {
    let (theirs, ours) = (
      description.outlines(of: index, source.dialect), description.outlines(of: index, .ours)
    )
    for (role, outline) in zip(theirs, ours) {
      result.append(
        try source.ordered(
          try source.tensor(role), description.layers[index].operation, shape: outline.shape))
    }
  }
  return result
}

extension NetworkWeights {
  /// A tensor of the file in our order; matrices are read some rows at a time.
  fileprivate func ordered(
    _ tensor: NetworkTensor, _ operation: NetworkLayer.Operation, shape: [Int]
  ) throws(NetworkError) -> NetworkTensor {
    switch (operation, tensor.shape.count) {
    case (.convolution, 4):
      return NetworkTensor(name: tensor.name, shape: shape) { ourFilters(try tensor.values()) }
    case (.linear(_, let H, let W, let C), 2):
      let rows: @Sendable (Range<Int>) throws -> [Float] = { inputs in
        try ourRows(
          inputs, of: tensor, NetworkRows(tensor), pixels: max(1, H * W), channels: C)
      }
      return NetworkTensor(name: tensor.name, shape: shape, rows: tensor.canReadRows ? rows : nil) {
        Tensor(shape: shape, scalars: try rows(0..<shape[0]))
      }
    default:
      return NetworkTensor(name: tensor.name, shape: shape) { try tensor.values() }
    }
  }
}
