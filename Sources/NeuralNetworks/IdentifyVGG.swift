// Works out a network of VGG's kind from the names and shapes of its weights.
//
// Implements: the numbering of torchvision's VGG (features.N counts convolutions, rectifications and
//   poolings; classifier.N matrices, rectifications and dropouts) and of Keras' (blockB_convC, fcN,
//   predictions).
// Deviations: filters are 3 x 3, pooling 2 x 2 ends each block, as in the paper's table 1.
// Checked by: NetworkWeightsTests.

/// The convolutions and matrices that names and shapes tell of.
private struct VGGOutline {
  /// Outputs of the convolutions of each block.
  var blocks: [[Int]] = []
  /// Inputs and outputs of each matrix.
  var matrices: [(inputs: Int, outputs: Int)] = []
  var isKeras = false

  /// The pixels that the first matrix reads; `nil` when its inputs are no whole number of pixels.
  var pixels: Int? {
    guard let channels = blocks.last?.last, let first = matrices.first else { return nil }
    return first.inputs % channels == 0 ? first.inputs / channels : nil
  }
}

/// The network of VGG's kind that tensors belong to.
///
/// - Parameters:
///   - tensors: names and shapes, of which each must have its place in the network.
///   - image: rows and columns of the images; they settle which of the pixel counts with the same
///     product the first matrix reads. `nil`: the most square one.
/// - Returns: the network; `nil` when the tensors are no such network's.
func identifyVGG(
  _ tensors: [NetworkTensor], image: (height: Int, width: Int)?
) -> NetworkDescription? {
  guard let outline = torchOutline(tensors) ?? kerasOutline(tensors),
    tensors.count == 2 * (outline.blocks.joined().count + outline.matrices.count),
    (1...5).contains(outline.blocks.count)
  else { return nil }
  let pixels = outline.matrices.isEmpty ? 1 : outline.pixels ?? 0
  guard pixels > 0, pixels <= 1 << 20 else { return nil }
  let shrink = outline.blocks.count
  var (H, W) = mostSquare(pixels)
  if let image, (image.height >> shrink) * (image.width >> shrink) == pixels {
    (H, W) = (image.height >> shrink, image.width >> shrink)
  }
  let result = NetworkDescription.vgg(
    name: "a network of VGG's kind", blocks: outline.blocks, pooledHeight: H, pooledWidth: W,
    hidden: outline.matrices.dropLast().map(\.outputs),
    classes: outline.matrices.last?.outputs ?? 1, imageSide: max(H, W) << shrink,
    preprocessing: outline.isKeras ? .keras : .torchvision)
  return outline.matrices.isEmpty ? result.withoutTop() : result
}

/// The factors of `count` that differ least, the smaller one first.
private func mostSquare(_ count: Int) -> (Int, Int) {
  var best = 1
  var factor = 1
  while factor * factor <= count {
    if count % factor == 0 { best = factor }
    factor += 1
  }
  return (best, count / best)
}

/// The outputs of 3 x 3 filters in any of the orders.
private func filterOutputs(_ shape: [Int]) -> Int? {
  guard shape.count == 4 else { return nil }
  return shape[2...] == [3, 3] ? shape[0] : shape[..<2] == [3, 3] ? shape[3] : nil
}

/// torchvision's numbers: 2 more within a block, 3 more behind its pooling.
private func torchOutline(_ tensors: [NetworkTensor]) -> VGGOutline? {
  var outline = VGGOutline()
  let convolutions = numbered(tensors, "features.")
  for (i, tensor) in convolutions.enumerated() {
    guard let outputs = filterOutputs(tensor.shape) else { return nil }
    let step = i == 0 ? 3 + tensor.number : tensor.number - convolutions[i - 1].number
    switch step {
    case 3: outline.blocks.append([outputs])
    case 2: outline.blocks[outline.blocks.count - 1].append(outputs)
    default: return nil
    }
  }
  let isOurs = convolutions.first.map { $0.shape[..<2] == [3, 3] && $0.shape[3] != 3 } ?? false
  for (i, tensor) in numbered(tensors, "classifier.").enumerated() {
    guard tensor.shape.count == 2, tensor.number == 3 * i else { return nil }
    outline.matrices.append(
      isOurs ? (tensor.shape[0], tensor.shape[1]) : (tensor.shape[1], tensor.shape[0]))
  }
  return outline.blocks.isEmpty ? nil : outline
}

/// The tensors named PREFIX NUMBER `.weight`, by number.
private func numbered(
  _ tensors: [NetworkTensor], _ prefix: String
) -> [(number: Int, shape: [Int])] {
  tensors.compactMap { tensor in
    guard tensor.name.hasPrefix(prefix), tensor.name.hasSuffix(".weight"),
      let number = Int(tensor.name.dropFirst(prefix.count).dropLast(7)), number >= 0
    else { return nil }
    return (number, tensor.shape)
  }.sorted { $0.number < $1.number }
}

/// Keras' names: block1_conv1 and so on in any order, then fc1, fc2 and predictions.
private func kerasOutline(_ tensors: [NetworkTensor]) -> VGGOutline? {
  var outline = VGGOutline()
  outline.isKeras = true
  func kernel(_ group: String) -> [Int]? {
    tensors.first { kerasRole($0.name, in: ["\(group) kernel"]) != nil }?.shape
  }
  while let first = kernel("block\(outline.blocks.count + 1)_conv1") {
    var (block, shape) = ([Int](), Optional(first))
    while let found = shape, let outputs = filterOutputs(found), block.count < 64 {
      block.append(outputs)
      shape = kernel("block\(outline.blocks.count + 1)_conv\(block.count + 1)")
    }
    if block.isEmpty || shape != nil || outline.blocks.count > 5 { return nil }
    outline.blocks.append(block)
  }
  while let shape = kernel("fc\(outline.matrices.count + 1)") ?? kernel("predictions"),
    shape.count == 2, outline.matrices.count < 64
  {
    let isLast = kernel("fc\(outline.matrices.count + 1)") == nil
    outline.matrices.append((shape[0], shape[1]))
    if isLast { break }
  }
  return outline.blocks.isEmpty ? nil : outline
}
