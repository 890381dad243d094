// `nital weights convert`: a weight file as safetensors, in our order.

import ArgumentParser
import Files
import NeuralNetworks
import Pipelines
import Tensors
import WeightFormats

/// The type of floating-point values in the file that is written.
private enum ConvertedType: String, CaseIterable, ExpressibleByArgument {
  /// As in the source; values that are put into order become f32.
  case source
  case f32
  case f16
}

/// The order of the values in the file that is written.
private enum ConvertedOrder: String, CaseIterable, ExpressibleByArgument {
  case ours
  case source
}

struct WeightsConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write the tensors of a weight file as safetensors, their names kept.",
    discussion: """
      The weights of a known network are put into our order: filters (rows, columns, inputs, outputs), \
      matrices (inputs, outputs), flattened pixel by pixel; the file loads as its source does. Other \
      tensors, or all with --order source, keep their shapes. The file appears whole or not at all.
      """)

  @Argument(help: "The weight file to read.")
  var input: String

  @Option(name: .shortAndLong, help: "The safetensors file to write or replace.")
  var output: String

  @Option(help: "f32, f16 (rounded once, to nearest, ties to even), or that of the source.")
  private var dtype = ConvertedType.source

  @Flag(help: "The same as --dtype f16.")
  var half = false

  @Option(help: "ours, or source to keep the order of the file's values.")
  private var order = ConvertedOrder.ours

  @OptionGroup var shared: SharedOptions

  func run() throws {
    shared.apply()
    let path = try weightFile(input)
    let file = try readingFile { () throws(FormatError) in
      try loadTensorFile(contentsOf: path)
    }
    let (pending, note) = try pendingTensors(file, path)
    var metadata = file.metadata
    if metadata["nital.source"] == nil { metadata["nital.source"] = file.format }
    metadata["nital.layout"] = note
    try readingFile { () throws(FormatError) in
      try saveSafetensors(pending, metadata: metadata, to: output)
    }
    shared.note("\(printable(output, limit: 4096)): \(pending.count) tensors, \(note)")
  }

  /// The tensors to write, and which order they are in.
  private func pendingTensors(
    _ file: TensorFile, _ path: String
  ) throws(CommandFailure) -> ([PendingTensor], String) {
    let weights = networkTensors(file.tensors)
    guard order == .ours, let description = try? identifyNetwork(weights) else {
      return (file.tensors.map(typed), "in the order of the source (\(file.format))")
    }
    do throws(NetworkError) {
      let ordered = try tensorsInOurOrder(weights, of: description)
      let type: ElementType = half || dtype == .f16 ? .float16 : .float32
      let pending = ordered.map { Self.pending($0, type, path) }
      return (
        pending, "\(description.name): convolution RSCK; dense IO; flatten pixel by pixel"
      )
    } catch {
      throw CommandFailure(
        "\(path): \(error); to write the tensors as they are: --order source", .modelMissing)
    }
  }

  /// A tensor as it is, in the type that was asked for.
  private func typed(_ tensor: NamedTensor) -> PendingTensor {
    let isReal = tensor.type.isFloatingPoint
    switch half ? .f16 : dtype {
    case .f16 where isReal:
      return PendingTensor(name: tensor.name, shape: tensor.shape, type: .float16) {
        () throws(FormatError) in try tensor.halved()
      }
    case .f32 where isReal:
      return PendingTensor(name: tensor.name, shape: tensor.shape, type: .float32) {
        () throws(FormatError) in NamedTensor(name: tensor.name, try tensor.floats())
      }
    default: return PendingTensor(tensor)
    }
  }

  /// Bytes of a large matrix that are in memory at once, as Float.
  private static let bytesAtOnce = 1 << 25

  /// A tensor of a network whose values are read and put into order when they are written.
  private static func pending(
    _ tensor: NetworkTensor, _ type: ElementType, _ path: String
  ) -> PendingTensor {
    guard tensor.canReadRows else {
      return PendingTensor(name: tensor.name, shape: tensor.shape, type: type) {
        () throws(FormatError) in
        try made(tensor, type, first: 0, path) { () throws(NetworkError) in try tensor.values() }
      }
    }
    let length = tensor.shape.dropFirst().reduce(1, *)
    return PendingTensor(
      name: tensor.name, shape: tensor.shape, type: type,
      rowsAtOnce: max(1, bytesAtOnce / max(1, 4 * length))
    ) { (rows: Range<Int>) throws(FormatError) in
      try made(tensor, type, first: rows.lowerBound * length, path) { () throws(NetworkError) in
        Tensor(
          shape: [rows.count] + tensor.shape.dropFirst(),
          scalars: try tensor.values(ofRows: rows))
      }
    }
  }

  /// Values under a tensor's name, in the type that was asked for.
  private static func made(
    _ tensor: NetworkTensor, _ type: ElementType, first: Int, _ path: String,
    _ values: () throws(NetworkError) -> Tensor<Float>
  ) throws(FormatError) -> NamedTensor {
    let whole: NamedTensor
    do throws(NetworkError) {
      whole = NamedTensor(name: tensor.name, try values())
    } catch {
      throw FormatError(file: path, problem: "\(error)")
    }
    return type == .float16 ? try whole.halved(from: first) : whole
  }
}
