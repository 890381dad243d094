// The tensors of a weight file as a network takes them: WeightFormats and NeuralNetworks do not know
// each other.
//
// Deviations: none. Checked by: NetworkFeaturesTests, Tests/command_line.sh.

import NeuralNetworks
import Tensors
import WeightFormats

/// The tensors of a file, their values read when a network packs them, large matrices some rows at
/// a time.
public func networkTensors(_ tensors: [NamedTensor]) -> [NetworkTensor] {
  tensors.map(networkTensor)
}

private func networkTensor(_ tensor: NamedTensor) -> NetworkTensor {
  guard tensor.isContiguous else {
    return NetworkTensor(name: tensor.name, shape: tensor.shape) { try tensor.floats() }
  }
  let rows: @Sendable (Range<Int>) throws -> [Float] = { range in
    try tensor.floats(rows: range)
  }
  return NetworkTensor(name: tensor.name, shape: tensor.shape, rows: rows) {
    Tensor(shape: tensor.shape, scalars: try rows(0..<tensor.shape[0]))
  }
}
