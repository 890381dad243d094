// Superpixels, plain: the loops of equation 3 in double precision.
//
// Implements: Achanta et al. 2012, algorithm 1, with the windows and the order of scikit-image.
// Equation -> code: D = d_c^2 / m^2 + d_s^2 / S^2 (`competeForPixels`), the colours being divided
//   by m before; the means of each cluster (`means`); SLICO's greatest colour distance (`widen`).
// Deviations: as SLIC.swift. Checked by: SLICTests. Cost: 16 distances a pixel a round or more.

/// A centre: row, column, colour, the number of its pixels and SLICO's greatest distance.
private struct Centre {
  var y = 0.0
  var x = 0.0
  var colour = SIMD3<Double>.zero
  var count = 0
  var widest = 1.0
}

/// The cluster of each pixel, before connectivity is enforced.
///
/// - Parameters:
///   - f: the colours, divided by the compactness.
///   - options: the number of superpixels and of rounds, and whether they adapt.
/// - Returns: a cluster's number for each pixel in row-major order.
public func slicReference(_ f: SLICFeatures, _ options: SLIC) -> [Int32] {
  let grid = SLICGrid(height: f.height, width: f.width, superpixels: options.superpixels)
  var centres: [Centre] = []
  for r in 0..<grid.rows {
    for c in 0..<grid.columns {
      centres.append(
        Centre(
          y: Double(grid.startY + r * grid.stepY), x: Double(grid.startX + c * grid.stepX),
          count: 1))
    }
  }
  var labels = [Int32](repeating: 0, count: f.height * f.width)
  for _ in 0..<options.iterations {
    let previous = labels
    competeForPixels(f, centres, grid, options.isAdaptive, &labels)
    if labels == previous && centres[0].count > 1 { break }
    centres = means(f, labels, centres)
    if options.isAdaptive { widen(f, labels, &centres) }
  }
  return labels
}

/// Gives each pixel to the nearest of the centres whose window holds it; the first of equal ones.
private func competeForPixels(
  _ f: SLICFeatures, _ centres: [Centre], _ grid: SLICGrid, _ adaptive: Bool,
  _ labels: inout [Int32]
) {
  // The window follows the grid that so many centres would have.
  let window = SLICGrid(height: f.height, width: f.width, superpixels: grid.count)
  let weight = 1 / Double(grid.step * grid.step)
  var distance = [Double](repeating: .infinity, count: labels.count)
  for (k, c) in centres.enumerated() where c.count > 0 {
    for y in range(c.y, 2 * window.stepY, f.height) {
      let dy = (c.y - Double(y)) * (c.y - Double(y))
      for x in range(c.x, 2 * window.stepX, f.width) {
        let dx = (c.x - Double(x)) * (c.x - Double(x))
        var colour = squaredDistance(f.colour(y, x), c.colour)
        if adaptive { colour /= c.widest }
        let D = (dy + dx) * weight + colour
        if D < distance[y * f.width + x] {
          distance[y * f.width + x] = D
          labels[y * f.width + x] = Int32(k)
        }
      }
    }
  }
}

/// The pixels of a window along one axis.
private func range(_ centre: Double, _ reach: Int, _ n: Int) -> Range<Int> {
  let first = Int(max(centre - Double(reach), 0))
  return first..<max(first, Int(min(centre + Double(reach + 1), Double(n))))
}

private func means(_ f: SLICFeatures, _ labels: [Int32], _ old: [Centre]) -> [Centre] {
  var sums = [Centre](repeating: Centre(), count: old.count)
  for (i, label) in labels.enumerated() {
    let k = Int(label)
    sums[k].count += 1
    sums[k].y += Double(i / f.width)
    sums[k].x += Double(i % f.width)
    sums[k].colour += f.colour(i / f.width, i % f.width)
  }
  for k in sums.indices where sums[k].count > 0 {
    let n = Double(sums[k].count)
    sums[k].y /= n
    sums[k].x /= n
    sums[k].colour /= n
    sums[k].widest = old[k].widest
  }
  return sums
}

/// SLICO: the greatest squared colour distance in each cluster, which never becomes less.
private func widen(_ f: SLICFeatures, _ labels: [Int32], _ centres: inout [Centre]) {
  for (i, label) in labels.enumerated() {
    let k = Int(label)
    let d = squaredDistance(f.colour(i / f.width, i % f.width), centres[k].colour)
    centres[k].widest = max(centres[k].widest, d)
  }
}

extension SLICFeatures {
  /// The colour of a pixel; channels that do not exist are 0.
  fileprivate func colour(_ y: Int, _ x: Int) -> SIMD3<Double> {
    let p = (y * width + x) * channels
    return channels == 1 ? SIMD3(values[p], 0, 0) : SIMD3(values[p], values[p + 1], values[p + 2])
  }
}

private func squaredDistance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double {
  let d = a - b
  return d.x * d.x + d.y * d.y + d.z * d.z
}
