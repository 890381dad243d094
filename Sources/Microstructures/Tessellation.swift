// Grains: the cells of a tessellation of the plane, at a scale that gives an asked mean intercept.
//
// Implements: F. Aurenhammer, "Power Diagrams", SIAM J. Comput. 16 (1987) 78, section 1: a point
//   belongs to the seed i with the least |p - s_i|^2 - w_i (Laguerre tessellation; Voronoi for
//   w = 0). Seeds lie at least `minimumDistance` apart (random sequential addition).
// Symbols: s_i -> `x`, `y` in units of the mean seed distance; w_i -> `weight`.
// Deviations: the plane is bent by a smooth field before, so that boundaries are not straight; a
//   second nearest seed more than 2.5 units away is not found, which moves no boundary.
// Checked by: MicrographTests. Cost: 20-60 ns a pixel.

import Tensors

/// Seeds around the origin, in units of their mean distance.
struct Tessellation {
  private var x: [Float] = []
  private var y: [Float] = []
  private var weight: [Float] = []
  /// The seeds within one and within two buckets of each bucket.
  private var near = SeedLists()
  private var far = SeedLists()
  private let rows: Int
  private let columns: Int

  /// The number of seeds.
  var count: Int { x.count }

  /// Seeds that cover a picture of `height` x `width` pixels when the unit is `scale` pixels or up
  /// to a quarter less.
  init(
    height: Int, width: Int, scale: Double, minimumDistance: Double = 0.66,
    weightSpread: Double = 0.12, using generator: inout SeededGenerator
  ) {
    rows = 2 * (Int(Double(height) / scale * 0.67) + 3)
    columns = 2 * (Int(Double(width) / scale * 0.67) + 3)
    var buckets = [[Int32]](repeating: [], count: rows * columns)
    var attempts = 0
    while x.count < rows * columns && attempts < 40 * rows * columns {
      attempts += 1
      let u = Float(generator.uniform(0, Double(columns)) - Double(columns) / 2)
      let v = Float(generator.uniform(0, Double(rows)) - Double(rows) / 2)
      let home = bucket(u, v)
      let isFree = neighbours(of: home, reach: 1).allSatisfy { b in
        buckets[b].allSatisfy { i in
          let (du, dv) = (x[Int(i)] - u, y[Int(i)] - v)
          return du * du + dv * dv >= Float(minimumDistance * minimumDistance)
        }
      }
      guard isFree else { continue }
      buckets[home].append(Int32(x.count))
      x.append(u)
      y.append(v)
      weight.append(Float(generator.uniform(0, weightSpread)))
    }
    for home in buckets.indices {
      near.append(neighbours(of: home, reach: 1).flatMap { buckets[$0] }, x, y, weight)
      far.append(neighbours(of: home, reach: 2).flatMap { buckets[$0] }, x, y, weight)
    }
  }

  /// The bucket of a point: a square of one unit.
  private func bucket(_ u: Float, _ v: Float) -> Int {
    let column = min(max(Int((u + Float(columns / 2)).rounded(.down)), 0), columns - 1)
    let row = min(max(Int((v + Float(rows / 2)).rounded(.down)), 0), rows - 1)
    return row * columns + column
  }

  private func neighbours(of home: Int, reach: Int) -> [Int] {
    let (row, column) = (home / columns, home % columns)
    var result: [Int] = []
    for r in max(0, row - reach)...min(rows - 1, row + reach) {
      for c in max(0, column - reach)...min(columns - 1, column + reach) {
        result.append(r * columns + c)
      }
    }
    return result
  }

  /// The nearest two seeds of a point, by power distance.
  private func nearest(_ u: Float, _ v: Float) -> Neighbours {
    let home = bucket(u, v)
    let found = near.nearest(home, u, v)
    // Seeds outside the 3 x 3 buckets are more than 1 away.
    return found.secondPower > 0.85 ? far.nearest(home, u, v) : found
  }

  /// The position of a seed in pixels of the picture.
  func position(_ i: Int, scale: Double, height: Int, width: Int) -> (x: Double, y: Double) {
    (Double(x[i]) * scale + Double(width) / 2, Double(y[i]) * scale + Double(height) / 2)
  }

  /// The cells of a picture with `scale` pixels a unit, every pixel moved by `bend` before.
  func cells(height H: Int, width W: Int, scale: Double, bend: Bend) -> Cells {
    var cells = Cells(height: H, width: W)
    let unit = Float(1 / scale)
    for py in 0..<H {
      for px in 0..<W {
        let i = py * W + px
        let u = (Float(px) - Float(W) / 2 + 0.5 + bend.x[i]) * unit
        let v = (Float(py) - Float(H) / 2 + 0.5 + bend.y[i]) * unit
        let found = nearest(u, v)
        cells.ids[i] = found.first
        cells.neighbours[i] = found.second
        guard found.second >= 0 else { continue }
        let (a, b) = (Int(found.first), Int(found.second))
        let (du, dv) = (x[a] - x[b], y[a] - y[b])
        let apart = (du * du + dv * dv).squareRoot()
        cells.edge[i] = (found.secondPower - found.firstPower) / (2 * apart) / unit
      }
    }
    return cells
  }
}

/// The seeds near each bucket, one bucket after the other.
private struct SeedLists {
  private var starts = [0]
  private var ids: [Int32] = []
  private var x: [Float] = []
  private var y: [Float] = []
  private var weight: [Float] = []

  mutating func append(_ seeds: [Int32], _ x: [Float], _ y: [Float], _ weight: [Float]) {
    for seed in seeds {
      ids.append(seed)
      self.x.append(x[Int(seed)])
      self.y.append(y[Int(seed)])
      self.weight.append(weight[Int(seed)])
    }
    starts.append(ids.count)
  }

  func nearest(_ bucket: Int, _ u: Float, _ v: Float) -> Neighbours {
    var found = Neighbours()
    for k in starts[bucket]..<starts[bucket + 1] {
      let (du, dv) = (x[k] - u, y[k] - v)
      found.insert(ids[k], du * du + dv * dv - weight[k])
    }
    return found
  }
}

/// The two seeds of the least power distance.
private struct Neighbours {
  var first: Int32 = -1
  var second: Int32 = -1
  var firstPower = Float.infinity
  var secondPower = Float.infinity

  mutating func insert(_ i: Int32, _ power: Float) {
    if power < firstPower {
      (second, secondPower) = (first, firstPower)
      (first, firstPower) = (i, power)
    } else if power < secondPower {
      (second, secondPower) = (i, power)
    }
  }
}

/// A smooth displacement of every pixel.
struct Bend {
  var x: [Float]
  var y: [Float]

  /// Random displacements with this standard deviation, smooth over `sigma` pixels.
  init(
    _ H: Int, _ W: Int, amplitude: Double, sigma: Double, using generator: inout SeededGenerator
  ) {
    x = smoothField(H, W, sigma: sigma, using: &generator).map { $0 * Float(amplitude) }
    y = smoothField(H, W, sigma: sigma, using: &generator).map { $0 * Float(amplitude) }
  }
}

/// The cells of a tessellation, pixel by pixel.
struct Cells {
  /// The seed that each pixel belongs to.
  var ids: [Int32]
  /// The seed beyond the nearest boundary.
  var neighbours: [Int32]
  /// The distance to that boundary in pixels.
  var edge: [Float]

  init(height: Int, width: Int) {
    ids = Array(repeating: 0, count: height * width)
    neighbours = ids
    edge = Array(repeating: 0, count: height * width)
  }
}

/// Cells whose mean lineal intercept is what was asked for.
struct CalibratedCells {
  private(set) var tessellation: Tessellation
  private(set) var cells: Cells
  /// Pixels a unit of the tessellation.
  private(set) var scale: Double
  /// The mean lineal intercept of the cells, in pixels.
  private(set) var intercept: Double

  /// Scales random seeds until the labels' mean lineal intercept is within 0.3 % of `intercept`
  /// pixels.
  ///
  /// The intercept grows with the scale, but not evenly where few grains are in the picture: after
  /// four scales the seeds are drawn anew, at most 30 times. The best cells are kept.
  init(
    height H: Int, width W: Int, intercept asked: Double, weightSpread: Double = 0.12,
    bendiness: Double = 0.06, using generator: inout SeededGenerator
  ) {
    precondition(asked >= 3, "grains with a mean intercept of \(asked) pixels cannot be drawn")
    // The mean intercept of such cells is about 0.8 units.
    let first = asked / 0.8
    let bend = Bend(H, W, amplitude: bendiness * first, sigma: 0.35 * first, using: &generator)
    var seeds = Tessellation(
      height: H, width: W, scale: first, weightSpread: weightSpread, using: &generator)
    tessellation = seeds
    scale = first
    cells = seeds.cells(height: H, width: W, scale: first, bend: bend)
    intercept = meanInterceptPixels(cells.ids, height: H, width: W)
    var (s, found) = (scale, intercept)
    for attempt in 1..<120 where (intercept / asked - 1).magnitude > 0.003 {
      if attempt % 4 == 0 || !(0.8...1.25).contains(found / asked) {
        seeds = Tessellation(
          height: H, width: W, scale: first, weightSpread: weightSpread, using: &generator)
        s = first
      } else {
        // The seeds' domain ends beyond these scales.
        s = min(max(s * asked / found, 0.8 * first), 1.5 * first)
      }
      let candidate = seeds.cells(height: H, width: W, scale: s, bend: bend)
      found = meanInterceptPixels(candidate.ids, height: H, width: W)
      if (found / asked - 1).magnitude < (intercept / asked - 1).magnitude {
        (tessellation, cells, scale, intercept) = (seeds, candidate, s, found)
      }
    }
  }
}
