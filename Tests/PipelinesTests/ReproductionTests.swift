import Estimators
import Files
import Microstructures
import Pipelines
import Reporting
import Tensors
import Testing

@Suite struct PrintedNumbersTests {
  @Test func matricesHoldEveryImageAndGiveThePrintedScores() {
    for (counts, printed) in [
      (CohnPrinted.figure7, CohnPrinted.table2), (CohnPrinted.figure9, CohnPrinted.table4),
    ] {
      for t in 0..<6 { #expect(counts[t].reduce(0, +) == 300) }
      for c in 0..<6 {
        let predicted = counts.reduce(0) { $0 + $1[c] }
        #expect(fixed(Double(counts[c][c]) / Double(predicted), 3) == printed[c].0)
        #expect(fixed(Double(counts[c][c]) / 300, 3) == printed[c].1)
      }
    }
    #expect(CohnPrinted.figure11.allSatisfy { $0.reduce(0, +) == 300 })
    #expect(KitaharaPrinted.confusion.allSatisfy { $0.reduce(0, +) == 300 })
    let right = KitaharaPrinted.confusion.indices.reduce(0) {
      $0 + KitaharaPrinted.confusion[$1][$1]
    }
    #expect(fixed(Double(right) / 1800, 3) == "0.981")
  }

  @Test func listsHaveTheMeansThatThePaperPrints() {
    let (mean, deviation) = meanAndDeviation(CohnPrinted.seeds)
    #expect(fixed(mean * 100, 2) == "99.40" && fixed(deviation * 100, 2) == "0.16")
    #expect(CohnPrinted.seeds.min() == 0.9906)
    #expect(CohnPrinted.unequalizedSweep.max() == CohnPrinted.unequalizedSweep[12 - 7])
    #expect(CohnPrinted.unequalizedSweep.min() == CohnPrinted.unequalizedSweep[8 - 7])
    #expect(CohnPrinted.blockSweep.max() == CohnPrinted.blockSweep[9 - 6])
    #expect(CohnPrinted.blockMapSweep.count == 19 && CohnPrinted.clusterSweep.count == 20)
    #expect(CohnPrinted.blockMapSweep[23 - 6] == 0.976)
    #expect(CohnPrinted.componentGrid.count == CohnPrinted.variance.count)
  }

  @Test func classesOfTheSteelDefectsAreKnownByTheirNames() {
    let names = [
      "crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches",
    ]
    #expect(names.map { SteelDefects.code(of: $0) } == SteelDefects.codes)
    #expect(SteelDefects.code(of: "pearlite") == nil)
    #expect(SteelDefects.code(of: "RS") == "RS")
    #expect(
      SteelDefects.areClasses(names) && SteelDefects.areClasses(SteelDefects.codes.reversed()))
    #expect(!SteelDefects.areClasses(names.dropLast() + ["crazing too"]))
    #expect(!SteelDefects.areClasses(names + ["pearlite"]))
  }
}

@Suite(.serialized) struct ReproductionTests {
  private func job(
    _ paper: ReproducedPaper, _ folder: ScratchFolder, only: [String] = []
  ) throws -> Reproduction {
    var settings = ReproductionSettings(paper)
    settings.preset = .smoke
    settings.only = only
    settings.chain.scales = 3
    settings.chain.orientations = 4
    let paths = try listFolder(folder("images")).map { folder("images/\($0)") }
    return Reproduction(
      images: ImageSet(paths: paths, workingFolder: "/"), labels: .names, settings: settings,
      folder: folder.path)
  }

  private func drawn() throws -> ScratchFolder {
    let folder = ScratchFolder()
    try makeFolder(folder("images"))
    try SmallMicrographs.write(to: folder("images"))
    return folder
  }

  @Test(arguments: ReproducedPaper.allCases)
  func everyPartIsBuiltAndNothingIsComputedTwice(_ paper: ReproducedPaper) throws {
    let folder = try drawn()
    let first = try job(paper, folder).run()
    #expect(first.computedUnits > 10)
    let names = first.partNames
    #expect(Set(names).count == names.count)
    let wanted =
      paper == .cohn
      ? (1...13).map { number in "fig\(number)" } + (1...4).map { number in "table\(number)" }
        + ["seeds", "fc2", "block5", "conv3"]
      : (1...7).map { number in "fig\(number)" }
        + ["table1", "regions", "montage", "pc3", "scaling"]
    for name in wanted { #expect(names.contains(name), "\(name)") }
    try first.write(to: ResultFolder(path: folder.path))
    let report = try contents(folder("report.html"))
    let second = try job(paper, folder).run()
    #expect(second.computedUnits == 0)
    try second.write(to: ResultFolder(path: folder.path))
    #expect(try contents(folder("report.html")) == report)
  }

  @Test func everyRowOfTheChecklistIsThere() throws {
    let folder = try drawn()
    let rows = try ReproducedPaper.allCases.flatMap { paper in
      try job(paper, folder).run().comparisons.map(\.row)
    }
    let cohn = (1...33).map { "CH\($0)" }
    // KH18 is KH17 for two classes.
    let kitahara = (1...21).filter { $0 != 18 }.map { "KH\($0)" }
    for row in cohn + kitahara { #expect(rows.contains(row), "\(row)") }
  }

  @Test func shardsGiveTheBytesOfOneRun() throws {
    let (whole, parts) = try (drawn(), drawn())
    let only = ["fig12", "fig13", "table3"]
    try job(.cohn, whole, only: only).run().write(to: ResultFolder(path: whole.path))
    for index in 1...3 {
      var one = try job(.cohn, parts, only: only)
      one.shard = Shard("\(index)/3")
      #expect(try one.run().partNames.isEmpty)
    }
    let joined = try job(.cohn, parts, only: only).run()
    #expect(joined.computedUnits == 0)
    try joined.write(to: ResultFolder(path: parts.path))
    for file in ["figures/fig13.csv", "figures/fig12.svg", "tables/table3.csv", "comparisons.csv"] {
      #expect(try contents(whole(file)) == contents(parts(file)), "\(file)")
    }
  }

  @Test func aRunOfOnePartKeepsTheOthersInTheFolder() throws {
    let folder = try drawn()
    let output = try ResultFolder(path: folder.path)
    try job(.cohn, folder, only: ["fig7", "table2"]).run().write(to: output)
    let (figure, table) = try (
      contents(folder("figures/fig7.svg")), contents(folder("tables/table2.csv"))
    )
    let second = try job(.cohn, folder, only: ["fig3"]).run()
    #expect(second.partNames == ["fig3", "fig7", "table2"])
    try second.write(to: output)
    #expect(try contents(folder("figures/fig7.svg")) == figure)
    #expect(try contents(folder("tables/table2.csv")) == table)
    let report = String(decoding: try contents(folder("report.html")), as: UTF8.self)
    #expect(report.contains("holds the parts fig3, fig7, table2; not made yet"))
    // Other settings make other parts: those of before would be taken for theirs.
    var other = try job(.cohn, folder, only: ["fig3"])
    other.settings.seed = 1
    try other.run().write(to: output)
    #expect(try listFolder(folder("figures")) == ["fig3.csv", "fig3.svg"])
    #expect(try listFolder(folder("tables")).isEmpty)
  }

  @Test func otherLabelsAreAnotherStudy() throws {
    let folder = try drawn()
    _ = try job(.cohn, folder, only: ["fig7"]).run()
    let rows = try listFolder(folder("images")).enumerated().map { "\($1),\($0 % 2)" }
    try writeAtomically(
      "file,class\n" + rows.joined(separator: "\n") + "\n", to: folder("labels.csv"))
    var other = try job(.cohn, folder, only: ["fig7"])
    other.labels = .table(folder("labels.csv"))
    #expect(try other.run().computedUnits > 0)
  }

  @Test func layersThatTheFeaturesLackAreNotFaked() throws {
    let folder = try drawn()
    let result = try job(.cohn, folder, only: ["fc2", "block5", "fig10", "fig11", "conv3"]).run()
    #expect(result.comparisons.count == 7)
    for comparison in result.comparisons {
      #expect(comparison.computed == "not applicable" && comparison.remark.contains("VGG16"))
    }
  }

  @Test func tooFewClassesAreRefused() throws {
    let folder = try drawn()
    var one = try job(.kitahara, folder)
    one.labels = .none
    #expect(throws: PipelineError.self) { try one.run() }
  }
}
