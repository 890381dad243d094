// How an image is trained within the memory: what is computed twice, and into which windows it is cut.
//
// Deviations: none. Checked by: SegmentationTests, SegmentationRunTests. Cost: a few plans of a tape.

import NeuralNetworks
import Tensors

/// A part of an image that is trained at a time: its own pixels and a halo around them.
package struct SegmentationWindow: Equatable, Sendable {
  /// The first row and column of the window, and its extents; the same extents for all windows.
  package let y, x, height, width: Int
  /// The rows and columns of the image whose labels it gives.
  package let rows, columns: Range<Int>

  /// The number of pixels whose labels it gives.
  var interiorCount: Int { rows.count * columns.count }

  /// The window of an image of shape (H, W, 3), as a batch of one.
  func cut(_ image: Tensor<Float>) -> Tensor<Float> {
    let C = image.shape[2]
    var values: [Float] = []
    values.reserveCapacity(height * width * C)
    for row in y..<(y + height) {
      let first = (row * image.shape[1] + x) * C
      values += image.scalars[first..<(first + width * C)]
    }
    return Tensor(shape: [1, height, width, C], scalars: values)
  }

  /// The labels of the window's pixels, -1 in the halo.
  func targets(_ labels: [Int32], width imageWidth: Int) -> [Int32] {
    var result = [Int32](repeating: -1, count: height * width)
    for row in rows {
      for column in columns {
        result[(row - y) * width + column - x] = labels[row * imageWidth + column]
      }
    }
    return result
  }

  /// Puts the labels of its own pixels into the image's.
  func copyInterior(_ labels: [Int32], into result: inout [Int32], width imageWidth: Int) {
    for row in rows {
      for column in columns {
        result[row * imageWidth + column] = labels[(row - y) * width + column - x]
      }
    }
  }
}

/// The windows of an image and what is computed twice.
package struct SegmentationPlan: Sendable {
  package let windows: [SegmentationWindow]
  package let recomputation: Recomputation
  /// The most bytes of activations and gradients.
  package let peakBytes: Int

  var windowHeight: Int { windows[0].height }
  var windowWidth: Int { windows[0].width }

  /// The plan with the fewest windows, and then the least computed twice, within the settings' memory;
  /// without a limit, one window with the least memory.
  package init(height: Int, width: Int, settings: SegmentationSettings, net: KanezakiNet<Float>) {
    let limit = settings.maximumMemory
    let levels: [Recomputation] = limit == 0 ? [.small] : Recomputation.allCases
    let halo = settings.layers
    var parts = 1
    while true {
      let cut = Self.windows(height, width, parts: parts, halo: halo)
      let size = cut[0]
      for level in levels {
        let tape = recordedTape(
          net, height: size.height, width: size.width, settings, LabelTargets())
        let run = TapeRun(tape.tape, loss: tape.loss, outputs: [tape.loss], recomputation: level)
        let isSmallest = parts >= max(height, width) && level == levels.last
        if limit == 0 || run.peakBytes <= limit || isSmallest {
          (windows, recomputation, peakBytes) = (cut, level, run.peakBytes)
          return
        }
      }
      parts += 1
    }
  }

  /// About `parts` windows, cut along the longer side first.
  private static func windows(
    _ height: Int, _ width: Int, parts: Int, halo: Int
  ) -> [SegmentationWindow] {
    var (down, across) = (1, 1)
    while down * across < parts {
      if height * across >= width * down && down < height { down += 1 } else { across += 1 }
      if down >= height && across >= width { break }
    }
    func cuts(_ extent: Int, _ count: Int) -> (size: Int, parts: [(start: Int, own: Range<Int>)]) {
      let own = (0..<count).map { (extent * $0 / count)..<(extent * ($0 + 1) / count) }
      let size = min(extent, (own.map { $0.count }.max() ?? extent) + (count > 1 ? 2 * halo : 0))
      return (
        size, own.map { (min(max(0, $0.lowerBound - (count > 1 ? halo : 0)), extent - size), $0) }
      )
    }
    let (rows, columns) = (cuts(height, down), cuts(width, across))
    return rows.parts.flatMap { row in
      columns.parts.map { column in
        SegmentationWindow(
          y: row.start, x: column.start, height: rows.size, width: columns.size, rows: row.own,
          columns: column.own)
      }
    }
  }
}
