// `nital weights`: which weight files there are, what is in one, and the same as safetensors.

import ArgumentParser
import Files
import WeightFormats

struct WeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weights",
    abstract: "List, inspect and verify weight files, or write them as safetensors.",
    discussion: """
      Formats: safetensors, npy, npz, PyTorch (.pth, .pt), Keras (.h5). A file that is not found as \
      named is looked for in $NITAL_WEIGHTS, or ~/.local/share/nital/weights.
      """,
    subcommands: [
      WeightsListCommand.self, WeightsInspectCommand.self, WeightsVerifyCommand.self,
      WeightsConvertCommand.self,
    ])
}

struct WeightsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Print the published weight files: source, licence, size, hash, and whether found.")

  @Flag(help: "Compare the SHA-256 of each file found; exit status 5 when one differs.")
  var check = false

  @OptionGroup var shared: SharedOptions

  private struct Found: Encodable {
    var schema_version = 1
    var folder: String
    var files: [WeightFileState]
  }

  func run() throws {
    shared.apply()
    let files = PublishedWeights.all.map { WeightFileState($0, checkingHash: check) }
    if shared.json {
      try shared.printJSON(Found(folder: PublishedWeights.folder, files: files))
    } else {
      Console.write("folder: \(printable(PublishedWeights.folder, limit: 4096))\n")
      Console.write(files.map(\.text).joined(separator: "\n\n"))
    }
    for file in files where file.isWrong {
      Console.error("\(file.path ?? file.file): \(file.state)")
    }
    if files.contains(where: \.isWrong) { Console.leave(.modelMissing) }
  }
}

struct WeightsInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print the format, the tensors and the metadata of weight files.",
    discussion: """
      A weight file whose values are NaN or infinite is refused, as a network would; arrays in npy \
      and npz may hold them.
      """)

  @Argument(help: "Weight files.")
  var files: [String]

  @Flag(help: "Names, types and shapes alone, at once: no check for NaN or damage, no checksums.")
  var headers = false

  @OptionGroup var shared: SharedOptions

  private struct Inspected: Encodable {
    var schema_version = 1
    var files: [InspectedWeights]
  }

  func run() throws {
    shared.apply()
    var (found, missing) = ([InspectedWeights](), false)
    for name in files {
      do throws(CommandFailure) {
        let path = try weightFile(name)
        found.append(
          try readingFile { () throws(FormatError) in
            try InspectedWeights(path, withValues: !headers, withChecksums: shared.json)
          })
      } catch {
        Console.error(error.message)
        missing = missing || error.status == .modelMissing
      }
    }
    if !shared.json {
      for file in found { Console.write(file.text) }
    } else if files.count == 1, let file = found.first {
      try shared.printJSON(file)
    } else if !found.isEmpty {
      try shared.printJSON(Inspected(files: found))
    }
    if missing { Console.leave(.modelMissing) }
    if found.isEmpty { Console.leave(.noInput) }
    if found.count < files.count { Console.leave(.someFailed) }
  }
}

/// A weight file as it is printed.
private struct InspectedWeights: Encodable {
  struct Described: Encodable {
    var name: String
    var dtype: String
    var shape: [Int]
    /// `nil` when the values were not read.
    var finite: Bool?
    /// Whether the file stores one value for all.
    var constant: Bool
    var crc32: String?
  }

  var schema_version = 1
  var file: String
  var format: String
  var values: Int
  var tensors: [Described]
  var metadata: [String: String]

  init(_ path: String, withValues: Bool, withChecksums: Bool) throws(FormatError) {
    var limits = LoadLimits()
    limits.comparesChecksums = withValues
    let found = try loadTensorFile(contentsOf: path, limits: limits)
    let isArray = found.format == "npy" || found.format == "npz"
    if withValues, !isArray { try found.tensors.refuseNonFinite() }
    (file, format, metadata) = (path, found.format, found.metadata)
    values = found.tensors.reduce(0) { $0 + $1.count }
    tensors = found.tensors.map { tensor in
      Described(
        name: tensor.name, dtype: tensor.type.name, shape: tensor.shape,
        finite: withValues ? !isArray || tensor.firstNonFinite == nil : nil,
        constant: tensor.isConstant,
        crc32: withValues && withChecksums ? hexadecimal(tensor.crc32) : nil)
    }
  }

  /// Lines for a person.
  var text: String {
    var lines = [
      printable(file, limit: 4096),
      "  format    \(format)",
      "  tensors   \(tensors.count), \(values) values",
    ]
    for key in metadata.keys.sorted() {
      let value = printable(metadata[key] ?? "", limit: 200)
      lines.append("  metadata  \(printable(key, limit: 80)) = \(value)")
    }
    for tensor in tensors {
      let remarks =
        (tensor.constant ? ", one value for all" : "")
        + (tensor.finite ?? true ? "" : ", not finite")
      let name = tensor.name.isEmpty ? "(no name)" : printable(tensor.name, limit: 200)
      lines.append("  \(name)  \(tensor.dtype) \(tensor.shape)\(remarks)")
    }
    return lines.joined(separator: "\n")
  }
}

/// Eight hexadecimal digits.
private func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
