// A convolutional network with weights: images in, the values of any layer out.
//
// Implements: the layers of NetworkDescription; convolutions with bias and rectification in one pass
//   (Activations+Kernels.swift of Tensors), each by the algorithm that its shapes call for at the size of
//   the training images; matrices read once for the whole batch (FullyConnected+Kernels.swift).
// Symbols: N H W C -> images, rows, columns, channels.
// Deviations: batch norm is folded into filters. Some images at a time pass the layers with rows and
//   columns, together or each on a thread of its own; no value depends on how many.
// Checked by: NetworkTests (twin networkReference), NetworkGoldenTests (PyTorch).
// Cost: VGG16 to fc1: 31 GFLOP an image directly, 8 by Winograd's algorithm; 470 or 650 MB of packed
//   weights, 60 MB of activations, kept for the next images.

import Tensors

/// A network whose weights are packed.
public struct Network: Sendable {
  /// What it consists of.
  public let description: NetworkDescription
  private let weights: [PackedLayer]
  /// The last layer that has weights here.
  private let end: Int
  /// Values of the packed filters.
  private let weightValues: Int
  private let memory = ActivationMemory()

  /// The packed weights of a layer.
  private enum PackedLayer: Sendable {
    case none
    case convolution(PackedFilters<Float>, ConvolutionGeometry)
    case linear(PackedFilters<Float>)
  }

  /// Values of activations that are in memory at a time, at least one image's.
  private static let activationValues = 1 << 25

  /// Values of packed weights that the common cache of all threads holds besides activations: 16 MB.
  private static let cachedWeights = 1 << 22

  /// Packs weights.
  ///
  /// - Parameters:
  ///   - description: what the network consists of; see `identifyNetwork`.
  ///   - tensors: its weights, with PyTorch's or Keras' names and shapes.
  ///   - layer: the last layer that will be asked for; layers behind it may lack tensors, or have
  ///     others. `nil` for the last of all.
  ///   - algorithm: `.automatic`, `.direct` (no Winograd), or one of Winograd's algorithms wherever it
  ///     can be used.
  /// - Throws: `NetworkError` that names a tensor which is missing, unknown, of another shape or not
  ///   finite.
  public init(
    _ description: NetworkDescription, _ tensors: [NetworkTensor], through layer: String? = nil,
    algorithm: ConvolutionAlgorithm = .automatic
  ) throws(NetworkError) {
    self.description = description
    end =
      try layer.map { name throws(NetworkError) in try description.address(of: name).layer }
      ?? description.last
    let source = try NetworkWeights(tensors, description)
    let needed = description.layers(for: end)
    try source.check(needed)
    var packed = [PackedLayer](repeating: .none, count: description.layers.count)
    let channels = description.channels
    let extents = Self.trainingExtents(description, needed)
    for index in needed {
      let layer = description.layers[index]
      switch layer.operation {
      case .convolution(_, _, _, let stride, let padding):
        let (filters, bias) = try source.filters(layer, channels: channels[layer.inputs[0]])
        let geometry = ConvolutionGeometry(stride: stride, padding: padding)
        let way = Self.way(algorithm, filters.shape, geometry, extents[index])
        packed[index] = .convolution(
          PackedFilters(filters, bias: bias, algorithm: way), geometry)
      case .linear: packed[index] = .linear(try source.matrix(layer))
      default: break
      }
    }
    weights = packed
    weightValues = packed.reduce(0) { sum, layer in
      if case .convolution(let filters, _) = layer { return sum + filters.packedCount }
      return sum
    }
  }

  /// Rows and columns of the layers' results for images of the size that the network was trained with.
  private static func trainingExtents(
    _ description: NetworkDescription, _ layers: [Int]
  ) -> [Int: (H: Int, W: Int)] {
    let side = description.imageSide
    guard
      let last = layers.last(where: { description.layers[$0].hasRowsAndColumns }),
      let plan = try? ActivationPlan(description, target: last, height: side, width: side)
    else { return [:] }
    var result: [Int: (H: Int, W: Int)] = [:]
    for index in plan.layers {
      if let layout = plan.places[index]?.layout { result[index] = (layout.H, layout.W) }
    }
    return result
  }

  /// The algorithm of a convolution with these extents; the layers' memory does not suit `.im2col`.
  private static func way(
    _ algorithm: ConvolutionAlgorithm, _ filters: [Int], _ geometry: ConvolutionGeometry,
    _ extents: (H: Int, W: Int)?
  ) -> ConvolutionAlgorithm {
    var way = algorithm
    if way == .automatic {
      way = .chosen(
        filters: filters, geometry: geometry, outputHeight: extents?.H ?? 0,
        outputWidth: extents?.W ?? 0)
    }
    let isWinograd = way == .winograd2 || way == .winograd4
    let suits = ConvolutionAlgorithm.winogradSuits(filters: filters, geometry: geometry)
    return isWinograd && suits ? way : .direct
  }

  /// The values of a layer.
  ///
  /// - Parameters:
  ///   - images: shape (N, H, W, 3), preprocessed as `description.preprocessing` says.
  ///   - layer: any of the layer's names; `nil` for the last.
  /// - Returns: shape (N, H', W', C), or (N, d) behind the first matrix. A row of the former,
  ///   flattened, is in the order (y, x, channel), as in Keras.
  /// - Throws: `NetworkError` for a layer that does not exist, or was not loaded, and for images that
  ///   are not finite or too small.
  public func callAsFunction(
    _ images: Tensor<Float>, layer: String? = nil
  ) throws(NetworkError) -> Tensor<Float> {
    var address = NetworkDescription.Address(layer: end, isRaw: false)
    if let layer { address = try description.address(of: layer) }
    guard address.layer <= end else {
      throw .input(problem: "the network was loaded without layer '\(layer ?? "")'")
    }
    guard images.rank == 4, images.shape[3] == 3 else {
      throw .input(problem: "images have the shape (N, H, W, 3), not \(images.shape)")
    }
    if let index = firstNonFinite(images.scalars) {
      throw .input(problem: "value \(index) of the images is NaN or infinite")
    }
    let chain = description.layers(for: address.layer)
    let split = chain.firstIndex { isFlat($0) } ?? chain.count
    let target = split == chain.count ? address.layer : chain[split - 1]
    var values = try spatial(
      images, target: target, isRaw: address.isRaw && target == address.layer)
    for index in chain[split...] {
      values = flat(values, index, isRaw: address.isRaw && index == address.layer)
    }
    return values
  }

  /// Whether a layer has no rows and columns.
  private func isFlat(_ index: Int) -> Bool { !description.layers[index].hasRowsAndColumns }

  /// A matrix, or softmax, on the whole batch.
  private func flat(_ x: Tensor<Float>, _ index: Int, isRaw: Bool) -> Tensor<Float> {
    let layer = description.layers[index]
    if case .linear(let matrix) = weights[index] {
      return multiply(x, matrix, rectified: layer.isRectified && !isRaw)
    }
    return softmax(x.reshaped(to: [x.shape[0], x.count / max(1, x.shape[0])]))
  }

  // MARK: - Layers with rows and columns

  /// The values of `target`, some images at a time.
  private func spatial(
    _ images: Tensor<Float>, target: Int, isRaw: Bool
  ) throws(NetworkError) -> Tensor<Float> {
    let N = images.shape[0]
    let plan = try memory.plan(
      description, target: target, height: images.shape[1], width: images.shape[2]
    ) { joinedLayers(target) }
    guard let (slot, last) = plan.places[target] else {
      preconditionFailure("layer \(target) was not planned")
    }
    let (sets, atOnce) = division(of: N, plan)
    let buffers = memory.take(plan.slots.map { $0 * atOnce }, sets: sets)
    defer { memory.keep(buffers) }
    var result: [Float] = []
    result.reserveCapacity(N * last.H * last.W * last.C)
    for first in stride(from: 0, to: N, by: sets * atOnce) {
      let used = min(sets, (N - first + atOnce - 1) / atOnce)
      parallelFor(used) { set in
        let from = first + set * atOnce
        ActivationBuffer.withImages(images, from: from) { view in
          let work = Work(
            plan: plan, buffers: buffers[set], images: images, view: view, first: from,
            count: min(atOnce, N - from), target: target)
          for index in plan.layers where plan.joined[index] == nil {
            run(index, work, isRaw: isRaw && index == target)
          }
        }
      }
      for set in 0..<used {
        var layout = last
        layout.N = min(atOnce, N - first - set * atOnce)
        buffers[set][slot].append(layout, to: &result)
      }
    }
    return Tensor(shape: [N, last.H, last.W, last.C], scalars: result)
  }

  /// The sets of buffers, each for a thread of its own, and the images of a set.
  ///
  /// Weights that fit into the common cache need not be shared by images that are computed together: then each
  /// thread takes its own image through all layers, so that activations stay in the cache and no
  /// thread waits for another at the end of a layer.
  private func division(of N: Int, _ plan: ActivationPlan) -> (sets: Int, atOnce: Int) {
    let values = max(1, plan.slots.reduce(1, +))
    let fitting = max(1, Self.activationValues / values)
    let threads = min(Parallelism.threads, fitting)
    if weightValues <= Self.cachedWeights && N >= threads { return (threads, 1) }
    return (1, min(max(1, N), fitting))
  }

  /// Some images on their way through the layers.
  private struct Work {
    let plan: ActivationPlan
    let buffers: [ActivationBuffer]
    /// The batch, and the same memory from image `first` on.
    let images: Tensor<Float>
    let view: ActivationBuffer
    let first, count, target: Int
  }

  /// One layer for some images.
  private func run(_ index: Int, _ work: Work, isRaw: Bool) {
    let layer = description.layers[index]
    guard let (output, y) = place(index, work) else { return }
    let inputs = layer.inputs.compactMap { place($0, work) }
    let rectified = layer.isRectified && !isRaw
    // The first part of a concatenation clears the margin of all.
    if layer.operation != .concatenation, y.firstChannel == 0, output !== work.view {
      var whole = y
      whole.C = y.stride
      output.clearMargins(whole)
    }
    switch (layer.operation, weights[index]) {
    case (.input, _):
      if output !== work.view { output.load(work.images, first: work.first, y) }
    case (.convolution, .convolution(let filters, let geometry)):
      let (input, x) = inputs[0]
      convolve(input, x, filters, geometry: geometry, into: output, y, rectified: rectified)
    case (.maximumPool(let size, _, _, _), _):
      let (input, x) = inputs[0]
      let g = poolGeometry(layer.operation, x.H, x.W)
      if work.plan.joined[layer.inputs[0]] == index {
        poolConvolution(layer.inputs[0], work, (x.H, x.W), size, g, into: output, y)
      } else {
        pool(input, x, height: size, width: size, geometry: g, .maximum, into: output, y)
      }
    case (.averagePool(let H, let W), _):
      let (input, x) = inputs[0]
      pool(
        input, x, height: H, width: W, geometry: ConvolutionGeometry(), .adaptiveMean, into: output,
        y)
    case (.addition, _):
      let ((a, x), (b, z)) = (inputs[0], inputs[1])
      add(a, x, b, z, into: output, y, rectified: rectified)
    default: break
    }
  }

  /// The convolutions whose results a maximum pool alone reads, each with that pool: it computes their rows
  /// some at a time.
  private func joinedLayers(_ target: Int) -> [Int: Int] {
    var result: [Int: Int] = [:]
    for index in description.layers.indices where index != target {
      guard case .convolution(let filters, _) = weights[index], filters.algorithm == .direct
      else { continue }
      let readers = description.layers.indices.filter {
        description.layers[$0].inputs.contains(index)
      }
      guard readers.count == 1, case .maximumPool = description.layers[readers[0]].operation
      else { continue }
      result[index] = readers[0]
    }
    return result
  }

  /// A convolution of `extents` rows and columns and the windows over it.
  private func poolConvolution(
    _ index: Int, _ work: Work, _ extents: (H: Int, W: Int), _ size: Int,
    _ windows: ConvolutionGeometry, into output: ActivationBuffer, _ y: ActivationLayout
  ) {
    let layer = description.layers[index]
    guard case .convolution(let filters, let geometry) = weights[index],
      let (input, x) = place(layer.inputs[0], work)
    else { return }
    convolveAndPool(
      input, x,
      PooledConvolution(
        filters, geometry: geometry, isRectified: layer.isRectified, height: extents.H,
        width: extents.W, size: size, windows: windows), into: output, y)
  }

  /// The buffer and the place of a layer's result for some images.
  ///
  /// Images that need no margin stay where they are.
  private func place(_ index: Int, _ work: Work) -> (ActivationBuffer, ActivationLayout)? {
    guard let place = work.plan.places[index] else { return nil }
    var layout = place.layout
    layout.N = work.count
    let isView =
      description.layers[index].operation == .input && layout.margin == 0 && index != work.target
    return (isView ? work.view : work.buffers[place.slot], layout)
  }
}

/// The exponentials of each row divided by their sum, the largest value taken off before.
private func softmax(_ x: Tensor<Float>) -> Tensor<Float> {
  let (N, d) = (x.shape[0], x.shape[1])
  var shifted = x
  for n in 0..<N {
    let row = (n * d)..<((n + 1) * d)
    let largest = x.scalars[row].max() ?? 0
    for i in row { shifted.scalars[i] -= largest }
  }
  var result = shifted.exponential()
  for n in 0..<N {
    let row = (n * d)..<((n + 1) * d)
    let total = Float(result.scalars[row].reduce(0.0) { $0 + Double($1) })
    for i in row { result.scalars[i] /= total }
  }
  return result
}
