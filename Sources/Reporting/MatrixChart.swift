// A confusion matrix: rows true, columns predicted, each cell with its count.

/// A table of counts drawn as coloured cells.
public struct MatrixChart: Chart {
  /// The names of the rows, from the top.
  public var rows: [String]
  /// The names of the columns, from the left.
  public var columns: [String]
  /// The counts, one array a row.
  public var counts: [[Int]]
  /// What the rows are.
  public var rowTitle: String
  /// What the columns are.
  public var columnTitle: String

  /// A table with named rows and columns.
  ///
  /// - Precondition: as many rows of counts as names, each as long as there are columns.
  public init(
    rows: [String], columns: [String], counts: [[Int]], rowTitle: String, columnTitle: String
  ) {
    precondition(
      counts.count == rows.count && counts.allSatisfy { $0.count == columns.count },
      "\(rows.count) x \(columns.count) names for another number of counts")
    self.rows = rows
    self.columns = columns
    self.counts = counts
    self.rowTitle = rowTitle
    self.columnTitle = columnTitle
  }

  /// The chart as an SVG document.
  public func svg(title: String) -> String {
    let cell = max(34.0, min(64.0, 420.0 / Double(max(1, columns.count))))
    let left = 40 + 7.2 * Double(min(24, rows.map(\.count).max() ?? 0))
    let foot = 34 + 5.2 * Double(min(24, columns.map(\.count).max() ?? 0))
    let width = max(360, left + cell * Double(columns.count) + 70)
    var canvas = Canvas(width: width, height: 60 + cell * Double(rows.count) + foot + 16)
    canvas.text(16, 26, title, size: 15, weight: "600")
    for (i, row) in counts.enumerated() {
      draw(row, at: i, on: &canvas, left: left, cell: cell)
    }
    let bottom = 48 + cell * Double(rows.count)
    for (j, name) in columns.enumerated() {
      let x = left + (Double(j) + 0.5) * cell
      canvas.text(x + 4, bottom + 16, short(name), size: 12, anchor: .end, rotation: -35)
    }
    canvas.text(
      left + cell * Double(columns.count) / 2, bottom + foot, columnTitle, anchor: .middle)
    canvas.text(
      14, 48 + cell * Double(rows.count) / 2, rowTitle, anchor: .middle, rotation: -90)
    return canvas.svg(title: title)
  }

  /// Draws one row; the colour follows the share of the row's total.
  private func draw(
    _ row: [Int], at i: Int, on canvas: inout Canvas, left: Double, cell: Double
  ) {
    let total = max(1, row.reduce(0, +))
    let top = 48 + Double(i) * cell
    canvas.text(left - 8, top + cell / 2 + 4, short(rows[i]), size: 12, anchor: .end)
    for (j, count) in row.enumerated() {
      let share = Double(count) / Double(total)
      let colour = count == 0 ? Colour(247, 247, 247) : Palette.viridis(1 - 0.85 * share)
      let x = left + Double(j) * cell
      canvas.rectangle(x, top, cell, cell, fill: colour.hexadecimal, stroke: "#fff")
      canvas.text(
        x + cell / 2, top + cell / 2 + 5, "\(count)", size: 13, anchor: .middle,
        fill: count == 0 ? "#999" : colour.isDark ? "#fff" : "#111")
    }
  }

  private func short(_ name: String) -> String {
    name.count > 24 ? name.prefix(23) + "\u{2026}" : name
  }

  /// A table with the column names in the first line.
  public var csv: String {
    var text = ([csvText(rowTitle)] + columns.map(csvText)).joined(separator: ",") + "\n"
    for (name, row) in zip(rows, counts) {
      text += ([csvText(name)] + row.map(String.init)).joined(separator: ",") + "\n"
    }
    return text
  }
}
