import Files
import Tensors
import Testing
import WeightFormats

private func path(_ name: String) -> String { fixturePath(name, folder: "hdf5_chunks") }

@Suite struct HDF5ChunkTests {
  /// Edges cut by the dataset, filters alone and together, a tree of two levels, big-endian values.
  @Test func chunksArePutTogether() throws {
    let tensors = try loadTensors(contentsOf: path("good.h5"))
    #expect(
      tensors.map(\.name) == ["a/plain", "a/deflate", "a/all", "a/odd", "a/tree", "a/fill"])
    #expect(tensors.map(\.shape) == [[5, 7], [9, 4, 3], [3, 3, 5, 6], [3], [150], [4, 4]])
    for tensor in tensors.dropLast() {
      let expected = (0..<tensor.count).map { Double($0) / 4 - 7 }
      #expect(try tensor.doubles().scalars == expected, "\(tensor.name)")
    }
    #expect(tensors[3].type == .float16 && tensors[4].type == .float64)
    #expect(tensors[5].isConstant)
    #expect(try tensors[5].floats().scalars == [Float](repeating: 0.5, count: 16))
  }

  @Test(arguments: [
    ("lzf.h5", "filter 32000"), ("newest.h5", "layout version"), ("partial.h5", "1 of 4 chunks"),
  ]) func refusesWhatItDoesNotReadWithTheReason(_ name: String, _ reason: String) {
    let error = #expect(throws: FormatError.self) { try loadTensors(contentsOf: path(name)) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  /// A checksum covers each chunk of `odd`, deflate's own one each of `deflate`.
  @Test func aDamagedChunkIsRefused() throws {
    let whole = try CheckedBytes(contentsOf: path("good.h5")).array
    // The first two values of `odd`, -7 and -6.75 in half precision.
    let stored: [UInt8] = [0x00, 0xc7, 0xc0, 0xc6]
    let place = try #require(
      whole.indices.dropLast(4).first { Array(whole[$0..<$0 + 4]) == stored })
    var damaged = whole
    damaged[place] ^= 1
    let error = #expect(throws: FormatError.self) {
      try readTensorFile(CheckedBytes(damaged, file: "damaged.h5"))
    }
    #expect(error?.problem.contains("checksum of a chunk") == true)
  }

  @Test func noDamagedByteTraps() throws {
    let whole = try CheckedBytes(contentsOf: path("good.h5")).array
    // A prime step meets every place of the 8-byte structures.
    for index in stride(from: 0, to: whole.count, by: 13) {
      for value in [0, 0xff, whole[index] ^ 1] as [UInt8] {
        var damaged = whole
        damaged[index] = value
        _ = try? readTensorFile(CheckedBytes(damaged, file: "damaged.h5"))
      }
    }
  }

  @Test func absurdSizesAreRefusedBeforeAnythingIsAllocated() throws {
    var limits = LoadLimits()
    limits.expandedBytes = 9 * 4 * 3 * 4 - 1
    #expect(throws: FormatError.self) {
      try loadTensors(contentsOf: path("good.h5"), limits: limits)
    }
  }
}
