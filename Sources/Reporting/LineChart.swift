// Lines and bars over a horizontal axis.

/// One line of a chart.
public struct Series: Sendable {
  /// The name in the legend.
  public var name: String
  /// Horizontal values.
  public var x: [Double]
  /// Vertical values, as many as `x`.
  public var y: [Double]

  /// A line through the points (x[i], y[i]).
  public init(name: String, x: [Double], y: [Double]) {
    precondition(x.count == y.count, "\(x.count) horizontal and \(y.count) vertical values")
    self.name = name
    self.x = x
    self.y = y
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
    var canvas = Canvas(width: 640, height: 400)
    let area = PlotArea(x: x, y: y, left: 76, top: 44, width: 540, height: 290)
    area.drawAxes(on: &canvas, title: title)
    for (index, line) in series.enumerated() {
      let colour = Palette.colour(index).hexadecimal
      canvas.polyline(path(of: line, in: area), stroke: colour)
      guard showsPoints else { continue }
      for (vx, vy) in zip(line.x, line.y) where vy.isFinite {
        canvas.mark(
          Palette.mark(0), area.horizontal(vx), area.vertical(vy), size: 3, colour: colour)
      }
    }
    if let marker { draw(marker, on: &canvas, in: area) }
    if series.count > 1 { drawLegend(on: &canvas, in: area) }
    return canvas.svg(title: title)
  }

  private func path(of line: Series, in area: PlotArea) -> [(Double, Double)] {
    let points = zip(line.x, line.y).filter { $0.0.isFinite && $0.1.isFinite }
      .map { (area.horizontal($0.0), area.vertical($0.1)) }
    guard isStepped, points.count > 1 else { return points }
    let step = points[1].0 - points[0].0
    return points.flatMap { [($0.0 - step / 2, $0.1), ($0.0 + step / 2, $0.1)] }
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

  private func drawLegend(on canvas: inout Canvas, in area: PlotArea) {
    for (index, line) in series.enumerated() {
      let y = area.top + 12 + Double(index) * 18
      let x = area.left + area.width - 150
      canvas.line(x, y, x + 22, y, stroke: Palette.colour(index).hexadecimal, width: 3)
      canvas.text(x + 28, y + 4, line.name, size: 12)
    }
  }

  /// Columns: series, x, y.
  public var csv: String {
    var text = "series,\(csvText(x.title)),\(csvText(y.title))\n"
    for line in series {
      for (vx, vy) in zip(line.x, line.y) { text += "\(csvText(line.name)),\(vx),\(vy)\n" }
    }
    return text
  }
}
