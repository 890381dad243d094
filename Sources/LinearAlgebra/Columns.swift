// A matrix stored by columns, each contiguous and padded, as the column kernels want it.
//
// Symbols: column j begins at j * stride; stride is `rows` rounded up to a multiple of 16; the
//   padding is zero and every operation keeps it so.
// Deviations: none. Checked by: QRTests, SVDTests. Cost: one copy of the matrix.

import Tensors

/// A working copy of a matrix by columns.
struct Columns<Scalar: KernelScalar>: Sendable, Equatable {
  let rows: Int
  let count: Int
  let stride: Int
  var scalars: AlignedArray<Scalar>

  /// A matrix of zeros, or with ones on the diagonal.
  init(rows: Int, count: Int, diagonal: Scalar = 0) {
    self.init(rows: rows, count: count) { numbers, stride in
      for j in 0..<min(rows, count) { numbers[j * stride + j] = diagonal }
    }
  }

  /// A matrix of zeros of which `body` sets numbers: row i of column j is number j * stride + i.
  private init(
    rows: Int, count: Int, _ body: (_ numbers: inout [Scalar], _ stride: Int) -> Void
  ) {
    let stride = (rows + 15) / 16 * 16
    (self.rows, self.count, self.stride) = (rows, count, stride)
    var numbers = [Scalar](repeating: 0, count: stride * count)
    body(&numbers, stride)
    scalars = AlignedArray(numbers)
  }

  /// A copy of the m x n matrix `A`, or of its transpose, times 2 to the power `exponent`.
  init(_ A: Tensor<Scalar>, transposed: Bool = false, exponent: Int = 0) {
    let (m, n) = (A.shape[0], A.shape[1])
    let (first, second): (Scalar, Scalar) = powersOfTwo(exponent)
    self.init(rows: transposed ? n : m, count: transposed ? m : n) { numbers, stride in
      for i in 0..<m {
        for j in 0..<n {
          let value = A.scalars[i * n + j] * first * second
          numbers[transposed ? i * stride + j : j * stride + i] = value
        }
      }
    }
  }

  subscript(i: Int, j: Int) -> Scalar {
    get { scalars[j * stride + i] }
    set { scalars[j * stride + i] = newValue }
  }

  /// The first `count` columns and `rows` rows as a row-major tensor.
  func tensor(rows: Int, count: Int) -> Tensor<Scalar> {
    var result = [Scalar](repeating: 0, count: rows * count)
    for j in 0..<count {
      for i in 0..<rows { result[i * count + j] = scalars[j * stride + i] }
    }
    return Tensor(shape: [rows, count], scalars: result)
  }

  /// The transpose of the first `count` columns as a row-major tensor.
  func transposedTensor(count: Int) -> Tensor<Scalar> {
    var result = [Scalar](repeating: 0, count: rows * count)
    for j in 0..<count {
      for i in 0..<rows { result[j * rows + i] = scalars[j * stride + i] }
    }
    return Tensor(shape: [count, rows], scalars: result)
  }

  /// The leading part, or this matrix with zeros around it.
  func resized(rows: Int, count: Int) -> Columns {
    Columns(rows: rows, count: count) { numbers, stride in
      for j in 0..<min(count, self.count) {
        for i in 0..<min(rows, self.rows) { numbers[j * stride + i] = self[i, j] }
      }
    }
  }

  /// The transpose.
  func transposed() -> Columns {
    Columns(rows: count, count: rows) { numbers, stride in
      for j in 0..<count {
        for i in 0..<rows { numbers[i * stride + j] = self[i, j] }
      }
    }
  }

  /// The columns in another order: column `order[j]` becomes column j.
  func ordered(by order: [Int]) -> Columns {
    Columns(rows: rows, count: count) { numbers, stride in
      for (j, source) in order.enumerated() {
        for i in 0..<rows { numbers[j * stride + i] = self[i, source] }
      }
    }
  }

  /// The rows in another order: row i becomes row `places[i]`.
  func rowsMoved(to places: [Int]) -> Columns {
    Columns(rows: rows, count: count) { numbers, stride in
      for j in 0..<count {
        for i in 0..<rows { numbers[j * stride + places[i]] = self[i, j] }
      }
    }
  }

  mutating func divideColumn(_ j: Int, by divisor: Scalar) {
    changeColumn(j, rows: 0..<rows) { $0 / divisor }
  }

  /// Replaces some rows of column j.
  @inline(__always)
  mutating func changeColumn(_ j: Int, rows: Range<Int>, _ change: (Scalar) -> Scalar) {
    precondition(rows.upperBound <= self.rows && j < count, "rows \(rows) of column \(j)")
    let first = j * stride
    // SAFETY: the rows were just checked to lie inside the column, and that inside the array.
    unsafe scalars.withUnsafeMutableBufferPointer { numbers in
      for i in rows { unsafe numbers[first + i] = change(numbers[first + i]) }
    }
  }

  /// Copies some rows of a column of a matrix of as many rows.
  mutating func copyColumn(_ j: Int, rows: Range<Int>, from other: Columns) {
    precondition(
      rows.upperBound <= self.rows && j < count && j < other.count && stride == other.stride,
      "rows \(rows) of column \(j)")
    let first = j * stride
    // SAFETY: the rows were just checked to lie inside the columns of both.
    unsafe scalars.withUnsafeMutableBufferPointer { numbers in
      unsafe other.scalars.withUnsafeBufferPointer { source in
        for i in rows { unsafe numbers[first + i] = source[first + i] }
      }
    }
  }

  mutating func swapColumns(_ a: Int, _ b: Int) {
    for i in 0..<rows { (self[i, a], self[i, b]) = (self[i, b], self[i, a]) }
  }

  /// The squared norm of column `j`.
  func squaredNorm(_ j: Int) -> Scalar { columnDot(scalars, j, scalars, j, stride: stride) }
}

/// Two factors whose product is 2 to the power `exponent`, each of them representable.
private func powersOfTwo<Scalar: KernelScalar>(_ exponent: Int) -> (Scalar, Scalar) {
  let half = exponent / 2
  return (scaled(1, by: half), scaled(1, by: exponent - half))
}

/// x times 2 to the power `exponent`.
func scaled<Scalar: KernelScalar>(_ x: Scalar, by exponent: Int) -> Scalar {
  Scalar(sign: .plus, exponent: Scalar.Exponent(exponent), significand: x)
}

/// The power of two that brings the largest magnitude of `A` near the cube root of the overflow
/// limit.
///
/// There the squares of all larger columns can be summed without overflow, and squares underflow
/// only in columns shorter than the largest by a factor of about 2^-80 (Float) or 2^-800 (Double).
///
/// - Throws: `nonFinite` with the first index whose value is NaN or infinite.
func scalingExponent<Scalar: KernelScalar>(
  _ A: Tensor<Scalar>
) throws(LinearAlgebraError) -> Int {
  var largest: Scalar = 0
  for index in A.scalars.indices {
    let size = abs(A.scalars[index])
    guard size.isFinite else { throw .nonFinite(index: index) }
    if size > largest { largest = size }
  }
  guard largest > 0 else { return 0 }
  return Int(Scalar.greatestFiniteMagnitude.exponent) / 3 - Int(largest.exponent)
}
