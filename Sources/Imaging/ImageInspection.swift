// What a picture file holds, in a few numbers.

import Files

/// A picture's extent, type, scale and checksum.
public struct ImageInspection: Sendable, Equatable {
  /// The file, as the user gave it.
  public let file: String
  /// The file's format.
  public let format: ImageFormat
  /// The number of columns.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// The number of values of a pixel.
  public let channels: Int
  /// The type of a value as NumPy spells it, for instance "uint16".
  public let sampleType: String
  /// The number of pictures in the file.
  public let pages: Int
  /// The smallest value.
  public let minimum: Double
  /// The largest value.
  public let maximum: Double
  /// The CRC-32 of the values, interleaved in rows, little-endian, in their own type.
  public let crc32: UInt32
  /// The size of a pixel, with what was noticed about it.
  public let pixelSize: PixelSize
  /// How many rows at the bottom hold a data bar; 0 when none is known.
  public let dataBarRows: Int
  /// What the reader noticed.
  public let remarks: [String]

  /// Reads a picture and describes it.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - page: which picture of a file that holds several, from 0.
  ///   - limits: bounds on the size of the picture.
  /// - Throws: an error that names the file when it cannot be read as a picture.
  public init(
    contentsOf path: String, page: Int = 0, limits: ImageLimits = .standard
  ) throws(FormatError) {
    let bytes = try CheckedBytes(contentsOf: path, limit: largestImageFile)
    try self.init(bytes, page: page, limits: limits)
  }

  /// Describes a picture file whose bytes are there already.
  ///
  /// - Throws: an error that names the file when it cannot be read as a picture.
  public init(
    _ bytes: CheckedBytes, page: Int = 0, limits: ImageLimits = .standard
  ) throws(FormatError) {
    let image = try decodeImage(bytes, page: page, limits: limits)
    file = bytes.file
    format = try ImageFormat(of: bytes)
    pages = format == .tiff ? try countTIFFPages(bytes) : 1
    (width, height, channels) = (image.width, image.height, image.channels)
    sampleType = image.samples.typeName
    (minimum, maximum) = image.samples.extremes
    crc32 = image.samples.crc32
    pixelSize = image.pixelSize
    dataBarRows = image.dataBarRows
    remarks = image.remarks
  }
}

extension Image.Samples {
  /// The CRC-32 of the values as little-endian bytes.
  public var crc32: UInt32 {
    switch self {
    case .uint8(let v): CRC32.of(numbers: v)
    case .int8(let v): CRC32.of(numbers: v)
    case .uint16(let v): CRC32.of(numbers: v)
    case .int16(let v): CRC32.of(numbers: v)
    case .uint32(let v): CRC32.of(numbers: v)
    case .int32(let v): CRC32.of(numbers: v)
    case .float32(let v): CRC32.of(numbers: v)
    case .float64(let v): CRC32.of(numbers: v)
    }
  }

  /// The smallest and the largest value; (0, 0) when there is none.
  public var extremes: (minimum: Double, maximum: Double) {
    func range(_ values: [some Comparable & BinaryInteger]) -> (Double, Double) {
      (Double(values.min() ?? 0), Double(values.max() ?? 0))
    }
    return switch self {
    case .uint8(let v): range(v)
    case .int8(let v): range(v)
    case .uint16(let v): range(v)
    case .int16(let v): range(v)
    case .uint32(let v): range(v)
    case .int32(let v): range(v)
    case .float32(let v): (Double(v.min() ?? 0), Double(v.max() ?? 0))
    case .float64(let v): (v.min() ?? 0, v.max() ?? 0)
    }
  }
}
