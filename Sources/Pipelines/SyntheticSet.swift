// Synthetic micrographs as files: pictures, labels, truth.

import Files
import FoundationEssentials
import Imaging
import Microstructures
import Reporting
import Tensors

/// Writes synthetic micrographs with their labels and exact truth.
public struct SyntheticSet: Sendable {
  /// The micrographs.
  public var micrographs: [ClassedMicrograph]

  /// A set of micrographs.
  public init(_ micrographs: [ClassedMicrograph]) { self.micrographs = micrographs }

  private struct Truth: Encodable {
    var schema_version = 1
    var seed: UInt64
    var images: [Item]

    struct Item: Encodable {
      var file: String
      var kind: String
      var parameters: MicrographParameters
      var truth: MicrographTruth
    }
  }

  /// Writes `images/NAME.png`, `labels.csv` (file, class), and where `withLabels`
  /// `phases/NAME.png` (a colour a phase), `grains/NAME.png` (16 bits, the number of the grain) and
  /// `truth.json`.
  ///
  /// - Throws: `FormatError` that names the file that cannot be written.
  public func write(
    to folder: String, seed: UInt64, withLabels: Bool = true
  ) throws(FormatError) {
    for part in ["images"] + (withLabels ? ["phases", "grains"] : []) {
      try makeFolder("\(folder)/\(part)")
    }
    var labels = "file,class\n"
    for item in micrographs {
      let file = item.name + ".png"
      try item.micrograph.image.write(to: "\(folder)/images/\(file)")
      labels += "\(csvText(file)),\(csvText(item.micrograph.kind.rawValue))\n"
      if withLabels { try writeLabels(of: item, to: folder) }
    }
    try writeAtomically(labels, to: "\(folder)/labels.csv")
    if withLabels { try writeAtomically(truth(seed), to: "\(folder)/truth.json") }
  }

  private func writeLabels(of item: ClassedMicrograph, to folder: String) throws(FormatError) {
    let micrograph = item.micrograph
    let (height, width) = (micrograph.image.height, micrograph.image.width)
    let size = micrograph.image.pixelSize
    let colours = (0..<256).map { index -> UInt32 in
      let colour = Palette.colour(index)
      return UInt32(colour.red) << 16 | UInt32(colour.green) << 8 | UInt32(colour.blue)
    }
    let phases = encodeIndexedPNG(
      indices: micrograph.phases.scalars, height: height, width: width, palette: colours,
      pixelSize: size)
    try writeAtomically(phases, to: "\(folder)/phases/\(item.name).png")
    let grains = Image(
      height: height, width: width, channels: 1,
      samples: .uint16(micrograph.grains.scalars.map { UInt16(truncatingIfNeeded: $0) }),
      pixelSize: size)
    try grains.write(to: "\(folder)/grains/\(item.name).png")
  }

  private func truth(_ seed: UInt64) -> String {
    let items = micrographs.map {
      Truth.Item(
        file: $0.name + ".png", kind: $0.micrograph.kind.rawValue,
        parameters: $0.micrograph.parameters, truth: $0.micrograph.truth)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    guard let data = try? encoder.encode(Truth(seed: seed, images: items)) else { return "{}" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
