// The outlines of connected regions along the sides of pixels, as SVG paths and GeoJSON polygons.
//
// Implements: square tracing of 4-connected regions with the region on the right hand; RFC 7946 (GeoJSON),
//   sections 3.1.6 and 3.1.7, coordinates in pixels from the upper left corner, y downwards.
// Equation -> code: from the edge on side d of pixel p, side d + 1 of p follows where the pixel ahead
//   belongs to another region, else side d of the pixel ahead, else side d - 1 of the pixel beside
//   that -> trace.
// Symbols: d -> 0 upper side, going right; 1 right side, down; 2 lower, left; 3 left, up.
// Deviations: rings are exact and not smoothed; they have vertices where they turn alone.
// Checked by: SegmentationTests (areas, orientation, holes), SegmentationRunTests. Cost: four edges a pixel.

import Imaging
import Metallography

/// The rings of every region of a label map.
package struct RegionOutlines {
  package typealias Ring = [(x: Int, y: Int)]

  /// Of each region, in the order of the first pixels: its class, its outer ring and its holes.
  package private(set) var regions: [(label: Int, rings: [Ring])] = []
  private let height, width: Int
  private let region: [Int]

  package init(_ map: LabelMap) {
    (height, width) = (map.height, map.width)
    let found = map.regions(.sides)
    region = found.map.labels
    regions = Array(repeating: (0, []), count: found.count)
    var isDone = [UInt8](repeating: 0, count: map.labels.count)
    for p in map.labels.indices {
      // Upper and lower sides suffice: every ring has both.
      for side in [0, 2] where isDone[p] & (1 << UInt8(side)) == 0 && isEdge(p, side) {
        regions[region[p]].label = map.labels[p]
        regions[region[p]].rings.append(trace(p, side, &isDone))
      }
    }
  }

  /// The pixel next to `p` in direction `d` (0 right, 1 down, 2 left, 3 up); -1 outside.
  private func neighbour(_ p: Int, _ d: Int) -> Int {
    switch d & 3 {
    case 0: p % width + 1 < width ? p + 1 : -1
    case 1: p + width < height * width ? p + width : -1
    case 2: p % width > 0 ? p - 1 : -1
    default: p - width >= 0 ? p - width : -1
    }
  }

  /// Whether side `d` of a pixel (0 upper, 1 right, 2 lower, 3 left) is on an outline.
  private func isEdge(_ p: Int, _ d: Int) -> Bool {
    let q = neighbour(p, d + 3)
    return q < 0 || region[q] != region[p]
  }

  private func trace(_ start: Int, _ startSide: Int, _ isDone: inout [UInt8]) -> Ring {
    var ring: Ring = []
    var (p, d) = (start, startSide)
    repeat {
      isDone[p] |= 1 << UInt8(d)
      let next: (Int, Int)
      if isEdge(p, (d + 1) & 3) {
        next = (p, (d + 1) & 3)
      } else {
        let ahead = neighbour(p, d)
        next =
          isEdge(ahead, d) ? (ahead, d) : (neighbour(ahead, d + 3), (d + 3) & 3)
      }
      if next.1 != d { ring.append(end(p, d)) }
      (p, d) = next
    } while p != start || d != startSide
    return ring
  }

  /// The corner at which a side ends.
  private func end(_ p: Int, _ d: Int) -> (x: Int, y: Int) {
    let (y, x) = p.quotientAndRemainder(dividingBy: width)
    return (x + (d == 0 || d == 1 ? 1 : 0), y + (d == 1 || d == 2 ? 1 : 0))
  }

  /// A picture of all classes, each one path.
  package func svg(colours: [String]) -> String {
    var text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" "
      + "width=\"\(width)\" height=\"\(height)\">\n"
    for label in colours.indices {
      var path = ""
      for region in regions where region.label == label {
        for ring in region.rings {
          path += "M" + ring.map { "\($0.x) \($0.y)" }.joined(separator: "L") + "Z"
        }
      }
      text +=
        "<path id=\"class\(label + 1)\" fill=\"\(colours[label])\" fill-opacity=\"0.35\" "
        + "fill-rule=\"evenodd\" stroke=\"\(colours[label])\" stroke-width=\"1\" d=\"\(path)\"/>\n"
    }
    return text + "</svg>\n"
  }

  /// A collection with one feature, a multi-polygon, a class.
  package func geoJSON(classes: Int, pixelSizeMicrometres: Double?) -> String {
    let unit = pixelSizeMicrometres.map { ",\"pixel_size_um\":\($0)" } ?? ""
    let features = (0..<classes).map { label in
      let polygons = regions.filter { $0.label == label }.map { region in
        "[" + region.rings.map(coordinates).joined(separator: ",") + "]"
      }
      return
        "{\"type\":\"Feature\",\"properties\":{\"class\":\(label + 1),\"unit\":\"pixel\"\(unit)},"
        + "\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":["
        + polygons.joined(separator: ",") + "]}}"
    }
    return "{\"type\":\"FeatureCollection\",\"features\":[\n"
      + features.joined(separator: ",\n") + "\n]}\n"
  }

  private func coordinates(_ ring: Ring) -> String {
    let closed = ring + ring.prefix(1)
    return "[" + closed.map { "[\($0.x),\($0.y)]" }.joined(separator: ",") + "]"
  }
}
