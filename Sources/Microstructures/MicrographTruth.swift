// What is exactly true of a synthetic micrograph.

/// A quantity that was asked for and what the labels hold of it.
public struct MicrographQuantity: Equatable, Codable, Sendable {
  /// Its name, for instance "mean lineal intercept of grains".
  public var name: String
  /// What the parameters asked for; `nil` where the quantity follows from others.
  public var asked: Double?
  /// What the labels hold, or what the geometry was built with.
  public var actual: Double
  /// Its unit: "um", "1", "degrees".
  public var unit: String
}

/// A particle, a needle or a scratch of a synthetic micrograph.
public struct MicrographParticle: Equatable, Codable, Sendable {
  /// Its number in the grain labels.
  public var label: Int
  /// Its phase in the phase labels.
  public var phase: Int
  /// The centre of its pixels, from the upper left corner of the picture.
  public var xMicrometres: Double
  /// The centre of its pixels, from the upper left corner of the picture.
  public var yMicrometres: Double
  /// The area of its pixels.
  public var areaSquareMicrometres: Double
  /// The radius of the disc of the same area.
  public var equivalentRadiusMicrometres: Double
}

/// What is exactly true of a synthetic micrograph: counted on its labels or known by construction.
public struct MicrographTruth: Equatable, Codable, Sendable {
  /// The names of the phases, in the order of the phase labels.
  public var phaseNames: [String]
  /// The part of the pixels of each phase.
  public var phaseFractions: [Double]
  /// The number of grains, colonies or particles of which at least a pixel is in the picture.
  public var grainCount: Int
  /// Lengths and other quantities, asked for and actual.
  public var quantities: [MicrographQuantity]
  /// Particles, where the picture shows some.
  public var particles: [MicrographParticle]

  /// The quantity of this name.
  public subscript(name: String) -> MicrographQuantity? { quantities.first { $0.name == name } }
}

extension MicrographQuantity {
  /// The mean lineal intercept of grains, colonies or former grains.
  public static let meanIntercept = "mean lineal intercept"
  /// The area fraction of the second phase.
  public static let areaFraction = "area fraction"
  /// The distance from lamella to lamella.
  public static let lamellarSpacing = "lamellar spacing"
}

/// The mean lineal intercept of a label image in pixels: the length of all rows and columns over
/// the number of label changes along them; infinite when there is none.
func meanInterceptPixels(_ labels: [Int32], height H: Int, width W: Int) -> Double {
  var changes = 0
  for y in 0..<H {
    for x in 0..<W {
      let i = y * W + x
      if x + 1 < W && labels[i] != labels[i + 1] { changes += 1 }
      if y + 1 < H && labels[i] != labels[i + W] { changes += 1 }
    }
  }
  let length = H * (W - 1) + W * (H - 1)
  return changes == 0 ? .infinity : Double(length) / Double(changes)
}
