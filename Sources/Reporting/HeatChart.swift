// Values on a grid of two quantities: coloured cells with contour lines over them.
//
// Implements: contour lines by marching squares with linear interpolation (W. E. Lorensen, H. E.
//   Cline, SIGGRAPH 1987, in two dimensions); a saddle is cut by the mean of its corners.
// Deviations: rows and columns are drawn at equal distances, whatever their values, and labelled.
// Checked by: HeatChartTests.

/// Values over a grid.
public struct HeatChart: Chart {
  /// The labels of the columns, from the left.
  public var columns: [String]
  /// The labels of the rows, from the bottom.
  public var rows: [String]
  /// The values: one array a row; NaN where there is none.
  public var values: [[Double]]
  /// What the columns are.
  public var columnTitle: String
  /// What the rows are.
  public var rowTitle: String
  /// What the values are.
  public var valueTitle: String

  /// Values over a grid.
  ///
  /// - Precondition: as many rows of values as labels, each as long as there are columns.
  public init(
    columns: [String], rows: [String], values: [[Double]], columnTitle: String, rowTitle: String,
    valueTitle: String
  ) {
    precondition(
      values.count == rows.count && values.allSatisfy { $0.count == columns.count },
      "\(rows.count) x \(columns.count) labels for another number of values")
    (self.columns, self.rows, self.values) = (columns, rows, values)
    (self.columnTitle, self.rowTitle, self.valueTitle) = (columnTitle, rowTitle, valueTitle)
  }

  /// The least and the greatest value.
  private var range: (Double, Double) {
    let finite = values.joined().filter(\.isFinite)
    guard let least = finite.min(), let greatest = finite.max() else { return (0, 1) }
    return greatest > least ? (least, greatest) : (least, least + max(1e-12, least.magnitude))
  }

  /// The chart as an SVG document.
  public func svg(title: String) -> String {
    let cell = max(44.0, min(84.0, 460.0 / Double(max(1, columns.count))))
    let (left, top) = (84.0, 48.0)
    let (width, height) = (cell * Double(columns.count), cell * Double(rows.count))
    var canvas = Canvas(
      width: max(left + width + 120, 32 + 8.4 * Double(title.count)), height: top + height + 70)
    canvas.text(16, 26, title, size: 15, weight: "600")
    drawCells(on: &canvas, left, top, cell)
    for segment in contourSegments() {
      // Values stand in the middles of cells, rows from the bottom.
      let points = segment.map {
        (left + ($0.0 + 0.5) * cell, top + height - ($0.1 + 0.5) * cell)
      }
      canvas.polyline(points, stroke: "#fff", width: 1.6)
    }
    drawNumbers(on: &canvas, left, top, cell)
    canvas.text(left + width / 2, top + height + 48, columnTitle, anchor: .middle)
    canvas.text(22, top + height / 2, rowTitle, anchor: .middle, rotation: -90)
    drawScale(on: &canvas, left + width + 22, top, height)
    return canvas.svg(title: title)
  }

  private func colour(_ value: Double) -> Colour {
    let (least, greatest) = range
    return value.isFinite
      ? Palette.viridis((value - least) / (greatest - least)) : Colour(235, 235, 235)
  }

  private func drawCells(
    on canvas: inout Canvas, _ left: Double, _ top: Double, _ cell: Double
  ) {
    for (r, row) in values.enumerated() {
      let y = top + Double(rows.count - 1 - r) * cell
      for (c, value) in row.enumerated() {
        canvas.rectangle(
          left + Double(c) * cell, y, cell, cell, fill: colour(value).hexadecimal, stroke: "#fff")
      }
      canvas.text(left - 8, y + cell / 2 + 4, rows[r], size: 12, anchor: .end)
    }
    for (c, name) in columns.enumerated() {
      canvas.text(
        left + (Double(c) + 0.5) * cell, top + Double(rows.count) * cell + 18, name, size: 12,
        anchor: .middle)
    }
  }

  private func drawNumbers(
    on canvas: inout Canvas, _ left: Double, _ top: Double, _ cell: Double
  ) {
    for (r, row) in values.enumerated() {
      for (c, value) in row.enumerated() where value.isFinite {
        let (label, colour) = (significant(value, 3), colour(value))
        let x = left + (Double(c) + 0.5) * cell
        let y = top + (Double(rows.count - r) - 0.5) * cell
        // A plate of the cell's colour, which no contour crosses.
        let half = 3.2 * Double(label.count) + 3
        canvas.rectangle(x - half, y - 8, 2 * half, 16, fill: colour.hexadecimal)
        canvas.text(
          x, y + 4, label, size: 11, anchor: .middle, fill: colour.isDark ? "#fff" : "#111")
      }
    }
  }

  private func drawScale(
    on canvas: inout Canvas, _ x: Double, _ top: Double, _ height: Double
  ) {
    let (least, greatest) = range
    let steps = 32
    for i in 0..<steps {
      let share = (Double(i) + 0.5) / Double(steps)
      let step = height / Double(steps)
      canvas.rectangle(
        x, top + height - Double(i + 1) * step, 16, step + 0.5,
        fill: Palette.viridis(share).hexadecimal)
    }
    canvas.text(x + 22, top + 10, significant(greatest, 3), size: 12)
    canvas.text(x + 22, top + height, significant(least, 3), size: 12)
    canvas.text(x, top - 8, valueTitle, size: 12)
  }

  /// Segments of contour lines between nodes, in cells from the node at the lower left.
  package func contourSegments(levels count: Int = 5) -> [[(Double, Double)]] {
    let (least, greatest) = range
    var segments: [[(Double, Double)]] = []
    for level in 1...max(1, count) {
      let value = least + (greatest - least) * Double(level) / Double(count + 1)
      for r in 0..<max(0, rows.count - 1) {
        for c in 0..<max(0, columns.count - 1) { segments += crossings(r, c, value) }
      }
    }
    return segments
  }

  /// The segments at which a square of four nodes takes a value.
  private func crossings(_ r: Int, _ c: Int, _ level: Double) -> [[(Double, Double)]] {
    // Corners counter-clockwise from the lower left, and the edges from each to the next.
    let corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    let v = corners.map { values[r + $0.1][c + $0.0] }
    guard v.allSatisfy(\.isFinite) else { return [] }
    var points: [(Double, Double)] = []
    for k in 0..<4 where (v[k] < level) != (v[(k + 1) % 4] < level) {
      let (a, b) = (corners[k], corners[(k + 1) % 4])
      let share = (level - v[k]) / (v[(k + 1) % 4] - v[k])
      points.append(
        (
          Double(c + a.0) + share * Double(b.0 - a.0), Double(r + a.1) + share * Double(b.1 - a.1)
        ))
    }
    guard points.count == 4 else { return points.count == 2 ? [points] : [] }
    let isHigh = v.reduce(0, +) / 4 >= level
    // In a saddle the corners on the far side of the mean are cut off.
    return isHigh == (v[0] < level)
      ? [[points[0], points[3]], [points[1], points[2]]]
      : [[points[0], points[1]], [points[2], points[3]]]
  }

  /// Columns: column, row, value.
  public var csv: String {
    var text = "\(csvText(columnTitle)),\(csvText(rowTitle)),\(csvText(valueTitle))\n"
    for (name, row) in zip(rows, values) {
      for (column, value) in zip(columns, row) {
        text += "\(csvText(column)),\(csvText(name)),\(value)\n"
      }
    }
    return text
  }
}
