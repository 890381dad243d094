// Needles that grew from grain boundaries, and cast dendrites.

import Tensors

extension Section {
  /// Ferrite needles and boundary films in dark, finely lamellar pearlite.
  mutating func drawNeedles(_ p: MicrographParameters, using generator: inout SeededGenerator) {
    phaseNames = ["pearlite", "ferrite"]
    let needleWidth = p.pixels(p.spacingMicrometres)
    precondition(needleWidth >= 1.5, "needles of \(needleWidth) pixels cannot be drawn")
    let grid = CalibratedCells(
      height: height, width: width, intercept: p.pixels(p.sizeMicrometres), using: &generator)
    takeGrains(grid, p)
    let angles = (0..<grid.tessellation.count).map { _ in generator.uniform(0, Double.pi) }
    let rough = smoothField(height, width, sigma: 1.5, using: &generator)
    // A film of ferrite lies on the former grain boundaries.
    var scores = grey.indices.map { i in
      Float(0.5 * needleWidth) * (1 + 0.5 * pairValue(grid.cells.ids[i], grid.cells.neighbours[i]))
        - grid.cells.edge[i] + 0.2 * rough[i]
    }
    let wanted = Int(p.areaFraction * Double(scores.count))
    for _ in 0..<400 {
      for _ in 0..<6 { growNeedle(&scores, grid, angles, p, needleWidth, using: &generator) }
      if covered(scores) >= wanted { break }
    }
    let limit = markSecondPhase(scores, fraction: p.areaFraction)
    let pearlite = pearliteTexture(using: &generator)
    let isOptical = p.look.microscope == .optical
    for i in grey.indices {
      if phases[i] == 1 {
        grey[i] = (isOptical ? 0.82 : 0.34) + 0.01 * rough[i]
      } else {
        grey[i] = (isOptical ? 0.36 : 0.56) + 0.12 * pearlite[i]
        relief[i] = 1.5 + 0.5 * pearlite[i]
      }
      if isOptical { grey[i] -= 0.12 * lineProfile((scores[i] - limit).magnitude, 0.6) }
    }
  }

  private func covered(_ scores: [Float]) -> Int {
    var count = 0
    for score in scores where score >= 0 { count += 1 }
    return count
  }

  /// Adds one needle that begins at a random pixel and stays in its grain.
  private func growNeedle(
    _ scores: inout [Float], _ grid: CalibratedCells, _ angles: [Double],
    _ p: MicrographParameters, _ needleWidth: Double, using generator: inout SeededGenerator
  ) {
    let start = generator.integer(below: scores.count)
    let (x0, y0) = (Double(start % width), Double(start / width))
    let grain = grid.cells.ids[start]
    // Three habits of one grain, 60 degrees apart within a few degrees.
    let angle =
      angles[Int(grain)] + Double(generator.integer(below: 3)) * Double.pi / 3
      + generator.uniform(-0.06, 0.06)
    let (c, s) = (cosine(angle), sine(angle))
    let half = needleWidth / 2 * generator.uniform(0.7, 1.35)
    let length = p.pixels(p.sizeMicrometres) * generator.uniform(0.5, 1.1)
    let reach = Int(length) + 4
    for y in max(0, Int(y0) - reach)..<min(height, Int(y0) + reach) {
      for x in max(0, Int(x0) - reach)..<min(width, Int(x0) + reach) {
        let i = y * width + x
        let (dx, dy) = (Double(x) - x0, Double(y) - y0)
        let v = dx * s - dy * c
        guard v.magnitude < half + 3, grid.cells.ids[i] == grain else { continue }
        let u = (dx * c + dy * s) / length
        // A lens: as wide as `half` in the middle, a point at both ends.
        scores[i] = max(scores[i], Float(half * (1 - u * u) - v.magnitude))
      }
    }
  }

  /// Columnar dendrites with secondary arms; the liquid froze last between them.
  mutating func drawDendrites(_ p: MicrographParameters, using generator: inout SeededGenerator) {
    phaseNames = ["interdendritic", "dendrite"]
    let spacing = p.pixels(p.spacingMicrometres)
    precondition(spacing >= 5, "arms \(spacing) pixels apart cannot be drawn")
    let grid = CalibratedCells(
      height: height, width: width, intercept: p.pixels(p.sizeMicrometres), bendiness: 0.03,
      using: &generator)
    takeGrains(grid, p)
    let direction = p.directionDegrees * Double.pi / 180
    let patterns = (0..<grid.tessellation.count).map { _ in
      DendritePattern(
        angle: direction + generator.uniform(-0.5, 0.5), spacing: spacing, using: &generator)
    }
    let bend = Bend(
      height, width, amplitude: 0.1 * spacing, sigma: 0.5 * spacing, using: &generator)
    let rough = smoothField(height, width, sigma: 1.6, using: &generator)
    let scores = eachPixel { i, x, y in
      patterns[Int(grains[i])].depth(x + Double(bend.x[i]), y + Double(bend.y[i]))
        + 0.4 * rough[i] - 1.5 * lineProfile(grid.cells.edge[i], 2)
    }
    let limit = markSecondPhase(scores, fraction: p.areaFraction)
    record(
      "secondary arm spacing", asked: p.spacingMicrometres,
      actual: spacing * p.pixelSizeMicrometres, "um")
    let eutectic = smoothField(height, width, sigma: 1, using: &generator)
    let isOptical = p.look.microscope == .optical
    for i in grey.indices {
      let depth = min(scores[i] - limit, 4)
      if phases[i] == 1 {
        // Coring: the middle of an arm froze first.
        grey[i] = (isOptical ? 0.66 : 0.34) + 0.045 * depth
        grey[i] += patterns[Int(grains[i])].tint
      } else {
        grey[i] = (isOptical ? 0.3 : 0.62) + 0.09 * eutectic[i]
        relief[i] = -1.5
      }
    }
  }
}

/// The dendrites of one grain: parallel trunks with arms on both sides.
private struct DendritePattern {
  let tint: Float
  private let c: Double
  private let s: Double
  private let spacing: Double
  private let trunks: Double
  private let shift: (Double, Double)
  private let stagger: [Double]

  init(angle: Double, spacing: Double, using generator: inout SeededGenerator) {
    c = cosine(angle)
    s = sine(angle)
    self.spacing = spacing
    trunks = spacing * generator.uniform(3.4, 5)
    shift = (generator.uniform(0, 1000), generator.uniform(0, 1000))
    stagger = (0..<16).map { _ in generator.uniform() }
    tint = Float(generator.uniform(-0.05, 0.05))
  }

  /// How deep a point lies inside a dendrite, in pixels; negative outside.
  func depth(_ x: Double, _ y: Double) -> Float {
    let (u, v) = (x * c + y * s + shift.0, y * c - x * s + shift.1)
    let row = (v / trunks).rounded()
    let across = v - row * trunks
    // Arms of neighbouring trunks are staggered, those of one trunk face each other.
    let t = u / spacing + stagger[Int(row) & 15]
    let arm = (t - t.rounded()).magnitude * spacing
    let reach = across.magnitude / (trunks / 2)
    let trunk = 0.22 * spacing - across.magnitude
    // Arms taper towards the neighbour's.
    let branch = spacing * (0.42 - 0.2 * reach * reach * reach) - arm - max(0, reach - 0.86) * 12
    return Float(max(trunk, branch))
  }
}
