// The state of an image's unfinished segmentation on disk: it appears whole or not at all.
//
// Deviations: none. Checked by: SegmentationTests (interrupted at every iteration).

import Files
import NeuralNetworks
import Tensors
import WeightFormats

/// A checkpoint's file.
package struct SegmentationCheckpoint {
  package let path: String
  /// What it belongs to: settings, image and version.
  package let fingerprint: String

  package init(path: String, fingerprint: String) {
    (self.path, self.fingerprint) = (path, fingerprint)
  }

  /// What a checkpoint holds.
  package struct Contents {
    package var state: [NamedValues<Float>]
    package var labels: [Int32]
    package var finished: [[Int32]]
    package var histories: [TrainingHistory]
    package var firstState: [NamedValues<Float>]
  }

  /// Writes a training's state and the results of the runs before it.
  package func save(
    _ training: KanezakiTraining, finished: [[Int32]], histories: [TrainingHistory],
    firstState: [NamedValues<Float>]
  ) throws(FormatError) {
    var tensors = training.state.map { NamedTensor(name: "now." + $0.name, $0.tensor) }
    tensors += firstState.map { NamedTensor(name: "first." + $0.name, $0.tensor) }
    tensors.append(bytes("labels", training.labels))
    for (i, labels) in finished.enumerated() { tensors.append(bytes("finished\(i)", labels)) }
    for (i, history) in histories.enumerated() { tensors += historyTensors(history, "run\(i)") }
    try saveSafetensors(
      tensors, metadata: ["nital.checkpoint": "1", "nital.fingerprint": fingerprint], to: path)
  }

  /// Reads it; `nil` when there is none, or one of other settings.
  package func load() throws(FormatError) -> Contents? {
    guard pathExists(path) else { return nil }
    let file = try loadTensorFile(contentsOf: path)
    guard file.metadata["nital.fingerprint"] == fingerprint else { return nil }
    var contents = Contents(state: [], labels: [], finished: [], histories: [], firstState: [])
    for tensor in file.tensors {
      if tensor.name.hasPrefix("now.") {
        contents.state.append(NamedValues(String(tensor.name.dropFirst(4)), try tensor.floats()))
      } else if tensor.name.hasPrefix("first.") {
        contents.firstState.append(
          NamedValues(String(tensor.name.dropFirst(6)), try tensor.floats()))
      }
    }
    contents.labels = try labels("labels", file) ?? []
    while let map = try labels("finished\(contents.finished.count)", file) {
      contents.finished.append(map)
    }
    while let history = try readHistory("run\(contents.histories.count)", in: file) {
      contents.histories.append(history)
    }
    return contents
  }

  private func bytes(_ name: String, _ labels: [Int32]) -> NamedTensor {
    NamedTensor(name: name, Tensor(shape: [labels.count], scalars: labels.map { UInt8($0) }))
  }

  private func labels(_ name: String, _ file: TensorFile) throws(FormatError) -> [Int32]? {
    guard let tensor = file.tensors[name] else { return nil }
    return try tensor.integers().scalars.map { Int32(clamping: $0) }
  }
}
