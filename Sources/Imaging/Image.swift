// A decoded picture: samples as the file stores them, with its physical scale.

import Tensors

/// A picture in memory: (height, width, channel), channels innermost, samples as stored.
public struct Image: Sendable, Equatable {
  /// Samples in row-major order, interleaved: index ((y * width) + x) * channels + c.
  public enum Samples: Sendable, Equatable {
    /// Whole numbers 0 ... 255.
    case uint8([UInt8])
    /// Whole numbers -128 ... 127.
    case int8([Int8])
    /// Whole numbers 0 ... 65535.
    case uint16([UInt16])
    /// Whole numbers -32768 ... 32767.
    case int16([Int16])
    /// Whole numbers of 32 bits.
    case uint32([UInt32])
    /// Whole numbers of 32 bits with a sign.
    case int32([Int32])
    /// Numbers of 32 bits, of any range; never NaN or infinite in a picture that was read.
    case float32([Float])
    /// Numbers of 64 bits, of any range; never NaN or infinite in a picture that was read.
    case float64([Double])
  }

  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The number of values of a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
  public let channels: Int
  /// The values.
  public private(set) var samples: Samples
  /// The size of a pixel, as far as it is known.
  public var pixelSize: PixelSize
  /// What the reader noticed, for instance rows that hold a data bar.
  public var remarks: [String]
  /// How many rows at the bottom hold a data bar instead of the specimen; 0 when none is known.
  public var dataBarRows = 0

  /// A picture from its samples.
  ///
  /// - Precondition: there are height x width x channels samples.
  public init(
    height: Int, width: Int, channels: Int, samples: Samples,
    pixelSize: PixelSize = .unknown, remarks: [String] = []
  ) {
    precondition(
      height >= 0 && width >= 0 && channels >= 1 && samples.count == height * width * channels,
      "a (\(height), \(width), \(channels)) picture does not hold \(samples.count) samples")
    self.height = height
    self.width = width
    self.channels = channels
    self.samples = samples
    self.pixelSize = pixelSize
    self.remarks = remarks
  }
}

extension Image.Samples {
  /// The number of samples.
  public var count: Int {
    switch self {
    case .uint8(let v): v.count
    case .int8(let v): v.count
    case .uint16(let v): v.count
    case .int16(let v): v.count
    case .uint32(let v): v.count
    case .int32(let v): v.count
    case .float32(let v): v.count
    case .float64(let v): v.count
    }
  }

  /// The type's name as NumPy spells it, for instance "uint8".
  public var typeName: String {
    switch self {
    case .uint8: "uint8"
    case .int8: "int8"
    case .uint16: "uint16"
    case .int16: "int16"
    case .uint32: "uint32"
    case .int32: "int32"
    case .float32: "float32"
    case .float64: "float64"
    }
  }
}
