import Files
import Pipelines
import Reporting
import Testing

@Suite struct ClusteringReportTests {
  private let folder = ScratchFolder()

  private func run(_ clusters: String = "2-4") throws -> (ClusteringResult, RunRecord) {
    var paths = try SmallMicrographs.write(count: 4, to: folder.path)
    let odd = folder("<script>alert(1)&\".png")
    try writeAtomically(contents(paths[0]), to: odd)
    let broken = folder("=broken.png")
    try writeAtomically("no picture", to: broken)
    paths += [odd, broken]
    let result = try SmallMicrographs.job(paths) {
      ($0.clusters, $0.folds) = (clusters, 2)
    }.run()
    var record = RunRecord(
      command: "cluster", inputs: paths, labels: "from-names", settings: result.settings)
    record.beganAt = 951_782_399  // 2000-02-28 23:59:59 UTC
    return (result, record)
  }

  @Test func thePageHoldsEveryFigure() throws {
    let (result, record) = try run()
    let report = result.report(record)
    let html = report.html
    let names = report.figures.map(\.name)
    #expect(Set(names).count == names.count)
    for name in [
      "map-1-2-cluster", "map-3-4-cluster", "map-1-2-class", "confusion", "scree",
      "cluster-count", "histogram", "histogram-0",
    ] {
      #expect(names.contains(name))
    }
    for figure in report.figures {
      let isThere = html.contains(escaped(figure.title))
      #expect(isThere, "\(figure.name)")
      #expect(figure.svg.hasPrefix("<svg") && figure.csv.contains("\n"), "\(figure.name)")
    }
    for text in ["<svg"] + report.sections.map({ escaped($0.title) }) {
      let isThere = html.contains(text)
      #expect(isThere, "\(text)")
    }
  }

  @Test func theMapCarriesItsWarningsDivergenceAndMarks() throws {
    let paths = try SmallMicrographs.write(count: 6, to: folder.path)
    let odd = folder("scratches-9.png")
    try writeAtomically(contents(paths[0]), to: odd)
    var embedding = EmbeddingSettings()
    (embedding.perplexity, embedding.iterations, embedding.starts) = (4, 250, 3)
    embedding.seed = 77
    let result = try SmallMicrographs.job(paths + [odd]) {
      ($0.embedding, $0.clusterOn) = (embedding, .embedding)
    }.run()
    let record = RunRecord(
      command: "cluster", inputs: paths, labels: "from-names", settings: result.settings)
    let report = result.report(record)
    let map = try #require(result.map)
    #expect(map.startDivergences.count == 3)
    let html = report.html
    for text in [
      "The distance between two groups", "new data need a new map", "ex situ",
      "no way back from the map", fixed(map.divergence, 4) + " nats", "77, map ",
    ] {
      let isThere = html.contains(text)
      #expect(isThere, "\(text)")
    }
    let figures = report.figures.filter { $0.name.hasPrefix("tsne-") }
    #expect(figures.map(\.name) == ["tsne-cluster", "tsne-class", "tsne-right-wrong"])
    // The copy under another label is the one cross: its group is named with the number of wrong ones.
    let wrong = result.names.indices.filter { result.names[$0] == "scratches-9.png" }
    #expect(wrong.count == 1 && result.accuracy == 18.0 / 19)
    let rows = figures[2].csv.split(separator: "\n").filter { $0.contains("wrong") }
    #expect(rows.count == 1)
    #expect(rows.first?.hasPrefix("scratches-9.png,1 wrong: scratches,") == true)
    for figure in figures {
      #expect(figure.csv.split(separator: "\n").count == 20)
      #expect(figure.svg.contains("data-image=\"18\""))
    }
  }

  @Test func theEndOfARangeIsTold() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    func warnings(_ clusters: String) throws -> [String] {
      try SmallMicrographs.job(paths) { $0.clusters = clusters }.run().warnings
    }
    #expect(try warnings("2-3").contains { $0.contains("3, lies at the end") })
    // Of two numbers one end is taken, whichever it is.
    #expect(try warnings("5-6").contains { $0.contains("lies at the end of those tried, 5-6") })
    #expect(try warnings("2-6").isEmpty)
    #expect(try warnings("3").isEmpty)
  }

  @Test func namesCannotLeaveTheirPlace() throws {
    let (result, record) = try run()
    let html = result.report(record).html
    let isEscaped = !html.contains("<script>alert")
    #expect(isEscaped)
    #expect(result.csv.contains("\n'=broken.png,"))
    #expect(result.csv.contains("\"<script>alert(1)&\"\".png\""))
  }

  @Test func tablesAndModelsNameNoPlace() throws {
    let (result, _) = try run()
    #expect(!result.csv.contains(folder.path))
    let model = String(decoding: try modelBytes(result.model, in: folder), as: UTF8.self)
    #expect(!model.contains(folder.path) && !model.contains("/tmp"))
  }

  @Test func linksToOriginalsDoNotDependOnTheWorkingFolder() throws {
    let working = currentFolder()
    let up = String(repeating: "../", count: working.count { $0 == "/" })
    let paths = try SmallMicrographs.write(count: 3, to: folder.path).map { up + $0.dropFirst() }
    var job = SmallMicrographs.job([])
    job.images = ImageSet(paths: paths, workingFolder: working)
    let result = try job.run()
    let record = RunRecord(command: "", inputs: [], labels: "none", settings: job.settings)
    let links = result.report(record).images.map { $0.link ?? "" }
    #expect(links.allSatisfy { $0.hasPrefix(folder.path + "/") && isRegularFile($0) })
    #expect(links.count == 9)
  }

  @Test(arguments: [
    (0.0, "1970-01-01 00:00 UTC"), (951_782_399, "2000-02-28 23:59 UTC"),
    (951_782_400, "2000-02-29 00:00 UTC"), (1_709_251_199, "2024-02-29 23:59 UTC"),
    (4_107_542_400, "2100-03-01 00:00 UTC"), (1_795_233_900, "2026-11-21 04:05 UTC"),
    (1_798_761_599, "2026-12-31 23:59 UTC"),
  ]) func timesAreWrittenAsDates(seconds: Double, text: String) throws {
    let (result, given) = try run("2")
    var record = given
    record.beganAt = seconds
    let isThere = result.report(record).html.contains(text)
    #expect(isThere)
  }

  @Test func resultsAreWrittenWhole() throws {
    let (result, record) = try run()
    let out = ScratchFolder()
    let target = try ResultFolder(path: out("a/b"))
    let report = result.report(record)
    try target.write(report)
    try target.write(result.csv, to: "clusters.csv")
    let files = try listFolder(out("a/b/figures"))
    #expect(files == report.figures.flatMap { [$0.name + ".csv", $0.name + ".svg"] }.sorted())
    #expect(try listFolder(out("a/b")) == ["clusters.csv", "figures", "report.html"])
  }
}
