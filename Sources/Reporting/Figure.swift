// A figure: a chart with its title, the numbers it plots, and how to save both.

import Files

/// A chart that can be drawn as SVG and whose numbers can be saved as CSV.
public protocol Chart: Sendable {
  /// The chart as an SVG document; text stays text.
  func svg(title: String) -> String
  /// The plotted numbers, with a header line.
  var csv: String { get }
}

/// A chart with a name, a title and a caption.
public struct Figure: Sendable {
  /// The file name without an ending, for instance "scree".
  public var name: String
  /// One line above the chart.
  public var title: String
  /// What it shows, how many images, how it was computed.
  public var caption: String
  /// What is drawn.
  public var chart: any Chart
  /// Files beside the report that belong to it, by their paths relative to the report.
  public var attachments: [String]

  /// Puts a chart under a title.
  public init(
    name: String, title: String, caption: String, chart: any Chart, attachments: [String] = []
  ) {
    self.name = name
    self.title = title
    self.caption = caption
    self.chart = chart
    self.attachments = attachments
  }

  /// The figure as an SVG document.
  public var svg: String { chart.svg(title: title) }

  /// The plotted numbers as CSV.
  public var csv: String { chart.csv }
}

/// The rectangle inside the axes, and how values map into it.
struct PlotArea {
  let x: Axis
  let y: Axis
  let left: Double
  let top: Double
  let width: Double
  let height: Double

  func horizontal(_ value: Double) -> Double { left + x.position(value) * width }
  func vertical(_ value: Double) -> Double { top + (1 - y.position(value)) * height }

  /// Draws the frame, grid lines, tick labels and axis titles.
  func drawAxes(on canvas: inout Canvas, title: String, hasGrid: Bool = true) {
    canvas.text(left, top - 14, title, size: 15, weight: "600")
    if x.showsNumbers { drawHorizontalTicks(on: &canvas, hasGrid) }
    if y.showsNumbers { drawVerticalTicks(on: &canvas, hasGrid) }
    canvas.line(left, top + height, left + width, top + height, stroke: "#444")
    canvas.line(left, top, left, top + height, stroke: "#444")
    let titleDrop: Double = x.showsNumbers ? 42 : 22
    canvas.text(left + width / 2, top + height + titleDrop, x.title, anchor: .middle)
    let titleShift: Double = y.showsNumbers ? 52 : 14
    canvas.text(
      left - titleShift, top + height / 2, y.title, anchor: .middle, rotation: -90)
  }

  private func drawHorizontalTicks(on canvas: inout Canvas, _ hasGrid: Bool) {
    for value in x.ticks() {
      let position = horizontal(value)
      if hasGrid { canvas.line(position, top, position, top + height, stroke: "#eee") }
      canvas.line(position, top + height, position, top + height + 5, stroke: "#444")
      canvas.text(position, top + height + 20, x.label(value), size: 12, anchor: .middle)
    }
  }

  private func drawVerticalTicks(on canvas: inout Canvas, _ hasGrid: Bool) {
    for value in y.ticks() {
      let position = vertical(value)
      if hasGrid { canvas.line(left, position, left + width, position, stroke: "#eee") }
      canvas.line(left - 5, position, left, position, stroke: "#444")
      canvas.text(left - 9, position + 4, y.label(value), size: 12, anchor: .end)
    }
  }
}
