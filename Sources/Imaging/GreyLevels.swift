// Pictures as numbers 0 ... 1, and numbers 0 ... 1 as pictures.
//
// Implements: the rules of scikit-image's `img_as_float` and `rgb2gray`.
// Equation -> code: grey = 0.2125 R + 0.7154 G + 0.0721 B (`grey()`); whole numbers are divided by
//   the greatest of their type (`unitValues`).
// Deviations: scikit-image keeps floats of any range and negative whole numbers; here a picture
//   with values outside 0 ... 1 after that division is stretched from its least to its greatest
//   value, which `intensityRemark` says: a picture in this package is 0 ... 1.
// Checked by: GreyLevelsTests. Cost: one pass.

import Tensors

extension Image {
  /// Grey values 0...1, shape (H, W).
  ///
  /// Colour is weighted as 0.2125 R + 0.7154 G + 0.0721 B; an alpha channel is ignored. Whole
  /// numbers are divided by the greatest of their type; see `intensityRemark` for other ranges.
  ///
  /// - Throws: `ImagingError` when a sample is NaN or infinite.
  public func grey() throws(ImagingError) -> Tensor<Float> {
    let values = try unitValues()
    let n = height * width
    var result = [Float](repeating: 0, count: n)
    if channels >= 3 {
      for i in 0..<n {
        let p = channels * i
        result[i] = values[p] * 0.2125 + values[p + 1] * 0.7154 + values[p + 2] * 0.0721
      }
    } else if channels == 2 {
      for i in 0..<n { result[i] = values[2 * i] }
    } else {
      result = values
    }
    return Tensor(shape: [height, width], scalars: result)
  }

  /// Colour values 0...1, shape (H, W, 3); grey becomes three equal channels, alpha is ignored.
  ///
  /// - Throws: `ImagingError` when a sample is NaN or infinite.
  public func rgb() throws(ImagingError) -> Tensor<Float> {
    let values = try unitValues()
    var result = [Float](repeating: 0, count: 3 * height * width)
    let step = channels >= 3 ? 1 : 0
    for i in 0..<height * width {
      for c in 0..<3 { result[3 * i + c] = values[channels * i + step * c] }
    }
    return Tensor(shape: [height, width, 3], scalars: result)
  }

  /// What `grey()` and `rgb()` do to values that are not 0...1 of their type; `nil` in most cases.
  public var intensityRemark: String? {
    guard let range = colourRange, range.least < 0 || range.greatest > samples.fullScale else {
      return nil
    }
    return "values \(range.least) ... \(range.greatest) were stretched to 0 ... 1"
  }

  /// A grey picture of whole numbers from values 0...1, rounded to nearest, ties to even.
  ///
  /// - Parameters:
  ///   - grey: shape (H, W); values beyond 0...1 become 0 or 1.
  ///   - bits: 8 or 16 a sample.
  ///   - pixelSize: the size of a pixel, as far as it is known.
  /// - Throws: `ImagingError` when a value is NaN or infinite.
  /// - Precondition: `grey` is a matrix, `bits` is 8 or 16.
  public init(
    grey: Tensor<Float>, bits: Int = 8, pixelSize: PixelSize = .unknown
  ) throws(ImagingError) {
    precondition(grey.rank == 2, "a grey picture has shape (H, W), not \(grey.shape)")
    self.init(
      height: grey.shape[0], width: grey.shape[1], channels: 1,
      samples: try Samples(unit: grey.scalars, bits: bits), pixelSize: pixelSize)
  }

  /// A colour picture of whole numbers from values 0...1, rounded to nearest, ties to even.
  ///
  /// - Parameters:
  ///   - rgb: shape (H, W, 3); values beyond 0...1 become 0 or 1.
  ///   - bits: 8 or 16 a sample.
  ///   - pixelSize: the size of a pixel, as far as it is known.
  /// - Throws: `ImagingError` when a value is NaN or infinite.
  /// - Precondition: the last extent of `rgb` is 3, `bits` is 8 or 16.
  public init(
    rgb: Tensor<Float>, bits: Int = 8, pixelSize: PixelSize = .unknown
  ) throws(ImagingError) {
    precondition(
      rgb.rank == 3 && rgb.shape[2] == 3, "a colour picture has shape (H, W, 3), not \(rgb.shape)")
    self.init(
      height: rgb.shape[0], width: rgb.shape[1], channels: 3,
      samples: try Samples(unit: rgb.scalars, bits: bits), pixelSize: pixelSize)
  }

  /// All samples as numbers 0...1.
  private func unitValues() throws(ImagingError) -> [Float] {
    if let index = samples.firstNonFinite { throw .notFinite(index: index) }
    var (origin, scale) = (0.0, samples.fullScale)
    if let range = colourRange, range.least < 0 || range.greatest > scale {
      (origin, scale) = (range.least, range.greatest - range.least)
      // A constant picture outside 0 ... 1 is black.
      if scale == 0 { scale = 1 }
    }
    return samples.scaled(from: origin, by: scale)
  }

  /// The least and the greatest sample of the grey or colour channels; `nil` for types whose values
  /// always lie in range, and for pictures without pixels.
  private var colourRange: (least: Double, greatest: Double)? {
    let colours = channels == 2 || channels == 4 ? channels - 1 : channels
    switch samples {
    case .uint8, .uint16, .uint32: return nil
    case .int8(let v): return extremes(of: v, colours) { Double($0) }
    case .int16(let v): return extremes(of: v, colours) { Double($0) }
    case .int32(let v): return extremes(of: v, colours) { Double($0) }
    case .float32(let v): return extremes(of: v, colours) { Double($0) }
    case .float64(let v): return extremes(of: v, colours) { $0 }
    }
  }

  private func extremes<Value: Comparable>(
    of values: [Value], _ colours: Int, _ number: (Value) -> Double
  ) -> (least: Double, greatest: Double)? {
    guard var least = values.first else { return nil }
    var greatest = least
    for i in values.indices where i % channels < colours {
      if values[i] < least { least = values[i] }
      if values[i] > greatest { greatest = values[i] }
    }
    return (number(least), number(greatest))
  }
}

extension Image.Samples {
  /// The sample that stands for white: the greatest of a whole type, 1 for a float.
  var fullScale: Double {
    switch self {
    case .uint8: 255
    case .int8: 127
    case .uint16: 65535
    case .int16: 32767
    case .uint32: 4_294_967_295
    case .int32: 2_147_483_647
    case .float32, .float64: 1
    }
  }

  /// The index of the first sample that is NaN or infinite.
  var firstNonFinite: Int? {
    switch self {
    case .float32(let v): v.firstIndex { !$0.isFinite }
    case .float64(let v): v.firstIndex { !$0.isFinite }
    default: nil
    }
  }

  /// (sample - origin) / scale, rounded once from double to single precision.
  func scaled(from origin: Double, by scale: Double) -> [Float] {
    switch self {
    case .uint8(let v):
      // 256 values: one division each.
      let table = (0..<256).map { Float((Double($0) - origin) / scale) }
      return v.map { table[Int($0)] }
    case .int8(let v): return v.map { Float((Double($0) - origin) / scale) }
    case .uint16(let v): return v.map { Float((Double($0) - origin) / scale) }
    case .int16(let v): return v.map { Float((Double($0) - origin) / scale) }
    case .uint32(let v): return v.map { Float((Double($0) - origin) / scale) }
    case .int32(let v): return v.map { Float((Double($0) - origin) / scale) }
    case .float32(let v):
      return origin == 0 && scale == 1 ? v : v.map { Float((Double($0) - origin) / scale) }
    case .float64(let v): return v.map { Float(($0 - origin) / scale) }
    }
  }

  /// Whole samples from values 0...1.
  init(unit values: [Float], bits: Int) throws(ImagingError) {
    precondition(bits == 8 || bits == 16, "a sample has 8 or 16 bits, not \(bits)")
    if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
    if bits == 8 {
      self = .uint8(values.map { UInt8((min(max($0, 0), 1) * 255).rounded(.toNearestOrEven)) })
    } else {
      self = .uint16(values.map { UInt16((min(max($0, 0), 1) * 65535).rounded(.toNearestOrEven)) })
    }
  }
}
