// Several charts in a grid, as the panels (a), (b), (c) of a figure.

/// One panel of a figure.
public struct Panel: Sendable {
  /// The title above it.
  public var title: String
  /// What is drawn.
  public var chart: any Chart

  /// A chart under a title.
  public init(_ title: String, _ chart: any Chart) {
    self.title = title
    self.chart = chart
  }
}

/// Charts side by side, row by row.
public struct PanelChart: Chart {
  /// The panels, row by row.
  public var panels: [Panel]
  /// How many stand in a row.
  public var columns: Int

  /// Panels in rows of `columns`.
  ///
  /// - Precondition: `columns` is at least 1.
  public init(_ panels: [Panel], columns: Int) {
    precondition(columns >= 1, "a row holds a panel at least, not \(columns)")
    self.panels = panels
    self.columns = columns
  }

  /// The figure as an SVG document.
  public func svg(title: String) -> String {
    let drawn = panels.map { $0.chart.svg(title: $0.title) }
    let sizes = drawn.map(svgSize)
    var (y, width) = (40.0, 0.0)
    var places: [(x: Double, y: Double)] = []
    for first in stride(from: 0, to: panels.count, by: columns) {
      let row = first..<min(first + columns, panels.count)
      var x = 0.0
      for i in row {
        places.append((x, y))
        x += sizes[i].width
      }
      width = max(width, x)
      y += row.map { sizes[$0].height }.max() ?? 0
    }
    var canvas = Canvas(width: max(width, 9 * Double(title.count)), height: y)
    canvas.text(16, 26, title, size: 16, weight: "600")
    for (svg, place) in zip(drawn, places) { canvas.nest(svg, place.x, place.y) }
    return canvas.svg(title: title)
  }

  /// The numbers of each panel, headed by a line with its title.
  public var csv: String {
    panels.map { "# \(csvText($0.title))\n" + $0.chart.csv }.joined(separator: "\n")
  }
}

/// The width and the height that an SVG document of this module states.
private func svgSize(_ svg: String) -> (width: Double, height: Double) {
  func number(after key: String) -> Double {
    let text = Array(svg.utf8.prefix(400))
    let pattern = Array(key.utf8)
    for start in 0..<max(0, text.count - pattern.count)
    where text[start..<start + pattern.count].elementsEqual(pattern) {
      let digits = text[(start + pattern.count)...].prefix { $0 != UInt8(ascii: "\"") }
      return Double(String(decoding: digits, as: UTF8.self)) ?? 0
    }
    return 0
  }
  return (number(after: " width=\""), number(after: " height=\""))
}
