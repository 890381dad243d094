// `run.json` of a segmentation, and what a run will need.
//
// No time and no number of threads is in the record: the same run writes the same bytes.

import Files
import FoundationEssentials
import Imaging
import NeuralNetworks
import Tensors

/// Everything that determines a segmentation.
public struct SegmentationRecord: Codable, Sendable, Equatable {
  /// The version of this format.
  public var schemaVersion = 1
  /// The verb.
  public var command = "segment"
  /// The version of the program.
  public var version = nitalVersion
  /// The inputs as absolute paths.
  public var inputs: [String]
  /// Every setting, resolved.
  public var settings: SegmentationSettings
  /// The SHA-256 of every image that was used.
  public var inputHashes: [String] = []
  /// The instruction set that was used.
  public var instructionSet = ""

  /// A record of a run that is about to begin.
  public init(inputs: [String], settings: SegmentationSettings) {
    (self.inputs, self.settings) = (inputs, settings)
  }

  /// Reads a record.
  ///
  /// - Throws: `FormatError` when the file is no record of a segmentation, or of a later version.
  public init(contentsOf path: String) throws(FormatError) {
    let bytes = try CheckedBytes(contentsOf: path, limit: 256 << 20)
    guard
      let record = try? JSONDecoder().decode(SegmentationRecord.self, from: Data(bytes.array)),
      record.command == "segment"
    else { throw bytes.error("this is not a run.json that nital segment wrote") }
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

/// What the training of an image will need.
public struct SegmentationForecast: Sendable {
  /// Rows and columns, windows, and the most bytes of activations and gradients.
  public let height, width, windows, peakBytes: Int
  /// How much is computed twice.
  public let recomputation: Recomputation
  /// Operations of one iteration.
  public let operations: Double

  /// Reads an image and plans its training.
  public init(path: String, settings: SegmentationSettings) throws(FormatError) {
    let picture = try SegmentationPicture(path: path)
    var generator = SeededGenerator(seed: 0)
    let net = KanezakiNet<Float>(settings.network, using: &generator)
    let plan = SegmentationPlan(
      height: picture.height, width: picture.width, settings: settings, net: net)
    (height, width, windows) = (picture.height, picture.width, plan.windows.count)
    (peakBytes, recomputation) = (plan.peakBytes, plan.recomputation)
    let (p, q) = (Double(settings.filters), Double(settings.outputs))
    let values = 27 * p + Double(settings.layers - 1) * 9 * p * p + p * q
    operations = 6 * values * Double(picture.height) * Double(picture.width)
  }

  /// One line.
  public var text: String {
    let megabytes = (peakBytes + 999_999) / 1_000_000
    return "\(height) x \(width), \(windows) window(s)"
      + (windows > 1 ? " (differs from one window: statistics of each)" : "")
      + ", activations \(megabytes) MB, computed twice: \(recomputation), "
      + "\(Int((operations / 1e9).rounded())) GFLOP an iteration"
  }
}
