import Files
import Imaging
import Testing

@Suite struct PictureFileTests {
  @Test(arguments: PictureFixture.all)
  func readsTheSamplesOfTheReference(fixture: PictureFixture) throws {
    let found = try ImageInspection(contentsOf: fixture.path)
    #expect(found.height == fixture.height)
    #expect(found.width == fixture.width)
    #expect(found.channels == fixture.channels)
    #expect(found.sampleType == fixture.sampleType)
    #expect(found.crc32 == fixture.crc32)
    #expect(found.dataBarRows == fixture.dataBarRows)
    #expect(found.pixelSize.source == fixture.source)
    try compare(found.pixelSize.width, fixture.pixelWidth)
    try compare(found.pixelSize.height, fixture.pixelHeight)
  }

  @Test func hasItsFixtures() { #expect(PictureFixture.all.count == 76) }

  /// Files keep sizes as 32-bit fractions or decimal text: 1e-8 leaves room for their rounding.
  private func compare(_ found: Length?, _ expected: Double?) throws {
    guard let expected else {
      #expect(found == nil)
      return
    }
    let value = try #require(found).micrometres
    #expect(abs(value - expected) <= 1e-8 * expected)
  }

  /// A file cut short is refused, or the cut took nothing that matters.
  @Test(arguments: PictureFixture.all)
  func neverInventsSamplesOfACutFile(fixture: PictureFixture) throws {
    let bytes = try fixture.bytes()
    for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 400)) {
      let cut = CheckedBytes(Array(bytes.prefix(length)), file: "cut")
      guard let image = try? decodeImage(cut) else { continue }
      #expect(image.samples.crc32 == fixture.crc32, "cut to \(length) of \(bytes.count) bytes")
    }
  }

  /// Damage anywhere gives an error or a picture, never a trap.
  @Test(arguments: PictureFixture.all)
  func survivesDamage(fixture: PictureFixture) throws {
    let bytes = try fixture.bytes()
    var state = UInt64(fixture.crc32) | 1
    for _ in 0..<60 {
      var damaged = bytes
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 20)
      }
      _ = try? decodeImage(CheckedBytes(damaged, file: "damaged"))
    }
  }

  @Test func countsAndReadsPages() throws {
    let path = try PictureFixture.named("pages3.tif").path
    #expect(try ImageInspection(contentsOf: path).pages == 3)
    let first = try Image(contentsOf: path)
    let second = try Image(contentsOf: path, page: 1)
    guard case .uint8(let a) = first.samples, case .uint8(let b) = second.samples else {
      Issue.record("not uint8")
      return
    }
    #expect(zip(a, b).allSatisfy { $0 == 255 - $1 })
    #expect(throws: FormatError.self) { try Image(contentsOf: path, page: 3) }
    #expect(throws: FormatError.self) { try Image(contentsOf: path, page: -1) }
  }

  @Test func readsImageJStacksThatHaveOneDirectory() throws {
    let builder = TIFFBuilder.small.with(data: Array(1...24)).with(279, 4, [12])
      .with(text: "ImageJ=1.53t\nimages=2\n", tag: 270)
    #expect(try builder.decoded(page: 0).samples == .uint8(Array(1...12)))
    #expect(try builder.decoded(page: 1).samples == .uint8(Array(13...24)))
    #expect(throws: FormatError.self) { try builder.decoded(page: 2) }
    let file = CheckedBytes(builder.file, file: "stack.tif")
    #expect(try ImageInspection(file).pages == 2)
    // A stack that claims more pictures than the file holds.
    let longer = builder.with(text: "ImageJ=1.53t\nimages=9000\n", tag: 270)
    #expect(throws: FormatError.self) { try longer.decoded(page: 8999) }
  }

  @Test(arguments: [
    ("GIF89a..........", "a GIF picture"), ("RIFF....WEBPVP8 ", "a WebP picture"),
    ("....ftypheic....", "a HEIC picture"), ("ZISRAWFILE......", "a Zeiss CZI file"),
    ("\u{7F}ELF............", "an executable"), ("%PDF-1.7........", "a PDF document"),
    ("version https://git-lfs.github.com/spec/v1", "git-lfs pointer"),
    ("something else entirely", "not a picture in a known format"), ("P9 ", "too few"),
  ])
  func saysWhatAForeignFileIs(content: String, expected: String) {
    let bytes = CheckedBytes(Array(content.utf8), file: "foreign.png")
    #expect {
      try decodeImage(bytes)
    } throws: {
      guard let error = $0 as? FormatError else { return false }
      return error.file == "foreign.png" && error.problem.contains(expected)
    }
  }

  @Test func obeysTheLimits() throws {
    for name in ["grey8.png", "u8_le.tif"] {
      let bytes = CheckedBytes(try PictureFixture.named(name).bytes(), file: name)
      for limits in [ImageLimits(side: 28), ImageLimits(pixels: 666), ImageLimits(bytes: 666)] {
        #expect(throws: FormatError.self) { try decodeImage(bytes, limits: limits) }
      }
      #expect(throws: Never.self) {
        try decodeImage(bytes, limits: ImageLimits(side: 29, pixels: 667, bytes: 667))
      }
    }
  }
}
