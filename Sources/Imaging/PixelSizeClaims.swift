// The size of a pixel chosen among what a file's tags state, with disagreement reported.
//
// Deviations: none. Checked by: PixelSizeTests.

/// What one source in a file states.
struct PixelSizeClaim {
  /// The source's name, for instance "TIFF resolution".
  var source: String
  /// The width of a pixel in micrometres.
  var width: Double
  /// The height of a pixel in micrometres.
  var height: Double

  /// Pixels between a picometre and a metre, and no NaN.
  var isPlausible: Bool {
    [width, height].allSatisfy { $0.isFinite && $0 >= 1e-6 && $0 <= 1e6 }
  }

  /// Whether both sides agree with another claim within 1 %.
  func agrees(with other: PixelSizeClaim) -> Bool {
    abs(width - other.width) <= 0.01 * width && abs(height - other.height) <= 0.01 * height
  }

  /// "0.25 um", or "0.25 x 0.5 um".
  var text: String { width == height ? "\(width) um" : "\(width) x \(height) um" }
}

/// What the sources of a file state, in the order of trust.
struct PixelSizeClaims {
  /// The claims, the most trusted first.
  private(set) var claims: [PixelSizeClaim] = []
  /// What is no claim but worth saying.
  private(set) var remarks: [String] = []
  /// Why a density is no scale: worth saying only when nothing else states a size.
  private var defaults: [String] = []

  /// Adds a claim that is trusted less than those before.
  mutating func add(_ source: String, width: Double, height: Double) {
    let claim = PixelSizeClaim(source: source, width: width, height: height)
    if claim.isPlausible {
      claims.append(claim)
    } else {
      remarks.append("\(source) states a pixel size that cannot be: \(claim.text)")
    }
  }

  /// Adds a remark.
  mutating func remark(_ text: String) { remarks.append(text) }

  /// Says that a density is a default of screens or printers.
  mutating func remarkDefault(of source: String) {
    defaults.append("not calibrated: \(source) holds a default of screens or printers")
  }

  /// The first claim, with a remark for each later one that differs by more than 1 %.
  var pixelSize: PixelSize {
    guard let first = claims.first else {
      return PixelSize(width: nil, height: nil, source: nil, remarks: remarks + defaults)
    }
    let conflicts = claims.dropFirst().filter { !first.agrees(with: $0) }.map {
      "\(first.source) states \(first.text), but \($0.source) \($0.text); the former is used"
    }
    return PixelSize(
      width: Length(micrometres: first.width), height: Length(micrometres: first.height),
      source: first.source, remarks: remarks + conflicts)
  }
}

/// Dots per inch that programs write without knowing: screens and printers.
func isDefaultDensity(perInch x: Double, _ y: Double) -> Bool {
  [72, 96, 150, 300].contains { abs(x - $0) < 0.02 && abs(y - $0) < 0.02 }
}
