// A clustering run as a report: clusters with their images, maps, variance, scores, settings.

import Estimators
import Files
import NeuralNetworks
import Reporting
import Tensors

/// How many images stand for a cluster, central and doubtful ones each.
private let galleryCount = 7

/// The most images whose thumbnails are put into a report.
private let thumbnailLimit = 6000

extension ClusteringResult {
  /// The report of the run.
  ///
  /// - Parameter record: what the run was told and what it ran on.
  /// - Returns: the report, figures and thumbnails inside.
  public func report(_ record: RunRecord) -> Report {
    let accuracy = accuracy.map { ", accuracy \(percent($0, 2))" } ?? ""
    return Report(
      title: "Clusters of \(extracted.records.count) micrographs",
      summary: "\(model.clusters.clusters) clusters\(accuracy). nital \(nitalVersion), seed "
        + "\(settings.seed).",
      sections: [overview(record), clusterSection]
        + (parentSummaries.map { [parentSection($0)] } ?? [])
        + (fit.map.map { [embeddingSection($0)] } ?? []) + [mapSection]
        + (confusion == nil ? [] : [scoreSection]) + (folds.isEmpty ? [] : [foldSection])
        + [varianceSection, equalisationSection, tableSection]
        + (extracted.failures.isEmpty ? [] : [failureSection]) + [settingsSection(record)],
      images: reportImages)
  }

  private func overview(_ record: RunRecord) -> ReportSection {
    var facts = [
      (
        name: "images",
        value: "\(extracted.records.count) used, \(extracted.failures.count) not used"
      ),
      (name: "clusters", value: "\(model.clusters.clusters)"),
      (name: "inertia", value: significant(model.clusters.inertia, 7)),
      (
        name: "variance kept",
        value: percent(fit.varianceRatios.prefix(model.pca.componentCount).reduce(0, +))
          + " in \(model.pca.componentCount) components"
      ),
      (name: "time", value: "\(fixed(record.seconds, 1)) s on \(record.threads) threads"),
    ]
    if let accuracy { facts.insert((name: "accuracy", value: percent(accuracy, 2)), at: 2) }
    return ReportSection("Overview", [.facts(facts)] + warnings.map { .warning($0) })
  }

  private var clusterSection: ReportSection {
    let sizes = clusterSizes
    let rows = (0..<sizes.count).map { c in
      let members = assignments.filter { $0.cluster == c }
      return [
        "\(c)", model.clusterClasses[c].map { model.classNames[$0] } ?? "", "\(sizes[c])",
        percent(Double(sizes[c]) / Double(max(1, assignments.count))),
        fixed(median(members.map(\.distance)), 2), fixed(median(members.map(\.margin)), 3),
      ]
    }
    let table = ReportTable(
      caption: "Clusters, numbered by falling size. Distances are \(distanceSpace).",
      header: ["cluster", "class", "images", "share", "median distance", "median margin"],
      rows: rows)
    return ReportSection(
      "Clusters", [.table(table)] + (0..<sizes.count).flatMap(galleries))
  }

  /// The images nearest to a cluster's centre, and those with the least margin.
  private func galleries(of cluster: Int) -> [ReportBlock] {
    let members = assignments.indices.filter { assignments[$0].cluster == cluster }
    let central = members.sorted { (assignments[$0].distance, $0) < (assignments[$1].distance, $1) }
    let doubtful = members.sorted { (assignments[$0].margin, $0) < (assignments[$1].margin, $1) }
    func items(_ chosen: [Int]) -> [(image: Int, caption: String)] {
      chosen.prefix(galleryCount).map { index in
        let assignment = assignments[index]
        return (
          index,
          "\(extracted.names[index]), distance \(fixed(assignment.distance, 2)), "
            + "margin \(fixed(assignment.margin, 2))"
        )
      }
    }
    return [
      .gallery(title: "Cluster \(clusterNames[cluster]): most central", items: items(central)),
      .gallery(title: "Cluster \(clusterNames[cluster]): most doubtful", items: items(doubtful)),
    ]
  }

  private var scoreSection: ReportSection {
    guard let confusion else { return ReportSection("Scores", []) }
    let matrix = MatrixChart(
      rows: confusion.classNames, columns: confusion.classNames, counts: confusion.counts,
      rowTitle: "true class", columnTitle: "class of the cluster")
    let rows = confusion.classScores.map { scores in
      [
        scores.name, score(scores.precision), score(scores.recall), score(scores.f1),
        "\(scores.support)",
      ]
    }
    let table = ReportTable(
      caption: "Scores of each class; a dash stands where no image has the class.",
      header: ["class", "precision", "recall", "F1", "images"], rows: rows)
    return ReportSection(
      "Scores",
      [
        .text(
          "Each cluster takes the class that most of its images have. The classes were not used "
            + "for grouping."),
        .figure(
          Figure(
            name: "confusion", title: "Confusion matrix",
            caption: "\(confusion.total) images with a class; accuracy "
              + "\(percent(confusion.accuracy ?? 0, 2)).", chart: matrix)),
        .table(table),
      ])
  }

  private func score(_ value: Double?) -> String { value.map { fixed($0, 3) } ?? "\u{2013}" }

  private var foldSection: ReportSection {
    let rows = folds.map { fold in
      [
        "\(fold.fold)", percent(fold.trainingAccuracy, 2), percent(fold.validationAccuracy, 2),
        "\(fold.heldOut)", percent(fold.flaggedShare, 1),
      ]
    }
    let mean = folds.map(\.validationAccuracy).reduce(0, +) / Double(max(1, folds.count))
    return ReportSection(
      "Cross-validation",
      [
        .text(
          "Medians, components, centres and the class of each cluster come from the training part "
            + "alone. Mean validation accuracy \(percent(mean, 2))."),
        .table(
          ReportTable(
            caption: "\(folds.count) stratified folds.",
            header: ["fold", "training accuracy", "validation accuracy", "held out", "flagged"],
            rows: rows)),
      ])
  }

  private func median(_ values: [Double]) -> Double { values.isEmpty ? 0 : quantile(values, 0.5) }
}

extension ClusteringResult {
  private var varianceSection: ReportSection {
    var sum = 0.0
    let cumulative = fit.varianceRatios.map { ratio in
      sum += ratio
      return min(1, sum)
    }
    let kept = model.pca.componentCount
    let chart = LineChart(
      series: [
        Series(
          name: "cumulative variance", x: cumulative.indices.map { Double($0 + 1) }, y: cumulative)
      ],
      x: Axis(
        "number of components", from: 1, to: Double(max(2, cumulative.count)), isLogarithmic: true),
      y: Axis("share of the variance", from: 0, to: 1),
      marker: (
        Double(kept), "\(kept) kept: \(percent(cumulative[min(kept, cumulative.count) - 1]))"
      ))
    var blocks: [ReportBlock] = [
      .figure(
        Figure(
          name: "scree", title: "Variance explained by the components",
          caption: "Cumulative share; \(extracted.records.count) images.", chart: chart))
    ]
    if !fit.criteria.isEmpty { blocks.append(.figure(criterionFigure)) }
    return ReportSection("Components", blocks)
  }

  private var criterionFigure: Figure {
    let x = fit.criteria.map { Double($0.clusters) }
    let y = fit.criteria.map { $0.value ?? .nan }
    let chart = LineChart(
      series: [Series(name: "criterion", x: x, y: y)], x: Axis("number of clusters", covering: x),
      y: Axis("mean silhouette", covering: y),
      marker: (Double(model.clusters.clusters), "\(model.clusters.clusters) chosen"),
      showsPoints: true)
    return Figure(
      name: "cluster-count", title: "How many clusters?",
      caption: "The number with the greatest value is taken.", chart: chart)
  }

  private var equalisationSection: ReportSection {
    guard settings.equalize else {
      return ReportSection("Grey levels", [.figure(histogram("histogram", nil))])
    }
    let central = (0..<model.clusters.clusters).compactMap { cluster in
      assignments.indices.filter { assignments[$0].cluster == cluster }
        .min { (assignments[$0].distance, $0) < (assignments[$1].distance, $1) }
    }
    return ReportSection(
      "Equalisation",
      [
        .text(
          "Contrast-limited adaptive histogram equalisation removes differences of brightness "
            + "before features are computed."), .figure(histogram("histogram", nil)),
      ]
        + central.prefix(8).map { .figure(histogram("histogram-\(assignments[$0].cluster)", $0)) })
  }

  /// Grey levels before and after equalisation, of one image or of all.
  private func histogram(_ name: String, _ index: Int?) -> Figure {
    let records = index.map { [extracted.records[$0]] } ?? extracted.records
    func share(_ counts: (MicrographRecord) -> [UInt32]) -> [Double] {
      var sums = [Double](repeating: 0, count: MicrographRecord.histogramBins)
      for record in records {
        for (bin, count) in counts(record).enumerated() { sums[bin] += Double(count) }
      }
      let total = max(1, sums.reduce(0, +))
      return sums.map { $0 / total }
    }
    let bins = Double(MicrographRecord.histogramBins)
    let x = (0..<MicrographRecord.histogramBins).map { (Double($0) + 0.5) / bins }
    let before = share(\.histogram)
    let after = share(\.equalizedHistogram)
    let series =
      [Series(name: "as read", x: x, y: before)]
      + (settings.equalize ? [Series(name: "equalised", x: x, y: after)] : [])
    let top = (before + (settings.equalize ? after : [])).max() ?? 1
    let chart = LineChart(
      series: series, x: Axis("grey level (0 black, 1 white)", from: 0, to: 1),
      y: Axis("share of the pixels", from: 0, to: top * 1.05), isStepped: true)
    let subject = index.map { "\(extracted.names[$0]), cluster \(assignments[$0].cluster)" }
    return Figure(
      name: name, title: "Grey levels of \(subject ?? "all images")",
      caption: "\(MicrographRecord.histogramBins) bins.", chart: chart)
  }

  private var tableSection: ReportSection {
    let hasClasses = !model.classNames.isEmpty
    let rows = extracted.names.indices.sorted { precedes(extracted.names[$0], extracted.names[$1]) }
      .prefix(thumbnailLimit).map { i -> [String] in
        let assignment = assignments[i]
        let classes =
          hasClasses
          ? [
            assignment.classIndex.map { model.classNames[$0] } ?? "",
            truth[i].map { model.classNames[$0] } ?? "",
          ] : []
        let record = extracted.records[i]
        return [extracted.names[i], "\(assignment.cluster)"] + classes + [
          fixed(assignment.distance, 3), fixed(assignment.margin, 3),
          fixed(assignment.novelty, 2), "\(record.width) x \(record.height)",
          record.pixelSizeMicrometres.map { significant($0) } ?? "unknown",
        ]
      }
    let header =
      ["file", "cluster"] + (hasClasses ? ["class", "true class"] : [])
      + ["distance", "margin", "novelty", "pixels", "pixel size (um)"]
    return ReportSection(
      "Images",
      [
        .hint("Click a heading to sort."),
        .table(
          ReportTable(
            caption: "Margin 0 is a tie between two clusters; novelty "
              + "above 1 is unlike the other images.",
            header: header, rows: Array(rows))),
      ])
  }

  private var failureSection: ReportSection {
    ReportSection(
      "Images not used",
      [
        .table(
          ReportTable(
            caption: "Each of these files cost its own row and nothing else.",
            header: ["file", "problem"], rows: extracted.failures.map { [$0.name, $0.reason] }))
      ])
  }

  private var reportImages: [ReportImage] {
    extracted.names.indices.prefix(thumbnailLimit).map { i in
      let assignment = assignments[i]
      var details = [
        "cluster \(clusterNames[assignment.cluster])",
        "distance \(fixed(assignment.distance, 2)), margin \(fixed(assignment.margin, 2))",
      ]
      if let index = truth[i] { details.insert("true class \(model.classNames[index])", at: 1) }
      return ReportImage(
        name: extracted.names[i], png: extracted.records[i].thumbnail, details: details,
        link: images.folder + "/" + extracted.parents[i])
    }
  }
}
