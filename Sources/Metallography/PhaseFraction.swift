// Volume fractions of phases, with their confidence intervals over fields.
//
// Implements: ASTM E562-19, "Determining volume fraction by systematic manual point count", sections
//   11 and 12; ASTM E1245-03(2016), "Determining the inclusion or second-phase constituent content of
//   metals by automatic image analysis", section 12.
// Equation -> code: share of field i P_i = points (or pixels) in the phase / all; mean P = sum P_i / n;
//   s^2 = sum (P_i - P)^2 / (n - 1); half width of the interval = t s / sqrt(n), t of Student's
//   distribution with n - 1 degrees of freedom; relative accuracy = 100 half width / P.
// Symbols: n -> fields.
// Deviations: points on a boundary count one half in E562; a pixel belongs to one phase, so that here
//   none does. One field gives no interval.
// Checked by: PhaseFractionTests (SciPy). Cost: O(fields), O(points) or O(pixels) a field.

/// A fraction over fields with its confidence interval.
public struct PhaseFraction: Sendable, Equatable {
  /// The share of each field, 0...1.
  public let fields: [Double]
  /// The mean, 0...1.
  public let mean: Double
  /// The standard deviation over fields; `nil` for one field.
  public let deviation: Double?
  /// Half the width of the interval; `nil` for one field.
  public let halfWidth: Double?

  /// Summarises the shares of fields.
  ///
  /// - Parameters:
  ///   - fields: the share of each field, 0...1.
  ///   - confidence: of the interval; 0.95 in both standards.
  /// - Precondition: there is a field, and shares are finite.
  public init(fields: [Double], confidence: Double = 0.95) {
    precondition(!fields.isEmpty && fields.allSatisfy(\.isFinite), "shares \(fields)")
    self.fields = fields
    let n = Double(fields.count)
    let mean = fields.reduce(0, +) / n
    self.mean = mean
    guard fields.count > 1 else {
      (deviation, halfWidth) = (nil, nil)
      return
    }
    let squares = fields.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let s = (squares / (n - 1)).squareRoot()
    deviation = s
    halfWidth =
      StudentT.quantile(confidence: confidence, degrees: fields.count - 1) * s / n.squareRoot()
  }

  /// Half the width divided by the mean; `nil` for one field or a mean of 0.
  public var relativeAccuracy: Double? {
    halfWidth.flatMap { mean > 0 ? $0 / mean : nil }
  }
}

extension LabelMap {
  /// The share of pixels of each class: area fractions as E1245 measures them.
  ///
  /// - Precondition: there are pixels.
  public func areaFractions(of classes: [Int]) -> [Double] {
    precondition(!labels.isEmpty, "a label map without pixels")
    return shares(of: classes, among: labels)
  }

  /// The share of the points of a square grid that lie in each class: a point count as in E562.
  ///
  /// Points lie in the middles of `rows` x `columns` equal parts of the picture.
  ///
  /// - Precondition: there are pixels and points.
  public func pointFractions(of classes: [Int], rows: Int, columns: Int) -> [Double] {
    precondition(
      !labels.isEmpty && rows >= 1 && columns >= 1,
      "\(rows) x \(columns) points on \(height) x \(width) pixels")
    var hits: [Int] = []
    hits.reserveCapacity(rows * columns)
    for r in 0..<rows {
      let y = (2 * r + 1) * height / (2 * rows)
      for c in 0..<columns { hits.append(labels[y * width + (2 * c + 1) * width / (2 * columns)]) }
    }
    return shares(of: classes, among: hits)
  }

  private func shares(of classes: [Int], among values: [Int]) -> [Double] {
    var counts: [Int: Int] = [:]
    for value in values { counts[value, default: 0] += 1 }
    return classes.map { Double(counts[$0] ?? 0) / Double(values.count) }
  }
}

/// The fraction of each class over several fields.
///
/// - Parameters:
///   - fields: label maps with the same meaning of classes.
///   - classes: the classes, in the order of the result.
///   - points: rows and columns of a grid of points; `nil` to count pixels.
/// - Precondition: there is a field, and each has pixels.
/// - Returns: a fraction for each class.
public func phaseFractions(
  _ fields: [LabelMap], classes: [Int], points: (rows: Int, columns: Int)? = nil
) -> [PhaseFraction] {
  precondition(!fields.isEmpty, "phase fractions of no field")
  let shares = fields.map { field in
    points.map { field.pointFractions(of: classes, rows: $0.rows, columns: $0.columns) }
      ?? field.areaFractions(of: classes)
  }
  return classes.indices.map { k in PhaseFraction(fields: shares.map { $0[k] }) }
}
