// What a scatter plot can carry beside its points: regions behind them, pictures over them, colours
// by a third value.
//
// Checked by: ChartTests.

import Imaging

/// Coloured cells behind a scatter plot, for instance the regions of a classifier.
public struct ScatterBackground: Sendable {
  /// The cells as a PNG file, stretched over the whole plot.
  private let png: [UInt8]

  /// Cells by the number of their group.
  ///
  /// - Parameters:
  ///   - cells: one number a cell, row by row from the top.
  ///   - height: the number of rows.
  ///   - width: the number of columns.
  ///   - colours: the colour of each number.
  /// - Precondition: height x width numbers, each with a colour.
  public init(cells: [Int], height: Int, width: Int, colours: [Colour]) {
    let palette = colours.map { colour in
      UInt32(colour.red) << 16 | UInt32(colour.green) << 8 | UInt32(colour.blue)
    }
    png = encodeIndexedPNG(
      indices: cells.map { UInt8(clamping: $0) }, height: height, width: width, palette: palette)
  }

  func draw(on canvas: inout Canvas, in area: PlotArea) {
    canvas.picture(
      png, area.left, area.top, area.width, area.height,
      attributes: "opacity=\"0.3\" style=\"image-rendering:pixelated\"")
  }
}

/// A picture laid over a scatter plot, with a line to the place that it stands for.
public struct ScatterInset: Sendable {
  /// The place it stands for.
  public var x: Double
  /// The place it stands for.
  public var y: Double
  /// A PNG file; empty for a mark alone.
  public var png: [UInt8]
  /// The number of the image in the report; -1 for none.
  public var image: Int
  /// The text below it.
  public var label: String
  /// The shape of the mark at the place.
  public var mark: Mark

  /// A picture and its place.
  public init(x: Double, y: Double, png: [UInt8], image: Int = -1, label: String, mark: Mark) {
    self.x = x
    self.y = y
    self.png = png
    self.image = image
    self.label = label
    self.mark = mark
  }

  private static let side = 84.0

  func draw(on canvas: inout Canvas, in area: PlotArea) {
    let (px, py) = (area.horizontal(x), area.vertical(y))
    canvas.mark(mark, px, py, size: 7, colour: "#000")
    guard !png.isEmpty else {
      canvas.text(px + 10, py - 8, label, size: 12, weight: "600")
      return
    }
    // The picture goes towards the nearer side, where maps have fewer points.
    let side = Self.side
    let toRight = px > area.left + area.width / 2
    let toTop = py < area.top + area.height / 2
    let cx = min(
      max(px + (toRight ? 40 : -40 - side), area.left + 2), area.left + area.width - side - 2)
    let cy = min(
      max(py + (toTop ? -40 - side : 40), area.top + 2), area.top + area.height - side - 18)
    canvas.line(px, py, cx + side / 2, cy + side / 2, stroke: "#000", width: 1.2)
    canvas.rectangle(cx - 2, cy - 2, side + 4, side + 18, fill: "#fff", stroke: "#000")
    canvas.picture(
      png, cx, cy, side, side, attributes: image >= 0 ? "data-image=\"\(image)\"" : "")
    canvas.text(cx + side / 2, cy + side + 12, label, size: 11, anchor: .middle)
  }
}

/// A third value of each point, shown as a colour.
public struct ScatterShade: Sendable {
  /// What the value is.
  public var title: String
  /// One value a point.
  public var values: [Double]

  /// Values under a title.
  public init(title: String, values: [Double]) {
    self.title = title
    self.values = values
  }

  private var range: (lower: Double, upper: Double) {
    let finite = values.filter(\.isFinite)
    return (finite.min() ?? 0, finite.max() ?? 1)
  }

  func colour(_ index: Int) -> Colour? {
    guard values.indices.contains(index), values[index].isFinite else { return nil }
    let (lower, upper) = range
    return Palette.viridis(upper > lower ? (values[index] - lower) / (upper - lower) : 0.5)
  }

  func drawBar(on canvas: inout Canvas, left: Double, top: Double, height: Double) {
    let steps = 48
    let step = height / Double(steps)
    for i in 0..<steps {
      let colour = Palette.viridis(1 - (Double(i) + 0.5) / Double(steps))
      canvas.rectangle(left, top + Double(i) * step, 18, step + 0.5, fill: colour.hexadecimal)
    }
    canvas.text(left + 24, top + 10, significant(range.upper, 3), size: 12)
    canvas.text(left + 24, top + height, significant(range.lower, 3), size: 12)
    canvas.text(left, top - 8, title, size: 12)
  }
}
