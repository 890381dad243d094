import Files
import Testing

@Suite struct CheckedBytesTests {
  let bytes = CheckedBytes([1, 2, 3, 4, 5, 6, 7, 8, 9], file: "a.bin")

  @Test func readsNumbersOfBothByteOrders() throws {
    #expect(try bytes.u8(at: 8) == 9)
    #expect(try bytes.u16(at: 1) == 0x0302)
    #expect(try bytes.u16(at: 1, .big) == 0x0203)
    #expect(try bytes.u32(at: 1, .big) == 0x0203_0405)
    #expect(try bytes.u64(at: 1) == 0x0908_0706_0504_0302)
    #expect(try bytes.i32(at: 0, .little) == 0x0403_0201)
    let number = CheckedBytes([0x3f, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf], file: "n")
    #expect(try number.f32(at: 0, .big) == 1)
    #expect(try number.f64(at: 4) == -1)
  }

  @Test(arguments: [2, 8, 9, 10, UInt64(Int.max), UInt64.max - 1, UInt64.max])
  func refusesWhatLiesOutside(offset: UInt64) {
    #expect(throws: FormatError.self) { try bytes.u64(at: offset) }
    #expect(throws: FormatError.self) { try bytes.slice(at: offset, count: 8) }
    #expect(throws: FormatError.self) { try bytes.slice(at: offset, count: .max) }
    #expect(throws: FormatError.self) { try bytes.slice(at: 8, count: offset) }
  }

  @Test func partsKeepFileAndPlace() throws {
    let part = try bytes.slice(at: 2, count: 6).slice(at: 1, count: 3)
    #expect(part.array == [4, 5, 6])
    #expect(part.start == 3)
    #expect(part.count == 3)
    #expect(part.error("no", at: 2) == FormatError(file: "a.bin", problem: "no", offset: 5))
    #expect(part.error("no", at: .max).offset == nil)
    do {
      _ = try part.u16(at: 2)
      Issue.record("no error")
    } catch {
      #expect(error.description == "a.bin: 2 bytes expected, but only 1 are there, at byte 5")
    }
    #expect(try bytes.slice(at: 9, count: 0).array.isEmpty)
  }

  @Test func spansShowTheBytes() {
    let sum = bytes.withBytes { span in span.indices.reduce(0) { $0 + Int(span[$1]) } }
    #expect(sum == 45)
    #expect(bytes.span[8] == 9)
    #expect(bytes.matches([2, 3], at: 1))
    #expect(!bytes.matches([2, 3], at: 8))
  }
}
