import Imaging
import Tensors
import Testing

@Suite struct ResizeTests {
  private func options(_ words: [String]) -> ResizeOptions {
    ResizeOptions(
      order: ResizeOptions.Order(rawValue: Int(words[1]) ?? -1) ?? .linear,
      mode: BoundaryMode(rawValue: words[2]) ?? .wrap, constant: Float(words[5]) ?? .nan,
      antiAliasing: ["on": true, "off": false][words[3]], isClipped: words[4] == "1")
  }

  @Test func agreesWithScikitImage() throws {
    var worst = 0.0
    for golden in try GoldenCase.all("resize") {
      let shape = golden.expected.shape
      let result = try resize(
        golden.input.unit, height: shape[0], width: shape[1], options: options(golden.words))
      #expect(result.shape == shape)
      let difference = worstDifference(result.scalars.map(Double.init), golden.expected.values)
      // Two passes of single-precision sums of at most 40 terms below 1; measured: 2.4e-7.
      #expect(difference <= 2e-6, "\(golden.words) \(golden.input.shape) to \(shape)")
      worst = max(worst, difference)
    }
    print("resize: worst difference from scikit-image \(worst)")
  }

  @Test(arguments: BoundaryMode.allCases, ResizeOptions.Order.allCases)
  func agreesWithItsPlainTwin(mode: BoundaryMode, order: ResizeOptions.Order) throws {
    var generator = SeededGenerator(seed: 11)
    for (h, w, m, k) in [(1, 1, 3, 4), (2, 7, 5, 3), (19, 23, 7, 40), (12, 12, 30, 5)] {
      let image = Tensor<Float>(
        shape: [h, w], scalars: (0..<h * w).map { _ in Float(generator.uniform()) })
      for smoothing in [nil, true, false] {
        let o = ResizeOptions(order: order, mode: mode, constant: 0.7, antiAliasing: smoothing)
        let a = try resize(image, height: m, width: k, options: o).scalars.map(Double.init)
        let b = resizeReference(image, height: m, width: k, options: o).scalars.map(Double.init)
        // Single against double precision; the margin of 12 pixels leaves 2e-7 in the mode edge.
        #expect(worstDifference(a, b) <= 2e-6, "\(mode) \(order) \(h) \(w) \(m) \(k)")
      }
    }
  }

  @Test func givesTheSameBitsWithEveryFusedInstructionSet() throws {
    // Without fused multiply-add (baseline) the sums of rows round once more.
    guard InstructionSet.current != .baseline else { return }
    var generator = SeededGenerator(seed: 14)
    let image = Tensor<Float>(
      shape: [53, 61], scalars: (0..<3233).map { _ in Float(generator.uniform()) })
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for order in [ResizeOptions.Order.linear, .cubic] {
      let o = ResizeOptions(order: order, antiAliasing: false)
      for value in try resize(image, height: 71, width: 47, options: o).scalars {
        hash = (hash ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3
      }
    }
    // FNV-1a over the bits, as found with AVX2 and with AVX-512.
    #expect(hash == 4_060_433_467_198_430_030)
  }

  @Test func returnsAPictureOfTheSameSizeAsItIs() throws {
    var generator = SeededGenerator(seed: 12)
    let image = Tensor<Float>(
      shape: [9, 7, 3], scalars: (0..<189).map { _ in Float(generator.normal()) })
    for order in ResizeOptions.Order.allCases {
      #expect(try resize(image, height: 9, width: 7, options: .init(order: order)) == image)
    }
  }

  @Test func keepsConstantPictures() throws {
    let image = Tensor<Float>(repeating: 0.3, shape: [13, 8])
    for order in ResizeOptions.Order.allCases {
      for mode in BoundaryMode.allCases where mode != .constant {
        let o = ResizeOptions(order: order, mode: mode, isClipped: false)
        let result = try resize(image, height: 5, width: 21, options: o)
        // Weights that add up to 1 within a few ulp on each axis.
        #expect(result.scalars.allSatisfy { ($0 - 0.3).magnitude <= 8 * 0x1p-25 }, "\(mode)")
      }
    }
  }

  @Test func keepsChannelsApart() throws {
    var generator = SeededGenerator(seed: 13)
    let planes = (0..<3).map { _ in
      Tensor<Float>(shape: [11, 14], scalars: (0..<154).map { _ in Float(generator.uniform()) })
    }
    let image = Tensor<Float>(
      shape: [11, 14, 3], scalars: (0..<154).flatMap { i in planes.map { $0.scalars[i] } })
    for order in ResizeOptions.Order.allCases {
      let o = ResizeOptions(order: order, isClipped: false)
      let together = try resize(image, height: 6, width: 25, options: o)
      for c in 0..<3 {
        let alone = try resize(planes[c], height: 6, width: 25, options: o)
        let channel = (0..<150).map { Double(together.scalars[3 * $0 + c]) }
        #expect(worstDifference(channel, alone.scalars.map(Double.init)) <= 2e-7)
      }
    }
  }

  @Test func limitsCubicOvershootUnlessAsked() throws {
    let step = Tensor<Float>(shape: [1, 8], scalars: [0, 0, 0, 0, 1, 1, 1, 1])
    let limited = try resize(step, height: 1, width: 40, options: .init(order: .cubic))
    #expect(limited.scalars.allSatisfy { $0 >= 0 && $0 <= 1 })
    let free = try resize(
      step, height: 1, width: 40, options: .init(order: .cubic, isClipped: false))
    #expect(free.scalars.contains { $0 > 1.05 })
  }

  @Test func refusesNaNAndEmptyPictures() {
    #expect(throws: ImagingError.notFinite(index: 0)) {
      try resize(Tensor<Float>(shape: [1, 2], scalars: [.nan, 1]), height: 2, width: 2)
    }
    #expect(throws: ImagingError.tooSmall(height: 3, width: 0, needed: "1 x 1")) {
      try resize(Tensor<Float>(shape: [3, 0], scalars: []), height: 2, width: 2)
    }
  }
}
