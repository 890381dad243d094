// What the figures of both papers share: maps, matrices, numbers of images and intervals in captions.

import Estimators
import Files
import Reporting
import Tensors

extension PaperStudy {
  /// "1800 images of 6 classes".
  var sample: String { "\(images.count) images of \(images.classNames.count) classes" }

  /// An accuracy with its interval, for instance "99.40 % (95 % interval 98.9 to 99.7)".
  func withInterval(_ accuracy: Double) -> String {
    let (lower, upper) = wilsonInterval(accuracy, of: images.count)
    return "\(percent(accuracy, 2)) (95 % interval \(fixed(lower * 100, 1)) to "
      + "\(fixed(upper * 100, 1)) %, n = \(images.count))"
  }

  /// The number of components of the standard analysis: 50, fewer for small sets.
  func standardComponents(_ representation: Representation, paper: Int = 50) throws -> Int {
    try min(paper, max(2, images.count / 10), representation.componentLimit)
  }

  /// The map of the papers: unwhitened components, perplexity 30.
  func mapSettings(
    _ representation: Representation, components: Int? = nil, perplexity: Double = 30,
    starts: Int = 1, isRandom: Bool = false, seed: UInt64? = nil
  ) throws -> MapSettings {
    MapSettings(
      components: try components ?? standardComponents(representation),
      perplexity: min(perplexity, (Double(images.count - 1) / 3).rounded(.down)),
      iterations: preset.mapIterations, starts: starts, isRandom: isRandom,
      seed: seed ?? settings.seed)
  }

  /// The groups of the true classes.
  var classGroups: [ScatterGroup] {
    images.shortNames.enumerated().map {
      ScatterGroup($1, colour: Palette.colour($0), mark: .circle)
    }
  }

  /// The groups of some clusters: the colour of the cluster's class, another shade and mark for each
  /// further cluster of a class, named "Sc", "Sc-2" as in the paper.
  func clusterGroups(_ labels: [Int], _ clusters: Int) -> [ScatterGroup] {
    let classes = ClusterMapping(labels: labels, truth: images.truth, clusters: clusters).classes
    return classes.indices.map { cluster in
      guard let index = classes[cluster] else {
        return ScatterGroup("\(cluster)", index: cluster)
      }
      let number = classes[..<cluster].count { $0 == index }
      let base = Palette.colour(index)
      let shades = [
        base, base.mixed(Colour(255, 255, 255), 0.5), base.mixed(Colour(0, 0, 0), 0.45),
      ]
      let marks: [Mark] = [.circle, .square, .triangle, .diamond]
      return ScatterGroup(
        images.shortNames[index] + (number > 0 ? "-\(number + 1)" : ""),
        colour: shades[number % shades.count], mark: marks[number % marks.count])
    }
  }

  /// A map with one point an image.
  func scatter(
    _ places: Tensor<Double>, groups: [Int], _ looks: [ScatterGroup],
    titles: (String, String) = ("t-SNE 1", "t-SNE 2"), showsNumbers: Bool = false
  ) -> ScatterChart {
    let points = (0..<places.shape[0]).map { i in
      ScatterPoint(
        x: places[i, 0], y: places[i, 1], group: groups[i], image: i, label: images.names[i])
    }
    return ScatterChart(
      points: points, groups: looks,
      x: Axis(titles.0, covering: points.map(\.x), showsNumbers: showsNumbers),
      y: Axis(titles.1, covering: points.map(\.y), showsNumbers: showsNumbers))
  }

  /// The member nearest to the mean of some points of a map.
  func typical(_ members: [Int], _ places: Tensor<Double>) -> Int? {
    let n = Double(max(1, members.count))
    let mx = members.reduce(0) { $0 + places[$1, 0] } / n
    let my = members.reduce(0) { $0 + places[$1, 1] } / n
    func square(_ i: Int) -> Double {
      (places[i, 0] - mx) * (places[i, 0] - mx) + (places[i, 1] - my) * (places[i, 1] - my)
    }
    return members.min { (square($0), $0) < (square($1), $1) }
  }

  /// A confusion matrix beside the printed one, where there is one for these classes.
  func matrices(
    _ confusion: ConfusionMatrix, printed: [[Int]]?, order: [String] = SteelDefects.codes,
    style: MatrixStyle
  ) -> any Chart {
    func chart(_ names: [String], _ counts: [[Int]]) -> MatrixChart {
      MatrixChart(
        rows: names, columns: names, counts: counts, rowTitle: "true class",
        columnTitle: "predicted class", style: style)
    }
    // In the order of the paper where the classes are its own.
    let names = images.shortNames
    let rank =
      images.areSteelDefects ? order.compactMap { names.firstIndex(of: $0) } : Array(names.indices)
    let computed = chart(
      rank.map { names[$0] }, rank.map { t in rank.map { confusion.counts[t][$0] } })
    guard let printed else { return computed }
    return PanelChart(
      [Panel("computed", computed), Panel("printed (NEU, VGG16)", chart(order, printed))],
      columns: 2)
  }

  /// Precision and recall beside the printed ones.
  func scoreTable(
    _ confusion: ConfusionMatrix, printed: [(String, String)], caption: String
  ) -> ReportTable {
    let rows = zip(images.shortNames, confusion.classScores).map { name, scores in
      let known = SteelDefects.codes.firstIndex(of: name).map { printed[$0] }
      func text(_ value: Double?) -> String { value.map { fixed($0, 3) } ?? "\u{2013}" }
      return [
        name, known?.0 ?? "", text(scores.precision), known?.1 ?? "", text(scores.recall),
      ]
    }
    return ReportTable(
      caption: caption,
      header: [
        "class", "precision printed", "precision computed", "recall printed",
        "recall computed",
      ], rows: rows)
  }

  /// The picture of an image as a PNG file, equalised if wanted, grey levels as they are.
  func png(_ grey: Tensor<Float>) throws -> [UInt8] { try encodePicture(grey) }

  /// The pictures of the report, one an image.
  var reportImages: [ReportImage] {
    images.names.indices.map { i in
      ReportImage(
        name: images.names[i], png: images.thumbnails[i],
        details: ["class \(images.classNames[images.truth[i]])"], link: rooted(images.paths[i]))
    }
  }
}

/// A list of numbers as text.
func listed(_ values: [Double], _ decimals: Int = 3) -> String {
  values.map { fixed($0, decimals) }.joined(separator: " ")
}

/// A path from the root.
private func rooted(_ path: String) -> String {
  path.hasPrefix("/") ? path : currentFolder() + "/" + path
}
