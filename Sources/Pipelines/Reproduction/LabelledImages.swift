// The images of a reproduction: files with known classes, their features, pictures of them.
//
// Deviations: images are ordered by the hash of their contents, then by name, so that results do not
//   depend on file names. Checked by: ReproductionTests. Cost: one extraction a chain of settings.

import Files
import Imaging
import Tensors

/// Images with known classes, in a fixed order.
final class LabelledImages {
  let names: [String]
  let paths: [String]
  /// What identifies the contents of each image: the hash of its file, and the patch.
  let keys: [String]
  /// Small PNG files.
  let thumbnails: [[UInt8]]
  let classNames: [String]
  /// The class of each image.
  let truth: [Int]
  /// The images that could not be used.
  let failures: [FailedImage]
  /// What the user should know.
  let warnings: [String]
  private let places: [(row: Int, column: Int)]
  private let settings: ClusteringSettings

  /// Keeps the images of an extraction that have a class.
  ///
  /// - Throws: `PipelineError` when no image can be used, or fewer than two classes or too few images
  ///   are left.
  init(_ set: FeatureSet, _ settings: ClusteringSettings) throws {
    guard !set.records.isEmpty else { throw PipelineError.noImages(failures: set.failures) }
    let kept = set.truth.indices.filter { set.truth[$0] != nil }
    guard kept.count >= 12, set.classNames.count >= 2 else {
      throw PipelineError.unsuitable(
        "a reproduction needs 12 images of 2 classes at least; \(set.records.count) images can be "
          + "used, \(kept.count) of them have a class, of \(set.classNames.count) classes; "
          + "give --labels")
    }
    names = kept.map { set.names[$0] }
    paths = kept.map { set.paths[$0] }
    let keys = set.keys
    self.keys = kept.map { keys[$0] }
    thumbnails = kept.map { set.records[$0].thumbnail }
    classNames = set.classNames
    truth = kept.compactMap { set.truth[$0] }
    places = kept.map { (set.records[$0].patchRow, set.records[$0].patchColumn) }
    failures = set.failures
    warnings = set.warnings
    self.settings = settings
  }

  var count: Int { names.count }

  /// The features of an extraction that belong to these images, by name.
  func features(of set: FeatureSet) throws -> Tensor<Float> {
    var rowOf: [String: Int] = [:]
    for (row, name) in set.names.enumerated() { rowOf[name] = row }
    let rows = try names.map { name in
      guard let row = rowOf[name] else {
        throw PipelineError.unsuitable("\(name) changed while the program ran")
      }
      return row
    }
    return set.features.rows(rows)
  }

  /// The grey levels of an image or patch, read again from its file.
  func grey(_ image: Int) throws -> Tensor<Float> {
    let bytes = try CheckedBytes(contentsOf: paths[image])
    do {
      let decoded = try decodeImage(bytes)
      let grey = try decoded.grey()
      guard let side = settings.patch else { return grey }
      let grid = PatchGrid(
        height: decoded.height - decoded.dataBarRows, width: decoded.width, side: side,
        asked: settings.patchGrid.flatMap { PatchGrid.extents($0) })
      let place = places[image]
      return grid?.patches(of: grey).first { $0.row == place.row && $0.column == place.column }?
        .grey
        ?? grey
    } catch let error as ImagingError {
      throw FormatError(file: bytes.file, problem: "\(error)")
    }
  }

  /// The images of a class, in order of their names.
  func members(of classIndex: Int) -> [Int] {
    truth.indices.filter { truth[$0] == classIndex }.sorted { precedes(names[$0], names[$1]) }
  }

  /// A short name of each class: the two letters of the papers for the six steel defects.
  var shortNames: [String] {
    areSteelDefects ? classNames.map { SteelDefects.code(of: $0) ?? $0 } : classNames
  }

  /// Whether the classes are the six of the NEU surface defects.
  var areSteelDefects: Bool { SteelDefects.areClasses(classNames) }
}

/// The classes of the NEU surface defect database.
package enum SteelDefects {
  /// In the order of Cohn & Holm.
  package static let codes = ["Cr", "In", "Pa", "PS", "RS", "Sc"]

  /// The two letters of a class by its name; `nil` for another class.
  package static func code(of name: String) -> String? {
    let plain = name.lowercased().filter { $0.isLetter }
    if let code = codes.first(where: { $0.lowercased() == plain }) { return code }
    let stems = ["crazing", "inclusion", "patches", "pitted", "rolled", "scratch"]
    return stems.firstIndex { plain.hasPrefix($0) }.map { codes[$0] }
  }

  /// Whether these are the names of the six classes, in any order.
  package static func areClasses(_ names: [String]) -> Bool {
    names.count == codes.count && Set(names.compactMap { code(of: $0) }) == Set(codes)
  }
}

/// The share of pixels in equal bins of the grey level, 0 to 1.
func levelShares(_ grey: Tensor<Float>, bins: Int = 256) -> [Double] {
  var counts = [Int](repeating: 0, count: bins)
  for value in grey.scalars {
    counts[max(0, min(bins - 1, Int(value * Float(bins))))] += 1
  }
  return counts.map { Double($0) / Double(max(1, grey.count)) }
}

/// Grey levels 0 to 1 as a PNG file at their own size.
func encodePicture(_ grey: Tensor<Float>) throws -> [UInt8] {
  try encodePNG(Image(grey: grey), level: 9)
}
