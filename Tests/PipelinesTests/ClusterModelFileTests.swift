import Estimators
import Files
import Pipelines
import Tensors
import Testing
import WeightFormats

@Suite struct ClusterModelFileTests {
  private let folder = ScratchFolder()

  private func written() throws -> ClusterModel {
    let paths = try SmallMicrographs.write(count: 4, to: folder.path)
    let model = try SmallMicrographs.job(paths).run().model
    try model.save(to: folder("model.safetensors"))
    return model
  }

  /// Expects that a changed file is refused by an error that names it.
  private func expectRefused(
    _ tensors: [NamedTensor], _ metadata: [String: String], _ what: String
  ) throws {
    let path = folder("changed.safetensors")
    try saveSafetensors(tensors, metadata: metadata, to: path)
    let error = #expect(throws: FormatError.self, "\(what)") { try ClusterModel(contentsOf: path) }
    #expect(error?.file == path)
  }

  @Test func aModelIsReadAsItWasWritten() throws {
    let model = try written()
    let read = try ClusterModel(contentsOf: folder("model.safetensors"))
    #expect(read.settings == model.settings)
    #expect(read.normalisation == model.normalisation)
    #expect(read.pca.mean == model.pca.mean)
    #expect(read.pca.components == model.pca.components)
    #expect(read.pca.explainedVariance == model.pca.explainedVariance)
    #expect(read.pca.explainedVarianceRatio == model.pca.explainedVarianceRatio)
    #expect(read.pca.noiseVariance == model.pca.noiseVariance)
    #expect(read.pca.whitens == model.pca.whitens)
    #expect(read.clusters.centres == model.clusters.centres)
    #expect(read.classNames == model.classNames)
    #expect(read.clusterClasses == model.clusterClasses)
    #expect(read.limits == model.limits)
    #expect(read.inputHashes == model.inputHashes)
    #expect(read.inputHashes.count == 12 && read.inputHashes.allSatisfy { $0.utf8.count == 64 })
    #expect(try modelBytes(read, in: folder) == contents(folder("model.safetensors")))
  }

  @Test func eachTensorMustBeThereWithItsShapeAndFiniteValues() throws {
    _ = try written()
    let file = try loadTensorFile(contentsOf: folder("model.safetensors"))
    #expect(file.tensors.count == 10)
    for (index, tensor) in file.tensors.enumerated() {
      var fewer = file.tensors
      fewer.remove(at: index)
      try expectRefused(fewer, file.metadata, "\(tensor.name) missing")
      func replaced(_ other: NamedTensor) -> [NamedTensor] {
        var tensors = file.tensors
        tensors[index] = other
        return tensors
      }
      if tensor.type == .float64 {
        let values = try tensor.doubles()
        let longer = Tensor(shape: [values.count + 1], scalars: values.scalars + [1])
        try expectRefused(
          replaced(NamedTensor(name: tensor.name, longer)), file.metadata, "\(tensor.name) longer")
        var broken = values
        broken.scalars[0] = .nan
        try expectRefused(
          replaced(NamedTensor(name: tensor.name, broken)), file.metadata, "\(tensor.name) NaN")
      } else {
        let values = try tensor.integers()
        for wrong in [-2, 1 << 40] {
          var broken = values
          broken.scalars[0] = wrong
          try expectRefused(
            replaced(NamedTensor(name: tensor.name, broken)), file.metadata,
            "\(tensor.name) \(wrong)")
        }
        let longer = Tensor(shape: [values.count + 1], scalars: values.scalars + [0])
        try expectRefused(
          replaced(NamedTensor(name: tensor.name, longer)), file.metadata, "\(tensor.name) longer")
      }
    }
  }

  @Test(arguments: ["normalisation.medians", "components.variances", "limits"])
  func whatCannotBeNegativeMustNotBe(name: String) throws {
    _ = try written()
    let file = try loadTensorFile(contentsOf: folder("model.safetensors"))
    let tensors = try file.tensors.map { tensor in
      guard tensor.name == name else { return tensor }
      var values = try tensor.doubles()
      values.scalars[0] = -1
      return NamedTensor(name: name, values)
    }
    try expectRefused(tensors, file.metadata, name)
  }

  @Test func metadataMustBeThereAndMakeSense() throws {
    _ = try written()
    let file = try loadTensorFile(contentsOf: folder("model.safetensors"))
    for key in ["nital.model", "nital.format", "nital.settings", "nital.classes", "nital.inputs"] {
      var metadata = file.metadata
      metadata[key] = nil
      try expectRefused(file.tensors, metadata, "\(key) missing")
      if key == "nital.inputs" { continue }
      metadata[key] = "{"
      try expectRefused(file.tensors, metadata, "\(key) damaged")
    }
    let settings = try #require(file.metadata["nital.settings"])
    for (from, to) in [
      ("\"scales\":3", "\"scales\":1000000000"), ("\"scales\":3", "\"scales\":0"),
      ("\"orientations\":4", "\"orientations\":-4"),
      ("\"orientations\":4", "\"orientations\":400000000"),
      ("\"offset\":0.1", "\"offset\":-0.1"),
    ] {
      #expect(settings.contains(from))
      var metadata = file.metadata
      let parts = settings.split(separator: from, maxSplits: 1, omittingEmptySubsequences: false)
      metadata["nital.settings"] = parts.joined(separator: to)
      try expectRefused(file.tensors, metadata, to)
    }
  }

  @Test func aLaterFormatVersionIsRefusedByName() throws {
    _ = try written()
    let file = try loadTensorFile(contentsOf: folder("model.safetensors"))
    var metadata = file.metadata
    metadata["nital.format"] = "3"
    let path = folder("later.safetensors")
    try saveSafetensors(file.tensors, metadata: metadata, to: path)
    let error = #expect(throws: FormatError.self) { try ClusterModel(contentsOf: path) }
    #expect(error?.problem.contains("version 3") == true)
    #expect(error?.problem.contains("versions 1 and 2") == true)
  }

  @Test func aTruncatedFileIsRefused() throws {
    _ = try written()
    let bytes = try contents(folder("model.safetensors"))
    for count in [0, 1, 8, 100, bytes.count / 2, bytes.count - 1] {
      try writeAtomically(Array(bytes.prefix(count)), to: folder("cut.safetensors"))
      #expect(throws: FormatError.self, "\(count) bytes") {
        try ClusterModel(contentsOf: folder("cut.safetensors"))
      }
    }
    #expect(throws: FormatError.self) { try ClusterModel(contentsOf: folder("absent")) }
  }
}
