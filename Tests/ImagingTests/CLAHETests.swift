import Imaging
import Tensors
import Testing

@Suite struct CLAHETests {
  private func options(_ words: [String]) -> CLAHEOptions {
    let tile = words[2].split(separator: "x").compactMap { Int($0) }
    return CLAHEOptions(
      tileSize: tile.count == 2 ? .init(height: tile[0], width: tile[1]) : nil,
      clipLimit: Double(words[3]) ?? .nan, binCount: Int(words[4]) ?? 0,
      version: words[1] == "current" ? .current : .legacy017)
  }

  @Test func agreesWithScikitImage() throws {
    var worst = 0.0
    for golden in try GoldenCase.all("clahe") {
      let o = options(golden.words)
      let result: [Double]
      if golden.expected.type == "float64" {
        result = try clahe(golden.input.unitDouble, options: o).scalars
      } else {
        result = try clahe(golden.input.unit, options: o).scalars.map(Double.init)
      }
      let difference = worstDifference(result, golden.expected.values)
      // Every rounding is scikit-image's, so that grey pictures have the same bits; the last stretch
      // of version 0.17.2 and the way through HSV round in another order: a few ulp of 1.
      let isExact = golden.input.shape.count == 2 && o.version == .current
      #expect(difference <= (isExact ? 0 : 4 * 0x1p-24), "\(golden.words) \(golden.input.shape)")
      worst = max(worst, difference)
    }
    print("CLAHE: worst difference from scikit-image \(worst)")
  }

  @Test func equalsItsPlainTwin() throws {
    var generator = SeededGenerator(seed: 5)
    for (h, w) in [(1, 2), (2, 1), (5, 9), (16, 16), (37, 23), (64, 70)] {
      let image = Tensor<Float>(
        shape: [h, w], scalars: (0..<h * w).map { _ in Float(generator.uniform()) })
      for (clip, bins) in [(0.01, 64), (0.0, 64), (0.2, 64), (0.02, 8), (0.15, 8)] {
        let tile = bins == 8 ? CLAHEOptions.TileSize(height: 13, width: 17) : nil
        let o = CLAHEOptions(tileSize: tile, clipLimit: clip, binCount: bins)
        #expect(try clahe(image, options: o) == claheReference(image, options: o), "\(h) \(w)")
      }
    }
  }

  @Test func usesTheWholeRangeOfGreyLevels() throws {
    var generator = SeededGenerator(seed: 6)
    let image = Tensor<Float>(
      shape: [50, 61], scalars: (0..<3050).map { _ in Float(generator.uniform(0.4, 0.6)) })
    let result = try clahe(image).scalars
    #expect(result.min() == 0 && result.max() == 1)
  }

  @Test func doesNotDependOnAffineChangesOfEightBitGreyLevels() throws {
    var generator = SeededGenerator(seed: 7)
    let levels = (0..<1200).map { _ in generator.integer(below: 50) }
    // 16-bit levels 257 v and 514 v + 4369 become the same levels 0 ... 16383.
    let a = Tensor<Float>(shape: [30, 40], scalars: levels.map { Float($0) / 255 })
    let b = Tensor<Float>(
      shape: [30, 40], scalars: levels.map { Float(514 * $0 + 4369) / 65535 })
    #expect(try clahe(a) == clahe(b))
  }

  @Test func refusesWhatIsNotAPicture() {
    #expect(throws: ImagingError.notFinite(index: 1)) {
      try clahe(Tensor<Float>(shape: [1, 3], scalars: [0, .nan, 1]))
    }
    #expect(throws: ImagingError.notFinite(index: 2)) {
      try clahe(Tensor<Double>(shape: [1, 3], scalars: [0, 1, .infinity]))
    }
    #expect(throws: ImagingError.outOfRange(index: 0, value: 2, expected: "-1 ... 1")) {
      try clahe(Tensor<Float>(shape: [1, 2], scalars: [2, 1]))
    }
    #expect(throws: ImagingError.tooSmall(height: 0, width: 4, needed: "1 x 1")) {
      try clahe(Tensor<Float>(shape: [0, 4], scalars: []))
    }
    #expect(throws: ImagingError.tooSmall(height: 9, width: 7, needed: "8 x 8")) {
      try clahe(Tensor<Float>.zeros([9, 7]), options: CLAHEOptions(version: .legacy017))
    }
  }

  @Test func keepsAGreyColourPictureGrey() throws {
    var generator = SeededGenerator(seed: 8)
    let grey = Tensor<Float>(
      shape: [20, 25], scalars: (0..<500).map { _ in Float(generator.uniform()) })
    let colour = Tensor<Float>(shape: [20, 25, 3], scalars: grey.scalars.flatMap { [$0, $0, $0] })
    #expect(try clahe(colour).scalars == clahe(grey).scalars.flatMap { [$0, $0, $0] })
  }
}
