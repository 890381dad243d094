// Size and shape of each region of a label map.
//
// Implements: M. W. Crofton's formula with 4 directions, as G. Lehmann, D. Legland, "Efficient
//   N-dimensional surface estimation using Crofton formula and run-length encoding", Insight J. (2012)
//   (perimeter); moments of area of the second order (axes).
// Equation -> code: perimeter P = pi/4 (n_0 + n_90 + (n_45 + n_135) / sqrt 2), n the number of times
//   that the lines of a direction enter the region; equivalent diameter sqrt(4 A / pi); axes 4 sqrt(l),
//   l the eigenvalues of the covariance of the pixels' places, each pixel a square of variance 1/12.
// Symbols: A -> area; l -> eigenvalue.
// Deviations: beyond the picture lies nothing, so that its edge is a boundary; `touchesEdge` tells.
// Checked by: RegionStatisticsTests (scikit-image `regionprops`, `perimeter_crofton`). Cost: O(pixels).

import Imaging
import Tensors

/// Size and shape of a region, in pixels.
public struct RegionStatistics: Sendable, Equatable {
  /// The region's number.
  public let region: Int
  /// The class of its pixels.
  public let label: Int
  /// The number of pixels.
  public let area: Int
  /// The mean row of its pixels.
  public let centreY: Double
  /// The mean column of its pixels.
  public let centreX: Double
  /// The length of the boundary.
  public let perimeter: Double
  /// The long axis of the ellipse with the same moments.
  public let majorAxis: Double
  /// The short axis of that ellipse.
  public let minorAxis: Double
  /// The angle of the long axis to the rows, in radians from -pi/2 to pi/2, downwards positive.
  public let orientation: Double
  /// Whether a pixel lies at the edge of the picture.
  public let touchesEdge: Bool

  /// The diameter of the circle of the same area.
  public var equivalentDiameter: Double { (4 * Double(area) / .pi).squareRoot() }

  /// The long axis divided by the short one, at least 1.
  public var aspectRatio: Double { majorAxis / minorAxis }

  /// 4 pi area / perimeter^2: 1 for a circle, less for other shapes.
  public var circularity: Double { 4 * .pi * Double(area) / (perimeter * perimeter) }
}

/// Counts and sums over the pixels of a region.
private struct RegionSums {
  var label = 0
  var area = 0
  var (y, x) = (0.0, 0.0)
  var (yy, xx, xy) = (0.0, 0.0, 0.0)
  /// Times that lines along rows, columns and the diagonals enter.
  var (straight, diagonal) = (0, 0)
  var touchesEdge = false
}

extension LabelMap {
  /// Size and shape of each connected region, in the order of the regions' first pixels.
  public func regionStatistics(_ neighbours: PixelNeighbours = .sides) -> [RegionStatistics] {
    let (map, count) = regions(neighbours)
    var sums = [RegionSums](repeating: RegionSums(), count: count)
    for y in 0..<height {
      for x in 0..<width {
        let (i, r) = (y * width + x, map.labels[y * width + x])
        // The neighbours from which a line comes: left, above, above left, above right.
        let left = x > 0 && map.labels[i - 1] == r
        let above = y > 0 && map.labels[i - width] == r
        let aboveLeft = x > 0 && y > 0 && map.labels[i - width - 1] == r
        let aboveRight = x + 1 < width && y > 0 && map.labels[i - width + 1] == r
        sums[r].label = labels[i]
        sums[r].area += 1
        sums[r].straight += (left ? 0 : 1) + (above ? 0 : 1)
        sums[r].diagonal += (aboveLeft ? 0 : 1) + (aboveRight ? 0 : 1)
        sums[r].touchesEdge =
          sums[r].touchesEdge || x == 0 || y == 0 || x == width - 1 || y == height - 1
        sums[r].y += Double(y)
        sums[r].x += Double(x)
      }
    }
    // The second pass takes distances from the centres.
    for i in map.labels.indices {
      let (r, y, x) = (map.labels[i], i / width, i % width)
      let dy = Double(y) - sums[r].y / Double(sums[r].area)
      let dx = Double(x) - sums[r].x / Double(sums[r].area)
      sums[r].yy += dy * dy
      sums[r].xx += dx * dx
      sums[r].xy += dx * dy
    }
    return sums.enumerated().map { statistics($1, region: $0) }
  }

  private func statistics(_ sums: RegionSums, region: Int) -> RegionStatistics {
    let area = Double(sums.area)
    let (yy, xx) = (sums.yy / area + 1 / 12, sums.xx / area + 1 / 12)
    let xy = sums.xy / area
    let middle = (yy + xx) / 2
    let radius = hypotenuse((xx - yy) / 2, xy)
    return RegionStatistics(
      region: region, label: sums.label, area: sums.area, centreY: sums.y / area,
      centreX: sums.x / area,
      perimeter: .pi / 4 * (Double(sums.straight) + Double(sums.diagonal) / 2.0.squareRoot()),
      majorAxis: 4 * (middle + radius).squareRoot(),
      minorAxis: 4 * max(0, middle - radius).squareRoot(),
      orientation: arcTangent2(2 * xy, xx - yy) / 2, touchesEdge: sums.touchesEdge)
  }
}
