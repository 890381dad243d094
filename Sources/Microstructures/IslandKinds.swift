// Dual-phase islands, and nodules of graphite.

import Tensors

extension Section {
  /// Islands of martensite along the boundaries of ferrite grains.
  mutating func drawDualPhase(_ p: MicrographParameters, using generator: inout SeededGenerator) {
    phaseNames = ["ferrite", "martensite"]
    let size = p.pixels(p.sizeMicrometres)
    let grid = CalibratedCells(
      height: height, width: width, intercept: size, using: &generator)
    takeGrains(grid, p)
    // Islands are unions of small cells; those on grain boundaries come first.
    let small = CalibratedCells(
      height: height, width: width, intercept: max(3, 0.36 * size), weightSpread: 0.3,
      bendiness: 0.1, using: &generator)
    let order = (0..<small.tessellation.count).map { _ in Float(generator.uniform()) }
    let scores = islandScores(grid, small, order, size)
    markSecondPhase(scores, fraction: p.areaFraction)

    let texture = smoothField(height, width, sigma: 1, using: &generator)
    let tint = (0..<grid.tessellation.count).map { _ in Float(generator.uniform(-0.03, 0.03)) }
    let islandTint = (0..<small.tessellation.count).map { _ in Float(generator.uniform(-0.07, 0.07))
    }
    let isOptical = p.look.microscope == .optical
    for i in grey.indices {
      if phases[i] == 1 {
        let island = islandTint[Int(small.cells.ids[i])]
        grey[i] = (isOptical ? 0.3 : 0.62) + island + 0.06 * texture[i]
        relief[i] = 2.5
      } else {
        grey[i] = (isOptical ? 0.8 : 0.3) + tint[Int(grains[i])] * (isOptical ? 1 : 1.6)
        let line = lineProfile(grid.cells.edge[i], 0.9)
        grey[i] -= (isOptical ? 0.3 : -0.05) * line
      }
    }
  }

  /// How early each pixel becomes martensite: small cells near grain boundaries first.
  private func islandScores(
    _ grid: CalibratedCells, _ small: CalibratedCells, _ order: [Float], _ size: Double
  ) -> [Float] {
    var sum = [Float](repeating: 0, count: order.count)
    var pixels = sum
    for i in grey.indices {
      sum[Int(small.cells.ids[i])] += grid.cells.edge[i]
      pixels[Int(small.cells.ids[i])] += 1
    }
    return grey.indices.map { i in
      let cell = Int(small.cells.ids[i])
      let distance = sum[cell] / max(pixels[cell], 1) / Float(size)
      // The last cell of all is filled from its centre outwards.
      return order[cell] - 3.2 * distance + 1e-5 * small.cells.edge[i]
    }
  }

  /// Nodules of graphite in rims of ferrite in pearlite.
  mutating func drawNodularIron(_ p: MicrographParameters, using generator: inout SeededGenerator) {
    phaseNames = ["matrix", "graphite"]
    listsParticles = true
    let bend = Bend(height, width, amplitude: 0.6, sigma: 4, using: &generator)
    var field = ParticleField(height, width)
    let mean = p.pixels(p.sizeMicrometres) / 2
    precondition(mean >= 2, "nodules of \(mean) pixels radius cannot be drawn")
    let target = p.areaFraction * Double(height * width)
    var area = 0.0
    while area < target {
      let radius = mean * exponential(0.22 * generator.normal() - 0.03)
      guard field.place(Particle(radius: radius), gap: 0.8 * mean, using: &generator) else { break }
      area += Double.pi * radius * radius
    }
    let depth = field.depths(bend)
    take(field, depth, fraction: p.areaFraction, phase: { _ in 1 })
    let pearlite = pearliteTexture(using: &generator)
    let rough = smoothField(height, width, sigma: 1.2, using: &generator)
    let wavy = smoothField(height, width, sigma: 3.5, using: &generator)
    let isOptical = p.look.microscope == .optical
    for i in grey.indices {
      let rim = Float(0.55 * mean) * (1 + 0.3 * wavy[i])
      if phases[i] == 1 {
        grey[i] = 0.16 + 0.04 * rough[i]
        relief[i] = -3
      } else if depth.depth[i] > -rim {
        grey[i] = isOptical ? 0.84 : 0.5
      } else {
        grey[i] = (isOptical ? 0.42 : 0.58) + 0.16 * pearlite[i]
        relief[i] = 0.3 * pearlite[i]
      }
    }
  }

  /// Fine stripes in random directions, about -1...1: pearlite that is hardly resolved.
  func pearliteTexture(using generator: inout SeededGenerator) -> [Float] {
    let scale = 16.0
    let colonies = Tessellation(
      height: height, width: width, scale: scale, weightSpread: 0.3, using: &generator)
    let bend = Bend(height, width, amplitude: 3, sigma: 5, using: &generator)
    let cells = colonies.cells(height: height, width: width, scale: scale, bend: bend)
    let stripes = (0..<colonies.count).map { _ in
      let angle = generator.uniform(0, Double.pi)
      let pitch = generator.uniform(2.6, 4)
      return (cosine(angle) / pitch, sine(angle) / pitch, generator.uniform(-0.4, 0.4))
    }
    var texture = [Float](repeating: 0, count: grey.count)
    for y in 0..<height {
      for x in 0..<width {
        let i = y * width + x
        let (a, b, tone) = stripes[Int(cells.ids[i])]
        let t = a * (Double(x) + Double(bend.x[i])) + b * (Double(y) + Double(bend.y[i]))
        // A triangle wave -1 ... 1.
        let wave = 4 * (t - t.rounded()).magnitude - 1
        texture[i] = Float(0.8 * wave + tone)
      }
    }
    return texture
  }
}
