// Hue, saturation and value of a colour.
//
// Implements: A. R. Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978, hexcone model, as
//   scikit-image's `rgb2hsv` and `hsv2rgb`.
// Symbols: max -> `value`, max - min -> delta, delta / max -> `saturation`; sextant -> the sixth of
//   the hue circle.
// Deviations: none; a grey colour has hue 0, black has saturation 0.
// Checked by: ColourTests. Cost: two divisions a pixel.

import Tensors

/// A colour as hue, saturation and value, each 0...1.
public struct HSV<Scalar: KernelScalar>: Equatable, Sendable {
  /// The angle around the colour circle in turns: red 0, green 1/3, blue 2/3.
  public var hue: Scalar
  /// How far the colour is from grey.
  public var saturation: Scalar
  /// The greatest of the three components.
  public var value: Scalar

  /// A colour from its components.
  public init(hue: Scalar, saturation: Scalar, value: Scalar) {
    self.hue = hue
    self.saturation = saturation
    self.value = value
  }

  /// The colour with these components, each 0...1.
  ///
  /// Where two components are the greatest, the last of red, green, blue decides.
  public init(red r: Scalar, green g: Scalar, blue b: Scalar) {
    value = max(r, g, b)
    let delta = value - min(r, g, b)
    guard delta > 0 else {
      (hue, saturation) = (0, 0)
      return
    }
    saturation = value == 0 ? 0 : delta / value
    let sextants: Scalar
    if b == value {
      sextants = 4 + (r - g) / delta
    } else if g == value {
      sextants = 2 + (b - r) / delta
    } else {
      sextants = (g - b) / delta
    }
    let turns = sextants / 6
    hue = turns - turns.rounded(.down)
  }

  /// The components red, green and blue.
  public var rgb: (Scalar, Scalar, Scalar) {
    let sextant = (hue * 6).rounded(.down)
    let f = hue * 6 - sextant
    let p = value * (1 - saturation)
    let q = value * (1 - f * saturation)
    let t = value * (1 - (1 - f) * saturation)
    switch Int(sextant) % 6 {
    case 0: return (value, t, p)
    case 1: return (q, value, p)
    case 2: return (p, value, t)
    case 3: return (p, q, value)
    case 4: return (t, p, value)
    default: return (value, p, q)
    }
  }
}
