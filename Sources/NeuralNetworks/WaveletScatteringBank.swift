// Scattering transforms of images of any size, with the filters of each size made once.
//
// Deviations: none. Checked by: WaveletScatteringTests.

import Synchronization
import Tensors

/// Scattering transforms with the same parameters for images of any sizes.
///
/// The filters of a size are made when the first image of it comes, and kept: at most
/// `capacity` sizes, of which the one that was made first is dropped first.
public final class ScatteringBank: Sendable {
  /// The number of scales J.
  public let scales: Int
  /// The number of orientations L.
  public let orientations: Int
  /// The largest number of wavelets of a path.
  public let maximumOrder: Int
  /// The number of sizes whose filters are kept.
  public let capacity: Int
  private let made = Mutex<[WaveletScattering]>([])

  /// Sets the parameters of the transforms.
  ///
  /// - Parameters:
  ///   - scales: J, at least 1.
  ///   - orientations: L, at least 1.
  ///   - maximumOrder: 0, 1 or 2.
  ///   - capacity: how many sizes to keep filters for, at least 1; 16 sizes of 200 x 200 take 160 MB.
  public init(scales: Int = 5, orientations: Int = 8, maximumOrder: Int = 2, capacity: Int = 16) {
    precondition(capacity >= 1, "a bank keeps at least one size, not \(capacity)")
    (self.scales, self.orientations) = (scales, orientations)
    (self.maximumOrder, self.capacity) = (maximumOrder, capacity)
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
      if list.count >= capacity { list.removeFirst() }
      list.append(new)
      return new
    }
  }

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
