// Bars: histograms of numbers, and groups of bars with error bars.

/// A histogram of numbers in equal bins.
public struct Histogram: Chart {
  /// The numbers.
  public var values: [Double]
  /// How many bins there are.
  public var binCount: Int
  /// The axis of the numbers, whose limits are those of the bins.
  public var x: Axis
  /// The title of the counts.
  public var countTitle: String

  /// A histogram of `binCount` bins over the range of `x`.
  ///
  /// - Precondition: `binCount` is at least 1.
  public init(values: [Double], binCount: Int, x: Axis, countTitle: String = "number of trials") {
    precondition(binCount >= 1, "a histogram has a bin at least, not \(binCount)")
    self.values = values
    self.binCount = binCount
    self.x = x
    self.countTitle = countTitle
  }

  /// The count of each bin; values at the upper limit belong to the last one, others outside to none.
  public var counts: [Int] {
    var counts = [Int](repeating: 0, count: binCount)
    for value in values where value >= x.lower && value <= x.upper {
      counts[min(binCount - 1, Int((value - x.lower) / (x.upper - x.lower) * Double(binCount)))] +=
        1
    }
    return counts
  }

  private func edge(_ bin: Int) -> Double {
    x.lower + (x.upper - x.lower) * Double(bin) / Double(binCount)
  }

  /// The histogram as an SVG document.
  public func svg(title: String) -> String {
    var canvas = Canvas(width: 640, height: 400)
    let counts = counts
    let y = Axis(countTitle, from: 0, to: Double(max(1, counts.max() ?? 1)) * 1.05)
    let area = PlotArea(x: x, y: y, left: 76, top: 44, width: 540, height: 290)
    area.drawAxes(on: &canvas, title: title)
    for (bin, count) in counts.enumerated() {
      let left = area.horizontal(edge(bin))
      let top = area.vertical(Double(count))
      canvas.rectangle(
        left, top, area.horizontal(edge(bin + 1)) - left, area.top + area.height - top,
        fill: Palette.colour(4).hexadecimal, stroke: "#fff")
    }
    return canvas.svg(title: title)
  }

  /// Columns: lower edge, upper edge, count.
  public var csv: String {
    "from,to,count\n"
      + counts.enumerated().map { "\(edge($0)),\(edge($0 + 1)),\($1)\n" }.joined()
  }
}

/// Groups of bars, one bar of each series in a group, with error bars.
public struct BarChart: Chart {
  /// One series: a colour.
  public struct Bars: Sendable {
    /// The name in the legend.
    public var name: String
    /// The height in each group; NaN for none.
    public var values: [Double]
    /// Half the height of the error bars; empty for none.
    public var deviations: [Double]

    /// The bars of one series.
    public init(name: String, values: [Double], deviations: [Double] = []) {
      self.name = name
      self.values = values
      self.deviations = deviations
    }
  }

  /// The names of the groups.
  public var groups: [String]
  /// The series, each with one value a group.
  public var series: [Bars]
  /// The vertical axis.
  public var y: Axis
  /// Heights to mark across all groups, each with a label: a limit, a peak.
  public var levels: [(value: Double, label: String)] = []

  /// Bars in groups.
  ///
  /// - Precondition: each series has one value a group, and no deviation or one a group.
  public init(groups: [String], series: [Bars], y: Axis) {
    precondition(
      series.allSatisfy {
        $0.values.count == groups.count && [0, groups.count].contains($0.deviations.count)
      }, "\(groups.count) groups for series of other lengths")
    self.groups = groups
    self.series = series
    self.y = y
  }

  /// The bars as an SVG document.
  public func svg(title: String) -> String {
    let longest = Double(series.map(\.name.count).max() ?? 0)
    let columns = max(1, min(series.count, Int(560 / (26 + 6.6 * longest))))
    let rows = (series.count + columns - 1) / columns
    var canvas = Canvas(width: 640, height: 402 + 18 * Double(max(1, rows)))
    let x = Axis("", from: 0, to: Double(max(1, groups.count)), showsNumbers: false)
    let area = PlotArea(x: x, y: y, left: 76, top: 44, width: 540, height: 290)
    area.drawAxes(on: &canvas, title: title)
    let width = area.width / Double(max(1, groups.count)) * 0.8 / Double(max(1, series.count))
    for (s, bars) in series.enumerated() {
      for g in groups.indices where bars.values[g].isFinite {
        let left = area.horizontal(Double(g) + 0.1) + Double(s) * width
        draw(bars, g, Palette.colour(s).hexadecimal, left, width, on: &canvas, area)
      }
      let legend = 76 + Double(s % columns) * 540 / Double(columns)
      let top = 396 + 18 * Double(s / columns)
      canvas.rectangle(legend, top, 14, 12, fill: Palette.colour(s).hexadecimal)
      canvas.text(legend + 20, top + 11, bars.name, size: 12)
    }
    for (g, name) in groups.enumerated() {
      canvas.text(area.horizontal(Double(g) + 0.5), 354, name, size: 12, anchor: .middle)
    }
    for level in levels { draw(level, on: &canvas, area) }
    return canvas.svg(title: title)
  }

  private func draw(
    _ level: (value: Double, label: String), on canvas: inout Canvas, _ area: PlotArea
  ) {
    let y = area.vertical(level.value)
    canvas.line(
      area.left, y, area.left + area.width, y, stroke: "#D55E00", width: 1.4, dashes: "5 4")
    canvas.text(area.left + 6, y - 5, level.label, size: 12, fill: "#A84300")
  }

  private func draw(
    _ bars: Bars, _ g: Int, _ colour: String, _ left: Double, _ width: Double,
    on canvas: inout Canvas, _ area: PlotArea
  ) {
    let value = min(max(bars.values[g], y.lower), y.upper)
    let top = area.vertical(value)
    canvas.rectangle(left, top, width - 2, area.top + area.height - top, fill: colour)
    guard !bars.deviations.isEmpty, bars.deviations[g] > 0 else { return }
    let x = left + width / 2 - 1
    let high = area.vertical(min(y.upper, bars.values[g] + bars.deviations[g]))
    let low = area.vertical(max(y.lower, bars.values[g] - bars.deviations[g]))
    canvas.line(x, high, x, low, stroke: "#222", width: 1.4)
    for end in [high, low] { canvas.line(x - 4, end, x + 4, end, stroke: "#222", width: 1.4) }
  }

  /// Columns: series, group, value, deviation.
  public var csv: String {
    var text = "series,group,\(csvText(y.title)),deviation\n"
    for bars in series {
      for (g, name) in groups.enumerated() {
        let deviation = bars.deviations.isEmpty ? "" : "\(bars.deviations[g])"
        text += "\(csvText(bars.name)),\(csvText(name)),\(bars.values[g]),\(deviation)\n"
      }
    }
    return text
  }
}
