// `nital lab slic`.

import ArgumentParser
import Files
import Imaging
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
