// Equiaxed and twinned grains.

import Tensors

extension Section {
  /// Grains of one phase; boundaries are grooves of varying depth.
  mutating func drawEquiaxedGrains(
    _ p: MicrographParameters, using generator: inout SeededGenerator
  ) {
    phaseNames = ["ferrite"]
    let grid = CalibratedCells(
      height: height, width: width, intercept: p.pixels(p.sizeMicrometres), using: &generator)
    takeGrains(grid, p)
    let spread = p.look.microscope == .optical ? 0.035 : 0.16
    let base = (0..<grid.tessellation.count).map { _ in
      Float((p.look.microscope == .optical ? 0.8 : 0.5) + spread * generator.uniform(-1, 1))
    }
    let stain = smoothField(height, width, sigma: 9, using: &generator)
    for i in grey.indices { grey[i] = base[Int(grains[i])] + 0.012 * stain[i] }
    etchBoundaries(grid.cells, p.look.microscope, depth: 0.5, width: 1.1)
    // Electrons show the slight steps between grains as edges.
    for i in relief.indices { relief[i] += 4 * base[Int(grains[i])] }
    drawSpecks(count: height * width / 4000, using: &generator)
  }

  /// Grains with straight twin bands, several greys, boundaries of grains and twins etched.
  mutating func drawTwinnedGrains(
    _ p: MicrographParameters, using generator: inout SeededGenerator
  ) {
    phaseNames = ["grain", "twin"]
    let grid = CalibratedCells(
      height: height, width: width, intercept: p.pixels(p.sizeMicrometres), bendiness: 0.04,
      using: &generator)
    takeGrains(grid, p)
    let twins = (0..<grid.tessellation.count).map { i in
      TwinBands(
        centre: grid.tessellation.position(i, scale: grid.scale, height: height, width: width),
        scale: grid.scale, using: &generator)
    }
    var scores = [Float](repeating: 0, count: grey.count)
    for y in 0..<height {
      for x in 0..<width {
        let i = y * width + x
        scores[i] = twins[Int(grains[i])].depth(Double(x) + 0.5, Double(y) + 0.5)
      }
    }
    let limit = markSecondPhase(scores, fraction: p.areaFraction)
    let tint: Float = p.look.microscope == .optical ? 1 : 0.8
    for i in grey.indices {
      let bands = twins[Int(grains[i])]
      grey[i] = 0.62 + tint * (phases[i] == 1 ? bands.twinTint : bands.tint)
      // Twin boundaries are thinner than grain boundaries.
      if p.look.microscope == .optical && scores[i] > -1e6 {
        grey[i] -= 0.3 * lineProfile((scores[i] - limit).magnitude, 0.7)
      }
      relief[i] = grey[i] * 3
    }
    etchBoundaries(grid.cells, p.look.microscope, depth: 0.4, width: 1)
  }

  /// Darkens grain boundaries under light; under electrons they are shallow grooves without a line.
  mutating func etchBoundaries(
    _ cells: Cells, _ microscope: MicrographLook.Microscope, depth: Float, width lineWidth: Float
  ) {
    let darkening = microscope == .optical ? depth : 0
    let groove: Float = microscope == .optical ? 1 : 0.25
    for i in grey.indices where cells.edge[i] < 8 {
      let strength = 0.8 + 0.2 * pairValue(cells.ids[i], cells.neighbours[i])
      let line = lineProfile(cells.edge[i], lineWidth) * strength
      grey[i] -= darkening * line
      relief[i] -= groove * line
    }
  }

  /// Small dark etch pits.
  mutating func drawSpecks(count: Int, using generator: inout SeededGenerator) {
    for _ in 0..<count {
      let (cx, cy) = (generator.uniform(0, Double(width)), generator.uniform(0, Double(height)))
      let radius = Float(generator.uniform(0.5, 1.2))
      let depth = Float(generator.uniform(0.1, 0.4))
      for y in max(0, Int(cy) - 4)..<min(height, Int(cy) + 5) {
        for x in max(0, Int(cx) - 4)..<min(width, Int(cx) + 5) {
          let (dx, dy) = (Float(x) - Float(cx), Float(y) - Float(cy))
          grey[y * width + x] -= depth * lineProfile((dx * dx + dy * dy).squareRoot(), radius)
        }
      }
    }
  }
}

/// The parallel twin bands of a grain.
private struct TwinBands {
  let tint: Float
  let twinTint: Float
  private let normal: (x: Double, y: Double)
  private let centre: (x: Double, y: Double)
  private var bands: [(offset: Double, half: Double, end: Double)] = []

  init(
    centre: (x: Double, y: Double), scale: Double, using generator: inout SeededGenerator
  ) {
    self.centre = centre
    let angle = generator.uniform(0, Double.pi)
    normal = (cosine(angle), sine(angle))
    tint = Float(generator.uniform(-0.2, 0.22))
    twinTint = Float(generator.uniform(-0.26, 0.26))
    var offset = generator.uniform(-0.55, -0.1) * scale
    for _ in 0..<generator.integer(below: 4) {
      let half = generator.uniform(0.02, 0.12) * scale
      // Some bands end inside the grain.
      let end = generator.uniform() < 0.12 ? generator.uniform(-0.1, 0.3) * scale : 1e9
      bands.append((offset, half, end))
      offset += 2 * half + generator.uniform(0.1, 0.35) * scale
    }
  }

  /// How far a point lies inside the nearest band, in pixels; negative outside.
  func depth(_ x: Double, _ y: Double) -> Float {
    let (dx, dy) = (x - centre.x, y - centre.y)
    let across = dx * normal.x + dy * normal.y
    let along = dy * normal.x - dx * normal.y
    var best = -1e9
    for band in bands {
      best = max(best, min(band.half - (across - band.offset).magnitude, band.end - along))
    }
    return Float(best)
  }
}
