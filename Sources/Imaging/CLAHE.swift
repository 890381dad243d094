// Contrast limited adaptive histogram equalisation.
//
// Implements: K. Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV
//   (1994), VIII.5, with the rules of scikit-image 0.26 (`skimage.exposure.equalize_adapthist`).
// Equation -> code: grey value -> level q = rint(65535 x), stretched to 0 ... 16383 and rounded
//   (`wholeLevel`, `binLevels`); bin = level / (1 + 16384 / binCount); histogram of each tile
//   cut at max(1, floor(clipLimit * tile pixels)) and the excess shared (`clipHistogram`);
//   mapping = floor(cumulated counts * 16383 / tile pixels) (`mapHistogram`); the mappings of the
//   four nearest tile centres weighted bilinearly (`interpolateRow`); stretched to 0 ... 1.
// Symbols: k_h, k_w -> `tileSize`; N bins -> `binCount`.
// Deviations: from Zuiderveld, those of scikit-image: the picture is completed by mirroring, the
//   number of tiles follows from their size, and the result is stretched to 0 ... 1. From
//   scikit-image: none; sums and cuts have its roundings, since a cut level moves by 6e-5. As there,
//   a constant picture is not constant afterwards where the weights of a tile do not add up to 1
//   exactly: its levels differ by one, which the last stretch makes 0 and 1.
// Checked by: CLAHETests (golden values of scikit-image 0.26 and 0.17.2, twin `claheReference`).
// Cost: about 3 ns a pixel; room for two pictures of 4 and 2 bytes a pixel.

import Tensors

/// The settings of an adaptive equalisation.
public struct CLAHEOptions: Equatable, Sendable {
  /// Whose rules hold at the edges of the definition.
  public enum Version: String, CaseIterable, Sendable {
    /// scikit-image 0.19 to 0.26.
    case current
    /// scikit-image 0.17.2: tiles of floor(extent / 8), which refuses pictures below 8 pixels; a
    /// clip limit of 1 returns the picture as it is; without a limit a bin holds at most 16384.
    case legacy017
  }

  /// The rows and columns of a tile; `nil` for an eighth of the picture's, at least 1.
  public var tileSize: TileSize?
  /// The part of a tile's pixels that a bin may hold, 0...1; 0 for no limit.
  public var clipLimit: Double
  /// The number of bins of a histogram, 1...65536.
  public var binCount: Int
  /// Whose rules hold.
  public var version: Version

  /// The rows and columns of a tile, each at least 1.
  public struct TileSize: Equatable, Sendable {
    /// The number of rows.
    public var height: Int
    /// The number of columns.
    public var width: Int

    /// A tile of `height` rows and `width` columns.
    public init(height: Int, width: Int) {
      self.height = height
      self.width = width
    }
  }

  /// Settings; the defaults are those of scikit-image.
  ///
  /// - Precondition: the tile has pixels, the limit is not NaN, `binCount` is in 1...65536.
  public init(
    tileSize: TileSize? = nil, clipLimit: Double = 0.01, binCount: Int = 256,
    version: Version = .current
  ) {
    precondition(
      (tileSize.map { $0.height >= 1 && $0.width >= 1 } ?? true) && !clipLimit.isNaN
        && (1...65536).contains(binCount),
      "no CLAHE with tiles \(String(describing: tileSize)), limit \(clipLimit), \(binCount) bins")
    self.tileSize = tileSize
    self.clipLimit = clipLimit
    self.binCount = binCount
    self.version = version
  }
}

/// Equalises the contrast of a picture tile by tile.
///
/// - Parameters:
///   - image: grey, shape (H, W), or colour, shape (H, W, 3) or (H, W, 4); values 0...1. Of a
///     colour picture the value channel of HSV is equalised; a fourth channel is dropped.
///   - options: tiles, clip limit, bins.
/// - Returns: the same shape (colour: three channels), values 0...1, both of which occur in a
///   grey picture that is not constant.
/// - Throws: `ImagingError` for NaN, values outside -1...1, and a picture without pixels.
/// - Precondition: the shape is one of those above.
/// - Complexity: linear in the number of pixels.
public func clahe(
  _ image: Tensor<Float>, options: CLAHEOptions = CLAHEOptions()
) throws(ImagingError) -> Tensor<Float> {
  if image.rank == 3 {
    return try equaliseValueChannel(of: image) { value throws(ImagingError) in
      try clahe(value, options: options)
    }
  }
  try checkSize(image.shape, options)
  let range = ValueRange(of: image.scalars)
  if !(range.isFinite && range.least >= -1 && range.greatest <= 1) { try checkValues(image) }
  if options.isIdentity { return image }
  let equalisation = options.equalisation(height: image.shape[0], width: image.shape[1])
  var result = equalisation.levels(of: image.scalars, scale: 65535)
  stretchToUnit(&result)
  return Tensor(shape: image.shape, scalars: result)
}

/// Equalises the contrast of a picture in double precision, tile by tile.
///
/// As `clahe(_:options:)`: the rounding to 65536 levels and the last stretch are those of Double.
///
/// - Throws: `ImagingError` for NaN, values outside -1...1, and a picture without pixels.
public func clahe(
  _ image: Tensor<Double>, options: CLAHEOptions = CLAHEOptions()
) throws(ImagingError) -> Tensor<Double> {
  if image.rank == 3 {
    return try equaliseValueChannel(of: image) { value throws(ImagingError) in
      try clahe(value, options: options)
    }
  }
  try checkSize(image.shape, options)
  try checkValues(image)
  if options.isIdentity { return image }
  // Whole levels are exact in single precision.
  let rounded = image.scalars.map { Float(($0 * 65535).rounded(.toNearestOrEven)) }
  let equalisation = options.equalisation(height: image.shape[0], width: image.shape[1])
  let result = equalisation.levels(of: rounded, scale: 1).map(Double.init)
  return Tensor(shape: image.shape, scalars: stretchedToUnit(result))
}

/// (value - least) / (greatest - least); equal values are limited to 0...1.
private func stretchedToUnit(_ values: [Double]) -> [Double] {
  let least = values.min() ?? 0
  let range = (values.max() ?? 0) - least
  return values.map { range > 0 ? ($0 - least) / range : min(max($0, 0), 1) }
}

/// Refuses shapes that cannot be equalised.
private func checkSize(_ shape: [Int], _ options: CLAHEOptions) throws(ImagingError) {
  precondition(shape.count == 2, "CLAHE takes shape (H, W), (H, W, 3) or (H, W, 4), not \(shape)")
  let smallest = options.version == .legacy017 && options.tileSize == nil ? 8 : 1
  guard shape[0] >= smallest && shape[1] >= smallest else {
    throw .tooSmall(height: shape[0], width: shape[1], needed: "\(smallest) x \(smallest)")
  }
}

/// Refuses values that cannot be equalised.
private func checkValues<Scalar: KernelScalar>(_ image: Tensor<Scalar>) throws(ImagingError) {
  // A NaN fails the comparison too.
  if let index = image.scalars.firstIndex(where: { !($0.magnitude <= 1) }) {
    let value = image.scalars[index]
    guard value.isFinite else { throw .notFinite(index: index) }
    throw .outOfRange(index: index, value: Double(value), expected: "-1 ... 1")
  }
}

extension CLAHEOptions {
  /// Whether the picture is returned as it is.
  fileprivate var isIdentity: Bool { version == .legacy017 && clipLimit == 1 }

  /// The whole numbers that follow from the settings for a picture of this size.
  package func equalisation(height: Int, width: Int) -> TileEqualisation {
    let tile = tileSize ?? TileSize(height: max(height / 8, 1), width: max(width / 8, 1))
    let pixels = tile.height * tile.width
    var clipCount = version == .legacy017 ? 16384 : pixels
    if clipLimit > 0 {
      // A bin never holds more than the tile's pixels, so that a larger limit is none.
      clipCount = Int(min(max(clipLimit * Double(pixels), 1), Double(pixels)))
    }
    return TileEqualisation(
      height: height, width: width, tileHeight: tile.height, tileWidth: tile.width,
      binCount: binCount, binSize: 1 + 16384 / binCount, clipCount: clipCount)
  }
}

/// Equalises the value channel of HSV and keeps hue and saturation.
private func equaliseValueChannel<Scalar: KernelScalar>(
  of image: Tensor<Scalar>,
  _ equalise: (Tensor<Scalar>) throws(ImagingError) -> Tensor<Scalar>
) throws(ImagingError) -> Tensor<Scalar> {
  precondition(
    image.shape[2] == 3 || image.shape[2] == 4,
    "CLAHE takes shape (H, W), (H, W, 3) or (H, W, 4), not \(image.shape)")
  let (H, W, C) = (image.shape[0], image.shape[1], image.shape[2])
  var hsv: [HSV<Scalar>] = []
  hsv.reserveCapacity(H * W)
  for i in 0..<H * W {
    let p = C * i
    hsv.append(HSV(red: image.scalars[p], green: image.scalars[p + 1], blue: image.scalars[p + 2]))
  }
  let value = try equalise(Tensor(shape: [H, W], scalars: hsv.map(\.value)))
  var result: [Scalar] = []
  result.reserveCapacity(3 * H * W)
  for i in 0..<H * W {
    hsv[i].value = value.scalars[i]
    let (r, g, b) = hsv[i].rgb
    result.append(r)
    result.append(g)
    result.append(b)
  }
  return Tensor(shape: [H, W, 3], scalars: result)
}
