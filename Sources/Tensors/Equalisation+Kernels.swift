// Contrast limited adaptive equalisation on whole grey levels: the kernels in their order.
//
// Checked by: CLAHETests (in ImagingTests). Cost: see Equalisation.swift of the kernels.

import _Kernels128

#if !NITAL_PORTABLE
import _Kernels256
import _Kernels512
#endif

/// The size of a picture and of its tiles, and the settings of an adaptive equalisation.
package struct TileEqualisation: Sendable {
  /// The picture's rows and columns.
  package var height: Int, width: Int
  /// A tile's rows and columns.
  package var tileHeight: Int, tileWidth: Int
  /// The number of bins of a histogram, and how many of 16384 levels fall into one.
  package var binCount: Int, binSize: Int
  /// What a bin holds at most.
  package var clipCount: Int

  /// All settings.
  ///
  /// - Precondition: every extent is at least 1.
  package init(
    height: Int, width: Int, tileHeight: Int, tileWidth: Int, binCount: Int, binSize: Int,
    clipCount: Int
  ) {
    precondition(
      height >= 1 && width >= 1 && tileHeight >= 1 && tileWidth >= 1 && binCount >= 1
        && binSize >= 1 && binSize < 1 << 15,
      "cannot equalise (\(height), \(width)) in tiles of (\(tileHeight), \(tileWidth))")
    self.height = height
    self.width = width
    self.tileHeight = tileHeight
    self.tileWidth = tileWidth
    self.binCount = binCount
    self.binSize = binSize
    self.clipCount = clipCount
  }

  /// The number of tiles down and across; the last ones may reach beyond the picture.
  package var tileRows: Int { (height + tileHeight - 1) / tileHeight }
  package var tileColumns: Int { (width + tileWidth - 1) / tileWidth }
}

extension TileEqualisation {
  /// The equalised whole levels 0...16383.
  ///
  /// - Parameters:
  ///   - image: height x width grey values; times `scale` each lies in -2^16...2^16.
  ///   - scale: makes whole levels of the values once they are rounded, ties to even; negative
  ///     levels become 0. A constant picture is limited to 16383, any other stretched to it.
  /// - Returns: as many levels as values.
  /// - Complexity: about 2 ns a pixel, and room for the bins.
  package func levels(of image: [Float], scale: Float) -> [Float] {
    precondition(
      image.count == height * width, "\(image.count) values are not (\(height), \(width))")
    var (least, greatest) = levelRange(of: image, scale)
    var (image, scale) = (image, scale)
    if least == greatest {
      image = Array(repeating: Float(min(least, 16383)), count: image.count)
      (least, greatest, scale) = (0, 16383, 1)
    }
    return equalise(image, scale, least, greatest)
  }

  private func levelRange(of image: [Float], _ scale: Float) -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    let n = image.count
    // SAFETY: the kernel reads n values and writes two; no pointer outlives the call.
    unsafe image.withUnsafeBufferPointer { image in
      unsafe ends.withUnsafeMutableBufferPointer { ends in
        guard let a = image.baseAddress, let e = ends.baseAddress else { return }
        switch InstructionSet.current {
        #if !NITAL_PORTABLE
        case .avx512: unsafe _Kernels512.levelRange(a, n, scale, e)
        case .avx2: unsafe _Kernels256.levelRange(a, n, scale, e)
        #endif
        default: unsafe _Kernels128.levelRange(a, n, scale, e)
        }
      }
    }
    return (ends[0], ends[1])
  }

  private func equalise(
    _ image: [Float], _ scale: Float, _ least: Int32, _ greatest: Int32
  ) -> [Float] {
    let tiles = tileRows * tileColumns
    let tilePixels = tileHeight * tileWidth
    var bins = [UInt16](repeating: 0, count: tiles * tilePixels)
    var counts = [Int32](repeating: 0, count: 2 * binCount)
    var maps = [UInt16](repeating: 0, count: tiles * binCount)
    var numbers = [Double](repeating: 0, count: 4 * binCount + 4 * tilePixels)
    // SAFETY: each buffer has the size that `equaliseTiles` states; no pointer outlives the call.
    return unsafe [Float](unsafeUninitializedCapacity: height * width) { buffer, initialised in
      initialised = height * width
      unsafe image.withUnsafeBufferPointer { image in
        unsafe bins.withUnsafeMutableBufferPointer { bins in
          unsafe counts.withUnsafeMutableBufferPointer { counts in
            unsafe maps.withUnsafeMutableBufferPointer { maps in
              unsafe numbers.withUnsafeMutableBufferPointer { numbers in
                guard let a = image.baseAddress, let b = bins.baseAddress,
                  let c = counts.baseAddress, let m = maps.baseAddress,
                  let n = numbers.baseAddress, let out = buffer.baseAddress
                else { return }
                unsafe run(a, scale, out, least, greatest - least, b, c, m, n)
              }
            }
          }
        }
      }
    }
  }

  /// Chooses the kernel; `table` is followed by the weights.
  private func run(
    _ a: UnsafePointer<Float>, _ scale: Float, _ out: UnsafeMutablePointer<Float>,
    _ least: Int32, _ range: Int32,
    _ bins: UnsafeMutablePointer<UInt16>, _ counts: UnsafeMutablePointer<Int32>,
    _ maps: UnsafeMutablePointer<UInt16>, _ table: UnsafeMutablePointer<Double>
  ) {
    let (H, W, kh, kw) = (height, width, tileHeight, tileWidth)
    let reciprocal = ((1 << 32) + UInt64(binSize) - 1) / UInt64(binSize)
    let limit = Int32(clamping: clipCount)
    // SAFETY: the weights lie behind the table, in a buffer whose size `levels(of:)` gives.
    let weights = unsafe table + 4 * binCount
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.equaliseTiles(
        a, scale, out, H, W, kh, kw, least, range, reciprocal, binCount, limit, bins, counts, maps,
        table, weights)
    case .avx2:
      unsafe _Kernels256.equaliseTiles(
        a, scale, out, H, W, kh, kw, least, range, reciprocal, binCount, limit, bins, counts, maps,
        table, weights)
    #endif
    default:
      unsafe _Kernels128.equaliseTiles(
        a, scale, out, H, W, kh, kw, least, range, reciprocal, binCount, limit, bins, counts, maps,
        table, weights)
    }
  }
}

/// Stretches values to 0...1 in place: (value - least) / (greatest - least) in single precision.
///
/// Values that are all the same are limited to 0...1.
package func stretchToUnit(_ values: inout [Float]) {
  let range = ValueRange(of: values)
  let n = values.count
  // SAFETY: the kernel changes n values; no pointer outlives the call.
  unsafe values.withUnsafeMutableBufferPointer { values in
    guard let v = values.baseAddress else { return }
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512: unsafe _Kernels512.stretchToUnit(v, n, range.least, range.greatest)
    case .avx2: unsafe _Kernels256.stretchToUnit(v, n, range.least, range.greatest)
    #endif
    default: unsafe _Kernels128.stretchToUnit(v, n, range.least, range.greatest)
    }
  }
}
