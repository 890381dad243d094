// The maps of a clustering run: components and t-SNE, coloured by cluster and by class.
//
// Implements: figures 4 and 5 of A. Kitahara, E. Holm, Integr. Mater. Manuf. Innov. 7 (2018) 148 (a
//   colour a class; circles right, crosses wrong; pictures by way of the points), and the warnings of
//   its section 3.3.
// Deviations: none. Checked by: ClusteringReportTests, a browser run.

import Estimators
import Reporting
import Tensors

extension ClusteringResult {
  /// What a reader of a t-SNE map must know.
  private static let warnings = [
    "Neighbours on this map are neighbours in the space of the components. The distance between two "
      + "groups, the size of a group and its density mean nothing.",
    "There is no way back from the map to components or pictures, and the method has no place for an "
      + "image that was not there when the map was made: new data need a new map.",
    "Read it after the measurement (ex situ), with the pictures at hand; it is no instrument for "
      + "decisions while a process runs.",
  ]

  /// The t-SNE map with its warnings, divergence and seeds.
  func embeddingSection(_ map: TSNE) -> ReportSection {
    let chosen = settings.embedding ?? EmbeddingSettings()
    let all = map.startDivergences.map { fixed($0, 4) }.joined(separator: ", ")
    let exact = map.divergenceIsExact ? "" : " (normaliser of the tree)"
    let steps = significant(map.options.step(for: extracted.records.count))
    let facts: [(name: String, value: String)] = [
      ("Kullback-Leibler divergence", "\(fixed(map.divergence, 4)) nats\(exact)"),
      ("maps made", "\(map.startDivergences.count); the lowest of \(all) is shown"),
      ("seed", "\(chosen.seed ?? settings.seed), map \(map.start + 1), start \(chosen.start)"),
      ("perplexity", significant(chosen.perplexity)), ("iterations", "\(chosen.iterations)"),
      ("learning rate", steps), ("theta", significant(chosen.theta)),
      (
        "made of",
        "\(model.pca.componentCount) components, "
          + (chosen.whiten ? "scaled to unit variance" : "in their own units")
      ),
    ]
    var blocks: [ReportBlock] = Self.warnings.map { .warning($0) }
    blocks.append(.facts(facts))
    let clusters = assignments.map(\.cluster)
    blocks.append(.figure(embedding(map, "tsne-cluster", clusters, clusterGroups, "cluster")))
    if !model.classNames.isEmpty {
      let (groups, looks) = classGroups
      blocks.append(.figure(embedding(map, "tsne-class", groups, looks, "true class")))
      let (marked, marks) = outcomeGroups
      blocks.append(
        .figure(
          embedding(
            map, "tsne-right-wrong", marked, marks,
            "true class; a circle is right, a cross is wrong")))
    }
    return ReportSection("t-SNE map", blocks)
  }

  private func embedding(
    _ map: TSNE, _ name: String, _ groups: [Int], _ looks: [ScatterGroup], _ by: String
  ) -> Figure {
    let points = groups.indices.map { i in
      ScatterPoint(
        x: map.embedding[i, 0], y: map.embedding[i, 1], group: groups[i], image: i,
        label: extracted.names[i])
    }
    let chart = ScatterChart(
      points: points, groups: looks,
      x: Axis("t-SNE 1", covering: points.map(\.x), showsNumbers: false),
      y: Axis("t-SNE 2", covering: points.map(\.y), showsNumbers: false))
    return Figure(
      name: name, title: "t-SNE map, coloured by \(by)",
      caption:
        "\(points.count) images, divergence \(fixed(map.divergence, 4)) nats. Distances between "
        + "groups mean nothing.", chart: chart)
  }

  /// The maps of the leading components.
  var mapSection: ReportSection {
    let clusters = assignments.map(\.cluster)
    var blocks: [ReportBlock] = [
      .hint("Hover over a point to see its image, click to open it."),
      .text(
        "Each point is an image. Components are "
          + (settings.whiten ? "scaled to unit variance." : "in their own units.")),
      .figure(components("map-1-2-cluster", (0, 1), clusters, clusterGroups, "cluster")),
    ]
    if model.pca.componentCount >= 4 {
      blocks.append(
        .figure(components("map-3-4-cluster", (2, 3), clusters, clusterGroups, "cluster")))
    }
    if !model.classNames.isEmpty {
      let (groups, looks) = classGroups
      blocks.append(.figure(components("map-1-2-class", (0, 1), groups, looks, "true class")))
    }
    return ReportSection("Maps of components", blocks)
  }

  /// A cluster has the colour of its class everywhere; clusters of one class differ by their marks.
  private var clusterGroups: [ScatterGroup] {
    clusterNames.enumerated().map { cluster, name in
      guard let index = model.clusterClasses[cluster] else {
        return ScatterGroup(name, index: cluster)
      }
      let earlier = model.clusterClasses[..<cluster].count { $0 == index }
      let base = ScatterGroup(name, index: index)
      let marks = Mark.allCases
      let first = marks.firstIndex(of: base.mark) ?? 0
      return ScatterGroup(
        name, colour: base.colour, mark: marks[(first + earlier) % marks.count])
    }
  }

  /// Every image under its true class; those without one come last.
  private var classGroups: ([Int], [ScatterGroup]) {
    let unknown = model.classNames.count
    let groups = truth.map { $0 ?? unknown }
    let names = model.classNames + (groups.contains(unknown) ? ["no class"] : [])
    return (groups, names.enumerated().map { ScatterGroup($1, index: $0) })
  }

  /// Every image under its true class, those in a cluster of another class apart, marked by a cross.
  private var outcomeGroups: ([Int], [ScatterGroup]) {
    let count = model.classNames.count
    let groups = zip(truth, assignments).map { truth, assignment -> Int in
      guard let truth else { return 2 * count }
      return assignment.classIndex == truth ? truth : count + truth
    }
    var looks: [ScatterGroup] = []
    for isRight in [true, false] {
      for (index, name) in model.classNames.enumerated() {
        let number = groups.count { $0 == index + (isRight ? 0 : count) }
        looks.append(
          ScatterGroup(
            isRight ? name : "\(number) wrong: \(name)", colour: Palette.colour(index),
            mark: isRight ? .circle : .cross))
      }
    }
    looks.append(ScatterGroup("no class", colour: Colour(0x99, 0x99, 0x99), mark: .circle))
    // The legend names only what is there.
    let present = looks.indices.filter { groups.contains($0) }
    let place = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($1, $0) })
    return (groups.map { place[$0] ?? 0 }, present.map { looks[$0] })
  }

  private func components(
    _ name: String, _ pair: (Int, Int), _ groups: [Int], _ names: [ScatterGroup], _ by: String
  ) -> Figure {
    let width = fit.scores.shape[1]
    let second = min(pair.1, width - 1)
    let points = groups.indices.map { i in
      ScatterPoint(
        x: Double(fit.scores.scalars[i * width + pair.0]),
        y: Double(fit.scores.scalars[i * width + second]), group: groups[i], image: i,
        label: extracted.names[i])
    }
    func title(_ component: Int) -> String {
      "component \(component + 1) (\(percent(fit.varianceRatios[component])) of the variance)"
    }
    let chart = ScatterChart(
      points: points, groups: names, x: Axis(title(pair.0), covering: points.map(\.x)),
      y: Axis(title(second), covering: points.map(\.y)))
    return Figure(
      name: name, title: "Components \(pair.0 + 1) and \(second + 1), coloured by \(by)",
      caption: "\(points.count) images.", chart: chart)
  }

  /// Where distances to centres are measured, in words.
  var distanceSpace: String {
    switch settings.clusterOn {
    case .features: "between features"
    case .components: "in the space of the components"
    case .embedding: "on the t-SNE map, where those between groups mean nothing"
    }
  }

  /// What the patches of each micrograph say together.
  func parentSection(_ summaries: [ParentSummary]) -> ReportSection {
    let hasClasses = !model.classNames.isEmpty
    let rows = summaries.map { summary in
      [summary.name, "\(summary.patches)", clusterNames[summary.cluster]]
        + (hasClasses ? [summary.classIndex.map { model.classNames[$0] } ?? ""] : [])
        + summary.shares.map { percent($0) }
    }
    let header =
      ["micrograph", "patches", "cluster of most"] + (hasClasses ? ["class of most"] : [])
      + clusterNames.map { "in \($0)" }
    return ReportSection(
      "Micrographs",
      [
        .table(
          ReportTable(
            caption: "The patches of each micrograph, counted by cluster.", header: header,
            rows: rows))
      ])
  }
}
