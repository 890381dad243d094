// Kim et al.: figures 1 to 9, the schematics, pictures with their segmentations, phase fractions.
//
// Implements: table 1 and figures 1 to 9.
// Deviations: figure 4's values of compactness and superpixels are not printed; three of each are
//   drawn. Checked by: KimTests. Cost: one segmentation a picture, three more for figure 9.

import Imaging
import Metallography
import Reporting
import Tensors

extension KimStudy {
  // MARK: - Figures 1 to 3, table 1

  var schematicParts: [PaperPart] {
    [
      PaperPart("fig1", "Table 1, figure 1: material and microstructures") {
        var content = PartContent()
        content.add(
          "table1",
          ReportTable(
            caption: "Table 1 as printed: composition of the paper's steel in mass percent.",
            header: ["C", "Si", "Mn", "P", "S", "Al", "N (ppm)", "O (ppm)"],
            rows: [["0.152", "0.015", "1.51", "0.007", "0.0016", "0.026", "18", "28"]]))
        let shown = try pictures.map { picture in
          RowPicture(
            picture.name, png: try picture.png(side: 280), proportion: picture.proportion,
            notes: [sizeText(picture)])
        }
        content.add(
          Figure(
            name: "fig1", title: "Microstructures", caption: "The pictures of this reproduction.",
            chart: PictureRow(shown, columns: 4, width: 200)))
        content.comparisons = [
          Comparison(
            "KI1", "composition, etching", printed: "Table 1; 5 % picral + 0.5 % nital",
            computed: "not applicable", remark: "the paper's specimens are not at hand"),
          Comparison(
            "KI2", "microstructures", printed: "ferrite, pearlite, bainite, martensite",
            computed: pictures.map(\.name).joined(separator: ", ")),
        ]
        return content
      },
      PaperPart("fig2", "Figures 2 and 3: the algorithm and its layers") { layerContent() },
    ]
  }

  private func sizeText(_ picture: StudyPicture) -> String {
    "\(picture.pixels.shape[1]) x \(picture.pixels.shape[0]) pixels"
  }

  private func layerContent() -> PartContent {
    var content = PartContent()
    let (p, q) = (settings.filters, settings.outputs)
    content.add(
      Figure(
        name: "fig2", title: "The algorithm",
        caption:
          "Labels of the network are made equal within each superpixel, and become the target "
          + "of the next step of training.",
        chart: FlowChart(
          [
            ["micrograph"], ["2 x", "convolution 3 x 3, \(p)", "ReLU", "batch norm"],
            ["classifier 1 x 1, \(q)", "batch norm"], ["argmax", "a class a pixel"],
            ["refinement", "the most frequent class", "of each superpixel"],
          ], back: (from: 4, to: 1, text: "cross-entropy, SGD 0.1, momentum 0.9"))))
    let layers = layerRows(p, q)
    content.add(
      "fig3",
      ReportTable(
        caption: "Figure 3: layers for a picture of 360 x 360 x 3.",
        header: ["layer", "output", "kernel", "parameters"], rows: layers))
    let total = layers.reduce(0) { $0 + (Int($1[3]) ?? 0) }
    content.comparisons = [
      Comparison(
        "KI5", "layers, filters, outputs", printed: "2, 100, 50", computed: "2, \(p), \(q)"),
      Comparison("KI3", "parameters", computed: "\(total)", remark: "the paper prints no number"),
    ]
    return content
  }

  /// The layers of figure 3 with p filters and q outputs: output, kernel, parameters.
  private func layerRows(_ p: Int, _ q: Int) -> [[String]] {
    let side = "360 x 360"
    return [
      ["input", "\(side) x 3", "", ""],
      ["convolution 1", "\(side) x \(p)", "3 x 3, padding 1", "\(3 * 9 * p + p)"],
      ["ReLU, batch norm 1", "\(side) x \(p)", "epsilon 1e-5", "\(2 * p)"],
      ["convolution 2", "\(side) x \(p)", "3 x 3, padding 1", "\(p * 9 * p + p)"],
      ["ReLU, batch norm 2", "\(side) x \(p)", "epsilon 1e-5", "\(2 * p)"],
      ["classifier", "\(side) x \(q)", "1 x 1", "\(p * q + q)"],
      ["batch norm 3", "\(side) x \(q)", "epsilon 1e-5", "\(2 * q)"],
      ["argmax", side, "", ""],
    ]
  }

  // MARK: - Figure 4

  var superpixelPart: PaperPart {
    PaperPart("fig4", "Figure 4: compactness and number of superpixels") {
      let picture = picture(1)
      let side = 200
      let (shown, rows) = try superpixelPanels(picture, side)
      var content = PartContent()
      content.add(
        Figure(
          name: "fig4", title: "Superpixels",
          caption:
            "\(picture.name), upper left \(side) x \(side) pixels at most; boundaries yellow.",
          chart: PictureRow(shown, columns: 4, width: 240)))
      content.add(
        "fig4",
        ReportTable(
          caption: "Superpixels that were asked for and found.",
          header: ["compactness", "asked for", "found"], rows: rows))
      content.comparisons = [
        Comparison(
          "KI7", "grid of m and n", printed: "four panels, values not printed",
          computed: "m 5, 20, 80; superpixels of 55 and 220 pixels")
      ]
      return content
    }
  }

  /// The panels of figure 4, and a row of numbers for each but the first.
  private func superpixelPanels(
    _ picture: StudyPicture, _ side: Int
  ) throws -> (shown: [RowPicture], rows: [[String]]) {
    var shown = [
      RowPicture(
        "(a) picture", png: try cutPNG(picture, side), proportion: cutProportion(picture, side))
    ]
    var rows: [[String]] = []
    for area in [55.0, 220] {
      for compactness in [5.0, 20, 80] {
        var slic = SLIC.kim2020
        slic.superpixels = superpixels(picture, area: area)
        slic.compactness = compactness
        let found = try slic.segment(picture.pixels)
        let name = "m = \(short(compactness)), n = \(slic.superpixels)"
        rows.append(["\(short(compactness))", "\(slic.superpixels)", "\(found.count)"])
        shown.append(
          RowPicture(
            "(\(Array("bcdefg")[rows.count - 1])) \(name)",
            png: try picture.png(boundariesOf: found.labels, side: side),
            proportion: cutProportion(picture, side), notes: ["\(found.count) superpixels"]))
      }
    }
    return (shown, rows)
  }

  private func cutPNG(_ picture: StudyPicture, _ side: Int) throws -> [UInt8] {
    let none = Tensor<Int32>(
      repeating: 0, shape: [picture.pixels.shape[0], picture.pixels.shape[1]])
    return try picture.png(boundariesOf: none, side: side)
  }

  private func cutProportion(_ picture: StudyPicture, _ side: Int) -> Double {
    Double(min(side, picture.pixels.shape[0])) / Double(min(side, picture.pixels.shape[1]))
  }

  // MARK: - Figures 5 to 8

  /// What the paper says of figures 5, 6 and 7.
  private static let captions = [
    5: "ferrite side plate green, pearlite red, bainite purple (1920 x 1440, low magnification)",
    6: "ferrite orange, pearlite green, martensite blue (1920 x 1440, high magnification)",
    7: "grain-boundary ferrite green, side plate blue, pearlite light green (360 x 360)",
  ]

  func pairPart(_ figure: Int, _ index: Int) -> PaperPart {
    let picture = picture(index)
    let request = request(picture, classes: classCount(picture))
    return PaperPart(
      "fig\(figure)", "Figure \(figure): a micrograph and its segmentation",
      units: [unit(picture, request)]
    ) {
      let found = try outcome(picture, request)
      var content = PartContent()
      content.add(
        Figure(
          name: "fig\(figure)", title: picture.name,
          caption: "\(sizeText(picture)); \(request.name); \(found.iterations) steps.",
          chart: try row(picture, [("segmentation", found)])))
      content.comparisons = [
        Comparison(
          "KI\(figure + 9)", "phases told apart", printed: Self.captions[figure] ?? "",
          computed: matchedShares(picture, found))
      ]
      return content
    }
  }

  /// The shares of the classes; with known phases, of those that match one, and how many pixels are
  /// right.
  private func matchedShares(_ picture: StudyPicture, _ found: SegmentationOutcome) -> String {
    guard let truth = picture.truth else {
      let shares = ColouredLabels(found.labels).legend().map(\.text)
      return "\(shares.count) classes: " + shares.prefix(8).joined(separator: ", ")
        + (shares.count > 8 ? ", ..." : "")
    }
    let matching = LabelMatching(found.labels, truth: truth)
    let shares = found.labels.areaFractions(of: matching.labels)
    let there = truth.areaFractions(of: matching.phases)
    let names = matching.phases.indices.map { k in
      let label = matching.assigned.firstIndex { $0 == matching.phases[k] }
      let name = picture.phaseNames.indices.contains(k) ? picture.phaseNames[k] : "phase \(k + 1)"
      return "\(name) \(percent(label.map { shares[$0] } ?? 0)) (true \(percent(there[k])))"
    }
    return names.joined(separator: ", ") + "; \(percent(matching.accuracy)) of pixels right"
      + (shares.count > names.count ? "; \(shares.count - names.count) classes unmatched" : "")
  }

  /// The picture, its phases where they are known, and segmentations of it.
  private func row(
    _ picture: StudyPicture, _ found: [(name: String, outcome: SegmentationOutcome)],
    width: Double = 280
  ) throws -> PictureRow {
    let truth = picture.truth.map { ColouredLabels($0) }
    let proportion = picture.proportion
    var shown = [RowPicture(picture.name, png: try picture.png(), proportion: proportion)]
    if let truth {
      let keys = truth.legend()
      shown.append(
        RowPicture(
          "true phases", png: try truth.png(), proportion: proportion,
          notes: keys.map(\.text), keys: keys.map(\.colour)))
    }
    for (name, outcome) in found {
      let labels =
        truth.map { ColouredLabels(outcome.labels, matching: $0) }
        ?? ColouredLabels(outcome.labels)
      let keys = labels.legend().prefix(6)
      var notes = keys.map(\.text)
      if labels.shares.count > 6 { notes.append("and \(labels.shares.count - 6) more") }
      shown.append(
        RowPicture(
          name, png: try labels.png(), proportion: proportion, notes: notes,
          keys: keys.map(\.colour)))
    }
    return PictureRow(
      shown, columns: 5, legend: truth?.legend(picture.phaseNames) ?? [], width: width)
  }

  var galleryPart: PaperPart {
    let others = pictures.count > 3 ? Array(pictures[3...]) : pictures
    let wanted = others.map { ($0, request($0, classes: classCount($0))) }
    return PaperPart(
      "fig8", "Figure 8: further micrographs", units: wanted.map { unit($0.0, $0.1) }
    ) {
      var content = PartContent()
      for (number, (picture, request)) in wanted.enumerated() {
        let found = try outcome(picture, request)
        content.add(
          Figure(
            name: "fig8-\(number + 1)", title: picture.name,
            caption: "\(sizeText(picture)); \(request.name); \(found.iterations) steps.",
            chart: try row(picture, [("segmentation", found)], width: 200)))
      }
      content.comparisons = [
        Comparison(
          "KI17", "further pairs", printed: "8 pairs", computed: "\(wanted.count)")
      ]
      return content
    }
  }

  // MARK: - Figure 9

  var fractionPart: PaperPart {
    let picture = picture(1)
    let counts = [classCount(picture), 10, 20]
    let requests = counts.map { request(picture, classes: $0) }
    return PaperPart(
      "fig9", "Figure 9: manual and unsupervised segmentation",
      units: requests.map { unit(picture, $0) }
    ) {
      let found = try requests.map { try outcome(picture, $0) }
      let named = zip(counts, found).map { (name: "\($0) classes", outcome: $1) }
      var content = PartContent()
      content.add(
        Figure(
          name: "fig9", title: "Phases and classes of \(picture.name)",
          caption:
            "Shares of the area. Each number of classes is reached by the rule of nital segment "
            + "--classes; \(preset.trainingSteps) steps at most.",
          chart: try row(picture, named, width: 230)))
      content.comparisons = fractionComparisons(picture, counts, found)
      return content
    }
  }

  private func fractionComparisons(
    _ picture: StudyPicture, _ counts: [Int], _ found: [SegmentationOutcome]
  ) -> [Comparison] {
    var result: [Comparison] = []
    if let truth = picture.truth {
      result.append(
        Comparison(
          "KI18", "phases, by hand (a)", printed: "martensite 65 %, ferrite 32 %, pearlite 3 %",
          computed: ColouredLabels(truth).legend(picture.phaseNames).map(\.text)
            .joined(separator: ", "), remark: "exact, another picture"))
    }
    for (k, (count, outcome)) in zip(counts, found).enumerated() {
      result.append(
        Comparison(
          "KI18", "\(count) classes (\(Array("bcd")[k]))",
          printed: "shares in the figure alone", computed: matchedShares(picture, outcome)))
    }
    return result
  }

  // MARK: - Phase fractions against truth

  var truthPart: PaperPart {
    let known = pictures.filter { $0.truth != nil }
    let wanted = known.map { ($0, request($0, classes: classCount($0))) }
    return PaperPart(
      "truth", "Phase fractions against truth", units: wanted.map { unit($0.0, $0.1) }
    ) {
      var content = PartContent()
      let scores = try wanted.compactMap { try score($0, $1) }
      let (rows, errors) = (scores.map(\.row), scores.map(\.error))
      content.add(
        "truth",
        ReportTable(
          caption:
            "Labels matched one to one to phases so that most pixels are right; area error: the "
            + "largest difference of an area fraction, in points.",
          header: [
            "picture", "true shares", "classes", "area error", "pixel accuracy", "mean IoU",
            "steps",
          ], rows: rows))
      if !errors.isEmpty {
        content.comparisons = [
          Comparison(
            "KI18", "largest error of an area fraction, mean over \(errors.count) pictures",
            printed: "\"in good agreement\"",
            computed: "\(fixed(100 * errors.reduce(0, +) / Double(errors.count), 1)) points")
        ]
      } else {
        content.blocks.append(.warning("Not applicable: no picture has known phases (--masks)."))
      }
      return content
    }
  }

  /// A row of the table of true fractions; `nil` for a picture without truth.
  private func score(
    _ picture: StudyPicture, _ request: SegmentationRequest
  ) throws -> (row: [String], error: Double)? {
    guard let truth = picture.truth else { return nil }
    let found = try outcome(picture, request)
    let matching = LabelMatching(found.labels, truth: truth)
    let error = areaError(found.labels, matching, truth)
    let row = [
      picture.name,
      truth.areaFractions(of: truth.classes).map { percent($0) }.joined(separator: " "),
      "\(matching.labels.count)", fixed(100 * error, 1), percent(matching.accuracy),
      fixed(matching.meanIntersectionOverUnion, 3), "\(found.iterations)",
    ]
    return (row, error)
  }

  /// The largest difference of an area fraction after matching.
  private func areaError(
    _ map: LabelMap, _ matching: LabelMatching, _ truth: LabelMap
  ) -> Double {
    let found = map.areaFractions(of: matching.labels)
    let there = truth.areaFractions(of: matching.phases)
    return zip(matching.phases, there).map { phase, share in
      let label = matching.assigned.firstIndex { $0 == phase }
      return abs((label.map { found[$0] } ?? 0) - share)
    }.max() ?? 0
  }
}
