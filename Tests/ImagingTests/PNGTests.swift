import Files
import Imaging
import Testing

@Suite struct PNGTests {
  private func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    func word(_ value: UInt32) -> [UInt8] { littleEndianBytes(of: [value.byteSwapped]) }
    let body = Array(type.utf8) + data
    return word(UInt32(data.count)) + body + word(CRC32.of(body))
  }

  private let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// A 2 x 2 picture; `header` is depth, colour type, compression, filter and interlace method.
  private func file(
    width: [UInt8] = [0, 0, 0, 2], header: [UInt8] = [8, 0, 0, 0, 0], extra: [UInt8] = [],
    raw: [UInt8] = [0, 1, 2, 0, 3, 4], data: [UInt8]? = nil
  ) -> [UInt8] {
    signature + chunk("IHDR", width + [0, 0, 0, 2] + header) + extra
      + chunk("IDAT", data ?? deflated(raw)) + chunk("IEND", [])
  }

  private func refusal(_ bytes: [UInt8]) -> String {
    do {
      _ = try decodeImage(CheckedBytes(bytes, file: "made.png"))
      return ""
    } catch {
      #expect(error.file == "made.png")
      return error.problem
    }
  }

  @Test func readsTheSmallestFile() throws {
    let image = try decodeImage(CheckedBytes(file(), file: "made.png"))
    #expect(image.samples == .uint8([1, 2, 3, 4]))
  }

  @Test func refusesWhatCannotBe() {
    #expect(refusal(file(width: [0, 0, 0, 0])).contains("Invalid IHDR"))
    #expect(refusal(file(width: [0x7F, 0xFF, 0xFF, 0xFF])).contains("Invalid IHDR"))
    #expect(refusal(file(width: [0, 0x0F, 0x42, 0x41])).contains("Invalid IHDR"))
    #expect(refusal(file(header: [3, 0, 0, 0, 0])).contains("Invalid IHDR"))
    #expect(refusal(file(header: [8, 0, 0, 0, 2])).contains("Invalid IHDR"))
    #expect(refusal(file(raw: [5, 1, 2, 0, 3, 4])).contains("bad adaptive filter value"))
    #expect(!refusal(file(raw: [0, 1, 2, 0, 3])).isEmpty)
    #expect(!refusal(file(data: [1, 2, 3])).isEmpty)
  }

  @Test func refusesWrongChecksums() {
    var stream = deflated([0, 1, 2, 0, 3, 4])
    stream[stream.count - 1] ^= 1
    #expect(refusal(file(data: stream)).contains("check"))
    // With the checksum in a chunk of its own libpng has given all rows before it looks at it.
    let split =
      signature + chunk("IHDR", [0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0])
      + chunk("IDAT", Array(stream.dropLast(4))) + chunk("IDAT", Array(stream.suffix(4)))
    #expect(refusal(split + chunk("IEND", [])).contains("check"))
    var bytes = file()
    bytes[bytes.count - 14] ^= 1
    #expect(refusal(bytes).contains("CRC"))
  }

  @Test func refusesAnIndexWithoutAColour() {
    let palette = chunk("PLTE", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    #expect(
      refusal(file(header: [8, 3, 0, 0, 0], extra: palette)).contains("colour 4 of a palette of 4"))
    let longer = chunk("PLTE", [UInt8](repeating: 9, count: 15))
    #expect(refusal(file(header: [8, 3, 0, 0, 0], extra: longer)).isEmpty)
    #expect(!refusal(file(header: [8, 3, 0, 0, 0])).isEmpty)
  }

  @Test func doesNotUnpackAGiantColourProfile() {
    let zeros = deflated([UInt8](repeating: 0, count: 10_000_000))
    let profile = chunk("iCCP", Array("x".utf8) + [0, 0] + zeros)
    #expect(refusal(file(extra: profile)).isEmpty)
  }

  @Test func densityZeroIsUnknown() throws {
    let density = chunk("pHYs", [0, 0, 0, 0, 0, 0, 0, 0, 1])
    let image = try decodeImage(CheckedBytes(file(extra: density), file: "made.png"))
    #expect(image.pixelSize.width == nil && image.pixelSize.remarks.count == 1)
  }

  /// Smooth pictures make the writer choose each of its filters.
  @Test func writesSmoothPictures() throws {
    for channels in 1...4 {
      let samples = (0..<(60 * 50 * channels)).map { i -> UInt8 in
        let (y, x, c) = (i / channels / 50, i / channels % 50, i % channels)
        return UInt8(truncatingIfNeeded: (x * x + y * y * 3) / 16 + c * 40 + (x * y) % 7)
      }
      let image = Image(height: 60, width: 50, channels: channels, samples: .uint8(samples))
      let bytes = try encodePNG(image)
      #expect(bytes.count < samples.count)
      #expect(try decodeImage(CheckedBytes(bytes, file: "smooth")).samples == image.samples)
    }
  }
}
