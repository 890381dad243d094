// The inner loops of resampling: weighted sums of rows, of pixels, and a tridiagonal solver.
//
// Symbols: T taps an output; indices and weights hold T entries an output.
// Deviations: none. Checked by: ResizeTests.

/// out[i, :] = bias[i] + sum over t of weights[i, t] rows[indices[i, t], :].
@inline(never)
public func combineRows(
  _ rows: UnsafePointer<Float>, _ length: Int, _ indices: UnsafePointer<Int32>,
  _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ T: Int, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  let width = FloatVector.scalarCount
  for i in 0..<count {
    let index = indices + i * T
    let weight = weights + i * T
    let target = out + i * length
    var x = 0
    while x + width <= length {
      var acc = FloatVector(repeating: bias[i])
      for t in 0..<T {
        let row = UnsafeRawPointer(rows + Int(index[t]) * length + x)
        acc = multiplyAdd(
          acc, FloatVector(repeating: weight[t]), row.loadUnaligned(as: FloatVector.self))
      }
      UnsafeMutableRawPointer(target + x).storeBytes(of: acc, as: FloatVector.self)
      x += width
    }
    if x < length { combineTail(rows, length, x, index, weight, bias[i], T, target) }
  }
}

/// The last columns of a combined row, with the roundings of the vectors.
@inline(__always)
private func combineTail(
  _ rows: UnsafePointer<Float>, _ length: Int, _ start: Int, _ index: UnsafePointer<Int32>,
  _ weight: UnsafePointer<Float>, _ bias: Float, _ T: Int, _ target: UnsafeMutablePointer<Float>
) {
  for x in start..<length {
    var acc = FloatVector(repeating: bias)
    for t in 0..<T {
      acc = multiplyAdd(
        acc, FloatVector(repeating: weight[t]),
        FloatVector(repeating: rows[Int(index[t]) * length + x]))
    }
    target[x] = acc[0]
  }
}

/// out[y, i, c] = bias[i] + sum over t of weights[i, t] image[y, indices[i, t], c].
@inline(never)
public func combinePixels(
  _ image: UnsafePointer<Float>, _ H: Int, _ W: Int, _ C: Int, _ indices: UnsafePointer<Int32>,
  _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>, _ T: Int, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  for y in 0..<H {
    let row = image + y * W * C
    let target = out + y * count * C
    if C == 1 && T == 2 {
      for i in 0..<count {
        target[i] =
          (bias[i] + weights[2 * i] * row[Int(indices[2 * i])])
          + weights[2 * i + 1] * row[Int(indices[2 * i + 1])]
      }
    } else {
      for i in 0..<count {
        for c in 0..<C {
          var acc = bias[i]
          for t in 0..<T { acc += weights[i * T + t] * row[Int(indices[i * T + t]) * C + c] }
          target[i * C + c] = acc
        }
      }
    }
  }
}

/// Solves a tridiagonal system for many right sides at once, in place.
///
/// The system is factored: pivot[i] = 1 / (b_i - a_i upper[i - 1]), upper[i] = g_i pivot[i],
/// lower[i] = a_i; right side i is `scale` times row i.
///
/// `values` holds n rows of `length` values, `stride` apart.
@inline(never)
public func solveRows(
  _ values: UnsafeMutablePointer<Float>, _ n: Int, _ stride: Int, _ length: Int,
  _ lower: UnsafePointer<Float>, _ upper: UnsafePointer<Float>, _ pivot: UnsafePointer<Float>,
  _ scale: Float
) {
  for x in 0..<length { values[x] = scale * values[x] * pivot[0] }
  for i in 1..<max(1, n) {
    let row = values + i * stride
    let before = row - stride
    for x in 0..<length { row[x] = (scale * row[x] - lower[i] * before[x]) * pivot[i] }
  }
  var i = n - 2
  while i >= 0 {
    let row = values + i * stride
    let after = row + stride
    for x in 0..<length { row[x] = row[x] - upper[i] * after[x] }
    i -= 1
  }
}

/// The least and the greatest of `count` values as keys that order as the values do.
///
/// The bits of a float as a whole number, those below the sign inverted where it is set: whole
/// numbers have a minimum that vectorises. NaN lies beyond the infinities.
@inline(never)
public func keyRange(
  _ values: UnsafePointer<Float>, _ count: Int, _ result: UnsafeMutablePointer<Int32>
) {
  var least = Int32.max
  var greatest = Int32.min
  for i in 0..<count {
    let bits = Int32(bitPattern: values[i].bitPattern)
    let key = bits ^ ((bits &>> 31) & 0x7FFF_FFFF)
    least = key < least ? key : least
    greatest = key > greatest ? key : greatest
  }
  result[0] = least
  result[1] = greatest
}

/// Limits values to the range from `least` to `greatest` in place.
@inline(never)
public func limitValues(
  _ values: UnsafeMutablePointer<Float>, _ count: Int, _ least: Float, _ greatest: Float
) {
  for i in 0..<count {
    let v = values[i]
    let raised = v < least ? least : v
    values[i] = raised > greatest ? greatest : raised
  }
}
