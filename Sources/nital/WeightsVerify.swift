// `nital weights verify`: whether a file holds the weights of a network, and of which.

import ArgumentParser
import Files
import NeuralNetworks
import Pipelines
import Reporting
import WeightFormats

struct WeightsVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that weight files are those of a network: names, shapes, values, answer.",
    discussion: """
      The network is told from the tensors. Every tensor must be there with the network's shape, no \
      value may be NaN or infinite, no variance negative. A file under the name of a published one is \
      compared with its SHA-256 and, where one is on record, its answer to a picture given by a \
      formula. Exit status 5 when a file is missing or not what it should be.
      """)

  @Argument(help: "Weight files.")
  var files: [String]

  @OptionGroup var shared: SharedOptions

  private struct Verified: Encodable {
    var schema_version = 1
    var files: [VerifiedWeights]
  }

  func run() throws {
    shared.apply()
    var found: [VerifiedWeights] = []
    for name in files {
      do throws(CommandFailure) {
        found.append(try VerifiedWeights(try weightFile(name)))
      } catch {
        Console.error(error.message)
      }
    }
    if !shared.json {
      for file in found { Console.write(file.text) }
    } else if files.count == 1, let file = found.first {
      try shared.printJSON(file)
    } else if !found.isEmpty {
      try shared.printJSON(Verified(files: found))
    }
    if found.count < files.count { Console.leave(.modelMissing) }
  }
}

/// What a weight file was found to be.
private struct VerifiedWeights: Encodable {
  var schema_version = 1
  var file: String
  var format: String
  var network: String
  var preprocessing: String
  var order: String
  var tensors: Int
  var values: Int
  /// The published file of this name; `nil` when there is none.
  var published: String?
  /// Whether its SHA-256 is the one on record; `nil` when none is.
  var sha256: Bool?
  var answer: String
  /// The largest deviation from the answer on record, in units of its largest value.
  var deviation: Double?

  /// - Throws: `CommandFailure` with status 5 that says what is wrong.
  init(_ path: String) throws(CommandFailure) {
    func fault(_ problem: String) -> CommandFailure {
      CommandFailure("\(path): \(problem)", .modelMissing)
    }
    do {
      let bytes = try CheckedBytes(contentsOf: path)
      let source = try readTensorFile(bytes)
      let weights = networkTensors(source.tensors)
      let description = try identifyNetwork(weights)
      order = try checkWeights(weights, of: description).rawValue
      try source.tensors.refuseNonFinite()
      (file, format, network) = (path, source.format, description.name)
      preprocessing = description.preprocessing == .keras ? "Keras" : "torchvision"
      (tensors, values) = (weights.count, source.tensors.reduce(0) { $0 + $1.count })
      let name = path.split(separator: "/").last.map { String($0) }
      let known = PublishedWeights.all.first { $0.file == name }
      published = known?.file
      sha256 = known?.hasHash(of: bytes)
      (answer, deviation) = try Self.ask(description, weights, known)
    } catch let error as FormatError {
      throw CommandFailure(error.description, .modelMissing)
    } catch let error as CommandFailure {
      throw fault(error.message)
    } catch {
      throw fault("\(error)")
    }
    if sha256 == false { throw fault("the SHA-256 is not that of the published file") }
  }

  /// What the network answers, and how far that is from the answer on record.
  private static func ask(
    _ description: NetworkDescription, _ weights: [NetworkTensor], _ known: PublishedWeights?
  ) throws -> (String, Double?) {
    guard let record = KnownAnswer.onRecord(for: description) else {
      return ("none on record for this network; names, shapes and values were checked", nil)
    }
    let network = try Network(description, weights, through: record.layer)
    let comparison = try record.compare(network)
    if comparison.isSame {
      return ("as on record for \(record.files[0])", comparison.deviation)
    }
    if let known, record.files.contains(known.file) {
      throw CommandFailure(
        "the network does not answer as published: a value of \(record.layer) is off by "
          + "\(significant(comparison.deviation, 2)) of the largest", .modelMissing)
    }
    return ("none on record for these weights; names, shapes and values were checked", nil)
  }

  /// Lines for a person.
  var text: String {
    let deviated = deviation.map { " (largest deviation \(significant($0, 2)))" } ?? ""
    let hash = sha256.map { $0 ? ", SHA-256 as on record" : "" } ?? ", no SHA-256 on record"
    return """
      \(printable(file, limit: 4096))
        network   \(network), \(preprocessing) preprocessing
        format    \(format); order \(order)
        tensors   \(tensors), \(values) values: names and shapes as expected, all finite
        published \(published.map { $0 + hash } ?? "not under the name of a published file")
        answer    \(answer)\(deviated)
      """
  }
}
