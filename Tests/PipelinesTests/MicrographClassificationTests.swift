import Files
import Pipelines
import Testing

@Suite struct MicrographClassificationTests {
  private let folder = ScratchFolder()

  private func model() throws -> (ClusteringResult, [String]) {
    let paths = try SmallMicrographs.write(count: 12, to: folder.path)
    return (try SmallMicrographs.job(paths).run(), paths)
  }

  private func images(_ paths: [String]) -> ImageSet { ImageSet(paths: paths, workingFolder: "/") }

  @Test func newImagesOfKnownKindsGetTheirClass() throws {
    let (fit, _) = try model()
    try makeFolder(folder("new"))
    let paths = try SmallMicrographs.write(count: 6, seed: 77, to: folder("new"))
    var job = MicrographClassification(model: fit.model, images: images(paths))
    job.labels = .names
    let result = try job.run()
    #expect(result.accuracy == 1)
    #expect(result.names.count == 18 && result.failures.isEmpty)
    #expect(
      result.csv.hasPrefix(
        "file,cluster,class,distance,margin,novelty,status,distance_0,distance_1,distance_2\n"))
    for (index, assignment) in result.assignments.enumerated() {
      #expect(assignment.distance == assignment.distances.min())
      #expect(result.predictedClass(index) == String(result.names[index].prefix { $0 != "-" }))
    }
  }

  @Test func trainingImagesKeepTheirClusterThroughTheFile() throws {
    let (fit, paths) = try model()
    try fit.model.save(to: folder("model.safetensors"))
    let read = try ClusterModel(contentsOf: folder("model.safetensors"))
    let result = try MicrographClassification(model: read, images: images(paths)).run()
    #expect(result.names == fit.names)
    #expect(result.assignments == fit.assignments)
    #expect(result.accuracy == nil)
  }

  @Test func anImageIsJudgedByItself() throws {
    let (fit, paths) = try model()
    let all = try MicrographClassification(model: fit.model, images: images(paths)).run()
    let expected = rows(all.csv)
    for path in [paths[0], paths[20]] {
      let one = try MicrographClassification(model: fit.model, images: images([path])).run()
      #expect(rows(one.csv)[fileName(of: path)] == expected[fileName(of: path)])
    }
  }

  @Test func aBadImageCostsItsOwnRow() throws {
    let (fit, paths) = try model()
    try writeAtomically("no picture", to: folder("bad.png"))
    let good = try MicrographClassification(model: fit.model, images: images(paths)).run()
    var job = MicrographClassification(
      model: fit.model, images: images(paths + [folder("bad.png")]))
    let result = try job.run()
    var found = rows(result.csv)
    let row = found.removeValue(forKey: "bad.png")
    #expect(row?.hasPrefix("bad.png,,,,,,\"failed: ") == true)
    #expect(row?.hasSuffix(",,,") == true)
    #expect(found == rows(good.csv))
    job.strict = true
    #expect(throws: FormatError.self) { try job.run() }
  }

  @Test func noUsableImageIsAnError() throws {
    let (fit, _) = try model()
    let error = #expect(throws: PipelineError.self) {
      try MicrographClassification(model: fit.model, images: images([folder("no.png")])).run()
    }
    #expect(error?.failures.map(\.name) == ["no.png"])
    #expect(error?.isUsage == false)
  }
}
