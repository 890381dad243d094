// Cohn & Holm: number of components, whitening, starts, number of clusters (sections 3.3.3, 3.3.4).
//
// Implements: figures 12 and 13; from the authors' repository the sweep of 6 ... 25 clusters and the
//   unwhitened run.
// Deviations: grids end at the number of components that the images have.
// Checked by: ReproductionTests. Cost: the 1,800 components of figure 12 take the most of it.

import Estimators
import Reporting
import Tensors

/// Figures 12 and 13, the sweep of the number of clusters, and what the repository adds.
func sensitivityParts(_ study: PaperStudy) throws -> [PaperPart] {
  let analysis = Sensitivity(study, try CohnStandard(study))
  return try [analysis.componentPart, analysis.startPart, analysis.clusterPart, analysis.extraPart]
}

private struct Sensitivity {
  let study: PaperStudy
  let standard: CohnStandard
  var representation: Representation { standard.representation }

  init(_ study: PaperStudy, _ standard: CohnStandard) {
    (self.study, self.standard) = (study, standard)
  }

  /// The paper's grid as far as there are components, and the greatest number.
  private var grid: [Int] {
    get throws {
      let limit = try representation.componentLimit
      let grid = CohnPrinted.componentGrid.filter { $0 <= limit }
      return grid.last == limit ? grid : grid + [limit]
    }
  }

  private func job(_ components: Int, whitened: Bool, clusters: Int? = nil) -> ClusterJob {
    ClusterJob(
      space: .components(components, whitened: whitened), clusters: clusters ?? standard.clusters,
      starts: study.preset.sweepStarts, seed: study.settings.seed)
  }

  var componentPart: PaperPart {
    get throws {
      let grid = try grid
      let jobs = [false, true].map { whitened in grid.map { job($0, whitened: whitened) } }
      let units = [representation.spectrumUnit] + jobs.joined().map(representation.unit)
      return PaperPart("fig12", "Figure 12: number of components", units: units) {
        let accuracies = try jobs.map { try $0.map { try representation.accuracy($0) } }
        let cumulative = try representation.spectrum().cumulative
        var content = PartContent()
        content.add(componentFigure(grid, accuracies))
        content.add("fig12-components", componentTable(grid, accuracies, cumulative))
        content.comparisons = componentComparisons(grid, accuracies, cumulative)
        return content
      }
    }
  }

  private func componentFigure(_ grid: [Int], _ accuracies: [[Double]]) -> Figure {
    let x = grid.map(Double.init)
    let printed = CohnPrinted.componentGrid.map(Double.init)
    return Figure(
      name: "fig12", title: "Accuracy and number of components",
      caption: "\(study.sample); k = \(standard.clusters), \(study.preset.sweepStarts) starts. "
        + "Dashed: the published results for VGG16's fc1 on NEU.",
      chart: LineChart(
        series: [
          Series(name: "unwhitened", x: x, y: accuracies[0]),
          Series(name: "whitened", x: x, y: accuracies[1]),
          Series(
            name: "unwhitened, published", x: printed, y: CohnPrinted.plainComponents,
            isDashed: true, colour: 0),
          Series(
            name: "whitened, published", x: printed, y: CohnPrinted.whitenedComponents,
            isDashed: true, colour: 1),
        ],
        x: Axis(
          "number of components", from: 1, to: max(2, (x + printed).max() ?? 2),
          isLogarithmic: true),
        y: Axis("accuracy", from: 0, to: 1), showsPoints: true))
  }

  private func componentTable(
    _ grid: [Int], _ accuracies: [[Double]], _ cumulative: [Double]
  ) -> ReportTable {
    let rows = grid.enumerated().map { i, count -> [String] in
      let known = CohnPrinted.componentGrid.firstIndex(of: count)
      func printed(_ list: [Double]) -> String { known.map { fixed(list[$0], 3) } ?? "" }
      return [
        "\(count)", printed(CohnPrinted.variance), fixed(cumulative[count - 1], 3),
        printed(CohnPrinted.plainComponents), fixed(accuracies[0][i], 3),
        printed(CohnPrinted.whitenedComponents), fixed(accuracies[1][i], 3),
      ]
    }
    return ReportTable(
      caption: "Variance and accuracy of the first components; printed: published results.",
      header: [
        "components", "variance printed", "variance computed", "unwhitened printed",
        "unwhitened computed", "whitened printed", "whitened computed",
      ], rows: rows)
  }

  private func componentComparisons(
    _ grid: [Int], _ accuracies: [[Double]], _ cumulative: [Double]
  ) -> [Comparison] {
    let best = grid.indices.max { accuracies[1][$0] < accuracies[1][$1] } ?? 0
    return [
      Comparison(
        "CH28", "best accuracy, whitened, and its number of components",
        printed: "99.6 % at 50", computed: "\(percent(accuracies[1][best])) at \(grid[best])"),
      Comparison(
        "CH28", "accuracy of one component", printed: "46 %",
        computed: percent(accuracies[1][0])),
      Comparison(
        "CH28", "plateau, unwhitened, all components", printed: "96 %",
        computed: percent(accuracies[0].last ?? 0)),
      Comparison(
        "CH28", "whitened, all components", printed: "17 to 19 %",
        computed: "\(percent(accuracies[1].last ?? 0)) at \(grid.last ?? 0)",
        remark: "components of noise alone drown the rest"),
      Comparison(
        "CH29", "variance of \(standard.components) components", printed: "0.733 at 50",
        computed: fixed(cumulative[standard.components - 1], 3)),
    ]
  }

  private func startUnits(whitened: Bool) -> [WorkUnit] {
    representation.singleStartUnits(
      .components(standard.components, whitened: whitened), clusters: standard.clusters,
      count: study.preset.singleStarts, seed: study.settings.seed)
  }

  var startPart: PaperPart {
    let units = [false, true].map(startUnits)
    return PaperPart(
      "fig13", "Figure 13: single starts of k-means",
      units: [representation.spectrumUnit] + units.joined()
    ) {
      let trials = try units.map { list in
        singleStarts(try list.flatMap { try study.store.values($0) })
      }
      var content = PartContent()
      let panels = zip([("unwhitened", "a", "b"), ("whitened", "c", "d")], trials).flatMap {
        [
          Panel("\($0.1): \($0.0)", StartSummary($1).scatter),
          Panel("\($0.2): \($0.0)", StartSummary($1).histogram),
        ]
      }
      content.add(
        Figure(
          name: "fig13", title: "Accuracy of single starts",
          caption:
            "\(study.preset.singleStarts) starts of k-means++ each, k = \(standard.clusters), "
            + "\(standard.components) components, \(study.sample). Inertia is relative to the "
            + "greatest; 20 bins.", chart: PanelChart(panels, columns: 2)))
      content.comparisons =
        StartSummary(trials[0]).comparisons(.plain) + StartSummary(trials[1]).comparisons(.whitened)
      return content
    }
  }

  var clusterPart: PaperPart {
    let most = max(7, min(25, study.images.count / 3))
    let counts = Array(min(6, study.images.classNames.count)...most)
    let jobs = counts.map { job(standard.components, whitened: true, clusters: $0) }
    return PaperPart(
      "ksweep", "Repository: number of clusters", units: jobs.map(representation.unit)
    ) {
      let accuracies = try jobs.map { try representation.accuracy($0) }
      let best = accuracies.indices.max { (accuracies[$0], -$0) < (accuracies[$1], -$1) } ?? 0
      var content = PartContent()
      content.add(
        Figure(
          name: "ksweep", title: "Accuracy and number of clusters",
          caption: "\(study.sample); \(standard.components) whitened components, "
            + "\(study.preset.sweepStarts) starts. Dashed: the published results.",
          chart: sweepChart(counts, accuracies, printed: CohnPrinted.clusterSweep, from: 6)))
      content.comparisons = [
        Comparison(
          "CH32", "best number of clusters; its accuracy", printed: "7; 0.996",
          computed: "\(counts[best]); \(fixed(accuracies[best], 3))",
          remark: "printed: from the published results, not the paper")
      ]
      return content
    }
  }

  var extraPart: PaperPart {
    get throws {
      var plain = standard.job
      plain.space = .components(standard.components, whitened: false)
      let map = try study.mapSettings(representation, components: standard.components)
      let units = [plain, standard.job].map(representation.unit) + [representation.unit(map)]
      return PaperPart("extras", "Repository: what the paper does not print", units: units) {
        var content = PartContent()
        var generator = SeededGenerator(seed: study.settings.seed)
        let labels = try representation.clusters(standard.job).labels
        let silhouette = try meanSilhouette(
          representation.points(standard.job.space), labels: labels, sample: 2000,
          using: &generator)
        try study.addMontage("montage", representation.map(map).places, to: &content)
        content.comparisons = [
          Comparison(
            "CH33", "unwhitened, k = \(plain.clusters), \(plain.starts) starts",
            printed: "96.1 %", computed: percent(try representation.accuracy(plain))),
          Comparison(
            "CH33", "mean silhouette of the standard clusters",
            computed: silhouette.map { fixed($0, 3) } ?? "undefined",
            remark: "the published code imports it and prints nothing"),
        ]
        return content
      }
    }
  }
}

/// Single starts with their figures.
package struct StartSummary {
  package enum Kind { case plain, whitened }

  let starts: [SingleStart]

  package init(_ starts: [SingleStart]) { self.starts = starts }

  /// Inertia over the greatest one.
  package var relative: [Double] {
    let greatest = max(starts.map(\.inertia).max() ?? 1, .leastNormalMagnitude)
    return starts.map { $0.inertia / greatest }
  }

  var scatter: ScatterChart {
    let relative = relative
    var chart = ScatterChart(
      points: starts.indices.map { i in
        ScatterPoint(
          x: relative[i], y: starts[i].accuracy, group: 0, image: -1, label: "start \(i)")
      }, groups: [ScatterGroup("one start", index: 0)],
      x: Axis("relative inertia", covering: relative),
      y: Axis("accuracy", covering: starts.map(\.accuracy)))
    chart.pointSize = starts.count > 1000 ? 1.8 : 2.6
    return chart
  }

  package var histogram: Histogram {
    let values = starts.map(\.accuracy)
    return Histogram(
      values: values, binCount: 20,
      x: Axis("accuracy", from: values.min() ?? 0, to: values.max() ?? 1))
  }

  /// The accuracy of the start of lowest inertia; the earlier of equals.
  package var chosen: Double {
    starts.indices.min { (starts[$0].inertia, $0) < (starts[$1].inertia, $1) }
      .map { starts[$0].accuracy } ?? 0
  }

  package func comparisons(_ kind: Kind) -> [Comparison] {
    let plain = kind == .plain
    let accuracies = starts.map(\.accuracy)
    let row = plain ? "CH30" : "CH31"
    let space = plain ? "unwhitened" : "whitened"
    func share(above limit: Double) -> String {
      percent(Double(accuracies.count { $0 > limit }) / Double(max(1, accuracies.count)))
    }
    let counts = histogram.counts
    let tallest = counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? 0
    let (low, high) = (accuracies.min() ?? 0, accuracies.max() ?? 1)
    let mode = low + (high - low) * (Double(tallest) + 0.5) / 20
    return [
      Comparison(
        row, "\(space): range of accuracy", printed: plain ? "0.61 to 0.96" : "0.36 to 0.96",
        computed: "\(fixed(low, 2)) to \(fixed(high, 3))",
        remark: plain ? "" : "misprint (CH-A4): the published results reach 0.9956"),
      Comparison(
        row, "\(space): spread of inertia", printed: plain ? "15 %" : "about 3 %",
        computed: percent(1 - (relative.min() ?? 1))),
      Comparison(
        row, "\(space): accuracy at the lowest inertia", printed: plain ? "0.961" : "0.996",
        computed: fixed(chosen, 3)),
      Comparison(
        row, "\(space): correlation of accuracy and inertia",
        printed: plain ? "-0.76" : "-0.79",
        computed: fixed(correlation(starts.map(\.inertia), accuracies), 2)),
      plain
        ? Comparison(row, "unwhitened: above 93 %", printed: "68 %", computed: share(above: 0.93))
        : Comparison(row, "whitened: above 99 %", printed: "0.7 %", computed: share(above: 0.99)),
      Comparison(
        row, "\(space): tallest bin", printed: plain ? "" : "near 0.85",
        computed: fixed(mode, 2)),
    ]
  }
}
