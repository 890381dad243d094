// How large a picture may be before a decoder refuses it.

import Files

/// Bounds on the size of a picture that is read from a file; each one is named when it is exceeded.
public struct ImageLimits: Sendable, Equatable {
  /// The most columns, and the most rows.
  public var side: Int
  /// The most pixels.
  public var pixels: Int
  /// The most bytes of decoded samples.
  public var bytes: Int

  /// Bounds on a picture's size; the defaults are 1,000,000 a side, 2^29 pixels and 2^32 bytes.
  public init(side: Int = 1_000_000, pixels: Int = 1 << 29, bytes: Int = 1 << 32) {
    self.side = side
    self.pixels = pixels
    self.bytes = bytes
  }

  /// Compares a declared size with the bounds, before anything is allocated.
  ///
  /// - Parameters:
  ///   - width: the declared number of columns.
  ///   - height: the declared number of rows.
  ///   - bytesPerPixel: the bytes of a decoded pixel.
  ///   - bytes: the file, named in errors.
  /// - Returns: the number of pixels, at least 1.
  /// - Throws: an error that names the bound when the picture is empty or too large.
  @discardableResult
  package func check(
    width: Int, height: Int, bytesPerPixel: Int, in bytes: CheckedBytes
  ) throws(FormatError) -> Int {
    let size = "the picture is \(width) x \(height) pixels"
    guard width > 0 && height > 0 else { throw bytes.error(size + ": it is empty") }
    guard width <= side && height <= side else {
      throw bytes.error(size + ": a side is longer than the limit of \(side)")
    }
    let count = width.multipliedReportingOverflow(by: height)
    guard !count.overflow && count.partialValue <= pixels else {
      throw bytes.error(size + ": more than the limit of \(pixels) pixels")
    }
    let total = count.partialValue.multipliedReportingOverflow(by: bytesPerPixel)
    guard !total.overflow && total.partialValue <= self.bytes else {
      throw bytes.error(size + ": more than the limit of \(self.bytes) bytes")
    }
    return count.partialValue
  }
}
