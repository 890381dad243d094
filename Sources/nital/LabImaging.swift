// `nital lab clahe | resize | scattering`.

import ArgumentParser
import Imaging
import NeuralNetworks
import Tensors
import WeightFormats

struct LabCLAHE: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clahe",
    abstract: "Contrast-limited adaptive histogram equalisation, as scikit-image defines it.")

  @Argument(help: "A picture, or an array (H, W) or (H, W, C).") var input: String
  @Option(help: "Rows of a tile (default: an eighth of the picture's).") var tileHeight: Int?
  @Option(help: "Columns of a tile (default: an eighth of the picture's).") var tileWidth: Int?
  @Option(help: "The share of a tile's pixels that a bin may hold; 0 for no limit.")
  var clipLimit = 0.01
  @Option(help: "The number of bins.") var bins = 256
  @Option(help: "Whose rules hold: current, or legacy017 for scikit-image 0.17.")
  var version = "current"
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if (tileHeight == nil) != (tileWidth == nil) || (tileHeight ?? 1) < 1 || (tileWidth ?? 1) < 1 {
      throw ValidationError("--tile-height and --tile-width go together and begin at 1.")
    }
    if !(0...1).contains(clipLimit) { throw ValidationError("--clip-limit takes 0 to 1.") }
    if !(1...65536).contains(bins) { throw ValidationError("--bins takes 1 to 65536.") }
    if CLAHEOptions.Version(rawValue: version) == nil {
      throw ValidationError("--version takes current or legacy017, not \(version).")
    }
  }

  func run() throws {
    let picture = try loadPicture(input)
    try require(isPicture(picture.shape), "\(input): shape \(picture.shape) is no picture")
    var options = CLAHEOptions(
      clipLimit: clipLimit, binCount: bins, version: .init(rawValue: version) ?? .current)
    if let tileHeight, let tileWidth {
      options.tileSize = .init(height: tileHeight, width: tileWidth)
    }
    switch picture {
    case .float(let values):
      let result = try lab.timed { try clahe(values, options: options) }
      try saveArray(NamedTensor(name: "result", result), to: lab.output)
    case .double(let values):
      let result = try lab.timed { try clahe(values, options: options) }
      try saveArray(NamedTensor(name: "result", result), to: lab.output)
    }
  }
}

struct LabResize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resize", abstract: "Change the number of pixels, as skimage.transform.resize.")

  @Argument(help: "A picture, or an array (H, W) or (H, W, C).") var input: String
  @Option(help: "Rows of the result.") var height: Int
  @Option(help: "Columns of the result.") var width: Int
  @Option(help: "The order of the spline: 0, 1 or 3.") var order = 1
  @Option(help: "Beyond the edges: reflect, symmetric, edge, constant or wrap.")
  var mode = "reflect"
  @Flag(inversion: .prefixedNo, help: "Blur first (default: where an axis becomes shorter).")
  var antiAliasing: Bool?
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if !(1...1_000_000).contains(height) || !(1...1_000_000).contains(width) {
      throw ValidationError("--height and --width take 1 to 1000000.")
    }
    if ResizeOptions.Order(rawValue: order) == nil {
      throw ValidationError("--order takes 0, 1 or 3, not \(order).")
    }
    if BoundaryMode(rawValue: mode) == nil {
      throw ValidationError("--mode does not take \(mode).")
    }
  }

  func run() throws {
    let picture = try loadPicture(input).floats
    try require(isPicture(picture.shape), "\(input): shape \(picture.shape) is no picture")
    let options = ResizeOptions(
      order: .init(rawValue: order) ?? .linear, mode: .init(rawValue: mode) ?? .reflect,
      antiAliasing: antiAliasing)
    let result = try lab.timed {
      try resize(picture, height: height, width: width, options: options)
    }
    try saveArray(NamedTensor(name: "result", result), to: lab.output)
  }
}

struct LabScattering: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scattering",
    abstract: "Wavelet scattering coefficients, averaged over space: one row an image.")

  @Argument(help: "Pictures, or arrays (H, W) or (N, H, W).") var inputs: [String]
  @Option(help: "Dyadic scales J.") var scales = 5
  @Option(help: "Orientations L over half a turn.") var orientations = 8
  @Option(help: "The highest order: 0, 1 or 2.") var order = 2
  @OptionGroup var lab: LabOptions

  func validate() throws {
    if !(1...8).contains(scales) || !(1...32).contains(orientations) || !(0...2).contains(order) {
      throw ValidationError("--scales takes 1 to 8, --orientations 1 to 32, --order 0 to 2.")
    }
  }

  func run() throws {
    var images: [Tensor<Float>] = []
    for input in inputs { images += try pictures(input) }
    let bank = ScatteringBank(scales: scales, orientations: orientations, maximumOrder: order)
    let rows = try lab.timed { try bank.transform(images).map { try $0.get() } }
    let result = Tensor(
      shape: [rows.count, bank.coefficientCount], scalars: rows.flatMap { $0 })
    try saveArray(NamedTensor(name: "result", result), to: lab.output)
  }

  /// The grey pictures of one argument.
  private func pictures(_ input: String) throws -> [Tensor<Float>] {
    let values = try loadPicture(input).floats
    let shape = values.shape
    if shape.count == 2 { return [values] }
    try require(shape.count == 3, "\(input): shape \(shape) is no picture")
    if shape[2] == 3 || shape[2] == 4, !input.hasSuffix(".npy"), !input.hasSuffix(".npz") {
      return [try Image(rgb: values).grey()]
    }
    let size = shape[1] * shape[2]
    return (0..<shape[0]).map { i in
      Tensor(
        shape: [shape[1], shape[2]], scalars: Array(values.scalars[(i * size)..<((i + 1) * size)]))
    }
  }
}

/// Whether a tensor of this shape is a grey or colour picture.
private func isPicture(_ shape: [Int]) -> Bool {
  shape.count == 2 || (shape.count == 3 && (1...4).contains(shape[2]))
}
