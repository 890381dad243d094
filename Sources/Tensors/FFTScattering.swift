// What the scattering kernels need besides an image: filters cut in tiles, windows, plans.
//
// Equation -> code: the filters are real in the Fourier domain; multiplying a spectrum of H x N by
//   one and subsampling by s sums the s^2 aliases of the result on the grid H/s x N/s (Bruna and
//   Mallat 2013, section 2.3). A tile is what a filter has on one alias.
// Deviations: values below 10^-7 of a filter's maximum at the border of a tile are dropped: half a
//   unit in the last place of the largest.
// Checked by: WaveletScatteringTests.

/// A filter given in the Fourier domain, in the form in which the kernels read it.
package struct ScatteringFilter: Sendable {
  /// Eight numbers a tile; see _Kernels128/FFTScatteringPaths.swift.
  let tiles: [Int]
  /// The values of the tiles, each row-major.
  let values: AlignedFloats
  /// The subsampled grid.
  let height: Int
  let width: Int

  /// The memory that the values take.
  package var byteCount: Int { values.count * MemoryLayout<Float>.stride }

  /// Cuts a filter into tiles.
  ///
  /// - `filter`: the values on the grid, shape (H, N), frequencies 0 ... H - 1 and 0 ... N - 1.
  /// - `subsampling`: s, which divides H and N.
  package init(_ filter: Tensor<Float>, subsampling s: Int) {
    let (H, N) = (filter.shape[0], filter.shape[1])
    precondition(H % s == 0 && N % s == 0, "subsampling \(s) does not divide \(H) x \(N)")
    (height, width) = (H / s, N / s)
    let all = filter.scalars
    let largest = all.reduce(0) { max($0, abs($1)) }
    var (tiles, values): ([Int], [Float]) = ([], [])
    for a in 0..<s {
      for b in 0..<s {
        let (top, left) = (a * height, b * width)
        guard let box = support(all, N, top * N + left, height, width, largest * 1e-7) else {
          continue
        }
        let first = box.columns.lowerBound & ~15
        let last = roundedUpTo16(box.columns.upperBound)
        tiles += [
          top, left, box.rows.lowerBound, box.rows.upperBound, first, last, values.count, 0,
        ]
        for y in box.rows {
          for x in first..<last {
            values.append(x < width ? all[(top + y) * N + left + x] : 0)
          }
        }
      }
    }
    self.tiles = tiles
    self.values = AlignedFloats(values)
  }
}

/// The smallest rectangle of a tile that holds all values above `threshold`; nil if there are none.
private func support(
  _ values: [Float], _ N: Int, _ corner: Int, _ height: Int, _ width: Int, _ threshold: Float
) -> (rows: Range<Int>, columns: Range<Int>)? {
  var (y0, y1, x0, x1) = (height, 0, width, 0)
  for y in 0..<height {
    for x in 0..<width where abs(values[corner + y * N + x]) > threshold {
      (y0, y1, x0, x1) = (min(y0, y), max(y1, y + 1), min(x0, x), max(x1, x + 1))
    }
  }
  return y1 > 0 ? (y0..<y1, x0..<x1) : nil
}

/// A weight for each pixel of an image: yR[y] xR[x] - yI[y] xI[x].
package struct ScatteringWindow: Sendable {
  /// xR, then xI.
  let x: [Float]
  /// yR, then yI.
  let y: [Double]

  /// The real part of the product of two complex sequences.
  package init(y: ComplexTensor<Double>, x: ComplexTensor<Double>) {
    self.x = (x.real.scalars + x.imaginary.scalars).map { Float($0) }
    self.y = y.real.scalars + y.imaginary.scalars
  }
}

/// One resolution of the transform: its size, its transforms, its window.
package struct ScatteringLevel: Sendable {
  /// The grid.
  package let height: Int
  package let width: Int
  let rows: FFT<Float>
  let columns: FFT<Float>
  let window: ScatteringWindow

  /// Elements from one row of a spectrum to the next: room for whole vectors, and not a power of two.
  var stride: Int { roundedUpTo16(width) + 16 }

  /// Plans the transforms of a grid of `height` x `width`.
  package init(height: Int, width: Int, window: ScatteringWindow) {
    (self.height, self.width, self.window) = (height, width, window)
    rows = FFT(count: width)
    columns = FFT(count: height)
  }
}
