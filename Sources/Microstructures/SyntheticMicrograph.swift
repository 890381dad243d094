// Synthetic micrographs: a picture, the labels of every pixel, and what is exactly true of it.
//
// Implements: sections of Laguerre tessellations (Aurenhammer 1987), smoothed noise, lamellae and
//   random particles; each kind's file states its geometry.
// Equation -> code: area fractions are exact since the pixels of the greatest scores are taken
//   (`threshold`); mean intercepts are met by scaling the seeds (`CalibratedCells`).
// Deviations: the structures are drawn in the plane of the section, not cut from a volume.
// Checked by: MicrographTests (fractions, intercepts and spacings counted on the labels).
// Cost: 10-40 ms for 256 x 256 pixels.

import Imaging
import Tensors

/// A picture of a microstructure with the labels of every pixel and its exact truth.
///
/// The same kind, parameters and generator state give the same bytes on every machine.
public struct SyntheticMicrograph: Sendable {
  /// What is drawn.
  public let kind: MicrographKind
  /// The values that were asked for.
  public let parameters: MicrographParameters
  /// The picture: grey, 8 bits, with its pixel size.
  public let image: Image
  /// The phase of each pixel, an index into `truth.phaseNames`, shape (H, W).
  public let phases: Tensor<UInt8>
  /// The grain, colony or particle of each pixel from 1, shape (H, W); 0 for the matrix between
  /// particles.
  public let grains: Tensor<Int32>
  /// What is exactly true of the labels.
  public let truth: MicrographTruth

  /// Draws a micrograph.
  ///
  /// - Parameters:
  ///   - kind: what is drawn.
  ///   - parameters: sizes and look; `nil` for a typical picture.
  ///   - generator: the only source of chance.
  /// - Precondition: at least 32 x 32 pixels, positive lengths, grains of at least 3 pixels,
  ///   lamellae at least 4 pixels apart, an area fraction below 1.
  /// - Complexity: 150-600 ns a pixel.
  public init(
    kind: MicrographKind, parameters: MicrographParameters? = nil,
    using generator: inout SeededGenerator
  ) {
    let p = parameters ?? MicrographParameters(kind)
    precondition(p.isDrawable, "cannot draw \(kind.rawValue) from \(p)")
    var section = Section(p)
    switch kind {
    case .equiaxedGrains: section.drawEquiaxedGrains(p, using: &generator)
    case .twinnedGrains: section.drawTwinnedGrains(p, using: &generator)
    case .lamellarPearlite: section.drawPearlite(p, using: &generator)
    case .dualPhaseIslands: section.drawDualPhase(p, using: &generator)
    case .lathMartensite: section.drawMartensite(p, using: &generator)
    case .needles: section.drawNeedles(p, using: &generator)
    case .scratches: section.drawScratches(p, using: &generator)
    case .pitsAndInclusions: section.drawPitsAndInclusions(p, using: &generator)
    case .castDendrites: section.drawDendrites(p, using: &generator)
    case .nodularIron: section.drawNodularIron(p, using: &generator)
    case .ferritePearlite, .sidePlatesBainite, .boundaryFerriteSidePlatesPearlite,
      .ferritePearliteMartensite, .fourPhaseSteel:
      section.drawSteel(SteelRecipe(kind), p, using: &generator)
    }
    section.renumberGrains()
    self.kind = kind
    self.parameters = p
    image = section.picture(p, using: &generator)
    phases = Tensor(shape: [p.height, p.width], scalars: section.phases)
    grains = Tensor(shape: [p.height, p.width], scalars: section.grains)
    truth = section.truth(p)
  }
}
