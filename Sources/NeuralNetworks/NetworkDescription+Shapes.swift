// How large the result of a layer is, before anything is allocated.
//
// Deviations: none. Checked by: NetworkShapesTests (against what networks return).

import Tensors

extension NetworkDescription {
  /// The shape of one image's values at a layer.
  ///
  /// - Parameters:
  ///   - layer: any of the layer's names.
  ///   - height: rows of the image.
  ///   - width: columns of the image.
  /// - Returns: (H, W, C), or (d) behind the first matrix.
  /// - Throws: `NetworkError.unknownLayer`, or `.input` when the image is too small.
  public func shape(
    of layer: String, height: Int, width: Int
  ) throws(NetworkError) -> [Int] {
    let target = try address(of: layer).layer
    let spatial = layers(for: target).last { index in
      switch layers[index].operation {
      case .linear, .softmax: false
      default: true
      }
    }
    guard let spatial else { return [3] }
    let plan = try ActivationPlan(self, target: spatial, height: height, width: width)
    guard let layout = plan.places[spatial]?.layout else { return [3] }
    if spatial == target { return [layout.H, layout.W, layout.C] }
    let outputs = layers(for: target).compactMap { index -> Int? in
      if case .linear(let outputs, _, _, _) = layers[index].operation { outputs } else { nil }
    }
    return [outputs.last ?? layout.H * layout.W * layout.C]
  }
}
