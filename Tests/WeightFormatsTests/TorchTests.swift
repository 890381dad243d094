import Files
import Tensors
import Testing
import WeightFormats

/// An old stream whose fourth pickle is `object` and whose list of storages is empty.
private func legacy(_ object: [UInt8]) -> CheckedBytes {
  let magic: [UInt8] = [
    0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
  ]
  return CheckedBytes(
    magic + [0x80, 2, 0x4d, 0xe9, 3, 0x2e, 0x80, 2, 0x7d, 0x2e] + object
      + [0x80, 2, 0x5d, 0x2e], file: "made.pth")
}

@Suite struct TorchTests {
  @Test(arguments: ["state.pth", "state_legacy.pth"])
  func readsStridedTensorsOfBothContainers(_ name: String) throws {
    let tensors = try loadTensors(contentsOf: fixturePath(name))
    #expect(tensors.map(\.name) == ["plain", "transposed", "part", "expanded", "steps"])
    #expect(
      try tensors["plain"]?.floats() == Tensor(shape: [3, 4], scalars: (0..<12).map(Float.init)))
    #expect(try tensors["transposed"]?.floats().scalars == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    #expect(try tensors["part"]?.floats().scalars == [5, 6])
    #expect(try tensors["expanded"]?.floats() == Tensor(shape: [2, 2], scalars: [2, 2, 2, 2]))
    #expect(try tensors["steps"]?.integers() == Tensor(shape: [], scalars: [99]))
  }

  @Test(arguments: ["state.pth", "state_legacy.pth"])
  func survivesEveryCutAndEveryDamagedByte(_ name: String) throws {
    let whole = try fixtureBytes(name)
    for count in 0..<whole.count {
      #expect(throws: FormatError.self) {
        try readTensorFile(CheckedBytes(Array(whole.prefix(count)), file: "cut"))
      }
    }
    for index in whole.indices {
      for value in [0, 0x2e, 0x52, 0xff, whole[index] ^ 1] as [UInt8] {
        var damaged = whole
        damaged[index] = value
        _ = try? readTensorFile(CheckedBytes(damaged, file: "damaged"))
      }
    }
  }

  @Test func anEmptyDictionaryHoldsNoTensors() throws {
    #expect(try readTensorFile(legacy([0x80, 2, 0x7d, 0x2e])).tensors.isEmpty)
  }

  /// cos\nsystem\n(S'x'\ntR and its relatives: names that are not on the list, and opcodes that act.
  @Test(arguments: [
    "cos\nsystem\n.", "cbuiltins\neval\n.", "ctorch\nload\n.", "c__builtin__\neval\n.",
    "ctorch._utils\n_rebuild_tensor_v3\n.", "ios\nsystem\n.", "(cos\nsystem\no.", "P1\n.",
    "N2.", "t.", "R.", "}R.", "N}R.", "}(K\u{1}u.", "}K\u{1}K\u{1}a.", "h\u{5}.", ".", "NN.", "(.",
    "ctorch\nFloatStorage\n)R.", "ccollections\nOrderedDict\nK\u{1}\u{85}R.", "NQ.", ")Q.",
  ]) func refusesWhateverWeightsDoNotNeed(_ code: String) {
    let error = #expect(throws: FormatError.self) {
      try readTensorFile(legacy(code.unicodeScalars.map { UInt8($0.value) }))
    }
    #expect(error?.file == "made.pth")
  }

  /// {'a': os.system}: nothing uses the value, yet a file that mentions it is refused.
  @Test(arguments: [("os", "system"), ("torch", "load"), ("torch.storage", "FloatStorage")])
  func refusesNamesThatNothingCalls(_ module: String, _ name: String) {
    let code = "}X\u{1}\0\0\0ac\(module)\n\(name)\ns."
    let error = #expect(throws: FormatError.self) { try readTensorFile(legacy(Array(code.utf8))) }
    #expect(error?.problem.contains("\(module).\(name)") == true)
  }

  /// A million lists inside each other neither overflow the stack nor fail to be freed.
  @Test func deepNestingDoesNotRecurse() {
    let depth = 1_000_000
    let code =
      [UInt8](repeating: 0x5d, count: depth) + [UInt8](repeating: 0x61, count: depth - 1) + [0x2e]
    #expect(throws: FormatError.self) { try readTensorFile(legacy(code)) }
  }

  /// Four bytes and stride 0 describe any number of values: the limit is compared first.
  @Test func expansionIsLimited() throws {
    var limits = LoadLimits()
    limits.expandedBytes = 120
    #expect(throws: FormatError.self) {
      try loadTensors(contentsOf: fixturePath("state_legacy.pth"), limits: limits)
    }
  }
}
