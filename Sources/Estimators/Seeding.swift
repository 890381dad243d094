// First centres for k-means: samples far from each other, drawn at random.
//
// Implements: D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding",
//   SODA 2007, section 2.2 (steps 1a-1c) and the greedy form that section 5 mentions.
// Equation -> code: a sample x is drawn with probability D(x)^2 / sum of D^2, D the distance to the
//   nearest centre so far, SQUARED (`draw`).
// Symbols: phi -> the sum of D^2 (`potential`).
// Deviations: of 2 + floor(ln k) draws the one that leaves the lowest phi is kept, as scikit-learn
//   does (the first of equals); where every D^2 is 0 in the working precision, the next centre is
//   the first sample that differs from all centres.
// Checked by: KMeansTests. Cost: 3 n d operations a trial.

import Tensors

/// k-means++ for one set of samples.
struct Seeding<Scalar: ClusterScalar> {
  private let points: ClusterPoints<Scalar>
  private let k: Int
  private let trials: Int

  init(_ points: ClusterPoints<Scalar>, _ k: Int, trials: Int?) {
    self.points = points
    self.k = k
    self.trials = trials ?? 2 + Int(naturalLogarithm(Double(k)))
  }

  /// Draws k centres: shape (k, stride).
  func centres(using generator: inout SeededGenerator) -> [Double] {
    chosenSamples(using: &generator).flatMap { points.row($0) }
  }

  /// Draws k samples.
  private func chosenSamples(using generator: inout SeededGenerator) -> [Int] {
    let panels = points.seeding
    var limit = [Scalar](repeating: .infinity, count: panels.paddedCount)
    for i in panels.n..<panels.paddedCount { limit[i] = 0 }
    var chosen = [generator.integer(below: panels.n)]
    var best = reach(chosen[0], limit)
    while chosen.count < k {
      let potential = best.potential
      guard potential > 0 else {
        chosen.append(firstDifferent(from: chosen))
        best = reach(chosen[chosen.count - 1], best.closest)
        continue
      }
      var winner: (sample: Int, reach: Reach)?
      for _ in 0..<trials {
        let sample = draw(best, generator.uniform() * potential)
        let next = reach(sample, best.closest)
        if winner.map({ next.potential < $0.reach.potential }) ?? true { winner = (sample, next) }
      }
      guard let winner else { return chosen }
      chosen.append(winner.sample)
      best = winner.reach
    }
    return chosen
  }

  /// D^2 of every sample, its sum over each panel, and their sum.
  private struct Reach {
    var closest: [Scalar]
    var sums: [Double]
    var potential: Double
  }

  /// The distances once `sample` is a centre too.
  private func reach(_ sample: Int, _ closest: [Scalar]) -> Reach {
    let panels = points.seeding
    let base = sample / 32 * panels.d * 32 + sample % 32
    let candidate = (0..<panels.d).map { panels.values[base + $0 * 32] }
    var next = Reach(
      closest: closest, sums: [Double](repeating: 0, count: panels.count), potential: 0)
    Scalar.squaredDistances(
      panels, to: candidate, closest: closest, distances: &next.closest, sums: &next.sums)
    next.potential = next.sums.reduce(0, +)
    return next
  }

  /// The first sample at which the running sum of D^2 passes `target`.
  private func draw(_ reach: Reach, _ target: Double) -> Int {
    var (passed, panel) = (0.0, 0)
    while panel < reach.sums.count - 1 && passed + reach.sums[panel] <= target {
      passed += reach.sums[panel]
      panel += 1
    }
    for i in panel * 32..<(panel + 1) * 32 {
      passed += Double(reach.closest[i])
      if passed > target { return i }
    }
    // Rounding left the target at the very end: the last sample that can be drawn.
    return reach.closest.lastIndex { $0 > 0 } ?? 0
  }

  /// The first sample that differs from every chosen one.
  private func firstDifferent(from chosen: [Int]) -> Int {
    let stride = points.stride
    return (0..<points.n).first { i in
      chosen.allSatisfy { other in
        (0..<points.d).contains {
          points.rows[i * stride + $0] != points.rows[other * stride + $0]
        }
      }
    } ?? 0
  }
}
