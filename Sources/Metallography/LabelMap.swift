// A picture whose pixels are numbers of classes or regions, and its connected regions.
//
// Implements: two-pass labelling with a forest of provisional labels (A. Rosenfeld, J. L. Pfaltz,
//   "Sequential operations in digital picture processing", J. ACM 13 (1966)).
// Deviations: neighbours belong together when they have the same class, background or not; regions
//   are numbered in the order of their first pixels, rows first.
// Checked by: LabelMapTests (scikit-image `label`). Cost: O(pixels), one array of 64-bit numbers.

/// Which neighbours of a pixel touch it.
public enum Connectivity: String, Sendable, CaseIterable, Equatable {
  /// Those that share an edge.
  case four
  /// Those that share an edge or a corner.
  case eight
}

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
    return LabelMap(height: height, width: width, labels: labels.map { places[$0] ?? 0 })
  }

  /// The connected regions of equal label, numbered from 0 in the order of their first pixels.
  public func regions(_ connectivity: Connectivity) -> (map: LabelMap, count: Int) {
    var forest = Forest()
    var provisional = [Int](repeating: 0, count: labels.count)
    for y in 0..<height {
      for x in 0..<width {
        let i = y * width + x
        var root: Int?
        for j in earlierNeighbours(y, x, connectivity) where labels[j] == labels[i] {
          let other = forest.root(of: provisional[j])
          root = root.map { forest.join($0, other) } ?? other
        }
        provisional[i] = root ?? forest.grow()
      }
    }
    var numbers = [Int](repeating: -1, count: forest.parents.count)
    var count = 0
    for i in provisional.indices {
      let root = forest.root(of: provisional[i])
      if numbers[root] < 0 {
        numbers[root] = count
        count += 1
      }
      provisional[i] = numbers[root]
    }
    return (LabelMap(height: height, width: width, labels: provisional), count)
  }

  /// The neighbours of a pixel that come before it.
  private func earlierNeighbours(_ y: Int, _ x: Int, _ connectivity: Connectivity) -> [Int] {
    let i = y * width + x
    var result: [Int] = []
    if x > 0 { result.append(i - 1) }
    if y > 0 { result.append(i - width) }
    guard connectivity == .eight, y > 0 else { return result }
    if x > 0 { result.append(i - width - 1) }
    if x + 1 < width { result.append(i - width + 1) }
    return result
  }
}

/// Provisional labels, of which each points to another of the same region or to itself.
private struct Forest {
  var parents: [Int] = []

  /// A new label.
  mutating func grow() -> Int {
    parents.append(parents.count)
    return parents.count - 1
  }

  mutating func root(of label: Int) -> Int {
    var root = label
    while parents[root] != root { root = parents[root] }
    var next = label
    while parents[next] != root { (parents[next], next) = (root, parents[next]) }
    return root
  }

  /// Joins two roots under the earlier one.
  mutating func join(_ a: Int, _ b: Int) -> Int {
    parents[max(a, b)] = min(a, b)
    return min(a, b)
  }
}
