// Colours that colour-blind readers can tell apart and that survive a grey printer.
//
// Implements: the qualitative set of M. Okabe, K. Ito, "Color Universal Design" (2008); the
//   sequential map viridis (S. van der Walt, N. Smith, 2015), by its values at 9 nodes, linear between.
// Deviations: yellow is left out of the qualitative set (too faint on white for small marks).
// Checked by: ChartTests.

/// A colour in sRGB, each part from 0 to 255.
public struct Colour: Equatable, Sendable {
  /// The red part.
  public var red: UInt8
  /// The green part.
  public var green: UInt8
  /// The blue part.
  public var blue: UInt8

  /// A colour from its parts.
  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// The colour as `#rrggbb`.
  public var hexadecimal: String {
    "#"
      + [red, green, blue].map { part in
        let digits = String(part, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
  }

  /// A colour between this one and another, which has `share` of it, 0 to 1.
  public func mixed(_ other: Colour, _ share: Double) -> Colour {
    func mix(_ p: UInt8, _ q: UInt8) -> UInt8 {
      UInt8((Double(p) + (Double(q) - Double(p)) * min(max(share, 0), 1)).rounded())
    }
    return Colour(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
  }

  /// Whether white text reads better on it than black (relative luminance of WCAG 2, by a
  /// gamma of 2).
  public var isDark: Bool {
    let (r, g, b) = (Double(red) / 255, Double(green) / 255, Double(blue) / 255)
    return 0.2126 * r * r + 0.7152 * g * g + 0.0722 * b * b < 0.24
  }
}

/// Fixed colours and marks for the groups of a figure.
public enum Palette {
  /// The Okabe-Ito colours in the order of use.
  public static let qualitative = [
    Colour(0x00, 0x72, 0xB2), Colour(0xE6, 0x9F, 0x00), Colour(0x00, 0x9E, 0x73),
    Colour(0xCC, 0x79, 0xA7), Colour(0x56, 0xB4, 0xE9), Colour(0xD5, 0x5E, 0x00),
    Colour(0x4D, 0x4D, 0x4D),
  ]

  /// The colour of group number `index`; colours repeat with another mark after seven.
  public static func colour(_ index: Int) -> Colour { qualitative[index % qualitative.count] }

  /// The mark of group number `index`.
  public static func mark(_ index: Int) -> Mark {
    Mark.allCases[(index / qualitative.count) % Mark.allCases.count]
  }

  private static let viridisNodes = [
    Colour(68, 1, 84), Colour(71, 45, 123), Colour(59, 82, 139), Colour(44, 114, 142),
    Colour(33, 145, 140), Colour(40, 174, 128), Colour(94, 201, 98), Colour(173, 220, 48),
    Colour(253, 231, 37),
  ]

  /// The viridis colour of `value` from 0 to 1; values outside take the nearest end.
  public static func viridis(_ value: Double) -> Colour {
    let last = viridisNodes.count - 1
    guard value > 0 else { return viridisNodes[0] }
    guard value < 1 else { return viridisNodes[last] }
    let position = value * Double(last)
    let node = min(last - 1, Int(position))
    let t = position - Double(node)
    return viridisNodes[node].mixed(viridisNodes[node + 1], t)
  }
}

/// The shape of a point in a scatter plot.
public enum Mark: CaseIterable, Sendable {
  /// A filled circle.
  case circle
  /// A filled square.
  case square
  /// A filled triangle.
  case triangle
  /// A filled diamond.
  case diamond
  /// A diagonal cross.
  case cross
}
