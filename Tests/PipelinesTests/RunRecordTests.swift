import Files
import Pipelines
import Testing

@Suite struct RunRecordTests {
  private let folder = ScratchFolder()

  private func record() -> RunRecord {
    var record = RunRecord(
      command: "cluster", inputs: ["/a b/\"c\"\n.png", "@/list"], labels: "from-names",
      settings: SmallMicrographs.settings)
    record.settings.seed = .max
    record.settings.components = nil
    record.inputHashes = ["00ff"]
    record.instructionSet = "avx2"
    record.threads = 2
    record.beganAt = 1.5
    record.seconds = 0.25
    return record
  }

  @Test func aRecordIsReadAsItWasWritten() throws {
    try writeAtomically(record().json, to: folder("run.json"))
    #expect(try RunRecord(contentsOf: folder("run.json")) == record())
  }

  @Test(arguments: [
    "", "{", "[]", "{}", "null", "\u{0}", "{\"schemaVersion\": 1}",
  ]) func whatIsNoRecordIsRefused(text: String) throws {
    try writeAtomically(text, to: folder("run.json"))
    let error = #expect(throws: FormatError.self) {
      try RunRecord(contentsOf: folder("run.json"))
    }
    #expect(error?.file == folder("run.json"))
  }

  @Test func laterVersionsAreRefusedByName() throws {
    var later = record()
    later.schemaVersion = 2
    try writeAtomically(later.json, to: folder("run.json"))
    let error = #expect(throws: FormatError.self) {
      try RunRecord(contentsOf: folder("run.json"))
    }
    #expect(error?.problem.contains("version 2") == true)
  }

  @Test func settingsThatMakeNoSenseAreRefused() throws {
    let changes: [(inout ClusteringSettings) -> Void] = [
      { $0.scales = 1_000_000 }, { $0.orientations = 0 }, { $0.components = -1 },
      { $0.starts = -1 }, { $0.clusters = "x" }, { $0.folds = 1 }, { $0.offset = 0 },
    ]
    for (number, change) in changes.enumerated() {
      var wrong = record()
      change(&wrong.settings)
      try writeAtomically(wrong.json, to: folder("run.json"))
      #expect(throws: FormatError.self, "change \(number)") {
        try RunRecord(contentsOf: folder("run.json"))
      }
    }
  }

  @Test(arguments: [
    ("7", true), ("1", true), ("4-12", true), ("2-2", true), ("0", false), ("-3", false),
    ("1-4", false), ("5-4", false), ("3-", false), ("a", false), ("", false), ("2-3-4", false),
    ("99999999999999999999", false),
  ]) func clusterCountsAreReadOrRefused(text: String, isRight: Bool) {
    #expect((ClusterCount(text) != nil) == isRight)
    if let count = ClusterCount(text) { #expect(count.text == text) }
  }
}
