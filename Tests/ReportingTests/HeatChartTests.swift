import Reporting
import Testing

@Suite struct HeatChartTests {
  private let chart = HeatChart(
    columns: ["1", "2", "3"], rows: ["a", "b"], values: [[0, 1, 2], [0, 1, 2]], columnTitle: "x",
    rowTitle: "y", valueTitle: "F")

  /// A plane that rises to the right: the middle contour is the line x = 1.
  @Test func contoursOfAPlaneAreStraight() {
    let lines = chart.contourSegments(levels: 3)
    #expect(lines.count == 3)
    let middle = lines.filter { $0.allSatisfy { abs($0.0 - 1) < 1e-12 } }
    #expect(!middle.isEmpty)
    for segment in lines { #expect(Set(segment.map(\.1)) == [0, 1]) }
  }

  /// A saddle is cut in two, by the mean of its corners.
  @Test func aSaddleHasTwoSegments() {
    let saddle = HeatChart(
      columns: ["1", "2"], rows: ["a", "b"], values: [[0, 1], [1, 0.2]], columnTitle: "x",
      rowTitle: "y", valueTitle: "F")
    #expect(saddle.contourSegments(levels: 1).count == 2)
  }

  @Test func missingValuesAreGreyAndGiveNoLine() {
    let holed = HeatChart(
      columns: ["1", "2"], rows: ["a", "b"], values: [[0, .nan], [1, 2]], columnTitle: "x",
      rowTitle: "y", valueTitle: "F")
    #expect(holed.contourSegments(levels: 4).isEmpty)
    #expect(holed.svg(title: "t").contains("#ebebeb"))
    #expect(chart.csv.split(separator: "\n").count == 7)
  }

  @Test func schematicsAndRowsOfPicturesEscapeTheirTexts() {
    let flow = FlowChart([["a <b>"], ["c"]], back: (from: 1, to: 0, text: "again & again"))
    #expect(flow.svg(title: "t").contains("a &lt;b&gt;"))
    #expect(flow.svg(title: "t").contains("again &amp; again"))
    let row = PictureRow(
      [RowPicture("one", png: [1, 2], proportion: 0.5, notes: ["30 %"])], columns: 2,
      legend: [(Palette.colour(0), "ferrite <1>")])
    #expect(row.svg(title: "t").contains("ferrite &lt;1&gt;"))
    #expect(row.svg(title: "t").contains("height=\"140\""))
    #expect(row.csv == "picture,note\none,30 %\n")
  }

  /// Corners 0 and 0.2 are below the level 0.5, and the mean above it: both are cut off.
  @Test func aSaddleIsCutByItsMean() {
    let high = HeatChart(
      columns: ["1", "2"], rows: ["a", "b"], values: [[0, 1], [1, 0.2]], columnTitle: "x",
      rowTitle: "y", valueTitle: "F")
    let low = HeatChart(
      columns: ["1", "2"], rows: ["a", "b"], values: [[0, 1], [0.8, 0]], columnTitle: "x",
      rowTitle: "y", valueTitle: "F")
    func holds(_ chart: HeatChart, _ ends: [(Double, Double)]) -> Bool {
      chart.contourSegments(levels: 1).contains { segment in
        zip(segment, ends).allSatisfy { hypot($0.0 - $1.0, $0.1 - $1.1) < 1e-12 }
      }
    }
    // Around the lower left corner, from its lower to its left edge.
    #expect(holds(high, [(0.5, 0), (0, 0.5)]))
    // Around the lower right one, whose value 1 is above the mean 0.45.
    #expect(holds(low, [(0.5, 0), (1, 0.5)]))
  }

  private func hypot(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }

  /// The first row is the lowest: cells of 84 pixels below 48, numbers 4 below the middle.
  @Test func numbersStandInTheirCells() throws {
    let heat = HeatChart(
      columns: ["1", "2"], rows: ["a", "b"], values: [[5, 6], [7, 8]], columnTitle: "x",
      rowTitle: "y", valueTitle: "F")
    let lines = heat.svg(title: "t").split(separator: "\n").map { String($0) }
    let last = try #require(lines.lastIndex { $0.hasPrefix("<polyline") })
    for (x, y, number) in [(126, 178, 5), (210, 178, 6), (126, 94, 7), (210, 94, 8)] {
      let place = try #require(
        lines.firstIndex {
          $0.hasPrefix("<text x=\"\(x)\" y=\"\(y)\" font-size=\"11\"")
            && $0.hasSuffix(">\(number)</text>")
        }, "\(number)")
      // Each stands on a plate of the cell's colour, above the contours.
      let colour = Palette.viridis(Double(number - 5) / 3).hexadecimal
      let plate =
        "<rect x=\"\(Double(x) - 6.2)\" y=\"\(y - 12)\" width=\"12.4\" height=\"16\" fill=\"\(colour)\"/>"
      #expect(place > last && lines[place - 1] == plate, "\(number)")
    }
  }
}
