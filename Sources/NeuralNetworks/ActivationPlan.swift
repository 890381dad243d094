// Where each layer of a network keeps its result: memory is used again as soon as nobody needs it.
//
// Implements: linear scan allocation (M. Poletto, V. Sarkar, ACM Trans. Program. Lang. Syst. 21
//   (1999) 895) over layers in order, with buffers for registers.
// Symbols: a slot is a buffer; the inputs of a concatenation lie in its slot, channel beside channel.
// Deviations: none. Checked by: NetworkTests (every layer, memory reused). Cost: that of the layers' number, squared.

import Tensors

/// The place of every layer's result for one image of a given size.
struct ActivationPlan: Sendable {
  /// The layers that are computed, in order; they have rows and columns.
  let layers: [Int]
  /// The place of each layer of the network; nil for those that are not computed.
  private(set) var places: [(slot: Int, layout: ActivationLayout)?]
  /// Values of each slot for one image.
  private(set) var slots: [Int] = []
  /// The layers that another one computes by the way, and that one: they need no memory.
  let joined: [Int: Int]

  /// Plans the layers that `target` needs.
  ///
  /// - Parameters:
  ///   - description: the network.
  ///   - target: a layer with rows and columns.
  ///   - height: rows of the images.
  ///   - width: columns of the images.
  ///   - joined: layers, each with the only one that reads it and computes it by the way.
  /// - Throws: `NetworkError.input` when the images are too small.
  init(
    _ description: NetworkDescription, target: Int, height: Int, width: Int,
    joined: [Int: Int] = [:]
  ) throws(NetworkError) {
    self.joined = joined
    layers = description.layers(for: target)
    places = Array(repeating: nil, count: description.layers.count)
    var layouts: [Int: ActivationLayout] = [:]
    for index in layers {
      let layer = description.layers[index]
      let inputs = layer.inputs.compactMap { layouts[$0] }
      let layout = Self.layout(layer, inputs, height, width)
      guard layout.H >= 1, layout.W >= 1 else {
        throw .input(
          problem: "images of \(height) x \(width) pixels are too small for "
            + "\(description.name) at '\(layer.names.first ?? "")'")
      }
      layouts[index] = layout
    }
    addMargins(description, &layouts)
    shareConcatenations(description, &layouts)
    assignSlots(description, layouts, target)
  }

  /// The extents of a layer's result.
  private static func layout(
    _ layer: NetworkLayer, _ inputs: [ActivationLayout], _ height: Int, _ width: Int
  ) -> ActivationLayout {
    guard let x = inputs.first else { return ActivationLayout(1, height, width, 3) }
    switch layer.operation {
    case .convolution(let R, let S, let K, let stride, let padding):
      let g = ConvolutionGeometry(stride: stride, padding: padding)
      return ActivationLayout(
        1, g.outputHeight(x.H, filterHeight: R), g.outputWidth(x.W, filterWidth: S), K)
    case .maximumPool(let size, _, _, _):
      let g = poolGeometry(layer.operation, x.H, x.W)
      return ActivationLayout(
        1, g.outputHeight(x.H, filterHeight: size), g.outputWidth(x.W, filterWidth: size), x.C)
    case .averagePool(let H, let W): return ActivationLayout(1, H, W, x.C)
    case .concatenation: return ActivationLayout(1, x.H, x.W, inputs.reduce(0) { $0 + $1.C })
    case .input, .addition, .linear, .softmax: return x
    }
  }

  /// Gives every activation the margin that the convolutions behind it need.
  private func addMargins(
    _ description: NetworkDescription, _ layouts: inout [Int: ActivationLayout]
  ) {
    for index in layers {
      guard case .convolution(_, _, _, _, let padding) = description.layers[index].operation
      else { continue }
      for input in description.layers[index].inputs {
        let margin = layouts[input]?.margin ?? 0
        layouts[input]?.margin = max(margin, padding)
      }
    }
  }

  /// Puts the inputs of concatenations into the concatenation's memory.
  private func shareConcatenations(
    _ description: NetworkDescription, _ layouts: inout [Int: ActivationLayout]
  ) {
    for index in layers where description.layers[index].operation == .concatenation {
      guard let whole = layouts[index] else { continue }
      var first = 0
      for input in description.layers[index].inputs {
        layouts[input]?.margin = whole.margin
        layouts[input]?.stride = whole.C
        layouts[input]?.firstChannel = first
        first += layouts[input]?.C ?? 0
      }
    }
  }

  /// Takes the smallest free slot that is large enough, else enlarges a free one, else a new one.
  private mutating func assignSlots(
    _ description: NetworkDescription, _ layouts: [Int: ActivationLayout], _ target: Int
  ) {
    var owner: [Int: Int] = [:]
    var lastUse: [Int: Int] = [:]
    for index in layers {
      let layer = description.layers[index]
      for input in layer.inputs {
        if layer.operation == .concatenation { owner[input] = index }
        let holder = owner[input] ?? input
        lastUse[holder] = max(lastUse[holder] ?? 0, joined[index] ?? index)
      }
    }
    for index in layers { lastUse[owner[index] ?? index] = lastUse[owner[index] ?? index] ?? index }
    lastUse[owner[target] ?? target] = description.layers.count
    var (slotOf, busyUntil): ([Int: Int], [Int]) = ([:], [])
    for index in layers {
      guard let layout = layouts[index] else { continue }
      guard joined[index] == nil else {
        places[index] = (0, layout)
        continue
      }
      let holder = owner[index] ?? index
      let slot = slotOf[holder] ?? freeSlot(layout.count, busyUntil, before: index)
      if slot == busyUntil.count {
        busyUntil.append(0)
        slots.append(0)
      }
      slots[slot] = max(slots[slot], layout.count)
      busyUntil[slot] = lastUse[holder] ?? index
      slotOf[holder] = slot
      places[index] = (slot, layout)
    }
  }

  private func freeSlot(_ count: Int, _ busyUntil: [Int], before index: Int) -> Int {
    let free = busyUntil.indices.filter { busyUntil[$0] < index }
    let fitting = free.filter { slots[$0] >= count }.min { slots[$0] < slots[$1] }
    return fitting ?? free.max { slots[$0] < slots[$1] } ?? busyUntil.count
  }
}

/// The geometry of a maximum pool on an H x W image; incomplete windows become padding.
func poolGeometry(_ operation: NetworkLayer.Operation, _ H: Int, _ W: Int) -> ConvolutionGeometry {
  guard case .maximumPool(let size, let stride, let padding, let covering) = operation else {
    return ConvolutionGeometry()
  }
  var g = ConvolutionGeometry(stride: stride, padding: padding)
  if covering {
    let room = { (extent: Int) in max(0, extent + 2 * padding - size) % stride }
    // A window that would begin beyond the image does not count; here size > stride.
    g.paddingBottom += room(H) == 0 ? 0 : min(stride - room(H), size - 1 - padding)
    g.paddingRight += room(W) == 0 ? 0 : min(stride - room(W), size - 1 - padding)
  }
  return g
}
