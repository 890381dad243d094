import Imaging
import Reporting
import Testing

/// How often a text holds another one.
private func count(_ part: String, in text: String) -> Int {
  var (found, rest) = (0, Substring(text))
  while let range = rest.firstRange(of: part) {
    found += 1
    rest = rest[range.upperBound...]
  }
  return found
}

/// The number that follows a text; -1 when it does not occur.
private func number(after key: String, in line: Substring) -> Double {
  guard let range = line.firstRange(of: key) else { return -1 }
  return Double(line[range.upperBound...].prefix { $0 != "\"" }) ?? -1
}

@Suite struct PaperChartTests {
  private let points = (0..<3).map {
    ScatterPoint(x: Double($0), y: Double($0), group: 0, image: $0, label: "p\($0)")
  }

  private var scatter: ScatterChart {
    ScatterChart(
      points: points, groups: [ScatterGroup("g", index: 0)], x: Axis("x", from: 0, to: 2),
      y: Axis("y", from: 0, to: 2))
  }

  @Test func histogramsCountEveryValueInRangeOnce() {
    let chart = Histogram(
      values: [0, 0.05, 0.5, 1, 1.5, .nan], binCount: 10, x: Axis("a", from: 0, to: 1))
    #expect(chart.counts == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    #expect(chart.csv.hasPrefix("from,to,count\n0.0,0.1,2\n"))
  }

  @Test func shadesColourPointsByTheirThirdValue() {
    var chart = scatter
    chart.shade = ScatterShade(title: "z", values: [0, 5, 10])
    let svg = chart.svg(title: "t")
    for value in [0, 0.5, 1] { #expect(svg.contains(Palette.viridis(value).hexadecimal)) }
    #expect(
      chart.csv == "file,group,x,y,z\np0,g,0.0,0.0,0.0\np1,g,1.0,1.0,5.0\np2,g,2.0,2.0,10.0\n")
  }

  @Test func insetsAndBackgroundsAreDrawnInOrder() throws {
    var chart = scatter
    let png = try encodePNG(
      Image(height: 1, width: 1, channels: 1, samples: .uint8([7])))
    chart.insets = [ScatterInset(x: 1, y: 1, png: png, image: 2, label: "typical", mark: .diamond)]
    chart.background = ScatterBackground(
      cells: [0, 1, 1, 0], height: 2, width: 2, colours: [Palette.colour(0), Palette.colour(1)])
    let svg = chart.svg(title: "t")
    #expect(count("<image", in: svg) == 2)
    let parts = ["opacity=\"0.3\"", "<circle", base64(png), "typical"].map {
      svg.firstRange(of: $0)?.lowerBound
    }
    let found = parts.compactMap { $0 }
    #expect(found.count == 4 && found == found.sorted(), "background, points, inset, label")
    #expect(svg.contains("data-image=\"2\""))
  }

  @Test func insetsKeepClearOfEachOtherAndOfTheirPlaces() throws {
    var chart = scatter
    let png = try encodePNG(Image(height: 1, width: 1, channels: 1, samples: .uint8([7])))
    chart.insets = (0..<6).map {
      ScatterInset(
        x: 1 + 0.01 * Double($0), y: 1, png: png, image: $0, label: "i\($0)", mark: .diamond)
    }
    // Frames of insets: 88 x 102 pixels, where the text stands below the picture.
    let frames = chart.svg(title: "t").split(separator: "\n")
      .filter { $0.hasPrefix("<rect") && $0.contains("width=\"88\" height=\"102\"") }
      .map { line in ["x", "y"].map { number(after: " \($0)=\"", in: line) } }
    #expect(frames.count == 6)
    for (i, a) in frames.enumerated() {
      for b in frames[..<i] { #expect(abs(a[0] - b[0]) >= 88 || abs(a[1] - b[1]) >= 102) }
      // The places lie about the middle of the plot, (311, 249).
      #expect(!((a[0]...a[0] + 88).contains(311) && (a[1]...a[1] + 102).contains(249)))
    }
  }

  @Test func oneGroupOrLineNeedsNoLegend() {
    #expect(!scatter.svg(title: "t").contains(">g</text>"))
    var chart = scatter
    chart.groups.append(ScatterGroup("h", index: 1))
    #expect(chart.svg(title: "t").contains(">g</text>"))
  }

  @Test func theLegendOfLinesStandsBelowThePlot() {
    let names = ["unwhitened", "whitened, published results of a network"]
    let chart = LineChart(
      series: names.map { Series(name: $0, x: [0, 1], y: [0, 1]) }, x: Axis("x", from: 0, to: 1),
      y: Axis("y", from: 0, to: 1))
    let svg = chart.svg(title: "t")
    let lines = svg.split(separator: "\n")
    for name in names {
      let text = lines.first { $0.contains(">\(name)</text>") } ?? ""
      // The plot ends at 334, its numbers and title at 390.
      #expect(number(after: " y=\"", in: text) > 396)
      #expect(number(after: " y=\"", in: text) < number(after: "height=\"", in: lines[0]) - 4)
    }
  }

  @Test func panelsKeepTheirChartsSideBySide() {
    let panel = PanelChart(
      [Panel("a", scatter), Panel("b", scatter), Panel("c", scatter)], columns: 2)
    let svg = panel.svg(title: "three")
    #expect(count("<svg", in: svg) == 4 && count("</svg>", in: svg) == 4)
    #expect(svg.contains("<svg x=\"720\" y=\"40\"") && svg.contains("<svg x=\"0\" y=\"560\""))
    #expect(svg.contains("viewBox=\"0 0 1440 1080\""))
    #expect(panel.csv.hasPrefix("# a\nfile,group,x,y\n"))
  }

  @Test func matrixStylesShowSharesAndBoxes() {
    var chart = MatrixChart(
      rows: ["a", "b"], columns: ["a", "b"], counts: [[3, 1], [0, 4]], rowTitle: "true",
      columnTitle: "predicted", style: .shares)
    #expect(chart.svg(title: "t").contains(">0.75</text>"))
    #expect(chart.csv == "true,a,b\na,0.75,0.25\nb,0.0,1.0\n")
    chart.style = .boxed
    let svg = chart.svg(title: "t")
    // Cool: no count is cyan, the greatest is magenta; four boxes.
    #expect(svg.contains("#00ffff") && svg.contains("#ff00ff"))
    #expect(count("stroke=\"#888\"", in: svg) == 4)
    #expect(chart.csv == "true,a,b\na,3,1\nb,0,4\n")
  }

  @Test func errorBarsReachOneDeviationBothWays() {
    let chart = BarChart(
      groups: ["g"], series: [.init(name: "s", values: [0.5], deviations: [0.25])],
      y: Axis("y", from: 0, to: 1))
    // 290 pixels of height at 44: 0.75 lies at 116.5, 0.25 at 261.5.
    let svg = chart.svg(title: "t")
    #expect(svg.contains("y1=\"116.5\"") && svg.contains("y2=\"261.5\""))
    let line = LineChart(
      series: [Series(name: "l", x: [1], y: [0.5], deviations: [0.25])],
      x: Axis("x", from: 0, to: 2), y: Axis("y", from: 0, to: 1))
    #expect(line.svg(title: "t").contains("y1=\"116.5\""))
    #expect(line.csv == "series,x,y,deviation\nl,1.0,0.5,0.25\n")
  }

  @Test func levelsCrossAllGroupsAndFormulasHaveNoMarks() {
    var chart = BarChart(
      groups: ["g"], series: [.init(name: "s", values: [0.5])], y: Axis("y", from: 0, to: 1))
    chart.levels = [(0.75, "peak")]
    let svg = chart.svg(title: "t")
    #expect(svg.contains("y1=\"116.5\"") && svg.contains(">peak</text>"))
    var law = Series(name: "law", x: [1, 2], y: [0.5, 1])
    law.hasMarks = false
    let points = Series(name: "points", x: [1, 2], y: [0.5, 1])
    let line = LineChart(
      series: [points, law], x: Axis("x", from: 0, to: 2), y: Axis("y", from: 0, to: 1),
      showsPoints: true)
    #expect(count("<circle", in: line.svg(title: "t")) == 2)
  }

  @Test func tablesAreDrawnWithEveryCell() {
    let table = ReportTable(caption: "c", header: ["a", "b<"], rows: [["1", "2"], ["3", "&"]])
    let svg = table.svg(title: "t")
    for cell in ["a", "b&lt;", "1", "2", "3", "&amp;"] { #expect(svg.contains(">\(cell)</text>")) }
  }

  @Test func schematicsSayWhatCellsMean() {
    let chart = SchematicMatrix(cells: [["TP", "FN"], ["FP", ""]], colours: [[1, 2], [3, 0]])
    #expect(chart.svg(title: "t").contains(">FN</text>"))
    #expect(chart.csv == "TP,FN\nFP,\n")
  }

  @Test func picturesCarryTheirHistogram() throws {
    let png = try encodePNG(Image(height: 1, width: 1, channels: 1, samples: .uint8([7])))
    let chart = PictureChart(label: "p", png: png, histogram: [0.25, 0.75], mark: .square)
    #expect(count("<polyline", in: chart.svg(title: "t")) == 2)
    #expect(chart.csv == "file,p\ngrey level,share of the pixels\n0.25,0.25\n0.75,0.75\n")
    let grid = PictureGrid(
      headings: ["h"], columns: [[GridPicture(label: "f", png: png, image: 4)]])
    #expect(grid.svg(title: "t").contains("data-image=\"4\""))
    #expect(grid.csv == "column,row,file\nh,1,f\n")
  }

  @Test func barsAndLevelsStandWhereTheAxesSay() {
    var chart = BarChart(
      groups: ["g", "h"],
      series: [.init(name: "s", values: [0.5, 1]), .init(name: "r", values: [0.75, 0.1])],
      y: Axis("y", from: 0.25, to: 1))
    chart.levels = [(0.625, "half"), (1, "top")]
    let svg = chart.svg(title: "t")
    // Groups are 270 wide, bars 108, the first 27 into its group; the area ends at 334.
    #expect(svg.contains("<rect x=\"103\"") && svg.contains("<rect x=\"211\""))
    #expect(svg.contains("<rect x=\"373\" y=\"44\" width=\"106\" height=\"290\""))
    // What lies below the axis has no height.
    #expect(svg.contains("<rect x=\"481\" y=\"334\" width=\"106\" height=\"0\""))
    for x in [211, 481] { #expect(svg.contains("<text x=\"\(x)\" y=\"354\"")) }
    for (y, label) in [(189, "half"), (44, "top")] {
      let line = "<line x1=\"76\" y1=\"\(y)\" x2=\"616\" y2=\"\(y)\" stroke=\"#D55E00\""
      #expect(svg.contains(line), "\(label)")
      #expect(
        svg.split(separator: "\n").contains {
          $0.hasPrefix("<text x=\"82\" y=\"\(y - 5)\"") && $0.hasSuffix(">\(label)</text>")
        }, "\(label)")
    }
  }

  @Test func binsBeginAtTheAxis() {
    let chart = Histogram(
      values: [10, 11.9, 12, 19.9, 20, 9.9], binCount: 5, x: Axis("a", from: 10, to: 20))
    #expect(chart.counts == [2, 1, 0, 0, 2])
  }

  @Test func linesStepsMarkersAndBarsStandWhereTheAxesSay() {
    let x = Axis("x", from: 0, to: 2)
    var chart = LineChart(
      series: [Series(name: "l", x: [0.5, 1], y: [0, 0.5], deviations: [0, 0.25])], x: x,
      y: Axis("y", from: 0, to: 1), marker: (0.5, "here"), isStepped: true)
    let svg = chart.svg(title: "t")
    // Steps reach half a step of 135 pixels to both sides.
    #expect(svg.contains("points=\"143.5,334 278.5,334 278.5,189 413.5,189\""))
    for line in [
      "x1=\"211\" y1=\"44\" x2=\"211\" y2=\"334\" stroke=\"#D55E00\"",
      "x1=\"346\" y1=\"116.5\" x2=\"346\" y2=\"261.5\"",
    ] { #expect(svg.contains("<line " + line)) }
    chart.marker = (1.75, "right")
    // A label that would leave the plot stands to the left.
    let label = "<text x=\"542.5\" y=\"324\" font-size=\"12\" text-anchor=\"end\""
    #expect(chart.svg(title: "t").contains(label))
  }

  @Test func ticksAreRoundAndInsideTheAxis() {
    func labels(_ axis: Axis) -> [Double] {
      let y = Axis("", from: 0, to: 1, showsNumbers: false)
      let svg = LineChart(series: [], x: axis, y: y).svg(title: "t")
      let texts = svg.split(separator: "\n").filter { $0.hasPrefix("<text") }
      return texts.compactMap { line -> Double? in
        let content = line.dropLast("</text>".count).split(separator: ">").last ?? ""
        return Double(content)
      }
    }
    #expect(labels(Axis("", from: 0, to: 30)) == [0, 5, 10, 15, 20, 25, 30])
    #expect(labels(Axis("", from: 0.5, to: 6.5)) == [1, 2, 3, 4, 5, 6])
    #expect(labels(Axis("", from: 0, to: 12)) == [0, 2, 4, 6, 8, 10, 12])
    let decades = LineChart(
      series: [Series(name: "l", x: [10, 100, 1000], y: [0, 0, 0])],
      x: Axis("x", from: 10, to: 1000, isLogarithmic: true), y: Axis("y", from: 0, to: 1))
    #expect(decades.svg(title: "t").contains("points=\"76,334 346,334 616,334\""))
  }

  /// (1 / 4)^0.6 is 0.4353: 111 of 255 on the way from cyan to magenta.
  @Test func boxedMatricesHaveTheColoursOfThePaper() {
    let chart = MatrixChart(
      rows: ["a", "b"], columns: ["a", "b"], counts: [[1, 2], [0, 4]], rowTitle: "true",
      columnTitle: "predicted", style: .boxed)
    #expect(chart.svg(title: "t").contains("fill=\"#6f90ff\""))
  }

  @Test func histogramsOfPicturesStandInTheirBins() throws {
    let png = try encodePNG(Image(height: 1, width: 1, channels: 1, samples: .uint8([7])))
    let chart = PictureChart(label: "p", png: png, histogram: [0.25, 0.75])
    // Bins of 150 pixels from 20 on; the greatest share reaches 0.9 of 300.
    #expect(chart.svg(title: "t").contains("points=\"95,250 245,70\""))
  }

  @Test func rowsOfPanelsAreAsHighAsTheirHighest() {
    let matrix = MatrixChart(
      rows: ["a"], columns: ["a"], counts: [[1]], rowTitle: "true", columnTitle: "predicted")
    let panel = PanelChart(
      [Panel("a", matrix), Panel("b", scatter), Panel("c", matrix)], columns: 2)
    #expect(panel.svg(title: "three").contains("<svg x=\"0\" y=\"560\""))
  }
}
