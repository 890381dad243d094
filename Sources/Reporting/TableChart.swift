// A table drawn as a figure, for documents that take no HTML; and the schematic of a confusion matrix.

extension ReportTable: Chart {
  /// The table as an SVG document, columns as wide as their longest cell.
  public func svg(title: String) -> String {
    let widths = header.indices.map { column in
      20 + 6.9 * Double(([header] + rows).map { $0[column].count }.max() ?? 0)
    }
    let rowHeight = 22.0
    var canvas = Canvas(
      width: max(32 + widths.reduce(0, +), 32 + 8.4 * Double(title.count)),
      height: 64 + rowHeight * Double(rows.count + 1))
    canvas.text(16, 26, title, size: 15, weight: "600")
    for (r, row) in ([header] + rows).enumerated() {
      let y = 54 + Double(r) * rowHeight
      var x = 16.0
      for (column, cell) in row.enumerated() {
        canvas.text(x + 4, y, cell, size: 12.5, weight: r == 0 ? "600" : nil)
        x += widths[column]
      }
      canvas.line(16, y + 7, 16 + widths.reduce(0, +), y + 7, stroke: r == 0 ? "#444" : "#ddd")
    }
    return canvas.svg(title: title)
  }
}

/// A confusion matrix without numbers whose cells say what they mean.
public struct SchematicMatrix: Chart {
  /// The text of each cell, one array a row.
  public var cells: [[String]]
  /// The number of the colour of each cell, as `cells`; 0 for white.
  public var colours: [[Int]]

  /// A schematic.
  ///
  /// - Precondition: as many colours as cells.
  public init(cells: [[String]], colours: [[Int]]) {
    precondition(
      cells.count == colours.count && zip(cells, colours).allSatisfy { $0.count == $1.count },
      "\(cells.count) rows of cells, \(colours.count) of colours")
    self.cells = cells
    self.colours = colours
  }

  private static let fills = ["#ffffff", "#9ED9C5", "#F6CBA8", "#AFD4EC"]

  /// The schematic as an SVG document.
  public func svg(title: String) -> String {
    let side = 84.0
    let n = Double(cells.count)
    var canvas = Canvas(width: 130 + side * n, height: 130 + side * n)
    canvas.text(16, 26, title, size: 15, weight: "600")
    for (i, row) in cells.enumerated() {
      let y = 48 + Double(i) * side
      canvas.text(88, y + side / 2 + 4, "class \(i + 1)", size: 12, anchor: .end)
      for (j, text) in row.enumerated() {
        let x = 96 + Double(j) * side
        canvas.rectangle(
          x, y, side, side, fill: Self.fills[colours[i][j] % Self.fills.count], stroke: "#888")
        canvas.text(x + side / 2, y + side / 2 + 5, text, size: 14, anchor: .middle)
      }
      canvas.text(
        96 + (Double(i) + 0.5) * side, 66 + side * n, "class \(i + 1)", size: 12, anchor: .middle)
    }
    canvas.text(96 + side * n / 2, 92 + side * n, "predicted class", anchor: .middle)
    canvas.text(24, 48 + side * n / 2, "true class", anchor: .middle, rotation: -90)
    return canvas.svg(title: title)
  }

  /// The texts of the cells.
  public var csv: String {
    cells.map { $0.map(csvText).joined(separator: ",") + "\n" }.joined()
  }
}
