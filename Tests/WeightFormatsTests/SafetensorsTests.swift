import Files
import Tensors
import Testing
import WeightFormats

@Suite struct SafetensorsTests {
  @Test func readsEveryKindOfNumber() throws {
    let file = try loadTensorFile(contentsOf: fixturePath("mixed.safetensors"))
    #expect(file.format == "safetensors")
    #expect(file.metadata == ["seed": "7", "author": "nital \u{1}"])
    let cube = try loadTensors(contentsOf: fixturePath("cube.npy"))[0].floats()
    #expect(try file.tensors["layer.weight"]?.floats() == cube)
    #expect(try file.tensors["layer.bias"]?.doubles().scalars == [1.5, -2])
    #expect(try file.tensors["steps"]?.integers().scalars == [1_234_567_890_123])
    #expect(file.tensors["steps"]?.shape == [])
    #expect(try file.tensors["half"]?.floats().scalars == [1, -2.5])
    #expect(try file.tensors["mask"]?.integers().scalars == [1, 0, 1])
    let last = file.tensors["größe \"β\"\n"]
    #expect(last?.type == .uint8 && last?.shape == [1, 2])
    #expect(try last?.floats().scalars == [7, 255])
    #expect(file.tensors["absent"] == nil)
  }

  /// The fixture was put together by a script from the format's text, not by this writer.
  @Test func writesTheBytesOfTheFormat() throws {
    let file = try loadTensorFile(contentsOf: fixturePath("mixed.safetensors"))
    for order in [file.tensors, file.tensors.reversed()] {
      let written = try withTemporaryFile("out.safetensors") { path in
        try saveSafetensors(order, metadata: ["author": "nital \u{1}", "seed": "7"], to: path)
        return try CheckedBytes(contentsOf: path).array
      }
      #expect(try written == fixtureBytes("mixed.safetensors"))
    }
  }

  @Test func dataAreAligned() throws {
    let tensors = [
      NamedTensor(name: "b", Tensor<UInt8>(shape: [3], scalars: [1, 2, 3])),
      NamedTensor(name: "a", Tensor<Float>(shape: [1], scalars: [4])),
      NamedTensor(name: "z", Tensor<Double>(shape: [1], scalars: [5])),
    ]
    try withTemporaryFile("out.safetensors") { path in
      try saveSafetensors(tensors, to: path)
      for tensor in try loadTensors(contentsOf: path) {
        #expect(tensor.bytes.start % UInt64(tensor.type.size) == 0)
      }
    }
  }

  @Test func aTensorMadeInPartsHasTheBytesOfTheWhole() throws {
    let whole = Tensor(shape: [7, 3], scalars: (0..<21).map { Float($0) })
    @Sendable func part(_ rows: Range<Int>) -> NamedTensor {
      NamedTensor(
        name: "m",
        Tensor(
          shape: [rows.count, 3],
          scalars: Array(whole.scalars[rows.lowerBound * 3..<rows.upperBound * 3])))
    }
    func bytes(_ tensor: PendingTensor) throws -> [UInt8] {
      try withTemporaryFile("out.safetensors") { path in
        try saveSafetensors([tensor], to: path)
        return try CheckedBytes(contentsOf: path).array
      }
    }
    let parts = PendingTensor(name: "m", shape: [7, 3], type: .float32, rowsAtOnce: 3) {
      (rows) throws(FormatError) in part(rows)
    }
    #expect(try bytes(parts) == bytes(PendingTensor(part(0..<7))))
    let wrong = PendingTensor(name: "m", shape: [7, 3], type: .float32, rowsAtOnce: 3) {
      (_) throws(FormatError) in part(0..<2)
    }
    #expect(throws: FormatError.self) { try bytes(wrong) }
  }

  @Test func writerRefusesWhatItCannotWrite() throws {
    let one = NamedTensor(name: "a", Tensor<Float>(shape: [], scalars: [1]))
    let reserved = NamedTensor(name: "__metadata__", Tensor<Float>(shape: [], scalars: [1]))
    try withTemporaryFile("out.safetensors") { path in
      #expect(throws: FormatError.self) { try saveSafetensors([one, one], to: path) }
      #expect(throws: FormatError.self) { try saveSafetensors([reserved], to: path) }
      #expect(throws: FormatError.self) { try loadTensors(contentsOf: path) }
    }
  }

  @Test(arguments: [
    "{}", "{ } ", #"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#,
    #"{ "a" : { "shape":[ 2 , 2 ],"data_offsets":[0,4],"dtype":"U8" } }  "#,
    #"{"a":{"dtype":"F32","shape":[0,9],"data_offsets":[0,0]}}"#,
    #"{"\ud83d\ude00\u00e9\/":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
    #"{"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},"a":{"dtype":"U8","shape":[2],"#
      + #""data_offsets":[0,2]}}"#,
  ]) func acceptsValidHeaders(_ header: String) throws {
    let isEmpty = !header.contains("data_offsets") || header.contains("[0,0]")
    let file = try readTensorFile(safetensors(header, data: isEmpty ? 0 : 4))
    #expect(file.tensors.allSatisfy { $0.bytes.count == $0.count * $0.type.size })
  }

  /// Every line breaks one rule of the format.
  @Test(arguments: [
    "{", "{\"a\"}", "{}x", "{,}",
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[+1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[9223372036854775808,0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1]}}"#,
    #"{"a":{"shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#,
    #"{"a":{"dtype":"F4","shape":[8],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"#
      + #""data_offsets":[3,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"#
      + #""data_offsets":[2,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#,
    #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"#
      + #""data_offsets":[2,4]}}"#,
    #"{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"__metadata__":["a"],"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"\udc00":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"\x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    "{\"\u{1}\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
    "[{\"dtype\":\"F32\"}]", "null", " {}",
  ]) func refusesBrokenHeaders(_ header: String) {
    #expect(throws: FormatError.self) { try readTensorFile(safetensors(header, data: 4)) }
  }

  @Test(arguments: [0, 1 << 62, 1 << 63, .max, .max - 7, 100_000_001, 3] as [UInt64])
  func refusesHeaderLengthsThatLie(_ length: UInt64) {
    let bytes = littleEndianBytes(of: [length]) + Array("{}".utf8)
    #expect(throws: FormatError.self) { try readTensorFile(CheckedBytes(bytes, file: "x")) }
  }

  @Test func limitsAreObeyed() throws {
    var limits = LoadLimits()
    limits.rank = 1
    let header = #"{"a":{"dtype":"U8","shape":[1,1],"data_offsets":[0,1]}}"#
    #expect(throws: FormatError.self) {
      try readTensorFile(safetensors(header, data: 1), limits: limits)
    }
    limits = LoadLimits()
    limits.tensors = 0
    #expect(throws: FormatError.self) {
      try readTensorFile(safetensors(header, data: 1), limits: limits)
    }
  }

  /// Every prefix of a good file is refused, and no byte set to 0xff makes the reader trap.
  @Test func survivesEveryCutAndEveryDamagedByte() throws {
    let whole = try fixtureBytes("mixed.safetensors")
    for count in 0..<whole.count {
      #expect(throws: FormatError.self) {
        try readTensorFile(CheckedBytes(Array(whole.prefix(count)), file: "cut"))
      }
    }
    for index in whole.indices {
      for value in [0, 0x7d, 0xff] as [UInt8] {
        var damaged = whole
        damaged[index] = value
        _ = try? readTensorFile(CheckedBytes(damaged, file: "damaged"))
      }
    }
  }

  @Test func errorsNameFileAndTensorWithoutControlCharacters() throws {
    let header = #"{"x\u001by":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#
    let error = #expect(throws: FormatError.self) {
      try readTensorFile(safetensors(header, data: 4))
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("made.safetensors: ") && text.contains("tensor 'x\\u{1b}y'"))
  }
}
