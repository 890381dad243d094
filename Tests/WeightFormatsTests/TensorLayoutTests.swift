import Files
import Tensors
import Testing
import WeightFormats

@Suite struct TensorLayoutTests {
  /// Every finite half-precision number is a Float, and comes back as the same bits.
  @Test func everyHalfSurvivesTheWayThroughFloat() throws {
    let patterns = (0...UInt16.max).filter { $0 & 0x7c00 != 0x7c00 }
    let source = try NamedTensor(
      name: "w", shape: [patterns.count], type: .float16,
      bytes: CheckedBytes(littleEndianBytes(of: patterns), file: "made"))
    let floats = NamedTensor(name: "w", try source.floats())
    #expect(try floats.halved().bytes.array == source.bytes.array)
  }

  /// Between two neighbours the tie goes to the even pattern, and the next Double to the nearer one.
  @Test func halvesAreRoundedToNearestTiesToEven() throws {
    let patterns: [UInt16] = [0, 1, 2, 0x3fe, 0x3ff, 0x400, 0x7ff, 0x3c00, 0x3c01, 0x7bfe]
    for pattern in patterns {
      let pair = try NamedTensor(
        name: "w", shape: [2], type: .float16,
        bytes: CheckedBytes(littleEndianBytes(of: [pattern, pattern + 1]), file: "made")
      ).doubles().scalars
      let middle = (pair[0] + pair[1]) / 2
      let even = pattern & 1 == 0 ? pattern : pattern + 1
      let values = [middle.nextDown, middle, middle.nextUp, -middle]
      let tensor = NamedTensor(name: "w", Tensor(shape: [4], scalars: values))
      #expect(
        try tensor.halved().bytes.array
          == littleEndianBytes(of: [pattern, even, pattern + 1, even | 0x8000]))
    }
  }

  @Test func valuesBeyondHalfPrecisionAreRefusedByNameAndIndex() throws {
    let fits = NamedTensor(name: "w", Tensor<Float>(shape: [2], scalars: [65_504, -65_519]))
    #expect(try fits.halved().floats().scalars == [65_504, -65_504])
    let beyond = NamedTensor(name: "w", Tensor<Float>(shape: [2], scalars: [.infinity, 65_520]))
    let error = #expect(throws: FormatError.self) { try beyond.halved() }
    #expect(error?.problem.contains("value 1 is beyond half precision, whose") == true)
    #expect(error?.problem.contains("'w'") == true)
    // A part of a tensor counts from where it begins, in either precision.
    let wide = NamedTensor(name: "w", Tensor<Double>(shape: [3], scalars: [0, 1, 1e6]))
    for (part, first, index) in [(beyond, 40, 41), (wide, 300, 302)] {
      let error = #expect(throws: FormatError.self) { try part.halved(from: first) }
      #expect(error?.problem.hasPrefix("value \(index) is beyond half precision") == true)
    }
  }

  /// What a constant tensor says of itself is what its laid-out values say.
  @Test func constantTensorsEqualTheirLaidOutValues() throws {
    let tensors = try loadTensors(contentsOf: fixturePath("state.pth"))
    let expanded = try #require(tensors["expanded"])
    #expect(expanded.isConstant && expanded.byteCount == 16)
    #expect(expanded.bytes.array == littleEndianBytes(of: [2, 2, 2, 2] as [Float]))
    #expect(expanded.crc32 == CRC32.of(expanded.bytes.span))
    #expect(try expanded.halved().floats() == Tensor(shape: [2, 2], scalars: [2, 2, 2, 2]))
    #expect(try expanded.doubles().scalars == [2, 2, 2, 2])
    #expect(tensors["plain"]?.isConstant == false)
  }

  @Test func theChecksumOfRepeatsIsThatOfTheWholeText() {
    for (piece, times) in [([1, 2, 3], 0), ([1, 2, 3], 1), ([7], 1000), ([1, 2, 3, 4], 77)] {
      let bytes = piece.map { UInt8($0) }
      let whole = [UInt8]([[UInt8]](repeating: bytes, count: times).joined())
      #expect(CRC32.of(bytes, times: times) == CRC32.of(whole))
    }
  }

  /// A converted file holds the same tensors; layouts that are no views are laid out.
  @Test(arguments: ["state.pth", "cube_fortran.npy", "big_endian.npy"])
  func convertedFilesHoldTheSameValues(_ name: String) throws {
    let tensors = try loadTensors(contentsOf: fixturePath(name))
    try withTemporaryFile("converted.safetensors") { path in
      try saveSafetensors(tensors, to: path)
      let again = try loadTensors(contentsOf: path)
      for tensor in tensors {
        #expect(again[tensor.name]?.bytes.array == tensor.bytes.array)
        #expect(again[tensor.name]?.shape == tensor.shape)
      }
    }
  }
}
