// `nital synthesize`: micrographs with labels and exact truth.

import ArgumentParser
import Files
import Microstructures
import Pipelines
import Tensors

struct SynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Draw micrographs whose labels and truth are known exactly.",
    discussion: """
      KIND is one of \(MicrographKind.allCases.map(\.rawValue).joined(separator: ", ")), or all; \
      or a steel of several phases, \(MicrographKind.steels.map(\.rawValue).joined(separator: ", ")), \
      or steels.
      The folder DIR receives images/, phases/ and grains/ (PNG), labels.csv and truth.json. \
      Without options the pictures are typical ones; with --varied magnification, contrast, \
      lighting and noise differ from picture to picture.
      """)

  @Argument(help: "A kind of microstructure, or all.") var kind: String
  @Option(name: .shortAndLong, help: "The folder for the results.") var output: String
  @Option(help: "Pictures of each kind.") var count = 1
  @Option(help: "The seed of every random choice.") var seed: UInt64 = 0
  @Option(help: "Rows of a picture.") var height = 256
  @Option(help: "Columns of a picture.") var width = 256
  @Option(help: "Mean intercept of grains, or diameter of particles, in micrometres.")
  var size: Double?
  @Option(help: "Distance of lamellae or arms, or width of laths or needles, in micrometres.")
  var spacing: Double?
  @Option(help: "Area fraction of the second phase, 0 to 1.") var fraction: Double?
  @Option(help: "The side of a pixel in micrometres.") var pixelSize: Double?
  @Option(help: "The microscope: optical or electron.") var microscope: String?
  @Flag(help: "Vary magnification, contrast, lighting and noise.") var varied = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if !["all", "steels"].contains(kind) && MicrographKind(rawValue: kind) == nil {
      let known = MicrographKind.allCases + MicrographKind.steels
      let names = known.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(kind) is not a kind; use all, steels, \(names).")
    }
    if !(1...100_000).contains(count) { throw ValidationError("--count takes 1 to 100000.") }
    if !(32...16384).contains(height) || !(32...16384).contains(width) {
      throw ValidationError("--height and --width take 32 to 16384.")
    }
    if let microscope, MicrographLook.Microscope(rawValue: microscope) == nil {
      throw ValidationError("--microscope takes optical or electron, not \(microscope).")
    }
  }

  func run() throws {
    shared.apply()
    let several = kind == "steels" ? MicrographKind.steels : MicrographKind.allCases
    let kinds = MicrographKind(rawValue: kind).map { [$0] } ?? several
    let micrographs =
      varied
      ? SyntheticMicrograph.classedSet(
        kinds: kinds, count: count, height: height, width: width, seed: seed)
      : try kinds.flatMap(typical)
    try readingFile { () throws(FormatError) in
      try SyntheticSet(micrographs).write(to: output, seed: seed)
    }
    shared.note(
      "\(micrographs.count) micrographs in \(output)/images, truth in \(output)/truth.json")
  }

  /// Pictures of one kind with the given sizes.
  private func typical(_ kind: MicrographKind) throws -> [ClassedMicrograph] {
    var parameters = MicrographParameters(kind, height: height, width: width)
    if let size { parameters.sizeMicrometres = size }
    if let spacing { parameters.spacingMicrometres = spacing }
    if let fraction { parameters.areaFraction = fraction }
    if let pixelSize { parameters.pixelSizeMicrometres = pixelSize }
    if let microscope, let value = MicrographLook.Microscope(rawValue: microscope) {
      parameters.look.microscope = value
    }
    try require(
      parameters.isDrawable,
      "\(kind.rawValue) cannot be drawn with these sizes: grains need 3 pixels, lamellae 4 pixels "
        + "of distance, and the fraction lies between 0 and 1")
    let drawn = parameters
    return parallelMap(count) { number in
      var generator = SeededGenerator(seed: seed, stream: number)
      let digits = String(number)
      let name = "\(kind.rawValue)-" + String(repeating: "0", count: max(0, 3 - digits.count))
      return ClassedMicrograph(
        name: name + digits,
        micrograph: SyntheticMicrograph(kind: kind, parameters: drawn, using: &generator))
    }
  }
}
