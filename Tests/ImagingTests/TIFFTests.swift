import Files
import Imaging
import Testing

@Suite struct TIFFTests {
  @Test func readsTheSmallestFile() throws {
    let image = try TIFFBuilder.small.decoded()
    #expect(image.samples == .uint8(Array(1...12)))
    #expect(image.pixelSize == .unknown)
  }

  /// Tag, type, values and a part of the expected message.
  @Test(
    arguments: [
      (256, 4, [UInt64](), "no width or height"), (256, 4, [0], "it is empty"),
      (256, 4, [4_294_967_295], "a side is longer"), (257, 4, [1_000_000], "3 rows"),
      (258, 3, [3], "of 3 bits"), (258, 3, [8, 8], "bits for 2"), (258, 3, [12], "of 12 bits"),
      (259, 3, [6], "compression 6 (old JPEG)"), (259, 3, [7], "not a JPEG"),
      (259, 3, [4], "compression 4 (CCITT Group 4 fax)"),
      (259, 3, [99], "compression 99 is not supported"), (259, 3, [34712], "JPEG 2000"),
      (262, 3, [5], "CMYK"), (262, 3, [2], "colours"), (262, 3, [3], "the palette has 0"),
      (266, 3, [3], "fill order 3"), (273, 4, [], "0 have an offset"),
      (273, 4, [1 << 31], "expected"),
      (277, 3, [0], "0 samples"), (277, 3, [5], "5 samples"), (278, 4, [0], "strips of 0 rows"),
      (278, 4, [1], "3 strips expected"), (279, 4, [11], "12 bytes expected, but 11"),
      (284, 3, [9], "planar configuration 9"), (317, 3, [2], "predictor 2"),
      (317, 3, [99], "predictor 99"), (322, 4, [0], "tiles of 0"), (339, 3, [9], "format 9"),
      (339, 3, [3], "real numbers of 8 bits"), (256, 12, [4], "whole numbers but type 12"),
    ] as [(UInt16, UInt16, [UInt64], String)])
  func refusesWhatCannotBe(
    code: UInt16, type: UInt16, values: [UInt64], message: String
  ) {
    var builder = TIFFBuilder.small.with(code, type, values)
    if message == "3 rows" { builder = builder.with(278, 4, [1_000_000]) }
    let refusal = builder.refusal
    #expect(!refusal.isEmpty)
    #expect(message == "3 rows" || refusal.contains(message), "\(refusal)")
  }

  @Test func refusesDirectoriesThatCannotBe() {
    for offset: UInt32 in [0, 4, 1_000_000, .max] {
      var file = TIFFBuilder.small.file
      file.replaceSubrange(4..<8, with: littleEndianBytes(of: [offset]))
      #expect(throws: FormatError.self) { try decodeImage(CheckedBytes(file, file: "t")) }
    }
    var file = TIFFBuilder.small.file
    file.replaceSubrange(20..<22, with: [0xff, 0xff])
    #expect(throws: FormatError.self) { try decodeImage(CheckedBytes(file, file: "t")) }
  }

  @Test func remarksOnAChainOfPagesThatLoops() throws {
    var builder = TIFFBuilder.small
    builder.next = 20
    let image = try builder.decoded()
    #expect(image.remarks == ["the list of pages is damaged after page 0"])
  }

  @Test func remarksOnUnknownTypesAndOrientations() throws {
    let image = try TIFFBuilder.small.with(65000, 99, [1]).with(274, 3, [9]).decoded()
    #expect(image.remarks.contains("tag 65000 has the unknown type 99 and is skipped"))
    #expect(image.remarks.contains("orientation 9 is ignored"))
  }

  @Test func refusesSamplesThatAreNotFinite() {
    let values: [Float] = [1, 2, .nan, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    let builder = TIFFBuilder.small.with(258, 3, [32]).with(339, 3, [3])
      .with(data: littleEndianBytes(of: values))
    #expect(builder.refusal == "sample 2 is not a finite number")
  }

  /// Bytes, compression and what is wrong with them.
  @Test(
    arguments: [
      ([UInt8(11), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 32773, ""),
      ([0xF5, 7], 32773, ""), ([0x80, 0x80, 0xF5, 7], 32773, ""),
      ([0xF6, 7], 32773, "after 11 of 12"),
      ([11, 1, 2], 32773, "inside a run"), ([0xF5], 32773, "inside a run"),
      ([3, 1, 1, 1, 1, 0x80], 32773, "after 4 of 12"),
      // 256 clear, 5, 258, 259, ... in 9 bits: runs of 1, 2, 3 and the first two of 4.
      (lzw([256, 5, 258, 259, 260, 261]), 5, ""), (lzw([5, 258, 259, 260, 261]), 5, ""),
      (lzw([256, 5, 259]), 5, "code 259 is not in the table"), (lzw([256, 258]), 5, "code 258"),
      (lzw([256, 5, 257]), 5, "after 1 of 12"), (lzw([256, 5]), 5, "after 1 of 12"),
      ([0, 1, 0, 0], 5, "reversed bits"), ([1, 2, 3], 8, "incorrect header check"),
      ([1], 8, "end after 0"),
      (deflated(Array(1...12)), 8, ""), (deflated(Array(1...11)), 32946, "end after 11 of 12"),
      (deflated(Array(1...200)), 8, ""),
    ] as [([UInt8], UInt64, String)])
  func decodesOrRefusesPackedStrips(bytes: [UInt8], compression: UInt64, message: String) throws {
    let builder = TIFFBuilder.small.with(259, 3, [compression]).with(data: bytes)
    if message.isEmpty {
      let image = try builder.decoded()
      let expected: [UInt8] =
        compression == 5
        ? [UInt8](repeating: 5, count: 12)
        : bytes.count < 5 ? [UInt8](repeating: 7, count: 12) : Array(1...12)
      #expect(image.samples == .uint8(expected))
    } else {
      #expect(builder.refusal.contains(message), "\(builder.refusal)")
    }
  }

  /// A full table must be cleared; 4096 - 258 strings fill it.
  @Test func refusesAnLZWTableThatIsNeverCleared() throws {
    var codes = [256]
    for i in 0..<4000 { codes.append(i % 2) }
    let data = lzw(codes)
    func builder(_ width: UInt64) -> TIFFBuilder {
      TIFFBuilder.small.with(256, 4, [width]).with(257, 4, [1]).with(278, 4, [1])
        .with(259, 3, [5]).with(data: data)
    }
    #expect(throws: Never.self) { try builder(3839).decoded() }
    #expect(builder(3840).refusal.contains("full and not cleared"))
  }

  @Test func refusesAGiantThatFewBytesCannotHold() {
    for (compression, bytes) in [(1, 12), (5, 40), (8, 40), (32773, 40)] as [(UInt64, Int)] {
      let builder = TIFFBuilder.small.with(256, 4, [30_000]).with(257, 4, [10_000])
        .with(278, 4, [10_000]).with(259, 3, [compression])
        .with(data: [UInt8](repeating: 1, count: bytes))
      #expect(!builder.refusal.isEmpty)
    }
  }

  @Test func takesPaletteValuesOfEightBitsAsSuch() throws {
    let map = (0..<3).flatMap { plane in (0..<256).map { UInt64(plane == 0 ? $0 : 0) } }
    let image = try TIFFBuilder.small.with(262, 3, [3]).with(320, 3, map).decoded()
    #expect(image.samples == .uint8((1...12).flatMap { [UInt8($0), 0, 0] }))
  }
}

/// Packs codes the way section 13 of TIFF 6.0 writes them.
func packLZW(_ codes: [Int]) -> [UInt8] {
  var (bits, filled, next) = (UInt64(0), 0, 258)
  var result: [UInt8] = []
  var isFirst = true
  for code in codes {
    let width = next < 511 ? 9 : next < 1023 ? 10 : next < 2047 ? 11 : 12
    bits = bits << UInt64(width) | UInt64(code)
    filled += width
    while filled >= 8 {
      result.append(UInt8(truncatingIfNeeded: bits >> UInt64(filled - 8)))
      filled -= 8
    }
    if code == 256 {
      (next, isFirst) = (258, true)
    } else {
      if !isFirst { next = min(next + 1, 4096) }
      isFirst = false
    }
  }
  if filled > 0 { result.append(UInt8(truncatingIfNeeded: bits << UInt64(8 - filled))) }
  return result
}

private func lzw(_ codes: [Int]) -> [UInt8] { packLZW(codes) }
