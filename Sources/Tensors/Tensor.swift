// A dense array of numbers with a shape.
//
// Symbols: an image is (H, W, C), a batch of activations (N, H, W, C), a matrix (m, n); the last
//   index moves fastest (row-major order).
// Deviations: none.
// Checked by: TensorTests.

/// A contiguous, row-major array of `Scalar` with a shape.
///
/// An image is (height, width, channel), a batch of activations (image, height, width, channel).
public struct Tensor<Scalar: BitwiseCopyable & Sendable>: Sendable {
  /// The extent of each dimension, slowest first; empty for a single number.
  public private(set) var shape: [Int]
  private var storage: [Scalar]

  /// The values in row-major order; `scalars.count` is the product of `shape`, and stays so.
  public var scalars: [Scalar] {
    get { storage }
    _modify {
      let count = storage.count
      defer {
        precondition(
          storage.count == count, "\(storage.count) values in a tensor of \(count)")
      }
      yield &storage
    }
  }

  /// Wraps values that are already in row-major order.
  ///
  /// - Parameters:
  ///   - shape: the extent of each dimension, none negative.
  ///   - scalars: as many values as the product of `shape`.
  /// - Precondition: the number of values is the product of the shape.
  public init(shape: [Int], scalars: [Scalar]) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == scalars.count,
      "shape \(shape) does not hold \(scalars.count) values")
    self.shape = shape
    storage = scalars
  }

  /// Makes a tensor whose values are all the same.
  public init(repeating value: Scalar, shape: [Int]) {
    self.init(shape: shape, scalars: Array(repeating: value, count: shape.reduce(1, *)))
  }

  /// The number of dimensions.
  public var rank: Int { shape.count }

  /// The number of values.
  public var count: Int { scalars.count }

  /// The same values under another shape.
  ///
  /// - Precondition: both shapes hold the same number of values.
  public func reshaped(to newShape: [Int]) -> Tensor { Tensor(shape: newShape, scalars: scalars) }

  /// The value at row `i`, column `j` of a matrix.
  public subscript(i: Int, j: Int) -> Scalar {
    get { scalars[offset(i, j)] }
    set { scalars[offset(i, j)] = newValue }
  }

  /// The value at row `y`, column `x`, channel `c` of an image.
  public subscript(y: Int, x: Int, c: Int) -> Scalar {
    get { scalars[offset(y, x, c)] }
    set { scalars[offset(y, x, c)] = newValue }
  }

  private func offset(_ i: Int, _ j: Int) -> Int {
    precondition(
      rank == 2 && i >= 0 && i < shape[0] && j >= 0 && j < shape[1],
      "index (\(i), \(j)) outside shape \(shape)")
    return i * shape[1] + j
  }

  private func offset(_ y: Int, _ x: Int, _ c: Int) -> Int {
    precondition(
      rank == 3 && y >= 0 && y < shape[0] && x >= 0 && x < shape[1] && c >= 0 && c < shape[2],
      "index (\(y), \(x), \(c)) outside shape \(shape)")
    return (y * shape[1] + x) * shape[2] + c
  }
}

extension Tensor: Equatable where Scalar: Equatable {}

extension Tensor where Scalar: BinaryFloatingPoint {
  /// A tensor of zeros.
  public static func zeros(_ shape: [Int]) -> Tensor { Tensor(repeating: 0, shape: shape) }

  /// The row-major index of the first value that is NaN or infinite; `nil` when there is none.
  public var firstNonFinite: Int? {
    // Largest bit patterns first: code for any scalar, value by value, takes 50 times as long.
    if let values = scalars as? [Float], !hasNonFinite(values) { return nil }
    if let values = scalars as? [Double], !hasNonFinite(values) { return nil }
    return scalars.firstIndex { !$0.isFinite }
  }
}

/// Whether a value is NaN or infinite: without its sign its bits are those of infinity or more.
private func hasNonFinite(_ values: [Float]) -> Bool {
  values.reduce(0) { max($0, $1.bitPattern & 0x7FFF_FFFF) } >= Float.infinity.bitPattern
}

private func hasNonFinite(_ values: [Double]) -> Bool {
  values.reduce(0) { max($0, $1.bitPattern & 0x7FFF_FFFF_FFFF_FFFF) }
    >= Double.infinity.bitPattern
}

extension Tensor where Scalar: Numeric {
  /// The transpose of a matrix, copied.
  ///
  /// - Precondition: the tensor is a matrix.
  public func transposed() -> Tensor {
    precondition(rank == 2, "transposed() needs a matrix, not shape \(shape)")
    let (m, n) = (shape[0], shape[1])
    var result = Tensor(repeating: 0, shape: [n, m])
    for i in 0..<m {
      for j in 0..<n { result.scalars[j * m + i] = scalars[i * n + j] }
    }
    return result
  }
}
