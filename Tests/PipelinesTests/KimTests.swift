import Files
import Metallography
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

@Suite struct SegmentationSweepTests {
  private let folder = ScratchFolder()

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
    // Three classes are the phases: the lowest F.
    #expect(result.comparisons[0].computed.hasPrefix("number of classes 3"))
  }
}
