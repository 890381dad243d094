// Pictures of `nital reproduce kim` and `nital segment --sweep`: files, with masks where there are some.

import Files
import Imaging
import Metallography
import Pipelines
import Tensors

/// Reads pictures, and the masks of the same names in a folder.
///
/// - Throws: `CommandFailure` naming the file; a picture without a mask has no known phases.
func studyPictures(_ set: ImageSet, masks: String?) throws -> [StudyPicture] {
  try zip(set.names, set.paths).map { name, path in
    let pixels = try loadPicture(path).floats
    try require(
      pixels.rank == 2 || (pixels.rank == 3 && pixels.shape[2] == 3),
      "\(path): shape \(pixels.shape) is no grey or RGB picture")
    try require(!pixels.scalars.isEmpty, "\(path): the picture has no pixels")
    var picture = StudyPicture(name: name, pixels: pixels)
    guard let masks, let mask = try maskFile(name, in: masks) else { return picture }
    let truth = try loadLabels(mask)
    try require(
      truth.height == pixels.shape[0] && truth.width == pixels.shape[1],
      "\(mask): \(truth.height) x \(truth.width) labels for a picture of \(pixels.shape)")
    picture.truth = truth
    picture.phaseNames = truth.classes.indices.map { "phase \($0 + 1)" }
    return picture
  }
}

/// The file in a folder whose name begins as the picture's does.
private func maskFile(_ name: String, in folder: String) throws -> String? {
  func stem(_ name: String) -> Substring {
    let last = name.split(separator: "/").last ?? ""
    return last.lastIndex(of: ".").map { last[..<$0] } ?? last
  }
  let files = try readingFile { () throws(FormatError) in try listFolder(folder) }
  let wanted = stem(name)
  let found =
    files.first { stem($0) == wanted } ?? files.first { stem($0).hasPrefix(wanted) }
  return found.map { folder + "/" + $0 }
}
