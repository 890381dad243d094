import Files
import Testing

@Suite struct InflateTests {
  let plain: [UInt8] = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 / 7 + $0 % 3) }

  private func problem(
    _ bytes: [UInt8], _ format: DeflateFormat, to size: Int
  ) -> String {
    do {
      _ = try CheckedBytes(bytes, file: "z").inflated(format, to: size)
      return ""
    } catch {
      return error.problem
    }
  }

  @Test(arguments: [DeflateFormat.zlib, .raw, .gzip], [0, 1, 6, 9])
  func givesBackWhatWasDeflated(format: DeflateFormat, level: Int) throws {
    for size in [0, 1, 70_000] {
      let small = deflated(Array(plain.prefix(size)), format, level: level)
      let back = try CheckedBytes(small, file: "z").inflated(format, to: size)
      #expect(back == Array(plain.prefix(size)))
    }
  }

  @Test func readsAStreamOfZlibItself() throws {
    // python3 -c "import zlib; print(zlib.compress(b'hello hello hello').hex())"
    let bytes: [UInt8] = [
      0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x90, 0x00, 0x3a, 0x2e, 0x06,
      0x7d,
    ]
    let text = try CheckedBytes(bytes, file: "z").inflated(.zlib, to: 17)
    #expect(String(decoding: text, as: UTF8.self) == "hello hello hello")
  }

  @Test func refusesMoreAndFewerBytesThanDeclared() throws {
    let small = deflated(plain)
    #expect(problem(small, .zlib, to: 69_999).contains("more than the 69999 bytes"))
    #expect(problem(small, .zlib, to: 70_001).contains("end after 70000 of 70001"))
    #expect(problem(small, .zlib, to: 1 << 40).contains("cannot hold"))
    let cut = try CheckedBytes(small, file: "z").inflated(.zlib, to: 100, ignoringExcess: true)
    #expect(cut == Array(plain.prefix(100)))
  }

  @Test func refusesDamageAndTruncation() {
    let small = deflated(Array(plain.prefix(500)))
    for length in 0..<small.count {
      #expect(!problem(Array(small.prefix(length)), .zlib, to: 500).isEmpty)
    }
    var wrong = small
    wrong[wrong.count - 1] ^= 1
    #expect(problem(wrong, .zlib, to: 500).contains("incorrect data check"))
  }

  /// The check value of the CRC catalogue.
  @Test func knowsTheCRCOfTheDigits() {
    #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
    var crc = CRC32()
    crc.update(Array("1234".utf8).span)
    crc.update(Array("56789".utf8).span)
    #expect(crc.value == 0xCBF4_3926)
  }
}
