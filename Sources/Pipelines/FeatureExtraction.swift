// From image files to features: read, cut, equalise, then scatter or pass a network; every image by
// itself.
//
// Deviations: patches are equalised one by one, after cutting (Kitahara & Holm 2018 name it last).
// Checked by: FeatureExtractionTests, NetworkFeaturesTests.
// Cost: about 10 ms an image of 200 x 200 pixels on one core, most of it the scattering; or the
//   network's.

import Files
import Imaging
import NeuralNetworks
import Synchronization
import Tensors

/// An image that cannot be used, and why.
public struct FailedImage: Sendable, Equatable {
  /// The image's name.
  public var name: String
  /// What is wrong, with the file's path.
  public var problem: String
  /// What is wrong, without the path.
  public var reason: String
}

/// Turns image files into features with one chain of settings.
struct FeatureExtraction: Sendable {
  let settings: ClusteringSettings
  let network: FeatureNetwork?
  /// Bytes of memory that may be used; `nil` for no bound.
  var memory: UInt64?
  private let banks: ScatteringBank

  /// - Throws: `PipelineError.unsuitable` when the features need a network and it is not that one.
  init(settings: ClusteringSettings, network: FeatureNetwork? = nil) throws(PipelineError) {
    if settings.usesNetwork {
      guard let network else {
        throw .unsuitable("the features \(settings.features) need the weights of the network")
      }
      if let known = settings.weights, known.sha256 != network.identity.sha256 {
        throw .otherWeights(expected: known, found: network.identity)
      }
    }
    self.settings = settings
    self.network = settings.usesNetwork ? network : nil
    memory = availableMemory()
    banks = ScatteringBank(scales: settings.scales, orientations: settings.orientations)
  }

  /// Images of one batch are worked on in parallel; the journal grows by whole batches.
  private var batch: Int { settings.patch != nil ? 2 : network == nil ? 32 : FeatureNetwork.batch }

  /// What the features depend on beside the file: the key of stored records.
  var fingerprint: String {
    let patches = settings.patch.map { ", patches \($0) \(settings.patchGrid ?? "")" } ?? ""
    return "nital features 2: "
      + (network?.fingerprint ?? "J \(settings.scales), L \(settings.orientations)")
      + ", equalize \(settings.equalize) \(settings.clahe.rawValue)\(patches)"
  }

  /// The features of every image of a set.
  ///
  /// - Parameters:
  ///   - set: the images.
  ///   - journal: finished records are kept in it and taken from it; `nil` for none.
  ///   - strict: stop at the first image that cannot be used.
  ///   - progress: told of each image.
  /// - Returns: records of the images that can be used, and what is wrong with the others.
  /// - Throws: `Interrupted`, `PipelineError.unsuitable` when memory does not suffice, or
  ///   `FormatError` when the journal cannot be written or in strict mode.
  func run(
    _ set: ImageSet, journal: RecordJournal?, strict: Bool, progress: ProgressHandler?
  ) throws -> FeatureSet {
    let counter = ProgressCounter("features", total: set.paths.count, progress)
    try checkMemory(rows: set.paths.count)
    var outcomes: [Result<[MicrographRecord], FormatError>] = []
    outcomes.reserveCapacity(set.paths.count)
    var rows = 0
    for first in stride(from: 0, to: set.paths.count, by: batch) {
      try Interruption.check()
      let paths = Array(set.paths[first..<min(first + batch, set.paths.count)])
      let pictures = parallelMap(paths.count) { index in
        defer { if network == nil { counter.advance() } }
        return picture(paths[index], journal)
      }
      rows += pictures.reduce(0) { $0 + $1.count }
      try checkMemory(rows: rows)
      let finished = finish(pictures, counter)
      try journal?.append(
        zip(pictures, finished).compactMap { $0.isNew ? try? $1.get() : nil })
      if strict {
        for outcome in finished { _ = try outcome.get() }
      }
      outcomes += finished
    }
    return FeatureSet(set, outcomes)
  }

  /// Refuses a run that does not fit, before anything is allocated.
  private func checkMemory(rows: Int) throws(PipelineError) {
    guard let network else { return }
    try MemoryNeed.check(
      rows: rows, features: network.featureCount, weights: network.weightBytes, available: memory)
  }

  // MARK: - One image

  /// What is known of an image before the network sees it.
  private enum Picture: Sendable {
    /// Its records are complete.
    case finished([MicrographRecord], isNew: Bool)
    /// Records without features, and the equalised grey levels of each.
    case waiting([MicrographRecord], greys: [Tensor<Float>], file: String)
    case failed(FormatError)

    var isNew: Bool { if case .finished(_, false) = self { false } else { true } }

    var count: Int {
      switch self {
      case .finished(let records, _), .waiting(let records, _, _): records.count
      case .failed: 0
      }
    }
  }

  /// Reads, cuts and equalises an image and scatters it, unless its contents are in the journal.
  private func picture(_ path: String, _ journal: RecordJournal?) -> Picture {
    do throws(FormatError) {
      let bytes = try CheckedBytes(contentsOf: path)
      let hash = SHA256.hash(of: bytes)
      if let known = journal?.records(of: hash) { return .finished(known, isNew: false) }
      let image = try decodeImage(bytes)
      do {
        let parts = try parts(of: image)
        var records: [MicrographRecord] = []
        var greys: [Tensor<Float>] = []
        for part in parts {
          let options = CLAHEOptions(version: settings.clahe == .v017 ? .legacy017 : .current)
          let equalized = settings.equalize ? try clahe(part.grey, options: options) : part.grey
          records.append(
            MicrographRecord(
              hash: hash, patchRow: part.row, patchColumn: part.column,
              height: part.grey.shape[0], width: part.grey.shape[1],
              pixelSizeMicrometres: image.pixelSize.width?.micrometres,
              remarks: image.remarks + image.pixelSize.remarks,
              features: network == nil ? try banks(equalized) : [],
              thumbnail: try thumbnail(of: part.grey), histogram: greyHistogram(part.grey),
              equalizedHistogram: greyHistogram(equalized)))
          if network != nil { greys.append(equalized) }
        }
        return network == nil
          ? .finished(records, isNew: true) : .waiting(records, greys: greys, file: path)
      } catch {
        throw FormatError(file: bytes.file, problem: "\(error)")
      }
    } catch {
      return .failed(error)
    }
  }

  /// The whole image, or its patches, each with row and column.
  private func parts(of image: Image) throws -> [(row: Int, column: Int, grey: Tensor<Float>)] {
    let grey = try image.grey()
    guard let side = settings.patch else { return [(0, 0, grey)] }
    let height = image.height - image.dataBarRows
    let asked = settings.patchGrid.flatMap { PatchGrid.extents($0) }
    guard let grid = PatchGrid(height: height, width: image.width, side: side, asked: asked) else {
      throw PipelineError.unsuitable(
        "\(image.width) x \(height) pixels are too few for "
          + (asked.map { "\($0.columns) x \($0.rows) patches" } ?? "a patch")
          + " of \(side) x \(side)")
    }
    return grid.patches(of: grey)
  }

  // MARK: - The network

  /// The records of each image, completed by the network where they need it.
  private func finish(
    _ pictures: [Picture], _ counter: ProgressCounter
  ) -> [Result<[MicrographRecord], FormatError>] {
    let greys = pictures.flatMap { picture -> [Tensor<Float>] in
      if case .waiting(_, let greys, _) = picture { greys } else { [] }
    }
    // Together where all is well, since a network takes several pictures in less time than each.
    var rows = (try? network?.features(greys)) ?? nil
    return pictures.map { picture in
      defer { if network != nil { counter.advance() } }
      switch picture {
      case .failed(let error): return .failure(error)
      case .finished(let records, _): return .success(records)
      case .waiting(let records, let greys, let file):
        do {
          let own = try rows.map { Array($0.prefix(records.count)) } ?? network?.features(greys)
          rows?.removeFirst(records.count)
          return .success(
            zip(records, own ?? []).map { record, values in
              var complete = record
              complete.features = values
              return complete
            })
        } catch {
          return .failure(FormatError(file: file, problem: "\(error)"))
        }
      }
    }
  }
}

/// Counts of the grey levels from 0 to 1 in equal bins.
func greyHistogram(_ grey: Tensor<Float>) -> [UInt32] {
  var counts = [UInt32](repeating: 0, count: MicrographRecord.histogramBins)
  let last = counts.count - 1
  for value in grey.scalars {
    counts[max(0, min(last, Int(value * Float(counts.count))))] += 1
  }
  return counts
}

/// The longer side of a thumbnail in pixels.
private let thumbnailSide = 88

/// Grey levels of a thumbnail: enough for the eye, and the noise of textures takes half the bytes.
private let thumbnailLevels: Float = 48

/// A small PNG of a picture, never enlarged.
func thumbnail(of grey: Tensor<Float>) throws -> [UInt8] {
  let (height, width) = (grey.shape[0], grey.shape[1])
  let scale = min(1, Double(thumbnailSide) / Double(max(1, max(height, width))))
  let small = [height, width].map { max(1, Int((Double($0) * scale).rounded())) }
  let reduced = scale < 1 ? try resize(grey, height: small[0], width: small[1]) : grey
  let coarse = reduced.scalars.map {
    ($0 * (thumbnailLevels - 1)).rounded() / (thumbnailLevels - 1)
  }
  let picture = Tensor(shape: reduced.shape, scalars: coarse.map { max(0, min(1, $0)) })
  return try encodePNG(Image(grey: picture), level: 9)
}
