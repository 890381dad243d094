// Connected superpixels, plain: each part is found by a search from its first pixel.
//
// Implements: Achanta et al. 2012, section 3.1, last paragraph, in the order of scikit-image: parts
//   in the order of their first pixel; a search in breadth (right, left, down, up) that stops at
//   the largest size; a small part joins the part that its search met last.
// Deviations: labels begin at 0. Checked by: SLICTests. Cost: linear.

/// The connected parts of clusters, small ones joined to a neighbour.
///
/// - Parameters:
///   - clusters: a number for each pixel in row-major order.
///   - height: the number of rows.
///   - width: the number of columns.
///   - limits: parts below `smallest` pixels join a neighbour, none has more than `largest`.
/// - Returns: a number 0 ..< count for each pixel, and the count.
public func connectReference(
  _ clusters: [Int32], height: Int, width: Int, limits: (smallest: Int, largest: Int)
) -> (labels: [Int32], count: Int) {
  var labels = [Int32](repeating: -1, count: clusters.count)
  var next: Int32 = 0
  for start in clusters.indices where labels[start] < 0 {
    var part = [start]
    var neighbour: Int32 = 0
    labels[start] = next
    var visited = 0
    search: while visited < part.count && part.count < limits.largest {
      for q in neighbours(of: part[visited], height, width) {
        if clusters[q] == clusters[start] && labels[q] < 0 {
          labels[q] = next
          part.append(q)
          if part.count >= limits.largest { break }
        } else if labels[q] >= 0 && labels[q] != next {
          neighbour = labels[q]
        }
      }
      visited += 1
    }
    if part.count < limits.smallest {
      for p in part { labels[p] = neighbour }
    } else {
      next += 1
    }
  }
  return (labels, Int((labels.max() ?? -1) + 1))
}

/// The four neighbours that exist: right, left, down, up.
private func neighbours(of p: Int, _ height: Int, _ width: Int) -> [Int] {
  let (y, x) = (p / width, p % width)
  var result: [Int] = []
  if x + 1 < width { result.append(p + 1) }
  if x > 0 { result.append(p - 1) }
  if y + 1 < height { result.append(p + width) }
  if y > 0 { result.append(p - width) }
  return result
}
