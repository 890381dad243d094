import Files
import Imaging
import Testing

@Suite struct JPEGTests {
  private func decode(_ bytes: [UInt8]) throws(FormatError) -> Image {
    try decodeJPEG(CheckedBytes(bytes, file: "a.jpg"))
  }

  /// The message of the error that decoding gives; empty when it gives none.
  private func problem(_ bytes: [UInt8], limits: ImageLimits = ImageLimits()) -> String {
    do throws(FormatError) {
      _ = try decodeJPEG(CheckedBytes(bytes, file: "a.jpg"), limits: limits)
      return ""
    } catch {
      return error.problem
    }
  }

  /// Where the segment of the n-th marker of this code begins.
  private func marker(_ code: UInt8, in bytes: [UInt8], number n: Int = 0) throws -> Int {
    let places = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == code }
    return try #require(places.indices.contains(n) ? places[n] : nil)
  }

  // MARK: - Samples

  /// All samplings, kinds of scan, restarts and qualities; equality, not closeness.
  @Test(arguments: try Expected.all("jpeg"))
  func givesTheSamplesOfLibjpegTurbo(_ expected: Expected) throws {
    let image = try decode(fixture("jpeg/" + expected.name))
    #expect(image.height == expected.height && image.width == expected.width)
    #expect(image.channels == expected.channels)
    #expect(image.crc == expected.crc)
  }

  @Test func keepsTablesOfAnAbbreviatedStreamApart() throws {
    let whole = try fixture("jpeg/420_31x40.jpg")
    var (tables, stream): ([UInt8], [UInt8]) = ([0xFF, 0xD8], [0xFF, 0xD8])
    var i = 2
    while whole[i + 1] != 0xDA {
      let end = i + 2 + Int(whole[i + 2]) << 8 + Int(whole[i + 3])
      if whole[i + 1] == 0xDB || whole[i + 1] == 0xC4 {
        tables += whole[i..<end]
      } else {
        stream += whole[i..<end]
      }
      i = end
    }
    let image = try decodeJPEG(
      CheckedBytes(stream + whole[i...], file: "a.tif"),
      tables: CheckedBytes(tables + [0xFF, 0xD9], file: "a.tif"))
    #expect(try image == decode(whole))
    #expect(problem(stream + whole[i...]).contains("not defined"))
  }

  /// The fixture is coded as RGB; taken as luminance and chrominance it must look otherwise.
  @Test func usesTheColourThatTheCallerStates() throws {
    let bytes = try CheckedBytes(fixture("jpeg/rgb_7x9.jpg"), file: "a.jpg")
    let rgb = try decodeJPEG(bytes)
    #expect(try decodeJPEG(bytes, colour: .rgb) == rgb)
    #expect(try decodeJPEG(bytes, colour: .luminanceAndChrominance) != rgb)
  }

  @Test func ignoresWhatFollowsTheEnd() throws {
    let bytes = try fixture("jpeg/grey_8x8.jpg")
    #expect(try decode(bytes + [1, 2, 3, 0xFF]) == decode(bytes))
  }

  // MARK: - Twins

  /// Coefficients up to the largest that 8-bit samples give.
  ///
  /// The transform keeps 13 bits of its
  /// constants and 2 bits between passes: libjpeg states an error below 1; rounding adds 1/2.
  @Test func transformsAsTheDefinitionStates() {
    var generator = SeededBits(state: 41)
    for range: Int32 in [4, 60, 1024] {
      for _ in 0..<40 {
        var S = (0..<64).map { _ in Int32(generator.next(below: UInt64(2 * range))) - range }
        for i in 0..<64 where generator.next(below: 4) > 0 && i > 0 { S[i] = 0 }
        var block = JPEGBlock(rows: { y in SIMD8(S[(8 * y)..<(8 * y + 8)]) })
        block.inverseTransform()
        let reference = inverseDCTReference(S.map(Double.init))
        let rows = [
          block.c0, block.c1, block.c2, block.c3, block.c4, block.c5, block.c6, block.c7,
        ]
        for i in 0..<64 { #expect(abs(Double(rows[i / 8][i % 8]) - reference[i]) < 1) }
      }
    }
  }

  @Test(arguments: [(3, 3), (3, 1), (5, 4), (8, 2), (17, 9)])
  func filtersAsTheDefinitionStates(width: Int, height: Int) {
    var generator = SeededBits(state: UInt64(width))
    let plane = (0..<width * height).map { _ in UInt8(generator.next(below: 256)) }
    for (doublesColumns, doublesRows) in [
      (true, true), (true, false), (false, true), (false, false),
    ] {
      let largest = (h: doublesColumns ? 2 : 1, v: doublesRows ? 2 : 1)
      let (W, H) = (width * largest.h, height * largest.v)
      var source = JPEGRowSource(
        plane: plane, rowLength: width, size: (width, height), factors: (1, 1), largest: largest,
        pictureWidth: W)
      for y in 0..<H {
        source.make(y)
        let reference = (0..<W).map { x in
          upsampledReference(
            plane, height: height, width: width, y: y, x: x, doublesRows: doublesRows,
            doublesColumns: doublesColumns)
        }
        #expect(Array(source.row[..<W]) == reference)
      }
    }
  }

  // MARK: - Size, orientation

  @Test func readsAPixelSizeFromItsDensity() throws {
    let bytes = try fixture("jpeg/density.jpg")
    let size = try decode(bytes).pixelSize
    #expect(size.width == Length(micrometres: 1) && size.height == Length(micrometres: 2))
    #expect(size.source == "JFIF density")
  }

  @Test(arguments: [(1, 72), (1, 96), (1, 300), (2, 28), (2, 118), (0, 1), (1, 0)])
  func doesNotTakeADefaultForAScale(unit: UInt8, density: UInt16) throws {
    var bytes = try fixture("jpeg/grey_8x8.jpg")
    let app0 = try marker(0xE0, in: bytes)
    let (high, low) = (UInt8(density >> 8), UInt8(density & 255))
    bytes.replaceSubrange((app0 + 11)..<(app0 + 16), with: [unit, high, low, high, low])
    #expect(try !decode(bytes).pixelSize.isKnown)
  }

  @Test func statesAnOrientationThatItDoesNotApply() throws {
    let image = try decode(fixture("jpeg/exif_6.jpg"))
    #expect(image.height == 12 && image.width == 20)
    #expect(image.remarks.contains { $0.contains("orientation 6") })
    #expect(try decode(fixture("jpeg/444_8x8.jpg")).remarks.isEmpty)
  }

  // MARK: - Refusals

  @Test(arguments: [
    (0xC3, "lossless"), (0xC5, "hierarchical"), (0xC9, "arithmetic"), (0xCC, "arithmetic"),
    (0xD8, "second JPEG start"), (0xDE, "hierarchical"), (0x02, "unknown JPEG marker"),
  ])
  func namesWhatItDoesNotSupport(code: UInt8, words: String) throws {
    var bytes = try fixture("jpeg/444_8x8.jpg")
    bytes[try marker(0xC0, in: bytes) + 1] = code
    #expect(problem(bytes).contains(words))
  }

  @Test func namesUnsupportedFrames() throws {
    let bytes = try fixture("jpeg/444_8x8.jpg")
    let frame = try marker(0xC0, in: bytes)
    func changed(_ offset: Int, _ value: UInt8) -> String {
      var mutant = bytes
      mutant[frame + offset] = value
      return problem(mutant)
    }
    #expect(changed(4, 12).contains("12 bits"))
    #expect(changed(6, 0).contains("DNL"))
    #expect(changed(8, 0).contains("empty"))
    #expect(changed(9, 4).contains("CMYK"))
    #expect(changed(9, 2).contains("2 components"))
    #expect(changed(11, 0x50).contains("sampling factors 5 x 0"))
    #expect(changed(12, 4).contains("quantisation table 4"))
    #expect(changed(13, bytes[frame + 10]).contains("two JPEG components"))
  }

  @Test func refusesAPictureBeyondTheLimits() throws {
    let bytes = try fixture("jpeg/420_31x40.jpg")
    #expect(problem(bytes, limits: ImageLimits(side: 39)).contains("limit of 39"))
    #expect(problem(bytes, limits: ImageLimits(pixels: 1239)).contains("limit of 1239 pixels"))
    #expect(problem(bytes, limits: ImageLimits(bytes: 3719)).contains("limit of 3719 bytes"))
    #expect(problem(bytes, limits: ImageLimits(side: 40, pixels: 1240, bytes: 3720)).isEmpty)
  }

  /// A file of 700 bytes that declares 20000 x 20000 pixels: refused before memory is taken.
  @Test func refusesASizeThatTheFileCannotHold() throws {
    var bytes = try fixture("jpeg/grey_8x8.jpg")
    let frame = try marker(0xC0, in: bytes)
    bytes.replaceSubrange((frame + 5)..<(frame + 9), with: [0x4E, 0x20, 0x4E, 0x20])
    #expect(problem(bytes).contains("too short"))
  }

  // MARK: - Damage

  @Test(arguments: [
    "grey_8x8", "420_7x9", "422_5x4", "444_9x17", "scans_bits_q1", "scans_apart_q1", "exif_6",
  ])
  func refusesEveryTruncation(name: String) throws {
    let bytes = try fixture("jpeg/\(name).jpg")
    let accepted = acceptedTruncations(of: bytes) { (b) throws(FormatError) in try decodeJPEG(b) }
    #expect(accepted.isEmpty)
  }

  @Test(arguments: ["grey_8x8", "420_7x9", "422_33x15", "scans_bits_q1", "rgb_7x9"])
  func survivesEveryChangedByte(name: String) throws {
    let bytes = try fixture("jpeg/\(name).jpg")
    let outcome = outcomesOfMutations(of: bytes) { (b) throws(FormatError) in try decodeJPEG(b) }
    #expect(outcome.read > 0 && outcome.refused > 0)
  }

  /// The last scan of a progressive file is cut out, the end marker kept.
  @Test func refusesAProgressionWithoutItsEnd() throws {
    let bytes = try fixture("jpeg/scans_bits_q85.jpg")
    let scans = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
    let last = try #require(scans.last)
    #expect(problem(Array(bytes[..<last]) + [0xFF, 0xD9]).contains("incomplete"))
    #expect(problem(Array(bytes[..<scans[1]]) + [0xFF, 0xD9]).contains("incomplete"))
  }

  @Test func refusesAScanThatComesTwice() throws {
    let bytes = try fixture("jpeg/grey_8x8.jpg")
    let scan = try marker(0xDA, in: bytes)
    let twice = bytes[..<(bytes.count - 2)] + bytes[scan...]
    #expect(problem(Array(twice)).contains("does not continue"))
  }

  @Test func refusesRestartMarkersOutOfOrder() throws {
    var bytes = try fixture("jpeg/scans_apart_q85.jpg")
    let restart = try marker(0xD1, in: bytes)
    bytes[restart + 1] = 0xD2
    #expect(problem(bytes).contains("restart marker"))
    bytes.removeSubrange(restart..<(restart + 2))
    #expect(problem(bytes).contains("damaged"))
  }

  /// Entropy-coded bytes are cut out, the end marker kept.
  @Test func refusesMissingBlocks() throws {
    var bytes = try fixture("jpeg/444_9x17.jpg")
    bytes.removeSubrange((bytes.count - 30)..<(bytes.count - 2))
    #expect(problem(bytes).contains("end before the last block"))
  }

  @Test func allowsFillBytesBeforeMarkers() throws {
    let bytes = try fixture("jpeg/scans_apart_q85.jpg")
    var filled = bytes
    for code: UInt8 in [0xD9, 0xD0, 0xDA, 0xC0] {
      filled.insert(contentsOf: [0xFF, 0xFF], at: try marker(code, in: filled))
    }
    #expect(try decode(filled) == decode(bytes))
  }

  @Test func refusesBytesAfterTheLastBlock() throws {
    var bytes = try fixture("jpeg/444_9x17.jpg")
    bytes.insert(contentsOf: [0x55, 0x55], at: bytes.count - 2)
    #expect(problem(bytes).contains("left after the last block"))
  }

  /// Three codes of one bit, of which there are two; the number of symbols stays.
  @Test func refusesATableThatIsNoCode() throws {
    var bytes = try fixture("jpeg/444_9x17.jpg")
    let table = try marker(0xC4, in: bytes)
    bytes[table + 5] += 3
    bytes[table + 7] -= 3
    #expect(problem(bytes).contains("no code"))
  }

  @Test func namesTheFileAndThePlace() throws {
    let bytes = try fixture("jpeg/grey_8x8.jpg")
    let error = #expect(throws: FormatError.self) { try decode(Array(bytes.dropLast(3))) }
    #expect(error?.file == "a.jpg")
    #expect(error?.offset != nil)
  }
}

/// A small generator for test data (xorshift of Marsaglia 2003).
struct SeededBits {
  var state: UInt64

  mutating func next(below bound: UInt64) -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return (state >> 11) % bound
  }
}
