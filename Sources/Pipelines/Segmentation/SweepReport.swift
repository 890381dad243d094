// `nital segment --sweep`: a sweep over pictures, with figures and tables.
//
// Deviations: none from SegmentationSweep. Checked by: KimTests.

import Reporting

/// A sweep over pictures, resumable and in shards.
public struct SweepJob: Sendable {
  /// The pictures, one part of the report each.
  public var pictures: [StudyPicture]
  /// What is varied.
  public var sweep: SegmentationSweep
  /// The folder for results and for finished work.
  public var folder: String
  /// Whether finished work of an earlier run is used.
  public var resume = true
  /// The part of the work that this process does; `nil` for all of it and the report.
  public var shard: Shard?

  /// A sweep whose results go into `folder`.
  ///
  /// - Precondition: there is a picture.
  public init(pictures: [StudyPicture], sweep: SegmentationSweep, folder: String) {
    precondition(!pictures.isEmpty, "a sweep without a picture")
    (self.pictures, self.sweep, self.folder) = (pictures, sweep, folder)
  }

  /// Does the work and puts the report together.
  ///
  /// - Returns: the outcome; for a shard one without parts.
  /// - Throws: `PipelineError`, `FormatError`, `Interrupted`, errors of the algorithm.
  public func run(progress: ProgressHandler? = nil) throws -> PaperReport {
    let store = try UnitStore(
      folder: folder, fingerprint: "segment --sweep", shard: shard, anew: !resume)
    let parts = pictures.enumerated().map { number, picture in
      PaperPart("sweep\(number + 1)", picture.name, units: sweep.units(picture)) {
        try content(picture, number + 1, store)
      }
    }
    let built = try runParts(parts, store: store, shard: shard, progress).parts
    let axes = sweep.axes.map(\.axis.title).joined(separator: " and ")
    return PaperReport(
      title: "Sweep over \(axes)",
      summary: "\(pictures.count) pictures, \(sweep.seeds) runs a value from seed "
        + "\(sweep.base.seed). nital \(nitalVersion).",
      notes: [
        .text(
          "Lower values of F, F\u{2032} and Q are better. What is not varied: \(sweep.base.name).")
      ], computedUnits: store.computedCount, parts: built)
  }

  private func content(
    _ picture: StudyPicture, _ number: Int, _ store: UnitStore
  ) throws -> PartContent {
    let result = try sweep.results(picture, store)
    var content = PartContent()
    if sweep.axes.count == 2 {
      content.add(
        Figure(
          name: "sweep\(number)", title: "F of \(picture.name)",
          caption:
            "Means of \(sweep.seeds) runs a cell; white lines: contours between the middles of "
            + "cells.", chart: result.map()))
    } else {
      content.add(
        Figure(
          name: "sweep\(number)", title: "F, F\u{2032} and Q of \(picture.name)",
          caption:
            "Means of \(sweep.seeds) runs with standard deviations; last, brought to 0 to 1.",
          chart: result.curves))
      content.add("ranks\(number)", result.rankTable())
    }
    content.add("runs\(number)", result.table)
    let best = sweep.points[result.ranking(0).order[0]]
    content.comparisons = [
      Comparison(
        "", "lowest F of \(picture.name)",
        computed: zip(sweep.axes, best).map { "\($0.axis.title) \(short($1))" }
          .joined(separator: ", "))
    ]
    return content
  }
}
