// Polished surfaces: scratches, and pits and inclusions.

import Tensors

extension Section {
  /// Scratches of several depths on a polished surface, most of them in one direction.
  mutating func drawScratches(_ p: MicrographParameters, using generator: inout SeededGenerator) {
    phaseNames = ["surface", "scratch"]
    listsParticles = true
    let lineWidth = p.pixels(p.spacingMicrometres)
    precondition(lineWidth >= 1, "scratches of \(lineWidth) pixels cannot be drawn")
    var scores = [Float](repeating: -1e9, count: grey.count)
    var depths: [Float] = [0]
    let wanted = Int(p.areaFraction * Double(scores.count))
    var covered = 0
    while covered < wanted && depths.count < 4000 {
      let scratch = Scratch(p, width: lineWidth, using: &generator)
      depths.append(scratch.depth)
      covered += scratch.draw(in: &scores, &grains, number: Int32(depths.count - 1), height, width)
    }
    let limit = markSecondPhase(scores, fraction: p.areaFraction)
    polish(p, using: &generator)
    let rough = smoothField(height, width, sigma: 1.2, using: &generator)
    for i in grey.indices {
      let depth = depths[Int(grains[i])]
      let inside = scores[i] - limit
      if phases[i] == 1 {
        grey[i] -= depth * min(1, 0.45 + 0.4 * inside) * (1 + 0.15 * rough[i])
        relief[i] = -4 * depth * min(1, 0.4 + inside)
      } else {
        // Metal piles up beside a groove.
        grey[i] += 0.1 * depth * lineProfile((inside + 1).magnitude, 1)
        grains[i] = 0
      }
    }
  }

  /// Stringers of sulfide, globular oxides and pits on a polished surface.
  mutating func drawPitsAndInclusions(
    _ p: MicrographParameters, using generator: inout SeededGenerator
  ) {
    phaseNames = ["surface", "stringer", "oxide", "pit"]
    listsParticles = true
    let radius = p.pixels(p.sizeMicrometres) / 2
    precondition(radius >= 1.5, "particles of \(radius) pixels radius cannot be drawn")
    let field = inclusions(p, radius: radius, using: &generator)
    let bend = Bend(height, width, amplitude: 0.7, sigma: 2.5, using: &generator)
    let depths = field.depths(bend)
    take(field, depths, fraction: p.areaFraction) { $0.phase }
    polish(p, using: &generator)
    let rough = smoothField(height, width, sigma: 0.9, using: &generator)
    for i in grey.indices {
      switch phases[i] {
      case 1: grey[i] = 0.5 + 0.02 * rough[i]
      case 2: grey[i] = 0.24 + 0.05 * rough[i]
      case 3:
        // Light from the wall of a pit: dark at the edge, a little brighter in the middle.
        grey[i] = 0.06 + min(0.18, 0.03 * max(depths.depth[i], 0)) + 0.03 * rough[i]
        relief[i] = -1.5 * min(3, max(depths.depth[i], 0))
      default:
        let isPit = depths.owner[i] > 0 && field.particles[Int(depths.owner[i]) - 1].phase == 3
        grey[i] += isPit ? 0.1 * lineProfile(depths.depth[i], 1.2) : 0
      }
    }
  }

  /// Stringers along the rolling direction, round oxides and pits, until the area is covered.
  private func inclusions(
    _ p: MicrographParameters, radius: Double, using generator: inout SeededGenerator
  ) -> ParticleField {
    let rolling = -p.directionDegrees * Double.pi / 180
    var field = ParticleField(height, width)
    let target = p.areaFraction * Double(height * width)
    var area = 0.0
    while area < target {
      let size = radius * exponential(0.35 * generator.normal() - 0.08)
      var particle = Particle(radius: size, phase: generator.uniform() < 0.55 ? 2 : 3)
      if generator.uniform() < 0.4 {
        let stretch = generator.uniform(1.7, 3)
        particle = Particle(
          long: size * stretch, short: max(0.8, size / stretch),
          angle: rolling + generator.uniform(-0.08, 0.08), phase: 1)
      }
      guard field.place(particle, gap: 3, using: &generator) else { break }
      area += Double.pi * particle.long * particle.short
    }
    return field
  }

  /// A bright, polished surface with faint marks of the cloth.
  private mutating func polish(
    _ p: MicrographParameters, using generator: inout SeededGenerator
  ) {
    let angle = (p.directionDegrees + 65) * Double.pi / 180
    let (c, s) = (cosine(angle), sine(angle))
    let marks = (0..<4096).map { _ in Float(generator.uniform(-1, 1)) }
    let cloud = smoothField(height, width, sigma: 22, using: &generator)
    for y in 0..<height {
      for x in 0..<width {
        let line = Int((Double(x) * s + Double(y) * c + 1e6).rounded(.down)) & 4095
        grey[y * width + x] = 0.74 + 0.012 * marks[line] + 0.012 * cloud[y * width + x]
      }
    }
  }
}

/// A straight groove.
private struct Scratch {
  /// How much darker it is.
  let depth: Float
  private let x0: Double
  private let y0: Double
  private let c: Double
  private let s: Double
  private let half: Double
  private let length: Double

  init(_ p: MicrographParameters, width: Double, using generator: inout SeededGenerator) {
    let isStray = generator.uniform() < 0.25
    let degrees =
      p.directionDegrees + (isStray ? generator.uniform(-90, 90) : 5 * generator.normal())
    let angle = -degrees * Double.pi / 180
    c = cosine(angle)
    s = sine(angle)
    x0 = generator.uniform(0, Double(p.width))
    y0 = generator.uniform(0, Double(p.height))
    half = width / 2 * generator.uniform(0.5, 1.5)
    length = Double(p.width + p.height) / 2 * generator.uniform(0.15, 0.9)
    depth = Float(generator.uniform(0.15, 0.55))
  }

  /// Draws the scratch, the deeper of two owning a pixel, and returns how many pixels are new.
  func draw(
    in scores: inout [Float], _ owners: inout [Int32], number: Int32, _ H: Int, _ W: Int
  ) -> Int {
    var covered = 0
    for y in 0..<H {
      let dy = Double(y) + 0.5 - y0
      // Where the row meets the scratch's strip, 5 pixels wider than the scratch.
      let reach = s.magnitude > 1e-3 ? (half + 5) / s.magnitude : Double(W)
      let middle = s.magnitude > 1e-3 ? x0 + dy * c / s : x0
      let first = max(0, Int(max(middle - reach, 0)))
      let last = min(W, Int(min(middle + reach + 1, Double(W))))
      for x in first..<max(first, last) {
        let dx = Double(x) + 0.5 - x0
        let across = (dx * s - dy * c).magnitude
        let along = (dx * c + dy * s) / length
        // The groove ends in points.
        let score = Float(
          half * (1 - 4 * along * along).clamped() - across - (along.magnitude > 0.5 ? 2 : 0))
        let i = y * W + x
        if score > scores[i] {
          if score >= 0 && scores[i] < 0 { covered += 1 }
          scores[i] = score
          owners[i] = number
        }
      }
    }
    return covered
  }
}

extension Double {
  /// The number limited to 0 and more, its square root taken: a profile that falls at the end.
  fileprivate func clamped() -> Double { self > 0 ? squareRoot() : 0 }
}
