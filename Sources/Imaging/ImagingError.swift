// What is wrong with the values of a picture.

/// Values that an operation on pictures refuses.
public enum ImagingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The value number `index` in row-major order is NaN or infinite.
  case notFinite(index: Int)
  /// The value number `index` lies outside the range that the operation takes.
  case outOfRange(index: Int, value: Double, expected: String)
  /// The picture has no pixels, or fewer than the operation needs.
  case tooSmall(height: Int, width: Int, needed: String)

  /// What is wrong and what was expected.
  public var description: String {
    switch self {
    case .notFinite(let index): "value \(index) of the picture is NaN or infinite"
    case .outOfRange(let index, let value, let expected):
      "value \(index) of the picture is \(value), expected \(expected)"
    case .tooSmall(let height, let width, let needed):
      "a picture of \(width) x \(height) pixels is too small, \(needed) needed"
    }
  }
}
