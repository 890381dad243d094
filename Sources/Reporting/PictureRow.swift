// Pictures side by side at their own proportions, each with a heading, and a legend of colours.
//
// Deviations: none. Checked by: HeatChartTests.

/// One picture of a row.
public struct RowPicture: Sendable {
  /// The line above it.
  public var heading: String
  /// The lines below it.
  public var notes: [String]
  /// The colours that the first notes stand for, each drawn before its note.
  public var keys: [Colour]
  /// A PNG file.
  public var png: [UInt8]
  /// Its height divided by its width.
  public var proportion: Double

  /// A picture with a heading.
  public init(
    _ heading: String, png: [UInt8], proportion: Double, notes: [String] = [], keys: [Colour] = []
  ) {
    (self.heading, self.png, self.proportion) = (heading, png, proportion)
    (self.notes, self.keys) = (notes, keys)
  }
}

/// Pictures in rows, and what their colours mean.
public struct PictureRow: Chart {
  /// The pictures, row by row.
  public var pictures: [RowPicture]
  /// How many stand in a row.
  public var columns: Int
  /// Colours and their meanings.
  public var legend: [(colour: Colour, text: String)]
  /// The width of a picture in pixels.
  public var width: Double

  /// Pictures in rows of `columns`.
  ///
  /// - Precondition: `columns` is at least 1.
  public init(
    _ pictures: [RowPicture], columns: Int, legend: [(colour: Colour, text: String)] = [],
    width: Double = 280
  ) {
    precondition(columns >= 1, "a row holds a picture at least, not \(columns)")
    (self.pictures, self.columns, self.legend, self.width) = (pictures, columns, legend, width)
  }

  /// The pictures as an SVG document.
  public func svg(title: String) -> String {
    let starts = stride(from: 0, to: pictures.count, by: columns)
    let rows = starts.map { Array(pictures[$0..<min($0 + columns, pictures.count)]) }
    let heights = rows.map { row in
      28 + (row.map { $0.proportion * width + 17 * Double($0.notes.count) }.max() ?? 0) + 12
    }
    let across = 16 + (width + 14) * Double(min(columns, max(1, pictures.count)))
    let legendHeight = legend.isEmpty ? 0 : 30.0
    var canvas = Canvas(
      width: max(across, 32 + 8.4 * Double(title.count), 16 + legendWidth),
      height: 40 + heights.reduce(0, +) + legendHeight)
    canvas.text(16, 26, title, size: 15, weight: "600")
    var y = 40.0
    for (row, height) in zip(rows, heights) {
      for (c, picture) in row.enumerated() {
        draw(picture, on: &canvas, 16 + Double(c) * (width + 14), y)
      }
      y += height
    }
    var x = 16.0
    for (colour, text) in legend {
      canvas.rectangle(x, y + 2, 14, 14, fill: colour.hexadecimal, stroke: "#444")
      canvas.text(x + 20, y + 14, text, size: 12)
      x += legendStep(text)
    }
    return canvas.svg(title: title)
  }

  private func legendStep(_ text: String) -> Double { 40 + 6.4 * Double(text.count) }

  private var legendWidth: Double { legend.reduce(0) { $0 + legendStep($1.text) } }

  private func draw(_ picture: RowPicture, on canvas: inout Canvas, _ x: Double, _ y: Double) {
    let height = picture.proportion * width
    canvas.text(x, y + 17, fitted(picture.heading), size: 12.5, weight: "600")
    canvas.picture(picture.png, x, y + 24, width, height)
    for (l, line) in picture.notes.enumerated() {
      let foot = y + 24 + height + 15 + 17 * Double(l)
      let isKeyed = picture.keys.indices.contains(l)
      if isKeyed {
        canvas.rectangle(
          x, foot - 10, 11, 11, fill: picture.keys[l].hexadecimal, stroke: "#444")
      }
      canvas.text(isKeyed ? x + 17 : x, foot, line, size: 12)
    }
  }

  /// A heading that is wider than its picture loses its middle.
  private func fitted(_ heading: String) -> String {
    let most = max(8, Int(width / 7.4))
    guard heading.count > most else { return heading }
    return heading.prefix(most / 2) + "..." + heading.suffix(most - most / 2 - 3)
  }

  /// Columns: picture, note.
  public var csv: String {
    var text = "picture,note\n"
    for picture in pictures {
      for note in picture.notes.isEmpty ? [""] : picture.notes {
        text += "\(csvText(picture.heading)),\(csvText(note))\n"
      }
    }
    return text
  }
}
