import Reporting
import Testing

@Suite struct ChartTests {
  @Test func pointsLandWhereTheAxesSay() {
    let chart = LineChart(
      series: [Series(name: "line", x: [0, 10], y: [0, 1])], x: Axis("x", from: 0, to: 10),
      y: Axis("y", from: 0, to: 1))
    // The plot area is 540 x 290 at (76, 44): the line runs corner to corner.
    #expect(chart.svg(title: "t").contains("points=\"76,334 616,44\""))
    #expect(chart.csv == "series,x,y\nline,0.0,0.0\nline,10.0,1.0\n")
  }

  @Test func anEmptyRangeIsWidened() {
    let axis = Axis("x", covering: [3.0, 3.0])
    #expect(axis.lower < 3 && axis.upper > 3)
    let none = Axis("x", covering: [Double.nan])
    #expect(none.lower < none.upper)
  }

  @Test func matrixCellsCarryTheirCounts() {
    let chart = MatrixChart(
      rows: ["a", "b"], columns: ["a", "b"], counts: [[17, 2], [0, 31]], rowTitle: "true",
      columnTitle: "predicted")
    let svg = chart.svg(title: "t")
    for count in ["17", "2", "0", "31"] { #expect(svg.contains(">\(count)</text>")) }
    #expect(chart.csv == "true,a,b\na,17,2\nb,0,31\n")
  }

  @Test func groupsBeyondTheColoursGetAnotherMark() {
    #expect(Palette.colour(0) == Palette.colour(7))
    #expect(Palette.mark(0) != Palette.mark(7))
  }

  @Test func viridisRunsFromItsFirstToItsLastColour() {
    #expect(Palette.viridis(0) == Colour(68, 1, 84))
    #expect(Palette.viridis(1) == Colour(253, 231, 37))
    #expect(Palette.viridis(.nan) == Colour(68, 1, 84))
  }

  @Test func valuesThatAreNotFiniteAreNotDrawn() {
    let chart = ScatterChart(
      points: [ScatterPoint(x: .nan, y: 0, group: 0, image: 0, label: "a")],
      groups: [ScatterGroup("g", index: 0)],
      x: Axis("x", from: 0, to: 1), y: Axis("y", from: 0, to: 1))
    #expect(!chart.svg(title: "t").contains("NaN"))
    #expect(!chart.svg(title: "t").contains("data-image"))
  }
}
