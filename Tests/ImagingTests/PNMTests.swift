import Files
import Imaging
import Testing

@Suite struct PNMTests {
  private func decode(_ text: String, _ raw: [UInt8] = []) throws(FormatError) -> Image {
    try decodePNM(CheckedBytes(Array(text.utf8) + raw, file: "a.pnm"))
  }

  private func problem(_ text: String, _ raw: [UInt8] = []) -> String {
    do throws(FormatError) {
      _ = try decode(text, raw)
      return ""
    } catch {
      return error.problem
    }
  }

  @Test func readsBitmapsWithOneAsBlack() throws {
    let expected: [UInt8] = [0, 255, 0, 255, 255, 0]
    #expect(try decode("P1\n3 2\n1 0 1\n0 0 1\n").bytes == expected)
    #expect(try decode("P1 3 2 101001").bytes == expected)
    #expect(try decode("P4 3 2\n", [0b1010_0000, 0b0011_1111]).bytes == expected)
    let wide = try decode("P4\n9 1\n", [0xFF, 0x80])
    #expect(wide.bytes == [UInt8](repeating: 0, count: 9))
    #expect(wide.height == 1 && wide.width == 9 && wide.channels == 1)
  }

  @Test func readsGreyAndColour() throws {
    #expect(try decode("P2\n2 1\n255\n7 200").bytes == [7, 200])
    #expect(try decode("P5\n2 1\n255\n", [7, 200]).bytes == [7, 200])
    let colour = try decode("P3 1 2 255 1 2 3\n4 5 6\n")
    #expect(colour.channels == 3 && colour.height == 2 && colour.bytes == [1, 2, 3, 4, 5, 6])
    #expect(try decode("P6 1 1 255\n", [9, 8, 7]).bytes == [9, 8, 7])
  }

  @Test func readsSixteenBitsMostSignificantFirst() throws {
    let image = try decode("P5 2 1 65535\n", [0x12, 0x34, 0xFF, 0xFE])
    #expect(image.samples == .uint16([0x1234, 0xFFFE]))
    #expect(try decode("P2 2 1 65535 4660 65534").samples == image.samples)
  }

  /// Samples fill the range of their type: v of m becomes round(v * full / m).
  @Test func scalesByTheMaximum() throws {
    let twelve = try decode("P5 3 1 4095\n", [0, 0, 0x0F, 0xFF, 0x08, 0])
    #expect(twelve.samples == .uint16([0, 65535, 32776]))  // 2048 * 65535 / 4095 = 32775.5
    #expect(twelve.remarks.count == 1)
    #expect(try decode("P5 3 1 100\n", [0, 50, 100]).bytes == [0, 128, 255])
    #expect(try decode("P2 2 1 1 1 0").bytes == [255, 0])
    #expect(try decode("P5 1 1 256\n", [1, 0]).samples == .uint16([65535]))
  }

  @Test func allowsCommentsInTheHeader() throws {
    let image = try decode("P5#first\n# second 9\n2 # width\n1#height\n255\n", [35, 10])
    #expect(image.bytes == [35, 10])
  }

  /// The samples may look like white space, comments or digits.
  @Test func endsTheHeaderWithOneByte() throws {
    #expect(try decode("P5 2 2 255\n", [10, 32, 35, 13]).bytes == [10, 32, 35, 13])
    #expect(try decode("P5 1 1 255\r", [10]).bytes == [10])
  }

  @Test func readsTheFirstOfSeveralPictures() throws {
    #expect(try decode("P5 1 1 255\n", [5] + Array("P5 1 1 255\n".utf8) + [6]).bytes == [5])
  }

  @Test func readsPAM() throws {
    let header =
      "P7\n# comment\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    let image = try decode(header, [1, 2, 3, 4])
    #expect(image.channels == 4 && image.bytes == [1, 2, 3, 4])
    let bits = "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n"
    #expect(try decode(bits, [1, 0]).bytes == [255, 0])
  }

  @Test(arguments: [
    ("P8 1 1 255\n", "P1 to P7"), ("P5x1 1 255\n", "P1 to P7"), ("P5 -1 1 255\n", "number"),
    ("P5 0 1 255\n", "empty"), ("P5 1 1 0\n", "maximum of 0"),
    ("P5 1 1 65536\n", "maximum of 65536"),
    ("P5 99999999999999999999 1 255\n", "larger than"), ("P5 9999999 1 255\n", "limit"),
    ("P5 100000 100000 255\n", "limit"), ("P5 1 1 255", "white space"),
    ("P5 2 2 255\nab", "bytes expected"),
    ("P2 2 1 255 1", "too short"), ("P2 2 1 255 1 x", "number"), ("P2 2 1 9 1 10", "larger than 9"),
    ("P1 2 1 12", "0 or 1"), ("P5 1 1 # endless", "ends where"), ("P5 1 1 9\na", "maximum of 9"),
    ("P3 999999 500 255 1 2 3", "too short"), ("P7\nWIDTH 1\n", "end of a header line"),
    ("P7\nWIDTH 1\nHEIGHT 1\nMAXVAL 255\nENDHDR\na", "needed"), ("P7\nCOLOR 1\nENDHDR\n", "COLOR"),
    ("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\nabcde", "depth 5"),
    ("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\nabcde", "3 expected"),
    ("P7\nWIDTH 99999999999999999999\nENDHDR\n", "positive number"),
  ])
  func saysWhatIsWrong(text: String, words: String) {
    #expect(problem(text).contains(words))
  }

  @Test func writesWhatItReads() throws {
    var generator = SeededBits(state: 5)
    for channels in 1...4 {
      let small = (0..<15 * channels).map { _ in UInt8(generator.next(below: 256)) }
      let large = (0..<15 * channels).map { _ in UInt16(generator.next(below: 65536)) }
      for samples in [Image.Samples.uint8(small), .uint16(large)] {
        let image = Image(height: 5, width: 3, channels: channels, samples: samples)
        let bytes = try encodePNM(image, file: "b.pnm")
        #expect(bytes[1] == [0x35, 0x37, 0x36, 0x37][channels - 1])
        #expect(try decodePNM(CheckedBytes(bytes, file: "b.pnm")) == image)
      }
    }
  }

  @Test func refusesToWriteWhatTheFormatCannotHold() {
    let float = Image(height: 1, width: 1, channels: 1, samples: .float32([1]))
    #expect(throws: FormatError.self) { try encodePNM(float, file: "b.pnm") }
    let wide = Image(height: 1, width: 1, channels: 5, samples: .uint8([1, 2, 3, 4, 5]))
    #expect(throws: FormatError.self) { try encodePNM(wide, file: "b.pnm") }
  }

  @Test func refusesEveryTruncation() {
    let files: [(String, [UInt8])] = [
      ("P5 3 2 255\n", [1, 2, 3, 4, 5, 6]), ("P1 3 2 101001", []), ("P4 9 1\n", [1, 2]),
      ("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 300\nENDHDR\n", [0, 1, 0, 2, 0, 3]),
    ]
    for (text, raw) in files {
      let bytes = Array(text.utf8) + raw
      let accepted = acceptedTruncations(of: bytes) { (b) throws(FormatError) in try decodePNM(b) }
      #expect(accepted.isEmpty)
    }
  }

  @Test func survivesEveryChangedByte() {
    for text in ["P5 3 2 255\nabcdef", "P3 1 2 255 1 2 3 4 5 6", "P1 3 2 101001"] {
      let outcome = outcomesOfMutations(of: Array(text.utf8)) { (b) throws(FormatError) in
        try decodePNM(b)
      }
      #expect(outcome.read > 0 && outcome.refused > 0)
    }
  }
}
