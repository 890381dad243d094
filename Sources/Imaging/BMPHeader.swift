// BMP: the headers, the palette and the colour masks.
//
// Implements: BITMAPFILEHEADER, BITMAPCOREHEADER and BITMAPINFOHEADER with its extensions (Windows GDI
//   documentation). The file's size is not trusted, nor is the image's; the pixel offset is.
// Equation -> code: a masked value v of maximum m -> round(255 v / m), BMPMasks.convert.
// Checked by: BMPTests.

import Files

/// What a BMP's headers state.
struct BMPHeader {
  let width: Int
  let height: Int
  /// Whether the first row of the file is the picture's first.
  let isTopDown: Bool
  /// Bits a pixel: 1, 2, 4, 8, 16, 24 or 32.
  let bits: Int
  let isRunLengthCoded: Bool
  /// Where the pixels begin.
  let pixelOffset: UInt64
  /// Where the colours of 16 and 32 bits lie; `nil` for bytes in the order blue, green, red.
  let masks: BMPMasks?

  private let headerSize: UInt64
  private let compression: UInt32
  private let coloursUsed: UInt32
  private let pixelsPerMetre: (x: Int32, y: Int32)

  /// Reads and checks the headers.
  init(_ bytes: CheckedBytes) throws(FormatError) {
    guard bytes.matches(Array("BM".utf8)) else {
      throw bytes.error("this is not a BMP file", at: 0)
    }
    pixelOffset = UInt64(try bytes.u32(at: 10))
    headerSize = UInt64(try bytes.u32(at: 14))
    guard [12, 16, 40, 52, 56, 64, 108, 124].contains(headerSize) else {
      throw bytes.error("a BMP header of \(headerSize) bytes is of no known kind", at: 14)
    }
    (width, height, isTopDown) = try Self.size(bytes, isCore: headerSize == 12)
    let isCore = headerSize == 12
    let planes = try bytes.u16(at: isCore ? 22 : 26)
    guard planes == 1 else { throw bytes.error("a BMP of \(planes) planes: 1 expected", at: 26) }
    bits = Int(try bytes.u16(at: isCore ? 24 : 28))
    guard [1, 2, 4, 8, 16, 24, 32].contains(bits) else {
      throw bytes.error("BMP with \(bits) bits a pixel is not supported", at: isCore ? 24 : 28)
    }
    let isLong = headerSize >= 40
    compression = isLong ? try bytes.u32(at: 30) : 0
    pixelsPerMetre = isLong ? (try bytes.i32(at: 38), try bytes.i32(at: 42)) : (0, 0)
    coloursUsed = isLong ? try bytes.u32(at: 46) : 0
    isRunLengthCoded = compression == 1 || compression == 2
    try Self.check(compression, bits: bits, isTopDown, headerSize, bytes)
    masks = try Self.masks(bytes, bits: bits, compression, headerSize)
    let colours: UInt64 = bits <= 8 ? 1 : 0
    guard pixelOffset >= 14 + headerSize + colours else {
      throw bytes.error("the BMP's pixels begin inside its header, at \(pixelOffset)", at: 10)
    }
    guard pixelOffset < UInt64(bytes.count) else {
      throw bytes.error("the BMP's pixels begin at \(pixelOffset), after the file's end", at: 10)
    }
  }

  private static func size(
    _ bytes: CheckedBytes, isCore: Bool
  ) throws(FormatError) -> (width: Int, height: Int, isTopDown: Bool) {
    if isCore { return (Int(try bytes.u16(at: 18)), Int(try bytes.u16(at: 20)), false) }
    let (width, height) = (Int(try bytes.i32(at: 18)), Int(try bytes.i32(at: 22)))
    return (width, abs(height), height < 0)
  }

  private static func check(
    _ compression: UInt32, bits: Int, _ isTopDown: Bool, _ headerSize: UInt64, _ bytes: CheckedBytes
  ) throws(FormatError) {
    let isOS2 = headerSize == 64
    let isKnown =
      switch compression {
      case 0: true
      case 1: bits == 8
      case 2: bits == 4
      case 3, 6: !isOS2 && (bits == 16 || bits == 32)
      default: false
      }
    let names = ["none", "RLE8", "RLE4", "bit fields", "JPEG", "PNG", "bit fields with alpha"]
    let os2Names = ["none", "RLE8", "RLE4", "Huffman 1D", "RLE24"]
    let all = isOS2 ? os2Names : names
    guard isKnown else {
      let name = Int(compression) < all.count ? " (\(all[Int(compression)]))" : ""
      throw bytes.error(
        "BMP compression \(compression)\(name) with \(bits) bits a pixel is not supported", at: 30)
    }
    if isTopDown && (compression == 1 || compression == 2) {
      throw bytes.error("a BMP with runs may not begin with its top row", at: 22)
    }
  }

  private static func masks(
    _ bytes: CheckedBytes, bits: Int, _ compression: UInt32, _ headerSize: UInt64
  ) throws(FormatError) -> BMPMasks? {
    if compression != 3 && compression != 6 {
      return bits == 16 ? BMPMasks.fiveBits : nil
    }
    let hasAlpha = compression == 6 || headerSize >= 56
    var masks: [UInt32] = []
    for i in 0..<UInt64(hasAlpha ? 4 : 3) { masks.append(try bytes.u32(at: 54 + 4 * i)) }
    guard let result = BMPMasks(masks, bits: bits) else {
      throw bytes.error("the BMP's colour masks are empty, split, overlapping or too long", at: 54)
    }
    return result
  }

  /// The palette, red, green and blue.
  func palette(_ bytes: CheckedBytes) throws(FormatError) -> [SIMD3<UInt8>] {
    let isCore = headerSize == 12
    let entry: UInt64 = isCore ? 3 : 4
    let begin = 14 + headerSize
    let full = UInt64(1) << UInt64(bits)
    let room = (pixelOffset - begin) / entry
    guard room > 0 && coloursUsed <= room else {
      throw bytes.error("a BMP palette of \(coloursUsed) colours in the room of \(room)", at: 46)
    }
    let count = min(room, full, coloursUsed == 0 ? full : UInt64(coloursUsed))
    var palette: [SIMD3<UInt8>] = []
    for i in 0..<count {
      let colour = try bytes.array(at: begin + i * entry, count: 3)
      palette.append(SIMD3(colour[2], colour[1], colour[0]))
    }
    return palette
  }

  /// The pixel size that the header states, unless it is a default of screens or printers.
  var pixelSize: PixelSize {
    let (x, y) = pixelsPerMetre
    guard x > 0 && y > 0 else { return .unknown }
    // 72, 96, 150, 300 and 600 dots an inch; some writers round them down, some up.
    let defaults: [Int32] = [2834, 2835, 3779, 3780, 5905, 5906, 11811, 11812, 23622]
    func refused(_ why: String) -> PixelSize {
      let remark = "BMP resolution \(x) x \(y) pixels per metre is \(why), not a scale"
      return PixelSize(width: nil, height: nil, source: nil, remarks: [remark])
    }
    if defaults.contains(x) || defaults.contains(y) { return refused("a default") }
    if x / 10 > y || y / 10 > x { return refused("no shape of a pixel") }
    return PixelSize(
      width: Length(micrometres: 1e6 / Double(x)), height: Length(micrometres: 1e6 / Double(y)),
      source: "BMP resolution")
  }
}

/// Where the channels lie in pixels of 16 or 32 bits.
struct BMPMasks {
  /// Red, green, blue and perhaps alpha: the lowest bit, and the largest value.
  private let channels: [(shift: UInt32, largest: UInt32)]

  /// Five bits a colour, blue lowest.
  static let fiveBits = BMPMasks(channels: [(10, 31), (5, 31), (0, 31)])

  private init(channels: [(shift: UInt32, largest: UInt32)]) { self.channels = channels }

  /// Masks of red, green, blue and, unless it is 0, alpha; `nil` when they are not usable.
  init?(_ masks: [UInt32], bits: Int) {
    var channels: [(shift: UInt32, largest: UInt32)] = []
    var taken: UInt32 = 0
    for (i, mask) in masks.enumerated() where i < 3 || mask != 0 {
      guard mask != 0 && mask & taken == 0 && (bits == 32 || mask < 1 << 16) else { return nil }
      let shift = UInt32(mask.trailingZeroBitCount)
      let largest = mask >> shift
      guard largest & (largest &+ 1) == 0 else { return nil }
      channels.append((shift, largest))
      taken |= mask
    }
    self.channels = channels
  }

  /// Whether there is an alpha channel.
  var hasAlpha: Bool { channels.count == 4 }

  /// Whether a channel has more than 8 bits.
  var losesBits: Bool { channels.contains { $0.largest > 255 } }

  /// Turns a row of pixels to samples of 8 bits.
  func convert(
    _ row: Span<UInt8>, bytesPerPixel: Int, _ width: Int, _ samples: inout [UInt8], at start: Int
  ) {
    var next = start
    for x in 0..<width {
      var pixel: UInt32 = 0
      for i in (0..<bytesPerPixel).reversed() {
        pixel = pixel << 8 | UInt32(row[x * bytesPerPixel + i])
      }
      for (shift, largest) in channels {
        let value = UInt64(pixel >> shift & largest)
        samples[next] = UInt8((value * 510 + UInt64(largest)) / (2 * UInt64(largest)))
        next += 1
      }
    }
  }
}
