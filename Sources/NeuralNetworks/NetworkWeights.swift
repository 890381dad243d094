// Finds a network's weights among named tensors, checks them, and puts them into our order.
//
// Implements: the shapes and orders of PyTorch (filters [K, C, R, S], matrices [outputs, inputs],
//   flattened channel by channel), Keras on TensorFlow (filters [R, S, C, K], matrices [inputs,
//   outputs], flattened pixel by pixel) and Keras on Theano (filters [K, C, R, S] mirrored along both
//   axes, matrices [inputs, outputs], flattened channel by channel); and ours under PyTorch's names, which
//   is TensorFlow's.
// Equation -> code: batch norm y = gamma (x - mean) / sqrt(variance + epsilon) + beta becomes
//   F'[.., k] = s_k F[.., k], b'_k = beta_k - s_k mean_k, s_k = gamma_k / sqrt(variance_k + epsilon)
//   (S. Ioffe, C. Szegedy, ICML 2015, algorithm 2) -> `foldedNorm`, in Double.
// Symbols: R S C K -> filter rows, columns, inputs, outputs; ours is [R, S, C, K] and [inputs, outputs].
// Deviations: none. Checked by: NetworkWeightsTests. Cost: matrices are read some rows at a time, filters
//   one tensor at a time.

import Tensors

/// PyTorch's epsilon of batch norm, with which its networks were trained.
private let normEpsilon = 1e-5

/// Whose order the tensors are in.
enum WeightDialect: Equatable {
  case torch
  case keras
  /// Keras files of Theano: mirrored filters.
  case theano
  /// Our own order under PyTorch's names, as `nital weights convert` writes it.
  case ours

  /// Whether the last extent of filters is that of the outputs.
  var endsInOutputs: Bool { self == .keras || self == .ours }

  /// Whether tensors have PyTorch's names.
  var hasTorchNames: Bool { self == .torch || self == .ours }
}

/// The tensors of a file, found by what they are for.
struct NetworkWeights {
  let description: NetworkDescription
  let dialect: WeightDialect
  private var found: [String: NetworkTensor] = [:]

  /// Sorts tensors by the roles that the network has for them.
  ///
  /// - Throws: `NetworkError` for tensors that are there twice, or that have no role.
  init(_ tensors: [NetworkTensor], _ description: NetworkDescription) throws(NetworkError) {
    self.description = description
    var (torch, keras) = (Self.roles(description, .torch), Self.roles(description, .keras))
    let isKeras =
      tensors.count { kerasRole($0.name, in: keras) != nil }
      > tensors.count { torch.contains($0.name) }
    var unexpected: [TensorOutline] = []
    for tensor in tensors {
      let role = isKeras ? kerasRole(tensor.name, in: keras) : tensor.name
      if let role, isKeras || torch.contains(role) {
        if found.updateValue(tensor, forKey: role) != nil { throw .duplicate(tensor: tensor.name) }
      } else if !tensor.name.hasSuffix("num_batches_tracked") {
        unexpected.append(TensorOutline(tensor.name, tensor.shape))
      }
    }
    (torch, keras) = ([], [])
    dialect =
      isKeras
      ? Self.dialect(found, description, .keras, .theano)
      : Self.dialect(found, description, .torch, .ours)
    if !unexpected.isEmpty {
      throw .unexpected(network: description.name, tensors: unexpected)
    }
  }

  /// The roles of all tensors of a network: their names in PyTorch files, or group and kind.
  static func roles(_ description: NetworkDescription, _ dialect: WeightDialect) -> Set<String> {
    Set(description.layers.flatMap { roles(of: $0, dialect) })
  }

  /// The roles of the tensors of a layer.
  static func roles(of layer: NetworkLayer, _ dialect: WeightDialect) -> [String] {
    switch layer.operation {
    case .convolution, .linear: break
    default: return []
    }
    guard dialect.hasTorchNames else {
      return layer.kerasName.isEmpty
        ? [] : ["\(layer.kerasName) kernel", "\(layer.kerasName) bias"]
    }
    guard let norm = layer.normName else {
      return ["\(layer.torchName).weight", "\(layer.torchName).bias"]
    }
    return ["\(layer.torchName).weight"]
      + ["weight", "bias", "running_mean", "running_var"].map { "\(norm).\($0)" }
  }

  /// The usual order of such names, or the other one where the shape of the first filters that can
  /// tell them apart has its shape alone.
  private static func dialect(
    _ found: [String: NetworkTensor], _ description: NetworkDescription, _ usual: WeightDialect,
    _ other: WeightDialect
  ) -> WeightDialect {
    for index in description.layers.indices {
      guard case .convolution = description.layers[index].operation,
        let role = description.outlines(of: index, usual).first,
        let shape = found[role.name]?.shape,
        let rival = description.outlines(of: index, other).first, rival.shape != role.shape
      else { continue }
      return shape == rival.shape ? other : usual
    }
    return usual
  }

  /// Fails when tensors of these layers are missing.
  func check(_ layers: [Int]) throws(NetworkError) {
    let missing = layers.flatMap { description.outlines(of: $0, dialect) }.filter {
      found[$0.name] == nil
    }
    if !missing.isEmpty { throw .missing(network: description.name, tensors: missing) }
  }

  /// The tensor of a role.
  ///
  /// - Throws: `NetworkError` when it is missing, or its shape is not the expected one.
  func tensor(_ role: TensorOutline) throws(NetworkError) -> NetworkTensor {
    guard let tensor = found[role.name] else {
      throw .missing(network: description.name, tensors: [role])
    }
    guard tensor.shape == role.shape else {
      throw .shape(tensor: tensor.name, expected: role.shape, found: tensor.shape)
    }
    return tensor
  }

  /// The values of a role, whose shape must be the expected one.
  private func values(_ role: String, _ shape: [Int]) throws(NetworkError) -> Tensor<Float> {
    try tensor(TensorOutline(role, shape)).values()
  }

  // MARK: - Convolutions

  /// The filters and the bias of a convolution of C channels, batch norm folded in.
  func filters(
    _ layer: NetworkLayer, channels C: Int
  ) throws(NetworkError) -> (filters: Tensor<Float>, bias: Tensor<Float>) {
    guard case .convolution(let R, let S, let K, _, _) = layer.operation else {
      preconditionFailure("\(layer.names) is no convolution")
    }
    let names = Self.roles(of: layer, dialect)
    let shape = dialect.endsInOutputs ? [R, S, C, K] : [K, C, R, S]
    let filters = ourFilters(try values(names[0], shape))
    guard layer.normName != nil else { return (filters, try values(names[1], [K])) }
    let (scale, shift) = try foldedNorm(names, K)
    let scaled = filters.scalars.indices.map { Float(Double(filters.scalars[$0]) * scale[$0 % K]) }
    return (Tensor(shape: filters.shape, scalars: scaled), Tensor(shape: [K], scalars: shift))
  }

  /// The factor and the summand of each channel.
  private func foldedNorm(
    _ names: [String], _ K: Int
  ) throws(NetworkError) -> (scale: [Double], shift: [Float]) {
    let (gamma, beta) = (try values(names[1], [K]), try values(names[2], [K]))
    let (mean, variance) = (try values(names[3], [K]), try values(names[4], [K]))
    if let index = variance.scalars.firstIndex(where: { $0 < 0 }) {
      throw .negativeVariance(tensor: names[4], index: index)
    }
    let scale = (0..<K).map { k in
      Double(gamma.scalars[k]) / (Double(variance.scalars[k]) + normEpsilon).squareRoot()
    }
    let shift = (0..<K).map { k in
      Float(Double(beta.scalars[k]) - scale[k] * Double(mean.scalars[k]))
    }
    return (scale, shift)
  }

  /// Filters in the file's order as [R, S, C, K].
  func ourFilters(_ stored: Tensor<Float>) -> Tensor<Float> {
    dialect.endsInOutputs ? stored : reordered(stored, mirrored: dialect == .theano)
  }

  /// [K, C, R, S] as [R, S, C, K].
  private func reordered(_ stored: Tensor<Float>, mirrored: Bool) -> Tensor<Float> {
    let (K, C, R, S) = (stored.shape[0], stored.shape[1], stored.shape[2], stored.shape[3])
    // Plain arrays: generic access from another module would cost more than the copy.
    let values = stored.scalars
    var result = [Float](repeating: 0, count: values.count)
    for k in 0..<K {
      for c in 0..<C {
        for tap in 0..<(R * S) {
          let source = (k * C + c) * R * S + (mirrored ? R * S - 1 - tap : tap)
          result[(tap * C + c) * K + k] = values[source]
        }
      }
    }
    return Tensor(shape: [R, S, C, K], scalars: result)
  }

  // MARK: - Matrices

  /// The packed matrix of a linear layer with its bias, read some rows at a time.
  func matrix(_ layer: NetworkLayer) throws(NetworkError) -> PackedFilters<Float> {
    guard case .linear(let n, let H, let W, let C) = layer.operation else {
      preconditionFailure("\(layer.names) is no matrix")
    }
    let (names, pixels) = (Self.roles(of: layer, dialect), max(1, H * W))
    let k = C * pixels
    let weights = try tensor(TensorOutline(names[0], dialect == .torch ? [n, k] : [k, n]))
    let bias = try values(names[1], [n]).scalars
    let rows = try NetworkRows(weights)
    switch dialect {
    case .torch:
      return try PackedFilters(
        inputs: k, outputs: n, bias: bias,
        slice: { (outputs: Range<Int>) throws(NetworkError) -> [Float] in
          var slice = try rows(outputs)
          if pixels > 1 { interleaveColumns(&slice, pixels: pixels, channels: C) }
          return slice
        })
    case .keras, .ours:
      return try PackedFilters(inputs: k, outputs: n, bias: bias, rows: rows.callAsFunction)
    case .theano:
      return try PackedFilters(
        inputs: k, outputs: n, bias: bias,
        rows: {
          inputs throws(NetworkError) -> [Float] in
          try ourRows(inputs, of: weights, rows, pixels: pixels, channels: C)
        })
    }
  }

  /// Rows of a matrix of the file as [inputs, outputs], inputs in the order (pixel, channel).
  ///
  /// - Parameters:
  ///   - inputs: which rows.
  ///   - stored: the file's matrix, shape [outputs, inputs] or [inputs, outputs].
  ///   - rows: the values of some rows of it.
  ///   - pixels: 1 where inputs are no flattened layer.
  ///   - C: inputs / pixels.
  /// - Returns: shape [inputs, outputs], row by row.
  /// - Throws: `NetworkError` when values cannot be read, or one is NaN or infinite.
  /// - Complexity: one reading of the whole file's matrix for each call with PyTorch's order.
  func ourRows(
    _ inputs: Range<Int>, of stored: NetworkTensor, _ rows: NetworkRows, pixels: Int,
    channels C: Int
  ) throws(NetworkError) -> [Float] {
    if dialect.endsInOutputs { return try rows(inputs) }
    let columns = inputs.map { pixels > 1 ? $0 % C * pixels + $0 / C : $0 }
    guard dialect == .torch else {
      var result: [Float] = []
      for row in columns { result += try rows(row..<(row + 1)) }
      return result
    }
    let (n, k) = (stored.shape[0], stored.shape[1])
    var result = [Float](repeating: 0, count: columns.count * n)
    for first in stride(from: 0, to: n, by: 64) {
      let outputs = first..<min(first + 64, n)
      let slice = try rows(outputs)
      for (i, column) in columns.enumerated() {
        for o in outputs { result[i * n + o] = slice[(o - first) * k + column] }
      }
    }
    return result
  }

  /// Turns columns in the order (channel, pixel) into columns in the order (pixel, channel).
  private func interleaveColumns(_ rows: inout [Float], pixels: Int, channels: Int) {
    let k = pixels * channels
    parallelForEachChunk(of: &rows, size: k) { _, row in
      var copy = [Float](repeating: 0, count: k)
      for i in 0..<k { copy[i] = row[i] }
      for c in 0..<channels {
        for p in 0..<pixels { row[p * channels + c] = copy[c * pixels + p] }
      }
    }
  }
}

/// The role of a tensor of a Keras file, from a path such as `fc1/fc1_W_1:0` or `fc1/fc1/kernel:0`.
func kerasRole(_ name: String, in roles: Set<String>) -> String? {
  var path = name[...]
  if path.hasPrefix("model_weights/") { path = path.dropFirst("model_weights/".count) }
  if path.hasSuffix(":0") { path = path.dropLast(2) }
  let isBias = ["_b", "_b_1", "bias"].contains { path.hasSuffix($0) }
  // A group is everything before one of the slashes; a flat name ends in its kind.
  var groups: [Substring] = path.indices.filter { path[$0] == "/" }.map { path[..<$0] }
  for ending in ["_W", "_b", "_W_1", "_b_1", ".kernel", ".bias", ".weight"]
  where path.hasSuffix(ending) {
    groups.append(path.dropLast(ending.count))
  }
  for group in groups {
    let role = "\(group) \(isBias ? "bias" : "kernel")"
    if roles.contains(role) { return role }
  }
  return nil
}
