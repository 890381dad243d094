import Files
import FoundationEssentials
import Testing
import WeightFormats

/// A folder of weight files with a manifest: `NITAL_CORPUS` names it; without it nothing is tested.
private let corpus = environmentValue("NITAL_CORPUS")

private struct Manifest: Decodable {
  struct Entry: Decodable {
    var path: String
    var kind: String
    var format: String?
    var level: String?
    var tensors: [Described]?
  }
  struct Described: Decodable {
    var name: String
    var dtype: String
    var shape: [Int]
    var crc32: String?
  }
  var files: [Entry]
}

@Suite struct CorpusTests {
  @Test(.enabled(if: corpus != nil)) func goodFilesHaveTheirChecksums() throws {
    let folder = corpus ?? ""
    let manifest = try JSONDecoder().decode(
      Manifest.self,
      from: Data(try CheckedBytes(contentsOf: folder + "/good/manifest.json").array))
    let formats = ["safetensors", "npy", "npz", "torch-zip", "torch-legacy", "keras-h5"]
    for entry in manifest.files where formats.contains(entry.format ?? "") {
      if entry.level == "optional" || entry.kind != "weights" { continue }
      let tensors = try loadTensors(contentsOf: folder + "/good/" + entry.path)
      for described in entry.tensors ?? [] {
        // The manifest names tensors from the root of the file.
        let inner = described.name.replacing("state_dict.module.", with: "")
        let found = tensors.count == 1 ? tensors[0] : tensors[described.name] ?? tensors[inner]
        guard let found else {
          #expect(!described.name.contains("state_dict"), "\(entry.path): \(described.name)")
          continue
        }
        #expect(found.shape == described.shape, "\(entry.path): \(described.name)")
        #expect(found.type.name == described.dtype, "\(entry.path): \(described.name)")
        guard let crc = described.crc32 else { continue }
        #expect(found.crc32 == UInt32(crc, radix: 16), "\(entry.path)")
      }
    }
  }

  @Test(.enabled(if: corpus != nil)) func hostileFilesAreRefused() throws {
    let folder = (corpus ?? "") + "/hostile/"
    let text = String(
      decoding: try CheckedBytes(contentsOf: folder + "EXPECT.tsv").array, as: UTF8.self)
    for line in text.split(separator: "\n") {
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard cells.count > 2, cells[1] == "weights", cells[2] == "reject" else { continue }
      #expect(throws: FormatError.self, "\(cells[0])") {
        let tensors = try loadTensors(contentsOf: folder + cells[0])
        try tensors.refuseNonFinite()
      }
    }
  }
}
