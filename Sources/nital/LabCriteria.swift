// `nital lab criteria`: F, F' and Q of a segmentation.

import ArgumentParser
import Files
import Imaging
import Metallography
import Tensors
import WeightFormats

extension SegmentationCriteriaOptions.Region: ExpressibleByArgument {}
extension SegmentationCriteriaOptions.ColourError: ExpressibleByArgument {}
extension SegmentationCriteriaOptions.LogarithmBase: ExpressibleByArgument {}
extension SegmentationCriteriaOptions.ColourSpace: ExpressibleByArgument {}

struct LabCriteria: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "criteria",
    abstract: "F, F' and Q of a segmentation, as JSON; the lowest value is the best.",
    discussion: """
      LABELS is an array (H, W) of whole numbers, or a picture whose colours are the labels. What the \
      definitions leave open is an option; the defaults are those of Liu and Yang, and of Borsotti \
      et al. --every prints all combinations.
      """)

  @Argument(help: "The labels: .npy, .npz or a picture.") var labels: String
  @Argument(help: "The picture that was segmented.") var image: String
  @Option(help: "What one region is: four, eight (neighbours) or label (all its pixels).")
  var region = SegmentationCriteriaOptions.Region.four
  @Option(help: "e_i^2: sum or mean over the pixels of a region.")
  var error = SegmentationCriteriaOptions.ColourError.sum
  @Option(help: "The logarithm of Q: e or ten.")
  var logarithm = SegmentationCriteriaOptions.LogarithmBase.e
  @Option(help: "Where colours are compared: rgb (0 to 255) or lab.")
  var colours = SegmentationCriteriaOptions.ColourSpace.rgb
  @Flag(help: "All combinations of the options.") var every = false
  @OptionGroup var shared: SharedOptions

  private struct Judged: Encodable {
    var region: String
    var error: String
    var logarithm: String
    var colours: String
    var regions: Int
    var F: Double
    var F_prime: Double
    var Q: Double

    init(_ map: LabelMap, _ image: Tensor<Float>, _ options: SegmentationCriteriaOptions) {
      let found = SegmentationCriteria(map, image: image, options: options)
      (region, error) = (options.region.rawValue, options.error.rawValue)
      (logarithm, colours) = (options.logarithm.rawValue, options.colours.rawValue)
      (regions, F, F_prime, Q) = (found.regions, found.F, found.FPrime, found.Q)
    }
  }

  private struct Result: Encodable {
    var schema_version = 1
    var labels: String
    var image: String
    var height: Int
    var width: Int
    var classes: Int
    var criteria: [Judged]
  }

  func run() throws {
    shared.apply()
    let (map, picture) = (try loadLabels(labels), try loadPicture(image).floats)
    try require(
      picture.rank == 2 || (picture.rank == 3 && picture.shape[2] == 3),
      "\(image): shape \(picture.shape) is no grey or RGB picture")
    try require(
      picture.shape[0] == map.height && picture.shape[1] == map.width && !map.labels.isEmpty,
      "\(labels) has \(map.height) x \(map.width) labels, \(image) the shape \(picture.shape)")
    try require(
      picture.scalars.allSatisfy { $0 >= 0 && $0 <= 1 }, "\(image): values outside 0 ... 1, or NaN")
    var options = SegmentationCriteriaOptions()
    (options.region, options.error) = (region, error)
    (options.logarithm, options.colours) = (logarithm, colours)
    let wanted = every ? SegmentationCriteriaOptions.all : [options]
    try shared.printJSON(
      Result(
        labels: labels, image: image, height: map.height, width: map.width,
        classes: map.classes.count, criteria: wanted.map { Judged(map, picture, $0) }))
  }
}

/// Reads labels: an array of whole numbers, or a picture, each of whose colours is a label.
///
/// - Throws: `CommandFailure` naming the file.
func loadLabels(_ path: String) throws(CommandFailure) -> LabelMap {
  try readingFile { () throws(FormatError) in
    if try isArrayFile(path) {
      let tensor = try firstTensor(path)
      guard tensor.shape.count == 2 else {
        throw FormatError(file: path, problem: "shape \(tensor.shape), expected (H, W) of labels")
      }
      return LabelMap(
        height: tensor.shape[0], width: tensor.shape[1], labels: try tensor.integers().scalars)
    }
    let image = try Image(contentsOf: path)
    guard case .uint8(let samples) = image.samples else {
      throw FormatError(file: path, problem: "a picture of labels has 8 bits a sample")
    }
    let C = image.channels
    let labels = stride(from: 0, to: samples.count, by: C).map { i in
      samples[i..<(i + min(C, 3))].reduce(0) { $0 << 8 | Int($1) }
    }
    return LabelMap(height: image.height, width: image.width, labels: labels)
  }
}
