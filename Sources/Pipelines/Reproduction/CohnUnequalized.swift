// Cohn & Holm: what happens without equalisation of contrast (section 3.3.1).
//
// Implements: figures 8 and 9, table 4, the sweep of 7 ... 15 clusters.
// Deviations: the class that splits in two is the rolled-in scale where there is one, else the class
//   whose places on the map fall most clearly into two groups (mean silhouette of 2-means).
// Checked by: ReproductionTests. Cost: a second extraction of features, one map, ten runs of k-means.

import Estimators
import Reporting
import Tensors

/// Figures 8 and 9, table 4 and the sweep.
func unequalizedParts(_ study: PaperStudy) throws -> [PaperPart] {
  let analysis = try Unequalized(study)
  return [analysis.mapPart, analysis.sweepPart, analysis.matrixPart, analysis.scorePart]
}

private struct Unequalized {
  let study: PaperStudy
  let representation: Representation
  let components: Int
  let map: MapSettings

  init(_ study: PaperStudy) throws {
    self.study = study
    representation = try study.unequalized()
    components = try study.standardComponents(representation)
    map = try study.mapSettings(representation, components: components)
  }

  func job(_ clusters: Int) -> ClusterJob {
    ClusterJob(
      space: .components(components, whitened: true), clusters: clusters,
      starts: study.preset.starts, seed: study.settings.seed)
  }

  /// For six classes 7 to 15.
  var counts: [Int] {
    let first = study.images.classNames.count + 1
    return Array(first...min(first + 8, max(first, study.images.count / 2)))
  }

  /// For six classes 12.
  var standardCount: Int { counts[min(5, counts.count - 1)] }

  /// The two halves of a class on the map.
  struct Split {
    var classIndex: Int
    var halves: [[Int]]
    var silhouette: Double
  }

  func split(_ places: Tensor<Double>) throws -> Split? {
    let images = study.images
    let scale = images.shortNames.firstIndex(of: "RS")
    let candidates = scale.map { [$0] } ?? Array(images.classNames.indices)
    var best: Split?
    for index in candidates {
      let members = images.members(of: index)
      guard members.count >= 4 else { continue }
      let points = places.rows(members)
      let halves = try KMeans(
        points, clusters: 2, options: KMeansOptions(starts: 20), seed: study.settings.seed)
      var generator = SeededGenerator(seed: study.settings.seed)
      let value = try meanSilhouette(points, labels: halves.labels, using: &generator) ?? -1
      guard value > best?.silhouette ?? -2 else { continue }
      best = Split(
        classIndex: index,
        halves: (0..<2).map { half in
          members.indices.filter { halves.labels[$0] == half }.map { members[$0] }
        }, silhouette: value)
    }
    return best
  }

  var mapPart: PaperPart {
    let units = [
      representation.spectrumUnit, representation.unit(map),
      representation.unit(job(standardCount)),
    ]
    return PaperPart("fig8", "Figure 8: without equalisation", units: units) {
      let found = try representation.map(map)
      let labels = try representation.clusters(job(standardCount)).labels
      var byClass = study.scatter(found.places, groups: study.images.truth, study.classGroups)
      let byCluster = study.scatter(
        found.places, groups: labels, study.clusterGroups(labels, standardCount))
      var content = PartContent()
      var panels: [Panel] = []
      if let split = try split(found.places) {
        let typical = split.halves.compactMap { study.typical($0, found.places) }
        for (i, mark) in zip(typical, [Mark.diamond, .square]) {
          byClass.insets.append(
            ScatterInset(
              x: found.places[i, 0], y: found.places[i, 1], png: [], label: "", mark: mark))
          panels.append(try panel(i, mark))
        }
        content.comparisons = try comparisons(split, typical)
      }
      content.add(
        Figure(
          name: "fig8", title: "t-SNE without equalisation",
          caption: "\(study.sample); \(representation.name), \(components) components, perplexity "
            + "\(significant(map.perplexity)), divergence \(fixed(found.divergence, 3)) nats. Left "
            + "by class, right by the \(standardCount) clusters of whitened components. Below: "
            + "typical images of the two halves of one class, grey levels laid over them.",
          chart: PanelChart(
            [
              Panel("a: by class", byClass),
              Panel("b: by \(standardCount) clusters", byCluster),
            ] + panels, columns: 2)))
      return content
    }
  }

  private func panel(_ image: Int, _ mark: Mark) throws -> Panel {
    let grey = try study.images.grey(image)
    return Panel(
      mark == .diamond ? "c" : "d",
      PictureChart(
        label: study.images.names[image], png: try study.png(grey),
        histogram: levelShares(grey, bins: 64), mark: mark))
  }

  private func comparisons(_ split: Split, _ typical: [Int]) throws -> [Comparison] {
    let peaks = try typical.map { image -> Double in
      let shares = levelShares(try study.images.grey(image), bins: 64)
      let bin = shares.indices.max { (shares[$0], -$0) < (shares[$1], -$1) } ?? 0
      return (Double(bin) + 0.5) / 64
    }
    let name = study.images.shortNames[split.classIndex]
    return [
      Comparison(
        "CH19", "class that splits in two on the map", printed: "RS", computed: name,
        remark: "\(split.halves.map { "\($0.count)" }.joined(separator: " and ")) images, mean "
          + "silhouette of the halves \(fixed(split.silhouette, 2))"),
      Comparison(
        "CH19", "peaks of the grey levels of the typical images",
        printed: "0.27; 0.55", computed: peaks.map { fixed($0, 2) }.joined(separator: "; ")),
    ]
  }

  var sweepPart: PaperPart {
    let jobs = counts.map(job)
    let seeds = (0..<study.preset.seeds).map { number in
      var job = job(counts[0])
      job.seed = study.settings.seed + UInt64(number)
      return job
    }
    return PaperPart(
      "noequal", "Section 3.3.1: number of clusters without equalisation",
      units: (jobs + seeds).map(representation.unit)
    ) {
      let accuracies = try jobs.map { try representation.accuracy($0) }
      let repeated = try seeds.map { try representation.accuracy($0) }
      var content = PartContent()
      content.add(
        Figure(
          name: "noequal", title: "Accuracy without equalisation",
          caption: "\(study.sample); \(components) whitened components, \(study.preset.starts) "
            + "starts. Dashed: the published results for VGG16's fc1 on NEU.",
          chart: sweepChart(
            counts, accuracies, printed: CohnPrinted.unequalizedSweep, from: 7)))
      content.comparisons = comparisons(accuracies, repeated)
      return content
    }
  }

  private func comparisons(_ accuracies: [Double], _ repeated: [Double]) -> [Comparison] {
    let best = accuracies.indices.max { (accuracies[$0], -$0) < (accuracies[$1], -$1) } ?? 0
    let worst = accuracies.indices.min { (accuracies[$0], $0) < (accuracies[$1], $1) } ?? 0
    let (mean, deviation) = meanAndDeviation(repeated)
    return [
      Comparison(
        "CH20", "accuracy, \(counts[0]) clusters", printed: "93 % (k = 7)",
        computed: percent(accuracies[0]),
        remark: "CH-A6: the published cell for \"7 clusters\" runs 8 (91.1 %); 93.2 % is the point "
          + "of the sweep"),
      Comparison(
        "CH20", "least and greatest accuracy of the sweep", printed: "87; 95 %",
        computed: "\(percent(accuracies[worst])); \(percent(accuracies[best]))"),
      Comparison(
        "CH20", "worst and best number of clusters", printed: "8; 12",
        computed: "\(counts[worst]); \(counts[best])"),
      Comparison(
        "CH-A6", "mean of \(repeated.count) seeds, \(counts[0]) clusters",
        printed: "90.2 \u{B1} 1.8 %",
        computed: "\(fixed(mean * 100, 1)) \u{B1} \(fixed(deviation * 100, 1)) %",
        remark: "printed: from the published results, not the paper"),
    ]
  }

  var matrixPart: PaperPart {
    let job = job(standardCount)
    return PaperPart(
      "fig9", "Figure 9: confusion matrix without equalisation",
      units: [
        representation.unit(job)
      ]
    ) {
      let confusion = try representation.confusion(job, classNames: study.images.classNames)
      let labels = try representation.clusters(job).labels
      let classes = ClusterMapping(
        labels: labels, truth: study.images.truth, clusters: job.clusters
      ).classes
      let counts = study.images.classNames.indices.map { index in classes.count { $0 == index } }
      var content = PartContent()
      content.add(
        Figure(
          name: "fig9", title: "Without equalisation, \(job.clusters) clusters",
          caption: "\(study.sample). Accuracy \(study.withInterval(confusion.accuracy ?? 0)).",
          chart: study.matrices(confusion, printed: CohnPrinted.figure9, style: .boxed)))
      content.comparisons = [
        Comparison(
          "CH21", "accuracy", printed: "94.7 %",
          computed: percent(confusion.accuracy ?? 0)),
        Comparison(
          "CH21", "clusters of each class", printed: "5 of 12 are Sc, 1 is RS",
          computed: zip(study.images.shortNames, counts).map { "\($0) \($1)" }
            .joined(separator: ", ")),
      ]
      return content
    }
  }

  var scorePart: PaperPart {
    let job = job(standardCount)
    return PaperPart(
      "table4", "Table 4: scores without equalisation",
      units: [
        representation.unit(job)
      ]
    ) {
      let confusion = try representation.confusion(job, classNames: study.images.classNames)
      var content = PartContent()
      content.add(
        "table4",
        study.scoreTable(
          confusion, printed: CohnPrinted.table4,
          caption: "\(study.sample); no equalisation, \(job.clusters) clusters."))
      content.comparisons = [
        Comparison(
          "CH22", "mean precision; mean recall", printed: "0.951; 0.947",
          computed: "\(fixed(confusion.macroPrecision ?? 0, 3)); "
            + "\(fixed(confusion.macroRecall ?? 0, 3))")
      ]
      return content
    }
  }
}

/// Accuracy over the number of clusters beside a published sweep that begins at `from` clusters.
func sweepChart(
  _ counts: [Int], _ accuracies: [Double], printed: [Double], from first: Int
) -> LineChart {
  let published = Series(
    name: "published (NEU, VGG16)", x: printed.indices.map { Double($0 + first) }, y: printed,
    isDashed: true)
  let series =
    [Series(name: "computed", x: counts.map(Double.init), y: accuracies)]
    + (printed.isEmpty ? [] : [published])
  let least = series.flatMap(\.y).min() ?? 0
  return LineChart(
    series: series, x: Axis("number of clusters", covering: series.flatMap(\.x)),
    y: Axis("accuracy", from: max(0, (least * 10).rounded(.down) / 10), to: 1), showsPoints: true)
}
