// Segmentations over classes, compactness or superpixels, several seeds each, judged by F, F' and Q.
//
// Implements: H. Kim, J. Inoue, T. Kasuya, Sci. Rep. 10:17835 (2020), "Evaluation" and
//   "Hyperparameter optimization", figures 10 and 11, table 2.
// Deviations: grids are options (the paper prints none). Each run is a unit of work: finished ones
//   are kept, shards share them out. Checked by: SegmentationSweepTests.
// Cost: values x seeds segmentations.

import Files
import Imaging
import Metallography
import Reporting
import Tensors

/// What a sweep varies.
public enum SweepAxis: String, CaseIterable, Sendable, Codable {
  /// The number of classes.
  case classes
  /// SLIC's compactness.
  case compactness
  /// SLIC's number of superpixels.
  case superpixels

  /// The name on an axis.
  var title: String {
    switch self {
    case .classes: "number of classes"
    case .compactness: "compactness"
    case .superpixels: "number of superpixels"
    }
  }
}

/// Segmentations of one picture over one or two axes.
public struct SegmentationSweep: Sendable {
  /// What is varied, and its values; one or two axes.
  public var axes: [(axis: SweepAxis, values: [Double])]
  /// What stays the same.
  public var base = SegmentationRequest()
  /// How many seeds are averaged: `base.seed`, and those that follow.
  public var seeds = 10
  /// What the criteria's definitions leave open.
  public var criteria = SegmentationCriteriaOptions()
  /// The algorithm.
  public let method: SegmentationMethod

  /// A sweep.
  public init(
    _ axes: [(axis: SweepAxis, values: [Double])], method: SegmentationMethod
  ) {
    precondition((1...2).contains(axes.count), "a sweep over \(axes.count) axes")
    (self.axes, self.method) = (axes, method)
  }

  /// One value of each axis.
  typealias Point = [Double]

  /// All combinations, the last axis running fastest.
  var points: [Point] {
    axes.reduce([[]]) { points, axis in points.flatMap { p in axis.values.map { p + [$0] } } }
  }

  /// What is asked of the algorithm at a point.
  func request(_ point: Point, seed: Int) -> SegmentationRequest {
    var request = base
    request.seed = base.seed &+ UInt64(seed)
    for (axis, value) in zip(axes, point) {
      switch axis.axis {
      case .classes: request.classes = Int(value)
      case .compactness: request.compactness = value
      case .superpixels: request.superpixels = Int(value)
      }
    }
    return request
  }

  /// The work of a point and a seed: F, F', Q, regions, classes that are left, steps.
  func unit(_ point: Point, seed: Int, _ picture: StudyPicture) -> WorkUnit {
    let request = request(point, seed: seed)
    let name = "sweep \(picture.key); \(request.name); \(criteria); \(method.name)"
    return WorkUnit(name: name) { [method, criteria] in
      let found = try method(picture.pixels, request)
      let judged = SegmentationCriteria(found.labels, image: picture.pixels, options: criteria)
      return [
        judged.F, judged.FPrime, judged.Q, Double(judged.regions),
        Double(found.labels.classes.count), Double(found.iterations),
      ]
    }
  }

  /// All work of the sweep.
  func units(_ picture: StudyPicture) -> [WorkUnit] {
    points.flatMap { point in (0..<seeds).map { unit(point, seed: $0, picture) } }
  }

  /// The numbers of finished work, one array a point, one a seed.
  func results(_ picture: StudyPicture, _ store: UnitStore) throws -> SweepResult {
    let runs = try points.map { point in
      try (0..<seeds).map { try store.values(unit(point, seed: $0, picture)) }
    }
    return SweepResult(sweep: self, runs: runs)
  }
}

/// A picture that studies segment.
public struct StudyPicture: Sendable {
  /// What it is called.
  public var name: String
  /// Shape (H, W) or (H, W, 3), 0...1.
  public var pixels: Tensor<Float>
  /// The true phases, where they are known.
  public var truth: LabelMap?
  /// The names of the phases in `truth`, by label.
  public var phaseNames: [String] = []
  /// The hash of the pixels: equal pictures have equal keys.
  let key: String

  /// A picture.
  ///
  /// - Precondition: a grey or RGB picture.
  public init(name: String, pixels: Tensor<Float>, truth: LabelMap? = nil) {
    precondition(
      pixels.rank == 2 || (pixels.rank == 3 && pixels.shape[2] == 3),
      "a picture has the shape (H, W) or (H, W, 3), not \(pixels.shape)")
    (self.name, self.pixels, self.truth) = (name, pixels, truth)
    let bytes = littleEndianBytes(of: pixels.shape.map { UInt64($0) })
    key = String(
      SHA256.hash(of: bytes + littleEndianBytes(of: pixels.scalars)).prefix(16))
  }
}

/// The numbers of a finished sweep.
struct SweepResult {
  let sweep: SegmentationSweep
  /// One array a point, one a seed, six numbers each.
  let runs: [[[Double]]]

  /// F, F' or Q over the points.
  func ranking(_ criterion: Int) -> CriterionRanking {
    CriterionRanking(runs.map { $0.map { $0[criterion] } })
  }

  /// The names of the criteria.
  static let criteria = ["F", "F\u{2032}", "Q"]

  /// Figure 10: F, F' and Q over the first axis, each on its own scale, then brought to 0...1.
  var curves: PanelChart {
    PanelChart(
      (0..<3).map { Panel("(\(["a", "b", "c"][$0])) \(Self.criteria[$0])", curve($0)) }
        + [Panel("(d) brought to 0 to 1", normalised)], columns: 2)
  }

  private var firstAxis: Axis {
    var axis = Axis(sweep.axes[0].axis.title, covering: sweep.axes[0].values)
    axis.isWhole = true
    return axis
  }

  private var normalised: LineChart {
    LineChart(
      series: (0..<3).map { k in
        Series(name: Self.criteria[k], x: sweep.axes[0].values, y: ranking(k).normalised)
      }, x: firstAxis, y: Axis("normalised value", covering: [0, 1]), showsPoints: true)
  }

  private func curve(_ k: Int) -> LineChart {
    let ranking = ranking(k)
    let ends = zip(ranking.means, ranking.deviations).flatMap { [$0 - $1, $0 + $1] }
    return LineChart(
      series: [
        Series(
          name: Self.criteria[k], x: sweep.axes[0].values, y: ranking.means,
          deviations: sweep.seeds < 2 ? [] : ranking.deviations, colour: k)
      ], x: firstAxis, y: Axis(Self.criteria[k], covering: ends), showsPoints: true)
  }

  /// Table 2: the best values of each criterion with their normalised means.
  func rankTable(best count: Int = 5) -> ReportTable {
    let places = min(count, sweep.points.count)
    return ReportTable(
      caption: "Values of \(sweep.axes[0].axis.title) in the order of each criterion, the best "
        + "first, with the mean of \(sweep.seeds) runs brought to 0 to 1.",
      header: ["criterion"] + (1...max(1, places)).map { "\($0)." },
      rows: (0..<3).map { k in
        let ranking = ranking(k)
        return [Self.criteria[k]]
          + ranking.order.prefix(places).map {
            "\(short(sweep.points[$0][0])) (\(fixed(ranking.normalised[$0], 2)))"
          }
      })
  }

  /// F over two axes: the first to the right, the second upwards.
  func map(_ criterion: Int = 0) -> HeatChart {
    let (a, b) = (sweep.axes[0], sweep.axes[1])
    let means = ranking(criterion).means
    return HeatChart(
      columns: a.values.map(short), rows: b.values.map(short),
      values: b.values.indices.map { j in
        a.values.indices.map { i in means[i * b.values.count + j] }
      }, columnTitle: a.axis.title, rowTitle: b.axis.title, valueTitle: Self.criteria[criterion])
  }

  /// Every run, a row each.
  var table: ReportTable {
    var rows: [[String]] = []
    for (point, seeds) in zip(sweep.points, runs) {
      for (seed, numbers) in seeds.enumerated() {
        let request = sweep.request(point, seed: seed)
        rows.append(
          [
            "\(request.classes)", short(request.compactness), "\(request.superpixels)",
            "\(request.seed)",
          ] + numbers.prefix(3).map { significant($0, 6) } + numbers.dropFirst(3).map(short))
      }
    }
    return ReportTable(
      caption: "Every run of the sweep.",
      header: [
        "classes", "compactness", "superpixels", "seed", "F", "F'", "Q", "regions", "classes left",
        "steps",
      ], rows: rows)
  }
}

/// A number without needless decimals.
func short(_ value: Double) -> String {
  value == value.rounded() && value.magnitude < 1e15 ? "\(Int(value))" : significant(value, 4)
}
