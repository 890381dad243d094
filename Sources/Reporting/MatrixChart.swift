// A confusion matrix: rows true, columns predicted, each cell with its count.

import Tensors

/// How the cells of a matrix are coloured and labelled.
public enum MatrixStyle: Sendable, Equatable {
  /// By the share of the row, labelled with the count.
  case counts
  /// By the share of the row, labelled with it, as a row-normalised confusion matrix.
  case shares
  /// Cyan to magenta by count^0.6, the counts in boxes: the style of Cohn & Holm (2021).
  case boxed
}

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
  /// How cells look.
  public var style: MatrixStyle

  /// A table with named rows and columns.
  ///
  /// - Precondition: as many rows of counts as names, each as long as there are columns.
  public init(
    rows: [String], columns: [String], counts: [[Int]], rowTitle: String, columnTitle: String,
    style: MatrixStyle = .counts
  ) {
    precondition(
      counts.count == rows.count && counts.allSatisfy { $0.count == columns.count },
      "\(rows.count) x \(columns.count) names for another number of counts")
    self.rows = rows
    self.columns = columns
    self.counts = counts
    self.rowTitle = rowTitle
    self.columnTitle = columnTitle
    self.style = style
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

  /// Draws one row.
  private func draw(
    _ row: [Int], at i: Int, on canvas: inout Canvas, left: Double, cell: Double
  ) {
    let total = max(1, row.reduce(0, +))
    let top = 48 + Double(i) * cell
    canvas.text(left - 8, top + cell / 2 + 4, short(rows[i]), size: 12, anchor: .end)
    for (j, count) in row.enumerated() {
      let share = Double(count) / Double(total)
      let colour = colour(count, share)
      let x = left + Double(j) * cell
      canvas.rectangle(x, top, cell, cell, fill: colour.hexadecimal, stroke: "#fff")
      let label = style == .shares ? fixed(share, 2) : "\(count)"
      if style == .boxed {
        let half = 5 + 4 * Double(label.count)
        canvas.rectangle(
          x + cell / 2 - half, top + cell / 2 - 10, 2 * half, 20, fill: "#fff", stroke: "#888")
      }
      let ink = count == 0 && style != .boxed ? "#999" : colour.isDark ? "#fff" : "#111"
      canvas.text(
        x + cell / 2, top + cell / 2 + 5, label, size: 13, anchor: .middle,
        fill: style == .boxed ? "#111" : ink)
    }
  }

  private func colour(_ count: Int, _ share: Double) -> Colour {
    if style == .boxed {
      let greatest = Double(max(1, counts.joined().max() ?? 1))
      let t = power(Double(count) / greatest, 0.6)
      return Colour(UInt8((255 * t).rounded()), UInt8((255 * (1 - t)).rounded()), 255)
    }
    return count == 0 ? Colour(247, 247, 247) : Palette.viridis(1 - 0.85 * share)
  }

  private func short(_ name: String) -> String {
    name.count > 24 ? name.prefix(23) + "\u{2026}" : name
  }

  /// A table with the column names in the first line.
  public var csv: String {
    var text = ([csvText(rowTitle)] + columns.map(csvText)).joined(separator: ",") + "\n"
    for (name, row) in zip(rows, counts) {
      let total = Double(max(1, row.reduce(0, +)))
      let cells = row.map { style == .shares ? "\(Double($0) / total)" : "\($0)" }
      text += ([csvText(name)] + cells).joined(separator: ",") + "\n"
    }
    return text
  }
}
