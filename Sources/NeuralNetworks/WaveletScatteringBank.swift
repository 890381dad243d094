// Scattering transforms of images of any size, with the filters of each size made once.
//
// Deviations: none. Checked by: WaveletScatteringTests.

import Synchronization
import Tensors

/// Scattering transforms with the same parameters for images of any sizes.
///
/// The filters of a size are made when the first image of it comes, and kept; those that were made
/// first are dropped when all together take more memory than `capacityBytes`.
public final class ScatteringBank: Sendable {
  /// The number of scales J.
  public let scales: Int
  /// The number of orientations L.
  public let orientations: Int
  /// The largest number of wavelets of a path.
  public let maximumOrder: Int
  /// The memory that filters may take; those of one size are kept whatever they take.
  public let capacityBytes: Int
  private let made = Mutex<[WaveletScattering]>([])

  /// Sets the parameters of the transforms.
  ///
  /// - Parameters:
  ///   - scales: J, at least 1.
  ///   - orientations: L, at least 1.
  ///   - maximumOrder: 0, 1 or 2.
  ///   - capacityBytes: memory for filters, 256 MB unless told.
  public init(
    scales: Int = 5, orientations: Int = 8, maximumOrder: Int = 2, capacityBytes: Int = 1 << 28
  ) {
    (self.scales, self.orientations) = (scales, orientations)
    (self.maximumOrder, self.capacityBytes) = (maximumOrder, capacityBytes)
  }

  /// The number of coefficients of an image, whatever its size.
  public var coefficientCount: Int { paths.count }

  /// What each coefficient measures.
  public var paths: [WaveletScattering.Path] {
    WaveletScattering.paths(
      scales: scales, orientations: orientations, maximumOrder: maximumOrder)
  }

  /// The transform for images of one size.
  ///
  /// - Throws: `ScatteringError.imageTooSmall`.
  public func transform(height: Int, width: Int) throws(ScatteringError) -> WaveletScattering {
    if let known = find(height, width) { return known }
    // Made outside the lock: two threads may make the same filters once, nobody waits.
    let new = try WaveletScattering(
      height: height, width: width, scales: scales, orientations: orientations,
      maximumOrder: maximumOrder)
    return made.withLock { list in
      if let known = list.first(where: { $0.height == height && $0.width == width }) {
        return known
      }
      list.append(new)
      var bytes = list.reduce(0) { $0 + $1.filterBytes }
      while bytes > capacityBytes && list.count > 1 { bytes -= list.removeFirst().filterBytes }
      return new
    }
  }

  /// The number of sizes whose filters are kept now.
  package var sizesKept: Int { made.withLock { $0.count } }

  private func find(_ height: Int, _ width: Int) -> WaveletScattering? {
    made.withLock { list in list.first { $0.height == height && $0.width == width } }
  }

  /// The coefficients of one image.
  ///
  /// - Parameter image: shape (height, width), any size from 2^J on, usually 0...1.
  /// - Returns: `coefficientCount` values, in the order of `paths`.
  /// - Throws: `ScatteringError`.
  public func callAsFunction(_ image: Tensor<Float>) throws(ScatteringError) -> [Float] {
    precondition(image.rank == 2, "a grey image has the shape (height, width), not \(image.shape)")
    return try transform(height: image.shape[0], width: image.shape[1])(image)
  }

  /// The coefficients of images of any sizes, in parallel, each with its own success or error.
  ///
  /// - Parameter images: each of shape (height, width).
  /// - Returns: a result for each image, in their order.
  public func transform(_ images: [Tensor<Float>]) -> [Result<[Float], ScatteringError>] {
    for image in images where image.rank == 2 {
      // Filters are made by all threads together, before the loop over the images.
      _ = try? transform(height: image.shape[0], width: image.shape[1])
    }
    return parallelMap(images.count) { i in
      Result { () throws(ScatteringError) in try self(images[i]) }
    }
  }
}
