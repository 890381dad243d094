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
}
