// The regular grid of centres that superpixels grow from.
//
// Implements: scikit-image's `regular_grid` for two axes: the step is (N / k)^(1/2), rounded to
//   nearest, ties to even; an axis shorter than the step gets one centre and the other the rest.
// Deviations: none. Checked by: SLICTests. Cost: none.

/// Where the centres of superpixels begin.
struct SLICGrid: Equatable, Sendable {
  /// The first row and column that hold a centre, and the distance to the next.
  let startY: Int, startX: Int, stepY: Int, stepX: Int
  /// The number of centres down and across.
  let rows: Int, columns: Int

  /// The grid for about `superpixels` centres.
  init(height: Int, width: Int, superpixels: Int) {
    let n = Double(superpixels)
    let area = Double(height * width)
    var (y, x) = ((area / n).squareRoot(), (area / n).squareRoot())
    if area <= n {
      (y, x) = (1, 1)
    } else if Double(min(height, width)) < y {
      // The shorter axis first; of equal ones neither is shorter than the step.
      if height <= width {
        (y, x) = (Double(height), Double(width) / n)
      } else {
        (y, x) = (Double(height) / n, Double(width))
      }
    }
    startY = area <= n ? 0 : Int(y / 2)
    startX = area <= n ? 0 : Int(x / 2)
    stepY = max(1, Int(y.rounded(.toNearestOrEven)))
    stepX = max(1, Int(x.rounded(.toNearestOrEven)))
    rows = (height - startY + stepY - 1) / stepY
    columns = (width - startX + stepX - 1) / stepX
  }

  /// The number of centres.
  var count: Int { rows * columns }
  /// S: what spatial distances are divided by.
  var step: Int { max(stepY, stepX) }
}
