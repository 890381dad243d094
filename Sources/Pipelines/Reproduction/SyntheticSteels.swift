// Synthetic micrographs of steel for studies of segmentation: pictures with exact phases.
//
// Deviations: those of Microstructures. Checked by: KimTests. Cost: that of drawing them.

import Imaging
import Metallography
import Microstructures
import Tensors

/// Pictures of two or more phases, drawn.
///
/// - Parameters:
///   - kinds: what is drawn, a picture each.
///   - side: rows and columns.
///   - seed: each picture has a stream of its own.
/// - Returns: pictures with their phases and the names of these.
/// - Throws: `ImagingError` when a drawing is no grey picture.
public func syntheticSteels(
  _ kinds: [MicrographKind], side: Int, seed: UInt64
) throws -> [StudyPicture] {
  try kinds.enumerated().map { number, kind in
    var parameters = MicrographParameters(kind)
    (parameters.height, parameters.width) = (side, side)
    // Cells of 512 x 512 pixels, made smaller so that a small picture has several.
    parameters.sizeMicrometres *= min(1, max(0.35, Double(side) / 512))
    var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
    let drawn = SyntheticMicrograph(kind: kind, parameters: parameters, using: &generator)
    var picture = StudyPicture(
      name: drawn.truth.phaseNames.joined(separator: ", "), pixels: try drawn.image.grey(),
      truth: LabelMap(
        height: side, width: side, labels: drawn.phases.scalars.map { Int($0) }))
    // Names by rising label, as label maps list their classes.
    picture.phaseNames = picture.truth?.classes.map { drawn.truth.phaseNames[$0] } ?? []
    return picture
  }
}
