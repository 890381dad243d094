// Physical lengths, and the size of a pixel with where it was read.

/// A physical length.
public struct Length: Equatable, Comparable, Sendable {
  /// The length in micrometres.
  public var micrometres: Double

  /// A length given in micrometres.
  public init(micrometres: Double) { self.micrometres = micrometres }

  /// Orders by length.
  public static func < (a: Length, b: Length) -> Bool { a.micrometres < b.micrometres }
}

/// The size of a pixel as a file or a user states it, or unknown.
public struct PixelSize: Equatable, Sendable {
  /// The width of a pixel; `nil` when no source states it.
  public var width: Length?
  /// The height of a pixel; `nil` when no source states it.
  public var height: Length?
  /// Where the size was read, for instance "TIFF resolution"; `nil` when unknown.
  public var source: String?
  /// What the reader noticed: sources that disagree, defaults that are no scale.
  public var remarks: [String]

  /// No source states a size.
  public static let unknown = PixelSize(width: nil, height: nil, source: nil)

  /// A pixel size from a named source.
  public init(width: Length?, height: Length?, source: String?, remarks: [String] = []) {
    self.width = width
    self.height = height
    self.source = source
    self.remarks = remarks
  }

  /// Whether both sides are known.
  public var isKnown: Bool { width != nil && height != nil }
}
