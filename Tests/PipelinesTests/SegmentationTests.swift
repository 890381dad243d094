import Files
import Imaging
import Metallography
import NeuralNetworks
import Pipelines
import Tensors
import Testing

@Suite struct SegmentationTests {
  // MARK: - Parts

  @Test func refinementTakesTheMostFrequentLabelOfEachSuperpixel() {
    var refine = SuperpixelRefinement([0, 0, 0, 1, 1, 2, 2, 2, 2], count: 3, classes: 5)
    // Superpixel 0: twice 4; 1: one of each, the lower wins; 2: 1 and 3 twice each.
    #expect(refine([4, 0, 4, 3, 2, 1, 3, 3, 1]) == [4, 4, 4, 2, 2, 1, 1, 1, 1])
    #expect(refine([0, 0, 0, 0, 0, 0, 0, 0, 0]) == [0, 0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func classesJoinTheNeighbourWithTheLongestBoundary() {
    // 3 x 4; class 2 (one pixel) touches class 0 once and class 1 three times.
    let labels: [Int32] = [0, 0, 0, 0, 1, 2, 1, 1, 1, 1, 1, 1]
    #expect(
      reduced(labels, width: 4, classes: 4, to: 2) == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
    #expect(reduced(labels, width: 4, classes: 4, to: 3) == labels)
    #expect(Set(reduced(labels, width: 4, classes: 4, to: 1)).count == 1)
    let ordered = orderedByArea([7, 7, 3, 3, 3, 9])
    #expect(ordered.labels == [1, 1, 0, 0, 0, 2] && ordered.areas == [3, 2, 1])
  }

  /// Left: single pixels of label 1 in label 0, right: columns of labels 0 and 1 by turns.
  @Test func texturesOfTheSameLabelsAreToldApart() {
    let (height, width) = (24, 40)
    let labels = (0..<(height * width)).map { i -> Int32 in
      let (y, x) = (i / width, i % width)
      return x < 20 ? (y % 4 == 0 && x % 4 == 0 ? 1 : 0) : x % 2 == 0 ? 1 : 2
    }
    var join = ClassJoining()
    (join.grouping, join.window) = (.texture, 5)
    let found = join(labels, width: width, to: 2)
    let wrong = found.indices.count {
      found[$0] != (found[0] == 0 ? 0 : 1) + ($0 % width < 20 ? 0 : found[0] == 0 ? 1 : -1)
    }
    #expect(Set(found).count == 2 && wrong <= 3 * height, "\(wrong) pixels")
    join.grouping = .boundary
    #expect(Set(join(labels, width: width, to: 2)).count == 2)
  }

  /// Shares counted pixel by pixel.
  @Test(arguments: [0, 1, 3, 30]) func sharesOfLabelsAreCounted(_ radius: Int) {
    let (height, width, classes) = (7, 9, 4)
    var generator = SeededGenerator(seed: 3)
    let labels = (0..<(height * width)).map { _ in Int32(generator.integer(below: classes)) }
    var windows = LabelWindows(labels, width: width, classes: classes, radius: radius)
    for y in 0..<height {
      let row = windows.next()
      for x in 0..<width {
        var counts = [Float](repeating: 0, count: classes)
        var total: Float = 0
        for v in max(0, y - radius)...min(height - 1, y + radius) {
          for u in max(0, x - radius)...min(width - 1, x + radius) {
            counts[Int(labels[v * width + u])] += 1
            total += 1
          }
        }
        #expect(Array(row[(x * classes)..<((x + 1) * classes)]) == counts.map { $0 / total })
      }
    }
  }

  @Test func consensusDoesNotDependOnTheNumbersOfLabels() {
    let a: [Int32] = [0, 0, 0, 1, 1, 2]
    let b: [Int32] = [2, 2, 2, 0, 0, 1]
    let c: [Int32] = [1, 1, 1, 0, 2, 2]
    let same = consensus([a, b], height: 2, width: 3)
    #expect(same.labels == a && same.stability == [1, 1, 1, 1, 1, 1])
    let three = consensus([a, b, c], height: 2, width: 3)
    #expect(three.labels == a)
    #expect(three.stability[4] == Float(2) / 3 && three.stability[0] == 1)
  }

  @Test func outlinesEncloseTheirRegions() {
    // A ring of class 0 around class 1, which touches another pixel of class 1 by a corner.
    let labels = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    let map = LabelMap(height: 4, width: 4, labels: labels)
    let outlines = RegionOutlines(map)
    var area: [Int: Int] = [:]
    for region in outlines.regions {
      for ring in region.rings {
        var twice = 0
        for (p, q) in zip(ring, ring.dropFirst() + ring.prefix(1)) {
          twice += p.x * q.y - q.x * p.y
        }
        area[region.label, default: 0] += twice / 2
      }
      #expect(!region.rings.isEmpty)
    }
    #expect(area == [0: 14, 1: 2])
    #expect(outlines.regions.count { $0.label == 1 } == 2)
    #expect(outlines.geoJSON(classes: 2, pixelSizeMicrometres: nil).contains("MultiPolygon"))
    var generator = SeededGenerator(seed: 4)
    let noise = LabelMap(
      height: 23, width: 31, labels: (0..<713).map { _ in generator.integer(below: 3) })
    var total = 0
    for region in RegionOutlines(noise).regions {
      for ring in region.rings {
        for (p, q) in zip(ring, ring.dropFirst() + ring.prefix(1)) {
          total += p.x * q.y - q.x * p.y
        }
      }
    }
    #expect(total == 2 * 713)
  }

  // MARK: - Training

  /// Two textures of one mean: stripes on the left, a fine chequerboard on the right.
  private func twoTextures(_ height: Int, _ width: Int) -> Tensor<Float> {
    var generator = SeededGenerator(seed: 11)
    var image = Tensor<Float>.zeros([height, width, 3])
    for y in 0..<height {
      for x in 0..<width {
        let isLight = x < width / 2 ? y / 4 % 2 == 0 : (x + y) % 2 == 0
        let value = Float(isLight ? 0.7 : 0.3) + Float(generator.uniform(-0.02, 0.02))
        for c in 0..<3 { image.scalars[(y * width + x) * 3 + c] = value }
      }
    }
    return image
  }

  private func cells(_ height: Int, _ width: Int, _ side: Int) -> (labels: [Int32], count: Int) {
    let across = (width + side - 1) / side
    let labels = (0..<(height * width)).map {
      Int32($0 / width / side * across + $0 % width / side)
    }
    return (labels, across * ((height + side - 1) / side))
  }

  private var small: SegmentationSettings {
    var settings = SegmentationSettings()
    (settings.filters, settings.outputs) = (12, 8)
    (settings.maximumIterations, settings.superpixels) = (20, 150)
    return settings
  }

  private func training(_ settings: SegmentationSettings) -> KanezakiTraining {
    let superpixels = settings.method == .superpixels ? cells(48, 60, 6) : nil
    return KanezakiTraining(
      twoTextures(48, 60), superpixels: superpixels, settings: settings, seed: 1)
  }

  @Test(arguments: SegmentationSettings.Method.allCases)
  func trainingMergesLabels(_ method: SegmentationSettings.Method) {
    var settings = small
    settings.method = method
    let training = training(settings)
    for _ in 0..<15 { training.step() }
    #expect(training.losses[14] < training.losses[0])
    #expect(training.counts[14] <= training.counts[0])
  }

  @Test func checkpointsAtAnyIterationGoOnToTheSameBits() throws {
    let whole = training(small)
    for _ in 0..<8 { whole.step() }
    let path = "/tmp/nital-test-\(UInt64.random(in: 0...UInt64.max)).safetensors"
    defer { discardFile(path) }
    for stop in 1...7 {
      let first = training(small)
      for _ in 0..<stop { first.step() }
      let checkpoint = SegmentationCheckpoint(path: path, fingerprint: "a")
      try checkpoint.save(first, finished: [[1, 2]], histories: [], firstState: [])
      #expect(try SegmentationCheckpoint(path: path, fingerprint: "b").load() == nil)
      let found = try #require(try checkpoint.load())
      #expect(found.finished == [[1, 2]])
      let second = training(small)
      try second.restore(found.state, labels: found.labels)
      for _ in stop..<8 { second.step() }
      #expect(second.losses == whole.losses && second.labels == whole.labels, "after \(stop)")
      #expect(second.predict() == whole.predict())
    }
  }

  @Test func windowsCoverTheImageOnceAndFitTheMemory() {
    var settings = small
    let untiled = training(settings)
    #expect(untiled.plan.windows.count == 1)
    settings.maximumMemory = untiled.plan.peakBytes
    #expect(training(settings).plan.windows.count == 1)
    settings.maximumMemory = untiled.plan.peakBytes / 3
    let tiled = training(settings)
    #expect(tiled.plan.windows.count > 2 && tiled.plan.peakBytes <= settings.maximumMemory)
    var covered = [Int](repeating: 0, count: 48 * 60)
    for window in tiled.plan.windows {
      for y in window.rows { for x in window.columns { covered[y * 60 + x] += 1 } }
      #expect(window.y >= 0 && window.y + window.height <= 48 && window.x + window.width <= 60)
    }
    #expect(covered.allSatisfy { $0 == 1 })
    for _ in 0..<10 { tiled.step() }
    #expect(tiled.losses[9] < tiled.losses[0])
  }

  // MARK: - The whole pipeline

  private func picture(_ path: String) throws {
    let image = try Image(rgb: twoTextures(48, 60))
    try writeAtomically(try encodePNG(image), to: path)
  }

  private func bytes(_ folder: String) throws -> [String: String] {
    var result: [String: String] = [:]
    for name in try listFolder(folder) where !isFolder(folder + "/" + name) {
      result[name] = SHA256.hash(of: try CheckedBytes(contentsOf: folder + "/" + name))
    }
    return result
  }

  @Test func aBadImageCostsItsOwnRow() throws {
    let folder = "/tmp/nital-test-\(UInt64.random(in: 0...UInt64.max))"
    try makeFolder(folder)
    try picture(folder + "/a.png")
    try writeAtomically("no picture", to: folder + "/b.png")
    var settings = small
    (settings.runs, settings.classes) = (2, 2)
    let set = try ImageSet([folder + "/a.png", folder + "/b.png"])
    let job = UnsupervisedSegmentation(images: set, settings: settings, folder: folder + "/out")
    let result = try job.run()
    #expect(result.rows.count == 1 && result.failures.map(\.name) == ["b.png"])
    #expect(result.rows[0].image.classCount == 2)
    let shares = result.rows[0].phases.map(\.share)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-12 && shares[0] >= shares[1])
    let names = [
      "boundaries.geojson", "boundaries.svg", "iterations.csv", "labels.png", "model.safetensors",
      "overlay.png", "phases.csv", "regions.csv", "stability.png",
    ]
    let first = try bytes(folder + "/out/a.png")
    #expect(first.keys.sorted() == names)
    // A second run takes the model and writes the same bytes; so does one that begins anew.
    for resume in [true, false] {
      var again = job
      again.resume = resume
      #expect(try again.run().rows[0].image == result.rows[0].image)
      #expect(try bytes(folder + "/out/a.png") == first, "resume \(resume)")
    }
    #expect(!result.report.html.contains(">NaN") && !result.table.csv.contains("NaN"))
  }

  /// A record comes back whole; one of the first version lacks two settings, which keep their defaults.
  @Test func recordsAreReadBackAndThoseOfTheFirstVersionToo() throws {
    let folder = ScratchFolder()
    var settings = SegmentationSettings()
    (settings.filters, settings.layers, settings.outputs) = (7, 3, 9)
    (settings.normalisesFirst, settings.method, settings.superpixels) = (true, .tip, 11)
    (settings.compactness, settings.exchangesColours) = (3.5, false)
    (settings.learningRate, settings.momentum, settings.maximumIterations) = (0.2, 0.4, 13)
    (settings.minimumLabels, settings.stop, settings.finalLabels) = (4, .reached, .before)
    (settings.refinesResult, settings.classes, settings.continuity) = (true, 5, 0.3)
    (settings.runs, settings.seed, settings.fields) = (2, 17, 6)
    (settings.maximumMemory, settings.checkpointInterval) = (1 << 30, 8)
    let path = folder("run.json")
    func readBack(without names: [String]) throws -> SegmentationSettings {
      let lines = SegmentationRecord(inputs: ["/a.png"], settings: settings).json
        .split(separator: "\n").filter { line in !names.contains { line.contains("\"\($0)\"") } }
      // Without the last setting, the comma before it is too much.
      let text = lines.joined(separator: "\n").replacing(/,(\s*\})/) { "\($0.1)" }
      try writeAtomically(Array(text.utf8), to: path)
      return try SegmentationRecord(contentsOf: path).settings
    }
    #expect(try readBack(without: ["grouping", "textureWindow"]) == settings)
    (settings.grouping, settings.textureWindow) = (.texture, 33)
    #expect(try readBack(without: []) == settings)
    #expect(throws: FormatError.self) { try readBack(without: ["filters"]) }
  }

  @Test func refusesSettingsThatCannotBe() {
    var settings = SegmentationSettings()
    #expect(settings.fault == nil)
    settings.classes = 51
    #expect(settings.fault != nil)
    settings = SegmentationSettings()
    settings.learningRate = .nan
    #expect(settings.fault != nil)
    settings = SegmentationSettings()
    settings.slicRules = "none"
    #expect(settings.fault != nil)
  }
}
