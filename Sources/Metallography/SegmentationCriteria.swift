// F, F' and Q: how good a segmentation is, judged from the picture alone.
//
// Implements: J. Liu, Y.-H. Yang, "Multiresolution color image segmentation", IEEE Trans. PAMI 16
//   (1994) (F); M. Borsotti, P. Campadelli, R. Schettini, "Quantitative evaluation of color image
//   segmentation results", Pattern Recogn. Lett. 19 (1998) (F', Q); as H. Kim, J. Inoue, T. Kasuya,
//   Sci. Rep. 10:17835 (2020), equations 5 to 7, quote them.
// Equation -> code: (5) F = sqrt(R) / (1000 N M) sum e_i^2 / sqrt(A_i) -> `F`;
//   (6) F' = 1 / (1000 N M) sqrt(sum over areas A of R(A)^(1 + 1/A)) sum e_i^2 / sqrt(A_i) -> `FPrime`;
//   (7) Q = sqrt(R) / (1000 N M) sum [ e_i^2 / (1 + log A_i) + (R(A_i) / A_i)^2 ] -> `Q`.
// Symbols: N M -> rows, columns; R -> regions; A_i -> area in pixels; R(A) -> regions of exactly area A;
//   e_i^2 -> squared distance of a region's colours from their mean, summed over its pixels or averaged.
// Deviations: what the paper leaves open is an option, the default what Liu and Yang, and Borsotti et al.
//   define: connected regions (4 neighbours), sum, natural logarithm, RGB on 0 ... 255.
// Checked by: SegmentationCriteriaTests (NumPy), twin segmentationCriteriaReference. Cost: O(pixels).

import Imaging
import Tensors

/// What the definitions of F, F' and Q leave open.
public struct SegmentationCriteriaOptions: Sendable, Equatable {
  /// What counts as one region.
  public enum Region: String, Sendable, CaseIterable {
    /// Pixels of one label that touch along edges.
    case four
    /// Pixels of one label that touch along edges or at corners.
    case eight
    /// All pixels of one label.
    case label
  }

  /// What e_i^2 is.
  public enum ColourError: String, Sendable, CaseIterable {
    /// The sum of squared distances over the pixels of a region (Liu and Yang; Borsotti et al.).
    case sum
    /// Their mean (Kim et al., to the letter).
    case mean
  }

  /// The base of the logarithm in Q.
  public enum LogarithmBase: String, Sendable, CaseIterable {
    /// The natural logarithm.
    case e
    /// The decimal logarithm.
    case ten
  }

  /// Where colours are compared.
  public enum ColourSpace: String, Sendable, CaseIterable {
    /// Red, green, blue on 0 ... 255; grey is three equal channels.
    case rgb
    /// CIE L*a*b* under D65, from sRGB.
    case lab
  }

  /// What counts as one region.
  public var region = Region.four
  /// What e_i^2 is.
  public var error = ColourError.sum
  /// The base of the logarithm in Q.
  public var logarithm = LogarithmBase.e
  /// Where colours are compared.
  public var colours = ColourSpace.rgb

  /// The definitions of Liu and Yang, and of Borsotti et al.
  public init() {}

  /// All combinations.
  public static var all: [SegmentationCriteriaOptions] {
    var result: [SegmentationCriteriaOptions] = []
    for region in Region.allCases {
      for error in ColourError.allCases {
        for logarithm in LogarithmBase.allCases {
          for colours in ColourSpace.allCases {
            var options = SegmentationCriteriaOptions()
            (options.region, options.error) = (region, error)
            (options.logarithm, options.colours) = (logarithm, colours)
            result.append(options)
          }
        }
      }
    }
    return result
  }
}

/// F, F' and Q of a segmentation; the lowest value is the best.
public struct SegmentationCriteria: Sendable, Equatable {
  /// Equation 5.
  public let F: Double
  /// Equation 6.
  public let FPrime: Double
  /// Equation 7.
  public let Q: Double
  /// R, the number of regions.
  public let regions: Int

  /// Judges a segmentation.
  ///
  /// - Parameters:
  ///   - map: the segmentation.
  ///   - image: the picture, shape (H, W) grey or (H, W, 3) red, green, blue; 0...1.
  ///   - options: what the definitions leave open.
  /// - Precondition: both have the same rows and columns, and there are pixels.
  public init(
    _ map: LabelMap, image: Tensor<Float>,
    options: SegmentationCriteriaOptions = SegmentationCriteriaOptions()
  ) {
    let colours = colourRows(image, options.colours)
    precondition(
      !map.labels.isEmpty && image.shape[0] == map.height && image.shape[1] == map.width,
      "a picture of shape \(image.shape) for a label map of \(map.height) x \(map.width)")
    let (regions, R): (LabelMap, Int)
    switch options.region {
    case .four: (regions, R) = map.regions(.sides)
    case .eight: (regions, R) = map.regions(.corners)
    case .label: (regions, R) = (map.compacted, map.classes.count)
    }
    let (areas, sums) = colourErrors(regions.labels, R, colours)
    var counts: [Int: Int] = [:]
    for area in areas { counts[area, default: 0] += 1 }
    // Sum over regions, in order.
    var (spread, penalty) = (0.0, 0.0)
    for (A, sum) in zip(areas, sums) {
      let area = Double(A)
      let e2 = options.error == .sum ? sum : sum / area
      let logarithm = naturalLogarithm(area) / (options.logarithm == .e ? 1 : naturalLogarithm(10))
      let share = Double(counts[A] ?? 0) / area
      spread += e2 / area.squareRoot()
      penalty += e2 / (1 + logarithm) + share * share
    }
    // Sum over the areas that occur, rising.
    let small = counts.keys.sorted().reduce(0.0) {
      $0 + power(Double(counts[$1] ?? 0), 1 + 1 / Double($1))
    }
    let scale = 1 / (1000 * Double(map.labels.count))
    F = scale * Double(R).squareRoot() * spread
    FPrime = scale * small.squareRoot() * spread
    Q = scale * Double(R).squareRoot() * penalty
    self.regions = R
  }
}

/// Three numbers a pixel, in Double.
func colourRows(
  _ image: Tensor<Float>, _ space: SegmentationCriteriaOptions.ColourSpace
) -> [Double] {
  precondition(
    image.rank == 2 || (image.rank == 3 && image.shape[2] == 3),
    "a picture has the shape (H, W) or (H, W, 3), not \(image.shape)")
  let stored = image.scalars
  let rgb = image.rank == 3 ? stored : stored.flatMap { [$0, $0, $0] }
  if space == .rgb { return rgb.map { Double($0) * 255 } }
  let shape = [image.shape[0], image.shape[1], 3]
  return Colour.lab(fromSRGB: Tensor(shape: shape, scalars: rgb)).scalars.map { Double($0) }
}

/// The area of each region, and the squared distances of its colours from their mean, summed.
private func colourErrors(
  _ regions: [Int], _ R: Int, _ colours: [Double]
) -> (areas: [Int], sums: [Double]) {
  var areas = [Int](repeating: 0, count: R)
  var means = [Double](repeating: 0, count: 3 * R)
  for (i, r) in regions.enumerated() {
    areas[r] += 1
    for c in 0..<3 { means[3 * r + c] += colours[3 * i + c] }
  }
  for r in 0..<R {
    for c in 0..<3 { means[3 * r + c] /= Double(areas[r]) }
  }
  var sums = [Double](repeating: 0, count: R)
  for (i, r) in regions.enumerated() {
    for c in 0..<3 {
      let distance = colours[3 * i + c] - means[3 * r + c]
      sums[r] += distance * distance
    }
  }
  return (areas, sums)
}
