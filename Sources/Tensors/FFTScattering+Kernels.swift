// Memory of the scattering transform of one image, and the calls of its kernels.
//
// Layout: see _Kernels128/FFTScattering.swift.
// Deviations: none. Checked by: WaveletScatteringTests.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// Floats that do not change, at an address divisible by 64.
@safe final class AlignedFloats: @unchecked Sendable {
  // Sendable: nothing writes to the memory after `init`.
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  /// Copies `values`.
  init(_ values: [Float]) {
    count = values.count
    // SAFETY: `count` elements are allocated, all are initialised, `deinit` releases them.
    unsafe pointer = allocateZeros(values.count)
    for i in 0..<values.count { unsafe pointer[i] = values[i] }
  }

  deinit { unsafe pointer.deallocate() }
}

/// `count` zeros at an address divisible by 64.
private func allocateZeros(_ count: Int) -> UnsafeMutablePointer<Float> {
  // SAFETY: the caller releases the memory; it is initialised here.
  let raw = UnsafeMutableRawPointer.allocate(
    byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 64)
  return unsafe raw.initializeMemory(as: Float.self, repeating: 0, count: max(1, count))
}

/// The memory in which the scattering transform of one image at a time runs.
///
/// It is used by one thread at a time: whoever holds it hands it on, never shares it.
@safe package final class ScatteringWorkspace: @unchecked Sendable {
  // Sendable: a thread takes it from a locked list, and puts it back when it is done.
  /// The kernels that run: those of this process, unless a test says otherwise.
  package var instructionSet = InstructionSet.current
  private let base: UnsafeMutablePointer<Float>
  /// Offsets: the image in lane order, half a spectrum, two full spectra, a filtered one, scratch.
  private let image, half, spectra, work, scratch, end: Int
  /// Elements of one matrix, of real or of imaginary parts.
  private let plane: Int
  /// Elements before each part, and after the last, that no kernel may touch.
  private static let margin = 64

  /// Memory for images of the size of `level`, the finest resolution.
  package init(level: ScatteringLevel) {
    let (rows, margin) = ((level.height + 31) & ~31, Self.margin)
    plane = rows * level.stride
    image = margin
    half = image + rows * level.width + margin
    spectra = half + 2 * plane + margin
    work = spectra + 4 * plane + margin
    scratch = work + 2 * plane + margin
    end = scratch + 2 * (2 * max(level.height, level.width) + 112) * 16
    unsafe base = allocateZeros(end + margin)
    // SAFETY: each part has a margin before it, and the last one after it.
    for part in [image, half, spectra, work, scratch, end + margin] {
      for k in (part - margin)..<part { unsafe base[k] = .nan }
    }
  }

  /// Whether the margins hold what `init` has put there; for tests.
  package var marginsAreIntact: Bool {
    [image, half, spectra, work, scratch, end + Self.margin].allSatisfy { part in
      // SAFETY: as in `init`.
      ((part - Self.margin)..<part).allSatisfy { unsafe base[$0].isNaN }
    }
  }

  deinit { unsafe base.deallocate() }

  /// Writes an image with its border: pixel (y, x) of the grid is source[rows[y], columns[x]].
  ///
  /// - `source`: shape (h, w), row-major.
  /// - `mean`: subtracted from each pixel.
  /// - `rows`, `columns`: an index for each row and column of the grid.
  package func setImage(_ source: Tensor<Float>, mean: Float, rows: [Int], columns: [Int]) {
    let (H, N) = (rows.count, columns.count)
    let width = source.shape[1]
    precondition(
      ((H + 31) & ~31) * N <= half && rows.allSatisfy { $0 >= 0 && $0 < source.shape[0] }
        && columns.allSatisfy { $0 >= 0 && $0 < width },
      "an image of \(source.shape) does not fill a grid of \(H) x \(N)")
    let target = unsafe base + image
    // SAFETY: all indices were checked above.
    unsafe source.scalars.withUnsafeBufferPointer { pixels in
      for y in 0..<((H + 31) & ~31) {
        let block = (y >> 4) * N * 16 + (y & 15)
        for x in 0..<N {
          unsafe target[block + 16 * x] = y < H ? pixels[rows[y] * width + columns[x]] - mean : 0
        }
      }
    }
  }

  /// Transforms the image (or the modulus kept last) on the grid of `level` into spectrum `slot`.
  ///
  /// The factor 1 / (height width) of the inverse transforms to come is applied here.
  package func transform(_ level: ScatteringLevel, into slot: Int) {
    let scale = 1 / Float(level.height * level.width)
    let spectrum = unsafe base + spectra + 2 * slot * plane
    let (r, i) = unsafe (base + half, base + half + plane)
    let space = unsafe base + scratch
    let picture = unsafe base + image
    let (rows, columns) = (level.rows, level.columns)
    let (H, N, stride) = (level.height, level.width, level.stride)
    // SAFETY: `init` has sized every part for the finest level; a coarser one needs less.
    switch instructionSet {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.scatteringRealRows(
        rows.plan, rows.twiddles, H, picture, r, i, stride, space)
      unsafe _Kernels512.scatteringRealColumns(
        columns.plan, columns.twiddles, N, scale, r, i, stride, spectrum, spectrum + plane, stride,
        space)
    case .avx2:
      unsafe _Kernels256.scatteringRealRows(
        rows.plan, rows.twiddles, H, picture, r, i, stride, space)
      unsafe _Kernels256.scatteringRealColumns(
        columns.plan, columns.twiddles, N, scale, r, i, stride, spectrum, spectrum + plane, stride,
        space)
    #endif
    default:
      unsafe _Kernels128.scatteringRealRows(
        rows.plan, rows.twiddles, H, picture, r, i, stride, space)
      unsafe _Kernels128.scatteringRealColumns(
        columns.plan, columns.twiddles, N, scale, r, i, stride, spectrum, spectrum + plane, stride,
        space)
    }
  }

  /// The weighted sum of |spectrum x filter| over the grid of `target`.
  ///
  /// - `slot`: the spectrum, on the grid of `source`.
  /// - `filter`: from the grid of `source` to that of `target`.
  /// - `keep`: leave the modulus behind as the image that `transform` reads.
  package func modulusSum(
    _ slot: Int, _ source: ScatteringLevel, _ filter: ScatteringFilter, _ target: ScatteringLevel,
    keep: Bool
  ) -> Double {
    precondition(
      filter.height == target.height && filter.width == target.width,
      "a filter for \(filter.height) x \(filter.width) on \(target.height) x \(target.width)")
    let spectrum = unsafe base + spectra + 2 * slot * plane
    let (i, r) = unsafe (base + work, base + work + plane)
    let space = unsafe base + scratch
    let picture = unsafe base + image
    let (rows, columns, window) = (target.rows, target.columns, target.window)
    let (from, to, count) = (source.stride, target.stride, filter.tiles.count / 8)
    let width = roundedUpTo16(target.width)
    let values = unsafe filter.values.pointer
    // SAFETY: `init` has sized every part for the finest level; a coarser one needs less. The
    // filter's tiles lie inside the grid of `source`, whose rows are padded by a vector.
    switch instructionSet {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.scatteringFilterColumns(
        columns.plan, columns.twiddles, width, spectrum, spectrum + plane, from, values,
        filter.tiles, count, i, r, to, space)
      return unsafe _Kernels512.scatteringModulusRows(
        rows.plan, rows.twiddles, target.height, i, r, to, window.x, window.y, keep, picture, space)
    case .avx2:
      unsafe _Kernels256.scatteringFilterColumns(
        columns.plan, columns.twiddles, width, spectrum, spectrum + plane, from, values,
        filter.tiles, count, i, r, to, space)
      return unsafe _Kernels256.scatteringModulusRows(
        rows.plan, rows.twiddles, target.height, i, r, to, window.x, window.y, keep, picture, space)
    #endif
    default:
      unsafe _Kernels128.scatteringFilterColumns(
        columns.plan, columns.twiddles, width, spectrum, spectrum + plane, from, values,
        filter.tiles, count, i, r, to, space)
      return unsafe _Kernels128.scatteringModulusRows(
        rows.plan, rows.twiddles, target.height, i, r, to, window.x, window.y, keep, picture, space)
    }
  }
}
