// Simple linear iterative clustering: superpixels by k-means in colour and position.
//
// Implements: R. Achanta, A. Shaji, K. Smith, A. Lucchi, P. Fua, S. Suesstrunk, "SLIC Superpixels
//   Compared to State-of-the-Art Superpixel Methods", IEEE PAMI 34 (2012), sections 3.1-3.3 and
//   4.6 (SLICO), with the rules of scikit-image 0.18 and 0.19-0.26 (`skimage.segmentation.slic`).
// Equation -> code: D = d_c^2 / m^2 + d_s^2 / S^2 (equation 3, `SLICClusters`); S = sqrt(N / k)
//   rounded (`SLICGrid`); orphans join a neighbour (`connectSuperpixels`).
// Symbols: m -> `compactness`; k -> `superpixels`; S -> `SLICGrid.step`; N, the pixels.
// Deviations: from the paper, those of scikit-image: a window reaches 2 S to each side instead of
//   S; centres are not moved to the least gradient; the first round knows no colour; always
//   `iterations` rounds unless no pixel changes; pieces are cut at `largestPart`. From
//   scikit-image: a superpixel that lost its last pixel leaves the competition (there 0 / 0), and
//   labels begin at 0.
// Checked by: SLICTests (golden labels of scikit-image 0.26 and 0.18.3, twin `slicReference`).
// Cost: about 10 distances a pixel a round; 40 bytes a pixel.

import Tensors

/// The settings of a superpixel segmentation; the defaults are those of scikit-image.
public struct SLIC: Equatable, Sendable {
  /// Whose rules hold before the clustering begins.
  public enum Version: String, CaseIterable, Sendable {
    /// scikit-image 0.19 to 0.26: the picture is stretched to 0...1 first.
    case current
    /// scikit-image 0.18 and before, which Kanezaki's and Kim's papers used: values as they are.
    case legacy018
  }

  /// What the three channels of a picture mean.
  public enum Colours: String, CaseIterable, Sendable {
    /// sRGB, compared as L*a*b*.
    case lab
    /// sRGB with red and blue exchanged, compared as L*a*b*: a picture that OpenCV read (BGR) and
    /// that was handed over as RGB, as in Kanezaki's program.
    case exchangedLab
    /// Whatever they are, compared as they are.
    case plain
  }

  /// The approximate number of superpixels, at least 1.
  public var superpixels: Int
  /// m: the weight of position against colour, above 0.
  public var compactness: Double
  /// The number of rounds, at least 1.
  public var iterations: Int
  /// The standard deviation of a Gaussian that smooths the colours first, in pixels; 0 for none.
  public var sigma: Double
  /// Whether each superpixel finds its own compactness (SLICO).
  public var isAdaptive: Bool
  /// Whether superpixels are made connected.
  public var enforcesConnectivity: Bool
  /// Connected parts below this share of the mean area join a neighbour.
  public var smallestPart: Double
  /// Connected parts are cut at this multiple of the mean area.
  public var largestPart: Double
  /// What the channels of a colour picture mean; grey pictures are compared as they are.
  public var colours: Colours
  /// Whether a grey picture counts as one of three equal channels, as OpenCV reads it, and is compared
  /// as L*a*b*; else its values are compared as they are.
  public var readsGreyAsColour: Bool
  /// Whose rules hold.
  public var version: Version

  /// Settings; the defaults are those of scikit-image 0.26.
  ///
  /// - Precondition: the numbers lie in the ranges that each property states.
  public init(
    superpixels: Int = 100, compactness: Double = 10, iterations: Int = 10, sigma: Double = 0,
    isAdaptive: Bool = false, enforcesConnectivity: Bool = true, smallestPart: Double = 0.5,
    largestPart: Double = 3, colours: Colours = .lab, readsGreyAsColour: Bool = false,
    version: Version = .current
  ) {
    precondition(
      superpixels >= 1 && compactness > 0 && compactness.isFinite && iterations >= 1
        && sigma >= 0 && sigma <= 1000 && smallestPart >= 0 && largestPart >= 0
        && smallestPart.isFinite && largestPart.isFinite,
      "no SLIC with \(superpixels) superpixels, compactness \(compactness), sigma \(sigma)")
    self.superpixels = superpixels
    self.compactness = compactness
    self.iterations = iterations
    self.sigma = sigma
    self.isAdaptive = isAdaptive
    self.enforcesConnectivity = enforcesConnectivity
    self.smallestPart = smallestPart
    self.largestPart = largestPart
    self.colours = colours
    self.readsGreyAsColour = readsGreyAsColour
    self.version = version
  }

  /// Kim, Inoue and Kasuya (2020): 50,000 superpixels of compactness 20, by the rules of
  /// scikit-image 0.18, of a picture whose red and blue were exchanged as in Kanezaki's program.
  public static let kim2020 = SLIC(
    superpixels: 50_000, compactness: 20, colours: .exchangedLab, readsGreyAsColour: true,
    version: .legacy018)
}

/// A picture cut into superpixels.
public struct Superpixels: Equatable, Sendable {
  /// The number of each pixel's superpixel, 0 ..< `count`, shape (H, W).
  public let labels: Tensor<Int32>
  /// The number of superpixels.
  public let count: Int

  /// Wraps labels.
  ///
  /// - Precondition: `labels` has shape (H, W); each is in 0 ..< `count`.
  public init(labels: Tensor<Int32>, count: Int) {
    precondition(
      labels.rank == 2 && labels.scalars.allSatisfy { $0 >= 0 && Int($0) < count },
      "labels of shape \(labels.shape) are not 0 ..< \(count)")
    self.labels = labels
    self.count = count
  }
}

extension SLIC {
  /// Cuts a picture into superpixels.
  ///
  /// - Parameter image: grey, shape (H, W) or (H, W, 1), or colour, shape (H, W, 3); sRGB 0...1
  ///   unless `colours` is `.plain`.
  /// - Returns: the superpixels, the same for any number of threads.
  /// - Throws: `ImagingError` for NaN, infinity and a picture without pixels.
  /// - Precondition: the shape is one of those above, fewer than 2^31 pixels.
  /// - Complexity: linear in the number of pixels and of iterations.
  public func segment(_ image: Tensor<Float>) throws(ImagingError) -> Superpixels {
    try segment(Tensor(shape: image.shape, scalars: image.scalars.map { Double($0) }))
  }

  /// Cuts a picture in double precision into superpixels; see `segment(_:)` for single precision.
  ///
  /// - Throws: `ImagingError` for NaN, infinity and a picture without pixels.
  public func segment(_ image: Tensor<Double>) throws(ImagingError) -> Superpixels {
    if readsGreyAsColour && (image.rank == 2 || (image.rank == 3 && image.shape[2] == 1)) {
      return try segment(
        Tensor(
          shape: [image.shape[0], image.shape[1], 3],
          scalars: image.scalars.flatMap { [$0, $0, $0] }))
    }
    let features = try SLICFeatures(image, self)
    let (H, W) = (features.height, features.width)
    // Numbers of at most 1: the next power of two above the greatest.
    let greatest = features.values.reduce(0) { max($0, $1.magnitude) }
    let exponent = greatest > 0 ? Double(greatest.exponent) + 1 : 0
    guard exponent.magnitude < 120 else {
      return superpixels(slicReference(features, self), height: H, width: W)
    }
    let scale = exponential2(-Int(exponent))
    let clusters = clusterPixels(
      .numbers(features.values, channels: features.channels, scale: scale),
      grid(height: H, width: W), compactness: scale, rounds: iterations, adaptive: isAdaptive)
    return superpixels(clusters, height: H, width: W)
  }

  /// Cuts a stored picture into superpixels; an alpha channel is ignored.
  ///
  /// Whole numbers are divided by the greatest of their type, floating-point samples stay as they
  /// are.
  ///
  /// - Throws: `ImagingError` for NaN, infinity and a picture without pixels.
  public func segment(_ image: Image) throws(ImagingError) -> Superpixels {
    let (H, W, C) = (image.height, image.width, image.channels)
    let kept = C >= 3 ? 3 : 1
    if let colours = wholeColours(image, kept: kept) {
      guard H > 0 && W > 0 else { throw .tooSmall(height: H, width: W, needed: "1 x 1") }
      let isLab = kept == 3 || readsGreyAsColour
      let clusters = clusterPixels(
        colours, grid(height: H, width: W), compactness: compactness / (isLab ? 128 : 1),
        rounds: iterations, adaptive: isAdaptive)
      return superpixels(clusters, height: H, width: W)
    }
    let values = image.scaledSamples
    var scalars = values
    if C != kept {
      scalars = (0..<H * W).flatMap { i in values[(C * i)..<(C * i + kept)] }
    }
    return try segment(Tensor(shape: [H, W, kept], scalars: scalars))
  }

  /// The colours of a picture of 8 or 16 bits by tables: each level's number is known beforehand.
  ///
  /// - Returns: `nil` where there is no table: other types, smoothing, plain colours.
  private func wholeColours(_ image: Image, kept: Int) -> SuperpixelColours? {
    let isLab = kept == 3 || readsGreyAsColour
    guard sigma == 0 && (!isLab || colours != .plain), (1e-9...1e9).contains(compactness)
    else { return nil }
    var order = colours == .exchangedLab ? [2, 1, 0] : [0, 1, 2]
    if kept == 1 { order = isLab ? [0, 0, 0] : [0] }
    switch image.samples {
    case .uint8(let values):
      let table = levelTable(values, image.channels, kept, levels: 256)
      return .bytes(values, stride: image.channels, order: order, table: table)
    case .uint16(let values):
      let table = levelTable(values, image.channels, kept, levels: 65536)
      return .words(values, stride: image.channels, order: order, table: table)
    default: return nil
    }
  }

  /// Each level as a grey value of at most 1 or as linear RGB, stretched first where the rules say so.
  private func levelTable<Level: FixedWidthInteger>(
    _ values: [Level], _ C: Int, _ kept: Int, levels: Int
  ) -> [Float] {
    let full = Double(levels - 1)
    var (least, range) = (0.0, 1.0)
    if version == .current {
      let (low, high) = levelExtremes(values, C, kept)
      least = Double(low) / full
      range = high > low ? Double(high) / full - least : 1
    }
    return (0..<levels).map { level in
      let value = (Double(level) / full - least) / range
      if kept == 3 || readsGreyAsColour { return Float(Colour.linear(fromSRGB: value)) }
      // A multiple of 2^-23, so that sums are exact.
      return Float((value * 0x1p23).rounded(.toNearestOrEven) * 0x1p-23)
    }
  }

  private func levelExtremes<Level: FixedWidthInteger>(
    _ values: [Level], _ C: Int, _ kept: Int
  ) -> (Level, Level) {
    var (low, high) = (Level.max, Level.min)
    if C == kept {
      for v in values {
        low = min(low, v)
        high = max(high, v)
      }
    } else {
      for i in values.indices where i % C < kept {
        low = min(low, values[i])
        high = max(high, values[i])
      }
    }
    return (low, high)
  }

  private func grid(height H: Int, width W: Int) -> SuperpixelGrid {
    let grid = SLICGrid(height: H, width: W, superpixels: superpixels)
    // The windows follow the grid that so many centres would have.
    let window = SLICGrid(height: H, width: W, superpixels: grid.count)
    return SuperpixelGrid(
      height: H, width: W, startY: grid.startY, startX: grid.startX, stepY: grid.stepY,
      stepX: grid.stepX, rows: grid.rows, columns: grid.columns, reachY: 2 * window.stepY,
      reachX: 2 * window.stepX)
  }

  /// The labels made connected and numbered without gaps.
  func superpixels(_ clusters: [Int32], height H: Int, width W: Int) -> Superpixels {
    let limits = partLimits(height: H, width: W)
    var parts = enforcesConnectivity ? LabelParts(clusters, height: H, width: W) : nil
    let (labels, count) =
      parts?.numbered(clusters, smallest: limits.smallest, largest: limits.largest)
      ?? numberedWithoutGaps(clusters)
    return Superpixels(labels: Tensor(shape: [H, W], scalars: labels), count: count)
  }

  /// The least and the greatest number of pixels of a connected part.
  ///
  /// Both follow from the number of pixels over the number of centres, as in scikit-image.
  public func partLimits(height H: Int, width W: Int) -> (smallest: Int, largest: Int) {
    let grid = SLICGrid(height: H, width: W, superpixels: superpixels)
    let area = Double(H * W) / Double(grid.count)
    // A part never has more than all pixels, so that larger limits are the same.
    let cut = { (factor: Double) in Int(min(factor * area, Double(H * W) + 1)) }
    return (cut(smallestPart), cut(largestPart))
  }
}

/// 2^k.
private func exponential2(_ k: Int) -> Double { Double(sign: .plus, exponent: k, significand: 1) }

/// Labels that occur, numbered from 0 in rising order.
private func numberedWithoutGaps(_ labels: [Int32]) -> ([Int32], Int) {
  var numbers = [Int32](repeating: -1, count: Int(labels.max() ?? -1) + 1)
  for label in labels { numbers[Int(label)] = 0 }
  var count: Int32 = 0
  for i in numbers.indices where numbers[i] == 0 {
    numbers[i] = count
    count += 1
  }
  return (labels.map { numbers[Int($0)] }, Int(count))
}

extension Image {
  /// The samples, whole numbers divided by the greatest of their type.
  fileprivate var scaledSamples: [Double] {
    switch samples {
    case .uint8(let v): v.map { Double($0) / 255 }
    case .int8(let v): v.map { Double($0) / 127 }
    case .uint16(let v): v.map { Double($0) / 65535 }
    case .int16(let v): v.map { Double($0) / 32767 }
    case .uint32(let v): v.map { Double($0) / 4_294_967_295 }
    case .int32(let v): v.map { Double($0) / 2_147_483_647 }
    case .float32(let v): v.map { Double($0) }
    case .float64(let v): v
    }
  }
}
