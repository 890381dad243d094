import Files
import FoundationEssentials
import NeuralNetworks
import Pipelines
import Tensors
import Testing
import WeightFormats

/// The path of a file of Tests/Fixtures/crosscheck.
private func path(_ name: String, file: String = #filePath) -> String {
  let tests = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
  return (tests + ["Fixtures", "crosscheck", Substring(name)]).joined(separator: "/")
}

/// The tensors of a file as a network takes them.
private func weights(_ path: String) throws -> [NetworkTensor] {
  try loadTensors(contentsOf: path).map { tensor in
    NetworkTensor(name: tensor.name, shape: tensor.shape) { try tensor.floats() }
  }
}

/// What the network of a file makes of the picture.
private func logits(_ file: String) throws -> [Float] {
  let picture = try loadTensors(contentsOf: path("input.npy"))[0].floats()
  let tensors = try weights(file)
  let network = try Network(
    try identifyNetwork(tensors, image: (12, 8)), tensors, through: "logits")
  return try network(picture.reshaped(to: [1, 12, 8, 3])).scalars
}

/// One small network, five formats, the same numbers.
@Suite struct NetworkFilesTests {
  static let files = ["zip.pth", "legacy.pth", "small.safetensors", "small.npz", "keras.h5"]

  /// The logits of PyTorch in Double, of which Float was 3.4e-7 away; four times that.
  @Test(arguments: files) func everyFormatGivesTheLogits(_ name: String) throws {
    let expected = try JSONDecoder().decode(
      [Double].self, from: Data(try CheckedBytes(contentsOf: path("logits.json")).array))
    let found = try logits(path(name))
    #expect(found.count == 3)
    for (a, b) in zip(found, expected) { #expect(abs(Double(a) - b) <= 1.4e-6, "\(name)") }
  }

  /// Written in our order, every file has the same shapes and values, and gives the same bits.
  @Test(arguments: files) func convertedFilesGiveTheSameBits(_ name: String) throws {
    let folder = ScratchFolder()
    let converted = folder("converted.safetensors")
    let tensors = try weights(path(name))
    let ordered = try tensorsInOurOrder(tensors, of: identifyNetwork(tensors, image: (12, 8)))
    let pending = ordered.map { tensor in
      PendingTensor(name: tensor.name, shape: tensor.shape, type: .float32) {
        () throws(FormatError) in
        guard let values = try? tensor.values() else { throw FormatError(file: name, problem: "") }
        return NamedTensor(name: tensor.name, values)
      }
    }
    try saveSafetensors(pending, to: converted)
    let read = try weights(converted)
    #expect(
      try checkWeights(read, of: identifyNetwork(read, image: (12, 8))) == .ours)
    #expect(try logits(converted) == logits(path(name)))
    // Keras' order is ours.
    let twin = try weights(path("keras.h5"))
    for (a, b) in zip(ordered, twin) {
      #expect(a.shape == b.shape)
      #expect(try a.values() == b.values(), "\(a.name)")
    }
  }

  @Test(arguments: ["small.npz", "keras.h5"])
  func rowsInOurOrderAreThoseOfTheWhole(_ name: String) throws {
    let tensors = networkTensors(try loadTensors(contentsOf: path(name)))
    var read = 0
    for tensor in try tensorsInOurOrder(tensors, of: identifyNetwork(tensors, image: (12, 8)))
    where tensor.canReadRows {
      let length = tensor.shape.dropFirst().reduce(1, *)
      let whole = try tensor.values().scalars
      for rows in [0..<1, 1..<3, 0..<tensor.shape[0]] {
        read += 1
        #expect(
          try tensor.values(ofRows: rows)
            == Array(whole[rows.lowerBound * length..<rows.upperBound * length]), "\(tensor.name)")
      }
    }
    #expect(read >= 6)
  }

  @Test func withoutAPictureTheMatrixReadsTheMostSquareOfThem() throws {
    let description = try identifyNetwork(try weights(path("small.npz")))
    #expect(description.layerNames.contains("block2_conv1"))
    #expect(try checkWeights(try weights(path("small.npz")), of: description) == .torch)
  }

  @Test func theErrorNamesTensorExpectedAndFoundShape() throws {
    let tensors = try weights(path("small.npz"))
    let description = try identifyNetwork(tensors)
    let turned = tensors.map {
      $0.name == "classifier.0.weight" ? NetworkTensor(name: $0.name, .zeros([36, 7])) : $0
    }
    let error = #expect(throws: NetworkError.self) { try checkWeights(turned, of: description) }
    #expect(
      error?.description == "tensor 'classifier.0.weight': shape [7, 36] expected, [36, 7] found")
    let missing = #expect(throws: NetworkError.self) {
      try checkWeights(Array(tensors.dropLast()), of: description)
    }
    #expect(missing?.description.contains("expected: 'classifier.6.bias' [3]") == true)
  }
}
