// `run.json`: what a run was told, and what it ran on; enough to repeat it.

import FoundationEssentials

import struct Files.CheckedBytes
import struct Files.FormatError

/// Everything that determines a clustering run, and where it ran.
public struct RunRecord: Codable, Sendable, Equatable {
  /// The version of this format.
  public var schemaVersion = 1
  /// The verb, for instance "cluster".
  public var command: String
  /// The version of the program.
  public var version = nitalVersion
  /// The inputs as absolute paths.
  public var inputs: [String]
  /// Where classes come from: "none", "from-names" or a path.
  public var labels: String
  /// The file of the network's weights as an absolute path; `nil` without a network.
  public var weights: String?
  /// Every setting, resolved.
  public var settings: ClusteringSettings
  /// The SHA-256 of every input that was used, in the order of the model.
  public var inputHashes: [String] = []
  /// The instruction set that was used.
  public var instructionSet = ""
  /// The number of threads; no result depends on it.
  public var threads = 0
  /// When the run began, in seconds since 1970.
  public var beganAt: Double = 0
  /// How long the run took, in seconds.
  public var seconds: Double = 0

  /// A record of a run that is about to begin.
  public init(
    command: String, inputs: [String], labels: String, settings: ClusteringSettings
  ) {
    self.command = command
    self.inputs = inputs
    self.labels = labels
    self.settings = settings
  }

  /// Reads a record.
  ///
  /// - Throws: `FormatError` when the file is no run record, or one of a later version.
  public init(contentsOf path: String) throws(FormatError) {
    let bytes = try CheckedBytes(contentsOf: path, limit: 256 << 20)
    let record: RunRecord
    do {
      record = try JSONDecoder().decode(RunRecord.self, from: Data(bytes.array))
    } catch {
      throw bytes.error("this is not a run record as nital writes it in run.json")
    }
    guard record.schemaVersion == 1 else {
      throw bytes.error(
        "the record has format version \(record.schemaVersion), this program reads version 1")
    }
    if let fault = record.settings.fault { throw bytes.error("settings: " + fault) }
    self = record
  }

  /// The record as JSON.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { return "{}" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
