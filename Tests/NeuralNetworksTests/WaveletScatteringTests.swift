import FoundationEssentials
import NeuralNetworks
import Tensors
import Testing

@Suite struct WaveletScatteringTests {
  // Kymatio's values in `Double`; ours have filters, spectra and moduli in `Float`. The largest
  // difference seen on textures, noise and photographs was 8e-6 of a coefficient.
  @Test(arguments: [
    (64, 64, 3, 8), (200, 200, 5, 8), (97, 131, 5, 8), (32, 45, 4, 6), (16, 17, 1, 5),
  ])
  func agreesWithKymatio(height: Int, width: Int, scales: Int, orientations: Int) throws {
    let golden = try fixture("kymatio_\(height)x\(width)_J\(scales)_L\(orientations).txt")
    let transform = try WaveletScattering(
      height: height, width: width, scales: scales, orientations: orientations)
    let values = try transform(pattern(height, width))
    #expect(values.count == golden.count)
    #expect(largestRelativeDifference(values, golden) <= 1e-5)
  }

  /// The twin computes in `Double`, and its filters by sums over space: 10^-5 as above.
  @Test(arguments: [(17, 16, 2, 4), (20, 33, 3, 3), (16, 21, 1, 8)])
  func agreesWithTheDefinition(height: Int, width: Int, scales: Int, orientations: Int) throws {
    let image = noise(height, width, seed: 4)
    let transform = try WaveletScattering(
      height: height, width: width, scales: scales, orientations: orientations)
    let truth = scatteringReference(
      Tensor(shape: image.shape, scalars: image.scalars.map { Double($0) }), scales: scales,
      orientations: orientations)
    #expect(largestRelativeDifference(try transform(image), truth) <= 1e-5)
  }

  @Test func hasTheNumberOfCoefficientsOfTheFormula() throws {
    for (J, L) in [(1, 1), (3, 8), (4, 6), (5, 8)] {
      let transform = try WaveletScattering(height: 32, width: 32, scales: J, orientations: L)
      #expect(transform.coefficientCount == 1 + J * L + L * L * J * (J - 1) / 2)
    }
    #expect(ScatteringBank().coefficientCount == 681)
    let names = Set(ScatteringBank().paths.map(\.name))
    #expect(names.count == 681 && names.contains("S2[j0 t3, j4 t7]"))
  }

  @Test func givesLowerOrdersTheSameValues() throws {
    let image = noise(40, 50, seed: 8)
    let all = try WaveletScattering(height: 40, width: 50, scales: 3)(image)
    for order in 0...1 {
      let less = try WaveletScattering(height: 40, width: 50, scales: 3, maximumOrder: order)(image)
      #expect(less == Array(all.prefix(less.count)))
      #expect(less.count == (order == 0 ? 1 : 25))
    }
  }

  @Test func isZeroAboveOrderZeroForAConstantImage() throws {
    let transform = try WaveletScattering(height: 48, width: 50, scales: 3)
    let values = try transform(Tensor(repeating: 0.7, shape: [48, 50]))
    // The low-pass filter has the norm pi / 3.1415, see WaveletScatteringFilters.swift.
    #expect(abs(values[0] - 0.7 * Float(Double.pi / 3.1415)) < 1e-6)
    #expect(values.dropFirst().allSatisfy { $0 == 0 })
  }

  @Test func isPositiveForATexture() throws {
    let transform = try WaveletScattering(height: 64, width: 64, scales: 4)
    #expect(try transform(noise(64, 64, seed: 1)).allSatisfy { $0 > 0 })
  }

  /// When a texture moves by less than 2^J, its pixels change by half and its coefficients hardly.
  @Test func hardlyChangesWhenTheImageMoves() throws {
    let transform = try WaveletScattering(height: 96, width: 96, scales: 4)
    func crop(_ y0: Int, _ x0: Int) -> Tensor<Float> {
      let whole = pattern(120, 120).scalars
      var values: [Float] = []
      for y in y0..<(y0 + 96) { values += whole[(y * 120 + x0)..<(y * 120 + x0 + 96)] }
      return Tensor(shape: [96, 96], scalars: values)
    }
    let (before, after) = (crop(0, 0), crop(3, 2))
    let zero = [Float](repeating: 0, count: 96 * 96)
    let pixels = distance(before.scalars, after.scalars) / distance(before.scalars, zero)
    let (still, moved) = (try transform(before), try transform(after))
    #expect(pixels > 0.5)
    #expect(distance(still, moved) < 0.03 * distance(still, still.map { _ in 0 }))
  }

  /// A quarter turn of a square image turns each orientation by L / 2.
  @Test func turnsItsOrientationsWithTheImage() throws {
    let (n, J, L) = (64, 2, 8)
    let image = noise(n, n, seed: 6)
    // The border is one pixel longer at the end when odd: here it is even, and symmetric.
    let turned = Tensor(
      shape: [n, n],
      scalars: (0..<n).flatMap { y in (0..<n).map { x in image.scalars[x * n + n - 1 - y] } })
    let transform = try WaveletScattering(height: n, width: n, scales: J, orientations: L)
    let (a, b) = (try transform(image), try transform(turned))
    var pairs: [(Float, Float)] = []
    for (p, path) in transform.paths.enumerated() where path.order > 0 {
      let q = transform.paths.firstIndex {
        $0.order == path.order && $0.j1 == path.j1 && $0.j2 == path.j2
          && $0.theta1 == (path.theta1 + L / 2) % L
          && (path.order == 1 || $0.theta2 == (path.theta2 + L / 2) % L)
      }
      pairs.append((a[p], b[q ?? 0]))
    }
    // Subsampling picks other pixels after the turn: a few per cent, where orientations differ by
    // the texture's own direction.
    let change = pairs.map { abs($0.0 - $0.1) / $0.0 }.max() ?? 1
    #expect(change < 0.05)
  }

  @Test func hasTheSameBitsInABatchAndAlone() throws {
    let transform = try WaveletScattering(height: 40, width: 56, scales: 3)
    let images = (0..<7).map { noise(40, 56, seed: UInt64($0)) }
    let batch = try transform.transform(images)
    let threads = Parallelism.threads
    defer { Parallelism.threads = threads }
    for count in [1, 2, 3, 8] {
      Parallelism.threads = count
      #expect(try transform.transform(images) == batch)
    }
    #expect(batch.shape == [7, transform.coefficientCount])
    // A fresh workspace, and one that other images have used.
    for (i, image) in images.enumerated().reversed() {
      let d = transform.coefficientCount
      #expect(try transform(image) == Array(batch.scalars[i * d..<(i + 1) * d]))
      let fresh = try WaveletScattering(height: 40, width: 56, scales: 3)
      #expect(try fresh(image) == Array(batch.scalars[i * d..<(i + 1) * d]))
    }
  }

  @Test func hasTheSameBitsOnEveryFusedInstructionSet() throws {
    // Sizes with radices 2, 3, 4, 5, 7, 8 and 11 on padded grids, and rows that fill no vector.
    for (height, width, scales) in [(70, 45, 4), (30, 64, 2), (150, 100, 3), (8, 72, 3)] {
      let transform = try WaveletScattering(height: height, width: width, scales: scales)
      let image = pattern(height, width)
      let baseline = try transform(image, using: .baseline)
      for set in InstructionSet.allCases where set >= .avx2 && set <= .supported {
        let values = try transform(image, using: set)
        #expect(values == (try transform(image, using: .avx2)))
        // Without fused multiply-add other roundings: as far as from the truth.
        let truth = baseline.map { Double($0) }
        #expect(largestRelativeDifference(values, truth) <= 1e-5)
      }
    }
  }

  @Test func refusesWhatHasNoTransform() throws {
    #expect(
      throws: ScatteringError.imageTooSmall(height: 31, width: 90, minimum: 32, scales: 5)
    ) { try WaveletScattering(height: 31, width: 90) }
    let transform = try WaveletScattering(height: 8, width: 9, scales: 3)
    var pixels = [Float](repeating: 0.5, count: 72)
    pixels[20] = .nan
    #expect(throws: ScatteringError.notFinite(row: 2, column: 2)) {
      try transform(Tensor(shape: [8, 9], scalars: pixels))
    }
    pixels[20] = 1e30
    #expect(throws: ScatteringError.overflow) {
      try transform(Tensor(shape: [8, 9], scalars: pixels))
    }
    #expect(
      throws: ScatteringError.otherSize(height: 9, width: 8, expectedHeight: 8, expectedWidth: 9)
    ) { try transform(Tensor(repeating: 0, shape: [9, 8])) }
    // What overflowed leaves nothing behind in the workspace.
    #expect(try transform(noise(8, 9, seed: 1)).allSatisfy { $0.isFinite })
  }

  @Test func servesImagesOfManySizes() throws {
    let bank = ScatteringBank(scales: 2, orientations: 4, capacityBytes: 80_000)
    let sizes = [(4, 4), (9, 5), (9, 7), (30, 31), (4, 4), (1, 50), (0, 0)]
    let images = sizes.map { noise($0.0, $0.1, seed: 3) }
    let results = bank.transform(images)
    for (image, result) in zip(images, results).prefix(5) {
      let (h, w) = (image.shape[0], image.shape[1])
      let alone = try WaveletScattering(height: h, width: w, scales: 2, orientations: 4)
      #expect(try result.get() == alone(image))
    }
    // The filters of the four sizes take 97 kB together: one had to go.
    #expect((1...3).contains(bank.sizesKept))
    for result in results.suffix(2) {
      #expect(throws: ScatteringError.self) { try result.get() }
    }
  }
}

// MARK: - Tools

/// The image of Tests/Fixtures/generate_scattering.py.
func pattern(_ height: Int, _ width: Int) -> Tensor<Float> {
  var values: [Float] = []
  for y in 0..<height {
    for x in 0..<width {
      let value = 13 * x + 7 * y + (x * y) / 5 + 93 * ((x / 9 + y / 7) % 2)
      values.append(Float(value % 256) / 256)
    }
  }
  return Tensor(shape: [height, width], scalars: values)
}

func noise(_ height: Int, _ width: Int, seed: UInt64) -> Tensor<Float> {
  var generator = SeededGenerator(seed: seed)
  return Tensor(
    shape: [height, width],
    scalars: (0..<height * width).map { _ in Float(generator.uniform()) })
}

func largestRelativeDifference(_ values: [Float], _ truth: [Double]) -> Double {
  zip(values, truth).map { abs(Double($0) - $1) / abs($1) }.max() ?? .infinity
}

func distance(_ a: [Float], _ b: [Float]) -> Float {
  zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
}

/// A file of Tests/Fixtures/scattering: one number a line.
func fixture(_ name: String, file: String = #filePath) throws -> [Double] {
  let folder = file.split(separator: "/").dropLast(2).joined(separator: "/")
  let path = "/\(folder)/Fixtures/scattering/\(name)"
  return try String(contentsOfFile: path, encoding: .utf8)
    .split(whereSeparator: \.isNewline).compactMap { Double($0) }
}
