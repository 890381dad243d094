// Kitahara & Holm: three pipelines from features to clusters (figures 1, 3-5, 7, table 1).
//
// Implements: features/PCA/t-SNE/k-means, features/PCA/k-means, features/k-means.
// Deviations: the number of clusters is that of the classes; small sets have fewer components than 50.
//   The paper states neither the repeats behind its "+-" nor the grid of figure 3 (KH-A9): the preset
//   chooses, and captions say so. k-means takes the best of 10 starts of k-means++ (scikit-learn's
//   default then); the published code's single start at drawn samples (KH-A4) stands beside it.
// Checked by: ReproductionTests. Cost: one map a repeat and number of components.

import Estimators
import Reporting
import Tensors

/// The parts of the paper in its order, then what its code adds.
func kitaharaParts(_ study: PaperStudy) throws -> [PaperPart] {
  let pipelines = try Pipelines(study)
  return try [
    chainPart(study, study.kitaharaChain(pipelines.components)), warningPart(),
    samplePart(study, row: "KH2", each: 1), fracturePart(study),
    pipelines.screePart, pipelines.mapPart, pipelines.correctnessPart, pipelines.tablePart,
  ] + pipelines.laterParts + [decisionPart(kitaharaDecisions)]
}

/// The three pipelines of the paper.
struct Pipelines {
  /// Starts of k-means++ whose lowest inertia wins.
  static let starts = 10
  let study: PaperStudy
  let representation: Representation
  let components: Int
  let clusters: Int

  init(_ study: PaperStudy) throws {
    self.study = study
    representation = try study.representation()
    components = try study.standardComponents(representation)
    clusters = study.images.classNames.count
  }

  /// The map that figures show.
  var map: MapSettings {
    get throws {
      try study.mapSettings(
        representation, components: components, starts: study.preset.mapStarts,
        isRandom: study.preset.mapStarts > 1)
    }
  }

  /// Where pipeline 0, 1 or 2 looks for clusters.
  func space(_ pipeline: Int, components: Int, map: MapSettings) -> GroupingSpace {
    switch pipeline {
    case 0: .map(map)
    case 1: .components(components, whitened: false)
    default: .features
    }
  }

  func job(_ space: GroupingSpace, seed: UInt64? = nil) -> ClusterJob {
    ClusterJob(
      space: space, clusters: clusters, starts: Self.starts, seed: seed ?? study.settings.seed)
  }

  func publishedJob(_ space: GroupingSpace, seed: UInt64) -> ClusterJob {
    ClusterJob(space: space, clusters: clusters, starts: 1, seed: seed, seeding: .drawn)
  }

  /// Work on a map needs the components and the map first.
  func units(_ jobs: [ClusterJob]) -> [WorkUnit] {
    [representation.spectrumUnit]
      + jobs.flatMap { job -> [WorkUnit] in
        guard case .map(let settings) = job.space else { return [representation.unit(job)] }
        return [representation.unit(settings), representation.unit(job)]
      }
  }

  /// Printed accuracies and deviations of the three pipelines in percent: of NEU for six classes, of
  /// In-718 for two.
  var printed: [(Double, Double)] {
    clusters == 2 ? KitaharaPrinted.fracture : KitaharaPrinted.steel
  }

  var printedData: String { clusters == 2 ? "In-718" : "NEU" }
}

/// What a user of such maps must know.
private func warningPart() -> PaperPart {
  PaperPart("warnings", "What t-SNE maps do not show") {
    var content = PartContent()
    content.blocks = [.warning(mapWarning)]
    content.comparisons = [
      Comparison(
        "KH11", "warnings", printed: "distances, no inverse, new map, ex situ",
        computed: "stated above")
    ]
    return content
  }
}

/// What needs the In-718 fracture surfaces.
private func fracturePart(_ study: PaperStudy) -> PaperPart {
  let isFracture = study.images.classNames.count == 2
  return PaperPart("fig2", "Figure 2 and the In-718 data") {
    let reason =
      "the fracture surfaces are not public; run this command on six such micrographs of two classes, "
      + "cut into patches, for the In-718 column"
    var content = PartContent()
    if !isFracture { content.blocks = [.warning("Not applicable: \(reason).")] }
    content.comparisons = ["KH3", "KH4", "KH21"].map {
      Comparison(
        $0,
        ["KH3": "patches of 224 x 224", "KH4": "impact energies", "KH21": "people; VLAD"][$0] ?? "",
        printed: ["KH3": "336", "KH4": "drawn", "KH21": "about 50 %; random"][$0] ?? "",
        computed: isFracture && $0 == "KH3" ? "\(study.images.count)" : "not applicable",
        remark: $0 == "KH3" ? reason : "measurements, nothing to compute")
    }
    return content
  }
}

extension Pipelines {
  /// Numbers of components of figure 3, which the paper does not state.
  private var grid: [Int] {
    get throws {
      let limit = try representation.componentLimit
      let full = study.preset == .smoke ? [2, components] : [2, 5, 10, 20, 50, 100, 200, 500]
      return Array(Set(full.filter { $0 < limit } + [components, limit])).sorted()
    }
  }

  /// Figure 3: variance and accuracy over the number of components.
  var screePart: PaperPart {
    get throws {
      let grid = try grid
      let maps = try grid.map { try study.mapSettings(representation, components: $0) }
      let jobs = (0..<3).map { pipeline in
        zip(grid, maps).map { job(space(pipeline, components: $0, map: $1)) }
      }
      return PaperPart("fig3", "Figure 3: components", units: units(Array(jobs.joined()))) {
        let accuracies = try jobs.map { try $0.map { try representation.accuracy($0) } }
        let cumulative = try representation.spectrum().cumulative
        var content = PartContent()
        content.add(screeFigure(grid, accuracies, cumulative))
        let kept = percent(cumulative[components - 1])
        content.comparisons = [
          Comparison(
            "KH8", "variance of \(components) components", printed: "about 60 % (50)",
            computed: kept,
            remark: "KH-A10: Cohn & Holm find 73.3 % for NEU with equalisation; the difference is "
              + "preprocessing"),
          Comparison(
            "KH9", "greatest number of components", printed: "min(N, D)",
            computed: "\(cumulative.count)"),
        ]
        return content
      }
    }
  }

  private func screeFigure(
    _ grid: [Int], _ accuracies: [[Double]], _ cumulative: [Double]
  ) -> Figure {
    let x = grid.map(Double.init)
    let curve = Series(
      name: "cumulative variance", x: cumulative.indices.map { Double($0 + 1) }, y: cumulative,
      isDashed: true, colour: 6)
    return Figure(
      name: "fig3", title: "Variance and accuracy over the number of components",
      caption: "\(study.sample); \(representation.name), k = \(clusters), best of \(Self.starts) "
        + "starts, one map a number of components. The paper does not state its grid.",
      chart: LineChart(
        series: zip(KitaharaPrinted.pipelines, accuracies).map {
          Series(name: $0, x: x, y: $1)
        } + [curve],
        x: Axis(
          "number of components", from: 1, to: Double(max(2, cumulative.count)),
          isLogarithmic: true), y: Axis("accuracy; share of the variance", from: 0, to: 1),
        showsPoints: false))
  }

  /// Figure 4: the map, with and without classes.
  var mapPart: PaperPart {
    get throws {
      let settings = try map
      let units = [representation.spectrumUnit, representation.unit(settings)]
      return PaperPart("fig4", "Figure 4: t-SNE map", units: units) {
        let found = try representation.map(settings)
        let truth = study.images.truth
        let plain = [ScatterGroup("image", colour: Palette.colour(6), mark: .circle)]
        var content = PartContent()
        content.add(
          Figure(
            name: "fig4", title: "t-SNE map by class",
            caption: mapCaption(found, settings),
            chart: study.scatter(found.places, groups: truth, study.classGroups)))
        content.add(
          Figure(
            name: "fig4-plain", title: "The same map without classes",
            caption: mapCaption(found, settings),
            chart: study.scatter(found.places, groups: truth.map { _ in 0 }, plain)))
        content.comparisons = try scratchComparison(found.places)
        return content
      }
    }
  }

  func mapCaption(_ map: MapOutcome, _ settings: MapSettings) -> String {
    let kept = settings.starts > 1 ? ", the best of \(settings.starts) maps" : ""
    return "\(study.sample); \(settings.components) unwhitened components, perplexity "
      + "\(significant(settings.perplexity)), \(settings.iterations) steps\(kept), divergence "
      + "\(fixed(map.divergence, 3)) nats."
  }

  /// Whether the scratches fall into two groups on the map.
  private func scratchComparison(_ places: Tensor<Double>) throws -> [Comparison] {
    guard let index = study.images.shortNames.firstIndex(of: "Sc") else {
      return [
        Comparison(
          "KH12", "groups of scratches", printed: "2", computed: "not applicable",
          remark: "no class of scratches")
      ]
    }
    let members = study.images.members(of: index)
    guard members.count >= 4 else { return [] }
    let points = places.rows(members)
    let halves = try KMeans(
      points, clusters: 2, options: KMeansOptions(starts: 20), seed: study.settings.seed)
    var generator = SeededGenerator(seed: study.settings.seed)
    let value = try meanSilhouette(points, labels: halves.labels, using: &generator) ?? 0
    let sizes = (0..<2).map { half in "\(halves.labels.count { $0 == half })" }
    return [
      Comparison(
        "KH12", "groups of scratches on the map", printed: "2 (vertical, horizontal)",
        computed: "\(sizes.joined(separator: " and ")) images, mean silhouette \(fixed(value, 2))")
    ]
  }

  /// Figure 5: right and wrong.
  var correctnessPart: PaperPart {
    get throws {
      let settings = try map
      let job = job(.map(settings))
      return PaperPart("fig5", "Figure 5: right and wrong", units: units([job])) {
        let labels = try representation.clusters(job).labels
        let classes = ClusterMapping(
          labels: labels, truth: study.images.truth, clusters: clusters
        ).classes
        let count = study.images.classNames.count
        let right = zip(labels, study.images.truth).map { classes[$0] == $1 }
        let groups = zip(study.images.truth, right).map { $1 ? $0 : $0 + count }
        let looks =
          study.classGroups
          + study.classGroups.map {
            ScatterGroup("\($0.name), wrong", colour: $0.colour, mark: .cross)
          }
        let accuracy = Double(right.count { $0 }) / Double(right.count)
        var content = PartContent()
        content.add(
          Figure(
            name: "fig5", title: "Right (circles) and wrong (crosses)",
            caption: "Colour: true class. \(clusters) clusters of the map, named by majority "
              + "(KH-A5). Accuracy \(study.withInterval(accuracy)).",
            chart: study.scatter(
              try representation.map(settings).places, groups: groups, looks)))
        content.comparisons = [
          Comparison(
            "KH15", "accuracy of the drawn map", printed: "98.1 %",
            computed: percent(accuracy, 1),
            remark: "printed: the run in the authors' repository (KH-A6)")
        ]
        return content
      }
    }
  }
}

extension Pipelines {
  /// The jobs of table 1: by pipeline and repeat, ours and as published.
  private var tableJobs: [[(best: ClusterJob, published: ClusterJob)]] {
    get throws {
      let seeds = (0..<study.preset.repeats).map { study.settings.seed + UInt64($0) }
      return try (0..<3).map { pipeline in
        try seeds.map { seed in
          let map = try study.mapSettings(
            representation, components: components, starts: study.preset.mapStarts, isRandom: true,
            seed: seed)
          let space = space(pipeline, components: components, map: map)
          return (job(space, seed: seed), publishedJob(space, seed: seed))
        }
      }
    }
  }

  /// Table 1: accuracy of the pipelines.
  var tablePart: PaperPart {
    get throws {
      let jobs = try tableJobs
      let all = jobs.joined().flatMap { [$0.best, $0.published] }
      return PaperPart("table1", "Table 1: accuracy of the pipelines", units: units(all)) {
        let best = try jobs.map { try $0.map { try representation.accuracy($0.best) } }
        let published = try jobs.map { try $0.map { try representation.accuracy($0.published) } }
        let (ours, theirs) = (best.map(meanAndDeviation), published.map(meanAndDeviation))
        var content = PartContent()
        content.add("table1", table(ours, theirs))
        content.add(barFigure(ours, theirs))
        content.comparisons = (0..<3).map { i in
          Comparison(
            clusters == 2 ? "KH18" : "KH17", KitaharaPrinted.pipelines[i],
            printed: "\(fixed(printed[i].0, 1)) \u{B1} \(fixed(printed[i].1, 1)) %",
            computed: "\(spread(ours[i])) %",
            remark: "single start at drawn samples, as published: \(spread(theirs[i])) %")
        }
        return content
      }
    }
  }

  private func spread(_ value: (mean: Double, deviation: Double)) -> String {
    "\(fixed(value.mean * 100, 1)) \u{B1} \(fixed(value.deviation * 100, 1))"
  }

  private func table(
    _ ours: [(mean: Double, deviation: Double)], _ theirs: [(mean: Double, deviation: Double)]
  ) -> ReportTable {
    let rows = (0..<3).map { i in
      [
        KitaharaPrinted.pipelines[i], "\(fixed(printed[i].0, 1)) \u{B1} \(fixed(printed[i].1, 1))",
        spread(ours[i]), spread(theirs[i]),
      ]
    }
    let others = clusters == 2 ? [] : KitaharaPrinted.others.map { [$0.0, $0.1, "", ""] }
    return ReportTable(
      caption: "Accuracy in percent, mean \u{B1} deviation of \(study.preset.repeats) repeats (the "
        + "paper does not state its number); \(study.sample). Every repeat has its own map "
        + "(random start, best of \(study.preset.mapStarts)) and k-means: best of \(Self.starts) "
        + "starts of k-means++, and as published one start at drawn samples.",
      header: ["pipeline", "printed (\(printedData))", "computed", "computed, as published"],
      rows: rows + others)
  }

  private func barFigure(
    _ ours: [(mean: Double, deviation: Double)], _ theirs: [(mean: Double, deviation: Double)]
  ) -> Figure {
    Figure(
      name: "table1-bars", title: "Accuracy of the pipelines",
      caption: "Bars: means; lines: one deviation. \(study.preset.repeats) repeats.",
      chart: BarChart(
        groups: KitaharaPrinted.pipelines,
        series: [
          BarChart.Bars(
            name: "printed (\(printedData))", values: printed.map { $0.0 / 100 },
            deviations: printed.map { $0.1 / 100 }),
          BarChart.Bars(
            name: "computed", values: ours.map(\.mean), deviations: ours.map(\.deviation)),
          BarChart.Bars(
            name: "computed, one start", values: theirs.map(\.mean),
            deviations: theirs.map(\.deviation)),
        ], y: Axis("accuracy", from: 0, to: 1)))
  }
}
