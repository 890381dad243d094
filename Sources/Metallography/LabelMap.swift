// A picture whose pixels are numbers of classes or regions, and its connected regions.
//
// Deviations: none; regions are the components of `Imaging.connectedComponents`, no label being
//   background, numbered from 0.
// Checked by: LabelMapTests (scikit-image `label`). Cost: O(pixels), two arrays of numbers.

import Imaging
import Tensors

/// Numbers of classes or regions, one a pixel.
public struct LabelMap: Sendable, Equatable {
  /// The number of rows.
  public let height: Int
  /// The number of columns.
  public let width: Int
  /// The numbers, row-major: `labels[y * width + x]`.
  public let labels: [Int]

  /// A label map.
  ///
  /// - Precondition: there are height x width labels.
  public init(height: Int, width: Int, labels: [Int]) {
    precondition(
      height >= 0 && width >= 0 && labels.count == height * width,
      "a \(height) x \(width) label map does not hold \(labels.count) labels")
    (self.height, self.width, self.labels) = (height, width, labels)
  }

  /// The different labels, rising.
  public var classes: [Int] {
    var seen: Set<Int> = []
    var last: Int?
    for label in labels where label != last {
      seen.insert(label)
      last = label
    }
    return seen.sorted()
  }

  /// The same map, each label replaced by its place in `classes`.
  public var compacted: LabelMap {
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    // Neighbours mostly have one label, which is looked up once.
    var last = labels.first ?? 0
    var place = places[last] ?? 0
    let result = labels.map { label in
      if label != last { (last, place) = (label, places[label] ?? 0) }
      return place
    }
    return LabelMap(height: height, width: width, labels: result)
  }

  /// The connected regions of equal label, numbered from 0 in the order of their first pixels.
  public func regions(_ neighbours: PixelNeighbours) -> (map: LabelMap, count: Int) {
    let places = compacted.labels.map { Int32($0) }
    let found = connectedComponents(
      Tensor(shape: [height, width], scalars: places), neighbours: neighbours, background: nil)
    let numbers = found.components.scalars.map { Int($0) - 1 }
    return (LabelMap(height: height, width: width, labels: numbers), found.count)
  }
}
