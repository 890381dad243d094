import Files
import Pipelines
import Synchronization
import Testing

/// A number that several threads raise.
private final class Counter: Sendable {
  private let value = Atomic<Int>(0)
  var count: Int { value.load(ordering: .relaxed) }
  func advance() { value.wrappingAdd(1, ordering: .relaxed) }
}

@Suite struct FeatureExtractionTests {
  private let folder = ScratchFolder()
  private let results = ScratchFolder()

  private func journals() throws -> [String] {
    try listFolder(results.path).filter { $0.hasSuffix(".journal") }
  }

  private func run(
    _ paths: [String], resume: Bool = true, _ change: (inout ClusteringSettings) -> Void = { _ in }
  ) throws -> ClusteringResult {
    var job = SmallMicrographs.job(paths, .names, change)
    job.journalFolder = results.path
    job.resume = resume
    return try job.run()
  }

  @Test func finishedImagesAreNotComputedAgain() throws {
    let paths = try SmallMicrographs.write(count: 4, to: folder.path)
    let first = try run(Array(paths.prefix(7)))
    let journal = try results(#require(journals().first))
    let begun = try contents(journal)
    // A record that is computed is appended: the same images append nothing.
    let again = try run(Array(paths.prefix(7)))
    #expect(try contents(journal) == begun)
    #expect(again.csv == first.csv)
    #expect(try modelBytes(again.model, in: folder) == modelBytes(first.model, in: folder))
    // New images append their records alone, and everything equals a run without a journal.
    let all = try run(paths)
    let grown = try contents(journal)
    #expect(grown.starts(with: begun))
    let share = Double(grown.count - begun.count) / Double(begun.count)
    #expect(share > 0.5 && share < 1)  // 5 records after 7; sizes differ by their thumbnails.
    let fresh = try SmallMicrographs.job(paths).run()
    #expect(all.csv == fresh.csv)
    #expect(try modelBytes(all.model, in: folder) == modelBytes(fresh.model, in: folder))
    let record = RunRecord(
      command: "cluster", inputs: [], labels: "none", settings: all.settings)
    let isSamePage = all.report(record).html == fresh.report(record).html
    #expect(isSamePage)
  }

  @Test func copiesOfAnImageStayOneRowEachWhenTheJournalIsRead() throws {
    var paths = try SmallMicrographs.write(count: 3, to: folder.path)
    for number in 0..<2 {
      paths.append(folder("scratches-copy\(number).png"))
      try writeAtomically(contents(paths[4]), to: paths[paths.count - 1])
    }
    for side in [nil, 30] {
      let first = try run(paths) { $0.patch = side }
      let again = try run(paths) { $0.patch = side }
      #expect(first.names.count == 11 * (side == nil ? 1 : 4))
      #expect(again.names == first.names)
      #expect(again.csv == first.csv)
    }
  }

  @Test func recordsOfOtherSettingsAreNotUsed() throws {
    let paths = try SmallMicrographs.write(count: 3, to: folder.path)
    let changes: [(inout ClusteringSettings) -> Void] = [
      { _ in }, { $0.scales = 2 }, { $0.orientations = 3 }, { $0.equalize = false },
    ]
    for (number, change) in changes.enumerated() {
      let kept = try run(paths, change)
      #expect(try journals().count == number + 1)
      let fresh = try SmallMicrographs.job(paths, .names, change).run()
      #expect(kept.csv == fresh.csv)
    }
    // What does not touch the features does not need them again.
    _ = try run(paths) { ($0.starts, $0.seed, $0.components) = (5, 8, 3) }
    #expect(try journals().count == changes.count)
  }

  @Test func aRunWithoutResumeBeginsAnew() throws {
    let paths = try SmallMicrographs.write(count: 3, to: folder.path)
    _ = try run(paths)
    let journal = try results(#require(journals().first))
    let size = try contents(journal).count
    _ = try run(Array(paths.prefix(6)), resume: false)
    #expect(try contents(journal).count < size)
  }

  @Test func aDamagedJournalCostsRecordsNotResults() throws {
    let paths = try SmallMicrographs.write(count: 3, to: folder.path)
    let whole = try run(paths)
    let journal = try results(#require(journals().first))
    let bytes = try contents(journal)
    for count in [0, 5, 8, 100, bytes.count / 2, bytes.count - 1] {
      try writeAtomically(Array(bytes.prefix(count)), to: journal)
      #expect(try run(paths).csv == whole.csv)
    }
    var damaged = bytes
    damaged[bytes.count / 2] ^= 0x40
    try writeAtomically(damaged, to: journal)
    #expect(try run(paths).csv == whole.csv)
    try writeAtomically("something else", to: journal)
    #expect(throws: FormatError.self) { try run(paths) }
  }

  @Test func theFolderOfTheJournalMustBeThere() throws {
    let paths = try SmallMicrographs.write(count: 2, to: folder.path)
    var job = SmallMicrographs.job(paths)
    job.journalFolder = results("absent")
    #expect(throws: FormatError.self) { try job.run() }
  }

  @Test func progressCountsEveryImage() throws {
    let paths = try SmallMicrographs.write(count: 4, to: folder.path)
    let counter = Counter()
    _ = try SmallMicrographs.job(paths).run { progress in
      if progress.stage == "features" { counter.advance() }
    }
    #expect(counter.count == paths.count + 1)
  }

  @Test func picturesTooSmallForTheScalesAreNamed() throws {
    let paths = try SmallMicrographs.write(count: 3, to: folder.path)
    let small = folder("dot.pgm")
    try writeAtomically("P2 1 1 255 7\n", to: small)
    let result = try SmallMicrographs.job(paths + [small]).run()
    #expect(result.failures.map(\.name) == ["dot.pgm"])
    #expect(result.failures[0].problem.contains(small))
  }
}
