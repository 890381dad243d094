// Points in a plane, one colour and mark a group, each with the number of the image it stands for.

/// One point of a scatter plot.
public struct ScatterPoint: Sendable {
  /// Horizontal value.
  public var x: Double
  /// Vertical value.
  public var y: Double
  /// The index of the group that gives the colour and the mark.
  public var group: Int
  /// The number of the image, by which an interactive report finds its thumbnail; -1 for none.
  public var image: Int
  /// The name in the table of plotted numbers.
  public var label: String

  /// A point of a group.
  public init(x: Double, y: Double, group: Int, image: Int, label: String) {
    self.x = x
    self.y = y
    self.group = group
    self.image = image
    self.label = label
  }
}

/// How the points of a group look.
public struct ScatterGroup: Sendable {
  /// The name in the legend.
  public var name: String
  /// The colour.
  public var colour: Colour
  /// The shape.
  public var mark: Mark

  /// Group number `index` under a name, with the palette's colour and mark.
  public init(_ name: String, index: Int) {
    self.init(name, colour: Palette.colour(index), mark: Palette.mark(index))
  }

  /// A group with its own colour and mark.
  public init(_ name: String, colour: Colour, mark: Mark) {
    self.name = name
    self.colour = colour
    self.mark = mark
  }
}

/// A map of points whose groups have names.
public struct ScatterChart: Chart {
  /// The points.
  public var points: [ScatterPoint]
  /// The groups that points belong to.
  public var groups: [ScatterGroup]
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// A picture behind the points.
  public var background: ScatterBackground?
  /// Pictures laid over the map, each beside the place it stands for.
  public var insets: [ScatterInset] = []
  /// A third value of each point, shown as its colour by viridis instead of the group's.
  public var shade: ScatterShade?
  /// The radius of a point in pixels; `nil` for one that suits their number.
  public var pointSize: Double?

  /// A map of points.
  public init(points: [ScatterPoint], groups: [ScatterGroup], x: Axis, y: Axis) {
    self.points = points
    self.groups = groups
    self.x = x
    self.y = y
  }

  /// The chart as an SVG document.
  public func svg(title: String) -> String {
    var canvas = Canvas(width: 720, height: 520)
    let area = PlotArea(x: x, y: y, left: 76, top: 44, width: 470, height: 410)
    if let background { background.draw(on: &canvas, in: area) }
    area.drawAxes(on: &canvas, title: title, hasGrid: background == nil)
    let size = pointSize ?? (points.count > 1000 ? 2.4 : points.count > 200 ? 3.2 : 4.5)
    for (index, point) in points.enumerated()
    where point.x.isFinite && point.y.isFinite && groups.indices.contains(point.group) {
      let group = groups[point.group]
      canvas.mark(
        group.mark, area.horizontal(point.x), area.vertical(point.y), size: size,
        colour: (shade?.colour(index) ?? group.colour).hexadecimal,
        attributes: "fill-opacity=\"0.75\""
          + (point.image >= 0 ? " data-image=\"\(point.image)\"" : ""))
    }
    drawInsets(on: &canvas, in: area)
    let left = area.left + area.width + 18
    if let shade {
      shade.drawBar(on: &canvas, left: left, top: area.top + 20, height: 240)
    } else if groups.count > 1 {
      drawLegend(on: &canvas, left: left, top: area.top + 6)
    }
    return canvas.svg(title: title)
  }

  private func drawInsets(on canvas: inout Canvas, in area: PlotArea) {
    let covered = points.filter { $0.x.isFinite && $0.y.isFinite }
      .map { (area.horizontal($0.x), area.vertical($0.y)) }
    var boxes: [InsetBox] = []
    let anchors = insets.map { (area.horizontal($0.x), area.vertical($0.y)) }
    for (inset, anchor) in zip(insets, anchors) where !inset.png.isEmpty {
      let box = InsetBox(
        near: anchor, in: area, points: covered, others: boxes, anchors: anchors)
      boxes.append(box)
      inset.drawPicture(on: &canvas, from: anchor, in: box)
    }
    for (inset, anchor) in zip(insets, anchors) { inset.drawMark(on: &canvas, at: anchor) }
  }

  private func drawLegend(on canvas: inout Canvas, left: Double, top: Double) {
    for (index, group) in groups.enumerated() {
      let y = top + Double(index) * 19
      guard y < 500 else { return }
      canvas.mark(group.mark, left, y, size: 5, colour: group.colour.hexadecimal)
      let name = group.name
      canvas.text(left + 12, y + 4, name.count > 20 ? name.prefix(19) + "\u{2026}" : name, size: 12)
    }
  }

  /// Columns: label, group, x, y, and the third value where there is one.
  public var csv: String {
    var text = "file,group,\(csvText(x.title)),\(csvText(y.title))"
    text += (shade.map { "," + csvText($0.title) } ?? "") + "\n"
    for (index, point) in points.enumerated() {
      let group = groups.indices.contains(point.group) ? groups[point.group].name : "\(point.group)"
      text += "\(csvText(point.label)),\(csvText(group)),\(point.x),\(point.y)"
      text += (shade.map { ",\($0.values[index])" } ?? "") + "\n"
    }
    return text
  }
}
