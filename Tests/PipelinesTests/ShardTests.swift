import Files
import Pipelines
import Synchronization
import Tensors
import Testing

@Suite(.serialized) struct ShardTests {
  private let folder = ScratchFolder()
  private let results = ScratchFolder()

  private func extract(_ paths: [String], _ text: String, in place: String) throws -> FeatureSet {
    var job = MicrographFeatures(
      images: ImageSet(paths: paths, workingFolder: "/"), settings: SmallMicrographs.settings)
    job.journalFolder = place
    let shard: Shard = try #require(Shard(text))
    job.shard = shard
    return try job.run()
  }

  @Test func partsAreReadAsTheyAreWritten() {
    #expect(Shard("2/8")?.text == "2/8")
    for wrong in ["", "2", "0/8", "9/8", "1/0", "a/b", "1/2/3", "-1/2"] {
      #expect(Shard(wrong) == nil, "\(wrong)")
    }
  }

  @Test(arguments: [1, 2, 5, 40])
  func partsTogetherGiveTheBytesOfOneRun(count: Int) throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let whole = try SmallMicrographs.job(paths).run()
    var seen: [String] = []
    for index in (1...count).reversed() {
      seen += try extract(paths, "\(index)/\(count)", in: results.path).names
    }
    #expect(seen.sorted() == whole.names.sorted())
    // Nothing is computed again: the whole run's own journal stays empty.
    var job = SmallMicrographs.job(paths)
    job.journalFolder = results.path
    let merged = try job.run()
    #expect(merged.csv == whole.csv)
    #expect(try modelBytes(merged.model, in: folder) == modelBytes(whole.model, in: folder))
    let own = try listFolder(results.path).filter { !$0.contains("shard") }
    #expect(try own.map { try contents(results($0)).count } == [8])
  }

  @Test func aPartThatIsMissingIsComputed() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let whole = try SmallMicrographs.job(paths).run()
    _ = try extract(paths, "1/3", in: results.path)
    // A part that was killed in the middle of a record.
    _ = try extract(paths, "3/3", in: results.path)
    let name = try #require(listFolder(results.path).first { $0.contains("shard-3") })
    let bytes = try contents(results(name))
    try writeAtomically(Array(bytes.prefix(bytes.count - 9)), to: results(name))
    var job = SmallMicrographs.job(paths)
    job.journalFolder = results.path
    #expect(try job.run().csv == whole.csv)
  }

  @Test func theSamePartCannotRunTwiceAtOnce() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let place = results.path
    _ = try extract(paths, "1/2", in: place)
    let name = try #require(listFolder(place).first)
    let held = try Journal(path: place + "/" + name)
    let error = #expect(throws: FormatError.self) { try extract(paths, "1/2", in: place) }
    #expect(error?.problem.contains("another process uses this journal") == true)
    // Another part may, and so may a whole run read what is there.
    _ = try extract(paths, "2/2", in: place)
    #expect(!held.records.isEmpty)
  }

  @Test func withoutResumeEveryPartIsForgotten() throws {
    let paths = try SmallMicrographs.write(count: 3, to: folder.path)
    _ = try extract(paths, "1/2", in: results.path)
    var job = SmallMicrographs.job(paths)
    job.journalFolder = results.path
    job.resume = false
    _ = try job.run()
    #expect(try listFolder(results.path).filter { $0.contains("shard") }.isEmpty)
  }
}
