// The connected parts of a label image: the kernels of SLICParts.swift in their order.
//
// Bands of rows are linked on their own, then across their edges in order; a part is known by its
// first pixel whatever the number of threads.
// Deviations: none. Checked by: SLICTests, ConnectedComponentsTests. Cost: about 5 ns a pixel.

import _Kernels128

/// Rows of one piece of the parallel loops.
private let bandRows = 64

/// The runs of equal labels in the rows of an image, linked to connected parts.
package struct LabelParts: Sendable {
  private let height: Int
  private let width: Int
  private var starts: [Int32]
  private var counts: [Int32]
  private var parents: [Int32]
  private var sizes: [Int32]

  /// Finds the parts.
  ///
  /// - Parameters:
  ///   - labels: height x width labels in row-major order.
  ///   - H: the number of rows, at least 1.
  ///   - W: the number of columns, at least 1.
  ///   - corners: whether pixels that share a corner are neighbours too.
  package init(_ labels: [Int32], height H: Int, width W: Int, corners: Bool = false) {
    precondition(
      H >= 1 && W >= 1 && labels.count == H * W && H * W < 1 << 31,
      "\(labels.count) labels are not (\(H), \(W))")
    (height, width) = (H, W)
    // A place beyond the last: a run is written before it is known to begin.
    starts = [Int32](repeating: 0, count: H * W + 1)
    counts = [Int32](repeating: 0, count: H)
    parents = [Int32](repeating: 0, count: H * W)
    sizes = [Int32](repeating: 0, count: H * W)
    let reach = corners ? 1 : 0
    // SAFETY: the buffers have the sizes that the kernels state; each band has its own rows.
    unsafe starts.withUnsafeMutableBufferPointer { starts in
      unsafe counts.withUnsafeMutableBufferPointer { counts in
        unsafe parents.withUnsafeMutableBufferPointer { parents in
          guard let s = starts.baseAddress, let c = counts.baseAddress,
            let p = parents.baseAddress
          else { return }
          unsafe linkBands(
            labels, H, W, reach, SharedPointer(s), SharedPointer(c), SharedPointer(p))
        }
      }
    }
    unsafe _Kernels128.measureParts(H, W, starts, counts, &parents, &sizes)
  }

  /// Numbers the parts from 0 in the order of their first pixels.
  ///
  /// - Parameters:
  ///   - labels: as at the start.
  ///   - smallest: parts with fewer pixels take the number of a neighbour.
  ///   - largest: parts have no more pixels than this; larger ones are cut.
  /// - Returns: a number for each pixel, and how many there are.
  package mutating func numbered(
    _ labels: [Int32], smallest: Int = 0, largest: Int = Int.max
  ) -> (labels: [Int32], count: Int) {
    let (H, W) = (height, width)
    precondition(labels.count == H * W, "\(labels.count) labels are not (\(H), \(W))")
    var out = [Int32](repeating: -1, count: H * W)
    var queue = [Int32](repeating: 0, count: H * W)
    // SAFETY: the arrays have the sizes that the kernel states and do not overlap.
    let count = unsafe _Kernels128.numberParts(
      labels, H, W, smallest, largest, starts, counts, parents, &sizes, &out, &queue)
    let (starts, counts, parents, sizes) = (starts, counts, parents, sizes)
    parallelForEachChunk(of: &out, size: bandRows * W) { band, span in
      let first = band * bandRows
      // SAFETY: the kernel writes the band's own rows; its pointer counts from the first row.
      unsafe span.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe _Kernels128.fillParts(
          W, first, first + buffer.count / W, starts, counts, parents, sizes, base - first * W)
      }
    }
    return (out, count)
  }
}

/// Lists and links the runs of bands of rows, then those on both sides of the bands' edges.
private func linkBands(
  _ labels: [Int32], _ H: Int, _ W: Int, _ reach: Int, _ starts: SharedPointer<Int32>,
  _ counts: SharedPointer<Int32>, _ parents: SharedPointer<Int32>
) {
  parallelFor((H + bandRows - 1) / bandRows) { band in
    let (first, end) = (band * bandRows, min(H, (band + 1) * bandRows))
    // SAFETY: a band writes the places of its own rows alone.
    unsafe _Kernels128.findRuns(
      labels, W, first, end, starts.pointer, counts.pointer, parents.pointer)
    for y in first + 1..<max(first + 1, end) {
      unsafe _Kernels128.linkRuns(
        labels, W, y, reach, starts.pointer, counts.pointer, parents.pointer)
    }
  }
  for y in stride(from: bandRows, to: H, by: bandRows) {
    unsafe _Kernels128.linkRuns(
      labels, W, y, reach, starts.pointer, counts.pointer, parents.pointer)
  }
}
