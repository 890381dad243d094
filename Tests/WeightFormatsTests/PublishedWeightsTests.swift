import Files
import Testing
import WeightFormats

@Suite struct PublishedWeightsTests {
  /// Weights/MANIFEST.md is what people read, the compiled table what the program prints.
  @Test func theTableAndTheManifestAgree() throws {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    let path = root.joined(separator: "/") + "/Weights/MANIFEST.md"
    let text = String(decoding: try CheckedBytes(contentsOf: path).array, as: UTF8.self)
    let rows = text.split(separator: "\n").filter { $0.contains("| http") }
    let expected = PublishedWeights.all.map { file in
      let cells = [
        file.network, file.file, file.source, file.licence,
        file.size.map { "\($0)" } ?? "unknown", file.hash ?? "unknown", file.use,
      ]
      return "| " + cells.joined(separator: " | ") + " |"
    }
    #expect(rows.map { String($0) } == expected)
  }

  /// torchvision's file names end in the first digits of the SHA-256.
  @Test func hashesAreWellFormed() {
    for file in PublishedWeights.all {
      guard let hash = file.hash else { continue }
      let parts = hash.split(separator: ":")
      #expect(parts.count == 2 && ["md5", "sha256"].contains(parts[0]))
      #expect(parts[1].allSatisfy { $0.isHexDigit && !$0.isUppercase })
      if file.file.hasSuffix(".pth") { #expect(file.file.hasSuffix("-\(parts[1]).pth")) }
    }
  }
}

@Suite struct MissingWeightsTests {
  /// A missing file: what to fetch, what to call it, where to put it.
  @Test func theRemedyNamesSourceFileAndFolder() throws {
    let known = PublishedWeights.all[0]
    let error = #expect(throws: MissingWeights.self) {
      try PublishedWeights.path(named: "/no/such/folder/" + known.file)
    }
    let text = try #require(error?.description)
    for part in [known.source, "named \(known.file)", PublishedWeights.folder] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(throws: MissingWeights.self) { try PublishedWeights.path(for: "LeNet") }
  }
}
