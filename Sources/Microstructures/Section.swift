// A section through a microstructure while it is drawn: labels, grey values and relief.

import Imaging
import Tensors

/// A section through a microstructure: what every pixel is and how it looks before the microscope.
struct Section {
  let height: Int
  let width: Int
  /// The phase of each pixel.
  var phases: [UInt8]
  /// The grain, colony, particle or scratch of each pixel.
  var grains: [Int32]
  /// The grey value of each pixel, about 0...1.
  var grey: [Float]
  /// The height of each pixel, in pixels; its slopes are bright under electrons.
  var relief: [Float]
  /// The names of the phases.
  var phaseNames: [String] = []
  /// Lengths and other quantities, in micrometres.
  var quantities: [MicrographQuantity] = []
  /// Whether the labels above 0 are particles that the truth lists.
  var listsParticles = false

  init(_ p: MicrographParameters) {
    height = p.height
    width = p.width
    phases = Array(repeating: 0, count: p.height * p.width)
    grains = Array(repeating: 0, count: p.height * p.width)
    grey = Array(repeating: 0.75, count: p.height * p.width)
    relief = Array(repeating: 0, count: p.height * p.width)
  }

  /// A value for each pixel from its index and its column and row.
  func eachPixel(_ value: (_ i: Int, _ x: Double, _ y: Double) -> Float) -> [Float] {
    var result = [Float](repeating: 0, count: height * width)
    for y in 0..<height {
      for x in 0..<width { result[y * width + x] = value(y * width + x, Double(x), Double(y)) }
    }
    return result
  }

  /// Marks as phase 1 the part `fraction` of all pixels where the scores are greatest, and returns
  /// the least score among them.
  @discardableResult
  mutating func markSecondPhase(_ scores: [Float], fraction: Double) -> Float {
    let limit = threshold(scores, fraction: fraction)
    for i in scores.indices { phases[i] = scores[i] >= limit ? 1 : 0 }
    record(MicrographQuantity.areaFraction, asked: fraction, actual: self.fraction(of: 1), "1")
    return limit
  }

  /// The part of the pixels of a phase.
  func fraction(of phase: UInt8) -> Double {
    var count = 0
    for value in phases where value == phase { count += 1 }
    return Double(count) / Double(phases.count)
  }

  mutating func record(_ name: String, asked: Double?, actual: Double, _ unit: String) {
    quantities.append(MicrographQuantity(name: name, asked: asked, actual: actual, unit: unit))
  }

  /// Takes the grain labels and records their mean intercept.
  mutating func takeGrains(_ calibrated: CalibratedCells, _ p: MicrographParameters) {
    grains = calibrated.cells.ids
    record(
      MicrographQuantity.meanIntercept, asked: p.sizeMicrometres,
      actual: calibrated.intercept * p.pixelSizeMicrometres, "um")
  }

  /// Numbers the grains from 1 in the order of their first pixels; 0 stays the matrix of particles.
  mutating func renumberGrains() {
    var numbers = [Int32](repeating: -1, count: Int(grains.max() ?? 0) + 1)
    if listsParticles { numbers[0] = 0 }
    var next: Int32 = 1
    for i in grains.indices {
      let old = Int(grains[i])
      if numbers[old] < 0 {
        numbers[old] = next
        next += 1
      }
      grains[i] = numbers[old]
    }
  }

  /// What is exactly true of the section.
  func truth(_ p: MicrographParameters) -> MicrographTruth {
    MicrographTruth(
      phaseNames: phaseNames, phaseFractions: phaseNames.indices.map { fraction(of: UInt8($0)) },
      grainCount: Int(grains.max() ?? 0), quantities: quantities,
      particles: listsParticles ? particles(p) : [])
  }

  /// Centre and area of every particle, counted on the labels.
  private func particles(_ p: MicrographParameters) -> [MicrographParticle] {
    let n = Int(grains.max() ?? 0)
    var area = [Int](repeating: 0, count: n + 1)
    var sumX = [Int](repeating: 0, count: n + 1)
    var sumY = sumX
    var phase = [UInt8](repeating: 0, count: n + 1)
    for y in 0..<height {
      for x in 0..<width {
        let label = Int(grains[y * width + x])
        area[label] += 1
        sumX[label] += x
        sumY[label] += y
        phase[label] = phases[y * width + x]
      }
    }
    let side = p.pixelSizeMicrometres
    return (1..<max(1, n + 1)).map { label in
      let count = Double(max(area[label], 1))
      return MicrographParticle(
        label: label, phase: Int(phase[label]),
        xMicrometres: (Double(sumX[label]) / count + 0.5) * side,
        yMicrometres: (Double(sumY[label]) / count + 0.5) * side,
        areaSquareMicrometres: Double(area[label]) * side * side,
        equivalentRadiusMicrometres: (Double(area[label]) / Double.pi).squareRoot() * side)
    }
  }
}

/// A dark line at a distance of `distance` pixels: 1 on it, 1/2 at `width`, falling fast beyond.
func lineProfile(_ distance: Float, _ width: Float) -> Float {
  let t = distance / width
  return 1 / (1 + t * t * t * t)
}

/// A random number -1...1 that belongs to a pair of labels, in either order.
func pairValue(_ a: Int32, _ b: Int32) -> Float {
  var z = UInt64(UInt32(bitPattern: min(a, b))) << 32 | UInt64(UInt32(bitPattern: max(a, b)))
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return Float((z ^ (z >> 31)) >> 40) * 0x1p-23 - 1
}
