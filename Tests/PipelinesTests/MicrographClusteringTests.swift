import Estimators
import Files
import Imaging
import Microstructures
import Pipelines
import Tensors
import Testing

@Suite(.serialized) struct MicrographClusteringTests {
  private let folder = ScratchFolder()

  @Test func kindsThatDifferFallIntoTheirOwnClusters() throws {
    let result = try SmallMicrographs.job(SmallMicrographs.write(to: folder.path)).run()
    #expect(result.accuracy == 1)
    #expect(result.adjustedRand == 1)
    #expect(result.clusterSizes == [8, 8, 8])
    #expect(result.confusion?.total == 24)
    #expect(result.model.classNames == ["lamellarPearlite", "nodularIron", "scratches"])
  }

  @Test func theKMeansOf2018IsOneStart() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let result = try SmallMicrographs.job(paths) {
      ($0.clusters, $0.seeding, $0.seed) = ("5", .drawn, 3)
    }.run()
    #expect(result.clusterSizes.count == 5 && result.clusterSizes.reduce(0, +) == 24)
    let many = try SmallMicrographs.job(paths) { ($0.clusters, $0.seed) = ("5", 3) }.run()
    #expect(result.model.clusters.inertia > many.model.clusters.inertia)
    #expect(throws: PipelineError.self) {
      try SmallMicrographs.job(paths) { ($0.clusters, $0.seeding) = ("2-5", .drawn) }.run()
    }
  }

  @Test func bytesDoNotDependOnThreadsOrOrder() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    var generator = SeededGenerator(seed: 9)
    var expected: (csv: String, model: [UInt8])?
    for threads in [1, 2, 3, 8] {
      Parallelism.threads = threads
      let shuffled = generator.permutation(paths.count).map { paths[$0] }
      let result = try SmallMicrographs.job(shuffled) { $0.clusters = "2-5" }.run()
      let model = try modelBytes(result.model, in: folder)
      let first = expected ?? (result.csv, model)
      #expect(result.csv == first.csv, "\(threads) threads")
      #expect(model == first.model, "\(threads) threads")
      expected = first
    }
  }

  @Test func namesOfFilesDoNotChangeTheModel() throws {
    let paths = try SmallMicrographs.write(count: 5, to: folder.path)
    let plain = try SmallMicrographs.job(paths, .none).run()
    for (number, path) in paths.enumerated() {
      try writeAtomically(contents(path), to: folder("x\(paths.count - number).png"))
    }
    let renamed = (1...paths.count).map { folder("x\($0).png") }
    let other = try SmallMicrographs.job(renamed, .none).run()
    #expect(try modelBytes(plain.model, in: folder) == modelBytes(other.model, in: folder))
  }

  @Test func aRangeOfClustersTakesTheBestCriterion() throws {
    let job = SmallMicrographs.job(try SmallMicrographs.write(to: folder.path)) {
      $0.clusters = "2-6"
    }
    let result = try job.run()
    #expect(result.criteria.map(\.clusters) == [2, 3, 4, 5, 6])
    let best = result.criteria.max { ($0.value ?? -1) < ($1.value ?? -1) }
    #expect(result.model.clusters.clusters == best?.clusters)
    #expect(result.clusterSizes.count == best?.clusters)
  }

  @Test func aRangeIsCutToTheNumberOfImages() throws {
    let paths = try SmallMicrographs.write(count: 2, to: folder.path)
    let result = try SmallMicrographs.job(paths) { $0.clusters = "2-12" }.run()
    #expect(result.criteria.map(\.clusters) == [2, 3, 4, 5])
  }

  @Test func tooFewImagesAreRefused() throws {
    let paths = try SmallMicrographs.write([.scratches], count: 1, to: folder.path)
    #expect(throws: PipelineError.self) { try SmallMicrographs.job(paths).run() }
    #expect(throws: PipelineError.self) { try SmallMicrographs.job([]).run() }
    let five = try SmallMicrographs.write([.scratches], count: 5, to: folder.path)
    for (clusters, components) in [("6", 2), ("5-9", 2), ("2", 5)] {
      let error = #expect(throws: PipelineError.self) {
        try SmallMicrographs.job(five) {
          ($0.clusters, $0.components) = (clusters, components)
        }.run()
      }
      #expect(error?.isUsage == true)
    }
  }

  @Test func twoImagesAreEnough() throws {
    let paths = try SmallMicrographs.write([.scratches], count: 2, to: folder.path)
    let result = try SmallMicrographs.job(paths) {
      ($0.clusters, $0.components) = ("2", nil)
    }.run()
    #expect(result.clusterSizes == [1, 1])
    // Too few images to measure limits: nothing is flagged, and the model can be read again.
    try result.model.save(to: folder("model.safetensors"))
    let model = try ClusterModel(contentsOf: folder("model.safetensors"))
    #expect(model.limits == result.model.limits)
  }

  @Test func aBadImageCostsItsOwnRow() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let good = try SmallMicrographs.job(paths).run()
    let bad = folder("nodularIron-3a.png")
    try writeAtomically(Array(contents(paths[0]).prefix(300)), to: bad)
    let empty = folder("zero.png")
    try writeAtomically([UInt8](), to: empty)
    let result = try SmallMicrographs.job(paths + [bad, empty, folder("absent.png")]).run()
    #expect(result.failures.map(\.name) == ["absent.png", "nodularIron-3a.png", "zero.png"])
    var found = rows(result.csv)
    for name in ["absent.png", "nodularIron-3a.png", "zero.png"] {
      let row = found.removeValue(forKey: name)
      #expect(row?.contains(",,,,") == true && row?.contains("failed: ") == true)
      #expect(row?.contains(folder.path) == false)
    }
    #expect(found == rows(good.csv))
    #expect(result.csv.split(separator: "\n").count == 28)
  }

  @Test func strictRunsStopAtABadImage() throws {
    var paths = try SmallMicrographs.write(count: 2, to: folder.path)
    paths.append(folder("absent.png"))
    var job = SmallMicrographs.job(paths)
    job.strict = true
    let error = #expect(throws: FormatError.self) { try job.run() }
    #expect(error?.file == folder("absent.png"))
  }

  @Test func labelsAreUsedForScoresAlone() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let without = try SmallMicrographs.job(paths, .none).run()
    #expect(without.accuracy == nil && without.adjustedRand == nil && without.confusion == nil)
    #expect(without.csv.hasPrefix("file,cluster,distance,margin,status\n"))
    // Three of one kind are called otherwise: accuracy falls by those three, the clusters stay.
    let table = paths.map { path in
      let name = fileName(of: path)
      let isOdd = ["scratches-0.png", "scratches-1.png", "scratches-2.png"].contains(name)
      return "\(name),\(isOdd ? "odd" : String(name.prefix { $0 != "-" }))"
    }
    try writeAtomically(
      (["file,class"] + table).joined(separator: "\n"), to: folder("labels.csv"))
    let with = try SmallMicrographs.job(paths, .table(folder("labels.csv"))).run()
    #expect(with.accuracy == 21.0 / 24)
    #expect(with.assignments.map(\.cluster) == without.assignments.map(\.cluster))
    #expect(with.assignments.map(\.distances) == without.assignments.map(\.distances))
  }

  @Test func duplicatesStayTogether() throws {
    let paths = try SmallMicrographs.write(count: 5, to: folder.path)
    let copies = try paths.map { path in
      let copy = path.dropLast(4) + "-copy.png"
      try writeAtomically(contents(path), to: String(copy))
      return String(copy)
    }
    let result = try SmallMicrographs.job(paths + copies, .none).run()
    let found = rows(result.csv)
    for (path, copy) in zip(paths, copies) {
      let cells = [path, copy].map { path in
        (found[fileName(of: path)] ?? "").split(separator: ",").dropFirst().map(String.init)
      }
      #expect(cells[0] == cells[1] && !cells[0].isEmpty)
    }
  }

  @Test func copiesOfOneImageEndInAResultOrARefusal() throws {
    let path = try SmallMicrographs.write([.scratches], count: 1, to: folder.path)[0]
    let copies = try (0..<8).map { number in
      let copy = folder("copy\(number).png")
      try writeAtomically(contents(path), to: copy)
      return copy
    }
    for clusters in ["1", "2", "2-4"] {
      do {
        let result = try SmallMicrographs.job(copies, .none) { $0.clusters = clusters }.run()
        #expect(Set(result.assignments.map(\.cluster)).count == 1)
        try result.model.save(to: folder("model.safetensors"))
        _ = try ClusterModel(contentsOf: folder("model.safetensors"))
      } catch let error as PipelineError {
        #expect(error.isUsage)
      } catch is EstimatorError {
      }
    }
  }

  @Test func blankImagesEndInAResultOrARefusal() throws {
    let paths = try (0..<6).map { number in
      let path = folder("blank\(number).png")
      let level = UInt8(number % 2 == 0 ? 0 : number * 20)
      try Image(
        height: 64, width: 64, channels: 1, samples: .uint8(.init(repeating: level, count: 4096))
      )
      .write(to: path)
      return path
    }
    do {
      let result = try SmallMicrographs.job(paths, .none).run()
      #expect(result.assignments.allSatisfy { $0.distance.isFinite })
    } catch let error as PipelineError {
      #expect(error.isUsage)
    } catch is EstimatorError {
    }
  }

  @Test func foldsScoreImagesThatWereHeldOut() throws {
    let job = SmallMicrographs.job(try SmallMicrographs.write(to: folder.path)) { $0.folds = 4 }
    let result = try job.run()
    #expect(result.folds.map(\.fold) == [1, 2, 3, 4])
    #expect(result.folds.map(\.heldOut).reduce(0, +) == 24)
    #expect(result.folds.allSatisfy { $0.validationAccuracy == 1 && $0.trainingAccuracy == 1 })
  }

  @Test func foldsWithoutClassesAreRefused() throws {
    let paths = try SmallMicrographs.write(count: 4, to: folder.path)
    for (labels, folds) in [(LabelSource.none, 2), (.names, 13)] {
      let error = #expect(throws: PipelineError.self) {
        try SmallMicrographs.job(paths, labels) { $0.folds = folds }.run()
      }
      #expect(error?.isUsage == true)
    }
  }

  @Test(
    arguments: [
      { (s: inout ClusteringSettings) in s.scales = 0 }, { $0.scales = 1000 },
      { $0.orientations = -1 }, { $0.orientations = 1 << 40 }, { $0.offset = -1 },
      { $0.offset = .nan }, { $0.offset = .infinity }, { $0.components = 0 },
      { $0.components = -7 },
      { $0.clusters = "0" }, { $0.clusters = "many" }, { $0.clusters = "5-2" }, { $0.starts = 0 },
      { $0.folds = 1 }, { $0.folds = -3 },
    ] as [@Sendable (inout ClusteringSettings) -> Void])
  func settingsThatMakeNoSenseAreRefused(change: @Sendable (inout ClusteringSettings) -> Void)
    throws
  {
    let paths = try SmallMicrographs.write(count: 2, to: folder.path)
    let error = #expect(throws: PipelineError.self) {
      try SmallMicrographs.job(paths, .names, change).run()
    }
    #expect(error?.isUsage == true)
  }
}
