// `nital reproduce kim`: figures 1 to 11 and tables 1 and 2 of Kim, Inoue & Kasuya 2020.
//
// Implements: H. Kim, J. Inoue, T. Kasuya, "Unsupervised microstructure segmentation by mimicking
//   metallurgists' approach to pattern recognition", Sci. Rep. 10:17835 (2020).
// Deviations: the authors' micrographs were not published; the pictures are the user's, or synthetic
//   steels whose phases are known exactly. KimDecisions says how what the paper leaves open was read.
// Checked by: KimTests. Cost: the sweeps of figures 10 and 11 take the most of it.

import Files
import Metallography
import Reporting
import Tensors

/// What a reproduction of the paper can be told.
public struct KimSettings: Sendable, Equatable {
  /// How much counting is done.
  public var preset = ReproductionPreset.small
  /// The names of the parts that are wanted; empty for all.
  public var only: [String] = []
  /// The seed of every random choice.
  public var seed: UInt64 = 0
  /// What the criteria's definitions leave open.
  public var criteria = SegmentationCriteriaOptions()
  /// The filters and outputs of the network (the paper: 100, 50), as the report states them.
  public var (filters, outputs) = (100, 50)

  /// The defaults.
  public init() {}
}

/// Reproduces the paper on pictures.
public struct KimReproduction: Sendable {
  /// The pictures of figures 5, 6, 7 and, from the fourth on, 8.
  ///
  /// Figures 4 and 9 to 11 take the second. Fewer are used over again.
  public var pictures: [StudyPicture]
  /// The settings.
  public var settings = KimSettings()
  /// The folder for results and for finished work.
  public var folder: String
  /// Whether finished work of an earlier run is used.
  public var resume = true
  /// The part of the work that this process does; `nil` for all of it and the report.
  public var shard: Shard?
  /// The algorithm.
  public let method: SegmentationMethod

  /// A reproduction whose results go into `folder`.
  ///
  /// - Precondition: there is a picture.
  public init(
    pictures: [StudyPicture], folder: String, method: SegmentationMethod
  ) {
    precondition(!pictures.isEmpty, "a reproduction without a picture")
    (self.pictures, self.folder, self.method) = (pictures, folder, method)
  }

  /// Does the work and puts the report together.
  ///
  /// - Returns: the outcome; for a shard one without parts.
  /// - Throws: `PipelineError`, `FormatError`, `Interrupted`, errors of the algorithm.
  public func run(progress: ProgressHandler? = nil) throws -> PaperReport {
    let store = try UnitStore(
      folder: folder, fingerprint: "reproduce kim", shard: shard, anew: !resume)
    let study = KimStudy(pictures, settings, store, method)
    let run = try runParts(
      study.parts, only: settings.only,
      settings: "\(pictures.map(\.key)), \(settings.preset.rawValue), seed \(settings.seed), "
        + "\(settings.criteria)", store: store, shard: shard, progress)
    let known = pictures.count { $0.truth != nil }
    return PaperReport(
      title: "Kim, Inoue & Kasuya 2020, reproduced",
      summary: "\(pictures.count) pictures, \(known) with known phases, preset "
        + "\(settings.preset.rawValue), seed \(settings.seed). nital \(nitalVersion).",
      notes: run.notes + [
        .warning(
          "The paper's micrographs were not published: printed numbers are those of other pictures, so "
            + "that only the shape of a result can be compared.")
      ], computedUnits: store.computedCount, parts: run.parts)
  }
}

extension ReproductionPreset {
  /// The most steps of training.
  var trainingSteps: Int {
    switch self {
    case .smoke: 12
    case .small: 60
    case .paper: 500
    }
  }
  /// The runs that are averaged (the paper: 10).
  var trainingSeeds: Int {
    switch self {
    case .smoke: 2
    case .small: 3
    case .paper: 10
    }
  }
  /// The numbers of classes of figure 10.
  var classGrid: [Double] { (2...(self == .smoke ? 5 : 10)).map { Double($0) } }
  /// The compactness of figure 11.
  var compactnessGrid: [Double] {
    self == .paper ? [1, 5, 10, 20, 40, 80, 160] : self == .small ? [2, 10, 20, 80] : [5, 20, 80]
  }
  /// The pixels of a superpixel in figure 11.
  var superpixelAreas: [Double] {
    self == .paper ? [14, 28, 55, 110, 275, 1100] : self == .small ? [20, 55, 220] : [20, 55]
  }
  /// The side of synthetic pictures in pixels.
  public var pictureSide: Int {
    switch self {
    case .smoke: 128
    case .small: 256
    case .paper: 512
    }
  }
}

/// What the parts draw on.
struct KimStudy {
  let pictures: [StudyPicture]
  let settings: KimSettings
  let store: UnitStore
  let method: SegmentationMethod

  init(
    _ pictures: [StudyPicture], _ settings: KimSettings, _ store: UnitStore,
    _ method: SegmentationMethod
  ) {
    (self.pictures, self.settings, self.store, self.method) = (pictures, settings, store, method)
  }

  var preset: ReproductionPreset { settings.preset }

  /// The picture of a figure; fewer pictures are used over again.
  func picture(_ index: Int) -> StudyPicture { pictures[index % pictures.count] }

  /// The superpixels of a picture: 50,000 in the preset `paper`; else the paper's 1920 x 1440 / 50,000
  /// = 55 pixels each, so that a small picture is not cut into pixels (KI-A9).
  func superpixels(_ picture: StudyPicture, area: Double = 55.3) -> Int {
    let pixels = Double(picture.pixels.shape[0] * picture.pixels.shape[1])
    if preset == .paper, area == 55.3 { return min(50_000, Int(pixels / 4)) }
    return max(1, Int((pixels / area).rounded()))
  }

  /// A segmentation of a picture with the paper's settings.
  func request(_ picture: StudyPicture, classes: Int) -> SegmentationRequest {
    var request = SegmentationRequest()
    request.classes = classes
    request.superpixels = superpixels(picture)
    request.iterations = preset.trainingSteps
    request.seed = settings.seed
    return request
  }

  /// The number of classes that a picture has, as far as it is known; 3 otherwise.
  func classCount(_ picture: StudyPicture) -> Int { max(2, picture.truth?.classes.count ?? 3) }

  /// The work of a segmentation that a figure shows.
  func unit(_ picture: StudyPicture, _ request: SegmentationRequest) -> WorkUnit {
    WorkUnit(name: "labels \(picture.key); \(request.name); \(method.name)") { [method] in
      try method(picture.pixels, request).journalNumbers
    }
  }

  /// A finished segmentation.
  func outcome(
    _ picture: StudyPicture, _ request: SegmentationRequest
  ) throws -> SegmentationOutcome {
    let numbers = try store.values(unit(picture, request))
    guard let found = SegmentationOutcome(journalNumbers: numbers) else {
      throw PipelineError.unsuitable("finished work is damaged; run again with --no-resume")
    }
    return found
  }

  /// All parts in the order of the paper.
  var parts: [PaperPart] {
    schematicParts + [superpixelPart]
      + [(5, 0), (6, 1), (7, 2)].map { pairPart($0.0, $0.1) }
      + [galleryPart, fractionPart, classPart] + sweepParts + [truthPart, decisionPart]
  }
}
