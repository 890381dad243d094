import Files
import Imaging
import Metallography
import NeuralNetworks
import Pipelines
import Tensors
import Testing

/// Runs of the segmentation against the same steps written out.
@Suite struct SegmentationRunTests {
  private let folder = ScratchFolder()

  /// A picture of 24 x 30 pixels of three colours and noise, as a file.
  private func picture() throws -> (path: String, image: Tensor<Float>) {
    var generator = SeededGenerator(seed: 11)
    var image = Tensor<Float>.zeros([24, 30, 3])
    for i in 0..<720 {
      let colour: [Double] =
        i % 30 < 12 ? [0.2, 0.5, 0.9] : i / 30 < 9 ? [0.8, 0.1, 0.4] : [0.5, 0.9, 0.1]
      for c in 0..<3 { image.scalars[3 * i + c] = Float(colour[c] + generator.uniform(-0.1, 0.1)) }
    }
    let path = folder("a.png")
    try writeAtomically(try encodePNG(try Image(rgb: image)), to: path)
    return (path, try Image(contentsOf: path).rgb())
  }

  /// The continuity loss needs no superpixels.
  private var settings: SegmentationSettings {
    var settings = SegmentationSettings()
    (settings.filters, settings.outputs, settings.method) = (10, 9, .tip)
    (settings.maximumIterations, settings.minimumLabels) = (14, 1)
    return settings
  }

  private func training(
    _ image: Tensor<Float>, _ settings: SegmentationSettings, seed: UInt64 = 0
  ) -> KanezakiTraining {
    KanezakiTraining(image, superpixels: nil, settings: settings, seed: seed)
  }

  private func run(
    _ path: String, _ settings: SegmentationSettings, _ name: String,
    progress: (@Sendable (SegmentationProgress) -> Void)? = nil
  ) throws -> SegmentationRow {
    let job = UnsupervisedSegmentation(
      images: try ImageSet([path]), settings: settings, folder: folder(name))
    return try job.run(progress: progress).rows[0]
  }

  // MARK: - One step

  /// A superpixel a pixel leaves the labels as they are, the largest outputs; one for all takes labels that
  /// most pixels do not have, at a greater loss.
  @Test func theNetworkIsTaughtTheRefinedLabels() throws {
    let image = try picture().image
    var settings = settings
    settings.method = .superpixels
    let cells = [((0..<720).map { Int32($0) }, 720), ([Int32](repeating: 0, count: 720), 1)]
    let losses = cells.map { cells in
      KanezakiTraining(image, superpixels: cells, settings: settings, seed: 3).step().loss
    }
    #expect(losses[1] > 1.05 * losses[0])
  }

  /// The loss is linear in the weight of the continuity; sums of two Floats are rounded.
  @Test func continuityHasItsWeight() throws {
    let image = try picture().image
    let losses = [Double(0), 5, 10].map { weight in
      var settings = settings
      settings.continuity = weight
      return Double(training(image, settings, seed: 3).step().loss)
    }
    #expect(losses[1] > losses[0])
    #expect(abs(losses[2] + losses[0] - 2 * losses[1]) <= 4 * 0x1p-24 * losses[2])
  }

  /// Windows share the loss and the gradient by their pixels: about those of the whole image, whose batch
  /// statistics differ a little.
  @Test func windowsShareLossAndGradient() throws {
    let image = try picture().image
    var settings = settings
    settings.continuity = 0
    let whole = training(image, settings, seed: 3)
    settings.maximumMemory = whole.plan.peakBytes / 3
    let cut = training(image, settings, seed: 3)
    #expect(cut.plan.windows.count > 2)
    for window in cut.plan.windows {
      // A halo of a pixel a layer, as far as there is an image.
      #expect(window.rows.lowerBound - window.y >= min(settings.layers, window.rows.lowerBound))
      #expect(
        window.columns.lowerBound - window.x >= min(settings.layers, window.columns.lowerBound))
      let (bottom, right) = (window.y + window.height, window.x + window.width)
      #expect(bottom - window.rows.upperBound >= min(settings.layers, 24 - window.rows.upperBound))
      #expect(
        right - window.columns.upperBound >= min(settings.layers, 30 - window.columns.upperBound))
    }
    let before = whole.state.map(\.tensor)
    let losses = [whole.step().loss, cut.step().loss]
    #expect(abs(losses[1] / losses[0] - 1) < 0.2)
    let steps = [whole, cut].map { training in
      zip(before, training.state.map(\.tensor)).prefix(4).reduce(0) { sum, pair in
        zip(pair.0.scalars, pair.1.scalars).reduce(sum) {
          $0 + Double($1.1 - $1.0) * Double($1.1 - $1.0)
        }
      }.squareRoot()
    }
    #expect(steps[1] < 2 * steps[0] && steps[1] > steps[0] / 2, "\(steps)")
  }

  // MARK: - The end of a training

  @Test(arguments: SegmentationSettings.Stop.allCases, SegmentationSettings.FinalLabels.allCases)
  func endsAsTheSettingsSay(
    _ stop: SegmentationSettings.Stop, _ final: SegmentationSettings.FinalLabels
  ) throws {
    let (path, image) = try picture()
    var settings = settings
    let free = training(image, settings)
    for _ in 0..<14 { free.step() }
    // A number of labels that the training reaches before its end.
    settings.minimumLabels = Int(free.counts[6])
    (settings.stop, settings.finalLabels) = (stop, final)
    let least = settings.minimumLabels
    let end = free.counts.firstIndex { stop == .below ? $0 < least : $0 <= least }
    let twin = training(image, settings)
    for _ in 0..<((end ?? 13) + 1) { twin.step() }
    let labels = final == .after ? twin.predict() : twin.labels
    let row = try run(path, settings, "\(stop)-\(final)")
    #expect(row.image.histories[0].losses == twin.losses)
    #expect(row.image.labels == orderedByArea(labels).labels)
  }

  @Test(arguments: ClassGrouping.allCases, [2, 3, 4])
  func classesAreReachedByTheRule(_ grouping: ClassGrouping, _ goal: Int) throws {
    let (path, image) = try picture()
    var settings = settings
    (settings.classes, settings.grouping, settings.textureWindow) = (goal, grouping, 5)
    let twin = training(image, settings)
    var labels: [Int32] = []
    for _ in 0..<14 {
      let before = twin.labels
      let count = twin.step().count
      guard count <= goal else { continue }
      labels = before.isEmpty || (count == goal && grouping == .boundary) ? twin.labels : before
      break
    }
    if labels.isEmpty { labels = twin.labels }
    var join = ClassJoining()
    (join.grouping, join.window) = (grouping, 5)
    let expected = orderedByArea(join(labels, width: 30, to: goal)).labels
    let row = try run(path, settings, "\(grouping)-\(goal)")
    #expect(row.image.histories[0].losses == twin.losses)
    #expect(row.image.labels == expected)
  }

  /// Superpixels of 6 x 6 pixels refine the result where that is asked for, and not else.
  @Test(arguments: [false, true]) func refinesTheResultWhereAsked(_ refines: Bool) throws {
    let (path, image) = try picture()
    var settings = settings
    (settings.method, settings.superpixels, settings.maximumIterations) = (.superpixels, 20, 4)
    (settings.classes, settings.refinesResult) = (9, refines)
    let slic = SLIC(
      superpixels: 20, compactness: 20, colours: .exchangedLab, version: .legacy018)
    let cells = try slic.segment(image)
    let twin = KanezakiTraining(
      image, superpixels: (cells.labels.scalars, cells.count), settings: settings, seed: 0)
    twin.step()
    var refine = SuperpixelRefinement(cells.labels.scalars, count: cells.count, classes: 9)
    let labels = refines ? refine(twin.labels) : twin.labels
    #expect(refine(twin.labels) != twin.labels)
    let row = try run(path, settings, "refined-\(refines)")
    #expect(row.image.labels == orderedByArea(labels).labels)
  }

  // MARK: - Runs and results

  @Test func eachRunHasASeedOfItsOwnAndCheckpointsComeInTime() throws {
    let (path, image) = try picture()
    var settings = settings
    (settings.runs, settings.maximumIterations, settings.checkpointInterval) = (2, 5, 3)
    settings.seed = 7
    let checkpoint = folder("runs") + "/a.png/checkpoint.safetensors"
    let row = try run(path, settings, "runs") { progress in
      guard progress.run == 0 else { return }
      #expect(pathExists(checkpoint) == (progress.iteration > 3), "\(progress.iteration)")
    }
    #expect(!pathExists(checkpoint))
    for k in 0..<2 {
      let twin = training(image, settings, seed: 7 + UInt64(k))
      for _ in 0..<5 { twin.step() }
      #expect(row.image.histories[k].losses == twin.losses, "run \(k)")
    }
  }

  /// Grey levels, areas and stability of the classes, counted pixel by pixel.
  @Test func phasesAreWhatTheirPixelsAre() throws {
    let (path, image) = try picture()
    var settings = settings
    (settings.runs, settings.maximumIterations, settings.fields) = (3, 4, 2)
    let row = try run(path, settings, "phases")
    let (labels, stability) = (row.image.labels, row.image.stability)
    #expect(row.phases.count > 1 && Set(stability).count > 1)
    let map = LabelMap(height: 24, width: 30, labels: labels.map { Int($0) })
    let (regions, count) = map.regions(.sides)
    for (c, phase) in row.phases.enumerated() {
      let own = labels.indices.filter { Int(labels[$0]) == c }
      let grey = own.map { i in (0..<3).reduce(0) { $0 + Double(image.scalars[3 * i + $1]) } / 3 }
      let n = Double(own.count)
      #expect(abs(phase.meanGrey - grey.reduce(0, +) / n) <= 720 * Double.ulpOfOne)
      let agreed = own.reduce(0) { $0 + Double(stability[$1]) / 255 } / n
      #expect(abs(phase.stability - agreed) <= 720 * Double.ulpOfOne)
      let parts = Set(own.map { regions.labels[$0] }).count
      #expect(parts <= count && phase.regions == parts && phase.meanArea == n / Double(parts))
      #expect(phase.share == n / 720)
      // Quarters of the picture are the fields.
      let fields = (0..<4).map { k in
        let part = labels.indices.filter { ($0 / 30 / 12, $0 % 30 / 15) == (k / 2, k % 2) }
        return Double(part.count { Int(labels[$0]) == c }) / 180
      }
      #expect(phase.fraction.fields == fields)
    }
  }

  /// The ring of a pixel begins at its upper right corner and ends there.
  @Test func ringsOfGeoJSONAreClosed() {
    let outlines = RegionOutlines(LabelMap(height: 1, width: 1, labels: [0]))
    let text = outlines.geoJSON(classes: 1, pixelSizeMicrometres: 0.5)
    #expect(text.contains("\"coordinates\":[[[[1,0],[1,1],[0,1],[0,0],[1,0]]]]"))
    #expect(text.contains("\"pixel_size_um\":0.5"))
  }
}
