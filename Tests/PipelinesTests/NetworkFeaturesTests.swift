import Estimators
import Files
import Imaging
import NeuralNetworks
import Pipelines
import Tensors
import Testing
import WeightFormats

@Suite(.serialized) struct NetworkFeaturesTests {
  private let folder = ScratchFolder()
  private let results = ScratchFolder()
  private let weights: String

  init() throws {
    weights = folder("weights.safetensors")
    try SmallNetworks.writeSqueezeNet(to: weights)
  }

  private func job(
    _ paths: [String], _ settings: ClusteringSettings = SmallNetworks.settings(),
    weights: String? = nil
  ) throws -> MicrographClustering {
    var job = MicrographClustering(
      images: ImageSet(paths: paths, workingFolder: "/"), labels: .names, settings: settings)
    job.network = try FeatureNetwork(contentsOf: weights ?? self.weights, settings)
    return job
  }

  private func features(_ paths: [String], _ settings: ClusteringSettings) throws -> FeatureSet {
    try MicrographFeatures(
      images: ImageSet(paths: paths, workingFolder: "/"), settings: settings,
      network: FeatureNetwork(contentsOf: weights, settings)
    ).run()
  }

  @Test func featuresAreTheLayerOfTheEqualisedResizedPicture() throws {
    let paths = try SmallMicrographs.write([.scratches], count: 1, to: folder.path)
    let settings = SmallNetworks.settings { $0.side = 72 }
    let set = try features(paths, settings)
    // The same by hand: equalise, resize linearly, round to 8 bits, torchvision's colours.
    let grey = try decodeImage(CheckedBytes(contentsOf: paths[0])).grey()
    let resized = try resize(clahe(grey), height: 72, width: 72)
    let bytes = Tensor(
      shape: resized.shape, scalars: resized.scalars.map { ($0 * 255).rounded() / 255 })
    let tensors = try loadTensors(contentsOf: weights).map { tensor in
      NetworkTensor(name: tensor.name, shape: tensor.shape) { try tensor.floats() }
    }
    let description = try identifyNetwork(tensors)
    let values = try Network(description, tensors)(
      description.preprocessing(bytes).reshaped(to: [1, 72, 72, 3]), layer: "fire4")
    let (pixels, C) = (values.shape[1] * values.shape[2], values.shape[3])
    #expect(set.features.shape == [1, 2 * C])
    for c in 0..<C {
      let channel = (0..<pixels).map { values.scalars[$0 * C + c] }
      let mean = channel.reduce(0.0) { $0 + Double($1) } / Double(pixels)
      #expect(set.features.scalars[c] == Float(mean))
      #expect(set.features.scalars[C + c] == channel.max())
    }
    // Without pooling every value is a feature, pixel by pixel.
    let flat = try features(
      paths, SmallNetworks.settings { ($0.side, $0.pooling) = (72, .flatten) })
    #expect(flat.features.scalars == values.scalars)
  }

  @Test func eachChoiceOfPreparationChangesFeatures() throws {
    let paths = try SmallMicrographs.write([.scratches], count: 1, to: folder.path)
    let changes: [(inout ClusteringSettings) -> Void] = [
      { _ in }, { $0.equalize = false }, { $0.side = 80 },
      { ($0.side, $0.roundsToBytes) = (80, false) }, { $0.preprocessing = "keras" },
      { $0.kitaharaLegacy = true }, { $0.features = "squeezenet:fire5" }, { $0.pooling = .max },
      { $0.exact = true },
    ]
    var seen: [[Float]] = []
    for change in changes {
      let values = try features(paths, SmallNetworks.settings("fire4", change)).features.scalars
      #expect(!seen.contains(values))
      seen.append(values)
    }
  }

  @Test func featuresDoNotDependOnTheBatchNorOnThreads() throws {
    let paths = try SmallMicrographs.write(count: 7, to: folder.path)
    let before = Parallelism.threads
    defer { Parallelism.threads = before }
    let settings = SmallNetworks.settings()
    let together = try features(paths, settings)
    for threads in [1, 3] {
      Parallelism.threads = threads
      for (row, path) in together.paths.enumerated() where row % 5 == 0 {
        let alone = try features([path], settings)
        #expect(alone.records[0].features == together.records[row].features)
      }
    }
  }

  @Test func kindsThatDifferFallIntoTheirOwnClusters() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let result = try job(paths).run()
    #expect((result.accuracy ?? 0) > 0.9)
    #expect(result.settings.weights?.file == "weights.safetensors")
    #expect(result.settings.weights?.sha256 == SHA256.hash(of: try contents(weights)))
    #expect(result.settings.effectiveLimit == 0)
  }

  @Test(arguments: ClusterSpace.allCases)
  func aModelClassifiesItsOwnImagesAsTheRunDid(_ space: ClusterSpace) throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    var embedding = EmbeddingSettings()
    (embedding.perplexity, embedding.iterations) = (5, 300)
    let settings = SmallNetworks.settings { ($0.clusterOn, $0.embedding) = (space, embedding) }
    let result = try job(paths, settings).run()
    // A map of 24 images with 5 neighbours each is coarse; chance would be a third.
    #expect((result.accuracy ?? 0) > (space == .embedding ? 0.5 : 0.9))
    let file = folder("model.safetensors")
    try result.model.save(to: file)
    let model = try ClusterModel(contentsOf: file)
    #expect(model.settings == result.settings)
    var classification = MicrographClassification(
      model: model, images: ImageSet(paths: paths, workingFolder: "/"))
    classification.network = try FeatureNetwork(contentsOf: weights, model.settings)
    let classified = try classification.run()
    #expect(classified.names == result.names)
    #expect(classified.assignments.map(\.cluster) == result.assignments.map(\.cluster))
    #expect(classified.assignments.map(\.distance) == result.assignments.map(\.distance))
    #expect(try modelBytes(model, in: folder) == contents(file))
  }

  @Test func otherWeightsAreRefused() throws {
    let paths = try SmallMicrographs.write(to: folder.path)
    let model = try job(paths).run().model
    let other = folder("other.safetensors")
    try SmallNetworks.writeSqueezeNet(to: other, seed: 2)
    var job = MicrographClassification(
      model: model, images: ImageSet(paths: paths, workingFolder: "/"))
    #expect(throws: PipelineError.self) { try job.run() }
    job.network = try FeatureNetwork(contentsOf: other, model.settings)
    let error = #expect(throws: PipelineError.self) { try job.run() }
    guard case .otherWeights? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.description.contains("other.safetensors") == true)
  }

  @Test func finishedImagesAreTakenFromTheJournalOfTheSameWeights() throws {
    let paths = try SmallMicrographs.write(count: 4, to: folder.path)
    func run(_ settings: ClusteringSettings, weights: String? = nil) throws -> ClusteringResult {
      var job = try job(paths, settings, weights: weights)
      job.journalFolder = results.path
      return try job.run()
    }
    func journals() throws -> [String] {
      try listFolder(results.path).filter { $0.hasSuffix(".journal") }
    }
    let first = try run(SmallNetworks.settings())
    let journal = try results(#require(journals().first))
    let begun = try contents(journal)
    let again = try run(SmallNetworks.settings { $0.components = 3 })
    #expect(try contents(journal) == begun)
    #expect(again.names == first.names)
    #expect(try run(SmallNetworks.settings()).csv == first.csv)
    // A copy under another name has the same hash; other weights have another journal.
    let copy = folder("copy.safetensors")
    try writeAtomically(contents(weights), to: copy)
    _ = try run(SmallNetworks.settings(), weights: copy)
    #expect(try journals().count == 1)
    try SmallNetworks.writeSqueezeNet(to: copy, seed: 3)
    _ = try run(SmallNetworks.settings(), weights: copy)
    _ = try run(SmallNetworks.settings("fire5"))
    #expect(try journals().count == 3)
  }

  @Test func whatDoesNotFitIntoMemoryIsRefusedBeforeItIsAllocated() throws {
    let paths = try SmallMicrographs.write(count: 2, to: folder.path)
    var job = try job(paths)
    job.memory = 100 << 20
    let error = #expect(throws: PipelineError.self) { try job.run() }
    #expect(error?.isUsage == true && error?.description.contains("0.1 GB are available") == true)
    job.memory = 2 << 30
    #expect(try job.run().names.count == 6)
    // VGG16's largest layer on the 1,800 images of NEU.
    #expect(throws: PipelineError.self) {
      try MemoryNeed.check(rows: 1800, features: 3_211_264, weights: 0, available: 64 << 30)
    }
    #expect(
      MemoryNeed.bytes(rows: 6, features: 3_211_264, weights: 1000)
        == UInt64(6 * 3_211_264 * MemoryNeed.bytesPerValue + MemoryNeed.base + 1000))
    #expect(MemoryNeed.bytes(rows: .max, features: .max, weights: 0) == .max)
  }

  @Test func unknownLayersAndFilesAreNamed() throws {
    let unknown = #expect(throws: PipelineError.self) {
      try FeatureNetwork(contentsOf: weights, SmallNetworks.settings("fire99"))
    }
    #expect(unknown?.description.contains("fire99") == true && unknown?.isUsage == true)
    let missing = #expect(throws: FormatError.self) {
      try FeatureNetwork(contentsOf: folder("absent"), SmallNetworks.settings())
    }
    #expect(missing?.file == folder("absent"))
    let wrong = #expect(throws: FormatError.self) {
      try FeatureNetwork(
        contentsOf: weights, SmallNetworks.settings { $0.features = "vgg16:fc1" })
    }
    #expect(wrong?.problem.contains("SqueezeNet") == true)
  }

  @Test func aNetworkWithoutWeightsIsRefused() throws {
    let paths = try SmallMicrographs.write(count: 2, to: folder.path)
    let job = MicrographClustering(
      images: ImageSet(paths: paths, workingFolder: "/"), labels: .names,
      settings: SmallNetworks.settings())
    let error = #expect(throws: PipelineError.self) { try job.run() }
    #expect(error?.description.contains("weights") == true)
  }
}
