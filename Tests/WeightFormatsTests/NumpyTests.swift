import Files
import Tensors
import Testing
import WeightFormats

@Suite struct NumpyTests {
  @Test func readsEveryLayoutOfTheSameArray() throws {
    let cube = try loadTensors(contentsOf: fixturePath("cube.npy"))[0].floats()
    #expect(cube.shape == [2, 3, 4])
    let fortran = try loadTensors(contentsOf: fixturePath("cube_fortran.npy"))[0]
    #expect(fortran.type == .float64 && fortran.shape == [2, 3, 4])
    #expect(try fortran.floats() == cube)
    let big = try loadTensors(contentsOf: fixturePath("big_endian.npy"))[0]
    #expect(big.type == .int16)
    #expect(try big.integers().scalars == cube.scalars.map { Int($0 * 100) })
    #expect(try loadTensors(contentsOf: fixturePath("scalar.npy"))[0].doubles().scalars == [-0.5])
    #expect(try loadTensors(contentsOf: fixturePath("empty.npy"))[0].shape == [0, 3])
  }

  @Test func halfPrecisionIsExact() throws {
    let half = try loadTensors(contentsOf: fixturePath("half.npy"))[0].floats().scalars
    #expect(half.prefix(6) == [0, 0, 0x1p-24, 1, -65504, .infinity])
    #expect(half[1].sign == .minus && half[6].isNaN)
  }

  @Test(arguments: ["stored.npz", "deflated.npz"]) func readsArchives(_ name: String) throws {
    let tensors = try loadTensors(contentsOf: fixturePath(name))
    #expect(tensors.map(\.name) == ["a", "b"])
    #expect(try tensors["b"]?.integers().scalars == [0, 1, 2, 3, 4])
    let cube = try loadTensors(contentsOf: fixturePath("cube.npy"))[0]
    #expect(try tensors["a"]?.floats() == cube.floats())
  }

  @Test func writesTheBytesOfNumpy() throws {
    let cube = try loadTensors(contentsOf: fixturePath("cube.npy"))[0]
    let scalar = try loadTensors(contentsOf: fixturePath("scalar.npy"))[0]
    for (tensor, name) in [(cube, "cube.npy"), (scalar, "scalar.npy")] {
      let written = try withTemporaryFile("out.npy") { path in
        try saveNPY(tensor, to: path)
        return try CheckedBytes(contentsOf: path).array
      }
      #expect(try written == fixtureBytes(name))
    }
  }

  @Test func archivesComeBack() throws {
    let tensors = [
      NamedTensor(name: "x/y", Tensor<Float>(shape: [2], scalars: [1, .nan])),
      NamedTensor(name: "größe", Tensor<Int>(shape: [1, 1], scalars: [-5])),
      NamedTensor(name: "none", Tensor<Double>(shape: [0], scalars: [])),
    ]
    try withTemporaryFile("out.npz") { path in
      try saveNPZ(tensors, to: path)
      let first = try CheckedBytes(contentsOf: path).array
      let again = try loadTensors(contentsOf: path)
      #expect(again.map(\.name) == tensors.map(\.name))
      #expect(again.map(\.bytes.array) == tensors.map(\.bytes.array))
      try saveNPZ(again, to: path)
      #expect(try CheckedBytes(contentsOf: path).array == first)
      #expect(throws: FormatError.self) { try saveNPZ([tensors[0], tensors[0]], to: path) }
      #expect(try CheckedBytes(contentsOf: path).array == first)
      try saveNPZ([], to: path)
      #expect(try loadTensors(contentsOf: path).isEmpty)
    }
  }

  /// Two megabytes of values: a damaged one is found unless names and shapes alone are wanted.
  @Test func checksumsOfLargeMembersAreComparedUnlessHeadersAloneAreRead() throws {
    try withTemporaryFile("large.npz") { path in
      let values = Tensor<Float>(repeating: 0.5, shape: [512, 1024])
      try saveNPZ([NamedTensor(name: "x", values)], to: path)
      var damaged = try CheckedBytes(contentsOf: path).array
      damaged[1 << 20] ^= 1
      let bytes = CheckedBytes(damaged, file: path)
      let error = #expect(throws: FormatError.self) { try readTensorFile(bytes) }
      #expect(error?.problem.contains("checksum") == true)
      var limits = LoadLimits()
      limits.comparesChecksums = false
      #expect(try readTensorFile(bytes, limits: limits).tensors[0].shape == [512, 1024])
    }
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'shape': (2L,), \"descr\": \"<f4\", 'fortran_order': True,}  \n",
    "{'descr':'=f4','fortran_order':False,'shape':(2, 1)}\n",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, ), }",
  ]) func acceptsValidHeaders(_ header: String) throws {
    #expect(try readTensorFile(npy(header, data: 8)).tensors[0].bytes.count == 8)
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
    "{'descr': '<f3', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<U2', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': ((2,),)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8, 0)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + 1",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)",
    "{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,)}", "", "()",
  ]) func refusesBrokenHeaders(_ header: String) {
    #expect(throws: FormatError.self) { try readTensorFile(npy(header, data: 8)) }
  }

  @Test(arguments: ["cube.npy", "cube_fortran.npy", "stored.npz", "deflated.npz"])
  func survivesEveryCutAndEveryDamagedByte(_ name: String) throws {
    let whole = try fixtureBytes(name)
    for count in 0..<whole.count {
      #expect(throws: FormatError.self) {
        try readTensorFile(CheckedBytes(Array(whole.prefix(count)), file: "cut"))
      }
    }
    for index in whole.indices {
      for value in [0, 0x50, 0xff] as [UInt8] {
        var damaged = whole
        damaged[index] = value
        _ = try? readTensorFile(CheckedBytes(damaged, file: "damaged"))
      }
    }
  }

  /// A damaged value of a member cannot pass, for its checksum is wrong.
  @Test func checksumsAreCompared() throws {
    var bytes = try fixtureBytes("stored.npz")
    bytes[200] ^= 1
    let error = #expect(throws: FormatError.self) {
      try readTensorFile(CheckedBytes(bytes, file: "x"))
    }
    #expect(error?.problem.contains("checksum") == true)
  }

  @Test func archivesThatExpandTooFarAreRefused() throws {
    var limits = LoadLimits()
    limits.expandedBytes = 200
    #expect(throws: FormatError.self) {
      try loadTensors(contentsOf: fixturePath("deflated.npz"), limits: limits)
    }
  }
}

@Suite struct NamedTensorTests {
  @Test func convertsEveryTypeOfNumber() throws {
    func tensor(_ type: ElementType, _ bytes: [UInt8]) throws -> NamedTensor {
      try NamedTensor(
        name: "t", shape: [bytes.count / type.size], type: type,
        bytes: CheckedBytes(bytes, file: "f"))
    }
    #expect(try tensor(.int8, [0xff, 1]).integers().scalars == [-1, 1])
    #expect(try tensor(.uint16, [0xff, 0xff]).floats().scalars == [65535])
    #expect(try tensor(.int16, [0xff, 0xff]).doubles().scalars == [-1])
    #expect(try tensor(.uint32, [0, 0, 0, 0x80]).integers().scalars == [1 << 31])
    #expect(try tensor(.int32, [0, 0, 0, 0x80]).integers().scalars == [-(1 << 31)])
    let top = [UInt8](repeating: 0xff, count: 8)
    #expect(try tensor(.uint64, top).doubles().scalars == [0x1p64])
    #expect(throws: FormatError.self) { try tensor(.uint64, top).integers() }
    #expect(try tensor(.int64, top).integers().scalars == [-1])
    #expect(try tensor(.bool, [0, 2]).floats().scalars == [0, 1])
    #expect(throws: FormatError.self) { try tensor(.float32, [0, 0, 0, 0]).integers() }
    #expect(throws: FormatError.self) { try tensor(.complex64, top).floats() }
    #expect(throws: FormatError.self) { try tensor(.float8E4M3, top).doubles() }
  }

  @Test func namesTheFirstValueThatIsNotFinite() throws {
    let tensors = [
      NamedTensor(name: "fine", Tensor<Double>(shape: [1], scalars: [1])),
      NamedTensor(name: "broken", Tensor<Float>(shape: [3], scalars: [1, .infinity, .nan])),
    ]
    let error = #expect(throws: FormatError.self) { try tensors.refuseNonFinite() }
    #expect(error?.problem == "value 1 is NaN or infinite, tensor 'broken'")
  }

  @Test func shapeMustFillTheBytes() {
    let bytes = CheckedBytes([1, 2, 3], file: "f")
    for shape in [[2], [4], [-3], [.max, .max]] {
      #expect(throws: FormatError.self) {
        try NamedTensor(name: "t", shape: shape, type: .uint8, bytes: bytes)
      }
    }
  }

  @Test func otherFormatsAreNamed() {
    for (bytes, word) in [
      (Array("version https://git-lfs.github.com".utf8), "git-lfs"),
      ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], "PNG"),
      ([UInt8](repeating: 9, count: 40), "not a weight file"),
    ] {
      let error = #expect(throws: FormatError.self) {
        try readTensorFile(CheckedBytes(bytes, file: "f"))
      }
      #expect(error?.problem.contains(word) == true)
    }
  }
}
