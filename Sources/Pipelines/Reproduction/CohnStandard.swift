// Cohn & Holm: the standard analysis and its tables and figures (sections 2 and 3.1).
//
// Implements: figures 1-7, tables 1 and 2, the test of repeatability of section 3.1.
// Deviations: the number of clusters is that of the classes plus one, which for the steel defects is
//   the paper's 7; small sets have fewer components than 50; t-SNE begins at the principal
//   components with the rate n / 12, not at random with the rate 200.
// Checked by: ReproductionTests. Cost: one PCA, one map, 1 + seeds runs of k-means.

import Estimators
import Files
import Imaging
import Reporting
import Tensors

/// The parts of the paper in its order.
func cohnParts(_ study: PaperStudy) throws -> [PaperPart] {
  let standard = try CohnStandard(study)
  return try [
    chainPart(study, study.cohnChain(standard)), samplePart(study, row: "CH1", each: 5),
    standard.equalisationPart, standard.variancePart,
    standard.classMapPart, definitionsPart(), schematicPart(), standard.clusterMapPart,
    standard.matrixPart, standard.scorePart, standard.seedsPart, validationPart(study),
  ] + unequalizedParts(study) + layerParts(study) + sensitivityParts(study)
    + [decisionPart(cohnDecisions)]
}

/// The standard analysis: whitened components, one cluster more than classes.
struct CohnStandard {
  let study: PaperStudy
  let representation: Representation
  let components: Int
  let clusters: Int

  init(_ study: PaperStudy, _ representation: Representation? = nil) throws {
    self.study = study
    self.representation = try representation ?? study.representation()
    components = try study.standardComponents(self.representation)
    clusters = study.images.classNames.count + 1
  }

  var job: ClusterJob { job(seed: study.settings.seed) }

  func job(seed: UInt64) -> ClusterJob {
    ClusterJob(
      space: .components(components, whitened: true), clusters: clusters,
      starts: study.preset.starts, seed: seed)
  }

  private var chain: String {
    "\(study.sample); \(representation.name), \(components) whitened components, k = \(clusters), "
      + "\(study.preset.starts) starts, seed \(study.settings.seed)."
  }
}

/// A grid of pictures, one column a class.
func samplePart(_ study: PaperStudy, row: String, each: Int) -> PaperPart {
  PaperPart("fig1", "Figure 1: pictures of each class") {
    let images = study.images
    let columns = images.classNames.indices.map { index in
      images.members(of: index).prefix(each).map {
        GridPicture(label: images.names[$0], png: images.thumbnails[$0], image: $0)
      }
    }
    var content = PartContent()
    content.add(
      Figure(
        name: "fig1", title: "Pictures of each class",
        caption: "\(study.sample); the first \(each) of each class by name.",
        chart: PictureGrid(headings: images.classNames, columns: columns)))
    content.comparisons = [
      Comparison(
        row, "images; classes", printed: "1800; 6",
        computed: "\(images.count); \(images.classNames.count)",
        remark: images.areSteelDefects ? "" : "these are not the NEU surface defects")
    ]
    return content
  }
}

extension CohnStandard {
  /// Figure 2: one picture before and after equalisation, with histograms.
  var equalisationPart: PaperPart {
    PaperPart("fig2", "Figure 2: equalisation of contrast") {
      let images = study.images
      let chosen =
        images.names.firstIndex { $0.hasSuffix("crazing_10.jpg") || $0.hasSuffix("Cr_10.bmp") }
        ?? images.members(of: 0)[0]
      let grey = try images.grey(chosen)
      let (now, then) = (
        try clahe(grey), try? clahe(grey, options: CLAHEOptions(version: .legacy017))
      )
      var content = PartContent()
      let panels = try [("original", grey), ("after CLAHE", now)].flatMap { title, picture in
        [
          Panel(title, PictureChart(label: images.names[chosen], png: try study.png(picture))),
          Panel("grey levels, \(title)", histogram(picture)),
        ]
      }
      content.add(
        Figure(
          name: "fig2", title: "Equalisation of \(images.names[chosen])",
          caption: "256 bins, the tallest of each histogram 1; dashed: cumulative share of the "
            + "\(grey.count) pixels.", chart: PanelChart(panels, columns: 2)))
      content.comparisons = spreads(grey, now, then)
      return content
    }
  }

  /// How wide the grey levels are, and how far two versions of the equalisation differ.
  private func spreads(
    _ grey: Tensor<Float>, _ now: Tensor<Float>, _ then: Tensor<Float>?
  ) -> [Comparison] {
    func spread(_ picture: Tensor<Float>) -> String {
      fixed(meanAndDeviation(picture.scalars.map { Double($0) }).deviation, 3)
    }
    var comparisons = [
      Comparison(
        "CH2", "standard deviation of grey levels before; after", printed: "narrow; wide",
        computed: "\(spread(grey)); \(spread(now))")
    ]
    if let then {
      let difference = zip(now.scalars, then.scalars).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) }
      comparisons.append(
        Comparison(
          "CH-A7", "mean difference between CLAHE of scikit-image 0.17.2 and 0.26",
          computed: significant(difference / Double(grey.count), 3),
          remark: "the paper used 0.17.2: --clahe 0.17"))
    }
    return comparisons
  }

  private func histogram(_ picture: Tensor<Float>) -> LineChart {
    let shares = levelShares(picture)
    let greatest = max(shares.max() ?? 1, 1e-12)
    let x = shares.indices.map { (Double($0) + 0.5) / Double(shares.count) }
    var sum = 0.0
    let cumulative = shares.map { share in
      sum += share
      return sum
    }
    return LineChart(
      series: [
        Series(name: "histogram", x: x, y: shares.map { $0 / greatest }),
        Series(name: "cumulative", x: x, y: cumulative, isDashed: true),
      ], x: Axis("grey level (0 black, 1 white)", from: 0, to: 1),
      y: Axis("relative share", from: 0, to: 1.05))
  }

  /// Figure 3: cumulative variance.
  var variancePart: PaperPart {
    PaperPart("fig3", "Figure 3: variance of the components", units: [representation.spectrumUnit])
    {
      let cumulative = try representation.spectrum().cumulative
      var content = PartContent()
      let chart = LineChart(
        series: [
          Series(
            name: "cumulative", x: cumulative.indices.map { Double($0 + 1) }, y: cumulative)
        ],
        x: Axis("number of components", from: 0, to: Double(cumulative.count)),
        y: Axis("share of the variance", from: 0, to: 1),
        marker: (
          Double(components), "\(components) components: \(percent(cumulative[components - 1]))"
        ))
      content.add(
        Figure(
          name: "fig3", title: "Cumulative share of the variance",
          caption:
            "\(study.sample); \(representation.name); at most \(cumulative.count) components.",
          chart: chart))
      func share(_ k: Int) -> String {
        k <= cumulative.count ? percent(cumulative[k - 1]) : "fewer than \(k) components"
      }
      content.comparisons = [
        Comparison(
          "CH6", "variance of 50 components", printed: "73.6 %", computed: share(50),
          remark: "off by one (CH-A3): the code prints the sum of 51 components; 50 have 73.3 %"),
        Comparison("CH-A3", "variance of 51 components", printed: "73.6 %", computed: share(51)),
        Comparison(
          "CH6", "variance of 100 components", printed: "about 80 %", computed: share(100)),
      ]
      return content
    }
  }

  private var standardMap: MapSettings {
    get throws { try study.mapSettings(representation, components: components) }
  }

  /// Figure 4: the map by true class, with typical pictures of classes in several clusters.
  var classMapPart: PaperPart {
    get throws {
      let settings = try standardMap
      let units = [
        representation.spectrumUnit, representation.unit(settings), representation.unit(job),
      ]
      return PaperPart("fig4", "Figure 4: t-SNE map by class", units: units) {
        let (map, found) = try (representation.map(settings), representation.clusters(job))
        var chart = study.scatter(map.places, groups: study.images.truth, study.classGroups)
        chart.insets = insets(found.labels, map.places)
        var content = PartContent()
        content.blocks.append(.warning(mapWarning))
        let split =
          chart.insets.isEmpty ? " No class has two clusters, so none is singled out." : ""
        content.add(
          Figure(
            name: "fig4", title: "t-SNE of unwhitened components, by class",
            caption: "\(study.sample); perplexity \(significant(settings.perplexity)), divergence "
              + "\(fixed(map.divergence, 3)) nats. Pictures: nearest to the mean of a cluster on the "
              + "map, for each class that k-means puts into two clusters or more.\(split)",
            chart: chart))
        content.comparisons = [
          Comparison(
            "CH9", "classes of two clusters", printed: "Sc",
            computed: classesOfSeveralClusters(found.labels).joined(separator: ", "))
        ]
        return content
      }
    }
  }

  /// The clusters of each class, by the class of the cluster.
  private func clustersOfClasses(_ labels: [Int]) -> [[Int]] {
    let classes = ClusterMapping(labels: labels, truth: study.images.truth, clusters: clusters)
      .classes
    return study.images.classNames.indices.map { index in
      classes.indices.filter { classes[$0] == index }
    }
  }

  private func classesOfSeveralClusters(_ labels: [Int]) -> [String] {
    let lists = clustersOfClasses(labels)
    return lists.indices.filter { lists[$0].count > 1 }.map { study.images.shortNames[$0] }
  }

  private func insets(_ labels: [Int], _ places: Tensor<Double>) -> [ScatterInset] {
    let images = study.images
    return clustersOfClasses(labels).enumerated().flatMap { index, list -> [ScatterInset] in
      guard list.count > 1 else { return [] }
      return list.compactMap { cluster in
        let members = labels.indices.filter { labels[$0] == cluster && images.truth[$0] == index }
        return study.typical(members, places).map { i in
          ScatterInset(
            x: places[i, 0], y: places[i, 1], png: images.thumbnails[i], image: i,
            label: images.shortNames[index], mark: .diamond)
        }
      }
    }
  }

  /// Figure 6: the map by cluster.
  var clusterMapPart: PaperPart {
    get throws {
      let settings = try standardMap
      let units = [representation.unit(settings), representation.unit(job)]
      return PaperPart("fig6", "Figure 6: t-SNE map by cluster", units: units) {
        let found = try representation.clusters(job)
        let chart = study.scatter(
          try representation.map(settings).places, groups: found.labels,
          study.clusterGroups(found.labels, clusters))
        var content = PartContent()
        content.add(
          Figure(
            name: "fig6", title: "The same map, coloured by cluster",
            caption: chain + " A cluster has the colour of its class; further clusters of a class "
              + "have another shade and mark.", chart: chart))
        content.comparisons = [
          Comparison(
            "CH10", "clusters", printed: "7", computed: "\(clusters)",
            remark: "one more than classes, for scratches that run along and across")
        ]
        return content
      }
    }
  }

  /// Figure 7: the confusion matrix.
  var matrixPart: PaperPart {
    PaperPart("fig7", "Figure 7: confusion matrix", units: [representation.unit(job)]) {
      let confusion = try representation.confusion(job, classNames: study.images.classNames)
      let accuracy = confusion.accuracy ?? 0
      var content = PartContent()
      content.add(
        Figure(
          name: "fig7", title: "Standard analysis",
          caption: chain + " Accuracy \(study.withInterval(accuracy)). Colour: count to the power "
            + "0.6 (CH-A14).",
          chart: study.matrices(confusion, printed: CohnPrinted.figure7, style: .boxed)))
      content.comparisons = [
        Comparison(
          "CH15", "accuracy of one run", printed: "99.6 %", computed: percent(accuracy, 2),
          remark: "99.56 % in the published results"),
        Comparison(
          "CH15", "inertia", printed: "80410.56",
          computed: fixed(try representation.clusters(job).inertia, 2),
          remark: "from the published results; comparable for VGG16's fc1 alone"),
      ]
      return content
    }
  }

  /// Table 2: precision and recall.
  var scorePart: PaperPart {
    PaperPart("table2", "Table 2: precision and recall", units: [representation.unit(job)]) {
      let confusion = try representation.confusion(job, classNames: study.images.classNames)
      var content = PartContent()
      content.add(
        "table2",
        study.scoreTable(
          confusion, printed: CohnPrinted.table2,
          caption: chain + " Each cluster takes the class of most of its images (CH-A12)."))
      content.comparisons = [
        Comparison(
          "CH16", "mean precision; mean recall", printed: "0.996; 0.996",
          computed: "\(fixed(confusion.macroPrecision ?? 0, 3)); "
            + "\(fixed(confusion.macroRecall ?? 0, 3))")
      ]
      return content
    }
  }

  /// Section 3.1: the accuracy of several seeds.
  var seedsPart: PaperPart {
    let jobs = (0..<study.preset.seeds).map { job(seed: study.settings.seed + UInt64($0)) }
    return PaperPart("seeds", "Section 3.1: repeatability", units: jobs.map(representation.unit)) {
      let accuracies = try jobs.map { try representation.accuracy($0) }
      let (mean, deviation) = meanAndDeviation(accuracies)
      var content = PartContent()
      let rows = jobs.enumerated().map { number, job in
        [
          "\(number + 1)", number < 10 ? percent(CohnPrinted.seeds[number], 2) : "",
          percent(accuracies[number], 2), "\(job.seed)",
        ]
      }
      content.add(
        "seeds",
        ReportTable(
          caption:
            "Accuracy of each seed; \(study.preset.starts) starts each, \(study.sample). The "
            + "printed runs are those of the published results.",
          header: ["run", "printed", "computed", "seed"], rows: rows))
      content.comparisons = [
        Comparison(
          "CH13", "mean accuracy of \(jobs.count) seeds", printed: "99.40 \u{B1} 0.16 %",
          computed: "\(fixed(mean * 100, 2)) \u{B1} \(fixed(deviation * 100, 2)) %",
          remark: "population deviation, as NumPy's"),
        Comparison(
          "CH13", "least accuracy", printed: "99.06 %",
          computed: percent(accuracies.min() ?? 0, 2)),
      ]
      return content
    }
  }
}

/// What a reader of t-SNE maps must know (Kitahara & Holm 2018, page 151).
let mapWarning =
  "Distances between far groups, and the sizes of groups, mean nothing on a t-SNE map; a map cannot be "
  + "turned back into images; new images need a new map, so a map serves for analysis after the fact."

/// Table 1: what the counts mean.
func definitionsPart() -> PaperPart {
  PaperPart("table1", "Table 1: true and false predictions") {
    var content = PartContent()
    content.add(
      "table1",
      ReportTable(
        caption:
          "For class i; precision = TP / (TP + FP), recall = TP / (TP + FN) (equations 1, 2).",
        header: ["prediction", "true class", "predicted class"],
        rows: [
          ["true positive (TP)", "i", "i"], ["false positive (FP)", "not i", "i"],
          ["false negative (FN)", "i", "not i"],
        ]))
    content.comparisons = [Comparison("CH11", "definitions", computed: "as printed")]
    return content
  }
}

/// Figure 5: how to read a confusion matrix.
func schematicPart() -> PaperPart {
  PaperPart("fig5", "Figure 5: how to read a confusion matrix") {
    let all = SchematicMatrix(
      cells: (0..<3).map { i in (0..<3).map { $0 == i ? "correct" : "wrong" } },
      colours: (0..<3).map { i in (0..<3).map { $0 == i ? 1 : 0 } })
    let first = SchematicMatrix(
      cells: [["TP", "FN", "FN"], ["FP", "", ""], ["FP", "", ""]],
      colours: [[1, 2, 2], [3, 0, 0], [3, 0, 0]])
    var content = PartContent()
    content.add(
      Figure(
        name: "fig5", title: "A confusion matrix of three classes",
        caption: "(a) The diagonal holds correct predictions. (b) Class 1: true positives in the "
          + "corner, false negatives in its row, false positives in its column.",
        chart: PanelChart([Panel("a", all), Panel("b, class 1", first)], columns: 2)))
    return content
  }
}
