import Files
import Pipelines
import Testing

@Suite struct OldModelTests {
  private func fixture(_ name: String, _ file: String = #filePath) -> String {
    "/" + file.split(separator: "/").dropLast(2).joined(separator: "/")
      + "/Fixtures/pipelines/version1/" + name
  }

  @Test func aModelOfVersion1GivesTheResultThatItGaveThen() throws {
    let model = try ClusterModel(contentsOf: fixture("model.safetensors"))
    #expect(model.settings.source == .scattering && model.settings.effectiveLimit == 3)
    let result = try MicrographClassification(
      model: model, images: ImageSet([fixture("images")])
    ).run()
    let expected = String(
      decoding: try contents(fixture("classes.csv")), as: UTF8.self
    ).split(separator: "\n")
    let found = result.csv.split(separator: "\n")
    #expect(found.count == 10 && found.count == expected.count)
    for (line, other) in zip(found, expected) {
      for (cell, wanted) in zip(line.split(separator: ","), other.split(separator: ",")) {
        guard let value = Double(cell), let known = Double(wanted) else {
          #expect(cell == wanted)
          continue
        }
        // Six decimals are written, of which instruction sets differ in the last by 1.
        #expect(abs(value - known) <= 1.5e-6)
      }
    }
  }

  @Test func aRunRecordOfVersion1IsRead() throws {
    let record = try RunRecord(contentsOf: fixture("run.json"))
    #expect(record.settings.features == "scattering" && record.settings.limit == 3)
    #expect(record.weights == nil && record.settings.embedding == nil)
    var again = record
    again.settings.features = "vgg16:fc1"
    again.settings.weights = WeightsIdentity(file: "a", sha256: "b")
    again.settings.embedding = EmbeddingSettings()
    let folder = ScratchFolder()
    try writeAtomically(again.json, to: folder("run.json"))
    #expect(try RunRecord(contentsOf: folder("run.json")) == again)
  }
}
