// A micrograph cut into square patches on a grid about its centre.
//
// Implements: A. Kitahara, E. Holm, Integr. Mater. Manuf. Innov. 7 (2018) 148, section 2 (images of
//   2048 x 1768 pixels become 8 x 7 patches of 224 x 224).
// Deviations: the paper does not say why 8 columns are taken where 9 fit. Here a row or column is
//   left out when the rest would be a margin thinner than an eighth of a patch on each side, but
//   there is one; `--patch-grid` sets any other number.
// Checked by: PatchGridTests.

import Tensors

/// The places of the patches of an image.
package struct PatchGrid: Equatable {
  /// Rows and columns of a patch.
  package let side: Int
  /// The number of rows of patches.
  package let rows: Int
  /// The number of columns of patches.
  package let columns: Int
  /// The first pixel row.
  package let top: Int
  /// The first pixel column.
  package let left: Int

  /// The grid of an image of `height` x `width` pixels; `nil` when it does not fit.
  package init?(height: Int, width: Int, side: Int, asked: (columns: Int, rows: Int)? = nil) {
    let rows = asked?.rows ?? PatchGrid.count(height, side)
    let columns = asked?.columns ?? PatchGrid.count(width, side)
    guard rows >= 1, columns >= 1, rows * side <= height, columns * side <= width else {
      return nil
    }
    (self.side, self.rows, self.columns) = (side, rows, columns)
    top = (height - rows * side) / 2
    left = (width - columns * side) / 2
  }

  /// The number of patches along an extent.
  private static func count(_ extent: Int, _ side: Int) -> Int {
    let most = extent / side
    let rest = extent - most * side
    return most > 1 && rest > 0 && 4 * rest < side ? most - 1 : most
  }

  /// Reads columns and rows from `8x7`.
  package static func extents(_ text: String) -> (columns: Int, rows: Int)? {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let columns = Int(parts[0]), let rows = Int(parts[1]),
      (1...10_000).contains(columns), (1...10_000).contains(rows)
    else { return nil }
    return (columns, rows)
  }

  /// The patches row by row, with their row and column from 1.
  package func patches(of grey: Tensor<Float>) -> [(row: Int, column: Int, grey: Tensor<Float>)] {
    let width = grey.shape[1]
    return (0..<rows * columns).map { number in
      let (row, column) = (number / columns, number % columns)
      var values: [Float] = []
      values.reserveCapacity(side * side)
      for y in 0..<side {
        let start = (top + row * side + y) * width + left + column * side
        values += grey.scalars[start..<start + side]
      }
      return (row + 1, column + 1, Tensor(shape: [side, side], scalars: values))
    }
  }
}
