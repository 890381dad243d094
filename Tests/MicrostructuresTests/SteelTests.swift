import Imaging
import Microstructures
import Tensors
import Testing

/// A picture of Microstructures.docc/Steels.md.
private func steel(_ kind: MicrographKind, _ number: Int) -> SyntheticMicrograph {
  var generator = SeededGenerator(seed: 4, stream: number)
  let parameters = MicrographParameters(kind, height: 512, width: 512)
  return SyntheticMicrograph(kind: kind, parameters: parameters, using: &generator)
}

/// The part of the pixels and the mean grey 0...1 of each phase, counted here.
private func phases(_ m: SyntheticMicrograph) -> [(fraction: Double, grey: Double)] {
  guard case .uint8(let levels) = m.image.samples else { return [] }
  var sums = [(count: Double, grey: Double)](repeating: (0, 0), count: m.truth.phaseNames.count)
  for (i, phase) in m.phases.scalars.enumerated() {
    sums[Int(phase)].count += 1
    sums[Int(phase)].grey += Double(levels[i]) / 255
  }
  return sums.map { ($0.count / Double(levels.count), $0.grey / $0.count) }
}

/// The pairs of phases of one grey.
private let shared: [MicrographKind: (Int, Int)] = [
  .sidePlatesBainite: (0, 1), .boundaryFerriteSidePlatesPearlite: (1, 2),
  .ferritePearliteMartensite: (1, 2), .fourPhaseSteel: (1, 2),
]

@Suite struct SteelTests {
  @Test(arguments: MicrographKind.steels)
  func truthIsWhatTheLabelsHold(kind: MicrographKind) {
    for number in 0..<4 {
      let m = steel(kind, number)
      let counted = phases(m)
      #expect(m.truth.phaseFractions == counted.map(\.fraction))
      for (k, name) in m.truth.phaseNames.enumerated() {
        let quantity = m.truth["area fraction of \(name)"]
        #expect(quantity?.actual == counted[k].fraction)
        // Whole cells: the greatest of about 30 covers 10 % of the picture.
        #expect((counted[k].fraction - (quantity?.asked ?? 9)).magnitude < 0.08, "\(kind) \(name)")
      }
    }
  }

  @Test(arguments: MicrographKind.steels)
  func boundaryFerriteHasExactlyItsFraction(kind: MicrographKind) {
    let asked = MicrographParameters(kind).areaFraction
    guard asked < 0.3 else { return }
    // Whole pixels of 262144.
    #expect((phases(steel(kind, 1))[0].fraction - asked).magnitude < 4e-6)
  }

  @Test(arguments: MicrographKind.steels)
  func phasesOfOneGreyHaveEqualMeans(kind: MicrographKind) {
    for number in 0..<4 {
      let greys = phases(steel(kind, number)).map(\.grey)
      if let (a, b) = shared[kind] {
        #expect((greys[a] / greys[b] - 1).magnitude < 0.02, "\(kind) \(greys)")
      } else {
        #expect((greys[0] / greys[1] - 1).magnitude > 0.2, "\(kind) \(greys)")
      }
    }
  }

  @Test func theSameSeedGivesTheSameBytes() {
    #expect(steel(.fourPhaseSteel, 2).image == steel(.fourPhaseSteel, 2).image)
    #expect(steel(.fourPhaseSteel, 2).image != steel(.fourPhaseSteel, 3).image)
  }
}
