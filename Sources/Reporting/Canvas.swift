// A page of vector graphics: the few SVG elements that the charts draw with.

/// Collects SVG elements; positions are in CSS pixels from the upper left corner.
struct Canvas {
  let width: Double
  let height: Double
  private var elements: [String] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// Where a text begins at its point.
  enum Anchor: String { case start, middle, end }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, stroke: String, width: Double = 1,
    dashes: String? = nil
  ) {
    let dash = dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
    elements.append(
      "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" "
        + "stroke=\"\(stroke)\" stroke-width=\"\(n(width))\"\(dash)/>")
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ w: Double, _ h: Double, fill: String, stroke: String? = nil
  ) {
    let border = stroke.map { " stroke=\"\($0)\"" } ?? ""
    elements.append(
      "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, w)))\" height=\"\(n(max(0, h)))\" "
        + "fill=\"\(fill)\"\(border)/>")
  }

  mutating func polyline(
    _ points: [(Double, Double)], stroke: String, width: Double = 1.8, dashes: String? = nil
  ) {
    let list = points.map { "\(n($0.0)),\(n($0.1))" }.joined(separator: " ")
    let dash = dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
    elements.append(
      "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(stroke)\" "
        + "stroke-width=\"\(n(width))\" stroke-linejoin=\"round\"\(dash)/>")
  }

  /// A PNG file stretched over a rectangle; `attributes` are added to the element as they are.
  mutating func picture(
    _ png: [UInt8], _ x: Double, _ y: Double, _ w: Double, _ h: Double, attributes: String = ""
  ) {
    elements.append(
      "<image x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(w))\" height=\"\(n(h))\" "
        + "preserveAspectRatio=\"none\" href=\"data:image/png;base64,\(base64(png))\""
        + (attributes.isEmpty ? "" : " " + attributes) + "/>")
  }

  /// Another finished picture of the same width and height, moved to (x, y).
  mutating func nest(_ svg: String, _ x: Double, _ y: Double) {
    elements.append(
      svg.replacingPrefix("<svg ", with: "<svg x=\"\(n(x))\" y=\"\(n(y))\" "))
  }

  mutating func text(
    _ x: Double, _ y: Double, _ content: String, size: Double = 13, anchor: Anchor = .start,
    fill: String = "#222", weight: String? = nil, rotation: Double = 0
  ) {
    let turn = rotation == 0 ? "" : " transform=\"rotate(\(n(rotation)) \(n(x)) \(n(y)))\""
    let bold = weight.map { " font-weight=\"\($0)\"" } ?? ""
    elements.append(
      "<text x=\"\(n(x))\" y=\"\(n(y))\" font-size=\"\(n(size))\" "
        + "text-anchor=\"\(anchor.rawValue)\" fill=\"\(fill)\"\(bold)\(turn)>"
        + escaped(content) + "</text>")
  }

  /// A mark centred at a point; `attributes` are added to the element as they are.
  mutating func mark(
    _ mark: Mark, _ x: Double, _ y: Double, size r: Double, colour: String, attributes: String = ""
  ) {
    let style = mark == .cross ? "stroke=\"\(colour)\" stroke-width=\"1.6\"" : "fill=\"\(colour)\""
    let shape: String
    switch mark {
    case .circle: shape = "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(r))\""
    case .square: shape = path([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)], x, y, r)
    case .triangle: shape = path([(0, -1.2), (1.1, 0.9), (-1.1, 0.9)], x, y, r)
    case .diamond: shape = path([(0, -1.3), (1.1, 0), (0, 1.3), (-1.1, 0)], x, y, r)
    case .cross:
      shape =
        "<path d=\"M\(n(x - r)) \(n(y - r))L\(n(x + r)) \(n(y + r))M\(n(x - r)) \(n(y + r))"
        + "L\(n(x + r)) \(n(y - r))\""
    }
    elements.append("\(shape) \(style)\(attributes.isEmpty ? "" : " " + attributes)/>")
  }

  private func path(_ corners: [(Double, Double)], _ x: Double, _ y: Double, _ r: Double) -> String
  {
    let points = corners.map { "\(n(x + $0.0 * r)) \(n(y + $0.1 * r))" }
    return "<path d=\"M\(points.joined(separator: "L"))Z\""
  }

  /// The finished picture.
  func svg(title: String) -> String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(width)) \(n(height))" \
    width="\(n(width))" height="\(n(height))" role="img" \
    font-family="Helvetica, Arial, 'Liberation Sans', sans-serif">
    <title>\(escaped(title))</title>
    <rect width="100%" height="100%" fill="#fff"/>
    \(elements.joined(separator: "\n"))
    </svg>

    """
  }

  private func n(_ value: Double) -> String { significant((value * 100).rounded() / 100, 7) }
}

extension String {
  /// The text with another beginning.
  fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
    hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
  }
}
