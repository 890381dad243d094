// The segmentation of one image, and the model file that holds it.
//
// The bytes depend on the image's contents, the settings and the program's version alone.
// Deviations: none. Checked by: SegmentationTests.

import Files
import FoundationEssentials
import NeuralNetworks
import Tensors
import WeightFormats

/// What one run of the training went through.
public struct TrainingHistory: Sendable, Equatable {
  /// The loss of each iteration.
  public var losses: [Float]
  /// The number of labels of each iteration, before refinement.
  public var counts: [Int32]
}

/// The segmentation of one image.
public struct SegmentedImage: Sendable, Equatable {
  /// The name in every result.
  public var name: String
  /// The path that it was read from.
  public var path: String
  /// SHA-256 of the file.
  public var hash: String
  /// Rows and columns.
  public var height, width: Int
  /// The width of a pixel in micrometres; `nil` when the file does not state it.
  public var pixelSizeMicrometres: Double?
  /// The class of each pixel, row-major, numbered from 0 by falling area.
  public var labels: [Int32]
  /// The share of runs that agree, for each pixel, in 1 / 255.
  public var stability: [UInt8]
  /// One history a run.
  public var histories: [TrainingHistory]
  /// What the reader noticed, and how the image was cut.
  public var remarks: [String]

  /// The number of classes.
  public var classCount: Int { Int(labels.max() ?? -1) + 1 }
}

/// What a model file and a checkpoint belong to.
func segmentationFingerprint(_ settings: SegmentationSettings, hash: String) -> String {
  var kept = settings
  kept.checkpointInterval = 1
  return SHA256.hash(of: Array("\(nitalVersion)\n\(oneLine(kept))\n\(hash)".utf8))
}

/// A value as JSON on one line, keys sorted.
func oneLine(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { return "null" }
  return String(decoding: data, as: UTF8.self)
}

extension SegmentedImage {
  /// Writes the image's model: the first run's parameters, labels, stability and histories.
  func saveModel(
    _ state: [NamedValues<Float>], _ settings: SegmentationSettings, to path: String
  ) throws(FormatError) {
    var tensors = state.filter { !$0.name.hasPrefix("sgd.") && !$0.name.hasPrefix("history.") }
      .map { NamedTensor(name: $0.name, $0.tensor) }
    let bytes = labels.map { UInt8($0) }
    tensors.append(
      NamedTensor(name: "labels", Tensor(shape: [height, width], scalars: bytes)))
    tensors.append(
      NamedTensor(name: "stability", Tensor(shape: [height, width], scalars: stability)))
    for (i, history) in histories.enumerated() {
      tensors += historyTensors(history, "run\(i)")
    }
    try saveSafetensors(
      tensors,
      metadata: [
        "nital.model": "segmentation", "nital.format": "1", "nital.version": nitalVersion,
        "nital.settings": oneLine(settings), "nital.input": hash,
        "nital.fingerprint": segmentationFingerprint(settings, hash: hash),
      ], to: path)
  }

  /// Takes labels, stability and histories from a model file of the same settings and image.
  ///
  /// - Returns: false when there is none, or one of other settings.
  /// - Throws: `FormatError` when the file is damaged.
  mutating func loadModel(
    _ settings: SegmentationSettings, from path: String
  ) throws(FormatError) -> Bool {
    guard pathExists(path) else { return false }
    let file = try loadTensorFile(contentsOf: path)
    guard
      file.metadata["nital.fingerprint"] == segmentationFingerprint(settings, hash: hash)
    else { return false }
    labels = try pixels("labels", in: file, path).map { Int32($0) }
    stability = try pixels("stability", in: file, path)
    histories = []
    while let history = try readHistory("run\(histories.count)", in: file) {
      histories.append(history)
    }
    return true
  }

  private func pixels(
    _ name: String, in file: TensorFile, _ path: String
  ) throws(FormatError) -> [UInt8] {
    guard let tensor = file.tensors[name], tensor.shape == [height, width] else {
      throw FormatError(
        file: path, problem: "tensor '\(name)' of shape \(height) x \(width) is missing")
    }
    return try tensor.integers().scalars.map { UInt8(clamping: $0) }
  }
}

/// A history as tensors.
func historyTensors(_ history: TrainingHistory, _ name: String) -> [NamedTensor] {
  let n = history.losses.count
  return [
    NamedTensor(name: name + ".losses", Tensor(shape: [n], scalars: history.losses)),
    NamedTensor(
      name: name + ".counts", Tensor(shape: [n], scalars: history.counts.map { Int($0) })),
  ]
}

/// A history from tensors; `nil` when there is none of that name.
func readHistory(_ name: String, in file: TensorFile) throws(FormatError) -> TrainingHistory? {
  guard let losses = file.tensors[name + ".losses"], let counts = file.tensors[name + ".counts"]
  else { return nil }
  return TrainingHistory(
    losses: try losses.floats().scalars,
    counts: try counts.integers().scalars.map { Int32(clamping: $0) })
}
