// The paper's algorithm as studies ask for it: a picture in memory, no checkpoints.
//
// Deviations: none from KanezakiTraining. Checked by: KimTests. Cost: one training.

import Imaging
import Metallography
import Tensors

extension SegmentationSettings {
  /// These settings as a method: a request replaces classes, superpixels, compactness, steps and seed.
  public var segmentationMethod: SegmentationMethod {
    // What a request replaces, and what no label depends on, is left out of the name.
    var kept = self
    kept.classes = nil
    (kept.superpixels, kept.compactness, kept.maximumIterations, kept.seed) = (1, 1, 1, 0)
    (kept.checkpointInterval, kept.runs, kept.fields) = (1, 1, 1)
    return SegmentationMethod(oneLine(kept)) { pixels, request in
      var settings = self
      settings.seed = request.seed
      settings.classes = request.classes
      settings.superpixels = request.superpixels
      settings.compactness = request.compactness
      settings.maximumIterations = request.iterations
      if let fault = settings.fault { throw PipelineError.unsuitable(fault) }
      return try trained(pixels, settings, seed: request.seed)
    }
  }
}

/// One training from its beginning to its end.
private func trained(
  _ pixels: Tensor<Float>, _ settings: SegmentationSettings, seed: UInt64
) throws -> SegmentationOutcome {
  let image = inThreeChannels(pixels)
  var cells: (labels: [Int32], count: Int)?
  if settings.method == .superpixels {
    let found = try settings.slic.segment(image)
    cells = (found.labels.scalars, found.count)
  }
  let training = KanezakiTraining(image, superpixels: cells, settings: settings, seed: seed)
  let study = UnsupervisedSegmentation(
    images: ImageSet(paths: [], workingFolder: "/"), settings: settings, folder: "")
  guard let labels = try study.trained(training, width: image.shape[1], {}, { _, _ in }) else {
    throw Interrupted()
  }
  let numbers = orderedByArea(labels).labels.map { Int($0) }
  return SegmentationOutcome(
    labels: LabelMap(height: image.shape[0], width: image.shape[1], labels: numbers),
    iterations: training.iteration)
}

/// Grey as three equal channels; RGB as it is.
private func inThreeChannels(_ pixels: Tensor<Float>) -> Tensor<Float> {
  pixels.rank == 3
    ? pixels
    : Tensor(
      shape: pixels.shape + [3], scalars: pixels.scalars.flatMap { [$0, $0, $0] })
}
