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

/// Whole levels 0 ... 65535 of a picture, with the least and the greatest of them.
package struct QuantisedLevels: Sendable {
  package var values: [Int32]
  package var least: Int32
  package var greatest: Int32

  package init(values: [Int32], least: Int32, greatest: Int32) {
    self.values = values
    self.least = least
    self.greatest = greatest
  }

  /// Grey values rounded to nearest, ties to even; negative values become 0.
  ///
  /// - Parameter image: at least one value, each in -1 ... 1.
  package init(_ image: [Float]) {
    var ends: [Int32] = [0, 0]
    // SAFETY: both buffers hold `image.count` elements, `ends` two; no pointer outlives the call.
    values = unsafe [Int32](unsafeUninitializedCapacity: image.count) { buffer, initialised in
      initialised = image.count
      unsafe image.withUnsafeBufferPointer { image in
        unsafe ends.withUnsafeMutableBufferPointer { ends in
          guard let a = image.baseAddress, let out = buffer.baseAddress, let e = ends.baseAddress
          else { return }
          switch InstructionSet.current {
          #if !NITAL_PORTABLE
          case .avx512: unsafe _Kernels512.quantiseToLevels(a, image.count, out, e)
          case .avx2: unsafe _Kernels256.quantiseToLevels(a, image.count, out, e)
          #endif
          default: unsafe _Kernels128.quantiseToLevels(a, image.count, out, e)
          }
        }
      }
    }
    least = ends[0]
    greatest = ends[1]
  }
}

extension TileEqualisation {
  /// The equalised whole levels 0 ... 16383.
  ///
  /// - Parameter levels: height x width of them, not all the same.
  /// - Complexity: a picture takes about 3 ns a pixel and room for its bins.
  package func levels(of levels: QuantisedLevels) -> [Float] {
    precondition(
      levels.values.count == height * width && levels.greatest > levels.least,
      "\(levels.values.count) levels are not a (\(height), \(width)) picture with contrast")
    let tiles = tileRows * tileColumns
    let tilePixels = tileHeight * tileWidth
    var bins = [UInt16](repeating: 0, count: tiles * tilePixels)
    var counts = [Int32](repeating: 0, count: 2 * binCount)
    var numbers = [Double](repeating: 0, count: (tiles + 4) * binCount + 4 * tilePixels)
    // SAFETY: each buffer has the size that `equaliseTiles` states; no pointer outlives the call.
    return unsafe [Float](unsafeUninitializedCapacity: height * width) { buffer, initialised in
      initialised = height * width
      unsafe levels.values.withUnsafeBufferPointer { values in
        unsafe bins.withUnsafeMutableBufferPointer { bins in
          unsafe counts.withUnsafeMutableBufferPointer { counts in
            unsafe numbers.withUnsafeMutableBufferPointer { numbers in
              guard let v = values.baseAddress, let b = bins.baseAddress,
                let c = counts.baseAddress, let n = numbers.baseAddress,
                let out = buffer.baseAddress
              else { return }
              unsafe run(v, out, levels, b, c, n)
            }
          }
        }
      }
    }
  }

  /// Chooses the kernel. `numbers` holds the mappings, then a table, then the weights.
  private func run(
    _ v: UnsafePointer<Int32>, _ out: UnsafeMutablePointer<Float>, _ levels: QuantisedLevels,
    _ bins: UnsafeMutablePointer<UInt16>, _ counts: UnsafeMutablePointer<Int32>,
    _ numbers: UnsafeMutablePointer<Double>
  ) {
    let (H, W, kh, kw) = (height, width, tileHeight, tileWidth)
    let (least, range) = (levels.least, levels.greatest - levels.least)
    let reciprocal = ((1 << 32) + UInt64(binSize) - 1) / UInt64(binSize)
    let limit = Int32(clamping: clipCount)
    // SAFETY: the offsets stay inside `numbers`, whose size `levels(of:)` gives.
    let table = unsafe numbers + tileRows * tileColumns * binCount
    let weights = unsafe table + 4 * binCount
    switch InstructionSet.current {
    #if !NITAL_PORTABLE
    case .avx512:
      unsafe _Kernels512.equaliseTiles(
        v, out, H, W, kh, kw, least, range, reciprocal, binCount, limit, bins, counts, numbers,
        table, weights)
    case .avx2:
      unsafe _Kernels256.equaliseTiles(
        v, out, H, W, kh, kw, least, range, reciprocal, binCount, limit, bins, counts, numbers,
        table, weights)
    #endif
    default:
      unsafe _Kernels128.equaliseTiles(
        v, out, H, W, kh, kw, least, range, reciprocal, binCount, limit, bins, counts, numbers,
        table, weights)
    }
  }
}

/// Stretches values to 0 ... 1 in place: (value - least) / (greatest - least) in single precision.
///
/// Values that are all the same are limited to 0 ... 1.
package func stretchToUnit(_ values: inout [Float]) {
  guard !values.isEmpty else { return }
  var ends: [Float] = [0, 0]
  // SAFETY: `values` holds `count` elements and `ends` two; no pointer outlives the call.
  unsafe values.withUnsafeMutableBufferPointer { values in
    unsafe ends.withUnsafeMutableBufferPointer { ends in
      guard let v = values.baseAddress, let e = ends.baseAddress else { return }
      switch InstructionSet.current {
      #if !NITAL_PORTABLE
      case .avx512: unsafe _Kernels512.stretchToUnit(v, values.count, e)
      case .avx2: unsafe _Kernels256.stretchToUnit(v, values.count, e)
      #endif
      default: unsafe _Kernels128.stretchToUnit(v, values.count, e)
      }
    }
  }
}
