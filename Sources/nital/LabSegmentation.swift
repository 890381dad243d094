// `nital lab slic | otsu | score`.

import ArgumentParser
import Estimators
import Files
import Imaging
import Metallography
import Pipelines
import Tensors
import WeightFormats

struct LabSLIC: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slic",
    abstract: "Superpixels (SLIC, SLICO), as skimage.segmentation.slic defines them.",
    discussion: """
      The result holds the number of each pixel's superpixel, from 0: .npy or .npz (int64), or a \
      grey PNG of 16 bits for at most 65,536 superpixels.
      """)

  @Argument(help: "A picture, or an array (H, W) or (H, W, 3).") var input: String
  @Option(help: "The approximate number of superpixels.") var superpixels = 100
  @Option(help: "The weight of position against colour (m).") var compactness = 10.0
  @Option(help: "The number of rounds.") var iterations = 10
  @Option(help: "Smooth with a Gaussian of this standard deviation first, in pixels.")
  var sigma = 0.0
  @Flag(help: "Let each superpixel find its own compactness (SLICO).") var adaptive = false
  @Flag(inversion: .prefixedNo, help: "Make superpixels connected.") var connect = true
  @Option(help: "Parts below this share of the mean area join a neighbour.") var smallestPart = 0.5
  @Option(help: "Parts are cut at this multiple of the mean area.") var largestPart = 3.0
  @Option(help: "What three channels are: lab (sRGB), exchangedLab (read as BGR), plain.")
  var colours = "lab"
  @Flag(help: "Read a grey picture as three equal channels, as OpenCV does.")
  var greyAsColour = false
  @Option(help: "Whose rules hold: current, or legacy018 for scikit-image up to 0.18.")
  var version = "current"
  @Option(help: "Draw the superpixels' boundaries over the picture, into this PNG file.")
  var overlay: String?
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if !(1...100_000_000).contains(superpixels) || !(1...100_000).contains(iterations) {
      throw ValidationError("--superpixels takes 1 to 100000000, --iterations 1 to 100000.")
    }
    if !(compactness > 0 && compactness <= 1e12) {
      throw ValidationError("--compactness takes numbers above 0, not \(compactness).")
    }
    if !(0...1000).contains(sigma) { throw ValidationError("--sigma takes 0 to 1000.") }
    if !(0...1e9).contains(smallestPart) || !(0...1e9).contains(largestPart) {
      throw ValidationError("--smallest-part and --largest-part take 0 to 1e9.")
    }
    if SLIC.Colours(rawValue: colours) == nil {
      throw ValidationError("--colours takes lab, exchangedLab or plain, not \(colours).")
    }
    if SLIC.Version(rawValue: version) == nil {
      throw ValidationError("--version takes current or legacy018, not \(version).")
    }
  }

  func run() throws {
    let options = SLIC(
      superpixels: superpixels, compactness: compactness, iterations: iterations, sigma: sigma,
      isAdaptive: adaptive, enforcesConnectivity: connect, smallestPart: smallestPart,
      largestPart: largestPart, colours: .init(rawValue: colours) ?? .lab,
      readsGreyAsColour: greyAsColour, version: .init(rawValue: version) ?? .current)
    let picture = try loadSuperpixelPicture(input)
    let result = try lab.timed { try picture.segment(options) }
    lab.shared.note("\(result.count) superpixels")
    try save(result)
    if let overlay { try drawBoundaries(of: result, to: overlay) }
  }

  private func save(_ result: Superpixels) throws(CommandFailure) {
    let (H, W) = (result.labels.shape[0], result.labels.shape[1])
    guard lab.output.lowercased().hasSuffix(".png") else {
      let labels = Tensor(shape: [H, W], scalars: result.labels.scalars.map { Int($0) })
      return try saveArray(NamedTensor(name: "labels", labels), to: lab.output)
    }
    try require(
      result.count <= 65536,
      "\(lab.output): \(result.count) superpixels do not fit 16 bits; name a .npy file")
    let levels = result.labels.scalars.map { UInt16(truncatingIfNeeded: $0) }
    try readingFile { () throws(FormatError) in
      try Image(height: H, width: W, channels: 1, samples: .uint16(levels)).write(to: lab.output)
    }
  }
}

extension LabSLIC {
  /// Writes the picture with the superpixels' boundaries in yellow.
  private func drawBoundaries(of result: Superpixels, to path: String) throws(CommandFailure) {
    let picture = try loadPicture(input).floats
    let (H, W) = (picture.shape[0], picture.shape[1])
    let C = picture.rank == 3 ? picture.shape[2] : 1
    let labels = result.labels.scalars
    var rgb = Tensor<Float>.zeros([H, W, 3])
    for i in 0..<H * W {
      let isEdge =
        (i % W + 1 < W && labels[i] != labels[i + 1])
        || (i + W < H * W && labels[i] != labels[i + W])
      for c in 0..<3 {
        let value = picture.scalars[i * C + min(c, C - 1)]
        rgb.scalars[3 * i + c] = isEdge ? [1, 0.85, 0][c] : value
      }
    }
    try saveArray(NamedTensor(name: "overlay", rgb), to: path)
  }
}

struct LabOtsu: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "otsu",
    abstract: "Part a picture into classes by its grey levels alone: Otsu's method, or k-means.",
    discussion: "The result holds the class of each pixel, from 0 for the darkest.")

  @Argument(help: "A picture, or an array (H, W) or (H, W, 3) of values from 0 to 1.")
  var input: String
  @Option(help: "The number of classes.") var classes = 2
  @Flag(help: "Group the levels by k-means from random starts instead of thresholds.")
  var kmeans = false
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if !(2...64).contains(classes) { throw ValidationError("--classes takes 2 to 64.") }
  }

  func run() throws {
    let picture = try loadPicture(input).floats
    let isColour = picture.rank == 3 && picture.shape[2] == 3
    try require(picture.rank == 2 || isColour, "\(input): shape \(picture.shape) is no picture")
    try require(
      !picture.scalars.isEmpty && picture.scalars.allSatisfy { $0 >= 0 && $0 <= 1 },
      "\(input): no pixels, or values outside 0 ... 1")
    let grey = isColour ? try Image(rgb: picture, bits: 16).grey() : picture
    let levels = grey.scalars.map { Int(($0 * 255).rounded(.toNearestOrEven)) }
    let labels = try lab.timed { try kmeans ? groups(levels) : parts(levels) }
    let shape = Array(picture.shape.prefix(2))
    try saveArray(
      NamedTensor(name: "labels", Tensor(shape: shape, scalars: labels)), to: lab.output)
  }

  private func parts(_ levels: [Int]) throws -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    for level in levels { counts[level] += 1 }
    guard let thresholds = otsuThresholds(counts: counts, classes: classes) else {
      throw CommandFailure("\(input): fewer than \(classes) grey levels", .noInput)
    }
    return levels.map { level in thresholds.reduce(0) { $0 + (level > $1 ? 1 : 0) } }
  }

  /// Classes by rising centre.
  private func groups(_ levels: [Int]) throws -> [Int] {
    let rows = Tensor<Float>(shape: [levels.count, 1], scalars: levels.map { Float($0) })
    let model = try KMeans(rows, clusters: classes, seed: lab.seed)
    let order = (0..<classes).sorted { model.centres.scalars[$0] < model.centres.scalars[$1] }
    var place = [Int](repeating: 0, count: classes)
    for (i, label) in order.enumerated() { place[label] = i }
    return model.labels.map { place[Int($0)] }
  }
}

struct LabClasses: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classes",
    abstract:
      "Bring the labels of a segmentation to a number of classes, as segment --classes does.",
    discussion: """
      boundary: the smallest class joins the class with which it shares the longest boundary, until N \
      are left. texture: pixels are grouped by the shares of labels in a window around them (k-means). \
      The result is numbered by falling area.
      """)

  @Argument(help: "The labels: .npy, .npz or a picture whose colours are the labels.")
  var labels: String
  @Option(help: "The number of classes.") var classes = 3
  @Option(help: "boundary or texture.") var grouping = ClassGrouping.boundary
  @Option(help: "Pixels along a side of the window of texture, odd.") var window = 17
  @OptionGroup var lab: LabOptions

  func validate() throws {
    guard (1...255).contains(classes) else { throw ValidationError("--classes takes 1 to 255.") }
    guard (3...1023).contains(window), window % 2 == 1 else {
      throw ValidationError("--window takes an odd number from 3 to 1023.")
    }
  }

  func run() throws {
    let map = try loadLabels(labels)
    try require(!map.labels.isEmpty, "\(labels) has no pixels")
    var join = ClassJoining()
    (join.grouping, join.window, join.seed) = (grouping, window, lab.seed)
    let places = map.compacted.labels.map { Int32($0) }
    let found = try lab.timed { join(places, width: map.width, to: classes) }
    let numbers = Tensor(shape: [map.height, map.width], scalars: found.map { Int($0) })
    try saveArray(NamedTensor(name: "labels", numbers), to: lab.output)
  }
}

struct LabScore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Compare a segmentation with the true phases, as JSON.",
    discussion: """
      Labels are matched to phases so that most pixels are right: one to one, and (merged) each to the \
      phase that most of its pixels have. The area error is the mean over the phases of \
      |fraction - true fraction|, in points (0 to 100).
      """)

  @Argument(help: "The labels: .npy, .npz or a picture whose colours are the labels.")
  var labels: String
  @Argument(help: "The true phases of the same pixels, in the same forms.") var truth: String
  @Flag(help: "Shades of grey in TRUTH are one phase: phases were painted over the micrograph.")
  var painted = false
  @OptionGroup var shared: SharedOptions

  private struct Score: Encodable {
    var accuracy: Double
    var area_error_points: Double
    var mean_intersection_over_union: Double

    init(_ matching: LabelMatching, _ map: LabelMap, _ truth: LabelMap) {
      accuracy = matching.accuracy
      mean_intersection_over_union = matching.meanIntersectionOverUnion
      var phaseOf: [Int: Int] = [:]
      for (label, phase) in zip(matching.labels, matching.assigned) { phaseOf[label] = phase }
      var (found, there) = ([Int: Int](), [Int: Int]())
      for (label, phase) in zip(map.labels, truth.labels) {
        there[phase, default: 0] += 1
        if let phase = phaseOf[label] { found[phase, default: 0] += 1 }
      }
      let pixels = Double(map.labels.count)
      let differences = matching.phases.map { phase in
        (Double(found[phase] ?? 0) - Double(there[phase] ?? 0)).magnitude / pixels
      }
      area_error_points = 100 * differences.reduce(0, +) / Double(matching.phases.count)
    }
  }

  private struct Result: Encodable {
    var schema_version = 1
    var classes: Int
    var matched: Score
    var merged: Score
  }

  func run() throws {
    shared.apply()
    let map = try loadLabels(labels)
    let stored = try loadLabels(truth)
    let phases = painted ? unpainted(stored) : stored
    try require(
      map.height == phases.height && map.width == phases.width && !map.labels.isEmpty,
      "\(labels) has \(map.height) x \(map.width) labels, \(truth) \(phases.height) x "
        + "\(phases.width)")
    try shared.printJSON(
      Result(
        classes: map.classes.count, matched: Score(LabelMatching(map, truth: phases), map, phases),
        merged: Score(LabelMatching.merged(map, truth: phases), map, phases)))
  }
}

/// A label map of colours in which all greys, and black and white, are one label.
private func unpainted(_ map: LabelMap) -> LabelMap {
  LabelMap(
    height: map.height, width: map.width,
    labels: map.labels.map { colour in
      let isGrey = colour >> 16 == colour & 255 && colour >> 8 & 255 == colour & 255
      return isGrey ? 0 : colour
    })
}

/// A picture file as it is stored, or an array.
private enum SuperpixelPicture {
  case stored(Image)
  case array(LabArray)

  func segment(_ options: SLIC) throws -> Superpixels {
    switch self {
    case .stored(let image): try options.segment(image)
    case .array(.float(let values)): try options.segment(values)
    case .array(.double(let values)): try options.segment(values)
    }
  }
}

private func loadSuperpixelPicture(_ path: String) throws(CommandFailure) -> SuperpixelPicture {
  let isArray = path.lowercased().hasSuffix(".npy") || path.lowercased().hasSuffix(".npz")
  guard isArray else {
    return .stored(
      try readingFile { () throws(FormatError) in try Image(contentsOf: path) })
  }
  let values = try loadPicture(path)
  let shape = values.shape
  try require(
    shape.count == 2 || (shape.count == 3 && (shape[2] == 1 || shape[2] == 3)),
    "\(path): shape \(shape) is no picture; (H, W) or (H, W, 3) is")
  return .array(values)
}
