import Files
import Imaging
import Testing

/// Builds BMP files of 40-byte headers.
private struct Bitmap {
  var width: Int32 = 3
  var height: Int32 = 2
  var planes: UInt16 = 1
  var bits: UInt16 = 24
  var compression: UInt32 = 0
  var density: Int32 = 0
  var colours: UInt32 = 0
  /// What lies between header and pixels: masks or palette.
  var tables: [UInt8] = []
  var pixels: [UInt8] = []
  var offset: UInt32?

  var bytes: [UInt8] {
    func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
      (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
    }
    var b = Array("BM".utf8) + [0, 0, 0, 0, 0, 0, 0, 0]
    b += little(offset ?? UInt32(54 + tables.count)) + little(UInt32(40))
    b += little(width) + little(height) + little(planes) + little(bits) + little(compression)
    b += little(UInt32(0)) + little(density) + little(density) + little(colours) + little(UInt32(0))
    return b + tables + pixels
  }

  /// A palette of `count` colours: red 3 i, green 5 i, blue 7 i.
  static func palette(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { i in [7, 5, 3].map { UInt8(truncatingIfNeeded: $0 * i) } + [0] }
  }

  static func colour(_ i: UInt8) -> [UInt8] { [3 &* i, 5 &* i, 7 &* i] }
}

@Suite struct BMPTests {
  private func decode(_ bytes: [UInt8]) throws(FormatError) -> Image {
    try decodeBMP(CheckedBytes(bytes, file: "a.bmp"))
  }

  private func problem(_ bytes: [UInt8]) -> String {
    do throws(FormatError) {
      _ = try decode(bytes)
      return ""
    } catch {
      return error.problem
    }
  }

  private let direct = Bitmap(
    pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0, 0, 0])
  private let upright: [UInt8] = [
    13, 12, 11, 16, 15, 14, 19, 18, 17, 3, 2, 1, 6, 5, 4, 9, 8, 7,
  ]

  @Test(arguments: try Expected.all("bmp"))
  func givesTheSamplesOfPillow(_ expected: Expected) throws {
    let image = try decode(fixture("bmp/" + expected.name))
    #expect(image.height == expected.height && image.width == expected.width)
    #expect(image.channels == expected.channels)
    #expect(image.crc == expected.crc)
    #expect(abs((image.pixelSize.width?.micrometres ?? 0) - 1) < 2e-6)  // 999999 or 1000000 a metre
  }

  @Test func turnsRowsUpright() throws {
    let image = try decode(direct.bytes)
    #expect(image.height == 2 && image.width == 3 && image.channels == 3)
    #expect(image.bytes == upright)
    var topDown = direct
    topDown.height = -2
    #expect(try decode(topDown.bytes).bytes == Array(upright[9...] + upright[..<9]))
  }

  @Test func readsCoreHeaders() throws {
    var bytes = Array("BM".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 26, 0, 0, 0, 12, 0, 0, 0]
    bytes += [3, 0, 2, 0, 1, 0, 24, 0] + direct.pixels
    #expect(try decode(bytes).bytes == upright)
  }

  @Test func ignoresTheFourthByteOf32Bits() throws {
    let map = Bitmap(width: 1, height: 1, bits: 32, pixels: [1, 2, 3, 200])
    #expect(try decode(map.bytes).bytes == [3, 2, 1])
  }

  @Test(arguments: [1, 2, 4, 8])
  func looksIndicesUp(bits: Int) throws {
    let indices: [UInt8] = [1, 0, 1]
    var packed: [UInt8] = [0, 0, 0, 0]
    for (i, index) in indices.enumerated() {
      packed[i * bits / 8] |= index << UInt8(8 - bits - i * bits % 8)
    }
    let map = Bitmap(
      height: 1, bits: UInt16(bits), colours: 2, tables: Bitmap.palette(2), pixels: packed)
    #expect(try decode(map.bytes).bytes == indices.flatMap(Bitmap.colour))
  }

  @Test func givesOneChannelForAGreyPalette() throws {
    let map = Bitmap(
      height: 1, bits: 8, colours: 2, tables: [9, 9, 9, 0, 200, 200, 200, 0], pixels: [1, 0, 1, 0])
    let image = try decode(map.bytes)
    #expect(image.channels == 1)
    #expect(image.bytes == [200, 9, 200])
  }

  @Test func scalesFiveBits() throws {
    let map = Bitmap(width: 2, height: 1, bits: 16, pixels: [0xFF, 0x7F, 0x01, 0x08])
    // 255 / 31 = 8.2 and 2 * 255 / 31 = 16.5: rounded.
    #expect(try decode(map.bytes).bytes == [255, 255, 255, 16, 0, 8])
  }

  @Test func readsMasks() throws {
    let masks: [UInt8] = [0, 0, 0xC0, 0xFF, 0, 0xF0, 0x3F, 0, 0xFF, 0x0F, 0, 0]
    var map = Bitmap(
      width: 1, height: 1, bits: 32, compression: 3, tables: masks,
      pixels: [0xFF, 0x0F, 0xE0, 0x7F])
    let image = try decode(map.bytes)
    #expect(image.bytes == [127, 128, 255])  // 511 / 1023, 512 / 1023 and 4095 / 4095
    #expect(image.remarks.count == 1)
    map.tables = [0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF]
    (map.compression, map.pixels) = (6, [1, 2, 3, 4])
    #expect(try decode(map.bytes).bytes == [3, 2, 1, 4])
  }

  @Test(arguments: [
    [0, 0, 0], [5, 2, 8], [1, 1, 2], [1, 2, 1 << 20],
  ])
  func refusesMasksThatAreNotUsable(masks: [UInt32]) {
    let tables = masks.flatMap { mask in (0..<4).map { UInt8(mask >> UInt32($0 * 8) & 255) } }
    let map = Bitmap(
      width: 1, height: 1, bits: 16, compression: 3, tables: tables, pixels: [1, 2, 3, 4])
    #expect(problem(map.bytes).contains("masks"))
  }

  // MARK: - Runs

  private func runs(_ pixels: [UInt8], bits: UInt16 = 8) -> [UInt8] {
    Bitmap(
      width: 4, height: 2, bits: bits, compression: bits == 8 ? 1 : 2, colours: 5,
      tables: Bitmap.palette(5), pixels: pixels
    ).bytes
  }

  @Test func expandsRunsOfBytes() throws {
    // Three of 2, end of line; move by one; literals 1 2 3 and padding; end.
    let image = try decode(runs([3, 2, 0, 0, 0, 2, 1, 0, 0, 3, 1, 2, 3, 0, 0, 1]))
    #expect(image.bytes == ([0, 1, 2, 3, 2, 2, 2, 0] as [UInt8]).flatMap(Bitmap.colour))
  }

  @Test func expandsRunsOfNibbles() throws {
    let image = try decode(runs([3, 0x24, 0, 0, 0, 3, 0x12, 0x30, 0, 1], bits: 4))
    #expect(image.bytes == ([1, 2, 3, 0, 2, 4, 2, 0] as [UInt8]).flatMap(Bitmap.colour))
  }

  @Test(
    arguments: [
      ([5, 1, 0, 1], "leaves"), ([0, 5, 1, 1, 1, 1, 1, 0, 0, 1], "leaves"),
      ([0, 2, 9, 0, 0, 1], "leaves"),
      ([0, 2, 0, 9, 0, 1], "leaves"), ([0, 0, 0, 0, 0, 0, 0, 1], "leaves"), ([4, 1], "end mark"),
      ([0, 0, 0, 0, 1, 1, 0, 1], "leaves"), ([4, 9, 0, 1], "index beyond"),
      ([0, 4, 1], "end mark"),
    ] as [([UInt8], String)])
  func refusesRunsThatLeaveThePicture(pixels: [UInt8], words: String) {
    #expect(problem(runs(pixels)).contains(words))
  }

  // MARK: - Refusals

  @Test func namesWhatItDoesNotSupport() {
    func with(_ change: (inout Bitmap) -> Void) -> String {
      var map = direct
      change(&map)
      return problem(map.bytes)
    }
    #expect(with { $0.bits = 64 }.contains("64 bits"))
    #expect(with { $0.compression = 4 }.contains("JPEG"))
    #expect(with { $0.compression = 77 }.contains("compression 77"))
    #expect(with { $0.planes = 3 }.contains("3 planes"))
    #expect(with { $0.width = 0 }.contains("empty"))
    #expect(with { $0.width = -3 }.contains("empty"))
    #expect(with { $0.height = .min }.contains("limit"))
    #expect(with { $0.width = .max }.contains("limit"))
    #expect(with { $0.offset = 53 }.contains("inside its header"))
    #expect(with { $0.offset = .max }.contains("after the file's end"))
    #expect(with { ($0.bits, $0.compression, $0.height) = (8, 1, -2) }.contains("top row"))
  }

  @Test func refusesAPaletteThatIsTooShort() {
    var map = Bitmap(
      height: 1, bits: 8, colours: 2, tables: Bitmap.palette(2), pixels: [0, 1, 2, 0])
    #expect(problem(map.bytes).contains("index beyond the palette of 2"))
    map.colours = 3
    #expect(problem(map.bytes).contains("palette of 3 colours in the room of 2"))
  }

  @Test func readsAPixelSizeUnlessItIsADefault() throws {
    var map = direct
    for density: Int32 in [2835, 3780, 11811, 0, -5] {
      map.density = density
      #expect(try !decode(map.bytes).pixelSize.isKnown)
    }
    map.density = 4_000_000
    #expect(try decode(map.bytes).pixelSize.width == Length(micrometres: 0.25))
  }

  @Test func refusesEveryTruncation() throws {
    let files = [
      direct.bytes, runs([3, 2, 0, 0, 0, 2, 1, 0, 0, 3, 1, 2, 3, 0, 0, 1]),
      try fixture("bmp/p.bmp"), try fixture("bmp/1.bmp"),
    ]
    for bytes in files {
      let accepted = acceptedTruncations(of: bytes) { (b) throws(FormatError) in try decodeBMP(b) }
      #expect(accepted.isEmpty)
    }
  }

  @Test func survivesEveryChangedByte() throws {
    let files = [
      direct.bytes, runs([3, 2, 0, 0, 0, 2, 1, 0, 0, 3, 1, 2, 3, 0, 0, 1]),
      runs([3, 0x24, 0, 0, 0, 3, 0x12, 0x30, 0, 1], bits: 4), try fixture("bmp/rgba.bmp"),
    ]
    for bytes in files {
      let outcome = outcomesOfMutations(of: bytes) { (b) throws(FormatError) in try decodeBMP(b) }
      #expect(outcome.read > 0 && outcome.refused > 0)
    }
  }
}
