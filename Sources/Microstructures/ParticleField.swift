// Particles that do not overlap, and how deep each pixel lies in the nearest of them.
//
// Implements: random sequential addition; a particle is an ellipse whose scaled distance is bent.
// Checked by: MicrographTests. Cost: the pixels around each particle.

import Tensors

/// An ellipse somewhere in a picture.
struct Particle {
  /// Half the length and half the width, in pixels.
  var long: Double
  var short: Double
  /// The direction of the length, in radians.
  var angle: Double
  /// What it is made of.
  var phase: UInt8
  var x = 0.0
  var y = 0.0

  init(long: Double, short: Double, angle: Double, phase: UInt8 = 1) {
    self.long = long
    self.short = short
    self.angle = angle
    self.phase = phase
  }

  /// A disc.
  init(radius: Double, phase: UInt8 = 1) {
    self.init(long: radius, short: radius, angle: 0, phase: phase)
  }
}

/// For each pixel the particle in or near which it lies, and how deep, in pixels.
struct ParticleDepths {
  var depth: [Float]
  /// The number of the particle from 1, 0 where none is near.
  var owner: [Int32]
}

/// Particles of a picture.
struct ParticleField {
  let height: Int
  let width: Int
  private(set) var particles: [Particle] = []

  init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// Puts a particle where it keeps `gap` pixels from all others and lies inside the picture.
  ///
  /// - Returns: whether a place was found in 400 attempts.
  mutating func place(
    _ particle: Particle, gap: Double, using generator: inout SeededGenerator
  ) -> Bool {
    var particle = particle
    let (c, s) = (cosine(particle.angle), sine(particle.angle))
    let spanX = min((particle.long * c).magnitude + particle.short + 2, Double(width) / 2 - 1)
    let spanY = min((particle.long * s).magnitude + particle.short + 2, Double(height) / 2 - 1)
    for _ in 0..<400 {
      particle.x = generator.uniform(spanX, Double(width) - spanX)
      particle.y = generator.uniform(spanY, Double(height) - spanY)
      let isFree = particles.allSatisfy { other in
        let (dx, dy) = (other.x - particle.x, other.y - particle.y)
        // Long particles of about one direction: compare across and along it.
        let along = (dx * c + dy * s).magnitude - particle.long - other.long
        let across = (dy * c - dx * s).magnitude - particle.short - other.short
        return max(along, across) > gap
      }
      if isFree {
        particles.append(particle)
        return true
      }
    }
    return false
  }

  /// How deep each pixel lies in the nearest particle: 0 on its edge, negative outside.
  func depths(_ bend: Bend) -> ParticleDepths {
    var result = ParticleDepths(
      depth: Array(repeating: -1e9, count: height * width),
      owner: Array(repeating: 0, count: height * width))
    for (number, p) in particles.enumerated() {
      let reach = Int(p.long + p.short + 24)
      let (c, s) = (cosine(p.angle), sine(p.angle))
      for y in max(0, Int(p.y) - reach)..<min(height, Int(p.y) + reach) {
        for x in max(0, Int(p.x) - reach)..<min(width, Int(p.x) + reach) {
          let i = y * width + x
          let dx = Double(x) + 0.5 + Double(bend.x[i]) - p.x
          let dy = Double(y) + 0.5 + Double(bend.y[i]) - p.y
          let (u, v) = (dx * c + dy * s, dy * c - dx * s)
          // The distance to the edge of an ellipse, exact for a disc.
          let q = (u * u / (p.long * p.long) + v * v / (p.short * p.short)).squareRoot()
          let gradient =
            (u * u / (p.long * p.long * p.long * p.long)
            + v * v / (p.short * p.short * p.short * p.short)).squareRoot()
          let depth = Float(q > 1e-9 ? (1 - q) * q / gradient : p.short)
          if depth > result.depth[i] {
            result.depth[i] = depth
            result.owner[i] = Int32(number + 1)
          }
        }
      }
    }
    return result
  }
}

extension Section {
  /// Takes the particles as labels: all edges move by the same distance until the area is right.
  mutating func take(
    _ field: ParticleField, _ depths: ParticleDepths, fraction: Double,
    phase: (Particle) -> UInt8
  ) {
    let limit = threshold(depths.depth, fraction: fraction)
    var pixels = 0
    for i in grains.indices {
      let isInside = depths.depth[i] >= limit && depths.owner[i] > 0
      grains[i] = isInside ? depths.owner[i] : 0
      phases[i] = isInside ? phase(field.particles[Int(depths.owner[i]) - 1]) : 0
      pixels += isInside ? 1 : 0
    }
    record(
      MicrographQuantity.areaFraction, asked: fraction,
      actual: Double(pixels) / Double(grains.count), "1")
    record("particles", asked: nil, actual: Double(field.particles.count), "1")
  }
}
