import Reporting
import Testing

@Suite struct ReportTests {
  private let hostile = "</script><img src=x onerror=alert(1)>&\"'\u{202e}"

  private func report() -> Report {
    let points = (0..<3).map {
      ScatterPoint(x: Double($0), y: 1, group: $0, image: $0, label: hostile)
    }
    let map = ScatterChart(
      points: points, groups: [hostile, "b", "c"].enumerated().map { ScatterGroup($1, index: $0) },
      x: Axis(hostile, from: 0, to: 2),
      y: Axis("y", from: 0, to: 2))
    let images = (0..<3).map { _ in
      ReportImage(name: hostile, png: [1, 2, 3], details: [hostile], link: hostile)
    }
    return Report(
      title: hostile, summary: hostile,
      sections: [
        ReportSection(
          hostile,
          [
            .text(hostile), .hint(hostile), .warning(hostile),
            .figure(Figure(name: "map", title: hostile, caption: hostile, chart: map)),
            .table(ReportTable(caption: hostile, header: [hostile], rows: [[hostile]])),
            .gallery(title: hostile, items: [(0, hostile), (7, "a number that is not there")]),
            .facts([(hostile, hostile)]),
          ])
      ], images: images)
  }

  @Test func textFromFilesCannotBecomeMarkup() {
    let html = report().html
    #expect(!html.contains("<img src=x"))
    #expect(html.components(of: "</script>") == 1)
  }

  @Test func fetchesNothingFromOutside() {
    let html = report().html
    for pattern in ["src=\"http", "href=\"http", "url(", "@import", "src=\"//"] {
      #expect(!html.contains(pattern), "\(pattern)")
    }
  }

  /// What only a screen can do is not printed, and headings stay with what they head.
  @Test func paperHasNoControls() throws {
    let html = Report(
      title: "t", summary: "s", sections: [ReportSection("h", [.hint("Click & see.")])]
    ).html
    #expect(html.contains("<p class=\"onscreen\">Click &amp; see.</p>"))
    let print = try #require(html.firstRange(of: "@media print {")?.upperBound)
    let rules = html[print...].prefix { $0 != "*" }
    for rule in [
      "nav, .files, #tip, dialog, .onscreen { display: none; }",
      "h2 + p, caption { break-after: avoid; }",
      "figure, .gallery, dl, tr, p { break-inside: avoid; }",
    ] { #expect(rules.contains(rule), "\(rule)") }
  }

  @Test func everyPointNamesItsImage() {
    let html = report().html
    for index in 0..<3 { #expect(html.contains("data-image=\"\(index)\"")) }
    #expect(!html.contains("data-image=\"7\""))
  }
}

extension String {
  fileprivate func components(of pattern: String) -> Int {
    var count = 0
    var rest = Substring(self)
    while let range = rest.firstRange(of: pattern) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
