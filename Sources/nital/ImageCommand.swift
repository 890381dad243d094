// `nital image`: what a picture file holds, and the same picture in another format.

import ArgumentParser
import Files
import Imaging
import Reporting

struct ImageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "Look into picture files, or write them in another format.",
    subcommands: [ImageInspectCommand.self, ImageConvertCommand.self])
}

struct ImageInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print size, sample type, pixel size with its source, and a checksum of the samples.")

  @Argument(help: "Picture files.")
  var images: [String]

  @Option(help: "Which picture of a file that holds several, from 0.")
  var page = 0

  @Flag(help: "Print one JSON object a line.")
  var jsonl = false

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if page < 0 { throw ValidationError("--page takes a number from 0 on, not \(page).") }
  }

  func run() throws {
    shared.apply()
    var found: [InspectedImage] = []
    for path in images {
      do throws(FormatError) {
        found.append(InspectedImage(try ImageInspection(contentsOf: path, page: page)))
      } catch {
        Console.error(error.description)
      }
    }
    if jsonl {
      for image in found { Console.write(try jsonText(image, indented: false)) }
    } else if shared.json {
      if images.count == 1, let image = found.first {
        try shared.printJSON(image)
      } else {
        try shared.printJSON(InspectedImages(images: found))
      }
    } else {
      for image in found { Console.write(image.text) }
    }
    if found.isEmpty { Console.leave(.noInput) }
    if found.count < images.count { Console.leave(.someFailed) }
  }
}

/// Several pictures as one JSON object.
private struct InspectedImages: Encodable {
  var schema_version = 1
  var images: [InspectedImage]
}

/// One picture as it is printed.
private struct InspectedImage: Encodable {
  var schema_version = 1
  var file: String
  var format: String
  var width: Int
  var height: Int
  var channels: Int
  var sample: String
  var pages: Int
  var min: Double
  var max: Double
  var crc32: String
  var pixel_size_um: Double?
  var pixel_height_um: Double?
  var pixel_size_source: String?
  var databar_rows: Int
  var remarks: [String]

  init(_ found: ImageInspection) {
    file = found.file
    format = found.format.rawValue
    width = found.width
    height = found.height
    channels = found.channels
    sample = found.sampleType
    pages = found.pages
    min = found.minimum
    max = found.maximum
    let digits = String(found.crc32, radix: 16)
    crc32 = String(repeating: "0", count: 8 - digits.count) + digits
    pixel_size_um = found.pixelSize.width?.micrometres
    pixel_height_um = found.pixelSize.height?.micrometres
    pixel_size_source = found.pixelSize.source
    databar_rows = found.dataBarRows
    remarks = found.remarks + found.pixelSize.remarks
  }

  /// The picture as lines for a person.
  var text: String {
    let size =
      pixel_size_um.map { width in
        let height = pixel_height_um ?? width
        let source = pixel_size_source.map { " (\($0))" } ?? ""
        return "\(significant(width, 6)) x \(significant(height, 6)) um\(source)"
      } ?? "unknown"
    var lines = [
      printable(file, limit: 4096),
      "  format      \(format)\(pages > 1 ? ", \(pages) pages" : "")",
      "  size        \(width) x \(height) pixels, \(channels) channel\(channels > 1 ? "s" : "")",
      "  samples     \(sample), \(significant(min, 6)) to \(significant(max, 6))",
      "  pixel size  \(size)",
      "  crc32       \(crc32)",
    ]
    for remark in remarks { lines.append("  remark      \(printable(remark, limit: 300))") }
    return lines.joined(separator: "\n")
  }
}

struct ImageConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a picture as PNG, TIFF or PNM; samples and pixel size are kept as they are.")

  @Argument(help: "The picture to read.")
  var input: String

  @Option(name: .shortAndLong, help: "The file to write; its ending tells the format.")
  var output: String

  @Option(help: "Which picture of a file that holds several, from 0.")
  var page = 0

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if page < 0 { throw ValidationError("--page takes a number from 0 on, not \(page).") }
  }

  func run() throws {
    shared.apply()
    let image = try readingFile { () throws(FormatError) in try Image(contentsOf: input, page: page)
    }
    try readingFile { () throws(FormatError) in try image.write(to: output) }
  }
}
