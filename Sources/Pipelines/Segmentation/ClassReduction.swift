// A given number of classes from what a training gives.
//
// Implements: H. Kim et al., Sci. Rep. 10 (2020) 17835, figure 9 (3, 10 and 20 classes of one image); how they
//   were reached is not stated. The rule here: training stops at the first iteration with at most N
//   labels; if it has fewer, the labels of the iteration before are taken. While more than N are
//   left, the smallest class joins the class with which it shares the longest boundary
//   (`.boundary`), or pixels are grouped by the labels around them (`.texture`, TextureGrouping).
// Deviations: of equally small classes, or equally long boundaries, the lower label is taken.
// Checked by: SegmentationTests, ClassReductionTests.
// Cost: one pass over the pixels, then the square of the labels.

/// How labels become a given number of classes.
public enum ClassGrouping: String, Sendable, Codable, CaseIterable {
  /// The smallest joins the one with which it shares the longest boundary.
  case boundary
  /// Pixels with like shares of labels around them are one class.
  case texture
}

/// The labels of a training brought to a number of classes.
public struct ClassJoining: Sendable {
  /// The rule.
  public var grouping = ClassGrouping.boundary
  /// Rows and columns of the window that counts as around a pixel; odd.
  public var window = 17
  /// The seed of k-means.
  public var seed: UInt64 = 0

  /// By boundaries.
  public init() {}

  /// Labels joined until at most `goal` are left.
  ///
  /// - Parameters:
  ///   - labels: row-major, none negative.
  ///   - width: columns of the image.
  ///   - goal: at least 1.
  /// - Returns: at most `goal` different labels, numbered by falling area.
  public func callAsFunction(_ labels: [Int32], width: Int, to goal: Int) -> [Int32] {
    let (ordered, areas) = orderedByArea(labels)
    guard areas.count > goal else { return ordered }
    let byBoundary = {
      reduced(ordered, width: width, classes: areas.count, to: goal)
    }
    guard grouping == .texture else { return orderedByArea(byBoundary()).labels }
    // Surroundings that do not differ, as in a window over the whole image, leave the boundaries.
    let found =
      (try? grouped(
        ordered, width: width, classes: areas.count, to: goal, radius: window / 2, seed: seed))
      ?? byBoundary()
    return orderedByArea(found).labels
  }
}

/// Labels joined until at most `goal` are left.
///
/// - Parameters:
///   - labels: row-major, in 0 ..< `classes`.
///   - width: columns of the image.
///   - classes: above every label.
///   - goal: at least 1.
/// - Returns: labels of the same numbers, `goal` different ones at most.
package func reduced(_ labels: [Int32], width: Int, classes: Int, to goal: Int) -> [Int32] {
  var area = [Int](repeating: 0, count: classes)
  var border = [Int](repeating: 0, count: classes * classes)
  for i in labels.indices {
    let a = Int(labels[i])
    area[a] += 1
    for j in [i % width + 1 < width ? i + 1 : i, i + width] where j < labels.count {
      let b = Int(labels[j])
      if a != b {
        border[a * classes + b] += 1
        border[b * classes + a] += 1
      }
    }
  }
  var name = Array(0..<classes)
  while area.count(where: { $0 > 0 }) > max(1, goal) {
    let used = area.indices.filter { area[$0] > 0 }
    guard let small = used.min(by: { (area[$0], $0) < (area[$1], $1) }),
      let other = used.filter({ $0 != small }).max(by: {
        (border[small * classes + $0], -$0) < (border[small * classes + $1], -$1)
      })
    else { break }
    area[other] += area[small]
    area[small] = 0
    for c in 0..<classes where c != other && c != small {
      border[other * classes + c] += border[small * classes + c]
      border[c * classes + other] += border[c * classes + small]
    }
    for c in name.indices where name[c] == small { name[c] = other }
  }
  return labels.map { Int32(name[Int($0)]) }
}

/// Labels numbered by falling area from 0; the lower label first where areas are equal.
package func orderedByArea(_ labels: [Int32]) -> (labels: [Int32], areas: [Int]) {
  let classes = Int(labels.max() ?? 0) + 1
  var area = [Int](repeating: 0, count: classes)
  for label in labels { area[Int(label)] += 1 }
  let order = area.indices.filter { area[$0] > 0 }.sorted { (-area[$0], $0) < (-area[$1], $1) }
  var number = [Int32](repeating: 0, count: classes)
  for (place, label) in order.enumerated() { number[label] = Int32(place) }
  return (labels.map { number[Int($0)] }, order.map { area[$0] })
}
