import Files
import Imaging
import Microstructures
import Pipelines
import Tensors
import Testing

@Suite struct PatchGridTests {
  @Test func thePublishedGridIsTheDefault() throws {
    // Kitahara & Holm 2018: 2048 x 1768 pixels, 56 patches of 224, 8 columns and 7 rows.
    let grid = try #require(PatchGrid(height: 1768, width: 2048, side: 224))
    #expect([grid.columns, grid.rows, grid.left, grid.top] == [8, 7, 128, 100])
    let asked = try #require(
      PatchGrid(height: 1768, width: 2048, side: 224, asked: PatchGrid.extents("9x7")))
    #expect([asked.columns, asked.rows, asked.left, asked.top] == [9, 7, 16, 100])
  }

  @Test func anExtentThatPatchesFillIsUsedAsAWhole() throws {
    let grid = try #require(PatchGrid(height: 448, width: 224, side: 224))
    #expect([grid.columns, grid.rows, grid.left, grid.top] == [1, 2, 0, 0])
    #expect(try #require(PatchGrid(height: 225, width: 230, side: 224)).columns == 1)
    #expect(PatchGrid(height: 223, width: 448, side: 224) == nil)
    #expect(PatchGrid(height: 448, width: 448, side: 224, asked: (3, 1)) == nil)
    for wrong in ["8", "8x", "0x7", "8x7x6", "axb"] { #expect(PatchGrid.extents(wrong) == nil) }
  }

  @Test func theGridLiesAboutTheCentre() throws {
    let grid = try #require(PatchGrid(height: 36, width: 47, side: 10))
    #expect(grid.rows == 3 && grid.columns == 4 && grid.top == 3 && grid.left == 3)
    let grey = Tensor(shape: [36, 47], scalars: (0..<36 * 47).map { Float($0) })
    #expect(grid.patches(of: grey)[0].grey.scalars[0] == 3 * 47 + 3)
  }

  @Test func patchesAreTheirPartOfThePicture() throws {
    let picture = Tensor(shape: [7, 11], scalars: (0..<77).map { Float($0) })
    let grid = try #require(PatchGrid(height: 7, width: 11, side: 3, asked: (3, 2)))
    let patches = grid.patches(of: picture)
    #expect(
      patches.map { [$0.row, $0.column] } == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3]])
    #expect(patches[0].grey.scalars == [1, 2, 3, 12, 13, 14, 23, 24, 25])
    #expect(patches[5].grey.scalars == [40, 41, 42, 51, 52, 53, 62, 63, 64])
  }
}

@Suite(.serialized) struct PatchTests {
  private let folder = ScratchFolder()
  private let results = ScratchFolder()

  /// Writes pictures of 2 x 3 patches of 48 pixels with a margin.
  private func write(count: Int = 4) throws -> [String] {
    var paths: [String] = []
    for kind in SmallMicrographs.kinds {
      for number in 0..<count {
        var generator = SeededGenerator(seed: 3, stream: number)
        let drawn = SyntheticMicrograph(
          kind: kind, parameters: MicrographParameters(kind, height: 120, width: 168),
          using: &generator)
        let path = folder("\(kind.rawValue)-\(number).png")
        try drawn.image.write(to: path)
        paths.append(path)
      }
    }
    return paths
  }

  private func job(
    _ paths: [String], _ change: (inout ClusteringSettings) -> Void = { _ in }
  ) -> MicrographClustering {
    SmallMicrographs.job(paths) {
      $0.patch = 48
      change(&$0)
    }
  }

  @Test func everyPatchKeepsItsParentAndItsClass() throws {
    let paths = try write()
    let result = try job(paths).run()
    #expect(result.names.count == 12 * 6)
    let lines = result.csv.split(separator: "\n")
    #expect(lines[0] == "file,parent,cluster,class,distance,margin,status")
    for line in lines.dropFirst() {
      let cells = line.split(separator: ",")
      #expect(cells[0].hasPrefix(cells[1] + "#r"))
    }
    #expect(lines.contains { $0.hasPrefix("scratches-2.png#r2c3,scratches-2.png,") })
    #expect(result.confusion?.total == 72)
    // Patches of 48 pixels show less of a kind than its pictures do; chance would be a third.
    #expect((result.accuracy ?? 0) > 0.7)
  }

  /// Two columns in one row of 48 pixels about the centre of 168 x 120, from (36, 36) on.
  @Test func anAskedGridIsCut() throws {
    let paths = try write(count: 1)
    var job = job(paths) { $0.patchGrid = "2x1" }
    job.settings.clusters = "2"
    let result = try job.run()
    #expect(
      result.names
        == ["lamellarPearlite-0", "nodularIron-0", "scratches-0"].flatMap { name in
          (1...2).map { "\(name).png#r1c\($0)" }
        })
    // Their scores are those of files that hold these pixels alone, but for the order of the rows.
    var alone: [String] = []
    for path in paths.sorted() {
      let grey = try Image(contentsOf: path).grey()
      for column in 0..<2 {
        var part = Tensor<Float>.zeros([48, 48])
        for (y, x) in (0..<48).flatMap({ y in (0..<48).map { (y, $0) } }) {
          part[y, x] = grey[36 + y, 36 + 48 * column + x]
        }
        alone.append(folder("part-\(alone.count).png"))
        try Image(grey: part).write(to: alone[alone.count - 1])
      }
    }
    let whole = try SmallMicrographs.job(alone, .none) { $0.clusters = "2" }.run()
    let scores = [result, whole].map { found in
      (0..<6).map { Array(found.scores.scalars[(4 * $0)..<(4 * $0 + 4)]) }.sorted { $0[0] < $1[0] }
    }
    #expect(scores[0] == scores[1] && Set(scores[0]).count == 6)
  }

  @Test func parentsAreSummedUp() throws {
    let paths = try write()
    let result = try job(paths).run()
    let summaries = try #require(result.parentSummaries)
    #expect(summaries.map(\.name) == paths.map { fileName(of: $0) }.sorted())
    for summary in summaries {
      #expect(summary.patches == 6)
      #expect(abs(summary.shares.reduce(0, +) - 1) < 1e-12)
      #expect(summary.shares[summary.cluster] == summary.shares.max())
      let own = result.names.indices.filter { result.names[$0].hasPrefix(summary.name + "#") }
      let inCluster = own.count { result.assignments[$0].cluster == summary.cluster }
      #expect(summary.shares[summary.cluster] == Double(inCluster) / 6)
      let classes = own.map { result.assignments[$0].classIndex }
      let votes = classes.count { $0 == summary.classIndex }
      #expect(summary.classIndex != nil)
      #expect((0..<3).allSatisfy { other in classes.count { $0 == other } <= votes })
    }
    #expect(try SmallMicrographs.job(paths).run().parentCSV == nil)
  }

  @Test func classificationCutsAsTheRunDid() throws {
    let paths = try write()
    let result = try job(paths).run()
    let file = folder("model.safetensors")
    try result.model.save(to: file)
    let model = try ClusterModel(contentsOf: file)
    let classified = try MicrographClassification(
      model: model, images: ImageSet(paths: paths, workingFolder: "/")
    ).run()
    #expect(classified.names == result.names)
    #expect(classified.assignments.map(\.cluster) == result.assignments.map(\.cluster))
    #expect(classified.parentCSV == result.parentCSV)
    #expect(classified.csv.hasPrefix("file,parent,cluster,class,"))
  }

  @Test func foldsNeverSplitAParent() throws {
    let parents = (0..<90).map { $0 / 6 }
    var settings = SmallMicrographs.settings
    for (folds, seed) in [(2, UInt64(0)), (5, 1), (15, 2)] {
      (settings.folds, settings.seed) = (folds, seed)
      let found = try parentFolds(parents, parents.map { $0 % 3 }, settings)
      for row in parents.indices { #expect(found[row] == found[parents[row] * 6]) }
      #expect(Set(found).count == folds)
    }
    settings.folds = 16
    #expect(throws: PipelineError.self) {
      try parentFolds(parents, parents.map { $0 % 3 }, settings)
    }
    // Through the whole chain: each fold holds out whole images of 6 patches.
    let result = try job(try write()) { $0.folds = 4 }.run()
    #expect(result.folds.map(\.heldOut) == [18, 18, 18, 18])
  }

  @Test func aJournalHoldsImagesAsAWhole() throws {
    let paths = try write(count: 2)
    func run(_ paths: [String], _ side: Int) throws -> ClusteringResult {
      var job = job(paths) { $0.patch = side }
      job.journalFolder = results.path
      return try job.run()
    }
    let whole = try job(paths).run()
    _ = try run(Array(paths.prefix(3)), 48)
    #expect(try run(paths, 48).csv == whole.csv)
    let journal = try results(#require(listFolder(results.path).first))
    let size = try contents(journal).count
    #expect(try run(paths, 48).csv == whole.csv)
    #expect(try contents(journal).count == size)
    // Another side has another journal.
    _ = try run(paths, 40)
    #expect(try listFolder(results.path).filter { $0.hasSuffix(".journal") }.count == 2)
  }

  @Test func aPictureSmallerThanAPatchCostsItsOwnRow() throws {
    let paths = try write(count: 2)
    let small = try SmallMicrographs.write([.scratches], count: 1, seed: 9, to: results.path)
    let result = try job(paths + small) { $0.patch = 72 }.run()
    #expect(result.failures.map { fileName(of: $0.name) } == ["scratches-0.png"])
    #expect(result.failures[0].problem.contains("64 x 64"))
    let row = result.csv.split(separator: "\n").first { $0.contains("failed") }
    #expect(row?.split(separator: ",", omittingEmptySubsequences: false).count == 7)
  }
}
