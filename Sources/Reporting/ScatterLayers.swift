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

  /// The mark at the place, with the text where there is no picture to stand below.
  func drawMark(on canvas: inout Canvas, at anchor: (Double, Double)) {
    canvas.mark(mark, anchor.0, anchor.1, size: 7, colour: "#000")
    if png.isEmpty { canvas.text(anchor.0 + 10, anchor.1 - 8, label, size: 12, weight: "600") }
  }

  /// The picture in its box, and the line to its place.
  func drawPicture(on canvas: inout Canvas, from anchor: (Double, Double), in box: InsetBox) {
    let side = InsetBox.side
    let (x, y) = (box.left, box.top)
    canvas.line(anchor.0, anchor.1, x + side / 2, y + side / 2, stroke: "#000", width: 1.2)
    canvas.rectangle(x - 2, y - 2, side + 4, side + 18, fill: "#fff", stroke: "#000")
    canvas.picture(
      png, x, y, side, side, attributes: image >= 0 ? "data-image=\"\(image)\"" : "")
    canvas.text(x + side / 2, y + side + 12, label, size: 11, anchor: .middle)
  }
}

/// Where the picture of an inset lies.
struct InsetBox {
  /// The side of the picture in pixels.
  static let side = 84.0
  let left: Double
  let top: Double

  /// The best place of a grid over the plot: off other pictures and off the places that insets stand
  /// for, then over few points, then near its own place.
  init(
    near anchor: (Double, Double), in area: PlotArea, points: [(Double, Double)],
    others: [InsetBox], anchors: [(Double, Double)]
  ) {
    let (columns, rows) = (24, 18)
    var best: (cost: Double, box: InsetBox)?
    for cell in 0..<columns * rows {
      let (u, v) = (
        Double(cell % columns) / Double(columns - 1), Double(cell / columns) / Double(rows - 1)
      )
      let box = InsetBox(
        left: area.left + 4 + u * (area.width - Self.side - 8),
        top: area.top + 4 + v * (area.height - Self.side - 24))
      let (dx, dy) = (box.left + Self.side / 2 - anchor.0, box.top + Self.side / 2 - anchor.1)
      let cost =
        1e6 * Double(others.count { $0.overlaps(box) })
        + 1e5 * Double(anchors.count { box.covers($0) })
        + 4 * Double(points.count { box.covers($0) }) + (dx * dx + dy * dy).squareRoot()
      if cost < best?.cost ?? .infinity { best = (cost, box) }
    }
    self = best?.box ?? InsetBox(left: area.left, top: area.top)
  }

  private init(left: Double, top: Double) { (self.left, self.top) = (left, top) }

  private func overlaps(_ other: InsetBox) -> Bool {
    abs(left - other.left) < Self.side + 8 && abs(top - other.top) < Self.side + 24
  }

  private func covers(_ point: (Double, Double)) -> Bool {
    (left - 6...left + Self.side + 6).contains(point.0)
      && (top - 6...top + Self.side + 20).contains(point.1)
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
