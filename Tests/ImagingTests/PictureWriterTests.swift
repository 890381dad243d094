import Files
import Imaging
import Testing

@Suite struct PictureWriterTests {
  private static let size = PixelSize(
    width: Length(micrometres: 0.05), height: Length(micrometres: 0.125), source: "test")

  /// Pictures of every type of sample and number of channels, of odd sizes.
  private static let pictures: [Image] = (1...4).flatMap { channels -> [Image] in
    let (height, width) = (13, 17 + channels)
    let numbers = (0..<(height * width * channels)).map {
      UInt32(truncatingIfNeeded: $0 &* 2_654_435_761)
    }
    let all: [Image.Samples] = [
      .uint8(numbers.map { UInt8(truncatingIfNeeded: $0 >> 16) }),
      .int8(numbers.map { Int8(truncatingIfNeeded: $0 >> 16) }),
      .uint16(numbers.map { UInt16(truncatingIfNeeded: $0 >> 8) }),
      .int16(numbers.map { Int16(truncatingIfNeeded: $0 >> 8) }), .uint32(numbers),
      .int32(numbers.map { Int32(bitPattern: $0) }), .float32(numbers.map { Float($0) - 1e9 }),
      .float64(numbers.map { Double($0) / 3 }),
    ]
    return all.map {
      Image(height: height, width: width, channels: channels, samples: $0, pixelSize: size)
    }
  }

  private func check(_ back: Image, _ image: Image) throws {
    #expect(back.samples == image.samples)
    #expect(back.channels == image.channels && back.width == image.width)
    // A fraction of 32-bit numbers: 2^-31 of the value, and pHYs counts whole pixels a metre.
    let width = try #require(back.pixelSize.width).micrometres
    let height = try #require(back.pixelSize.height).micrometres
    #expect(abs(width - 0.05) <= 0.05 * 1e-7 && abs(height - 0.125) <= 0.125 * 1e-7)
  }

  @Test(arguments: [TIFFPacking.none, .deflate], [false, true])
  func tiffGivesBackEveryType(packing: TIFFPacking, isBig: Bool) throws {
    for image in Self.pictures {
      let bytes = try encodeTIFF(image, packing: packing, file: "out.tif", isBig: isBig)
      #expect(bytes[2] == (isBig ? 43 : 42))
      try check(decodeImage(CheckedBytes(bytes, file: "out.tif")), image)
    }
  }

  @Test func pngGivesBackBytesAndWords() throws {
    for image in Self.pictures {
      switch image.samples {
      case .uint8, .uint16:
        let bytes = try encodePNG(image, file: "out.png")
        try check(decodeImage(CheckedBytes(bytes, file: "out.png")), image)
        #expect(try encodePNG(image, file: "out.png") == bytes)
      default:
        #expect(throws: FormatError.self) { try encodePNG(image, file: "out.png") }
      }
    }
  }

  @Test func tiffStripsCoverTallPictures() throws {
    let samples = (0..<(700 * 900)).map { UInt8(truncatingIfNeeded: $0 / 3) }
    let image = Image(height: 700, width: 900, channels: 1, samples: .uint8(samples))
    for packing in [TIFFPacking.none, .deflate] {
      let bytes = try encodeTIFF(image, packing: packing)
      let back = try decodeImage(CheckedBytes(bytes, file: "t"))
      #expect(back.samples == image.samples)
      #expect(back.pixelSize == .unknown)
    }
  }

  @Test func labelsKeepTheirColours() throws {
    let bytes = encodeIndexedPNG(
      indices: [0, 1, 2, 2, 1, 0], height: 2, width: 3, palette: [0x000000, 0x12_3456, 0xff_8000])
    let image = try decodeImage(CheckedBytes(bytes, file: "labels.png"))
    #expect(image.channels == 3)
    let expected: [UInt8] = [
      0, 0, 0, 0x12, 0x34, 0x56, 0xff, 0x80, 0, 0xff, 0x80, 0, 0x12, 0x34, 0x56, 0, 0, 0,
    ]
    #expect(image.samples == .uint8(expected))
  }

  @Test func choosesTheFormatByTheNameOfTheOutput() throws {
    let image = Self.pictures[0]
    let folder = "/tmp/nital-writer-\(UInt64.random(in: 0 ... .max))"
    try makeFolder(folder)
    for (name, format) in [("a.PNG", ImageFormat.png), ("b.tif", .tiff), ("c.pgm", .pnm)] {
      try image.write(to: folder + "/" + name)
      #expect(try ImageInspection(contentsOf: folder + "/" + name).format == format)
    }
    #expect(throws: FormatError.self) { try image.write(to: folder + "/d.jpg") }
    #expect(throws: FormatError.self) { try image.write(to: folder + "/png") }
    #expect(try listFolder(folder) == ["a.PNG", "b.tif", "c.pgm"])
    for name in try listFolder(folder) { removeForTest(folder + "/" + name) }
    removeForTest(folder)
  }
}
