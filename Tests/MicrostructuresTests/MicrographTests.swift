import Imaging
import Microstructures
import Tensors
import Testing

/// Counts on labels, written without the library's own counting.
private struct Labels<Value: Equatable & Sendable & BitwiseCopyable> {
  let tensor: Tensor<Value>
  private var H: Int { tensor.shape[0] }
  private var W: Int { tensor.shape[1] }

  init(_ tensor: Tensor<Value>) { self.tensor = tensor }

  /// The runs of equal labels on every 7th row and column: (their number, the lines' length).
  func runsOnTestLines() -> (changes: Int, length: Int) {
    var changes = 0
    var length = 0
    for y in stride(from: 3, to: H, by: 7) {
      let row = (0..<W).map { tensor.scalars[y * W + $0] }
      changes += zip(row, row.dropFirst()).filter { $0 != $1 }.count
      length += W - 1
    }
    for x in stride(from: 3, to: W, by: 7) {
      let column = (0..<H).map { tensor.scalars[$0 * W + x] }
      changes += zip(column, column.dropFirst()).filter { $0 != $1 }.count
      length += H - 1
    }
    return (changes, length)
  }
}

private func fraction(_ m: SyntheticMicrograph) -> Double {
  Double(m.phases.scalars.filter { $0 != 0 }.count) / Double(m.phases.count)
}

private func micrograph(
  _ kind: MicrographKind, _ seed: Int, _ change: (inout MicrographParameters) -> Void = { _ in }
) -> SyntheticMicrograph {
  var generator = SeededGenerator(seed: UInt64(seed))
  var parameters = MicrographParameters(kind)
  change(&parameters)
  return SyntheticMicrograph(kind: kind, parameters: parameters, using: &generator)
}

@Suite struct MicrographTests {
  private static let kindsWithGrains: [MicrographKind] = [
    .equiaxedGrains, .twinnedGrains, .lamellarPearlite, .dualPhaseIslands, .lathMartensite,
    .needles, .castDendrites,
  ]

  @Test(
    arguments: MicrographKind.allCases.filter { ![.equiaxedGrains, .lathMartensite].contains($0) })
  func meetsTheAskedAreaFraction(kind: MicrographKind) {
    for seed in 0..<20 {
      let asked = [0.7, 1, 1.3][seed % 3] * MicrographParameters(kind).areaFraction
      let m = micrograph(kind, seed) { $0.areaFraction = asked }
      // Whole pixels of 65536: 1e-5; particles that leave no place would be below 2 %.
      #expect((fraction(m) / asked - 1).magnitude < 0.02, "\(kind) seed \(seed)")
      #expect(m.truth[MicrographQuantity.areaFraction]?.asked == asked)
    }
  }

  @Test(arguments: kindsWithGrains)
  func meetsTheAskedMeanIntercept(kind: MicrographKind) {
    var changes = 0
    var length = 0.0
    for seed in 0..<20 {
      let m = micrograph(kind, seed)
      let counted = Labels(m.grains).runsOnTestLines()
      changes += counted.changes
      length += Double(counted.length) * m.parameters.pixelSizeMicrometres
      let quantity = m.truth[MicrographQuantity.meanIntercept]
      // The calibration's own bound is 0.3 %; few, large grains may end beside it.
      #expect(
        ((quantity?.actual ?? 0) / m.parameters.sizeMicrometres - 1).magnitude < 0.02,
        "\(kind) \(seed)")
    }
    let asked = MicrographParameters(kind).sizeMicrometres
    #expect((length / Double(changes) / asked - 1).magnitude < 0.02, "\(kind)")
  }

  @Test func meetsTheAskedLamellarSpacing() {
    // In each colony the phase changes 2 |cos| / S times a pixel along rows and 2 |sin| / S along
    // columns; the root of the sum of squares does not depend on the direction.
    for asked in [0.7, 0.8, 1.1] {
      var weighted = 0.0
      var weight = 0.0
      for seed in 0..<20 {
        let m = micrograph(.lamellarPearlite, seed) { $0.spacingMicrometres = asked }
        for (spacing, area) in colonySpacings(m) {
          weighted += area / spacing
          weight += area
        }
      }
      let measured = weight / weighted
      #expect((measured / asked - 1).magnitude < 0.02, "asked \(asked), counted \(measured)")
    }
  }

  /// The spacing counted in each large colony, in micrometres, and the colony's area.
  private func colonySpacings(_ m: SyntheticMicrograph) -> [(Double, Double)] {
    let (H, W) = (m.phases.shape[0], m.phases.shape[1])
    let n = Int(m.grains.scalars.max() ?? 0) + 1
    var across = [Double](repeating: 0, count: n)
    var down = across, steps = across, stepsDown = across
    for y in 0..<H - 1 {
      for x in 0..<W - 1 {
        let i = y * W + x
        let colony = Int(m.grains.scalars[i])
        if m.grains.scalars[i + 1] == m.grains.scalars[i] {
          steps[colony] += 1
          if m.phases.scalars[i] != m.phases.scalars[i + 1] { across[colony] += 1 }
        }
        if m.grains.scalars[i + W] == m.grains.scalars[i] {
          stepsDown[colony] += 1
          if m.phases.scalars[i] != m.phases.scalars[i + W] { down[colony] += 1 }
        }
      }
    }
    return (0..<n).compactMap { c in
      guard steps[c] > 1500 else { return nil }
      let (a, b) = (across[c] / steps[c] / 2, down[c] / stepsDown[c] / 2)
      return (m.parameters.pixelSizeMicrometres / (a * a + b * b).squareRoot(), steps[c])
    }
  }

  @Test(arguments: MicrographKind.allCases)
  func statesWhatItsLabelsHold(kind: MicrographKind) {
    let m = micrograph(kind, 77)
    let count = Double(m.phases.count)
    for (phase, stated) in m.truth.phaseFractions.enumerated() {
      let counted = m.phases.scalars.filter { Int($0) == phase }.count
      #expect(Double(counted) / count == stated)
    }
    #expect(m.truth.phaseFractions.reduce(0, +) == 1)
    let labels = Set(m.grains.scalars).subtracting([0])
    #expect(labels.count == m.truth.grainCount)
    #expect(labels.max() == Int32(m.truth.grainCount))
    let side = m.parameters.pixelSizeMicrometres
    for particle in m.truth.particles {
      let pixels = m.grains.scalars.filter { Int($0) == particle.label }.count
      #expect((particle.areaSquareMicrometres - Double(pixels) * side * side).magnitude < 1e-9)
      let disc =
        Double.pi * particle.equivalentRadiusMicrometres * particle.equivalentRadiusMicrometres
      #expect((disc / particle.areaSquareMicrometres - 1).magnitude < 1e-12)
    }
    #expect(m.image.pixelSize.width == Length(micrometres: side))
    #expect(m.image.channels == 1 && m.image.height == 256 && m.image.width == 256)
  }

  @Test(arguments: MicrographKind.allCases)
  func givesTheSameBytesForTheSameSeed(kind: MicrographKind) {
    let a = micrograph(kind, 5)
    let b = micrograph(kind, 5)
    #expect(a.image == b.image && a.phases == b.phases && a.grains == b.grains)
    #expect(a.truth == b.truth)
    #expect(micrograph(kind, 6).image != a.image)
  }

  @Test(arguments: MicrographKind.allCases)
  func drawsOddSizesAndTheLookOfElectrons(kind: MicrographKind) {
    let m = micrograph(kind, 9) {
      $0.height = 131
      $0.width = 97
      $0.look.microscope = .electron
    }
    #expect(m.image.height == 131 && m.image.width == 97)
    guard case .uint8(let samples) = m.image.samples else {
      Issue.record("8 bits a sample")
      return
    }
    // Neither black nor white nor flat.
    let mean = samples.reduce(0) { $0 + Double($1) } / Double(samples.count)
    let spread = samples.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    #expect(mean > 30 && mean < 225 && (spread / Double(samples.count)).squareRoot() > 4)
  }

  @Test func lightsTheSideThatWasAsked() {
    let m = micrograph(.equiaxedGrains, 3) {
      $0.look.illuminationGradient = 0.3
      $0.look.illuminationDegrees = 90
    }
    guard case .uint8(let samples) = m.image.samples else { return }
    let top = samples.prefix(256 * 64).reduce(0) { $0 + Int($1) }
    let bottom = samples.suffix(256 * 64).reduce(0) { $0 + Int($1) }
    // 0.3 upwards: the outer quarters differ by about 0.45 of the mean.
    #expect(Double(top) > 1.3 * Double(bottom))
  }

  @Test func hasTheAskedNoise() {
    let quiet = micrograph(.lamellarPearlite, 4) {
      $0.look.gaussianNoise = 0
      $0.look.quantaPerPixel = 0
    }
    let loud = micrograph(.lamellarPearlite, 4) {
      $0.look.gaussianNoise = 0.03
      $0.look.quantaPerPixel = 0
    }
    guard case .uint8(let a) = quiet.image.samples, case .uint8(let b) = loud.image.samples else {
      return
    }
    let squares = zip(a, b).map { (Double($0) - Double($1)) * (Double($0) - Double($1)) }
    let deviation = (squares.reduce(0, +) / Double(squares.count)).squareRoot() / 255
    // 65536 samples: 0.3 % of the deviation; rounding adds 0.002^2 to the variance.
    #expect((deviation / 0.03 - 1).magnitude < 0.02)
  }
}

@Suite struct ClassedSetTests {
  @Test func drawsEachKindTheSameForAnyNumberOfThreads() {
    let kinds: [MicrographKind] = [.scratches, .equiaxedGrains]
    let before = Parallelism.threads
    Parallelism.threads = 1
    let one = SyntheticMicrograph.classedSet(kinds: kinds, count: 2, height: 64, width: 80, seed: 4)
    Parallelism.threads = 3
    let three = SyntheticMicrograph.classedSet(
      kinds: kinds, count: 2, height: 64, width: 80, seed: 4)
    Parallelism.threads = before
    #expect(
      one.map(\.name) == [
        "scratches-000", "scratches-001", "equiaxedGrains-000", "equiaxedGrains-001",
      ])
    #expect(zip(one, three).allSatisfy { $0.micrograph.image == $1.micrograph.image })
    #expect(one[0].micrograph.image != one[1].micrograph.image)
  }

  @Test func beginsWithTheShorterSet() {
    let short = SyntheticMicrograph.classedSet(
      kinds: [.pitsAndInclusions], count: 1, height: 64, width: 64, seed: 8)
    let long = SyntheticMicrograph.classedSet(
      kinds: [.needles, .pitsAndInclusions], count: 2, height: 64, width: 64, seed: 8)
    #expect(short[0].micrograph.image == long[2].micrograph.image)
  }
}
