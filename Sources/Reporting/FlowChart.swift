// Boxes in a row with arrows between: the schematic of an algorithm.
//
// Deviations: none. Checked by: HeatChartTests.

/// Steps from left to right, and an arrow back.
public struct FlowChart: Chart {
  /// The lines of text of each box, from the left.
  public var boxes: [[String]]
  /// Two boxes that are joined by an arrow back below, and its text; `nil` for none.
  public var back: (from: Int, to: Int, text: String)?

  /// A schematic.
  ///
  /// - Precondition: the arrow's ends are boxes.
  public init(_ boxes: [[String]], back: (from: Int, to: Int, text: String)? = nil) {
    precondition(
      back.map { boxes.indices.contains($0.from) && boxes.indices.contains($0.to) } ?? true,
      "an arrow between boxes that are not there")
    (self.boxes, self.back) = (boxes, back)
  }

  /// The schematic as an SVG document.
  public func svg(title: String) -> String {
    let widths = boxes.map { 24 + 6.8 * Double($0.map(\.count).max() ?? 0) }
    let tallest = 20 + 18 * Double(boxes.map(\.count).max() ?? 1)
    let gap = 34.0
    var canvas = Canvas(
      width: max(
        32 + widths.reduce(0, +) + gap * Double(max(0, boxes.count - 1)),
        32 + 8.4 * Double(title.count)), height: 60 + tallest + (back == nil ? 10 : 60))
    canvas.text(16, 26, title, size: 15, weight: "600")
    var centres: [Double] = []
    var x = 16.0
    for (i, lines) in boxes.enumerated() {
      canvas.rectangle(x, 46, widths[i], tallest, fill: "#EEF4F8", stroke: "#456")
      let first = 46 + tallest / 2 - 9 * Double(lines.count - 1) + 4
      for (l, line) in lines.enumerated() {
        canvas.text(
          x + widths[i] / 2, first + 18 * Double(l), line, size: 12.5, anchor: .middle,
          weight: l == 0 ? "600" : nil)
      }
      centres.append(x + widths[i] / 2)
      x += widths[i]
      if i + 1 < boxes.count { arrow(on: &canvas, x, x + gap, 46 + tallest / 2) }
      x += gap
    }
    if let back { drawBack(back, on: &canvas, centres, 46 + tallest) }
    return canvas.svg(title: title)
  }

  private func arrow(on canvas: inout Canvas, _ from: Double, _ to: Double, _ y: Double) {
    canvas.line(from + 3, y, to - 4, y, stroke: "#456", width: 1.6)
    canvas.polyline([(to - 10, y - 5), (to - 4, y), (to - 10, y + 5)], stroke: "#456")
  }

  private func drawBack(
    _ back: (from: Int, to: Int, text: String), on canvas: inout Canvas, _ centres: [Double],
    _ bottom: Double
  ) {
    let (a, b) = (centres[back.from], centres[back.to])
    canvas.polyline(
      [(a, bottom + 2), (a, bottom + 26), (b, bottom + 26), (b, bottom + 4)], stroke: "#456")
    canvas.polyline([(b - 5, bottom + 10), (b, bottom + 4), (b + 5, bottom + 10)], stroke: "#456")
    canvas.text((a + b) / 2, bottom + 44, back.text, size: 12, anchor: .middle)
  }

  /// Columns: step, text.
  public var csv: String {
    "step,text\n"
      + boxes.enumerated().map { "\($0 + 1),\(csvText($1.joined(separator: " ")))\n" }.joined()
  }
}
