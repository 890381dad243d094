// A labelled set of micrographs whose classes differ in kind, not in brightness.

import Tensors

/// A micrograph of a set, with a name.
public struct ClassedMicrograph: Sendable {
  /// The kind and a number, for instance "castDendrites-007".
  public let name: String
  /// The picture, its class (`micrograph.kind`) and its truth.
  public let micrograph: SyntheticMicrograph

  /// A micrograph under a name.
  public init(name: String, micrograph: SyntheticMicrograph) {
    self.name = name
    self.micrograph = micrograph
  }
}

extension SyntheticMicrograph {
  /// Draws several micrographs of each kind.
  ///
  /// Magnification, area fraction, contrast, lighting, noise, sharpness, direction and microscope
  /// vary from picture to picture, with the same distribution for every kind, so that no kind can
  /// be told by its mean grey or its noise alone.
  ///
  /// - Parameters:
  ///   - kinds: the classes.
  ///   - count: the number of pictures of each kind, not negative.
  ///   - height: the number of rows, at least 32.
  ///   - width: the number of columns, at least 32.
  ///   - seed: determines every picture; picture i of a set uses stream i, so that a longer set
  ///     of one kind begins with the shorter.
  ///   - electronShare: the part of the pictures, 0...1, that show the look of an electron
  ///     microscope.
  /// - Returns: kind after kind, `count` pictures each.
  public static func classedSet(
    kinds: [MicrographKind] = MicrographKind.allCases, count: Int, height: Int = 256,
    width: Int = 256, seed: UInt64, electronShare: Double = 0.25
  ) -> [ClassedMicrograph] {
    precondition(count >= 0, "a set has no \(count) pictures of a kind")
    return parallelMap(kinds.count * count) { piece in
      let kind = kinds[piece / count]
      let number = piece % count
      let ordinal = (MicrographKind.allCases + MicrographKind.steels).firstIndex(of: kind) ?? 0
      var generator = SeededGenerator(seed: seed, stream: (ordinal << 32) + number)
      let parameters = MicrographParameters(
        varied: kind, height: height, width: width, electronShare: electronShare,
        using: &generator)
      let digits = String(number)
      let name = kind.rawValue + "-" + String(repeating: "0", count: max(0, 3 - digits.count))
      return ClassedMicrograph(
        name: name + digits,
        micrograph: SyntheticMicrograph(kind: kind, parameters: parameters, using: &generator))
    }
  }
}

extension MicrographParameters {
  /// Parameters of a kind drawn at random around the typical ones.
  ///
  /// - Parameters:
  ///   - kind: what will be drawn.
  ///   - height: the number of rows, at least 32.
  ///   - width: the number of columns, at least 32.
  ///   - electronShare: the part, 0...1, that shows the look of an electron microscope.
  ///   - generator: the only source of chance.
  public init(
    varied kind: MicrographKind, height: Int = 256, width: Int = 256, electronShare: Double = 0.25,
    using generator: inout SeededGenerator
  ) {
    self.init(kind, height: height, width: width)
    // Magnification: the same structure under 0.8 to 1.3 times the typical lens.
    pixelSizeMicrometres *= generator.uniform(0.77, 1.22)
    sizeMicrometres *= generator.uniform(0.88, 1.15)
    spacingMicrometres *= generator.uniform(0.94, 1.12)
    areaFraction *= generator.uniform(0.8, 1.2)
    directionDegrees = generator.uniform(0, 180)
    look = MicrographLook(
      microscope: generator.uniform() < electronShare ? .electron : .optical,
      contrast: generator.uniform(0.7, 1.15), brightness: generator.uniform(-0.08, 0.08),
      illuminationGradient: generator.uniform(0, 0.2),
      illuminationDegrees: generator.uniform(0, 360), vignetting: generator.uniform(0, 0.15),
      blurPixels: generator.uniform(0.5, 1.1), gaussianNoise: generator.uniform(0.01, 0.04),
      quantaPerPixel: generator.uniform(500, 4000))
  }
}
