// The report of a segmentation: pictures, classes, training and how each ambiguity was read.
//
// Deviations: none. Checked by: SegmentationTests, looked at in a browser.

import Metallography
import Reporting

extension SegmentationResult {
  /// The report of all images.
  public var report: Report {
    var images: [ReportImage] = []
    var sections = [
      ReportSection("Images", [.table(table)]),
      ReportSection("How the paper was read", settings.readings.map { .text($0) }),
    ]
    for row in rows {
      let first = images.count
      for (png, what) in zip(row.thumbnails, ["as read", "classes"]) {
        images.append(ReportImage(name: row.image.name + ", " + what, png: png, details: []))
      }
      sections.append(section(row, first))
    }
    let names = rows.count == 1 ? rows[0].image.name : "\(rows.count) images"
    return Report(
      title: "Segmentation without labels",
      summary: failures.isEmpty ? names : "\(names), \(failures.count) not used",
      sections: sections, images: images)
  }

  private func section(_ row: SegmentationRow, _ first: Int) -> ReportSection {
    var blocks: [ReportBlock] = row.image.remarks.map { .warning($0) }
    blocks += [
      .gallery(title: "Picture and classes", items: [(first, "as read"), (first + 1, "classes")]),
      .table(shownPhases(row)), .figure(chart(row, "loss")), .figure(chart(row, "labels")),
      .facts([
        ("F (Liu and Yang)", significant(row.criteria.F, 6)),
        ("F' (Borsotti et al.)", significant(row.criteria.FPrime, 6)),
        ("Q (Borsotti et al.)", significant(row.criteria.Q, 6)),
        ("Regions", "\(row.criteria.regions)"),
        ("Runs", "\(row.image.histories.count)"),
      ]),
    ]
    return ReportSection(row.image.name, blocks)
  }

  private func shownPhases(_ row: SegmentationRow) -> ReportTable {
    ReportTable(
      caption:
        "Classes by falling area; 95 % interval over \(row.phases.first?.fraction.fields.count ?? 0) fields",
      header: [
        "class", "colour", "area fraction", "95 % interval", "regions", "mean grey", "stability",
      ],
      rows: row.phases.map { p in
        [
          "\(p.number)", ClassColours.hexadecimal(p.number - 1), percent(p.share, 2),
          p.fraction.halfWidth.map { "+- " + percent($0, 2) } ?? "one field", "\(p.regions)",
          fixed(p.meanGrey, 3), fixed(p.stability, 3),
        ]
      })
  }

  private func chart(_ row: SegmentationRow, _ what: String) -> Figure {
    let series = row.image.histories.enumerated().map { run, history in
      Series(
        name: "run \(run + 1)", x: history.losses.indices.map { Double($0 + 1) },
        y: what == "loss" ? history.losses.map { Double($0) } : history.counts.map { Double($0) })
    }
    let title = what == "loss" ? "Loss of each iteration" : "Labels of each iteration"
    return Figure(
      name: row.image.name.replacing("/", with: "~") + "-" + what, title: title,
      caption:
        "\(row.image.name): \(row.image.histories.first?.losses.count ?? 0) iterations of the "
        + "first run. "
        + (what == "loss" ? "Cross-entropy with the refined labels." : "Before refinement."),
      chart: LineChart(
        series: series, x: Axis("iteration", covering: series.flatMap(\.x)),
        y: Axis(what, covering: series.flatMap(\.y))))
  }
}
