import Files
import Tensors
import Testing
import WeightFormats

/// The tensors of a file of Tests/Fixtures/keras.
private func keras(_ name: String) throws -> [NamedTensor] {
  try loadTensors(contentsOf: fixturePath(name, folder: "keras"))
}

/// The small network in PyTorch's order, from safetensors, the simplest of the formats.
private func twin() throws -> [NamedTensor] { try keras("twin.safetensors") }

/// (height, width, in, out) as (out, in, height, width).
private func outwards(_ kernel: Tensor<Float>) -> Tensor<Float> {
  let (H, W, C, K) = (kernel.shape[0], kernel.shape[1], kernel.shape[2], kernel.shape[3])
  var values: [Float] = []
  for k in 0..<K {
    for c in 0..<C {
      for y in 0..<H {
        for x in 0..<W { values.append(kernel.scalars[((y * W + x) * C + c) * K + k]) }
      }
    }
  }
  return Tensor(shape: [K, C, H, W], scalars: values)
}

/// The first dense layer after a picture of 2 x 3 with 2 channels: FORMATS' rule
/// torch[o][c H W + y W + x] = keras[(y W + x) C + c][o].
private func permuted(_ dense: Tensor<Float>) -> Tensor<Float> {
  let (H, W, C, n) = (2, 3, 2, dense.shape[1])
  var values: [Float] = []
  for o in 0..<n {
    for c in 0..<C {
      for y in 0..<H {
        for x in 0..<W { values.append(dense.scalars[((y * W + x) * C + c) * n + o]) }
      }
    }
  }
  return Tensor(shape: [n, H * W * C], scalars: values)
}

@Suite struct KerasTests {
  static let wholeNetworks = [
    "keras1.h5", "keras2.h5", "saved_model.h5", "latest.h5", "v108.h5", "long_names.h5",
    "split.h5", "big_endian.h5",
  ]

  /// Every container that Keras' writers chose holds the network of the safetensors twin.
  ///
  /// big_endian.h5 holds the same Floats as Doubles, so that equality is exact.
  @Test(arguments: wholeNetworks) func everyContainerHoldsTheTwinsValues(_ name: String) throws {
    let (tensors, expected) = (try keras(name), try twin())
    try #require(tensors.count == 4)
    #expect(try outwards(tensors[0].floats()) == expected["conv.weight"]?.floats())
    #expect(try tensors[1].floats() == expected["conv.bias"]?.floats())
    #expect(try permuted(tensors[2].floats()) == expected["fc.weight"]?.floats())
    #expect(try tensors[3].floats() == expected["fc.bias"]?.floats())
  }

  @Test(arguments: ["chunked.h5", "deflated.h5"])
  func chunksHoldTheTwinsFilters(_ name: String) throws {
    #expect(try outwards(keras(name)[0].floats()) == twin()["conv.weight"]?.floats())
  }

  @Test(arguments: ["twin.npz", "twin.pth", "twin_legacy.pth"])
  func theOtherFormatsHoldTheTwinsBytes(_ name: String) throws {
    let (tensors, expected) = (try keras(name), try twin())
    #expect(tensors.count == 4)
    for tensor in expected {
      #expect(tensors[tensor.name]?.bytes.array == tensor.bytes.array, "\(tensor.name)")
      #expect(tensors[tensor.name]?.shape == tensor.shape)
      #expect(tensors[tensor.name]?.crc32 == tensor.crc32)
    }
  }

  @Test func namesAreLayerAndWeightInTheOrderOfTheAttributes() throws {
    #expect(
      try keras("keras1.h5").map(\.name) == [
        "conv/conv_W_1:0", "conv/conv_b_1:0", "fc/fc_W_1:0", "fc/fc_b_1:0",
      ])
    #expect(try keras("keras2.h5").map(\.name)[0] == "conv/conv/kernel:0")
    #expect(try keras("saved_model.h5").map(\.name)[0] == "model_weights/conv/conv/kernel:0")
    #expect(try keras("many.h5").map(\.name).last == "layer_39/w")
    #expect(try keras("many.h5")[27].floats().scalars == [27])
  }

  @Test func theWriterIsToldInTheMetadata() throws {
    let file = try loadTensorFile(contentsOf: fixturePath("saved_model.h5", folder: "keras"))
    #expect(file.format == "Keras HDF5")
    #expect(file.metadata == ["keras_version": "2.2.4"])
  }

  @Test func halfPrecisionIsRead() throws {
    let (half, whole) = (try keras("half.h5"), try keras("keras1.h5"))
    for (a, b) in zip(half, whole) {
      #expect(a.type == .float16)
      // NumPy rounded the same values, to nearest, ties to even.
      #expect(try a.bytes.array == b.halved().bytes.array)
    }
  }

  @Test func readsIntegersFillValuesCompactEmptyAndScalarDatasets() throws {
    let tensors = try keras("kinds.h5")
    #expect(tensors.map(\.name) == ["a/int", "a/fill", "a/compact", "a/empty", "a/scalar"])
    #expect(try tensors[0].integers() == Tensor(shape: [2, 2], scalars: [1, -2, 3, 40000]))
    #expect(tensors[1].isConstant && tensors[1].shape == [1000, 100])
    #expect(try tensors[1].floats().scalars == [Float](repeating: 0.25, count: 100_000))
    #expect(try tensors[2].floats().scalars == [1, 2, 3])
    #expect(tensors[3].shape == [0, 3] && tensors[3].bytes.count == 0)
    #expect(try tensors[4].doubles() == Tensor(shape: [], scalars: [-0.5]))
  }

  @Test(arguments: [
    ("soft.h5", "soft link"),
    ("external.h5", "another file"), ("outside.h5", "another file"), ("words.h5", "not numbers"),
    ("missing.h5", "'w' is missing"), ("plain.h5", "not Keras"), ("dense.h5", "dense storage"),
  ]) func refusesWhatItDoesNotReadWithTheReason(_ name: String, _ reason: String) {
    let error = #expect(throws: FormatError.self) { try keras(name) }
    #expect(error?.problem.contains(reason) == true, "\(error?.problem ?? "")")
    #expect(error?.file.hasSuffix(name) == true)
  }

  @Test func notANumberIsFoundWhenWeightsAreChecked() throws {
    let error = #expect(throws: FormatError.self) { try keras("nan.h5").refuseNonFinite() }
    #expect(error?.problem.contains("value 1 is NaN") == true)
  }

  @Test func aGroupThatContainsItselfIsNoTrap() throws {
    #expect(try keras("cycle.h5").map(\.name) == ["a/w"])
  }

  @Test func theLimitsAreCompared() throws {
    var limits = LoadLimits()
    limits.expandedBytes = 399_999 + 16
    let path = fixturePath("kinds.h5", folder: "keras")
    #expect(throws: FormatError.self) { try loadTensors(contentsOf: path, limits: limits) }
    limits = LoadLimits()
    limits.tensors = 4
    #expect(throws: FormatError.self) { try loadTensors(contentsOf: path, limits: limits) }
    limits = LoadLimits()
    limits.rank = 1
    #expect(throws: FormatError.self) { try loadTensors(contentsOf: path, limits: limits) }
  }

  /// 70,000,000 zeros deflate a thousandfold; the record is refused before it is inflated.
  @Test func aRecordThatGrowsTooMuchIsRefused() throws {
    let path = fixturePath("grows.pth", folder: "keras")
    let error = #expect(throws: FormatError.self) { try loadTensors(contentsOf: path) }
    #expect(error?.problem.contains("200-fold") == true)
    var limits = LoadLimits()
    limits.growth = 2000
    #expect(try loadTensors(contentsOf: path, limits: limits)[0].count == 17_500_000)
  }
}
