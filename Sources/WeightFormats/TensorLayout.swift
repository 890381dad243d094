// Where the values of a tensor lie among the bytes of a file: strides, byte order.
//
// Equation -> code: value (i0 ... ik) lies at first + sum of i_j stride_j (`gathered`).
// Symbols: strides -> one per dimension, counted in values; 0 repeats a value.
// Deviations: none; negative strides are refused. Checked by: TensorLayoutTests, TorchTests,
//   NumpyTests, KerasTests. Cost: `gathered` copies each value once.

import Files

/// Where the values of a tensor lie among stored bytes.
struct TensorLayout: Sendable {
  /// Where the first value lies, counted in values.
  var first = 0
  /// The distance in values of two neighbours along each dimension.
  var strides: [Int]
  /// Whether the most significant byte of each value comes first.
  var isBigEndian = false

  /// The strides of a tensor whose last index runs fastest.
  ///
  /// - Precondition: the product of the extents that are not 0 fits an Int.
  static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var (strides, next) = ([Int](repeating: 1, count: shape.count), 1)
    for axis in shape.indices.reversed() {
      strides[axis] = next
      next *= max(shape[axis], 1)
    }
    return strides
  }

  /// One past the last value that a tensor of this shape touches; `nil` when the layout does not fit
  /// the shape, or a number is negative or too large.
  func end(_ shape: [Int]) -> Int? {
    guard shape.count == strides.count, first >= 0, strides.allSatisfy({ $0 >= 0 }) else {
      return nil
    }
    guard !shape.contains(0) else { return 0 }
    var last = first
    for (extent, stride) in zip(shape, strides) {
      let (step, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (next, more) = last.addingReportingOverflow(step)
      guard !overflow, !more else { return nil }
      last = next
    }
    return last == .max ? nil : last + 1
  }

  /// The same layout with stride 0 where there is nothing to step to.
  func withoutIdleStrides(_ shape: [Int]) -> TensorLayout {
    TensorLayout(
      first: first, strides: zip(shape, strides).map { $0 > 1 ? $1 : 0 }, isBigEndian: isBigEndian)
  }

  /// Whether the values lie one after another in row-major order.
  func isRowMajor(_ shape: [Int]) -> Bool {
    zip(shape, zip(strides, Self.rowMajorStrides(shape))).allSatisfy { extent, pair in
      extent == 1 || pair.0 == pair.1
    }
  }

  /// The values in row-major order, `size` bytes each, little-endian.
  ///
  /// - Precondition: `end(shape)` values lie in `stored`, and dimensions of extent 1 have stride 0.
  func gathered(_ stored: CheckedBytes, _ shape: [Int], _ size: Int) -> [UInt8] {
    let source = stored.span
    var result: [UInt8] = []
    result.reserveCapacity(shape.reduce(size, *))
    guard !shape.contains(0) else { return result }
    let (inner, step) = (shape.last ?? 1, (strides.last ?? 0) * size)
    let order = isBigEndian ? (size - 1) : 0
    var index = [Int](repeating: 0, count: shape.count)
    var from = first * size
    while true {
      for i in 0..<inner {
        let value = from + i * step
        for b in 0..<size { result.append(source[value + (b ^ order)]) }
      }
      // Step to the next row in row-major order.
      var axis = shape.count - 2
      while axis >= 0 {
        index[axis] += 1
        from += strides[axis] * size
        if index[axis] < shape[axis] { break }
        from -= strides[axis] * size * shape[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return result }
    }
  }
}
