import Files
import FoundationEssentials
import Imaging
import Metallography
import NeuralNetworks
import Pipelines
import Reporting
import Tensors
import Testing

/// Two halves: dark and light, the light one with a bright bar.
private func picture() -> StudyPicture {
  var (pixels, labels): ([Float], [Int]) = ([], [])
  for y in 0..<24 {
    for x in 0..<32 {
      let label = x < 16 ? 0 : (8..<14).contains(y) ? 2 : 1
      pixels.append([0.2, 0.6, 0.9][label] + Float((x * 7 + y * 3) % 5) * 0.01)
      labels.append(label)
    }
  }
  return StudyPicture(
    name: "halves", pixels: Tensor(shape: [24, 32], scalars: pixels),
    truth: LabelMap(height: 24, width: 32, labels: labels))
}

/// Equal steps of grey: as many classes as asked for, shifted a little by seed and compactness.
private let steps = SegmentationMethod("steps") { pixels, request in
  let shift = Float(request.seed % 7) * 0.004 + Float(request.compactness) * 1e-4
  let labels = pixels.scalars.map { value in
    min(request.classes - 1, max(0, Int((value + shift) * Float(request.classes))))
  }
  return SegmentationOutcome(
    labels: LabelMap(height: pixels.shape[0], width: pixels.shape[1], labels: labels),
    iterations: request.iterations)
}

@Suite struct KimTests {
  private let folder = ScratchFolder()

  private func job(_ name: String, shard: Shard? = nil) -> KimReproduction {
    var job = KimReproduction(pictures: [picture()], folder: folder(name), method: steps)
    job.settings.preset = .smoke
    job.shard = shard
    return job
  }

  @Test func everyFigureAndTableIsThere() throws {
    let place = try ResultFolder(path: folder("all"))
    let result = try job("all").run()
    #expect(
      result.partNames == [
        "fig1", "fig2", "fig4", "fig5", "fig6", "fig7", "fig8", "fig9", "fig10", "fig11", "truth",
        "decisions",
      ])
    let rows = Set(result.comparisons.map(\.row))
    for row in ["KI1", "KI2", "KI3", "KI5", "KI7", "KI14", "KI15", "KI16", "KI17", "KI18"]
      + ["KI20", "KI21", "KI22", "KI23"] + (1...12).map({ "KI-A\($0)" })
    {
      #expect(rows.contains(row), "\(row)")
    }
    try result.write(to: place)
    for figure in ["fig1", "fig2", "fig4", "fig5", "fig8-1", "fig9", "fig10", "fig11"] {
      for ending in ["svg", "csv"] {
        #expect(pathExists("\(place.path)/figures/\(figure).\(ending)"), "\(figure).\(ending)")
      }
    }
    #expect(pathExists("\(place.path)/tables/table2.csv"))
    #expect(try job("all").run().computedUnits == 0)
  }

  /// Three shards and their join give the bytes of a single run.
  @Test func shardsGiveTheSameReport() throws {
    for name in ["one", "parts"] { _ = try ResultFolder(path: folder(name)) }
    let whole = try job("one").run()
    for i in 1...3 {
      let part = try job("parts", shard: Shard("\(i)/3")).run()
      #expect(part.partNames.isEmpty && part.computedUnits > 0)
    }
    let joined = try job("parts").run()
    #expect(joined.computedUnits == 0)
    #expect(joined.report.html == whole.report.html)
  }

  @Test func aPartThatIsNotThereIsNamed() throws {
    _ = try ResultFolder(path: folder("none"))
    var job = job("none")
    job.settings.only = ["fig99"]
    #expect(throws: PipelineError.self) { try job.run() }
  }

  /// The stand-in cuts at equal steps: three classes of these greys are the three phases.
  @Test func fractionsAreComparedWithTruth() throws {
    _ = try ResultFolder(path: folder("truth"))
    var job = job("truth")
    job.settings.only = ["truth"]
    let result = try job.run()
    let line = try #require(result.comparisons.first { $0.row == "KI18" })
    #expect(line.computed == "0.0 points")
  }
}

/// Numbers of the report against the same numbers counted here.
@Suite struct KimNumberTests {
  private let folder = ScratchFolder()

  private func parts(
    _ names: [String], _ method: SegmentationMethod = steps, _ picture: StudyPicture = picture()
  ) throws -> PaperReport {
    var job = KimReproduction(pictures: [picture], folder: folder("\(names)"), method: method)
    _ = try ResultFolder(path: job.folder)
    job.settings.preset = .smoke
    job.settings.only = names
    return try job.run()
  }

  private func text(_ path: String) throws -> String {
    String(decoding: try CheckedBytes(contentsOf: path).array, as: UTF8.self)
  }

  /// The means over two seeds of F, F' and Q.
  private func criteria(_ change: (inout SegmentationRequest) -> Void) throws -> [Double] {
    let runs = try (0..<2).map { seed in
      var request = SegmentationRequest()
      request.seed = UInt64(seed)
      change(&request)
      let found = try steps(picture().pixels, request)
      let judged = SegmentationCriteria(found.labels, image: picture().pixels)
      return [judged.F, judged.FPrime, judged.Q]
    }
    return (0..<3).map { (runs[0][$0] + runs[1][$0]) / 2 }
  }

  /// Table 2 and the number of classes at the lowest F.
  @Test func classesAreRankedByTheirMeans() throws {
    let result = try parts(["fig10"])
    let means = try (2...5).map { classes in try criteria { $0.classes = classes } }
    for (k, name) in ["F", "F\u{2032}", "Q"].enumerated() {
      let order = (0..<4).sorted { means[$0][k] < means[$1][k] }
      let (least, most) = (means[order[0]][k], means[order[3]][k])
      let expected = order.map { place in
        "\(place + 2) (\(fixed((means[place][k] - least) / (most - least), 2)))"
      }.joined(separator: ", ")
      let line = try #require(result.comparisons.first { $0.quantity == "ranks of \(name)" })
      #expect(line.computed == expected)
    }
    let best = (0..<4).min { means[$0][0] < means[$1][0] } ?? 0
    let line = try #require(result.comparisons.first { $0.row == "KI23" })
    #expect(line.computed == "\(best + 2); the picture has 3 phases")
  }

  /// Five classes stand for a class a pixel: no colour error, the lowest F, but many regions and a high Q.
  @Test func theBestNumberOfClassesIsThatOfF() throws {
    let pixels = SegmentationMethod("pixels") { pixels, request in
      guard request.classes == 5 else { return try steps(pixels, request) }
      let (height, width) = (pixels.shape[0], pixels.shape[1])
      return SegmentationOutcome(
        labels: LabelMap(height: height, width: width, labels: Array(0..<(height * width))),
        iterations: 1)
    }
    let result = try parts(["fig10"], pixels)
    let line = try #require(result.comparisons.first { $0.row == "KI23" })
    #expect(line.computed == "5; the picture has 3 phases")
    let ofQ = try #require(result.comparisons.first { $0.quantity == "ranks of Q" })
    #expect(!ofQ.computed.hasPrefix("5"))
  }

  /// Figure 11's best cell; the stand-in does not look at superpixels, so that their first number wins.
  @Test func theBestOfFigure11IsNamed() throws {
    let result = try parts(["fig11"])
    let grid = [5.0, 20, 80]
    let means = try grid.map { value in try criteria { $0.compactness = value }[0] }
    let best = (0..<3).min { means[$0] < means[$1] } ?? 0
    // 768 pixels in superpixels of 55 and of 20.
    let line = try #require(result.comparisons.first { $0.row == "KI21" })
    #expect(
      line.computed == "compactness \(Int(grid[best])) of 5, 20, 80; superpixels 14 of 14, 38")
  }

  /// Figure 3 counts the parameters that the network has.
  @Test func theLayersHaveTheNetworksParameters() throws {
    var generator = SeededGenerator(seed: 1)
    let net = KanezakiNet<Float>(KanezakiNetOptions(), using: &generator)
    let result = try parts(["fig2"])
    let line = try #require(result.comparisons.first { $0.row == "KI3" })
    #expect(line.computed == "\(net.parameters.reduce(0) { $0 + $1.value.count })")
  }

  /// Half the picture is dark, a quarter of the other half a bar.
  @Test func phasesAreToldWithTheirShares() throws {
    let result = try parts(["fig5"])
    let line = try #require(result.comparisons.first { $0.row == "KI14" })
    #expect(
      line.computed
        == "phase 1 50.0 % (true 50.0 %), phase 2 37.5 % (true 37.5 %), phase 3 12.5 % (true 12.5 %); "
        + "100.0 % of pixels right")
    #expect(result.report.html.contains("classes 3, compactness 20"))
  }

  @Test func superpixelsOfFigure4HaveTheirArea() throws {
    let result = try parts(["fig4"])
    try result.write(to: ResultFolder(path: folder("figure4")))
    let rows = try text(folder("figure4") + "/tables/fig4.csv").split(separator: "\n").dropFirst()
    let asked = rows.map { $0.split(separator: ",")[1] }
    #expect(asked == ["14", "14", "14", "3", "3", "3"])
  }

  /// Ten and twenty columns: six classes are listed, the others counted.
  @Test func furtherClassesAreCounted() throws {
    let columns = SegmentationMethod("columns") { pixels, request in
      let (height, width) = (pixels.shape[0], pixels.shape[1])
      let labels = (0..<(height * width)).map { $0 % width * request.classes / width }
      return SegmentationOutcome(
        labels: LabelMap(height: height, width: width, labels: labels), iterations: 1)
    }
    let html = try parts(["fig9"], columns).report.html
    #expect(html.contains(">and 4 more</text>") && html.contains(">and 14 more</text>"))
  }

  // MARK: - Pixels of figures

  /// The pictures of an SVG document, as rows of red, green and blue.
  private func pictures(_ svg: String) throws -> [Tensor<Float>] {
    try svg.components(after: "data:image/png;base64,").map { text in
      let data = try #require(Data(base64Encoded: text))
      let path = folder("\(UInt64.random(in: 0 ... .max)).png")
      try writeAtomically(Array(data), to: path)
      return try Image(contentsOf: path).rgb()
    }
  }

  /// The smallest phase has the lowest number: classes by falling area are 2, 1 and 0.
  ///
  /// The second picture of figure 5 is the truth, the third the segmentation, of which every third pixel is
  /// shown.
  @Test func coloursFollowThePhases() throws {
    let (height, width) = (6, 1100)
    let labels = (0..<(height * width)).map { i in
      i % width < 100 ? 0 : i % width < 500 ? 1 : 2
    }
    let study = StudyPicture(
      name: "wide",
      pixels: Tensor(shape: [height, width], scalars: labels.map { [0.2, 0.6, 0.9][$0] }),
      truth: LabelMap(height: height, width: width, labels: labels))
    let result = try parts(["fig5"], steps, study)
    try result.write(to: ResultFolder(path: folder("wide")))
    let shown = try pictures(text(folder("wide") + "/figures/fig5.svg"))
    #expect(shown.count == 3 && shown[1] == shown[2])
    #expect(shown[2].shape == [2, 367, 3])
    for x in 0..<367 {
      // The largest area has the first colour.
      let colour = Palette.colour(2 - labels[3 * x])
      let expected = [colour.red, colour.green, colour.blue].map { Float($0) / 255 }
      #expect((0..<3).map { shown[2][0, x, $0] } == expected, "column \(x)")
    }
  }

  /// A pixel is yellow whose right or lower neighbour has another number.
  @Test func boundariesOfSuperpixelsAreYellow() throws {
    let result = try parts(["fig4"])
    try result.write(to: ResultFolder(path: folder("yellow")))
    let shown = try pictures(text(folder("yellow") + "/figures/fig4.svg"))
    #expect(shown.count == 7)
    var slic = SLIC.kim2020
    (slic.superpixels, slic.compactness) = (14, 20)
    let found = try slic.segment(picture().pixels).labels
    for (y, x) in (0..<24).flatMap({ y in (0..<32).map { (y, $0) } }) {
      let isEdge =
        (x < 31 && found[y, x] != found[y, x + 1]) || (y < 23 && found[y, x] != found[y + 1, x])
      let isYellow = shown[2][y, x, 0] == 1 && shown[2][y, x, 2] == 0
      #expect(isEdge == isYellow, "\(y), \(x)")
    }
  }
}

extension String {
  /// The texts between each `key` and the next quotation mark.
  fileprivate func components(after key: String) -> [String] {
    var (result, rest) = ([String](), Substring(self))
    while let range = rest.firstRange(of: key) {
      rest = rest[range.upperBound...]
      result.append(String(rest.prefix { $0 != "\"" }))
    }
    return result
  }
}

@Suite struct SegmentationSweepTests {
  private let folder = ScratchFolder()

  private func criteria(_ classes: Int, _ compactness: Double, _ seeds: Int) throws -> Double {
    let values = try (0..<seeds).map { seed in
      var request = SegmentationRequest()
      (request.classes, request.compactness, request.seed) = (classes, compactness, UInt64(seed))
      let found = try steps(picture().pixels, request)
      return SegmentationCriteria(found.labels, image: picture().pixels).F
    }
    return values.reduce(0, +) / Double(seeds)
  }

  /// Lines have error bars where there is more than one seed.
  @Test(arguments: [1, 3]) func curvesHaveTheirDeviations(_ seeds: Int) throws {
    let place = try ResultFolder(path: folder("curves"))
    var sweep = SegmentationSweep([(.classes, [2, 3, 4])], method: steps)
    sweep.seeds = seeds
    let job = SweepJob(pictures: [picture()], sweep: sweep, folder: place.path)
    try job.run().write(to: place)
    let csv = String(
      decoding: try CheckedBytes(contentsOf: place.path + "/figures/sweep1.csv").array,
      as: UTF8.self)
    #expect(csv.contains(",deviation\n") == (seeds > 1))
  }

  @Test func labelsSurviveTheJournal() throws {
    let labels = LabelMap(height: 2, width: 3, labels: [4, 4, 1, 1, 1, 0])
    let found = SegmentationOutcome(labels: labels, iterations: 7)
    let numbers = found.journalNumbers
    #expect(numbers == [7, 2, 3, 4, 2, 1, 3, 0, 1])
    #expect(SegmentationOutcome(journalNumbers: numbers) == found)
    #expect(SegmentationOutcome(journalNumbers: Array(numbers.dropLast(2))) == nil)
    #expect(SegmentationOutcome(journalNumbers: [7, 2, 3, 4, .nan, 1, 6]) == nil)
  }

  /// Means and ranks of two values with two runs each, by hand.
  @Test func ranksAreThoseOfTheMeans() {
    let ranking = CriterionRanking([[4, 6], [1, 3], [9, 9]])
    #expect(ranking.means == [5, 2, 9] && ranking.order == [1, 0, 2])
    #expect(ranking.normalised == [3.0 / 7, 0, 1])
    #expect(ranking.deviations == [Double(2).squareRoot(), Double(2).squareRoot(), 0])
    #expect(CriterionRanking([[2], [2]]).normalised == [0, 0])
  }

  /// Numbers of one algorithm are not taken for those of another.
  @Test func anotherMethodInTheSameFolderIsComputedAnew() throws {
    let place = try ResultFolder(path: folder("methods"))
    let other = SegmentationMethod("other") { pixels, request in try steps(pixels, request) }
    for (method, computed) in [(steps, 4), (other, 4), (steps, 0), (other, 0)] {
      var sweep = SegmentationSweep([(.classes, [2, 3])], method: method)
      sweep.seeds = 2
      let job = SweepJob(pictures: [picture()], sweep: sweep, folder: place.path)
      #expect(try job.run().computedUnits == computed)
    }
    var (a, b) = (SegmentationSettings(), SegmentationSettings())
    (a.checkpointInterval, a.superpixels, a.seed) = (9, 9, 9)
    #expect(a.segmentationMethod.name == b.segmentationMethod.name)
    b.filters = 32
    #expect(a.segmentationMethod.name != b.segmentationMethod.name)
  }

  @Test func aSweepOfTwoAxesIsAMap() throws {
    let place = try ResultFolder(path: folder("map"))
    var sweep = SegmentationSweep(
      [(.classes, [2, 3, 4]), (.compactness, [5, 50])], method: steps)
    sweep.seeds = 2
    let job = SweepJob(pictures: [picture()], sweep: sweep, folder: place.path)
    let result = try job.run()
    #expect(result.computedUnits == 12)
    try result.write(to: place)
    let csv = String(
      decoding: try CheckedBytes(contentsOf: place.path + "/figures/sweep1.csv").array,
      as: UTF8.self)
    #expect(csv.split(separator: "\n").count == 7)
    // Columns are classes, rows compactness; the order of a sum may differ in the last place.
    for line in csv.split(separator: "\n").dropFirst() {
      let cells = line.split(separator: ",").compactMap { Double($0) }
      let expected = try criteria(Int(cells[0]), cells[1], 2)
      #expect(abs(cells[2] - expected) <= 4 * Double.ulpOfOne * expected, "\(line)")
    }
    // Three classes are the phases: the lowest F.
    #expect(result.comparisons[0].computed.hasPrefix("number of classes 3"))
  }
}
