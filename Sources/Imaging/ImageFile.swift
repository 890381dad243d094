// Picture files: the format is told by the first bytes, never by the name.

import Files

/// The formats of picture that are read.
public enum ImageFormat: String, Sendable, CaseIterable {
  /// Portable Network Graphics.
  case png = "PNG"
  /// Windows and OS/2 bitmaps.
  case bmp = "BMP"
  /// TIFF and BigTIFF.
  case tiff = "TIFF"
  /// The portable bitmap, greymap, pixmap and anymap.
  case pnm = "PNM"
  /// Baseline and progressive JPEG.
  case jpeg = "JPEG"

  /// The format of a file by its first bytes.
  ///
  /// - Throws: an error that names the file and, when it is known, the format that is not read.
  public init(of bytes: CheckedBytes) throws(FormatError) {
    if bytes.matches([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.matches([0x42, 0x4D]) {
      self = .bmp
    } else if isTIFF(bytes) {
      self = .tiff
    } else if isPNM(bytes) {
      self = .pnm
    } else if bytes.matches([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else {
      throw bytes.error(refusal(of: bytes))
    }
  }
}

extension ImageLimits {
  /// The bounds that apply when none are given.
  public static let standard = ImageLimits()
}

extension Image {
  /// Reads a picture from a file.
  ///
  /// - Parameters:
  ///   - path: the file; its name's ending does not matter.
  ///   - page: which picture of a file that holds several, from 0.
  ///   - limits: bounds on the size of the picture.
  /// - Throws: an error that names the file when it is no picture, damaged, or too large.
  public init(
    contentsOf path: String, page: Int = 0, limits: ImageLimits = .standard
  ) throws(FormatError) {
    // A file may be larger than its picture: other pages, metadata, uncompressed BigTIFF.
    let bytes = try CheckedBytes(contentsOf: path, limit: largestImageFile)
    self = try decodeImage(bytes, page: page, limits: limits)
  }
}

/// The most bytes of a picture file: 16 GiB.
let largestImageFile: UInt64 = 1 << 34

/// Decodes a picture whose format is told by its first bytes.
///
/// - Parameters:
///   - bytes: the file.
///   - page: which picture of a file that holds several, from 0.
///   - limits: bounds on the size of the picture.
/// - Returns: the picture.
/// - Throws: an error that names the file.
public func decodeImage(
  _ bytes: CheckedBytes, page: Int = 0, limits: ImageLimits = .standard
) throws(FormatError) -> Image {
  let format = try ImageFormat(of: bytes)
  if format == .tiff { return try decodeTIFF(bytes, page: page, limits: limits) }
  guard page == 0 else {
    throw bytes.error("page \(page) does not exist: the \(format.rawValue) file holds one picture")
  }
  switch format {
  case .png: return try decodePNG(bytes, limits: limits)
  case .bmp: return try decodeBMP(bytes, limits: limits)
  case .pnm: return try decodePNM(bytes, limits: limits)
  case .jpeg: return try decodeJPEG(bytes, limits: limits)
  case .tiff: return try decodeTIFF(bytes, page: page, limits: limits)
  }
}

private func isTIFF(_ bytes: CheckedBytes) -> Bool {
  let starts: [[UInt8]] = [
    [0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A], [0x49, 0x49, 0x2B, 0], [0x4D, 0x4D, 0, 0x2B],
  ]
  return starts.contains { bytes.matches($0) }
}

private func isPNM(_ bytes: CheckedBytes) -> Bool {
  guard let start = try? bytes.array(at: 0, count: 3) else { return false }
  return start[0] == 0x50 && (0x31...0x37).contains(start[1])
    && ([0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x23].contains(start[2]))
}

/// Formats that are recognised in order to say what they are.
private let foreignFormats: [(offset: UInt64, start: String, name: String)] = [
  (0, "GIF8", "a GIF picture"), (8, "WEBP", "a WebP picture"), (4, "ftyphei", "a HEIC picture"),
  (4, "ftypmif", "a HEIF picture"), (4, "ftypavif", "an AVIF picture"),
  (4, "ftyp", "a video or HEIF file"), (0, "ZISRAWFILE", "a Zeiss CZI file"),
  (0, "\u{7F}ELF", "an executable"), (0, "%PDF", "a PDF document"), (0, "8BPS", "a Photoshop file"),
  (4, "jP  ", "a JPEG 2000 picture"), (0, "PK\u{3}\u{4}", "a zip archive"),
  (0, "PK\u{5}\u{6}", "an empty zip archive"), (1, "HDF\r\n", "an HDF5 file"),
  (1, "NUMPY", "a NumPy array"), (0, "<?xml", "an XML text"), (0, "<svg", "an SVG drawing"),
  (0, "<!DOCTYPE", "an HTML page"), (0, "<html", "an HTML page"), (0, "SIMPLE  =", "a FITS file"),
  (0, "II\u{BC}", "a JPEG XR picture"),
]

/// Why a file is not read as a picture.
private func refusal(of bytes: CheckedBytes) -> String {
  if bytes.matches(Array("version https://git-lfs".utf8)) {
    return "this is a git-lfs pointer, not the picture itself; fetch it with 'git lfs pull'"
  }
  let readable = "PNG, JPEG, TIFF, BMP and PNM pictures are read"
  let known = foreignFormats.first { format in
    bytes.matches(format.start.unicodeScalars.map { UInt8($0.value) }, at: format.offset)
  }
  if let known { return "this is \(known.name), which is not supported; \(readable)" }
  if bytes.count < 8 { return "the file has \(bytes.count) bytes, too few for a picture" }
  return "not a picture in a known format; \(readable)"
}
