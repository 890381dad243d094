// From image files to features: read, equalise, scatter; every image by itself.
//
// Deviations: none. Checked by: FeatureExtractionTests.
// Cost: about 10 ms an image of 200 x 200 pixels on one core, most of it the scattering.

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

/// The numbers of all images of a set that can be used.
struct ExtractedSet: Sendable {
  /// The names of the images that can be used, in the order of their contents' hashes.
  var names: [String]
  /// Their paths.
  var paths: [String]
  /// Their numbers.
  var records: [MicrographRecord]
  /// The images that cannot be used, by name.
  var failures: [FailedImage]

  /// The features: shape (n, d).
  var features: Tensor<Float> {
    Tensor(
      shape: [records.count, records.first?.features.count ?? 0],
      scalars: records.flatMap(\.features))
  }
}

/// Turns image files into features with one chain of settings.
struct FeatureExtraction: Sendable {
  let settings: ClusteringSettings
  private let banks: ScatteringBank

  init(settings: ClusteringSettings) {
    self.settings = settings
    banks = ScatteringBank(scales: settings.scales, orientations: settings.orientations)
  }

  /// Images of one batch are worked on in parallel; the journal grows by whole batches.
  private static let batch = 32

  /// What the features depend on beside the file: the key of stored records.
  var fingerprint: String {
    "nital features 1: J \(settings.scales), L \(settings.orientations), "
      + "equalize \(settings.equalize)"
  }

  /// The features of every image of a set.
  ///
  /// - Parameters:
  ///   - set: the images.
  ///   - journal: finished records are kept in it and taken from it; `nil` for none.
  ///   - strict: stop at the first image that cannot be used.
  ///   - progress: told of each image.
  /// - Returns: records of the images that can be used, and what is wrong with the others.
  /// - Throws: `Interrupted`, or `FormatError` when the journal cannot be written or in strict mode.
  func run(
    _ set: ImageSet, journal: RecordJournal?, strict: Bool, progress: ProgressHandler?
  ) throws -> ExtractedSet {
    let counter = ProgressCounter("features", total: set.paths.count, progress)
    var outcomes: [Result<MicrographRecord, FormatError>] = []
    outcomes.reserveCapacity(set.paths.count)
    for first in stride(from: 0, to: set.paths.count, by: Self.batch) {
      try Interruption.check()
      let batch = set.paths[first..<min(first + Self.batch, set.paths.count)]
      let results = parallelMap(batch.count) { index in
        defer { counter.advance() }
        return outcome(of: batch[first + index], journal)
      }
      outcomes += results.map(\.outcome)
      try journal?.append(results.compactMap { $0.isNew ? try? $0.outcome.get() : nil })
      if strict {
        for result in results { _ = try result.outcome.get() }
      }
    }
    return sorted(set, outcomes)
  }

  /// The record of one image, from the journal when its contents are known there.
  private func outcome(
    of path: String, _ journal: RecordJournal?
  ) -> (outcome: Result<MicrographRecord, FormatError>, isNew: Bool) {
    do throws(FormatError) {
      let bytes = try CheckedBytes(contentsOf: path)
      let hash = SHA256.hash(of: bytes)
      if let known = journal?.record(of: hash) { return (.success(known), false) }
      return (.success(try record(of: bytes, hash: hash)), true)
    } catch {
      return (.failure(error), true)
    }
  }

  /// Reads, equalises and scatters one image.
  private func record(of bytes: CheckedBytes, hash: String) throws(FormatError) -> MicrographRecord
  {
    let image = try decodeImage(bytes)
    do {
      let grey = try image.grey()
      let equalized = settings.equalize ? try clahe(grey) : grey
      return MicrographRecord(
        hash: hash, height: image.height, width: image.width,
        pixelSizeMicrometres: image.pixelSize.width?.micrometres,
        remarks: image.remarks + image.pixelSize.remarks, features: try banks(equalized),
        thumbnail: try thumbnail(of: grey), histogram: greyHistogram(grey),
        equalizedHistogram: greyHistogram(equalized))
    } catch {
      throw FormatError(file: bytes.file, problem: "\(error)")
    }
  }

  /// Splits outcomes into records, ordered by content hash and then by name, and failures.
  private func sorted(
    _ set: ImageSet, _ outcomes: [Result<MicrographRecord, FormatError>]
  ) -> ExtractedSet {
    var usable: [(name: String, path: String, record: MicrographRecord)] = []
    var failures: [FailedImage] = []
    for (index, outcome) in outcomes.enumerated() {
      switch outcome {
      case .success(let record): usable.append((set.names[index], set.paths[index], record))
      case .failure(let error):
        failures.append(
          FailedImage(
            name: set.names[index], problem: error.description, reason: error.problem))
      }
    }
    usable.sort { ($0.record.hash, $0.name) < ($1.record.hash, $1.name) }
    return ExtractedSet(
      names: usable.map(\.name), paths: usable.map(\.path), records: usable.map(\.record),
      failures: failures)
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
