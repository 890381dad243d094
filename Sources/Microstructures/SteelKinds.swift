// Steels of two to four phases, some of one grey: what segmentation without labels is tried on.
//
// Implements: the structures of Kim, Inoue and Kasuya, Scientific Reports 10 (2020) 17805, Figs 1, 5,
//   6, 7 and 9: ferrite on the former grain boundaries, side plates, pearlite, bainite, martensite;
//   Microstructures.docc/Steels.md specifies kinds, seeds, sizes and greys.
// Equation -> code: cells of a tessellation take phases until each has its share (`dealPhases`);
//   ferrite is where boundaries are nearest, by threshold (`growBoundaryFerrite`); every phase's mean
//   grey is shifted to that of the recipe (`setMeanGreys`).
// Deviations: drawn in the plane of the section; a bainite sheaf is rows of short dark carbides.
// Checked by: SteelTests (fractions, equal means, contact sheet looked at). Cost: 400 ns a pixel.

import Tensors

/// The texture of a phase.
enum SteelTexture: String {
  case ferrite, sidePlates, pearlite, bainite, martensite

  /// The phase's name in the truth.
  var phaseName: String {
    switch self {
    case .ferrite: "ferrite"
    case .sidePlates: "side plates"
    case .pearlite: "pearlite"
    case .bainite: "bainite"
    case .martensite: "martensite"
    }
  }
}

/// The phases of a steel, their greys and their shares.
struct SteelRecipe {
  /// The textures in the order of the phase labels.
  var textures: [SteelTexture]
  /// The mean grey of each phase, 0...1.
  var greys: [Float]
  /// Whether phase 0 is ferrite on the boundaries, of the area fraction that is asked for.
  var hasBoundaryFerrite: Bool

  init(_ kind: MicrographKind) {
    switch kind {
    case .sidePlatesBainite:
      (textures, greys, hasBoundaryFerrite) = ([.sidePlates, .bainite], [0.66, 0.66], false)
    case .boundaryFerriteSidePlatesPearlite:
      (textures, greys, hasBoundaryFerrite) = (
        [.ferrite, .sidePlates, .pearlite], [0.82, 0.6, 0.6], true
      )
    case .ferritePearliteMartensite:
      (textures, greys, hasBoundaryFerrite) = (
        [.ferrite, .pearlite, .martensite], [0.8, 0.5, 0.5], true
      )
    case .fourPhaseSteel:
      (textures, greys, hasBoundaryFerrite) = (
        [.ferrite, .sidePlates, .bainite, .martensite], [0.82, 0.62, 0.62, 0.44], true
      )
    default:
      (textures, greys, hasBoundaryFerrite) = ([.ferrite, .pearlite], [0.8, 0.48], false)
    }
  }

  /// The share of each phase among the cells that the boundaries' ferrite leaves.
  func shares(_ fraction: Double) -> [Double] {
    if hasBoundaryFerrite {
      return [0] + Array(repeating: 1 / Double(textures.count - 1), count: textures.count - 1)
    }
    return [1 - fraction, fraction]
  }
}

extension Section {
  /// Draws a steel.
  mutating func drawSteel(
    _ recipe: SteelRecipe, _ p: MicrographParameters, using generator: inout SeededGenerator
  ) {
    phaseNames = recipe.textures.map(\.phaseName)
    let grid = CalibratedCells(
      height: height, width: width, intercept: p.pixels(p.sizeMicrometres), weightSpread: 0.2,
      bendiness: 0.08, using: &generator)
    takeGrains(grid, p)
    dealPhases(recipe.shares(p.areaFraction), grid, using: &generator)
    let rough = smoothField(height, width, sigma: 2.5, using: &generator)
    if recipe.hasBoundaryFerrite { growBoundaryFerrite(p.areaFraction, grid, rough) }
    let brush = SteelBrush(self, grid, p, using: &generator)
    for y in 0..<height {
      for x in 0..<width {
        let i = y * width + x
        grey[i] = brush.value(recipe.textures[Int(phases[i])], x, y, Int(grains[i]), i)
      }
    }
    etchBoundaries(grid.cells, p.look.microscope, depth: 0.12, width: 0.8)
    setMeanGreys(recipe.greys)
    recordFractions(recipe, p)
  }

  /// Gives whole cells to phases: each time to the one that lacks most of its share.
  private mutating func dealPhases(
    _ shares: [Double], _ grid: CalibratedCells, using generator: inout SeededGenerator
  ) {
    let n = grid.tessellation.count
    var areas = [Int](repeating: 0, count: n)
    for id in grid.cells.ids { areas[Int(id)] += 1 }
    var order = Array(0..<n)
    for i in stride(from: n - 1, to: 0, by: -1) {
      order.swapAt(i, generator.integer(below: i + 1))
    }
    var phaseOf = [UInt8](repeating: 0, count: n)
    var lack = shares.map { $0 * Double(phases.count) }
    for cell in order where areas[cell] > 0 {
      let phase = lack.indices.max { lack[$0] < lack[$1] } ?? 0
      phaseOf[cell] = UInt8(phase)
      lack[phase] -= Double(areas[cell])
    }
    for i in phases.indices { phases[i] = phaseOf[Int(grid.cells.ids[i])] }
  }

  /// Ferrite of the given area fraction along the boundaries of the former grains.
  private mutating func growBoundaryFerrite(
    _ fraction: Double, _ grid: CalibratedCells, _ rough: [Float]
  ) {
    let scores = grains.indices.map { i in
      // Some boundaries carry thick films, others thin ones.
      let thickness = 1 + 0.45 * pairValue(grid.cells.ids[i], grid.cells.neighbours[i])
      return -grid.cells.edge[i] / thickness + 0.6 * rough[i]
    }
    let limit = threshold(scores, fraction: fraction)
    for i in scores.indices where scores[i] >= limit { phases[i] = 0 }
  }

  /// Shifts the grey of each phase so that its mean is the recipe's.
  private mutating func setMeanGreys(_ greys: [Float]) {
    var sums = [Double](repeating: 0, count: greys.count)
    var counts = [Double](repeating: 0, count: greys.count)
    for i in grey.indices {
      sums[Int(phases[i])] += Double(grey[i])
      counts[Int(phases[i])] += 1
    }
    let shifts = greys.indices.map { greys[$0] - Float(sums[$0] / max(counts[$0], 1)) }
    for i in grey.indices { grey[i] += shifts[Int(phases[i])] }
  }

  private mutating func recordFractions(_ recipe: SteelRecipe, _ p: MicrographParameters) {
    var shares = recipe.shares(p.areaFraction)
    if recipe.hasBoundaryFerrite {
      shares = shares.map { $0 * (1 - p.areaFraction) }
      shares[0] = p.areaFraction
    }
    for (k, texture) in recipe.textures.enumerated() {
      record(
        "area fraction of \(texture.phaseName)", asked: shares[k],
        actual: fraction(of: UInt8(k)), "1")
    }
  }
}

/// What draws the textures: orientations of the cells and the random fields.
private struct SteelBrush {
  private let spacing: Double
  private let normals: [(x: Double, y: Double)]
  private let shifts: [Double]
  private let packets: Cells
  private let packetNormals: [(x: Double, y: Double)]
  private let laths: LathPattern
  private let bend: [Float]
  private let rough: [Float]
  private let fine: [Float]

  init(
    _ section: Section, _ grid: CalibratedCells, _ p: MicrographParameters,
    using generator: inout SeededGenerator
  ) {
    let (H, W) = (section.height, section.width)
    spacing = max(8, p.pixels(p.spacingMicrometres))
    func normals(_ count: Int) -> [(x: Double, y: Double)] {
      (0..<count).map { _ in
        let angle = generator.uniform(0, Double.pi)
        return (cosine(angle), sine(angle))
      }
    }
    self.normals = normals(grid.tessellation.count)
    shifts = (0..<grid.tessellation.count).map { _ in generator.uniform(0, 64) }
    let small = CalibratedCells(
      height: H, width: W, intercept: max(6, p.pixels(p.sizeMicrometres) * 0.35),
      weightSpread: 0.3, bendiness: 0.1, using: &generator)
    packets = small.cells
    packetNormals = normals(small.tessellation.count)
    laths = LathPattern(width: 3.5, using: &generator)
    bend = smoothField(H, W, sigma: 16, using: &generator)
    rough = smoothField(H, W, sigma: 3, using: &generator)
    fine = smoothField(H, W, sigma: 0.8, using: &generator)
  }

  /// The grey of a texture at a pixel; its mean is set later.
  func value(_ texture: SteelTexture, _ x: Int, _ y: Int, _ cell: Int, _ i: Int) -> Float {
    let n = normals[cell]
    let across = Double(x) * n.x + Double(y) * n.y + shifts[cell]
    let along = Double(y) * n.x - Double(x) * n.y
    switch texture {
    case .ferrite: return 0.012 * rough[i]
    case .sidePlates:
      let t = across / spacing + 0.2 * Double(bend[i])
      let distance = Float((t - t.rounded()).magnitude * spacing)
      // The films between plates are broken here and there.
      return rough[i] < -1.3 ? 0 : -0.4 * lineProfile(distance, 1.1)
    case .pearlite:
      let t = across / 6 + 0.3 * Double(bend[i])
      let distance = Float((t - t.rounded()).magnitude * 6)
      return -0.36 * min(max(1.6 - distance, 0), 1)
    case .bainite:
      let t = across / 5 + 0.35 * Double(bend[i])
      let row = Int(t.rounded())
      let distance = Float((t - t.rounded()).magnitude * 5)
      let u = along / 11 + Double((row &* 37) & 15) / 16
      let isCarbide = (u - u.rounded()).magnitude < 0.3
      return (isCarbide ? -0.42 * lineProfile(distance, 0.9) : 0) + 0.02 * fine[i]
    case .martensite:
      let m = packetNormals[Int(packets.ids[i])]
      let offset = Double(Int(packets.ids[i]) % 97) * 131
      let (tone, groove) = laths.tone(
        across: Double(x) * m.x + Double(y) * m.y + Double(bend[i]) + offset,
        along: Double(y) * m.x - Double(x) * m.y)
      return 1.2 * tone - 0.2 * groove + 0.05 * fine[i]
    }
  }
}
