// What a synthetic micrograph shows, at which scale, and under which microscope.

/// A microstructure that can be drawn.
public enum MicrographKind: String, CaseIterable, Codable, Sendable {
  /// Equiaxed grains of one phase, for instance ferrite. `size`: mean lineal intercept of grains.
  case equiaxedGrains
  /// Grains with annealing twins, for instance austenite. `size`: mean lineal intercept of grains,
  /// twins not counted; `areaFraction`: twins.
  case twinnedGrains
  /// Colonies of ferrite and cementite lamellae. `size`: mean lineal intercept of colonies;
  /// `spacing`: from lamella to lamella; `areaFraction`: cementite.
  case lamellarPearlite
  /// Islands of martensite on the boundaries of ferrite grains. `size`: mean lineal intercept of
  /// the ferrite grains; `areaFraction`: martensite.
  case dualPhaseIslands
  /// Laths in packets in former austenite grains. `size`: mean lineal intercept of those grains;
  /// `spacing`: mean lath width; `areaFraction` is not used.
  case lathMartensite
  /// Needles of ferrite that grew from grain boundaries (Widmanstaetten). `size`: mean lineal
  /// intercept of the former grains; `spacing`: needle width; `areaFraction`: ferrite.
  case needles
  /// A polished surface with scratches. `spacing`: scratch width; `areaFraction`: scratches;
  /// `size` is not used.
  case scratches
  /// A polished surface with stringers, globular inclusions and pits. `size`: mean diameter;
  /// `areaFraction`: all of them.
  case pitsAndInclusions
  /// Cast dendrites in an interdendritic phase. `size`: mean lineal intercept of the cast grains;
  /// `spacing`: secondary arm spacing; `areaFraction`: dendrites.
  case castDendrites
  /// Nodules of graphite with rims of ferrite in pearlite. `size`: mean diameter of nodules;
  /// `areaFraction`: graphite.
  case nodularIron
  /// Grains of ferrite and of pearlite: two phases of different greys. Steels: `size`: mean lineal
  /// intercept of the former grains; `spacing`: of side plates; `areaFraction`: the second phase,
  /// or the ferrite on the boundaries. SteelKinds.swift.
  case ferritePearlite
  /// Side plates and bainite: two phases of one grey.
  case sidePlatesBainite
  /// Ferrite on the boundaries, side plates and pearlite, the last two of one grey.
  case boundaryFerriteSidePlatesPearlite
  /// Ferrite on the boundaries, pearlite and martensite, the last two of one grey.
  case ferritePearliteMartensite
  /// Ferrite on the boundaries, side plates and bainite of one grey, and martensite.
  case fourPhaseSteel

  /// The kinds that sets for classification are drawn from; `steels` are apart.
  public static let allCases: [MicrographKind] = [
    .equiaxedGrains, .twinnedGrains, .lamellarPearlite, .dualPhaseIslands, .lathMartensite,
    .needles, .scratches, .pitsAndInclusions, .castDendrites, .nodularIron,
  ]

  /// Steels of two to four phases for segmentation without labels.
  public static let steels: [MicrographKind] = [
    .ferritePearlite, .sidePlatesBainite, .boundaryFerriteSidePlatesPearlite,
    .ferritePearliteMartensite, .fourPhaseSteel,
  ]
}

/// How a microscope shows a microstructure.
public struct MicrographLook: Equatable, Codable, Sendable {
  /// A kind of microscope.
  public enum Microscope: String, CaseIterable, Codable, Sendable {
    /// Etched, bright field: boundaries are dark, phases differ in grey.
    case optical
    /// Secondary electrons: edges are bright, boundaries show by the grains' contrast alone.
    case electron
  }

  /// The microscope.
  public var microscope: Microscope
  /// The factor on all differences from the mean grey; 1 for the drawing's own.
  public var contrast: Double
  /// What is added to every grey value of 0...1.
  public var brightness: Double
  /// The relative difference of the lighting from one side to the other.
  public var illuminationGradient: Double
  /// The direction in which the lighting grows, in degrees counter-clockwise from the right.
  public var illuminationDegrees: Double
  /// The relative loss of light in the corners.
  public var vignetting: Double
  /// The standard deviation of the point spread, in pixels.
  public var blurPixels: Double
  /// The standard deviation of the camera's noise, in grey values of 0...1.
  public var gaussianNoise: Double
  /// The number of quanta that make white in one pixel; 0 for no quantum noise.
  public var quantaPerPixel: Double

  /// A look; the defaults are an even, slightly noisy light micrograph.
  public init(
    microscope: Microscope = .optical, contrast: Double = 1, brightness: Double = 0,
    illuminationGradient: Double = 0.08, illuminationDegrees: Double = 35,
    vignetting: Double = 0.05, blurPixels: Double = 0.7, gaussianNoise: Double = 0.02,
    quantaPerPixel: Double = 2000
  ) {
    self.microscope = microscope
    self.contrast = contrast
    self.brightness = brightness
    self.illuminationGradient = illuminationGradient
    self.illuminationDegrees = illuminationDegrees
    self.vignetting = vignetting
    self.blurPixels = blurPixels
    self.gaussianNoise = gaussianNoise
    self.quantaPerPixel = quantaPerPixel
  }
}

/// What a synthetic micrograph shows; `MicrographKind` says what each length means for a kind.
public struct MicrographParameters: Equatable, Codable, Sendable {
  /// The number of rows, at least 32.
  public var height: Int
  /// The number of columns, at least 32.
  public var width: Int
  /// The side of a pixel.
  public var pixelSizeMicrometres: Double
  /// The mean lineal intercept of grains, or the mean diameter of particles.
  public var sizeMicrometres: Double
  /// The distance of lamellae or arms, or the width of laths, needles or scratches.
  public var spacingMicrometres: Double
  /// The area fraction of the second phase, 0...1.
  public var areaFraction: Double
  /// The direction of rolling, polishing or solidification in degrees counter-clockwise from the
  /// right.
  public var directionDegrees: Double
  /// How the microscope shows it.
  public var look: MicrographLook

  /// The parameters of a typical picture of a kind: 256 x 256 pixels.
  public init(_ kind: MicrographKind, height: Int = 256, width: Int = 256) {
    self.height = height
    self.width = width
    directionDegrees = 20
    look = MicrographLook()
    if MicrographKind.steels.contains(kind) {
      // Even light: the phases' mean greys are those of the section.
      look.illuminationGradient = 0
      look.vignetting = 0
    }
    (sizeMicrometres, spacingMicrometres, areaFraction, pixelSizeMicrometres) =
      switch kind {
      case .equiaxedGrains: (25, 0, 0, 1)
      case .twinnedGrains: (40, 0, 0.22, 1)
      case .lamellarPearlite: (6, 0.8, 0.32, 0.1)
      case .dualPhaseIslands: (6, 0, 0.25, 0.25)
      case .lathMartensite: (20, 1.25, 0, 0.25)
      case .needles: (50, 3, 0.35, 0.5)
      case .scratches: (0, 1.5, 0.06, 0.5)
      case .pitsAndInclusions: (8, 0, 0.04, 1)
      case .castDendrites: (150, 14, 0.68, 1)
      case .nodularIron: (22, 0, 0.11, 1)
      case .ferritePearlite: (18, 0, 0.4, 0.25)
      case .sidePlatesBainite: (24, 3.5, 0.45, 0.25)
      case .boundaryFerriteSidePlatesPearlite, .ferritePearliteMartensite: (24, 3.5, 0.2, 0.25)
      case .fourPhaseSteel: (24, 3.5, 0.15, 0.25)
      }
  }

  /// A length in pixels.
  func pixels(_ micrometres: Double) -> Double { micrometres / pixelSizeMicrometres }

  /// Whether a picture can be drawn from the values.
  public var isDrawable: Bool {
    let lengths = [sizeMicrometres, spacingMicrometres]
    return height >= 32 && width >= 32 && height <= 1 << 14 && width <= 1 << 14
      && pixelSizeMicrometres > 0 && pixelSizeMicrometres.isFinite
      && lengths.allSatisfy { $0 >= 0 && $0.isFinite } && areaFraction >= 0 && areaFraction < 1
      && directionDegrees.isFinite
  }
}
