// Cohn & Holm: five-fold cross-validation (section 3.2), honest and as published.
//
// Implements: table 3. Deviations: two, both of the published code, are printed beside the honest
//   numbers: 35 components instead of 50 (CH-A1), and clusters named again by the held-out images'
//   own classes (CH-A2).
// Checked by: ReproductionTests. Cost: ten PCAs and runs of k-means.

import Reporting

/// Table 3.
func validationPart(_ study: PaperStudy) throws -> PaperPart {
  let validation = try Validation(study)
  return PaperPart("table3", "Table 3: five-fold cross-validation", units: validation.units) {
    try validation.content()
  }
}

private struct Validation {
  static let folds = 5
  let study: PaperStudy
  let representation: Representation
  /// The standard number of components, and that of the published code.
  let components: (standard: Int, published: Int)

  init(_ study: PaperStudy) throws {
    self.study = study
    representation = try study.representation()
    components = try (
      study.standardComponents(representation),
      study.standardComponents(representation, paper: 35)
    )
  }

  private func unit(_ fold: Int, _ components: Int) -> WorkUnit {
    representation.foldUnit(
      fold, of: Self.folds, components: components,
      clusters: study.images.classNames.count + 1, starts: study.preset.starts,
      seed: study.settings.seed)
  }

  var units: [WorkUnit] {
    (0..<Self.folds).flatMap { fold in
      [unit(fold, components.standard), unit(fold, components.published)]
    }
  }

  private func outcome(_ fold: Int, _ components: Int) throws -> FoldOutcome {
    let values = try study.store.values(unit(fold, components))
    return FoldOutcome(training: values[0], honest: values[1], leaked: values[2])
  }

  func content() throws -> PartContent {
    let honest = try (0..<Self.folds).map { try outcome($0, components.standard) }
    let published = try (0..<Self.folds).map { try outcome($0, components.published) }
    var content = PartContent()
    content.blocks.append(
      .text(
        "As published, table 3 rests on 35 components (the text says 50), and each cluster is named "
          + "again by the classes of the held-out images, which a model in use does not have. The "
          + "honest columns use the standard components and the names learnt in training."))
    content.add("table3", table(honest, published))
    content.add(figure(honest, published))
    content.comparisons = comparisons(honest, published)
    return content
  }

  private func table(_ honest: [FoldOutcome], _ published: [FoldOutcome]) -> ReportTable {
    let first = study.settings.naming == .train
    let rows = (0..<Self.folds).map { fold in
      let printed = CohnPrinted.table3[fold]
      let cells = [
        [fixed(honest[fold].training, 3), fixed(honest[fold].honest, 3)],
        [fixed(published[fold].training, 3), fixed(published[fold].leaked, 3)],
        [fixed(honest[fold].leaked, 3)], [fixed(published[fold].honest, 3)],
      ]
      return ["\(fold + 1)", fixed(printed.0, 3), fixed(printed.1, 3)]
        + (first ? cells[0] + cells[1] : cells[1] + cells[0]) + cells[2] + cells[3]
    }
    let (c, p) = (components.standard, components.published)
    let honestHeader = ["\(c): train", "\(c): validation, honest"]
    let publishedHeader = ["\(p): train", "\(p): validation, as published"]
    return ReportTable(
      caption: "Five random folds of \(study.sample), \(study.preset.starts) starts, seed "
        + "\(study.settings.seed); columns headed by the number of components. Honest: clusters named "
        + "by training images; as published: by the held-out images.",
      header: ["fold", "printed train", "printed validation"]
        + (first ? honestHeader + publishedHeader : publishedHeader + honestHeader)
        + ["\(c): validation, as published", "\(p): validation, honest"],
      rows: rows)
  }

  private func figure(_ honest: [FoldOutcome], _ published: [FoldOutcome]) -> Figure {
    let series = [
      BarChart.Bars(name: "printed", values: CohnPrinted.table3.map(\.1)),
      BarChart.Bars(
        name: "as published (\(components.published), leak)", values: published.map(\.leaked)),
      BarChart.Bars(name: "honest (\(components.standard))", values: honest.map(\.honest)),
    ]
    let least = series.flatMap(\.values).min() ?? 0
    return Figure(
      name: "table3-validation", title: "Validation accuracy of each fold",
      caption: "\(study.sample), \(study.images.count / Self.folds) held out in each fold.",
      chart: BarChart(
        groups: (1...Self.folds).map { "fold \($0)" }, series: series,
        y: Axis("validation accuracy", from: max(0, (least * 20).rounded(.down) / 20 - 0.05), to: 1)
      ))
  }

  private func comparisons(
    _ honest: [FoldOutcome], _ published: [FoldOutcome]
  ) -> [Comparison] {
    func mean(_ values: [Double]) -> String { fixed(meanAndDeviation(values).mean, 3) }
    let (c, p) = (components.standard, components.published)
    return [
      Comparison(
        "CH17", "mean validation accuracy, honest, \(c) components",
        printed: mean(CohnPrinted.table3.map(\.1)), computed: mean(honest.map(\.honest)),
        remark: "the printed mean has both slips of CH-A1 and CH-A2"),
      Comparison(
        "CH17", "mean training accuracy, \(c) components",
        printed: mean(CohnPrinted.table3.map(\.0)), computed: mean(honest.map(\.training))),
      Comparison(
        "CH-A1", "mean validation accuracy, as published, \(p) components",
        printed: mean(CohnPrinted.table3.map(\.1)), computed: mean(published.map(\.leaked)),
        remark: "the published code has 35 components, the text 50"),
      Comparison(
        "CH-A1", "mean validation accuracy, as published, \(c) components",
        printed: mean(CohnPrinted.table3Of50.map(\.1)), computed: mean(honest.map(\.leaked)),
        remark: "printed: from the published results, not the paper"),
      Comparison(
        "CH-A2", "gain of the leak, \(c) components",
        computed: fixed(
          meanAndDeviation(honest.map(\.leaked)).mean - meanAndDeviation(honest.map(\.honest)).mean,
          4),
        remark: "clusters named by the held-out classes"),
      Comparison(
        "CH18", "new images", printed: "nearest centre", computed: "nearest centre",
        remark: "medians, components and centres from the training folds alone"),
    ]
  }
}
