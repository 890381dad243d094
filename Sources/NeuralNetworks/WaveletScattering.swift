// The wavelet scattering transform of an image, averaged over space.
//
// Implements: J. Bruna, S. Mallat, "Invariant scattering convolution networks", IEEE Trans. Pattern
//   Anal. Mach. Intell. 35 (2013) 1872, sections 2.2 and 2.3 (eq. 9-11); S. Mallat, "Group invariant
//   scattering", Comm. Pure Appl. Math. 65 (2012) 1331.
// Equation -> code: S0 = x * phi, S1 = |x * psi1| * phi, S2 = ||x * psi1| * psi2| * phi, j2 > j1,
//   |x * psi_j| sampled at every 2^j-th pixel                                -> coefficients(of:)
//   the mean over space of U * phi, subsampled by 2^J and cropped, is a sum of U with fixed weights
//   (the adjoint of those three operations), so that no path needs a transform for its low-pass.
// Symbols: J scales, L orientations, U a modulus, j theta of the first (1) and second (2) wavelet.
// Deviations: the mean of the image is subtracted before orders 1 and 2 (the wavelets have the sum 0;
//   it saves rounding errors). Filter values below 10^-7 of the maximum may be dropped. Everything
//   else as the usual implementation has it (Kymatio 0.3): padded to a multiple of 2^J by reflection
//   without repeating the edge, filters cut to the low frequencies on coarse grids, one coefficient
//   cut off at each border.
// Checked by: WaveletScatteringTests (Kymatio, invariances); twin: Reference/ScatteringReference.swift.
// Cost: J = 5, L = 8 on 200 x 200: about 0.2 Gflop; 2.8 MB of workspace a thread, filters 5 MB.

import Synchronization
import Tensors

/// Why an image has no scattering coefficients.
public enum ScatteringError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The image is smaller than `minimum` pixels in one direction.
  case imageTooSmall(height: Int, width: Int, minimum: Int, scales: Int)
  /// The value at `row`, `column` is NaN or infinite.
  case notFinite(row: Int, column: Int)
  /// The image has other extents than the filters.
  case otherSize(height: Int, width: Int, expectedHeight: Int, expectedWidth: Int)
  /// The coefficients are too large for `Float`.
  case overflow

  /// One line that says what is wrong, and what would be right.
  public var description: String {
    switch self {
    case .imageTooSmall(let height, let width, let minimum, let scales):
      "an image of \(height) x \(width) pixels is too small for \(scales) scales: both sides need "
        + "\(minimum) pixels or more"
    case .notFinite(let row, let column): "the pixel at row \(row), column \(column) is not finite"
    case .otherSize(let height, let width, let expectedHeight, let expectedWidth):
      "an image of \(height) x \(width) pixels, where \(expectedHeight) x \(expectedWidth) is expected"
    case .overflow: "the pixel values are too large"
    }
  }
}

/// The scattering transform of images of one size: one vector of averaged coefficients an image.
///
/// With 5 scales and 8 orientations an image has 1 + 40 + 640 = 681 coefficients.
public struct WaveletScattering: Sendable {
  /// What one coefficient measures.
  public struct Path: Sendable, Equatable {
    /// The number of wavelets: 0, 1 or 2.
    public let order: Int
    /// Scale of the first wavelet, 2^j1 pixels; -1 for order 0.
    public let j1: Int
    /// Orientation of the first wavelet; -1 for order 0.
    public let theta1: Int
    /// Scale of the second wavelet; -1 below order 2.
    public let j2: Int
    /// Orientation of the second wavelet; -1 below order 2.
    public let theta2: Int

    /// A short name, such as `S2[j0 t3, j2 t5]`.
    public var name: String {
      switch order {
      case 0: "S0"
      case 1: "S1[j\(j1) t\(theta1)]"
      default: "S2[j\(j1) t\(theta1), j\(j2) t\(theta2)]"
      }
    }
  }

  /// The rows of an image.
  public let height: Int
  /// The columns of an image.
  public let width: Int
  /// The number of scales J: the coarsest window is about 2^J pixels wide.
  public let scales: Int
  /// The number of orientations L on half a turn.
  public let orientations: Int
  /// The largest number of wavelets of a path: 0, 1 or 2.
  public let maximumOrder: Int
  /// What each coefficient measures, in the order of the coefficients.
  public let paths: [Path]
  private let filters: ScatteringFilters

  /// Makes the filters for images of one size.
  ///
  /// - Parameters:
  ///   - height: rows of the image, at least 2^`scales`.
  ///   - width: columns of the image, at least 2^`scales`.
  ///   - scales: J, at least 1; 5 suits structures up to about 32 pixels.
  ///   - orientations: L, at least 1; the filters are designed for 8.
  ///   - maximumOrder: 0, 1 or 2.
  /// - Throws: `ScatteringError.imageTooSmall`.
  /// - Complexity: about 0.1 s for 200 x 200 pixels on two threads.
  public init(
    height: Int, width: Int, scales: Int = 5, orientations: Int = 8, maximumOrder: Int = 2
  ) throws(ScatteringError) {
    precondition(scales >= 1 && orientations >= 1, "a transform needs scales and orientations")
    precondition((0...2).contains(maximumOrder), "the order is 0, 1 or 2, not \(maximumOrder)")
    let minimum = Self.minimumSize(scales: scales)
    guard height >= minimum && width >= minimum else {
      throw .imageTooSmall(height: height, width: width, minimum: minimum, scales: scales)
    }
    (self.height, self.width, self.scales) = (height, width, scales)
    (self.orientations, self.maximumOrder) = (orientations, maximumOrder)
    paths = Self.paths(scales: scales, orientations: orientations, maximumOrder: maximumOrder)
    filters = ScatteringFilters(
      height: height, width: width, J: scales, L: orientations, maximumOrder: maximumOrder)
  }

  /// The fewest rows and columns that an image needs: 2^J.
  public static func minimumSize(scales: Int) -> Int { scales < 62 ? 1 << scales : Int.max }

  /// The number of coefficients of an image.
  public var coefficientCount: Int { paths.count }

  /// The memory that the filters take, in bytes: about 76 a pixel of the padded image for J = 5, L = 8.
  public var filterBytes: Int { filters.byteCount }

  /// The paths of a transform: order 0, order 1, then order 2, each by scale, then orientation.
  public static func paths(scales J: Int, orientations L: Int, maximumOrder: Int) -> [Path] {
    var paths = [Path(order: 0, j1: -1, theta1: -1, j2: -1, theta2: -1)]
    let first = (0..<J * L).map { ($0 / L, $0 % L) }
    if maximumOrder >= 1 {
      for (j1, t1) in first { paths.append(Path(order: 1, j1: j1, theta1: t1, j2: -1, theta2: -1)) }
    }
    if maximumOrder >= 2 {
      for (j1, t1) in first {
        for (j2, t2) in first where j2 > j1 {
          paths.append(Path(order: 2, j1: j1, theta1: t1, j2: j2, theta2: t2))
        }
      }
    }
    return paths
  }

  /// The coefficients of one image, in the order of `paths`.
  ///
  /// - Parameter image: shape (height, width), row-major, usually 0...1.
  /// - Returns: `coefficientCount` values; those of order 1 and 2 are not negative but for rounding
  ///   and the ripples of the window (10^-6 of the image's range).
  /// - Throws: `ScatteringError` for another size, a value that is not finite, or overflow.
  /// - Complexity: about 0.2 Gflop for 200 x 200 pixels, J = 5, L = 8.
  public func callAsFunction(_ image: Tensor<Float>) throws(ScatteringError) -> [Float] {
    try self(image, using: .current)
  }

  /// The coefficients as the kernels of one instruction set, which the machine has, compute them.
  package func callAsFunction(
    _ image: Tensor<Float>, using instructionSet: InstructionSet
  ) throws(ScatteringError) -> [Float] {
    precondition(image.rank == 2, "a grey image has the shape (height, width), not \(image.shape)")
    guard image.shape == [height, width] else {
      throw .otherSize(
        height: image.shape[0], width: image.shape[1], expectedHeight: height, expectedWidth: width)
    }
    if let index = image.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: index / width, column: index % width)
    }
    let result = filters.coefficients(of: image, using: instructionSet).map { Float($0) }
    guard result.allSatisfy({ $0.isFinite }) else { throw .overflow }
    return result
  }

  /// The coefficients of several images, in parallel, an image a piece.
  ///
  /// - Parameter images: each of shape (height, width).
  /// - Returns: shape (images, coefficients).
  /// - Throws: the first image's error. `ScatteringBank` keeps the errors apart.
  public func transform(_ images: [Tensor<Float>]) throws(ScatteringError) -> Tensor<Float> {
    let rows = parallelMap(images.count) { i in
      Result { () throws(ScatteringError) in try self(images[i]) }
    }
    var values: [Float] = []
    values.reserveCapacity(rows.count * coefficientCount)
    for row in rows { values += try row.get() }
    return Tensor(shape: [images.count, coefficientCount], scalars: values)
  }
}
