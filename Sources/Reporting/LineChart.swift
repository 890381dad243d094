// Lines and bars over a horizontal axis.

/// One line of a chart.
public struct Series: Sendable {
  /// The name in the legend.
  public var name: String
  /// Horizontal values.
  public var x: [Double]
  /// Vertical values, as many as `x`.
  public var y: [Double]
  /// Half the height of an error bar at each point; empty for none.
  public var deviations: [Double]
  /// Whether the line is dashed, for numbers that others published.
  public var isDashed: Bool
  /// The number of its colour; `nil` for the series' own number.
  public var colour: Int?
  /// Whether its points get marks in a chart that shows them; false for a formula's curve.
  public var hasMarks = true

  /// A line through the points (x[i], y[i]).
  public init(
    name: String, x: [Double], y: [Double], deviations: [Double] = [], isDashed: Bool = false,
    colour: Int? = nil
  ) {
    precondition(
      x.count == y.count && (deviations.isEmpty || deviations.count == y.count),
      "\(x.count) horizontal, \(y.count) vertical values, \(deviations.count) deviations")
    self.name = name
    self.x = x
    self.y = y
    self.deviations = deviations
    self.isDashed = isDashed
    self.colour = colour
  }
}

/// Lines over two axes, with an optional value marked on the horizontal axis.
public struct LineChart: Chart {
  /// The lines.
  public var series: [Series]
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// A value of the horizontal axis to mark, with its label.
  public var marker: (value: Double, label: String)?
  /// Whether each point gets a mark.
  public var showsPoints: Bool
  /// Whether each series is drawn as filled steps (a histogram) rather than a line.
  public var isStepped: Bool

  /// A chart of lines.
  public init(
    series: [Series], x: Axis, y: Axis, marker: (value: Double, label: String)? = nil,
    showsPoints: Bool = false, isStepped: Bool = false
  ) {
    self.series = series
    self.x = x
    self.y = y
    self.marker = marker
    self.showsPoints = showsPoints
    self.isStepped = isStepped
  }

  /// The chart as an SVG document.
  public func svg(title: String) -> String {
    var canvas = Canvas(width: 640, height: 400 + legendHeight)
    let area = PlotArea(x: x, y: y, left: 76, top: 44, width: 540, height: 290)
    area.drawAxes(on: &canvas, title: title)
    for (index, line) in series.enumerated() {
      let colour = Palette.colour(line.colour ?? index).hexadecimal
      canvas.polyline(
        path(of: line, in: area), stroke: colour, dashes: line.isDashed ? "6 4" : nil)
      drawDeviations(of: line, on: &canvas, in: area, colour)
      guard showsPoints && line.hasMarks else { continue }
      for (vx, vy) in zip(line.x, line.y) where vy.isFinite {
        canvas.mark(
          Palette.mark(0), area.horizontal(vx), area.vertical(vy), size: 3, colour: colour)
      }
    }
    if let marker { draw(marker, on: &canvas, in: area) }
    if series.count > 1 { drawLegend(on: &canvas, top: 408) }
    return canvas.svg(title: title)
  }

  private func path(of line: Series, in area: PlotArea) -> [(Double, Double)] {
    let points = zip(line.x, line.y).filter { $0.0.isFinite && $0.1.isFinite }
      .map { (area.horizontal($0.0), area.vertical($0.1)) }
    guard isStepped, points.count > 1 else { return points }
    let step = points[1].0 - points[0].0
    return points.flatMap { [($0.0 - step / 2, $0.1), ($0.0 + step / 2, $0.1)] }
  }

  private func drawDeviations(
    of line: Series, on canvas: inout Canvas, in area: PlotArea, _ colour: String
  ) {
    for (i, deviation) in line.deviations.enumerated() where deviation > 0 {
      let x = area.horizontal(line.x[i])
      let top = area.vertical(min(y.upper, line.y[i] + deviation))
      let bottom = area.vertical(max(y.lower, line.y[i] - deviation))
      canvas.line(x, top, x, bottom, stroke: colour)
      for end in [top, bottom] { canvas.line(x - 4, end, x + 4, end, stroke: colour) }
    }
  }

  private func draw(
    _ marker: (value: Double, label: String), on canvas: inout Canvas, in area: PlotArea
  ) {
    let position = area.horizontal(marker.value)
    canvas.line(
      position, area.top, position, area.top + area.height, stroke: "#D55E00", width: 1.4,
      dashes: "5 4")
    let right = position < area.left + area.width * 0.6
    canvas.text(
      position + (right ? 6 : -6), area.top + area.height - 10, marker.label, size: 12,
      anchor: right ? .start : .end, fill: "#A84300")
  }

  /// The rows of the legend, which stands below the axis, where it covers no line.
  private var legendRows: [Range<Int>] {
    let longest = Double(series.map(\.name.count).max() ?? 0)
    let columns = max(1, Int(560 / (48 + 6.6 * longest)))
    return stride(from: 0, to: series.count, by: columns).map {
      $0..<min($0 + columns, series.count)
    }
  }

  private var legendHeight: Double { series.count > 1 ? Double(legendRows.count) * 18 + 6 : 0 }

  private func drawLegend(on canvas: inout Canvas, top: Double) {
    let rows = legendRows
    let width = 560 / Double(rows.first?.count ?? 1)
    for (row, members) in rows.enumerated() {
      for (column, index) in members.enumerated() {
        let (line, x) = (series[index], 76 + Double(column) * width)
        let y = top + Double(row) * 18
        canvas.line(
          x, y, x + 22, y, stroke: Palette.colour(line.colour ?? index).hexadecimal,
          width: line.isDashed ? 1.8 : 3, dashes: line.isDashed ? "6 4" : nil)
        canvas.text(x + 28, y + 4, line.name, size: 12)
      }
    }
  }

  /// Columns: series, x, y, and the deviation where a series has error bars.
  public var csv: String {
    let hasBars = series.contains { !$0.deviations.isEmpty }
    var text = "series,\(csvText(x.title)),\(csvText(y.title))\(hasBars ? ",deviation" : "")\n"
    for line in series {
      for i in line.x.indices {
        let bar = line.deviations.isEmpty ? "" : "\(line.deviations[i])"
        text += "\(csvText(line.name)),\(line.x[i]),\(line.y[i])" + (hasBars ? ",\(bar)\n" : "\n")
      }
    }
    return text
  }
}
