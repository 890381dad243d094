import Files
import Testing
import WeightFormats

private func bytes(_ name: String) throws -> [UInt8] {
  try CheckedBytes(contentsOf: fixturePath(name, folder: "keras")).array
}

/// Reads a damaged file as a network would: headers, values, finiteness.
private func read(_ content: [UInt8]) throws(FormatError) {
  let tensors = try readTensorFile(CheckedBytes(content, file: "damaged.h5")).tensors
  try tensors.refuseNonFinite()
  for tensor in tensors { _ = tensor.crc32 }
}

@Suite struct HDF5Tests {
  /// The values that the self-test of lookup3.c (driver5) prints.
  @Test func theChecksumIsJenkins() {
    let text = Array("Four score and seven years ago".utf8)
    #expect(lookup3([UInt8]().span) == 0xdead_beef)
    #expect(lookup3([UInt8]().span, initial: 0xdead_beef) == 0xbd5b_7dde)
    #expect(lookup3(text.span) == 0x1777_0551)
    #expect(lookup3(text.span, initial: 1) == 0xcd62_8161)
  }

  /// The end of file stands in the superblock: whatever is cut off, it is missed.
  @Test(arguments: ["keras1.h5", "latest.h5", "long_names.h5"])
  func everyCutIsRefused(_ name: String) throws {
    let whole = try bytes(name)
    for count in 0..<whole.count {
      #expect(throws: FormatError.self) { try read(Array(whole.prefix(count))) }
    }
  }

  @Test(arguments: ["keras1.h5", "latest.h5", "long_names.h5", "kinds.h5"])
  func noDamagedByteTraps(_ name: String) throws {
    let whole = try bytes(name)
    for index in whole.indices {
      for value in [0, 0xff, whole[index] ^ 1, whole[index] ^ 0x80] as [UInt8] {
        var damaged = whole
        damaged[index] = value
        _ = try? read(damaged)
      }
    }
  }

  /// Eight bytes at a time: lengths and addresses at the edges of their range.
  @Test(arguments: ["keras1.h5", "latest.h5", "long_names.h5", "kinds.h5"])
  func noAbsurdNumberTraps(_ name: String) throws {
    let whole = try bytes(name)
    let numbers: [UInt64] = [
      .max, .max - 7, 1 << 63, (1 << 63) - 1, 1 << 32, UInt64(whole.count), UInt64(whole.count) - 8,
    ]
    // Old structures are aligned to 8 bytes, new ones are not.
    let step = name == "latest.h5" ? 3 : 8
    for index in stride(from: 0, to: whole.count - 8, by: step) {
      for number in numbers {
        var damaged = whole
        damaged.replaceSubrange(index..<index + 8, with: littleEndianBytes(of: [number]))
        _ = try? read(damaged)
      }
    }
  }

  /// Every byte of a header of the new format is covered by a checksum.
  @Test func aDamagedHeaderOfTheNewFormatIsRefused() throws {
    let whole = try bytes("latest.h5")
    let marker = Array("OHDR".utf8)
    let headers = whole.indices.dropLast(64).filter { Array(whole[$0..<$0 + 4]) == marker }
    #expect(headers.count >= 8)
    // The superblock, then 24 bytes of each header, of which none has a smaller one.
    for index in Array(9..<48) + headers.flatMap({ $0..<$0 + 24 }) {
      var damaged = whole
      damaged[index] ^= 0x10
      #expect(throws: FormatError.self, "byte \(index)") { try read(damaged) }
    }
  }

  /// The root group's B-tree names a node that is its own child, or leaves that come twice.
  @Test func aTreeThatBitesItsTailIsRefused() throws {
    let whole = try bytes("many.h5")
    let marker = Array("TREE".utf8)
    let nodes = whole.indices.dropLast(64).filter { Array(whole[$0..<$0 + 4]) == marker }
    for node in nodes where whole[node + 6] > 1 {
      var damaged = whole
      damaged.replaceSubrange(node + 48..<node + 56, with: whole[node + 32..<node + 40])
      #expect(throws: FormatError.self) { try read(damaged) }
      damaged.replaceSubrange(
        node + 32..<node + 40, with: littleEndianBytes(of: [UInt64(node)]))
      #expect(throws: FormatError.self) { try read(damaged) }
    }
    #expect(nodes.contains { whole[$0 + 6] > 1 })
  }

  /// `..` and empty parts are no names, even where a group has such a link.
  @Test func aNameThatClimbsIsRefused() throws {
    var content = try bytes("keras1.h5")
    let name = Array("conv_W_1".utf8)
    for index in content.indices.dropLast(8) where Array(content[index..<index + 8]) == name {
      content.replaceSubrange(index..<index + 8, with: Array("../conv/".utf8))
    }
    let error = #expect(throws: FormatError.self) { try read(content) }
    #expect(error?.problem.contains("not the name of a weight") == true)
  }
}
