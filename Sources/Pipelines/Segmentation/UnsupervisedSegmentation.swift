// Segmentation of micrographs without labels: each image trains its own network.
//
// Implements: H. Kim, J. Inoue, T. Kasuya, Sci. Rep. 10 (2020) 17835.
// Order of work: read, cut into superpixels, train (with checkpoints), reach the number of classes, order
//   classes by area, save the model; every other file follows from the model, so that a run killed at
//   any moment and started again ends with the same bytes.
// Deviations: see SegmentationSettings, KanezakiTraining and ClassReduction.
// Checked by: SegmentationTests, SegmentationRunTests. Cost: see KanezakiTraining.

import Files
import Imaging
import NeuralNetworks
import Tensors
import WeightFormats

/// How far the training of an image is.
public struct SegmentationProgress: Sendable {
  /// The image's name, its number from 0, and the number of images.
  public var name: String
  public var image, images: Int
  /// The run from 0, and the iteration made, of `maximum` at most.
  public var run, iteration, maximum: Int
  /// The loss of the iteration.
  public var loss: Float
  /// The number of labels before refinement.
  public var labels: Int
}

/// Segmentation of a set of images.
public struct UnsupervisedSegmentation: Sendable {
  /// The images.
  public var images: ImageSet
  /// The settings.
  public var settings: SegmentationSettings
  /// The folder for results and checkpoints, one folder an image in it.
  public var folder: String
  /// Whether finished models and checkpoints of an earlier run are used.
  public var resume = true
  /// Whether the run stops at the first image that cannot be used.
  public var strict = false

  /// A run over a set of images.
  public init(images: ImageSet, settings: SegmentationSettings, folder: String) {
    (self.images, self.settings, self.folder) = (images, settings, folder)
  }

  /// Segments every image and writes its files.
  ///
  /// - Parameter progress: told of every iteration.
  /// - Returns: what was found, and the images that could not be used.
  /// - Throws: `PipelineError`, `FormatError` (outputs, or an image in strict mode), `Interrupted`.
  public func run(
    progress: (@Sendable (SegmentationProgress) -> Void)? = nil
  ) throws -> SegmentationResult {
    if let fault = settings.fault { throw PipelineError.unsuitable(fault) }
    var (rows, failures): ([SegmentationRow], [FailedImage]) = ([], [])
    for i in images.paths.indices {
      try Interruption.check()
      do throws(FormatError) {
        let picture = try SegmentationPicture(path: images.paths[i])
        let segmented = try segment(picture, i, progress)
        guard let segmented else {
          throw FormatError(file: images.paths[i], problem: "interrupted")
        }
        rows.append(try SegmentationRow(segmented, picture, settings, folder: imageFolder(i)))
      } catch {
        if Interruption.isRequested { throw Interrupted() }
        // What cannot be written is no fault of the image.
        if strict || error.file.hasPrefix(folder) { throw error }
        failures.append(
          FailedImage(name: images.names[i], problem: error.description, reason: error.problem))
      }
    }
    if rows.isEmpty { throw PipelineError.noImages(failures: failures) }
    return SegmentationResult(settings: settings, rows: rows, failures: failures)
  }

  /// The folder of an image's files.
  func imageFolder(_ i: Int) -> String {
    folder + "/" + images.names[i].replacing("/", with: "~")
  }

  /// The segmentation of one image; `nil` when the user stopped it, its checkpoint written.
  private func segment(
    _ picture: SegmentationPicture, _ i: Int,
    _ progress: (@Sendable (SegmentationProgress) -> Void)?
  ) throws(FormatError) -> SegmentedImage? {
    let place = imageFolder(i)
    try makeFolder(place)
    let model = place + "/model.safetensors"
    var result = SegmentedImage(
      name: images.names[i], path: images.paths[i], hash: picture.hash, height: picture.height,
      width: picture.width, pixelSizeMicrometres: picture.pixelSizeMicrometres, labels: [],
      stability: [], histories: [], remarks: picture.remarks)
    if resume, try result.loadModel(settings, from: model) { return result }
    let checkpoint = SegmentationCheckpoint(
      path: place + "/checkpoint.safetensors",
      fingerprint: segmentationFingerprint(settings, hash: picture.hash))
    guard let trained = try trainedRuns(picture, i, checkpoint, &result.histories, progress) else {
      return nil
    }
    let (labels, stability) = consensus(
      trained.maps, height: picture.height, width: picture.width)
    result.labels = orderedByArea(labels).labels
    result.stability = stability.map { UInt8(($0 * 255).rounded()) }
    try result.saveModel(trained.first, settings, to: model)
    discardFile(checkpoint.path)
    return result
  }

  /// The labels of every run and the first one's parameters; `nil` when the user stopped it.
  private func trainedRuns(
    _ picture: SegmentationPicture, _ i: Int, _ checkpoint: SegmentationCheckpoint,
    _ histories: inout [TrainingHistory], _ progress: (@Sendable (SegmentationProgress) -> Void)?
  ) throws(FormatError) -> (maps: [[Int32]], first: [NamedValues<Float>])? {
    let cells = try superpixels(picture)
    var stored = resume ? try checkpoint.load() : nil
    var maps: [[Int32]] = stored?.finished ?? []
    histories = stored?.histories ?? []
    var first: [NamedValues<Float>] = stored?.firstState ?? []
    while maps.count < settings.runs {
      let training = KanezakiTraining(
        picture.image, superpixels: cells, settings: settings,
        seed: settings.seed &+ UInt64(maps.count))
      if let state = stored?.state {
        do { try training.restore(state, labels: stored?.labels ?? []) } catch {
          throw FormatError(file: checkpoint.path, problem: "\(error)")
        }
      }
      stored = nil
      let save = { () throws(FormatError) in
        try checkpoint.save(training, finished: maps, histories: histories, firstState: first)
      }
      let report = { (loss: Float, labels: Int) -> Void in
        progress?(
          SegmentationProgress(
            name: images.names[i], image: i, images: images.paths.count, run: maps.count,
            iteration: training.iteration, maximum: settings.maximumIterations, loss: loss,
            labels: labels))
      }
      guard let labels = try trained(training, width: picture.width, save, report) else {
        return nil
      }
      maps.append(orderedByArea(labels).labels)
      histories.append(TrainingHistory(losses: training.losses, counts: training.counts))
      if first.isEmpty { first = training.state }
    }
    return (maps, first)
  }

  private func superpixels(
    _ picture: SegmentationPicture
  ) throws(FormatError) -> (labels: [Int32], count: Int)? {
    guard settings.method == .superpixels else { return nil }
    do {
      let found = try settings.slic.segment(picture.image)
      return (found.labels.scalars, found.count)
    } catch {
      throw FormatError(file: picture.path, problem: "\(error)")
    }
  }

  /// Trains to the end; `nil` when the user stopped it.
  func trained(
    _ training: KanezakiTraining, width: Int, _ save: () throws(FormatError) -> Void,
    _ report: (Float, Int) -> Void
  ) throws(FormatError) -> [Int32]? {
    var reached: [Int32]?
    while training.iteration < settings.maximumIterations, reached == nil {
      if Interruption.isRequested {
        if training.iteration > 0 { try save() }
        return nil
      }
      let before = training.labels
      let (loss, count) = training.step()
      report(loss, count)
      if let goal = settings.classes {
        // Textures are told apart by more labels than classes.
        let isEnough = count == goal && settings.grouping == .boundary
        if count <= goal { reached = isEnough || before.isEmpty ? training.labels : before }
      } else if settings.stop == .below
        ? count < settings.minimumLabels : count <= settings.minimumLabels
      {
        break
      }
      if training.iteration % settings.checkpointInterval == 0 { try save() }
    }
    if let goal = settings.classes {
      let labels = reached ?? training.labels
      let final = settings.refinesResult ? training.refined(labels) : labels
      return settings.joining(final, width: width, to: goal)
    }
    let labels = settings.finalLabels == .after ? training.predict() : training.labels
    return settings.refinesResult ? training.refined(labels) : labels
  }
}

/// An image as the training sees it.
struct SegmentationPicture {
  let path, hash: String
  let image: Tensor<Float>
  let pixelSize: PixelSize
  let remarks: [String]

  var height: Int { image.shape[0] }
  var width: Int { image.shape[1] }
  var pixelSizeMicrometres: Double? { pixelSize.width?.micrometres }

  /// Reads an image.
  init(path: String) throws(FormatError) {
    let bytes = try CheckedBytes(contentsOf: path)
    let decoded = try decodeImage(bytes)
    self.path = path
    hash = SHA256.hash(of: bytes)
    pixelSize = decoded.pixelSize
    remarks =
      decoded.remarks + decoded.pixelSize.remarks
      + (decoded.intensityRemark.map { [$0] } ?? [])
    guard decoded.height >= 1, decoded.width >= 1 else {
      throw FormatError(file: path, problem: "the picture has no pixels")
    }
    do { image = try decoded.rgb() } catch { throw FormatError(file: path, problem: "\(error)") }
  }
}
