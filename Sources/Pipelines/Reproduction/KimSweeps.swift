// Kim et al.: figures 10 and 11, table 2.
//
// Implements: the sections "Evaluation" and "Hyperparameter optimization".
// Deviations: the grids of figures 10 and 11 are not printed (KI-A11). The report holds no seconds,
//   so that its bytes are the same for every run. Checked by: KimTests, SegmentationSweepTests.

import Metallography
import Reporting

extension KimStudy {
  /// Table 2 as printed.
  static let table2 = [
    "3 (0), 4 (0.10), 2 (0.13), 6 (0.30), 5 (0.31)",
    "3 (0), 4 (0.08), 2 (0.11), 6 (0.24), 5 (0.25)",
    "4 (0), 3 (0.02), 9 (0.10), 8 (0.11), 6 (0.21)",
  ]

  private func sweep(
    _ axes: [(axis: SweepAxis, values: [Double])], _ picture: StudyPicture
  ) -> SegmentationSweep {
    var sweep = SegmentationSweep(axes, method: method)
    sweep.base = request(picture, classes: classCount(picture))
    sweep.seeds = preset.trainingSeeds
    sweep.criteria = settings.criteria
    return sweep
  }

  /// Figure 10 and table 2.
  var classPart: PaperPart {
    let picture = picture(1)
    let sweep = sweep([(.classes, preset.classGrid)], picture)
    return PaperPart(
      "fig10", "Figure 10, table 2: criteria over the number of classes",
      units: sweep.units(picture)
    ) {
      let result = try sweep.results(picture, store)
      var content = PartContent()
      content.add(
        Figure(
          name: "fig10", title: "F, F\u{2032} and Q over the number of classes",
          caption: "\(picture.name); means of \(sweep.seeds) runs (the paper: 10), with standard "
            + "deviations.", chart: result.curves))
      content.add("table2", result.rankTable())
      content.add("fig10-runs", result.table)
      content.comparisons = (0..<3).map { k in
        let ranking = result.ranking(k)
        return Comparison(
          "KI20", "ranks of \(SweepResult.criteria[k])", printed: Self.table2[k],
          computed: ranking.order.prefix(5).map {
            "\(short(sweep.points[$0][0])) (\(fixed(ranking.normalised[$0], 2)))"
          }.joined(separator: ", "))
      }
      let best = sweep.points[result.ranking(0).order[0]][0]
      content.comparisons.append(
        Comparison(
          "KI23", "classes at the lowest F", printed: "3, as many as phases",
          computed: "\(short(best)); the picture has "
            + (picture.truth.map { "\($0.classes.count) phases" } ?? "unknown phases")))
      return content
    }
  }

  /// Figure 11, and the paper's timing.
  var sweepParts: [PaperPart] {
    let picture = picture(1)
    let counts = preset.superpixelAreas.map { Double(superpixels(picture, area: $0)) }
    let sweep = sweep(
      [(.compactness, preset.compactnessGrid), (.superpixels, counts.sorted())], picture)
    return [
      PaperPart(
        "fig11", "Figure 11: F over compactness and superpixels", units: sweep.units(picture)
      ) {
        let result = try sweep.results(picture, store)
        var content = PartContent()
        content.add(
          Figure(
            name: "fig11", title: "F over compactness and number of superpixels",
            caption:
              "\(picture.name), \(sweep.base.classes) classes; means of \(sweep.seeds) runs a "
              + "cell (the paper: 10); white lines: contours between the middles of cells.",
            chart: result.map()))
        content.add("fig11-runs", result.table)
        let ranking = result.ranking(0)
        let best = sweep.points[ranking.order[0]]
        content.comparisons = [
          Comparison(
            "KI21", "lowest F", printed: "at medium values of both",
            computed: "compactness \(short(best[0])) of "
              + "\(preset.compactnessGrid.map(short).joined(separator: ", ")); superpixels "
              + "\(short(best[1])) of \(counts.sorted().map(short).joined(separator: ", "))"),
          Comparison(
            "KI22", "seconds for 1000 x 1000", printed: "about 30 (V100); F below 1",
            computed: "not in the report",
            remark: "nital segment prints seconds; this report has the same bytes in every run"),
        ]
        return content
      }
    ]
  }

  // MARK: - What the paper leaves open

  /// The points that the paper leaves open.
  static let decisions = [
    PaperDecision(
      "KI-A1", "authors' code on request only",
      "rebuilt from the paper and from Kanezaki's published program, on which it rests"),
    PaperDecision(
      "KI-A2", "most steps of training not stated",
      "set by the preset: 12, 60 or 500; Kanezaki's program: 1,000"),
    PaperDecision(
      "KI-A3", "stop below, or at, the number of classes",
      "the number of classes is given in every figure; nital segment --stop takes both readings"),
    PaperDecision(
      "KI-A4", "which labels are final",
      "with a given number of classes those of the last step, before its update; nital segment "
        + "--final-labels takes both readings"),
    PaperDecision(
      "KI-A5", "channels", "blue and red change places before SLIC, as in Kanezaki's program"),
    PaperDecision(
      "KI-A6", "version of SLIC", "scikit-image 0.18's rules; 0.19 stretches the picture first"),
    PaperDecision(
      "KI-A7", "colours are drawn at random in each run",
      "fixed, in the order of area, or of the phases that labels match"),
    PaperDecision(
      "KI-A8", "\"average colour error\", base of the logarithm, region",
      "Borsotti's definitions: sum over a connected region (4 neighbours), natural logarithm, RGB on "
        + "0 to 255; nital lab criteria --every prints all readings"),
    PaperDecision(
      "KI-A9", "50,000 superpixels on 360 x 360 would be 2.6 pixels each",
      "presets smoke and small: 55 pixels each, as on 1920 x 1440; paper: 50,000, but at least 4 "
        + "pixels each"),
    PaperDecision(
      "KI-A10", "how 10 and 20 classes were reached",
      "training ends at the first step with that many labels or fewer; while more are left, the "
        + "smallest class joins its longest neighbour (nital segment --classes)"),
    PaperDecision(
      "KI-A11", "grids of figures 4, 10 and 11", "chosen here, printed beside each figure"),
    PaperDecision(
      "KI-A12", "successor without superpixels (Kim, Kanezaki, Tanaka 2020)",
      "nital segment --method tip; not part of this paper's figures"),
  ]

  var decisionPart: PaperPart {
    PaperPart("decisions", "What the paper leaves open") {
      var content = PartContent()
      content.add(
        "decisions",
        ReportTable(
          caption: "What the paper leaves open, and how it was read here.",
          header: ["row", "open", "read as"],
          rows: Self.decisions.map { [$0.row, $0.point, $0.choice] }))
      content.comparisons = Self.decisions.map {
        Comparison($0.row, $0.point, computed: $0.choice)
      }
      return content
    }
  }
}
