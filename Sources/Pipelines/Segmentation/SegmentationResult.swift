// What a segmentation found: phases with their intervals, regions, criteria; and the files of an image.
//
// Implements: ASTM E562-19 section 10 and E1245-03 (mean and 95 % interval over fields), with the parts of a
//   grid for fields; F, F', Q of Metallography. See there for the equations.
// Deviations: fields of one picture touch each other, so that the interval is that of this picture.
// Checked by: SegmentationTests, SegmentationRunTests. Cost: a few passes over the pixels.

import Files
import Imaging
import Metallography
import Reporting
import Tensors

/// One class of an image.
public struct SegmentedPhase: Sendable, Equatable {
  /// The number from 1, by falling area.
  public var number: Int
  /// The share of all pixels.
  public var share: Double
  /// Over the fields: mean and half the 95 % interval.
  public var fraction: PhaseFraction
  /// Connected regions.
  public var regions: Int
  /// Their mean area in pixels.
  public var meanArea: Double
  /// The mean grey level from 0 to 1, and the mean share of runs that agree.
  public var meanGrey, stability: Double
}

/// The result of one image.
public struct SegmentationRow: Sendable {
  /// The segmentation.
  public var image: SegmentedImage
  /// The classes by falling area.
  public var phases: [SegmentedPhase]
  /// F, F' and Q with the definitions of Liu and Yang and of Borsotti et al.
  public var criteria: SegmentationCriteria
  /// Small pictures for the report: as read, and with the classes.
  var thumbnails: [[UInt8]] = []

  /// Measures a segmentation and writes the image's files.
  init(
    _ image: SegmentedImage, _ picture: SegmentationPicture, _ settings: SegmentationSettings,
    folder: String
  ) throws(FormatError) {
    self.image = image
    let map = LabelMap(
      height: image.height, width: image.width, labels: image.labels.map { Int($0) })
    let statistics = map.regionStatistics(.sides)
    phases = Self.phases(image, picture.image, map, statistics, settings.fields)
    criteria = SegmentationCriteria(map, image: picture.image)
    let colours = image.overlay(on: picture.image)
    try writeAtomically(image.labelPNG, to: folder + "/labels.png")
    try writeAtomically(
      try encodePNG(
        Image(
          height: image.height, width: image.width, channels: 3, samples: .uint8(colours),
          pixelSize: picture.pixelSize)), to: folder + "/overlay.png")
    if settings.runs > 1 {
      try writeAtomically(try image.stabilityPNG(), to: folder + "/stability.png")
    }
    let outlines = RegionOutlines(map)
    let names = (0..<image.classCount).map { ClassColours.hexadecimal($0) }
    try writeAtomically(outlines.svg(colours: names), to: folder + "/boundaries.svg")
    try writeAtomically(
      outlines.geoJSON(
        classes: image.classCount, pixelSizeMicrometres: image.pixelSizeMicrometres),
      to: folder + "/boundaries.geojson")
    try writeAtomically(phaseTable.csv, to: folder + "/phases.csv")
    try writeAtomically(
      Self.regionTable(statistics, image.pixelSizeMicrometres).csv, to: folder + "/regions.csv")
    try writeAtomically(iterationTable.csv, to: folder + "/iterations.csv")
    let plain = picture.image.scalars.map { UInt8(max(0, min(255, ($0 * 255).rounded()))) }
    for bytes in [plain, colours] {
      thumbnails.append(try smallPNG(bytes, height: image.height, width: image.width))
    }
  }

  private static func phases(
    _ image: SegmentedImage, _ picture: Tensor<Float>, _ map: LabelMap,
    _ statistics: [RegionStatistics], _ parts: Int
  ) -> [SegmentedPhase] {
    let K = image.classCount
    var (area, grey, agreement) = (
      [Double](repeating: 0, count: K), [Double](repeating: 0, count: K),
      [Double](repeating: 0, count: K)
    )
    for i in image.labels.indices {
      let c = Int(image.labels[i])
      area[c] += 1
      grey[c] += (0..<3).reduce(0) { $0 + Double(picture.scalars[3 * i + $1]) } / 3
      agreement[c] += Double(image.stability[i]) / 255
    }
    let fractions = phaseFractions(fields(map, parts), classes: Array(0..<K))
    return (0..<K).map { c in
      let regions = statistics.filter { $0.label == c }
      return SegmentedPhase(
        number: c + 1, share: area[c] / Double(image.labels.count), fraction: fractions[c],
        regions: regions.count, meanArea: area[c] / Double(max(1, regions.count)),
        meanGrey: grey[c] / area[c], stability: agreement[c] / area[c])
    }
  }

  /// The parts of a grid, each a field.
  private static func fields(_ map: LabelMap, _ parts: Int) -> [LabelMap] {
    let (down, across) = (min(parts, map.height), min(parts, map.width))
    return (0..<(down * across)).map { k in
      let rows = (map.height * (k / across) / down)..<(map.height * (k / across + 1) / down)
      let columns =
        (map.width * (k % across) / across)..<(map.width * (k % across + 1) / across)
      let labels = rows.flatMap { y in
        map.labels[(y * map.width + columns.lowerBound)..<(y * map.width + columns.upperBound)]
      }
      return LabelMap(height: rows.count, width: columns.count, labels: labels)
    }
  }

  /// The classes with their fractions.
  var phaseTable: ReportTable {
    ReportTable(
      caption: "Classes of \(image.name) by falling area; mean and 95 % interval over fields",
      header: [
        "class", "colour", "area_fraction", "fields_mean", "interval_95", "fields", "regions",
        "mean_region_px", "mean_grey", "stability",
      ],
      rows: phases.map { p in
        [
          "\(p.number)", ClassColours.hexadecimal(p.number - 1), fixed(p.share, 6),
          fixed(p.fraction.mean, 6), p.fraction.halfWidth.map { fixed($0, 6) } ?? "",
          "\(p.fraction.fields.count)", "\(p.regions)", fixed(p.meanArea, 2),
          fixed(p.meanGrey, 4), fixed(p.stability, 4),
        ]
      })
  }

  /// Every iteration of every run.
  var iterationTable: ReportTable {
    ReportTable(
      caption: "Iterations of \(image.name)", header: ["run", "iteration", "loss", "labels"],
      rows: image.histories.enumerated().flatMap { run, history in
        history.losses.indices.map { i in
          [
            "\(run + 1)", "\(i + 1)", significant(Double(history.losses[i]), 7),
            "\(history.counts[i])",
          ]
        }
      })
  }

  /// Every connected region; lengths in pixels, and in micrometres where the pixel size is known.
  private static func regionTable(
    _ statistics: [RegionStatistics], _ pixel: Double?
  ) -> ReportTable {
    var header = [
      "region", "class", "area_px", "centre_x", "centre_y", "perimeter_px", "major_axis_px",
      "minor_axis_px", "orientation_rad", "equivalent_diameter_px", "circularity", "touches_edge",
    ]
    if pixel != nil { header += ["area_um2", "equivalent_diameter_um"] }
    let rows = statistics.map { s -> [String] in
      var row = ["\(s.region + 1)", "\(s.label + 1)", "\(s.area)"]
      row += [s.centreX, s.centreY, s.perimeter, s.majorAxis, s.minorAxis].map { fixed($0, 3) }
      row += [fixed(s.orientation, 5), fixed(s.equivalentDiameter, 3), fixed(s.circularity, 5)]
      row.append(s.touchesEdge ? "1" : "0")
      if let pixel {
        row += [
          significant(Double(s.area) * pixel * pixel, 7),
          significant(s.equivalentDiameter * pixel, 7),
        ]
      }
      return row
    }
    return ReportTable(caption: "Regions", header: header, rows: rows)
  }
}

/// The result of a set of images.
public struct SegmentationResult: Sendable {
  /// The settings.
  public var settings: SegmentationSettings
  /// The images that could be used.
  public var rows: [SegmentationRow]
  /// Those that could not.
  public var failures: [FailedImage]

  /// One line an image, those that could not be used too.
  public var table: ReportTable {
    ReportTable(
      caption: "Images",
      header: [
        "image", "height", "width", "classes", "fractions", "iterations", "loss", "F", "F_prime",
        "Q", "stability", "problem",
      ],
      rows: rows.map { row in
        let first = row.image.histories.first
        return [
          row.image.name, "\(row.image.height)", "\(row.image.width)", "\(row.image.classCount)",
          row.phases.map { fixed($0.share, 4) }.joined(separator: " "),
          "\(first?.losses.count ?? 0)", significant(Double(first?.losses.last ?? 0), 6),
          significant(row.criteria.F, 6), significant(row.criteria.FPrime, 6),
          significant(row.criteria.Q, 6),
          fixed(row.phases.reduce(0) { $0 + $1.share * $1.stability }, 4), "",
        ]
      } + failures.map { [$0.name] + [String](repeating: "", count: 10) + [$0.reason] })
  }
}
