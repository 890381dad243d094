// Axes: ranges, round tick values, positions on the page.
//
// Implements: P. Heckbert, "Nice numbers for graph labels", Graphics Gems (1990), p. 61.
// Deviations: ticks stay inside the range of the data rather than extending it.
// Checked by: ChartTests.

import Tensors

/// One axis of a chart.
public struct Axis: Sendable {
  /// The title, with the unit in parentheses where there is one.
  public var title: String
  /// The least value shown.
  public var lower: Double
  /// The greatest value shown.
  public var upper: Double
  /// Whether positions follow the logarithm of the value; both limits are then above 0.
  public var isLogarithmic: Bool
  /// Whether numbers are printed at the ticks; false for maps whose units mean nothing.
  public var showsNumbers: Bool
  /// Whether ticks stand at whole numbers alone, as for counts.
  public var isWhole = false

  /// An axis over a given range; an empty range is widened.
  public init(
    _ title: String, from lower: Double, to upper: Double, isLogarithmic: Bool = false,
    showsNumbers: Bool = true
  ) {
    self.title = title
    self.isLogarithmic = isLogarithmic && lower > 0
    self.lower = lower
    self.upper = upper > lower ? upper : lower + max(1, lower.magnitude) * 0.5
    self.showsNumbers = showsNumbers
  }

  /// An axis over the range of `values`, widened by `margin` of the range on both sides.
  public init(
    _ title: String, covering values: some Sequence<Double>, margin: Double = 0.04,
    showsNumbers: Bool = true
  ) {
    var least = Double.infinity
    var greatest = -Double.infinity
    for value in values where value.isFinite {
      least = min(least, value)
      greatest = max(greatest, value)
    }
    if least > greatest { (least, greatest) = (0, 1) }
    let pad = greatest > least ? (greatest - least) * margin : max(1, least.magnitude) * 0.5
    self.init(title, from: least - pad, to: greatest + pad, showsNumbers: showsNumbers)
  }

  /// Where `value` lies, 0 at `lower` and 1 at `upper`.
  func position(_ value: Double) -> Double {
    guard isLogarithmic else { return (value - lower) / (upper - lower) }
    let span = Axis.log10(upper) - Axis.log10(lower)
    return (Axis.log10(max(value, lower)) - Axis.log10(lower)) / span
  }

  /// Round values inside the range, about `count` of them.
  func ticks(_ count: Int = 6) -> [Double] {
    if isLogarithmic { return logarithmicTicks() }
    let step = step((upper - lower) / Double(max(1, count)))
    let first = (lower / step).rounded(.up)
    let last = (upper / step + 1e-9).rounded(.down)
    guard last >= first, last - first < 100 else { return [lower, upper] }
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  /// Enough decimals to tell neighbouring ticks apart.
  func label(_ value: Double) -> String {
    if isLogarithmic { return significant(value, 2) }
    let step = step((upper - lower) / 6)
    var decimals = 0
    var unit = step
    while unit < 0.999, decimals < 8 {
      unit *= 10
      decimals += 1
    }
    if upper.magnitude >= 1e7 || lower.magnitude >= 1e7 { return significant(value, 3) }
    return fixed(value, decimals)
  }

  private func step(_ rough: Double) -> Double {
    let step = Axis.niceStep(rough)
    return isWhole ? max(1, step) : step
  }

  private func logarithmicTicks() -> [Double] {
    let first = Int(Axis.log10(lower).rounded(.down))
    let last = Int(Axis.log10(upper).rounded(.up))
    let digits: [Double] = last - first <= 2 ? [1, 2, 5] : [1]
    return (first...max(first, last)).flatMap { decade in
      digits.map { $0 * (decade >= 0 ? powerOfTen(decade) : 1 / powerOfTen(-decade)) }
    }.filter { $0 >= lower * 0.999 && $0 <= upper * 1.001 }
  }

  /// 1, 2 or 5 times a power of ten, not below `rough` by more than the rounding of the rule.
  private static func niceStep(_ rough: Double) -> Double {
    guard rough > 0, rough.isFinite else { return 1 }
    var magnitude = 1.0
    while magnitude > rough { magnitude /= 10 }
    while magnitude * 10 <= rough { magnitude *= 10 }
    let fraction = rough / magnitude
    return (fraction < 1.5 ? 1 : fraction < 3 ? 2 : fraction < 7 ? 5 : 10) * magnitude
  }

  private static func log10(_ value: Double) -> Double {
    naturalLogarithm(value) / 2.302585092994046
  }
}
