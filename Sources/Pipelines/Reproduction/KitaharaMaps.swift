// Kitahara & Holm: perplexities, confusion matrices, and what the published code draws beside the
// paper (figures 6 and 7, KH-A7, KH-A8).
//
// Implements: figures 6 and 7; the regions of 15 nearest neighbours, the montage, components 1 and 2
//   coloured by component 3 of the authors' repositories.
// Deviations: the perplexities of figure 6 are not stated (KH-A9): 5, 15, 30 and 60 here, less for
//   small sets. Regions are drawn on 240 x 210 cells of the plot instead of a mesh of 0.2 units.
// Checked by: ReproductionTests. Cost: four maps, 50,400 searches of 15 neighbours.

import Estimators
import Reporting
import Tensors

extension Pipelines {
  var laterParts: [PaperPart] {
    get throws {
      try [
        perplexityPart, matrixPart, layerPart, regionPart, componentPart, montagePart, scalingPart,
      ]
    }
  }

  /// The perplexities of figure 6, as far as the set allows them.
  private var perplexities: [Double] {
    let largest = (Double(study.images.count - 1) / 3).rounded(.down)
    let wanted: [Double] = [5, 15, 30, 60]
    return largest >= 60
      ? wanted : [0.2, 0.4, 0.7, 1].map { max(2, (largest * $0).rounded(.up)) }
  }

  /// Figure 6: two components, and four maps.
  private var perplexityPart: PaperPart {
    get throws {
      let maps = try perplexities.map {
        try study.mapSettings(representation, components: components, perplexity: $0)
      }
      let jobs = maps.map { job(.map($0)) }
      return PaperPart("fig6", "Figure 6: perplexities", units: units(jobs)) {
        let accuracies = try jobs.map { try representation.accuracy($0) }
        var content = PartContent()
        var panels = [Panel("i: components 1 and 2", try componentScatter)]
        for (number, map) in maps.enumerated() {
          panels.append(
            Panel(
              "\(["ii", "iii", "iv", "v"][number]): perplexity \(significant(map.perplexity))",
              study.scatter(
                try representation.map(map).places, groups: study.images.truth,
                study.classGroups)))
        }
        content.add(
          Figure(
            name: "fig6", title: "Two components, and maps of four perplexities",
            caption: "\(study.sample). Accuracy of k-means on (ii) to (v): "
              + accuracies.map { percent($0) }.joined(separator: ", ")
              + ". The paper does not state its perplexities.",
            chart: PanelChart(panels, columns: 2)))
        content.comparisons = [
          Comparison(
            "KH19", "accuracy from the least to the greatest perplexity",
            printed: "higher separates better",
            computed: accuracies.map { percent($0) }.joined(separator: ", "))
        ]
        return content
      }
    }
  }

  private var componentScatter: ScatterChart {
    get throws {
      let scores = try representation.spectrum().components(2, whitened: false)
      return study.scatter(
        Tensor(shape: scores.shape, scalars: scores.scalars.map { Double($0) }),
        groups: study.images.truth, study.classGroups, titles: ("component 1", "component 2"),
        showsNumbers: true)
    }
  }

  /// Figure 7: the confusion matrix, shares of rows and counts.
  private var matrixPart: PaperPart {
    get throws {
      let job = job(.map(try map))
      return PaperPart("fig7", "Figure 7: confusion matrix", units: units([job])) {
        let confusion = try representation.confusion(job, classNames: study.images.classNames)
        var content = PartContent()
        for (name, style, title) in [
          ("fig7", MatrixStyle.shares, "shares of the true class"),
          ("fig7-counts", .counts, "counts"),
        ] {
          content.add(
            Figure(
              name: name, title: "Confusion matrix, \(title)",
              caption: "\(study.sample); \(clusters) clusters of the map. Accuracy "
                + "\(study.withInterval(confusion.accuracy ?? 0)). Printed: the run in the authors' "
                + "repository.",
              chart: study.matrices(
                confusion, printed: clusters == 2 ? nil : KitaharaPrinted.confusion,
                order: KitaharaPrinted.confusionOrder, style: style)))
        }
        content.comparisons = [
          Comparison(
            "KH20", "most frequent confusion", printed: "PS to Cr (17)",
            computed: largestConfusion(confusion)),
          Comparison(
            "KH-A6", "accuracy of the published run", printed: "98.1 %",
            computed: percent(confusion.accuracy ?? 0)),
        ]
        return content
      }
    }
  }

  private func largestConfusion(_ confusion: ConfusionMatrix) -> String {
    var worst = (count: 0, text: "none")
    for t in confusion.counts.indices {
      for p in confusion.counts.indices where p != t && confusion.counts[t][p] > worst.count {
        let names = study.images.shortNames
        worst = (confusion.counts[t][p], "\(names[t]) to \(names[p]) (\(confusion.counts[t][p]))")
      }
    }
    return worst.text
  }

  /// fc1 against fc2.
  private var layerPart: PaperPart {
    get throws {
      let title = "fc2 in place of fc1"
      guard let other = try study.representation(layer: .fc2) else {
        return PaperPart(
          "layers", title, rows: ["KH7"], missing: "needs VGG16's second dense layer")
      }
      let maps = try [representation, other].map {
        try study.mapSettings($0, components: components)
      }
      let pairs = zip([representation, other], maps).map { ($0, $1, job(.map($1))) }
      let units = pairs.flatMap { [$0.0.spectrumUnit, $0.0.unit($0.1), $0.0.unit($0.2)] }
      return PaperPart("layers", title, units: units) {
        let accuracies = try pairs.map { percent(try $0.0.accuracy($0.2)) }
        return PartContent(comparisons: [
          Comparison(
            "KH7", "accuracy of \(representation.name); of \(other.name)",
            printed: "significantly better with fc1",
            computed: accuracies.joined(separator: "; "))
        ])
      }
    }
  }

  /// Regions in which the classes of 15 neighbours decide.
  private var regionPart: PaperPart {
    get throws {
      let settings = try map
      let units = [representation.spectrumUnit, representation.unit(settings)]
      return PaperPart("regions", "Repository: regions of 15 neighbours", units: units) {
        let places = try representation.map(settings).places
        let chart = study.scatter(places, groups: study.images.truth, study.classGroups)
        var content = PartContent()
        let panels = try [false, true].map { byDistance in
          var panel = chart
          panel.background = try background(places, chart, byDistance: byDistance)
          return Panel(byDistance ? "weighted by 1 / distance" : "equal weights", panel)
        }
        content.add(
          Figure(
            name: "regions", title: "Regions of 15 nearest neighbours on the map",
            caption:
              "\(study.sample). Behind the points: the class that the 15 nearest images vote "
              + "for.", chart: PanelChart(panels, columns: 2)))
        content.comparisons = [
          Comparison(
            "KH-A7", "regions, montage, component 3, raw counts",
            printed: "in the code, not the paper", computed: "drawn")
        ]
        return content
      }
    }
  }

  private func background(
    _ places: Tensor<Double>, _ chart: ScatterChart, byDistance: Bool
  ) throws -> ScatterBackground {
    let (height, width) = (210, 240)
    let cells = (0..<height * width).flatMap { cell -> [Double] in
      let u = (Double(cell % width) + 0.5) / Double(width)
      let v = 1 - (Double(cell / width) + 0.5) / Double(height)
      return [
        chart.x.lower + u * (chart.x.upper - chart.x.lower),
        chart.y.lower + v * (chart.y.upper - chart.y.lower),
      ]
    }
    let votes = try neighbourVotes(
      places, study.images.truth, classes: study.images.classNames.count,
      queries: Tensor(shape: [height * width, 2], scalars: cells), neighbours: 15,
      byDistance: byDistance)
    return ScatterBackground(
      cells: votes, height: height, width: width,
      colours: study.images.classNames.indices.map { Palette.colour($0) })
  }

  /// Components 1 and 2, coloured by component 3.
  private var componentPart: PaperPart {
    PaperPart("pc3", "Repository: components 1 to 3", units: [representation.spectrumUnit]) {
      var chart = try componentScatter
      let spectrum = try representation.spectrum()
      let third = spectrum.scores.shape[1] >= 3 ? 2 : spectrum.scores.shape[1] - 1
      chart.shade = ScatterShade(
        title: "component \(third + 1)",
        values: (0..<study.images.count).map { spectrum.scores[$0, third] })
      var content = PartContent()
      content.add(
        Figure(
          name: "pc3", title: "Components 1 and 2, coloured by component 3",
          caption: "\(study.sample); shares of the variance "
            + spectrum.ratios.prefix(3).map { percent($0) }.joined(separator: ", ") + ".",
          chart: chart))
      return content
    }
  }

  /// Every image at its place on the map.
  private var montagePart: PaperPart {
    get throws {
      let settings = try map
      let units = [representation.spectrumUnit, representation.unit(settings)]
      return PaperPart("montage", "Repository: images on the map", units: units) {
        var content = PartContent()
        try study.addMontage("montage", representation.map(settings).places, to: &content)
        content.comparisons = [
          Comparison(
            "KH14", "images at their points", printed: "inspected by the user",
            computed: "montage.png, and on hover on every map")
        ]
        return content
      }
    }
  }

  /// The tutorial of 2021: components of features as they are, and scaled to unit variance.
  private var scalingPart: PaperPart {
    let scaled = representation.scaled()
    let maps = try? [
      study.mapSettings(representation, components: components),
      study.mapSettings(scaled, components: components),
    ]
    let units =
      [representation.spectrumUnit, scaled.spectrumUnit]
      + (maps.map { [representation.unit($0[0]), scaled.unit($0[1])] } ?? [])
    return PaperPart("scaling", "Tutorial of 2021: features scaled to unit variance", units: units)
    {
      func share(_ representation: Representation) throws -> String {
        percent(try representation.spectrum().ratios.prefix(2).reduce(0, +), 2)
      }
      var content = PartContent()
      content.comparisons = [
        Comparison(
          "KH-A8", "variance of 2 components; scaled features",
          printed: "26.06 %; 17.95 %",
          computed: "\(try share(representation)); \(try share(scaled))")
      ]
      if let maps {
        let divergences = try [representation.map(maps[0]), scaled.map(maps[1])].map {
          fixed($0.divergence, 4)
        }
        content.comparisons.append(
          Comparison(
            "KH-A8", "divergence of the maps", printed: "0.8126; 0.7947",
            computed: divergences.joined(separator: "; ")))
      }
      return content
    }
  }
}

/// The class that the nearest points of known class vote for, at each query.
///
/// - Parameters:
///   - points: shape (n, d).
///   - truth: the class of each point.
///   - classes: the number of classes.
///   - queries: shape (m, d).
///   - neighbours: how many vote; fewer when there are fewer points.
///   - byDistance: whether a vote counts 1 / distance; a point at the query itself decides alone.
/// - Returns: one class a query; ties go to the lower class.
/// - Throws: `EstimatorError.nonFinite`.
package func neighbourVotes(
  _ points: Tensor<Double>, _ truth: [Int], classes: Int, queries: Tensor<Double>, neighbours: Int,
  byDistance: Bool
) throws(EstimatorError) -> [Int] {
  let k = min(neighbours, points.shape[0])
  let near = try VantagePointTree(points).nearestNeighbours(of: queries, count: k)
  return parallelMap(queries.shape[0]) { i in
    var votes = [Double](repeating: 0, count: classes)
    let distances = near.distances.scalars[i * k..<(i + 1) * k]
    for (index, distance) in zip(near.indices.scalars[i * k..<(i + 1) * k], distances) {
      let c = truth[Int(index)]
      votes[c] += !byDistance ? 1 : distance > 0 ? 1 / distance : 1e300
    }
    var best = 0
    for c in votes.indices where votes[c] > votes[best] { best = c }
    return best
  }
}
