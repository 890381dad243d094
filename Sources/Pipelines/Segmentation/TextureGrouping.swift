// Classes from the labels that stand together: pixels whose surroundings hold like shares of labels.
//
// Implements: no formula of a paper. H. Kim, J. Inoue, T. Kasuya, Sci. Rep. 10 (2020) 17835, "Methods", groups
//   regions "that have some similarity with respect to the derived microstructural features", but
//   says nowhere how N classes come about. Shares of labels as a measure of texture: T. Leung,
//   J. Malik, Int. J. Comput. Vis. 43 (2001) 29, section 4 (histograms of textons).
// Equation -> code: h_i(x) = share of label i among the pixels within `radius` rows and columns of x, those
//   inside the picture -> LabelWindows; class = k-means over h -> grouped.
// Deviations: k-means sees a grid of at most about 16,384 pixels; the others take the nearest centre.
// Checked by: SegmentationTests, ClassReductionTests. Cost: one pass over the pixels for each label, then k-means.

import Estimators
import Tensors

/// Shares of labels in a square window around each pixel, row after row from the first.
package struct LabelWindows {
  let labels: [Int32]
  let height, width, classes, radius: Int
  /// The row whose windows come next.
  private var y = 0
  /// Pixels of each label in each column of the window's rows: `counts[x * classes + label]`.
  private var counts: [Int32]

  /// - Precondition: labels in 0 ..< `classes`, row-major; `radius` at least 0.
  package init(_ labels: [Int32], width: Int, classes: Int, radius: Int) {
    (self.labels, self.width, self.classes, self.radius) = (labels, width, classes, radius)
    height = labels.count / max(1, width)
    counts = [Int32](repeating: 0, count: width * classes)
    for row in 0..<min(radius, height) { add(row, 1) }
  }

  private mutating func add(_ row: Int, _ sign: Int32) {
    for x in 0..<width { counts[x * classes + Int(labels[row * width + x])] += sign }
  }

  /// The shares of the next row, `classes` numbers a pixel.
  package mutating func next() -> [Float] {
    if y + radius < height { add(y + radius, 1) }
    if y > radius { add(y - radius - 1, -1) }
    let rows = min(height - 1, y + radius) - max(0, y - radius) + 1
    var sums = [Int32](repeating: 0, count: classes)
    for x in 0..<min(radius, width) {
      for c in 0..<classes { sums[c] += counts[x * classes + c] }
    }
    var result = [Float](repeating: 0, count: width * classes)
    for x in 0..<width {
      let (enters, leaves) = (x + radius, x - radius - 1)
      let columns = min(width - 1, enters) - max(0, leaves + 1) + 1
      for c in 0..<classes {
        if enters < width { sums[c] += counts[enters * classes + c] }
        if leaves >= 0 { sums[c] -= counts[leaves * classes + c] }
        result[x * classes + c] = Float(sums[c]) / Float(rows * columns)
      }
    }
    y += 1
    return result
  }
}

/// Pixels grouped by the labels around them.
///
/// - Parameters:
///   - labels: row-major, in 0 ..< `classes`, every one used.
///   - width: columns of the picture.
///   - classes: the number of labels.
///   - goal: the number of groups, at least 1.
///   - radius: rows and columns to each side that count as around a pixel.
///   - seed: of k-means.
/// - Returns: numbers in 0 ..< `goal`.
/// - Throws: `EstimatorError.notEnoughDistinctPoints` when surroundings do not differ enough.
func grouped(
  _ labels: [Int32], width: Int, classes: Int, to goal: Int, radius: Int, seed: UInt64
) throws(EstimatorError) -> [Int32] {
  let height = labels.count / max(1, width)
  var step = 1
  while (height / step) * (width / step) > 16_384 { step += 1 }
  var windows = LabelWindows(labels, width: width, classes: classes, radius: radius)
  var samples: [Float] = []
  for y in 0..<height {
    let row = windows.next()
    guard y % step == step / 2 else { continue }
    for x in stride(from: step / 2, to: width, by: step) {
      samples += row[(x * classes)..<((x + 1) * classes)]
    }
  }
  let points = Tensor(shape: [samples.count / classes, classes], scalars: samples)
  let means = try KMeans(points, clusters: goal, options: KMeansOptions(starts: 8), seed: seed)
  windows = LabelWindows(labels, width: width, classes: classes, radius: radius)
  var result: [Int32] = []
  result.reserveCapacity(labels.count)
  for _ in 0..<height {
    let row = Tensor(shape: [width, classes], scalars: windows.next())
    result += try means.predict(row).map { Int32($0) }
  }
  return result
}
