// What a network consists of, without its weights: layers in order, and their names.
//
// Symbols: layer 0 is the input; a layer's inputs have lower numbers than itself.
// Deviations: none. Checked by: NetworkTests.

import Tensors

/// A layer of a network.
public struct NetworkLayer: Sendable, Equatable {
  /// What a layer computes.
  public enum Operation: Sendable, Equatable {
    /// The images.
    case input
    /// Filters of `height` x `width` pixels, `outputs` of them.
    case convolution(height: Int, width: Int, outputs: Int, stride: Int, padding: Int)
    /// The largest value of windows of `size` x `size` pixels.
    ///
    /// `covering`: the last, incomplete windows count too (`ceil_mode`).
    case maximumPool(size: Int, stride: Int, padding: Int, covering: Bool)
    /// Means of height x width windows that cover the image.
    case averagePool(height: Int, width: Int)
    /// Channels of all inputs side by side.
    case concatenation
    /// The sum of two inputs.
    case addition
    /// A matrix of `outputs` columns; the images of its input are height x width pixels of
    /// `channels`, or `height` is 0 and it has `channels` values.
    case linear(outputs: Int, height: Int, width: Int, channels: Int)
    /// Shares that add up to 1.
    case softmax
  }

  /// What it computes.
  public var operation: Operation
  /// The layers that it reads.
  public var inputs: [Int]
  /// Whether negative results become 0.
  public var isRectified = false
  /// Names of its result, the first of them for lists.
  public var names: [String]
  /// Names of its result before negative values become 0.
  public var rawNames: [String] = []
  /// The prefix of its tensors in PyTorch files.
  public var torchName = ""
  /// The group of its tensors in Keras files; "" when there are none.
  public var kerasName = ""
  /// The prefix of the batch norm behind it in PyTorch files; there is no bias then.
  public var normName: String?

  /// Whether its result has rows and columns.
  var hasRowsAndColumns: Bool {
    switch operation {
    case .linear, .softmax: false
    default: true
    }
  }
}

/// The layers of a network in order, and how images are made ready for it.
public struct NetworkDescription: Sendable, Equatable {
  /// The network's name.
  public var name: String
  /// The layers; number 0 is the input.
  public var layers: [NetworkLayer]
  /// The first layer of the part that Keras leaves out of "notop" files.
  public var topStart: Int
  /// Rows and columns of the images that the weights were trained with.
  public var imageSide: Int
  /// How images become input.
  public var preprocessing: Preprocessing

  init(name: String, imageSide: Int, preprocessing: Preprocessing) {
    (self.name, self.imageSide, self.preprocessing) = (name, imageSide, preprocessing)
    layers = [NetworkLayer(operation: .input, inputs: [], names: ["input"])]
    topStart = 1
  }

  /// A layer and whether its values are asked for before negative ones become 0.
  struct Address: Equatable {
    var layer: Int
    var isRaw: Bool
  }

  /// The number of the last layer.
  var last: Int { layers.count - 1 }

  /// All names, in the order of the layers.
  public var layerNames: [String] { layers.dropFirst().flatMap { $0.rawNames + $0.names } }

  /// Finds a layer by any of its names.
  ///
  /// - Throws: `NetworkError.unknownLayer` with the names that there are.
  func address(of name: String) throws(NetworkError) -> Address {
    for (index, layer) in layers.enumerated() {
      if layer.names.contains(name) { return Address(layer: index, isRaw: false) }
      if layer.rawNames.contains(name) { return Address(layer: index, isRaw: true) }
    }
    throw .unknownLayer(name: name, network: self.name, known: layerNames)
  }

  /// The layers that layer `target` rests on, itself included, in order.
  func layers(for target: Int) -> [Int] {
    var needed = Set([target])
    for index in stride(from: target, through: 0, by: -1) where needed.contains(index) {
      needed.formUnion(layers[index].inputs)
    }
    return (0...target).filter { needed.contains($0) }
  }

  /// The same network without its classifier, as Keras' "notop" files hold it.
  func withoutTop() -> NetworkDescription {
    var result = self
    result.layers.removeSubrange(topStart...)
    return result
  }

  // MARK: - Building

  /// Appends a layer and returns its number.
  @discardableResult
  mutating func append(_ layer: NetworkLayer) -> Int {
    layers.append(layer)
    return last
  }

  /// Appends a convolution of square filters behind layer `input`, the last one by default.
  @discardableResult
  mutating func convolve(
    _ size: Int, _ outputs: Int, stride: Int = 1, padding: Int = 0, after input: Int? = nil,
    torch: String, keras: String = "", norm: String? = nil, names: [String], raw: [String] = [],
    rectified: Bool = true
  ) -> Int {
    append(
      NetworkLayer(
        operation: .convolution(
          height: size, width: size, outputs: outputs, stride: stride, padding: padding),
        inputs: [input ?? last], isRectified: rectified, names: names, rawNames: raw,
        torchName: torch, kerasName: keras, normName: norm))
  }

  /// Appends maximum pooling behind the last layer.
  mutating func maximumPool(
    _ size: Int, stride: Int, padding: Int = 0, covering: Bool = false, names: [String]
  ) {
    append(
      NetworkLayer(
        operation: .maximumPool(size: size, stride: stride, padding: padding, covering: covering),
        inputs: [last], names: names))
  }

  /// Appends means over height x width windows behind the last layer.
  mutating func averagePool(_ height: Int, _ width: Int, names: [String]) {
    append(
      NetworkLayer(
        operation: .averagePool(height: height, width: width), inputs: [last], names: names))
  }

  /// Appends a matrix behind the last layer.
  mutating func multiply(
    _ outputs: Int, from shape: (height: Int, width: Int, channels: Int), torch: String,
    keras: String = "", names: [String], raw: [String] = [], rectified: Bool
  ) {
    append(
      NetworkLayer(
        operation: .linear(
          outputs: outputs, height: shape.height, width: shape.width, channels: shape.channels),
        inputs: [last], isRectified: rectified, names: names, rawNames: raw, torchName: torch,
        kerasName: keras))
  }

  /// Appends shares that add up to 1 behind the last layer.
  mutating func softmax(names: [String]) {
    append(NetworkLayer(operation: .softmax, inputs: [last], names: names))
  }
}
