// Cohn & Holm: other layers of VGG16 (section 3.3.2).
//
// Implements: the fc2 run; figures 10 and 11, the sweeps of block5_pool on components and on a map;
//   from the authors' repository the sweep of block5_conv3.
// Deviations: representations without these layers state the rows as not applicable.
// Checked by: ReproductionTests. Cost: one PCA of 25,088 and one of
//   100,352 features an image, 47 runs of k-means.

import Estimators
import Reporting

/// fc2, block5_pool and block5_conv3.
func layerParts(_ study: PaperStudy) throws -> [PaperPart] {
  try fc2Parts(study) + blockParts(study) + [convolutionPart(study)]
}

private func fc2Parts(_ study: PaperStudy) throws -> [PaperPart] {
  guard let representation = try study.representation(layer: .fc2) else {
    return [
      PaperPart(
        "fc2", "Section 3.3.2: fc2", rows: ["CH23"], missing: "needs VGG16's second dense layer")
    ]
  }
  let standard = try CohnStandard(study, representation)
  return [
    PaperPart("fc2", "Section 3.3.2: fc2", units: [representation.unit(standard.job)]) {
      let confusion = try representation.confusion(
        standard.job, classNames: study.images.classNames)
      var content = PartContent()
      content.add(
        Figure(
          name: "fc2", title: "Standard analysis of fc2",
          caption: "\(study.sample). Accuracy \(study.withInterval(confusion.accuracy ?? 0)).",
          chart: study.matrices(confusion, printed: nil, style: .boxed)))
      content.comparisons = [
        Comparison(
          "CH23", "accuracy of fc2", printed: "99.4 %; 5 Sc to In",
          computed: percent(confusion.accuracy ?? 0))
      ]
      return content
    }
  ]
}

private func blockParts(_ study: PaperStudy) throws -> [PaperPart] {
  guard let representation = try study.representation(layer: .block5Pool) else {
    let reason = "needs VGG16's block5_pool"
    return [
      PaperPart("fig10", "Figure 10: map of block5_pool", rows: ["CH25"], missing: reason),
      PaperPart(
        "block5", "Section 3.3.2: block5_pool", rows: ["CH24", "CH-A5", "CH26"], missing: reason),
      PaperPart("fig11", "Figure 11: clusters on the map", rows: ["CH27"], missing: reason),
    ]
  }
  let block = try BlockAnalysis(study, representation)
  return [block.mapPart, block.sweepPart, block.matrixPart]
}

/// block5_pool: 110 components, and clusters on their map.
private struct BlockAnalysis {
  let study: PaperStudy
  let representation: Representation
  let components: Int
  let map: MapSettings

  init(_ study: PaperStudy, _ representation: Representation) throws {
    self.study = study
    self.representation = representation
    components = try study.standardComponents(representation, paper: 110)
    map = try study.mapSettings(representation, components: components)
  }

  private func counts(upTo most: Int) -> [Int] {
    let first = study.images.classNames.count
    return Array(first...max(first, min(most, study.images.count / 3)))
  }

  private func job(_ clusters: Int, onMap: Bool) -> ClusterJob {
    ClusterJob(
      space: onMap ? .map(map) : .components(components, whitened: true), clusters: clusters,
      starts: study.preset.starts, seed: study.settings.seed)
  }

  var mapPart: PaperPart {
    let units = [representation.spectrumUnit, representation.unit(map)]
    return PaperPart("fig10", "Figure 10: map of block5_pool", units: units) {
      let found = try representation.map(map)
      let kept = try representation.spectrum().cumulative[components - 1]
      var content = PartContent()
      content.add(
        Figure(
          name: "fig10", title: "t-SNE of \(components) unwhitened components of block5_pool",
          caption: "\(study.sample); divergence \(fixed(found.divergence, 3)) nats.",
          chart: study.scatter(found.places, groups: study.images.truth, study.classGroups)))
      content.comparisons = [
        Comparison(
          "CH24", "variance of \(components) components", printed: "about 55 % (110)",
          computed: percent(kept)),
        Comparison(
          "CH25", "divergence of the map", computed: fixed(found.divergence, 3),
          remark: "the paper prints the picture alone"),
      ]
      return content
    }
  }

  var sweepPart: PaperPart {
    let plain = counts(upTo: 19).map { job($0, onMap: false) }
    let mapped = counts(upTo: 24).map { job($0, onMap: true) }
    let units = [representation.unit(map)] + (plain + mapped).map(representation.unit)
    return PaperPart("block5", "Section 3.3.2: block5_pool", units: units) {
      let (a, b) = try (
        plain.map { try representation.accuracy($0) },
        mapped.map { try representation.accuracy($0) }
      )
      var content = PartContent()
      for (name, jobs, accuracies, printed) in [
        ("block5-components", plain, a, CohnPrinted.blockSweep),
        ("block5-map", mapped, b, CohnPrinted.blockMapSweep),
      ] {
        content.add(
          Figure(
            name: name,
            title: name == "block5-map" ? "Clusters on the t-SNE map" : "Clusters on components",
            caption: "\(study.sample); dashed: published results.",
            chart: sweepChart(jobs.map(\.clusters), accuracies, printed: printed, from: 6)))
      }
      content.comparisons = try comparisons(plain, a) + mapComparisons(mapped, b)
      return content
    }
  }

  private func comparisons(_ jobs: [ClusterJob], _ accuracies: [Double]) throws -> [Comparison] {
    let best = accuracies.indices.max { (accuracies[$0], -$0) < (accuracies[$1], -$1) } ?? 0
    let confusion = try representation.confusion(jobs[best], classNames: study.images.classNames)
    let names = study.images.shortNames
    func score(_ name: String, _ value: (ClassScores) -> Double?) -> String {
      names.firstIndex(of: name).flatMap { value(confusion.classScores[$0]) }
        .map { fixed($0, 3) } ?? "no such class"
    }
    return [
      Comparison(
        "CH24", "best number of clusters; its accuracy", printed: "9; 89 %",
        computed: "\(jobs[best].clusters); \(percent(accuracies[best]))"),
      Comparison(
        "CH24", "recall of scratches", printed: "0.4", computed: score("Sc") { $0.recall }),
      Comparison(
        "CH-A5", "precision of inclusions", printed: "0.64",
        computed: score("In") { $0.precision },
        remark: "misprint: 0.621 by the published matrix"),
    ]
  }

  private func mapComparisons(_ jobs: [ClusterJob], _ accuracies: [Double]) -> [Comparison] {
    [(7, "96.4 %"), (23, "97.6 %")].map { clusters, printed in
      let computed = jobs.firstIndex { $0.clusters == clusters }.map { percent(accuracies[$0]) }
      return Comparison(
        "CH26", "accuracy on the map, \(clusters) clusters", printed: printed,
        computed: computed ?? "too few images")
    }
  }

  var matrixPart: PaperPart {
    let job = job(min(23, counts(upTo: 23).last ?? 23), onMap: true)
    return PaperPart("fig11", "Figure 11: clusters on the map", units: [representation.unit(job)]) {
      let confusion = try representation.confusion(job, classNames: study.images.classNames)
      var content = PartContent()
      content.add(
        Figure(
          name: "fig11", title: "\(job.clusters) clusters on the map of block5_pool",
          caption: "\(study.sample). Accuracy \(study.withInterval(confusion.accuracy ?? 0)).",
          chart: study.matrices(confusion, printed: CohnPrinted.figure11, style: .boxed)))
      content.comparisons = [
        Comparison(
          "CH27", "accuracy", printed: "97.6 %",
          computed: percent(confusion.accuracy ?? 0))
      ]
      return content
    }
  }
}

/// The published sweep over the clusters of block5_conv3, which the paper leaves out.
private func convolutionPart(_ study: PaperStudy) throws -> PaperPart {
  let title = "Repository: block5_conv3"
  guard let representation = try study.representation(layer: .block5Conv3) else {
    return PaperPart("conv3", title, rows: ["CH33"], missing: "needs VGG16's block5_conv3")
  }
  let components = try study.standardComponents(representation, paper: 200)
  let first = study.images.classNames.count
  let jobs = (first...max(first, min(19, study.images.count / 3))).map {
    ClusterJob(
      space: .components(components, whitened: true), clusters: $0, starts: study.preset.starts,
      seed: study.settings.seed)
  }
  return PaperPart("conv3", title, units: jobs.map(representation.unit)) {
    let accuracies = try jobs.map { try representation.accuracy($0) }
    var content = PartContent()
    content.add(
      Figure(
        name: "conv3", title: "Clusters on components of block5_conv3",
        caption:
          "\(study.sample); \(components) whitened components, \(study.preset.starts) starts. "
          + "The paper prints no such figure.",
        chart: sweepChart(jobs.map(\.clusters), accuracies, printed: [], from: 6)))
    content.comparisons = [
      Comparison(
        "CH33", "least and greatest accuracy of block5_conv3, \(components) components",
        printed: "0.39 to 0.70 (200)",
        computed: "\(fixed(accuracies.min() ?? 0, 2)) to \(fixed(accuracies.max() ?? 0, 2))",
        remark: "published results, 6 to 19 clusters")
    ]
    return content
  }
}
