// Lamellar pearlite and lath martensite.

import Tensors

extension Section {
  /// Colonies of parallel lamellae of cementite in ferrite.
  mutating func drawPearlite(_ p: MicrographParameters, using generator: inout SeededGenerator) {
    phaseNames = ["ferrite", "cementite"]
    let spacing = p.pixels(p.spacingMicrometres)
    precondition(spacing >= 4, "lamellae \(spacing) pixels apart cannot be drawn")
    let grid = CalibratedCells(
      height: height, width: width, intercept: p.pixels(p.sizeMicrometres), weightSpread: 0.3,
      bendiness: 0.12, using: &generator)
    takeGrains(grid, p)
    let colonies = (0..<grid.tessellation.count).map { _ in Lamellae(using: &generator) }
    // Slow bends turn the lamellae a little and leave their distance as it is in the mean.
    let bend = smoothField(height, width, sigma: 12 * spacing.squareRoot(), using: &generator)
    let rough = smoothField(height, width, sigma: 2.5, using: &generator)
    let scores = eachPixel { i, x, y in
      let colony = colonies[Int(grains[i])]
      let across = x * colony.normal.x + y * colony.normal.y
      let t = across / spacing + colony.phase + 0.35 * Double(bend[i])
      let distance = (t - t.rounded()).magnitude
      // Cementite breaks where it is thin.
      return Float(-distance * spacing) + 0.25 * rough[i]
    }
    let limit = markSecondPhase(scores, fraction: p.areaFraction)
    record(
      MicrographQuantity.lamellarSpacing, asked: p.spacingMicrometres,
      actual: spacing * p.pixelSizeMicrometres, "um")
    for i in grey.indices {
      let colony = colonies[Int(grains[i])]
      // Half a pixel of transition between the phases.
      let cementite = min(max((scores[i] - limit) + 0.5, 0), 1)
      if p.look.microscope == .optical {
        grey[i] = colony.tint - cementite * colony.contrast
      } else {
        grey[i] = 0.3 + 0.4 * cementite * colony.contrast + 0.3 * (colony.tint - 0.72)
        relief[i] = cementite * 1.5
      }
    }
    etchBoundaries(grid.cells, p.look.microscope, depth: 0.12, width: 1)
  }

  /// Laths in packets in former austenite grains.
  mutating func drawMartensite(_ p: MicrographParameters, using generator: inout SeededGenerator) {
    phaseNames = ["martensite"]
    let lath = p.pixels(p.spacingMicrometres)
    precondition(lath >= 2, "laths of \(lath) pixels cannot be drawn")
    let grid = CalibratedCells(
      height: height, width: width, intercept: p.pixels(p.sizeMicrometres), using: &generator)
    takeGrains(grid, p)
    // Packets are cut by the former grains.
    let packets = CalibratedCells(
      height: height, width: width, intercept: max(3, p.pixels(p.sizeMicrometres) * 0.5),
      weightSpread: 0.3, bendiness: 0.1, using: &generator)
    let grainAngle = (0..<grid.tessellation.count).map { _ in generator.uniform(0, Double.pi) }
    let variant = (0..<packets.tessellation.count).map { _ in generator.integer(below: 4) }
    let laths = LathPattern(width: lath, using: &generator)
    let bend = smoothField(height, width, sigma: 14, using: &generator)
    let texture = smoothField(height, width, sigma: 0.8, using: &generator)
    for y in 0..<height {
      for x in 0..<width {
        let i = y * width + x
        let packet = Int(packets.cells.ids[i])
        // Four habits of one grain, far apart.
        let angle = grainAngle[Int(grains[i])] + [0, 0.85, 1.6, 2.4][variant[packet]]
        let (c, s) = laths.direction(angle)
        let across =
          Double(x) * c + Double(y) * s + 1.4 * Double(bend[i]) + Double(packet % 97) * 131
        let along = Double(y) * c - Double(x) * s
        let (tone, groove) = laths.tone(across: across, along: along)
        grey[i] = (p.look.microscope == .optical ? 0.5 : 0.42) + tone + 0.05 * texture[i]
        grey[i] -= (p.look.microscope == .optical ? 0.22 : 0) * groove
        relief[i] = 3 * tone - groove
      }
    }
    record(
      "lath width", asked: p.spacingMicrometres, actual: laths.meanWidth * p.pixelSizeMicrometres,
      "um")
    for i in phases.indices { phases[i] = 0 }
    etchBoundaries(packets.cells, p.look.microscope, depth: 0.08, width: 0.8)
    etchBoundaries(grid.cells, p.look.microscope, depth: 0.22, width: 1)
  }
}

/// The lamellae of a colony.
private struct Lamellae {
  let normal: (x: Double, y: Double)
  let phase: Double
  let tint: Float
  let contrast: Float

  init(using generator: inout SeededGenerator) {
    let angle = generator.uniform(0, Double.pi)
    normal = (cosine(angle), sine(angle))
    phase = generator.uniform()
    tint = Float(generator.uniform(0.62, 0.82))
    contrast = Float(generator.uniform(0.35, 0.6))
  }
}

/// Laths of uneven width on a line that repeats after 512 laths, cut to finite lengths.
struct LathPattern {
  /// The mean width in pixels.
  let meanWidth: Double
  private let borders: [Float]
  private let tones: [Float]
  private let shifts: [Float]

  init(width: Double, using generator: inout SeededGenerator) {
    meanWidth = width
    borders = (0..<512).map { _ in Float(generator.uniform(-0.36, 0.36)) }
    shifts = (0..<512).map { _ in Float(generator.uniform(0, 1)) }
    var block: Float = 0
    tones = (0..<1024).map { i in
      // Neighbouring laths of a block have similar orientations and greys.
      if i % 5 == 0 { block = Float(generator.uniform(-0.14, 0.14)) }
      return block + Float(generator.uniform(-0.09, 0.09))
    }
  }

  /// The cosine and the sine of an angle.
  func direction(_ angle: Double) -> (Double, Double) { (cosine(angle), sine(angle)) }

  /// The tone of the lath at a position, and 1 on the groove between two laths.
  func tone(across: Double, along: Double) -> (tone: Float, groove: Float) {
    let t = Float(across / meanWidth)
    var index = Int(t.rounded(.down))
    let lower = Float(index) + borders[index & 511]
    let upper = Float(index + 1) + borders[(index + 1) & 511]
    var edge = min((t - lower).magnitude, (upper - t).magnitude)
    if t < lower { index -= 1 } else if t >= upper { index += 1 }
    // A lath is 34 widths long; its ends are offset from those of its neighbours.
    let length = Float(along / meanWidth) / 34 + shifts[index & 511] * 1.7
    let piece = Int(length.rounded(.down))
    let end = min(length - Float(piece), Float(piece + 1) - length) * 34
    // Its ends are narrow points, marked less than its sides.
    edge = min(edge, 0.35 + end)
    let groove = lineProfile(edge * Float(meanWidth), 0.7)
    return (tones[(index &* 2 &+ piece &* 7) & 1023], groove)
  }
}
